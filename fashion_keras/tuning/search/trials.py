"""What a search has tried: trials with their runs, what they are worth, and which is the best."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError, UserError
from fashion_keras.storage.runs import StoredRun

OBJECTIVES = ("val_accuracy", "val_loss")
WORST_LOSS = 10.0
"""Nats: what a run that diverged is taken for, and the most that a loss counts."""

_LEAST = 1e-4  # keeps the logarithm finite: 6,000 validation images cannot show a smaller error


class TuningError(UserError):
    """A search ended without a trial that could be chosen."""


@dataclass(frozen=True)
class Objective:
    """What a search maximises or minimises: a value of the last epoch on the validation images.

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

    def value(self, run: StoredRun) -> float:
        """Return a run's value: a fraction or nats. A run that diverged has accuracy 0, or the worst loss."""
        value = run.final[self.name]
        if run.status != "finished" or value is None:
            return 0.0 if self.is_accuracy else WORST_LOSS
        return float(value)

    def score(self, run: StoredRun) -> float:
        """Return what the oracle is told, the higher the better: minus the logarithm of the error or of the loss.

        One failure at 10 % would otherwise leave a Gaussian process no difference between 90 % and 91 %.
        """
        value = self.value(run)
        badness = 1 - value if self.is_accuracy else min(value, WORST_LOSS)
        return -math.log(max(badness, _LEAST))

    def text(self, value: float) -> str:
        """Return a value for people: percent, or nats."""
        return f"{100 * value:.2f} %" if self.is_accuracy else f"{value:.4f}"


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: From 1, in the order in which the oracle proposed and was told.
        generation: From 1; a generation is proposed at once.
        values: The hyperparameters that apply, by name.
        config: What was run.
        is_full: Whether it got the whole budget of epochs; Hyperband's early rounds do not.
        run: None where it failed.
        message: Why it failed.
    """

    number: int
    generation: int
    values: Mapping[str, Any]
    config: RunConfig
    is_full: bool
    run: StoredRun | None
    message: str = ""

    @property
    def status(self) -> str:
        """`"finished"`, `"diverged"` or `"failed"`."""
        return self.run.status if self.run else "failed"


def rank(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Return the trials, the best first.

    Those of the whole budget come before Hyperband's shorter ones, finished ones before those that diverged, and those
    that failed last; of equal ones the earlier first.
    """

    def key(trial: Trial) -> tuple[bool, bool, bool, float]:
        score = objective.score(trial.run) if trial.run else 0.0
        return trial.run is None, trial.status != "finished", not trial.is_full, -score

    return sorted(trials, key=key)


def describe_value(value: Any) -> str:
    """Return a hyperparameter's value for people."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def describe_values(values: Mapping[str, Any]) -> str:
    """Return the hyperparameters' values for people."""
    return ", ".join(f"{name} {describe_value(value)}" for name, value in values.items())
