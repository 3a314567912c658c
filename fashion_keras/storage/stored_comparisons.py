"""Stored comparisons: those of the project, tuned ones, one's own, and any with other data or settings."""

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from fashion_keras.config.catalogue import suggest
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.names import ALL_NAMES, command_of, is_tuned_name
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.formatting import count_noun
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    ComparisonResults,
    RunSource,
    load_settled,
    make_record,
    read_record,
)
from fashion_keras.storage.runs import RunStore

__all__ = ["load_stored", "read_records", "tuned_names"]


def load_stored(
    store: RunStore, names: Sequence[str] = (), say: Callable[[str], object] = lambda _: None
) -> list[ComparisonResults]:
    """Return comparisons that a store has runs of, over all planned seeds.

    Args:
        store: The store.
        names: Of comparisons: a name of the project's, plain or tuned; else a folder of tables
            (`my_comparison__digits`), an identity (`my_comparison__0a651cdde4b0`), or the name or the file of one's
            own, which is all that there is of it. None is everything, the project's first.
        say: Is told what is left out of everything: a record that cannot be read, an earlier version of a comparison.

    Raises:
        ConfigError: A name is unknown.
        StoreError: A comparison that was named has no runs, or none has.
    """
    if names:
        named = [results for name in dict.fromkeys(names) for results in _find(store, name)]
        return list({results.record.identity: results for results in named}.values())
    found = [results for name in (*ALL_NAMES, *tuned_names(store)) for results in _of_project(store, name)]
    records = (record for record in read_records(store, say) if not _is_of_project(record))
    found += sorted(_newest(store, records, say), key=lambda results: results.record.folder)
    if not found:
        raise StoreError(f"{store.root} has no comparison with a finished run; `fashion-keras run NAME` makes one")
    return found


def tuned_names(store: RunStore) -> list[str]:
    """Return the names of the comparisons with tuned arms that a store has, of whole runs of Fashion-MNIST."""
    names = {path.name.rpartition("__")[0] for path in _record_paths(store)}
    return sorted(name for name in names if is_tuned_name(name) and _find_tuned(store, name))


def _find(store: RunStore, name: str) -> list[ComparisonResults]:
    """Return what a name means; of the project's it is the plain comparison alone, whatever else was made of it."""
    is_of_project = name in ALL_NAMES or is_tuned_name(name)
    record = _project_record(store, name) if is_of_project else None
    found = [*_load_begun(store, [record] if record else [])]
    others = [] if found else [record for record in read_records(store) if not _is_of_project(record)]
    if name not in ALL_NAMES and not found:
        found = _find_other(store, name, others)
    if found:
        return found
    there = sorted({record.folder for record in others if record.name == name})
    hint = f"; it has {', '.join(there)}" if there else ""
    raise StoreError(f"{store.root} has no runs of {name}; `{command_of(name)}` makes them{hint}")


def _find_other(store: RunStore, name: str, records: Sequence[ComparisonRecord]) -> list[ComparisonResults]:
    wanted = load_experiment(name).name if name.endswith(".py") else name
    found = [record for record in records if record.path_in(store).stem == wanted]
    found = found or [record for record in records if wanted in (record.folder, record.name)]
    if not found and not name.endswith(".py") and not is_tuned_name(name):
        raise ConfigError(f"a comparison is {suggest(name, {*ALL_NAMES, *(record.folder for record in records)})}")
    return sorted(_newest(store, found), key=lambda results: results.record.folder)


def _of_project(store: RunStore, name: str) -> list[ComparisonResults]:
    """Return a comparison of the project where it has runs; that its record cannot be read, `read_records` says."""
    try:
        record = _project_record(store, name)
    except StoreError:
        return []
    return [*_load_begun(store, [record] if record else [])]


def _project_record(store: RunStore, name: str) -> ComparisonRecord | None:
    if is_tuned_name(name):
        return _find_tuned(store, name)
    path = _plain_record(name).path_in(store)
    return read_record(path) if path.exists() else None


def _plain_record(name: str) -> ComparisonRecord:
    return make_record(load_experiment(name), {"content_hash": FASHION_MNIST_HASH}, seeds=())


def _find_tuned(store: RunStore, name: str) -> ComparisonRecord | None:
    """Return the comparison whose arms were tuned the most, of equal ones the one that was looked at last."""
    found = []
    for record in read_records(store, prefix=name):
        if record.name == name and record.tuning and _is_whole_tuning(record):
            last_look = max((str(look["at"]) for look in record.looks), default="")
            found.append(((record.tuning.num_runs, last_look, record.last_used), record))
    return max(found, key=lambda item: item[0])[1] if found else None


def _is_whole_tuning(record: ComparisonRecord) -> bool:
    return bool(record.tuning and record.data["is_fashion_mnist"] and record.tuning.is_of_whole_runs)


def _is_of_project(record: ComparisonRecord) -> bool:
    """Whether a comparison is one of the project's as it stands, or a tuned one of them."""
    if record.name in ALL_NAMES:
        return record.identity == _plain_record(record.name).identity
    return is_tuned_name(record.name) and _is_whole_tuning(record)


def _newest(
    store: RunStore, records: Iterable[ComparisonRecord], say: Callable[[str], object] = lambda _: None
) -> list[ComparisonResults]:
    """Return of comparisons that share a folder, such as before and after a change of one's network, the last run one.

    Args:
        store: The store.
        records: The newest first.
        say: Is told of the others.
    """
    found: dict[str, ComparisonResults] = {}
    earlier: dict[str, list[str]] = {}
    broken: list[StoreError] = []
    for results in _load_begun(store, records, broken):
        folder = results.record.folder
        if folder in found:
            earlier.setdefault(folder, []).append(results.record.path_in(store).stem)
        else:
            found[folder] = results
    if broken and not found:
        raise broken[0]
    for error in broken:
        say(f"Left out: {error}")
    for folder, stems in earlier.items():
        versions = count_noun(len(stems), "earlier version")
        say(f"Left out: {versions} of {folder} (`fashion-keras report {stems[0]}`)")
    return list(found.values())


def _load_begun(
    store: RunSource, records: Iterable[ComparisonRecord], broken: list[StoreError] | None = None
) -> Iterator[ComparisonResults]:
    """Yield the results of those comparisons that have a finished run; what cannot be judged is `broken`, or raised."""
    for record in records:
        try:
            results = load_settled(store, record)
        except StoreError as error:
            if broken is None:
                raise
            broken.append(error)
        else:
            if any(arm.runs for arm in results.arms):
                yield results


def _record_paths(store: RunStore, prefix: str = "") -> list[Path]:
    return sorted((path for path in (store.root / "comparisons").glob(f"{glob.escape(prefix)}*.json")), reverse=True)


def read_records(
    store: RunStore, say: Callable[[str], object] = lambda _: None, prefix: str = ""
) -> Iterator[ComparisonRecord]:
    """Yield the comparisons of a `store`, the last used first; damaged ones are left out, and `say` is told.

    A `prefix` of the records' names leaves out all others.
    """
    found: dict[str, ComparisonRecord] = {}
    for path in _record_paths(store, prefix):
        try:
            record = _name_modification(read_record(path))
        except StoreError as error:
            say(f"Left out: {error}")
        else:
            found.setdefault(record.identity, record)
    yield from sorted(found.values(), key=lambda record: record.last_used, reverse=True)


def _name_modification(record: ComparisonRecord) -> ComparisonRecord:
    """Return a record of the project's, as it was before the project changed it, under a name of its own."""
    is_plain = record.name in ALL_NAMES and not record.modification
    is_earlier = is_plain and record.identity != _plain_record(record.name).identity
    return replace(record, modification=record.identity) if is_earlier else record
