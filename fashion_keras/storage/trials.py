"""Trials: values that were tried, what validation said of their runs, and which of them is the best."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import RunConfig
from fashion_keras.config.values import Accepts
from fashion_keras.errors import ConfigError
from fashion_keras.results.metrics import Metric
from fashion_keras.storage.runs import RunStore, StoredRun

__all__ = ["OBJECTIVES", "WORST_LOSS", "Objective", "Trial", "TrialRun", "best_trial", "rank_trials"]

OBJECTIVES = ("val_accuracy", "val_loss")
WORST_LOSS = 10.0
"""Nats: what a trial that diverged is taken for, and the most that a loss counts."""


@dataclass(frozen=True)
class TrialRun:
    """One run of a trial.

    Attributes:
        seed: A tuning seed; no measured run has it.
        folder: The run's in the store.
        status: `"finished"` or `"diverged"`.
        val_accuracy, val_loss: After the last epoch, a fraction and nats; None where it is no number.
        others: What else a custom trainer says of its validation data, by names that begin with `val_`.
        stored: The run, where the store is at hand; a record keeps what is above alone.
    """

    seed: int
    folder: str
    status: str
    val_accuracy: float | None
    val_loss: float | None
    others: Mapping[str, float | None] = field(default_factory=dict, hash=False)
    stored: StoredRun | None = field(default=None, compare=False)

    @classmethod
    def of(cls, run: StoredRun) -> Self:
        """Return what a trial keeps of a run."""
        found = {name: value for name, value in run.final.items() if name.startswith("val_")}
        usual = {name: found.pop(name) for name in OBJECTIVES}
        return cls(run.seed, run.path.name, run.status, **usual, others=found, stored=run)

    def value(self, name: str) -> float | None:
        """Return a value by its name; None where it is not there, or no number."""
        return getattr(self, name) if name in OBJECTIVES else self.others.get(name)

    def to_json(self) -> dict[str, Any]:
        """The plain form, the fields by their names."""
        unsaid = ("stored",) if self.others else ("stored", "others")
        return {name: value for name, value in vars(self).items() if name not in unsaid}


@dataclass(frozen=True)
class Trial:
    """One trial of a study.

    Attributes:
        values: The hyperparameters that apply, by name.
        runs: One on each tuning seed; none where it failed.
        number: From 1, in the order of the proposals.
        generation: From 1; a generation is proposed at once.
        planned: What was to run, on the first tuning seed; None where a record alone is left.
        is_full: Whether it got the whole budget of epochs; Hyperband's early rounds do not.
        message: Why it failed.
    """

    values: Mapping[str, Any]
    runs: tuple[TrialRun, ...]
    number: int = 1
    generation: int = 1
    planned: RunConfig | None = None
    is_full: bool = True
    message: str = ""

    @classmethod
    def find(
        cls, store: RunStore, configs: Sequence[RunConfig], values: Mapping[str, Any], number: int, **remarks: Any
    ) -> Self:
        """Return a trial with its runs; it has failed where a store does not have them all.

        Args:
            store: Where the runs are.
            configs: The runs, one on each tuning seed.
            values, number, remarks: The trial's fields.
        """
        runs = [run for config in configs if (run := store.find(config)) is not None]
        whole = runs if len(runs) == len(configs) else []
        return cls(values, tuple(map(TrialRun.of, whole)), number, planned=configs[0], **remarks)

    @property
    def config(self) -> RunConfig:
        """What was to run, on the first tuning seed.

        Raises:
            ValueError: A record alone is left, which keeps the values.
        """
        if self.planned is None:
            raise ValueError(f"trial {self.number} is out of a record, which has no configurations")
        return self.planned

    @property
    def status(self) -> str:
        """`"finished"`, `"diverged"` where one of its runs did, or `"failed"`."""
        if not self.runs:
            return "failed"
        return "finished" if all(run.status == "finished" for run in self.runs) else "diverged"

    @property
    def val_accuracy(self) -> float | None:
        """The mean over the tuning seeds, a fraction; None where a run diverged or failed."""
        return self.value("val_accuracy")

    @property
    def val_loss(self) -> float | None:
        """The mean over the tuning seeds, nats; None where a run diverged or failed."""
        return self.value("val_loss")

    def value(self, name: str) -> float | None:
        """Return the mean of a value over the tuning seeds; None where a run has none, diverged or failed."""
        numbers = [value for run in self.runs if (value := run.value(name)) is not None]
        return sum(numbers) / len(numbers) if self.status == "finished" and len(numbers) == len(self.runs) else None


@dataclass(frozen=True)
class Objective:
    """What a study maximises or minimises: a value of the last epoch on the validation data.

    Args:
        metric: `val_accuracy`, `val_loss`, or what a custom trainer returns.

    Raises:
        ConfigError: It is given by another name.
    """

    metric: Accepts[str | Metric, Metric] = "val_accuracy"  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if isinstance(self.metric, str) and self.metric not in OBJECTIVES:
            raise ConfigError(f"an objective is {suggest(self.metric, OBJECTIVES)}")
        object.__setattr__(self, "metric", Metric.from_json(self.metric))

    @property
    def name(self) -> str:
        """The metric's."""
        return self.metric.name

    @property
    def words(self) -> str:
        """The name as people say it: `validation accuracy`."""
        return self.metric.text.replace("val ", "validation ", 1)

    @property
    def is_accuracy(self) -> bool:
        """Whether it is the accuracy."""
        return self.name == "val_accuracy"

    def value(self, trial: Trial) -> float:
        """Return a trial's value; of one that diverged accuracy 0, the worst loss, or of another metric an infinity."""
        value = trial.value(self.name)
        if value is not None:
            return value
        return {"val_accuracy": 0.0, "val_loss": WORST_LOSS}.get(
            self.name, -math.inf if self.metric.higher_is_better else math.inf
        )

    def text(self, value: float) -> str:
        """Return a value for people: percent of a share."""
        return f"{100 * value:.2f} %" if self.metric.is_share else f"{value:.4f} {self.metric.unit}".rstrip()


def rank_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Return the trials, the best first.

    Those of the whole budget come before Hyperband's shorter ones, finished ones before those that diverged, and those
    that failed last; of equal ones the earlier first.
    """
    sign = -1 if objective.metric.higher_is_better else 1

    def key(trial: Trial) -> tuple[bool, bool, bool, float]:
        is_lost = trial.value(objective.name) is None
        return trial.status == "failed", is_lost, not trial.is_full, sign * objective.value(trial)

    return sorted(trials, key=key)


def best_trial(trials: Sequence[Trial], objective: Objective) -> Trial | None:
    """Return the best of the trials; None where none has finished."""
    first = rank_trials(trials, objective)[:1]
    return first[0] if first and first[0].value(objective.name) is not None else None
