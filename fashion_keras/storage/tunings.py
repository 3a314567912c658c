"""What is kept of a tuning: what was tried, what validation said, and what was picked. Plain data, as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from fashion_keras.errors import ConfigError


@dataclass(frozen=True)
class TrialRun:
    """One run of a trial.

    Attributes:
        seed: A tuning seed; no measured run has it.
        folder: The run's in the store.
        status: `"finished"` or `"diverged"`.
        val_accuracy, val_loss: After the last epoch, a fraction and nats; None where it is no number.
    """

    seed: int
    folder: str
    status: str
    val_accuracy: float | None
    val_loss: float | None


@dataclass(frozen=True)
class Trial:
    """One value that an arm tried, on every tuning seed."""

    value: float
    runs: tuple[TrialRun, ...]

    @property
    def val_accuracy(self) -> float | None:
        """The mean over the tuning seeds, a fraction; None where a run diverged: such a value is never picked."""
        found = [run.val_accuracy for run in self.runs if run.status == "finished" and run.val_accuracy is not None]
        return sum(found) / len(found) if len(found) == len(self.runs) else None


@dataclass(frozen=True)
class TunedArm:
    """The trials of one arm.

    Attributes:
        name: Of the arm.
        merged: Other arms of the untuned comparison, which differ from this one in the tuned setting alone.
        trials: Ascending by value.
    """

    name: str
    merged: tuple[str, ...]
    trials: tuple[Trial, ...]

    @cached_property
    def pick(self) -> Trial:
        """The trial of the best validation accuracy; of equal ones the lowest value.

        Raises:
            ConfigError: All of them diverged.
        """
        scored = [(trial.val_accuracy, -trial.value, trial) for trial in self.trials if trial.val_accuracy is not None]
        if not scored:
            low, high = self.trials[0].value, self.trials[-1].value
            raise ConfigError(f"every trial of arm {self.name!r} diverged, from {low:g} to {high:g}: tune elsewhere")
        return max(scored, key=lambda item: item[:2])[2]

    @property
    def edge(self) -> str:
        """`"lowest"` or `"highest"` where the pick is that of all tried, so that a better one may lie beyond."""
        if self.pick is self.trials[0]:
            return "lowest"
        return "highest" if self.pick is self.trials[-1] else ""


@dataclass(frozen=True)
class TuningRecord:
    """A comparison's tuning.

    Attributes:
        setting: What was tuned.
        scale: `"log"` or `"linear"`, on which the values are spread evenly.
        ranges: The first, then wider ones.
        budgets: How many values each range added.
        seeds: The tuning seeds.
        overrides: The settings of all arms that an invocation changed, such as the precision.
        arms: In the experiment's order.
        untuned: The comparison before tuning, as `comparison.record_to_json` writes it.
    """

    setting: str
    scale: str
    ranges: tuple[tuple[float, float], ...]
    budgets: tuple[int, ...]
    seeds: tuple[int, ...]
    overrides: Mapping[str, Any]
    arms: tuple[TunedArm, ...]
    untuned: Mapping[str, Any]

    @property
    def picks(self) -> dict[str, float]:
        """The value that each arm picked."""
        return {arm.name: arm.pick.value for arm in self.arms}

    @property
    def num_values(self) -> int:
        """How many values each arm tried."""
        return sum(self.budgets)

    @property
    def is_of_whole_runs(self) -> bool:
        """Whether epochs and data are the experiment's own, so that it can be reported and published."""
        return set(self.overrides) <= {"precision"}

    def to_json(self) -> dict[str, Any]:
        """The plain form that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TuningRecord":
        """Read what `to_json` wrote."""
        arms = tuple(
            TunedArm(
                arm["name"],
                tuple(arm["merged"]),
                tuple(
                    Trial(trial["value"], tuple(TrialRun(**run) for run in trial["runs"])) for trial in arm["trials"]
                ),
            )
            for arm in content["arms"]
        )
        return cls(
            setting=content["setting"],
            scale=content["scale"],
            ranges=tuple((low, high) for low, high in content["ranges"]),
            budgets=tuple(content["budgets"]),
            seeds=tuple(content["seeds"]),
            overrides=content["overrides"],
            arms=arms,
            untuned=content["untuned"],
        )
