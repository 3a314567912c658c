"""The commands of a guide, taken out of its Markdown, and a place to run them as they stand.

Fenced blocks of `sh` and `python` are commands. A comment on the line before a block, which no reader sees, marks it:

    <!-- slow -->               it takes minutes: run only by `-m slow`
    <!-- not run: REASON -->    it cannot be run by the tests
    <!-- output -->             (of any language) what the commands of the block before must print, to the letter

A block without a mark is run each time the tests are. The blocks of a guide are run in its order and in one folder: a
copy of the project, or, where the guide has the comment `<!-- from an empty folder -->`, an empty one. A Python block
whose first line is a comment with a file's name is written to that file; others share one interpreter.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
FROM_NOTHING = "<!-- from an empty folder -->"
_FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,})(?P<language>\w*)")
_MARK = re.compile(r"<!-- (slow|not run: .+|output) -->")
_FILE = re.compile(r"# ([\w-]+\.py)\b")
# What a clone does not have: made by running, or by tools.
_UNTRACKED = (".git", ".venv*", "runs", "build", "dist", "site", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis")
# Runs each block that it is sent, as JSON in a line, in one namespace; answers what it printed and how it failed.
_INTERPRETER = """
import contextlib, io, json, sys, traceback
answers, sys.stdout, names = sys.stdout, sys.stderr, {"__name__": "__main__"}
for line in sys.stdin:
    printed, problem = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(json.loads(line), "<guide>", "exec"), names)
        except BaseException:
            problem = traceback.format_exc()
    print(json.dumps([printed.getvalue(), problem]), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        place: The guide and the line of the fence.
        language: `sh`, `python` or another; empty where none is said.
        text: Its lines, each with its end.
        mark: `slow`, `not run: REASON`, `output`, or empty.
        shown: What it must print; None where the guide does not show it.
    """

    place: str
    language: str
    text: str
    mark: str = ""
    shown: str | None = None

    @property
    def is_command(self) -> bool:
        """Whether there is something to run."""
        return self.language in ("sh", "python")

    @property
    def is_runnable(self) -> bool:
        """Whether the tests can run it, be it slowly."""
        return self.is_command and not self.mark.startswith("not run")


def read_blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a guide.

    Raises:
        ValueError: A fence is not closed, a mark stands before no block, or an output follows no command.
    """
    lines = path.read_text().splitlines(keepends=True)
    name = os.path.relpath(path, PROJECT)
    blocks: list[Block] = []
    mark, number = "", 0
    while number < len(lines):
        line, number = lines[number], number + 1
        fence = _FENCE.match(line)
        if fence is None:
            if mark:
                raise ValueError(f"{name}:{number - 1}: the mark {mark!r} must stand on the line before a block")
            found = _MARK.fullmatch(line.strip())
            mark = found[1] if found else ""
            continue
        start, closing = number, f"{fence['indent']}{fence['fence']}"
        while number < len(lines) and lines[number].rstrip() != closing:
            number += 1
        if number == len(lines):
            raise ValueError(f"{name}:{start}: the block is not closed")
        text = "".join(each.removeprefix(fence["indent"]) for each in lines[start:number])
        number += 1
        block = Block(f"{name}:{start}", fence["language"], text, mark)
        mark = ""
        if block.mark == "output":
            blocks[-1] = _with_output(blocks[-1:], block)
        else:
            blocks.append(block)
    if mark:
        raise ValueError(f"{name}: the mark {mark!r} at the end must stand on the line before a block")
    return blocks


def _with_output(before: list[Block], output: Block) -> Block:
    if not before or not before[0].is_runnable:
        raise ValueError(f"{output.place}: an output must follow a command that is run")
    (command,) = before
    return Block(command.place, command.language, command.text, command.mark, shown=output.text)


class Reader:
    """Does what a reader of a guide does, in a folder of its own. Use it as a context.

    Attributes:
        current: The folder in which the commands run.
    """

    def __init__(self, guide: Path, folder: Path, data: Path | None = None):
        self.current = folder / "current"
        self._programs = folder / "programs"
        self._data = data
        self._home = folder / "home"
        self._interpreter: subprocess.Popen[str] | None = None
        for path in (self._programs, self._home):
            path.mkdir()
        if FROM_NOTHING in guide.read_text():
            self.current.mkdir()
        else:
            copy_project(self.current)
        for name, arguments in (("python", ""), ("fashion-keras", "-m fashion_keras ")):
            program = self._programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
            program.chmod(0o755)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        if self._interpreter is not None:
            self._interpreter.kill()
            self._interpreter.communicate()

    def run(self, block: Block) -> str:
        """Do what a block says, and return what it printed.

        Raises:
            AssertionError: It failed, or printed something else than the guide shows.
        """
        printed = self._run_shell(block) if block.language == "sh" else self._run_python(block)
        if block.shown is not None:
            assert _trimmed(printed) == _trimmed(block.shown), f"{block.place} prints something else:\n{printed}"
        return printed

    def _run_shell(self, block: Block) -> str:
        done = subprocess.run(
            ["sh", "-ec", block.text],
            cwd=self.current,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block.place} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _run_python(self, block: Block) -> str:
        if file := _FILE.match(block.text):
            (self.current / file[1]).write_text(block.text)
            return ""
        if self._interpreter is None:
            self._interpreter = subprocess.Popen(
                [sys.executable, "-c", _INTERPRETER],
                cwd=self.current,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._interpreter.stdin is not None
        assert self._interpreter.stdout is not None
        print(json.dumps(block.text), file=self._interpreter.stdin, flush=True)
        printed, problem = json.loads(self._interpreter.stdout.readline())
        assert not problem, f"{block.place}:\n{problem}"
        return str(printed)

    def _environment(self) -> dict[str, str]:
        """Return the environment: a home folder that is empty but for the data, and tables of 100 columns."""
        search = os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
        fonts = os.environ.get("MPLCONFIGDIR", str(Path.home() / ".cache" / "matplotlib"))
        return {
            **os.environ,
            **({"FASHION_KERAS_DATA": str(self._data)} if self._data else {}),
            "COLUMNS": "100",
            "HOME": str(self._home),
            "MPLCONFIGDIR": fonts,  # else each process that draws looks through all fonts of the machine
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "PYTHONPATH": search,
            "XDG_CACHE_HOME": str(self._home / "cache"),
        }


def copy_project(target: Path) -> None:
    """Copy what a clone has: no environments, runs, exports and caches."""
    shutil.copytree(PROJECT, target, ignore=_left_out)


def tracked(pattern: str) -> Iterator[Path]:
    """Yield the files of a clone whose names match, such as `*.md`."""
    for folder, folders, files in os.walk(PROJECT):
        left_out = _left_out(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in left_out]
        for name in sorted(set(files) - left_out):
            if Path(name).match(pattern):
                yield Path(folder) / name


def _left_out(folder: str, names: list[str]) -> set[str]:
    left_out = shutil.ignore_patterns(*_UNTRACKED)(folder, names)
    if Path(folder) == PROJECT / "saved_models":
        left_out |= set(names) - {"README.md", "pretrained"}
    return left_out


def _trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
