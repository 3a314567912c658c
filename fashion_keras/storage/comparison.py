"""Comparison record: what the store keeps of a comparison, and its results as tables and figures read them.

A record names the folders of its runs, so that reporting computes no run ids: it works elsewhere, without TensorFlow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

import filelock
import numpy as np
from numpy.typing import NDArray

from fashion_keras._tensorflow import no_collection
from fashion_keras.config.identity import PROTOCOL_VERSION, canonical_json
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.experiments.definition import Experiment
from fashion_keras.formatting import safe_name
from fashion_keras.results.metrics import TEST_ACCURACY, Metric
from fashion_keras.statistics import (
    ACCURACIES,
    MIN_SEEDS,
    Comparison,
    Design,
    arms_to_train,
    compare_arms,
    looks_taken,
    mark_diverged,
    score,
)
from fashion_keras.storage.files import write_file
from fashion_keras.storage.reading import damage_of, read_json, say_once, seal
from fashion_keras.storage.runs import RunStore, StoredRun, is_folder_name
from fashion_keras.storage.tunings import TuningRecord

__all__ = [
    "ArmRecord", "ArmResults", "ComparisonRecord", "ComparisonResults", "RunSource", "add_look", "describe_data",
    "find_record", "load_results", "load_settled", "make_record", "read_record", "record_from_json", "record_text",
    "record_to_json", "save_record",
]  # fmt: skip


@dataclass(frozen=True)
class ArmRecord:
    """One arm of a stored comparison.

    Attributes:
        name, published, text_only: As in `experiments.Arm`.
        config: The arm's settings without seed and data, for people.
        folders: From seed to the run's folder in the store, whether or not the run is there yet.
    """

    name: str
    published: str | None
    text_only: bool
    config: Mapping[str, Any]
    folders: Mapping[int, str]


@dataclass(frozen=True)
class ComparisonRecord:
    """What was compared: definition, runs, design, looks taken.

    Attributes:
        name, title, baseline: As in `experiments.Experiment`.
        arms: All arms of the experiment, whichever of them an invocation asked for.
        data: `name`, `content_hash`, `class_names` and `is_fashion_mnist` of the data set, and its `notes`, if any.
        design: At which numbers of seeds it is looked at, and how strictly.
        looks: For each look of the design that was taken, at how many seeds and when.
        tuning: How a setting of each arm was selected; None where none was.
        untuned: Then the comparison before, as `record_to_json` writes it.
        modification: How an invocation changed the experiment, for names: `quick-digits`; empty where it did not.
        saved_at: When it was last written, UTC; empty in records of old.
        factors: Of a grid, from the name of each factor to its levels.
        command: What was typed last, a command or a call of `compare`, without its number of seeds; empty where that
            is not known.
        score_share: As in `experiments.Experiment`.
        metric, metrics: By what the arms are judged, and what else the tables show.
    """

    name: str
    title: str
    baseline: str
    arms: tuple[ArmRecord, ...]
    data: Mapping[str, Any]
    design: Design
    looks: tuple[Mapping[str, Any], ...] = ()
    tuning: TuningRecord | None = None
    untuned: Mapping[str, Any] | None = None
    modification: str = ""
    saved_at: str = ""
    factors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    command: str = ""
    score_share: float = 0.0
    metric: Metric = TEST_ACCURACY
    metrics: tuple[Metric, ...] = ()

    @property
    def last_used(self) -> str:
        """When the comparison was last run or looked at, as far as its record says: ISO 8601, UTC."""
        return max((self.saved_at, *(str(look["at"]) for look in self.looks)))

    @property
    def folder(self) -> str:
        """The name of the folder of its tables: `my_comparison`, or `my_comparison__quick-digits`."""
        name = safe_name(self.name)
        return f"{name}__{self.variant}" if self.variant else name

    @property
    def variant(self) -> str:
        """What tells it from the plain comparison, in names: `quick-digits`, `last-0.2-of-epochs`; empty of that."""
        score = [f"last-{self.score_share:g}-of-epochs"] if self.score_share else []
        return "-".join([self.modification] * bool(self.modification) + score)

    @property
    def heading(self) -> str:
        """The title, with the variant where it is one: beside the plain comparison it is another."""
        return f"{self.title} ({self.variant})" if self.variant else self.title

    @property
    def is_plain(self) -> bool:
        """Whether it is the experiment as it stands on Fashion-MNIST, so that the report's numbers go beside it."""
        return bool(self.data["is_fashion_mnist"]) and not self.variant

    @property
    def trainers(self) -> tuple[str, ...]:
        """The names of the custom trainers of its arms, each once; none where Keras trains them."""
        names = [arm.config["trainer"]["name"] for arm in self.arms if "trainer" in arm.config]
        return tuple(dict.fromkeys(names))

    def settings_of(self, arm: ArmRecord, seed: int = 0) -> dict[str, Any]:
        """Return all settings of an arm's run as its configuration writes them."""
        is_usual = self.data["is_fashion_mnist"] or "trainer" in arm.config
        data = {} if is_usual else {"data": self.data["content_hash"]}
        return {**arm.config, **data, **({"seed": seed} if seed else {})}

    @property
    def identity(self) -> str:
        """Twelve digits of the SHA-256 of the definition: the arms, the baseline, the data, and a score of its own."""
        arms = [[arm.name, arm.config] for arm in self.arms]
        definition = [PROTOCOL_VERSION, self.name, self.baseline, arms, self.data["content_hash"]]
        definition += [{"score_share": self.score_share}] if self.score_share else []
        definition += [self.metric.to_json()] if self.metric != TEST_ACCURACY else []
        return sha256(canonical_json(definition).encode()).hexdigest()[:12]

    def of_seeds(self, seeds: Sequence[int]) -> "ComparisonRecord":
        """Return the record as if only these seeds had been planned."""
        arms = (
            replace(arm, folders={seed: folder for seed, folder in arm.folders.items() if seed in seeds})
            for arm in self.arms
        )
        return replace(self, arms=tuple(arms))

    def path_in(self, store: RunStore) -> Path:
        """Return the record's file in a store."""
        return store.root / "comparisons" / f"{self.name}__{self.identity}.json"


def make_record(
    experiment: Experiment, dataset: Mapping[str, Any], seeds: Sequence[int], design: Design | None = None
) -> ComparisonRecord:
    """Return the record of an experiment.

    Args:
        experiment: What is compared.
        dataset: See `describe_data`.
        seeds: The most that may be trained.
        design: Of the looks; where None, one at all these seeds.
    """
    arms = []
    for arm in experiment.arms:
        config = experiment.config_of(arm)
        settings = {key: value for key, value in config.to_json().items() if key not in ("seed", "data")}
        folders = {seed: config.with_changes(seed=seed).folder for seed in seeds}
        arms.append(ArmRecord(arm.name, arm.published, arm.text_only, settings, folders))
    return ComparisonRecord(
        experiment.name,
        experiment.title,
        experiment.baseline,
        tuple(arms),
        dataset,
        design or Design.fixed(len(seeds) or 1),
        factors=experiment.factors,
        score_share=experiment.score_share,
        metric=experiment.metric,
        metrics=experiment.metrics,
    )


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """Return what a record says of its data set."""
    return {
        "name": dataset.name,
        "content_hash": dataset.content_hash,
        "class_names": list(dataset.class_names),
        "is_fashion_mnist": dataset.is_fashion_mnist,
        **({"notes": list(dataset.notes)} if dataset.notes else {}),
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
            joined = replace(find_record(store, record), saved_at=datetime.now(UTC).isoformat(timespec="microseconds"))
            write_file(path, record_text(joined))
    return joined


def find_record(store: RunStore, record: ComparisonRecord) -> ComparisonRecord:
    """Return a record joined with what the store has of the same definition, as `save_record` does, unwritten."""
    path = record.path_in(store)
    return _join(read_record(path), record) if path.exists() else record


def record_text(record: ComparisonRecord) -> str:
    """Return the JSON that `read_record` reads, with its own digest."""
    return seal(record_to_json(record), indent=1)


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
                "described": arm.text_only,
                "config": dict(arm.config),
                "folders": {str(seed): folder for seed, folder in sorted(arm.folders.items())},
            }
            for arm in record.arms
        ],
        "design": record.design.to_json(),
        "looks": [dict(look) for look in record.looks],
    }
    others = {
        "score_share": record.score_share,
        "factors": {name: list(levels) for name, levels in record.factors.items()},
        **{name: getattr(record, name) for name in ("modification", "saved_at", "command")},
        "metric": record.metric != TEST_ACCURACY and record.metric.to_json(),
        "metrics": [metric.to_json() for metric in record.metrics],
        "tuning": record.tuning and record.tuning.to_json() | {"untuned": record.untuned},
    }
    return content | {name: value for name, value in others.items() if value}


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
    tuning = content.get("tuning")
    return ComparisonRecord(
        content["name"],
        content["title"],
        content["baseline"],
        arms,
        content["data"],
        _read_design(content),
        tuple(content["looks"]),
        tuning and TuningRecord.from_json(tuning),
        tuning and tuning["untuned"],
        str(content.get("modification", "")),
        str(content.get("saved_at", "")),
        {str(name): tuple(map(str, levels)) for name, levels in content.get("factors", {}).items()},
        str(content.get("command", "")),
        float(content.get("score_share", 0.0)),
        Metric.from_json(content.get("metric", TEST_ACCURACY)),
        tuple(map(Metric.from_json, content.get("metrics", ()))),
    )


def _read_design(content: Mapping[str, Any]) -> Design:
    """Return the design; records of old have none, but the planned seeds, all looked at once, and the looks taken."""
    if "design" in content:
        return Design.from_json(content["design"])
    looks = sorted({look["seeds"] for look in content["looks"] if look["seeds"] >= MIN_SEEDS})
    first, *later = looks or [max(1, *(len(arm["folders"]) for arm in content["arms"]))]
    design = Design.fixed(first)
    for seeds in later:
        design = design.extend(seeds, ())
    return design


def _join(earlier: ComparisonRecord, record: ComparisonRecord) -> ComparisonRecord:
    arms = tuple(
        ArmRecord(arm.name, arm.published, arm.text_only, arm.config, {**old.folders, **arm.folders})
        for old, arm in zip(earlier.arms, record.arms, strict=True)
    )
    seen = {look["seeds"] for look in earlier.looks}
    looks = earlier.looks + tuple(look for look in record.looks if look["seeds"] not in seen)
    # The same values may have been selected by fewer trials than before: what was tried more often counts.
    most = max((record, earlier), key=lambda each: each.tuning.num_runs if each.tuning else 0)
    design = _join_designs(earlier, record.design)
    return replace(record, arms=arms, looks=looks, tuning=most.tuning, untuned=most.untuned, design=design)


def _join_designs(earlier: ComparisonRecord, asked: Design) -> Design:
    """Return the design that holds: once evidence was shown, the earlier one, which more seeds can only extend."""
    if not any(look["seeds"] >= MIN_SEEDS for look in earlier.looks):
        return asked
    return earlier.design.extend(asked.num_seeds, asked.looks)


def add_look(store: RunStore, record: ComparisonRecord, num_seeds: int) -> ComparisonRecord:
    """Note in a `record` of the `store` that evidence was shown at `num_seeds` seeds, once per number of seeds."""
    if any(look["seeds"] == num_seeds for look in record.looks):
        return record
    look = {"seeds": num_seeds, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    return save_record(store, replace(record, looks=(*record.looks, look)))


def read_record(path: Path) -> ComparisonRecord:
    """Read a stored comparison.

    Raises:
        StoreError: It cannot be read, or its protocol is another: such results must not meet in one table.
    """
    remedy = "move it away and run the comparison again: the runs themselves are kept"
    with damage_of(path, remedy):
        record = record_from_json(read_json(path, remedy))
        _check_record(record)
        if record.untuned is not None:
            _check_record(record_from_json(record.untuned))
    return record


def _check_record(record: ComparisonRecord) -> None:
    """Refuse a record that cannot be reported, or whose names lead out of the folders that they belong in.

    Raises:
        ValueError: Something is missing or of another kind.
    """
    names = (record.name, record.title, record.baseline, *(arm.name for arm in record.arms))
    if not all(isinstance(name, str) for name in names):
        raise ValueError("its names must be text")
    if not record.arms or record.baseline not in [arm.name for arm in record.arms]:
        raise ValueError("it lacks arms, or the one that the others are compared with")
    if not 0.0 <= record.score_share < 1.0:
        raise ValueError(f"its score_share must be in [0, 1), got {record.score_share}")
    if record.factors and math.prod(map(len, record.factors.values())) != len(record.arms):
        raise ValueError("its factors do not make its arms")
    if not {"name", "content_hash", "is_fashion_mnist"} <= set(record.data):
        raise ValueError("it does not say which data")
    if not all(look["seeds"] > 0 and isinstance(look["at"], str) for look in record.looks):
        raise ValueError("its looks must say when they were and of how many seeds")
    for name in (record.folder, *(folder for arm in record.arms for folder in arm.folders.values())):
        if not is_folder_name(name):
            raise ValueError(f"{name!r} is no name of a folder")


@dataclass(frozen=True)
class ArmResults:
    """The finished runs of one arm.

    Attributes:
        record: What the arm is.
        runs: From seed to run, of the requested seeds that are there.
        score_share: As in `ComparisonRecord`.
    """

    record: ArmRecord
    runs: Mapping[int, StoredRun]
    score_share: float = 0.0

    @property
    def name(self) -> str:
        """What the table calls the arm."""
        return self.record.name

    def finals(self, metric: str) -> NDArray[np.float64]:
        """The values of a metric that runs ended with, float64 [runs], in the order of the seeds; NaN where none.

        Of the test accuracy it is the comparison's score.
        """
        return _as_array([self._score(run, metric, run.value(metric)) for run in self.runs.values()])

    def values(self, metric: Metric, seeds: Sequence[int]) -> NDArray[np.float64]:
        """The same over some seeds, float64 [n], up to the first seed that has none; NaN where a run diverged."""
        runs = takewhile(lambda run: run is not None, (self.runs.get(seed) for seed in seeds))
        scores = [self._score(run, metric.name, run.judged_value(metric)) for run in runs if run is not None]
        return _as_array(list(takewhile(lambda value: value is not None, scores)))

    def _score(self, run: StoredRun, metric: str, final: float | None) -> float | None:
        if metric != "test_accuracy" or not self.score_share or final is None or math.isnan(final):
            return final
        accuracies = run.history["test_accuracy"]
        missing = [final] * (run.config.epochs - len(accuracies))  # a diverged run stays where it ended
        return score(_as_array([*accuracies, *missing]), self.score_share)

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
    def values(self) -> dict[str, NDArray[np.float64]]:
        """Of each arm what is judged, see `ArmResults.values`; runs that diverged are infinite, see `mark_diverged`."""
        return self._mark({arm.name: arm.values(self.record.metric, self.seeds) for arm in self.arms})

    @property
    def off_the_scale(self) -> dict[str, NDArray[np.bool_]]:
        """Of each arm, for all its runs, whether one ended in a finite number that is as good as none."""
        rows = {arm.name: arm.finals(self.record.metric.name) for arm in self.arms}
        return {name: np.isfinite(rows[name]) & ~np.isfinite(row) for name, row in self._mark(rows).items()}

    def _mark(self, rows: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        metric, baseline = self.record.metric, self.record.baseline
        return mark_diverged(rows, baseline, higher_is_better=metric.higher_is_better, is_share=metric.is_share)

    @property
    def design(self) -> Design:
        """The record's, with the direction of what is judged, and the least and the most that a value can be."""
        metric = self.record.metric
        limits = ACCURACIES if metric.is_share else None
        return replace(self.record.design, higher_is_better=metric.higher_is_better, value_range=limits)

    @property
    def needed(self) -> tuple[tuple[str, ...], int]:
        """Of results of all arms, the arms that need seeds for the next look of the design, and how many in all."""
        return arms_to_train(self.values, self.record.baseline, self.design)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Of results of all arms, each but the baseline with it; see `statistics.compare_arms`."""
        return compare_arms(self.values, self.record.baseline, self.design)

    @property
    def looks_taken(self) -> dict[str, int]:
        """Of results of all arms, by how many seeds each of them stands, see `statistics.looks_taken`."""
        return looks_taken(self.values, self.record.baseline, self.design)

    def select(self, names: Sequence[str]) -> "ComparisonResults":
        """Return the results of some arms."""
        return replace(self, arms=tuple(arm for arm in self.arms if arm.name in names))


class RunSource(Protocol):
    """Where runs are found by their folders' names: a store, or an archive of published runs."""

    def find_folder(self, folder: str) -> StoredRun | None:
        """Return the complete run in a folder of that name, or None."""
        ...


def load_results(store: RunSource, record: ComparisonRecord, seeds: Sequence[int] | None = None) -> ComparisonResults:
    """Read the runs of the comparison of a `record` that a `store` has, of `seeds`; None is all that are planned."""
    chosen = sorted(range(record.design.num_seeds) if seeds is None else seeds)
    with no_collection():
        arms = tuple(ArmResults(arm, _find_runs(store, record, arm, chosen), record.score_share) for arm in record.arms)
    untuned = load_settled(store, record_from_json(record.untuned)) if record.untuned else None
    return ComparisonResults(record, arms, tuple(chosen), untuned)


def _find_runs(
    store: RunSource, record: ComparisonRecord, arm: ArmRecord, seeds: Sequence[int]
) -> dict[int, StoredRun]:
    found = {seed: store.find_folder(arm.folders[seed]) for seed in seeds if seed in arm.folders}
    return {seed: run for seed, run in found.items() if run and _is_of(run, arm, seed, record)}


def _is_of(run: StoredRun, arm: ArmRecord, seed: int, record: ComparisonRecord) -> bool:
    """Whether a run is what its arm says; where a record is damaged, another arm's may stand in its place."""
    if run.result["config"] == record.settings_of(arm, seed):
        return True
    say_once(f"Left out: {run.path} is not the run of {arm.name}, seed {seed}, that the record of {record.name} names")
    return False


def load_settled(store: RunSource, record: ComparisonRecord) -> ComparisonResults:
    """Read the runs of a comparison that may be shown: of each arm those up to the look by which it stands.

    What was decided at a look stays decided while more seeds are trained, and if they never are. Runs beyond it are not
    shown: that would be a look that nobody planned. Before the first look, all runs that are there are shown.
    """
    seeds = range(record.design.num_seeds)
    whole = load_results(store, record.of_seeds(seeds))
    looks = whole.looks_taken
    if not looks:
        return whole
    arms = (replace(arm, runs={seed: arm.runs[seed] for seed in range(looks[arm.name])}) for arm in whole.arms)
    return replace(whole, arms=tuple(arms), seeds=whole.seeds[: max(looks.values())])
