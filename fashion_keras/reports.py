"""Tables and figures of finished comparisons again: from a store, or from what was published. Trains nothing."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from fashion_keras.archive import ARCHIVE, RunArchive
from fashion_keras.claims import claims_page, evaluate_claims
from fashion_keras.comparison import (
    ComparisonRecord,
    ComparisonResults,
    RunSource,
    load_results,
    make_record,
    read_record,
)
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import StoreError
from fashion_keras.experiments import load_experiment
from fashion_keras.names import ALL_NAMES
from fashion_keras.reporting import build_against_report, build_differences, build_table, to_rich, write_report
from fashion_keras.reporting.files import write_files
from fashion_keras.store import RunStore
from fashion_keras.times import load_times

PUBLISHED = Path("experiments")
"""Where the results of this project are published, in the current directory."""

RECORD = "comparison.json"
"""A published comparison's record."""

CLAIMS_PAGE = "claims.md"
"""Which of the report's claims hold."""


def report_comparisons(names: Sequence[str], out: Path, published: Path | None, console: Console) -> int:
    """Write and print the tables of comparisons that were run before, draw their curves, and judge the report's claims.

    Args:
        names: Of the comparisons; none is all that are there, and the claims.
        out: The folder that holds the store, and gets the tables.
        published: Read the runs and the timing runs that were published in this folder instead of those in `out`. Where
            `out` has no timing runs, those in `PUBLISHED` are taken, if any.
        console: Where to print.

    Raises:
        ConfigError: A name is unknown.
        StoreError: A comparison that was named has no runs, or none has.
    """
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    found = load_published(published, names) if published else load_stored(RunStore(out / "store"), names)
    for results in found:
        console.print(to_rich(build_table(results), with_notes=results is found[-1]))
        differences = build_differences(results)
        if differences is not None:
            console.print(to_rich(differences, with_notes=results is found[-1]))
        against = build_against_report(results)
        if against is not None:
            console.print(to_rich(against, with_notes=results is found[-1]))
        folder = out / results.record.name
        paths = write_report(results, folder, differences=differences, against_report=against)
        say(f"Written to {folder}: {', '.join(path.name for path in paths)}")
    if not names:
        times = load_times(published) if published else load_times(out) or load_times(PUBLISHED)
        write_files(out, {CLAIMS_PAGE: claims_page(evaluate_claims(found, times))})
        say(f"Which of the report's claims hold: {out / CLAIMS_PAGE}")
    return 0


def load_stored(store: RunStore, names: Sequence[str]) -> list[ComparisonResults]:
    """Return the comparisons of the report that a store has runs of, over all seeds that were planned.

    Raises:
        StoreError: One that was named has none, or there is none at all.
    """
    found = []
    for name in names or ALL_NAMES:
        path = _plain_record(name).path_in(store)
        results = _load(store, read_record(path)) if path.exists() else None
        if results is not None and any(arm.runs for arm in results.arms):
            found.append(results)
        elif names:
            raise StoreError(f"{store.root} has no runs of {name}; `fashion-keras run {name}` makes them")
    if not found:
        raise StoreError(f"{store.root} has no comparison of the report; `fashion-keras run NAME` makes one")
    return found


def load_published(folder: Path, names: Sequence[str] = ()) -> list[ComparisonResults]:
    """Return comparisons out of a folder that `publish` wrote.

    Raises:
        StoreError: One that was named was not published there, or none was.
    """
    for name in names:
        load_experiment(name)  # a misspelt name is told as such
        if not (folder / name / RECORD).exists():
            raise StoreError(f"{name} was not published in {folder}")
    chosen = names or [name for name in ALL_NAMES if (folder / name / RECORD).exists()]
    if not chosen:
        raise StoreError(f"{folder} holds no published comparison")
    archive = RunArchive(folder / ARCHIVE)
    return [_load(archive, read_record(folder / name / RECORD)) for name in chosen]


def _plain_record(name: str) -> ComparisonRecord:
    return make_record(load_experiment(name), {"content_hash": FASHION_MNIST_HASH}, seeds=())


def _load(store: RunSource, record: ComparisonRecord) -> ComparisonResults:
    return load_results(store, record, sorted(record.arms[0].folders))
