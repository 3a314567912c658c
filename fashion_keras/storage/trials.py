"""Trials: values that were tried, what validation said of their runs, and which of them is the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
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
        stored: The run, where the store is at hand; a record keeps what is above alone.
    """

    seed: int
    folder: str
    status: str
    val_accuracy: float | None
    val_loss: float | None
    stored: StoredRun | None = field(default=None, compare=False)

    @classmethod
    def of(cls, run: StoredRun) -> Self:
        """Return what a trial keeps of a run."""
        final = run.final
        return cls(run.seed, run.path.name, run.status, final["val_accuracy"], final["val_loss"], run)

    def to_json(self) -> dict[str, Any]:
        """The plain form, the fields by their names."""
        return {name: value for name, value in vars(self).items() if name != "stored"}


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
        is_finished = all(run.status == "finished" and run.val_accuracy is not None for run in self.runs)
        return "finished" if is_finished else "diverged"

    @property
    def val_accuracy(self) -> float | None:
        """The mean over the tuning seeds, a fraction; None where a run diverged or failed."""
        return self._mean([run.val_accuracy for run in self.runs])

    @property
    def val_loss(self) -> float | None:
        """The mean over the tuning seeds, nats; None where a run diverged or failed."""
        return self._mean([run.val_loss for run in self.runs])

    def _mean(self, values: Sequence[float | None]) -> float | None:
        numbers = [value for value in values if value is not None]
        return sum(numbers) / len(numbers) if self.status == "finished" and len(numbers) == len(values) else None


@dataclass(frozen=True)
class Objective:
    """What a study maximises or minimises: a value of the last epoch on the validation images.

    Args:
        name: `val_accuracy` or `val_loss`.

    Raises:
        ConfigError: It is another name.
    """

    name: str = "val_accuracy"

    def __post_init__(self) -> None:
        if self.name not in OBJECTIVES:
            raise ConfigError(f"an objective is {suggest(self.name, OBJECTIVES)}")

    @property
    def is_accuracy(self) -> bool:
        """Whether more is better."""
        return self.name == "val_accuracy"

    def value(self, trial: Trial) -> float:
        """Return a trial's value: a fraction or nats. One that diverged has accuracy 0, or the worst loss."""
        value = trial.val_accuracy if self.is_accuracy else trial.val_loss
        if value is None:
            return 0.0 if self.is_accuracy else WORST_LOSS
        return value

    def text(self, value: float) -> str:
        """Return a value for people: percent, or nats."""
        return f"{100 * value:.2f} %" if self.is_accuracy else f"{value:.4f}"


def rank_trials(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Return the trials, the best first.

    Those of the whole budget come before Hyperband's shorter ones, finished ones before those that diverged, and those
    that failed last; of equal ones the earlier first.
    """
    sign = -1 if objective.is_accuracy else 1

    def key(trial: Trial) -> tuple[bool, bool, bool, float]:
        return trial.status == "failed", trial.status != "finished", not trial.is_full, sign * objective.value(trial)

    return sorted(trials, key=key)


def best_trial(trials: Sequence[Trial], objective: Objective) -> Trial | None:
    """Return the best of the trials; None where none has finished."""
    first = rank_trials(trials, objective)[:1]
    return first[0] if first and first[0].status == "finished" else None
