"""Status of a store: what its comparisons have, lack and failed at, and which parts of them are still to be run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.storage.comparison import ComparisonRecord, load_results
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import read_records
from fashion_keras.workflows.plan import deal_shard, order_configs

__all__ = ["ComparisonStatus", "StoreStatus", "describe_status", "read_status"]


@dataclass(frozen=True)
class ComparisonStatus:
    """How far a comparison is.

    Attributes:
        folder: Of its tables, which names it.
        title: For people.
        arms: Names.
        seeds: How many are planned at most.
        seeds_complete: How many of them every arm has.
        runs: How many it has.
        missing: From each arm that needs more runs for the next look to its missing seeds; decided arms need none.
        failed: Labels of those of the missing runs whose last try failed, with their logs.
        shards: Which of the parts that were asked for still have something to run.
        last_used: When it was last run or looked at, ISO 8601, UTC.
    """

    folder: str
    title: str
    arms: tuple[str, ...]
    seeds: int
    seeds_complete: int
    runs: int
    missing: dict[str, tuple[int, ...]]
    failed: dict[str, str]
    shards: tuple[int, ...]
    last_used: str


@dataclass(frozen=True)
class StoreStatus:
    """What a store holds.

    Attributes:
        store: Its folder.
        runs: Complete ones, whatever they belong to: trials of tunings are among them.
        comparisons: The last used first.
        notes: What is left out because it is damaged.
    """

    store: str
    runs: int
    comparisons: tuple[ComparisonStatus, ...]
    notes: tuple[str, ...]


def read_status(out: Path, names: Sequence[str] = (), num_shards: int | None = None) -> StoreStatus:
    """Read what a store has of its comparisons; trains nothing and writes nothing.

    Args:
        out: The folder of the results.
        names: Folders, names or files of comparisons; none is all.
        num_shards: Into so many parts each comparison was dealt by `run --shard`; None is none.

    Raises:
        ConfigError: The store has no comparison of a name.
        StoreError: There is no store.
    """
    store = RunStore(out / "store")
    if not store.root.is_dir():
        raise StoreError(f"{store.root} is no store; `fashion-keras run NAME` makes one")
    notes: list[str] = []
    records = {each.folder: each for each in reversed(list(read_records(store, notes.append)))}
    # Whether their files are sound, `check` says.
    num_runs = sum(1 for _ in (store.root / "runs").glob("*/result.json"))
    chosen = _choose(list(reversed(records.values())), names)
    comparisons = []
    for record in chosen:
        try:
            comparisons.append(_status_of(record, store, num_shards))
        except StoreError as error:  # such as runs of a custom trainer without what they are judged by
            notes.append(f"Left out: {error}")
    return StoreStatus(str(store.root), num_runs, tuple(comparisons), tuple(notes))


def _choose(records: Sequence[ComparisonRecord], given: Sequence[str]) -> Sequence[ComparisonRecord]:
    names = [load_experiment(name).name if name.endswith(".py") else name for name in given]
    for name in names:
        if not any(name in (record.folder, record.name) for record in records):
            raise ConfigError(f"a comparison of the store is {suggest(name, [each.folder for each in records])}")
    return [each for each in records if not names or each.folder in names or each.name in names]


def _status_of(record: ComparisonRecord, store: RunStore, num_shards: int | None) -> ComparisonStatus:
    seeds = range(record.design.num_seeds)
    results = load_results(store, record)
    needing, number = results.needed
    missing = {
        arm.name: tuple(seed for seed in range(number) if seed not in arm.runs)
        for arm in results.arms
        if arm.name in needing
    }
    there = [set(arm.runs) for arm in results.arms]
    logs = {
        f"{arm.name}, seed {seed}": store.root / "failed" / arm.folders[seed] / "log.txt"
        for arm in record.arms
        for seed in missing.get(arm.name, ())
        if seed in arm.folders
    }
    return ComparisonStatus(
        folder=record.folder,
        title=one_line(record.heading),
        arms=tuple(arm.name for arm in record.arms),
        seeds=len(seeds),
        seeds_complete=len(set.intersection(*there)),
        runs=len({run.path for arm in results.arms for run in arm.runs.values()}),
        missing={name: each for name, each in missing.items() if each},
        failed={label: str(log) for label, log in logs.items() if log.exists()},
        shards=tuple(_open_shards(record, seeds, missing, num_shards)) if num_shards else (),
        last_used=record.last_used,
    )


def _open_shards(
    record: ComparisonRecord, seeds: Sequence[int], missing: Mapping[str, Sequence[int]], num_shards: int
) -> Iterable[int]:
    """Yield the numbers of the parts that a run is missing of, dealt out as `run NAME --shard K/N` does."""
    configs = order_configs([RunConfig.from_json(record.settings_of(arm)) for arm in record.arms], seeds)
    wanted = {arm.folders[seed] for arm in record.arms for seed in missing.get(arm.name, ()) if seed in arm.folders}
    for shard in range(num_shards):
        if any(config.folder in wanted for config in deal_shard(configs, shard, num_shards)):
            yield shard


def describe_status(status: StoreStatus, say: Callable[[str], object], num_shards: int | None = None) -> None:
    """Say a status in lines.

    Args:
        status: The status.
        say: Is told each line.
        num_shards: As in `read_status`.
    """
    shown = count_noun(len(status.comparisons), "comparison")
    say(f"{status.store}: {count_noun(status.runs, 'run')} in all, trials among them; {shown} shown")
    for each in status.comparisons:
        say(f"{each.folder}: {each.title}")
        planned = f"at most {count_noun(each.seeds, 'seed')}"
        complete = f"{each.seeds_complete} of every arm" if each.missing else "nothing missing"
        say(f"  {count_noun(len(each.arms), 'arm')}, {planned}, {complete}; {count_noun(each.runs, 'run')}")
        for arm, seeds in each.missing.items():
            say(f"  missing: {arm}, {_describe_seeds(seeds)}")
        for label, log in each.failed.items():
            say(f"  failed: {label}; log: {log}")
        if num_shards and each.missing:
            say(f"  to run: {', '.join(f'--shard {shard}/{num_shards}' for shard in each.shards)}")
    for note in status.notes:
        say(note)


def _describe_seeds(seeds: Sequence[int]) -> str:
    """Return numbers in words.

    >>> _describe_seeds([0, 1, 2, 5])
    'seeds 0 to 2, 5'
    """
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1].append(seed)
        else:
            spans.append([seed])
    texts = [str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(texts)}"
