"""Published results: the comparisons of a folder that `publish` wrote, and the README beside it that shows them.

The folder takes its place in one step and the README in the next. Ended in between, whatever reads the folder next
writes the README first.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.experiments.names import ALL_NAMES, is_tuned_name, split_tuned
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.reporting.report import answers_grid
from fashion_keras.storage.archive import ARCHIVE, RunArchive
from fashion_keras.storage.comparison import ComparisonResults, load_settled, read_record
from fashion_keras.storage.files import folder_lock, recover_folder, write_files
from fashion_keras.storage.reading import say_once

__all__ = [
    "PUBLISHED", "RECORD", "UNFINISHED", "complete_publishing", "fill_answers", "load_published", "published_tuned",
    "readme_of",
]  # fmt: skip

PUBLISHED = Path("experiments")
"""Where the results of this project are published, in the current directory."""

RECORD = "comparison.json"
"""A published comparison's record."""

UNFINISHED = ".unfinished"
"""The new README, among newly published tables until it stands in its own place."""

_BLOCK = re.compile(r"(?<=<!-- answers of experiments -->\n).*?(?=<!-- end -->)", re.DOTALL)


def load_published(folder: Path, names: Sequence[str] = ()) -> list[ComparisonResults]:
    """Return comparisons out of a folder that `publish` wrote.

    Raises:
        StoreError: One that was named was not published there, or none was.
    """
    complete_publishing(folder)
    return _load(folder, names)


def _load(folder: Path, names: Sequence[str] = ()) -> list[ComparisonResults]:
    chosen = [*dict.fromkeys(names)]
    for name in chosen:
        load_experiment((split_tuned(name) or (name,))[0])  # a misspelt name is told as such
        if not (folder / name / RECORD).exists():
            raise StoreError(f"{name} was not published in {folder}")
    chosen = chosen or [name for name in ALL_NAMES if (folder / name / RECORD).exists()] + published_tuned(folder)
    if not chosen:
        raise StoreError(f"{folder} holds no published comparison")
    archive = RunArchive(folder / ARCHIVE)
    return [load_settled(archive, read_record(folder / name / RECORD)) for name in chosen]


def published_tuned(folder: Path) -> list[str]:
    """Return the names of the comparisons with tuned arms that were published in a folder."""
    return sorted(path.parent.name for path in folder.glob(f"*/{RECORD}") if is_tuned_name(path.parent.name))


def readme_of(folder: Path) -> Path:
    """Return the page whose block shows what is published in a folder, whether or not it is there."""
    return folder.absolute().parent / "README.md"


def complete_publishing(folder: Path) -> None:
    """End what an invocation that was ended had begun: the folder into its place, the README from the new tables.

    A README that cannot be written is said, and tried again the next time: the tables are read without it.

    Raises:
        StoreError: The folder cannot be put into its place.
    """
    place = folder.resolve()
    with os_errors_as(StoreError, folder):
        recover_folder(place)
    if not (place / UNFINISHED).exists():
        return
    try:
        with os_errors_as(StoreError, folder), folder_lock(place):  # who is publishing writes the README itself
            if (place / UNFINISHED).exists():
                _write_readme(folder)
    except StoreError as error:
        say_once(f"{readme_of(folder)} does not show what was published last: {error}")


def _write_readme(folder: Path) -> None:
    """Fill the README's block; made anew, because it may have been edited meanwhile."""
    readme = readme_of(folder)
    if readme.exists():
        write_files(readme.parent, {readme.name: fill_answers(readme.read_text(), _load(folder))})
        say_once(f"{readme} now shows what was published last")
    (folder / UNFINISHED).unlink()


def fill_answers(text: str, found: Iterable[ComparisonResults]) -> str:
    """Return a page with the table over all published comparisons in its marked block, if it has one."""
    return _BLOCK.sub(lambda _: answers_grid(found), text)
