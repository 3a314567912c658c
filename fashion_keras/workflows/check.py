"""Check of a store or an archive: every file against its digest, and against what the others say."""

from collections.abc import Callable, Iterator
from pathlib import Path

from fashion_keras.errors import StoreError
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.storage.archive import ARCHIVE, RunArchive
from fashion_keras.storage.comparison import read_record
from fashion_keras.storage.reading import read_json
from fashion_keras.storage.runs import ARTEFACTS, RESULT, read_run
from fashion_keras.storage.times import TIMES, read_times
from fashion_keras.storage.verification import has_digests
from fashion_keras.workflows.published import RECORD, complete_publishing

__all__ = ["check_place"]

TUNING_JSON = "tuning.json"

Check = Callable[[Path], bool]
"""Reads a file and returns whether it has a digest; raises a StoreError where it is damaged."""


def check_place(place: Path, say: Callable[[str], object]) -> int:
    """Verify everything in a place, and say what is damaged and what has no digest.

    Args:
        place: A store, the folder that holds it, a folder of published results, or one file of either.
        say: Is told a line a damaged file, and what there was.

    Returns:
        The exit status: 0, or 1 where something is damaged.

    Raises:
        StoreError: There is nothing of ours.
    """
    complete_publishing(place if place.is_dir() else place.parent)
    files = dict(_find_files(place))
    if not files:
        raise StoreError(f"{place} is no store, no folder of published results and no file of theirs")
    damaged = unverified = 0
    for path, check in files.items():
        try:
            unverified += not check(path)
        except StoreError as error:
            damaged += 1
            say(f"Damaged: {one_line(str(error))}")
    sound = count_noun(len(files) - damaged - unverified, "file")
    older = f", {unverified} not verified (written before digests were kept)" if unverified else ""
    words = "those of a run count as one, as does an archive"
    say(f"{one_line(str(place))}: {sound} verified{older}, {damaged} damaged; {words}")
    return 1 if damaged else 0


def _find_files(place: Path) -> Iterator[tuple[Path, Check]]:
    """Yield what there is to check, each with the way to check it."""
    if not place.is_dir():
        if check := _check_of(place):
            yield place, check
        return
    store = place if (place / "runs").is_dir() else place / "store"
    for folder in sorted((store / "runs").glob("*/")):
        yield folder, _check_run
    for path in sorted((store / "comparisons").glob("*.json")):
        yield path, _check_record
    for name in (ARCHIVE, TIMES, f"*/{RECORD}", f"*/{TUNING_JSON}"):
        for path in sorted(place.glob(name)):
            if check := _check_of(path):
                yield path, check
    if (place / RESULT).exists():
        yield place, _check_run


def _check_of(path: Path) -> Check | None:
    """Return the way to check a single file, told by its name; None where it is none of ours."""
    if path.parent.name == "comparisons" or path.name == RECORD:
        return _check_record
    if path.suffix == ".xz":
        return lambda archive: RunArchive(archive).is_verified
    return {
        TIMES: lambda file: read_times(file).is_verified,
        TUNING_JSON: lambda file: has_digests(read_json(file)),
        RESULT: lambda file: _check_run(file.parent),
    }.get(path.name)


def _check_run(folder: Path) -> bool:
    run = read_run(folder, hashed=ARTEFACTS)
    if run is None:
        raise StoreError(f"{folder} is no folder of a run")
    return has_digests(run.result)


def _check_record(path: Path) -> bool:
    read_record(path)
    return has_digests(read_json(path))
