"""Errors that are a user's to fix: one clear line each, never a traceback."""

import contextlib
import errno
import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = [
    "ConfigError", "DataError", "ExportError", "ImageError", "ResultsError", "StoreError", "UserError",
    "check_installed", "os_errors_as",
]  # fmt: skip

_REMEDIES = {
    errno.ENOSPC: "free some space and start again: finished runs are kept",
    errno.EROFS: "choose another folder with --out",
    errno.EACCES: "choose another folder with --out",
    errno.ENOTDIR: "a file is in the way; choose another folder with --out",
    errno.EEXIST: "a file is in the way; choose another folder with --out",
}


class UserError(Exception):
    """What arrived, what was expected and how to fix it, in one line; maybe details, each a line of its own.

    The command line prints the message and exits with status 2; `--debug` shows the traceback.
    """

    def __str__(self) -> str:
        return "\n  ".join(map(str, self.args))

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class ConfigError(UserError, ValueError):
    """A setting has an unknown name or a value out of range."""


class DataError(UserError):
    """A data set is missing, damaged or not what it says it is."""


class StoreError(UserError):
    """The run store cannot be read or written."""


class ExportError(UserError):
    """A model could not be exported, or its export does not agree with it."""


class ResultsError(UserError, ValueError):
    """Results made elsewhere that cannot be judged as they are."""


class ImageError(UserError, ValueError):
    """A picture or an array that cannot be classified as it is."""


def check_installed(what: str, extra: str, modules: Sequence[str]) -> None:
    """Check that the `modules` that `what` needs, an `extra` of the installation, are there; imports none.

    Raises:
        ConfigError: One is missing.
    """
    if missing := [module for module in modules if importlib.util.find_spec(module) is None]:
        raise ConfigError(f"{what} needs {' and '.join(missing)}; pip install 'fashion-keras[{extra}]'")


@contextlib.contextmanager
def os_errors_as(kind: type[UserError], path: str | os.PathLike[str], action: str = "write") -> Iterator[None]:
    """Turn what the system refuses, such as writing to a full disk, into one line with the path.

    Args:
        kind: What is raised.
        path: Is named where the system's error names none.
        action: `"write"` or `"read"`; a remedy is known for writing.
    """
    try:
        yield
    except OSError as error:
        error = _first_of(error)
        remedy = _REMEDIES.get(error.errno or 0, "") if action == "write" else ""
        where = path if error.filename is None or isinstance(error.filename, int) else Path(os.fsdecode(error.filename))
        raise kind(f"cannot {action} {where}: {error.strerror or error}{remedy and '; ' + remedy}") from error


def _first_of(error: OSError) -> OSError:
    """Return the first error of a folder that was copied, whose own has a list of all of them, as texts."""
    if error.errno is not None or not error.args or not isinstance(error.args[0], list):
        return error
    _, place, text = error.args[0][0]
    found = re.search(r"\[Errno (\d+)\]", text)
    return OSError(int(found[1]), os.strerror(int(found[1])), place) if found else OSError(0, text, place)
