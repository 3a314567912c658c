"""A comparison as the store keeps it, and its results as tables and figures read them.

A record names the folders of its runs, so that reporting computes no run ids: it works elsewhere, without TensorFlow.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import filelock
import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.run_config import PROTOCOL_VERSION, canonical_json
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.experiments.definition import Experiment
from fashion_keras.formatting import safe_name
from fashion_keras.storage.files import write_file
from fashion_keras.storage.runs import RunStore, StoredRun


@dataclass(frozen=True)
class ArmRecord:
    """One arm of a stored comparison.

    Attributes:
        name, published, described: As in `experiments.Arm`.
        config: The arm's settings without seed and data, for people.
        folders: From seed to the run's folder in the store, whether or not the run is there yet.
    """

    name: str
    published: str | None
    described: bool
    config: Mapping[str, Any]
    folders: Mapping[int, str]


@dataclass(frozen=True)
class ComparisonRecord:
    """What was compared: definition, runs, planned seeds, looks taken.

    Attributes:
        name, title, baseline: As in `experiments.Experiment`.
        arms: All arms of the experiment, whichever of them an invocation asked for.
        data: `name`, `content_hash`, `class_names` and `is_fashion_mnist` of the data set.
        looks: For each invocation that completed all arms, how many seeds there were and when.
        tuning: How a setting of each arm was picked, see `fairness.record.TuningRecord`; None where none was.
        modification: How an invocation changed the experiment, for names: `quick-digits`; empty where it did not.
    """

    name: str
    title: str
    baseline: str
    arms: tuple[ArmRecord, ...]
    data: Mapping[str, Any]
    looks: tuple[Mapping[str, Any], ...] = ()
    tuning: Mapping[str, Any] | None = None
    modification: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder of its tables: `my_comparison`, or `my_comparison__quick-digits`."""
        name = safe_name(self.name)
        return f"{name}__{self.modification}" if self.modification else name

    @property
    def heading(self) -> str:
        """The title, with the modification where there is one: beside the plain comparison it is another."""
        return f"{self.title} ({self.modification})" if self.modification else self.title

    @property
    def is_plain(self) -> bool:
        """Whether it is the experiment as it stands on Fashion-MNIST, so that the report's numbers go beside it."""
        return bool(self.data["is_fashion_mnist"]) and not self.modification

    @property
    def identity(self) -> str:
        """Twelve digits of the SHA-256 of the definition: the arms, the baseline and the data."""
        arms = [[arm.name, arm.config] for arm in self.arms]
        definition = [PROTOCOL_VERSION, self.name, self.baseline, arms, self.data["content_hash"]]
        return sha256(canonical_json(definition).encode()).hexdigest()[:12]

    def path_in(self, store: RunStore) -> Path:
        """Return the record's file in a store."""
        return store.root / "comparisons" / f"{self.name}__{self.identity}.json"


def make_record(experiment: Experiment, dataset: Mapping[str, Any], seeds: Sequence[int]) -> ComparisonRecord:
    """Return the record of an experiment over some seeds."""
    arms = []
    for arm in experiment.arms:
        config = experiment.config_of(arm)
        settings = {key: value for key, value in config.to_json().items() if key not in ("seed", "data")}
        folders = {seed: config.with_changes(seed=seed).folder for seed in seeds}
        arms.append(ArmRecord(arm.name, arm.published, arm.described, settings, folders))
    return ComparisonRecord(experiment.name, experiment.title, experiment.baseline, tuple(arms), dataset)


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """Return what a record says of its data set."""
    return {
        "name": dataset.name,
        "content_hash": dataset.content_hash,
        "class_names": list(dataset.class_names),
        "is_fashion_mnist": dataset.is_fashion_mnist,
    }


def save_record(store: RunStore, record: ComparisonRecord) -> ComparisonRecord:
    """Write a record, joined with the seeds and looks that the store's record of the same definition has.

    Under a lock: of two invocations at once, neither loses what the other writes.
    """
    path = record.path_in(store)
    with os_errors_as(StoreError, store.root):
        path.parent.mkdir(parents=True, exist_ok=True)
        locks = store.root / "locks"
        locks.mkdir(exist_ok=True)
        with filelock.FileLock(locks / f"{path.stem}.lock"):
            return _merge_into(path, record)


def _merge_into(path: Path, record: ComparisonRecord) -> ComparisonRecord:
    earlier = read_record(path) if path.exists() else None
    if earlier:
        record = _join(earlier, record)
    write_file(path, record_text(record))
    return record


def record_text(record: ComparisonRecord) -> str:
    """Return the JSON that `read_record` reads."""
    return json.dumps(record_to_json(record), indent=1) + "\n"


def record_to_json(record: ComparisonRecord) -> dict[str, Any]:
    """Return a record as plain values, which `record_from_json` reads."""
    content = {
        "protocol": PROTOCOL_VERSION,
        "name": record.name,
        "title": record.title,
        "baseline": record.baseline,
        "data": dict(record.data),
        "arms": [
            {
                "name": arm.name,
                "published": arm.published,
                "described": arm.described,
                "config": dict(arm.config),
                "folders": {str(seed): folder for seed, folder in sorted(arm.folders.items())},
            }
            for arm in record.arms
        ],
        "looks": [dict(look) for look in record.looks],
    }
    if record.modification:
        content["modification"] = record.modification
    return content if record.tuning is None else {**content, "tuning": dict(record.tuning)}


def record_from_json(content: Mapping[str, Any]) -> ComparisonRecord:
    """Read what `record_to_json` returned."""
    arms = tuple(
        ArmRecord(
            arm["name"],
            arm["published"],
            arm["described"],
            arm["config"],
            {int(seed): folder for seed, folder in arm["folders"].items()},
        )
        for arm in content["arms"]
    )
    return ComparisonRecord(
        content["name"],
        content["title"],
        content["baseline"],
        arms,
        content["data"],
        tuple(content["looks"]),
        content.get("tuning"),
        str(content.get("modification", "")),
    )


def _join(earlier: ComparisonRecord, record: ComparisonRecord) -> ComparisonRecord:
    arms = tuple(
        ArmRecord(arm.name, arm.published, arm.described, arm.config, {**old.folders, **arm.folders})
        for old, arm in zip(earlier.arms, record.arms, strict=True)
    )
    seen = {look["seeds"] for look in earlier.looks}
    looks = earlier.looks + tuple(look for look in record.looks if look["seeds"] not in seen)
    return replace(record, arms=arms, looks=looks, tuning=record.tuning or earlier.tuning)


def add_look(store: RunStore, record: ComparisonRecord, num_seeds: int) -> ComparisonRecord:
    """Note that a table with verdicts was shown at so many seeds, once per number of seeds."""
    if any(look["seeds"] == num_seeds for look in record.looks):
        return record
    look = {"seeds": num_seeds, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    return save_record(store, replace(record, looks=(*record.looks, look)))


def read_record(path: Path) -> ComparisonRecord:
    """Read a stored comparison.

    Raises:
        StoreError: It cannot be read, or its protocol is another: such results must not meet in one table.
    """
    try:
        content = json.loads(path.read_text())
        if content["protocol"] != PROTOCOL_VERSION:
            raise StoreError(f"{path} has protocol version {content['protocol']}, this program {PROTOCOL_VERSION}")
        record = record_from_json(content)
        if not record.arms or not {"name", "content_hash", "is_fashion_mnist"} <= set(record.data):
            raise KeyError("it names no arms or no data")
        return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} is not a stored comparison ({error}); move it away and run the comparison again: "
            "the runs themselves are kept"
        ) from error


@dataclass(frozen=True)
class ArmResults:
    """The finished runs of one arm.

    Attributes:
        record: What the arm is.
        runs: From seed to run, of the requested seeds that are there.
    """

    record: ArmRecord
    runs: Mapping[int, StoredRun]

    @property
    def name(self) -> str:
        """What the table calls the arm."""
        return self.record.name

    def finals(self, metric: str) -> NDArray[np.float64]:
        """The last epoch's values of a metric, float64 [runs], in the order of the seeds; NaN where there is none."""
        return _as_array([run.final[metric] for run in self.runs.values()])

    def histories(self, key: str) -> NDArray[np.float64]:
        """One row per run, float64 [runs, epochs]; NaN after a run diverged and where nothing was evaluated."""
        rows = [run.history[key] for run in self.runs.values()]
        epochs = max((len(row) for row in rows), default=0)
        return _as_array([[*row, *[None] * (epochs - len(row))] for row in rows]).reshape(len(rows), epochs)


def _as_array(values: Any) -> NDArray[np.float64]:
    return np.array(values, dtype=object).astype(np.float64)


@dataclass(frozen=True)
class ComparisonResults:
    """A comparison's runs, of the requested arms and seeds.

    Attributes:
        record: What was compared, all arms.
        arms: The requested arms in the experiment's order.
        seeds: The requested seeds, ascending.
        untuned: Of a comparison whose arms were tuned, the one before it, all arms of the same seeds.
    """

    record: ComparisonRecord
    arms: tuple[ArmResults, ...]
    seeds: tuple[int, ...]
    untuned: "ComparisonResults | None" = None

    @property
    def is_complete(self) -> bool:
        """Whether every requested run is there."""
        return all(len(arm.runs) == len(self.seeds) for arm in self.arms)


class RunSource(Protocol):
    """Where runs are found by their folders' names: a store, or an archive of published runs."""

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the complete run in a folder of that name, or None."""
        ...


def load_results(
    store: RunSource, record: ComparisonRecord, seeds: Sequence[int], arm_names: Sequence[str] | None = None
) -> ComparisonResults:
    """Read the runs of a comparison that the store has, of some arms (or all) and seeds."""
    arms = []
    for arm in record.arms:
        if arm_names is None or arm.name in arm_names:
            found = {seed: store.find_folder(arm.folders[seed]) for seed in sorted(seeds) if seed in arm.folders}
            arms.append(ArmResults(arm, {seed: run for seed, run in found.items() if run is not None}))
    untuned = None
    if record.tuning is not None:
        untuned = load_results(store, record_from_json(record.tuning["untuned"]), seeds)
    return ComparisonResults(record, tuple(arms), tuple(sorted(seeds)), untuned)
