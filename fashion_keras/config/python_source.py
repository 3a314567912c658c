"""Source of Python files, read without being run: what a function takes, what a module imports, and a file's hash.

Custom functions are checked so before anything is loaded: their modules import Keras, which takes seconds.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

from fashion_keras.config.catalogue import REQUIRED, UNKNOWN, Option
from fashion_keras.config.values import to_hashable
from fashion_keras.errors import ConfigError

__all__ = ["SourceFile", "options_of", "read_source", "uses_name"]


@dataclass(frozen=True)
class SourceFile:
    """A parsed file: its syntax tree, and the SHA-256 of its bytes in hexadecimal."""

    tree: ast.Module
    sha256: str

    @property
    def functions(self) -> Mapping[str, ast.FunctionDef]:
        """The functions that the module defines at its top level, by their names."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)}

    def imports(self, package: str) -> Iterator[tuple[str, str]]:
        """Yield what the file imports, wherever in it: each module with a name out of it, or with none.

        Args:
            package: The package that relative imports start from; empty where there is none.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level <= len(package.split(".")) * bool(package):
                module = node.module or ""
                if node.level:
                    module = resolve_name("." * node.level + module, package)
                yield from ((module, alias.name) for alias in node.names)


def read_source(path: Path) -> SourceFile:
    """Read and parse a Python file; an unchanged one is parsed once.

    Raises:
        ConfigError: It cannot be read or is no Python.
    """
    try:
        status = path.stat()
        return _parse(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except SyntaxError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg}") from error
    except ValueError as error:  # null bytes
        raise ConfigError(f"{path} is no Python file: {error}") from error


@lru_cache(maxsize=256)
def _parse(path: Path, _modified: int, _size: int) -> SourceFile:
    content = path.read_bytes()
    return SourceFile(ast.parse(content, str(path)), hashlib.sha256(content).hexdigest())


def options_of(function: ast.FunctionDef, num_positional: int) -> dict[str, Option]:
    """Return what a function takes by name, each option with its default where the source states it literally.

    Args:
        function: The function's definition.
        num_positional: How many of the first arguments are given by position and are no options.
    """
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(named) - len(arguments.defaults)) + [*arguments.defaults]
    pairs = [*zip(named, defaults, strict=True)][num_positional:]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {
        argument.arg: Option(REQUIRED if default is None else _literal(default), object) for argument, default in pairs
    }


def uses_name(function: ast.FunctionDef, name: str) -> bool:
    """Whether a function's definition does anything with a variable of its own."""
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(function))


def _literal(expression: ast.expr) -> Any:
    try:
        return to_hashable(ast.literal_eval(expression))
    except (ValueError, TypeError, SyntaxError):
        return UNKNOWN
