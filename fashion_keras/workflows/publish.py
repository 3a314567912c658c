"""Publishing: tables, curves and runs of whole comparisons, and the README's table, put into place at once.

Ordinary runs write elsewhere; what is published changes by `fashion-keras report --publish` alone.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.experiments.definition import DEFAULT_SEEDS
from fashion_keras.experiments.names import ALL_NAMES, FEWER_SEEDS, command_of
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.formatting import count_noun, format_duration
from fashion_keras.reporting import Report, write_report
from fashion_keras.storage.archive import ARCHIVE, RunArchive, write_archive
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    ComparisonResults,
    load_settled,
    make_record,
    read_record,
    record_from_json,
    record_text,
)
from fashion_keras.storage.files import write_files, write_folder
from fashion_keras.storage.runs import RunStore, StoredRun
from fashion_keras.storage.stored_comparisons import load_stored, tuned_names
from fashion_keras.storage.times import TIMES, Times, load_times
from fashion_keras.workflows.published import (
    RECORD,
    UNFINISHED,
    complete_publishing,
    fill_answers,
    load_published,
    readme_of,
)
from fashion_keras.workflows.report import CLAIMS_PAGE, overall_pages

__all__ = ["load_publishable", "publish"]


def publish(found: Sequence[ComparisonResults], folder: Path) -> None:
    """Write whole comparisons into a folder, and their tables into the README beside it, between its markers.

    The new folder is made beside the old one, the new README within it; the one takes its place at once, the other
    with the next call to the system. Ended in between, the next invocation that reads what is published does that.
    The README's block is `<!-- answers of experiments -->`, a table over all comparisons.

    Args:
        found: Every comparison that is to be published.
        folder: `experiments/` of the project; the timing runs that are published there stay, and so does whatever else
            lies there.

    Raises:
        StoreError: A comparison lacks an arm's run or has fewer than ten seeds, or a run that was published would be
            lost; then nothing is written.
    """
    for results in found:
        _check_whole(results)
    complete_publishing(folder)
    _check_none_is_lost(found, folder)
    times, readme = load_times(folder), readme_of(folder)

    def show() -> None:
        with contextlib.suppress(OSError):  # on another disk it is written instead
            if (folder / UNFINISHED).exists():
                (folder / UNFINISHED).replace(readme)

    with _replaced(folder, show) as partial:
        for results in found:
            _publish_comparison(results, partial / results.record.name)
        write_archive(partial / ARCHIVE, _runs_of(found))
        _write_pages(found, times, partial)
        if readme.exists():  # read last: it may be edited meanwhile
            write_files(partial, {UNFINISHED: fill_answers(readme.read_text(), found)})
    complete_publishing(folder)


def load_publishable(store: RunStore, published: Path | None = None) -> list[ComparisonResults]:
    """Return every comparison that is to be published.

    Args:
        store: Where they were run.
        published: A folder that `publish` wrote: its comparisons, then those that its runs make up, such as a grid of
            settings that others have, and from the store those that are new.

    Raises:
        StoreError: One of the project's is neither here nor there, or nothing was published there.
    """
    if published is None:
        return load_stored(store, [*ALL_NAMES, *tuned_names(store)])
    found = load_published(published)
    before = {results.record.name for results in found}
    found += [_load_new(name, store, published) for name in ALL_NAMES if name not in before]
    places = {name: place for place, name in enumerate(ALL_NAMES)}
    return sorted(found, key=lambda results: places.get(results.record.name, len(places)))


def _load_new(name: str, store: RunStore, published: Path) -> ComparisonResults:
    """Return a comparison that was not published before, of the store's runs and of published ones."""
    data = read_record(next(published.glob(f"*/{RECORD}"))).data
    record = make_record(load_experiment(name), data, range(FEWER_SEEDS.get(name, DEFAULT_SEEDS)))
    path = record.path_in(store)
    return load_settled(_Both(store, RunArchive(published / ARCHIVE)), read_record(path) if path.exists() else record)


@dataclass(frozen=True)
class _Both:
    """The store's runs, and those that were published."""

    store: RunStore
    archive: RunArchive

    def find_folder(self, folder: str) -> StoredRun | None:
        return self.store.find_folder(folder) or self.archive.find_folder(folder)


@contextlib.contextmanager
def _replaced(folder: Path, follow: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yield a copy of a folder that takes its place in the end, or vanishes if anything fails; see `write_folder`."""
    place = folder.resolve()
    with os_errors_as(StoreError, folder), write_folder(place, follow) as partial:
        if place.is_dir():
            shutil.copytree(place, partial, symlinks=True, dirs_exist_ok=True)
        yield partial


def _write_pages(found: Sequence[ComparisonResults], times: Times | None, folder: Path) -> None:
    write_files(folder, {"README.md": _describe(found, times), **overall_pages(found, times)})


def _runs_of(found: Iterable[ComparisonResults]) -> list[StoredRun]:
    """Return every run once, though several comparisons show it."""
    return list({run.path.name: run for results in found for run in _all_runs(results)}.values())


def _check_whole(results: ComparisonResults) -> None:
    name, looks, planned = results.record.name, results.record.design.looks, len(results.seeds)
    command = f"`{command_of(name)} --fixed`"
    needed = FEWER_SEEDS.get(name, DEFAULT_SEEDS)
    if planned < needed:
        raise StoreError(f"{name} has {planned} seeds; publishing needs {needed}: {command}")
    if looks[0] < needed:
        raise StoreError(
            f"{name} is looked at with {looks[0]} seeds; publishing needs one look, at {needed} or more: "
            f"{command} with another --out"
        )
    for arm in results.arms:
        if len(arm.runs) < planned:
            raise StoreError(f"{name} has {len(arm.runs)} of {planned} runs of {arm.name}; {command} makes the rest")
    if results.untuned is not None:
        _check_whole(results.untuned)


def _check_none_is_lost(found: Sequence[ComparisonResults], folder: Path) -> None:
    """Refuse to lose a run that was published, unless the same comparison takes its place with as many seeds or more.

    What was published is told by the archive; which comparison a run belongs to by the records beside it.
    """
    published = {path.parent.name: read_record(path) for path in sorted(folder.glob(f"*/{RECORD}"))}
    new = {results.record.name: results for results in found}
    for name, record in published.items():
        if name not in new:
            raise StoreError(
                f"{folder / name} was published and is not in the store: `{command_of(name)}` makes it, or remove it"
            )
        if len(new[name].seeds) < (count := len(record.arms[0].folders)):
            raise StoreError(f"{name} was published with {count} seeds and has {len(new[name].seeds)} in the store")
    path = folder / ARCHIVE
    before = set(RunArchive(path).folders) if path.exists() else set()
    replaced = {name for record in published.values() for name in _folders_of(record)}
    if lost := sorted(before - replaced - {run.path.name for run in _runs_of(found)}):
        raise StoreError(
            f"{path} holds {count_noun(len(lost), 'run')} of comparisons that are neither in the store nor beside it, "
            f"such as {lost[0]}: run them, or move it away"
        )


def _folders_of(record: ComparisonRecord) -> Iterator[str]:
    """Yield the names of the runs that a record's tables are made of, the untuned ones beside tuned ones included."""
    for arm in record.arms:
        yield from arm.folders.values()
    if record.untuned is not None:
        yield from _folders_of(record_from_json(record.untuned))


def _all_runs(results: ComparisonResults) -> Iterator[StoredRun]:
    """Yield the runs that a comparison's tables are made of, the untuned ones beside tuned ones included."""
    for arm in results.arms:
        yield from arm.runs.values()
    if results.untuned is not None:
        yield from _all_runs(results.untuned)


def _publish_comparison(results: ComparisonResults, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    write_report(Report(results), folder, pictures=("png",), published=True)
    write_files(folder, {RECORD: record_text(replace(results.record, command=""))})


def _describe(found: Sequence[ComparisonResults], times: Times | None) -> str:
    """The page that says how the published numbers came about."""
    names = "\n".join(
        f"- [{results.record.name}]({results.record.name}/table.md): {results.record.title}, {len(results.arms)} arms, "
        f"{len(results.seeds)} seeds"
        for results in found
    )
    runs = _runs_of(found)
    dates = sorted(run.result["finished_at"] for run in runs)
    worked = sum(run.seconds["total"] + run.seconds["startup"] for run in runs)
    versions = ", ".join(f"{name} {_values(runs, name)}" for name in ("tensorflow", "keras", "numpy", "python"))
    return f"""# Published results

Written by `fashion-keras report --publish`: do not edit.

{names}
- [claims]({CLAIMS_PAGE}): which sentences of the report hold{_describe_times(times)}

- Runs: {len(runs)} different ones in these tables, untuned ones beside tuned among them, trials and timing runs not;
  {format_duration(worked)} of single-threaded work.
- Protocol version {PROTOCOL_VERSION}; {versions}.
- Machine: {_values(runs, "processor")}, {_values(runs, "cores")} cores; {_values(runs, "platform")}.
- Finished between {dates[0]} and {dates[-1]}.

`{ARCHIVE}` holds every run's configuration, history and which test images it got right. All tables and curves can be
computed again from it, without training: `fashion-keras report --published experiments --out again`. In pandas:
`pd.read_csv("experiments/initializers/runs.csv")`.
"""


def _describe_times(times: Times | None) -> str:
    """The line of the timing runs, or nothing."""
    if times is None:
        return ""
    rounds, count = count_noun(times.num_rounds, "round"), len(times.measurements)
    return f"\n- [times]({TIMES}): timing runs, one at a time, {count} measurements in {rounds} over all arms"


def _values(runs: Iterable[StoredRun], name: str) -> str:
    return " / ".join(sorted({str(run.result["environment"].get(name, "unknown")) for run in runs}))
