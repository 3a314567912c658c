"""Tuning record: what every arm of a comparison tried, what validation said, and the selected values, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fashion_keras.errors import ConfigError
from fashion_keras.results.metrics import Metric
from fashion_keras.storage.trials import Objective, Trial, TrialRun, best_trial

__all__ = ["TunedArm", "TuningRecord"]

VAL_ACCURACY = Objective("val_accuracy")


@dataclass(frozen=True)
class TunedArm:
    """The trials of one arm.

    Attributes:
        name: Of the arm.
        merged: Other arms of the untuned comparison, which differ from this one in the tuned setting alone.
        setting: What was tuned.
        trials: Ascending by its value.
        objective: By what the best is selected.
    """

    name: str
    merged: tuple[str, ...]
    setting: str
    trials: tuple[Trial, ...]
    objective: Objective = VAL_ACCURACY

    @cached_property
    def best_trial(self) -> Trial:
        """The trial of the best value of the objective; of equal ones the one with the lowest value of the setting.

        Raises:
            ConfigError: All of them diverged.
        """
        best = best_trial(self.trials, self.objective)
        if best is None:
            low, high = (self.value_of(self.trials[end]) for end in (0, -1))
            raise ConfigError(f"every trial of arm {self.name!r} diverged, from {low:g} to {high:g}: tune elsewhere")
        return best

    @property
    def selected_value(self) -> float:
        """The setting's value in the best trial."""
        return self.value_of(self.best_trial)

    @property
    def selected_score(self) -> float:
        """The objective's value in the best trial, such as an accuracy, a fraction."""
        return self.objective.value(self.best_trial)

    @property
    def edge(self) -> str:
        """`"lowest"` or `"highest"` where the selected value is that of all tried: a better one may lie beyond."""
        if self.best_trial is self.trials[0]:
            return "lowest"
        return "highest" if self.best_trial is self.trials[-1] else ""

    def value_of(self, trial: Trial) -> float:
        """Return the setting's value in one of the trials."""
        return trial.values[self.setting]

    def to_json(self) -> dict[str, Any]:
        """The plain form that `TuningRecord.from_json` reads."""
        trials = [
            {"value": self.value_of(trial), "runs": [run.to_json() for run in trial.runs]} for trial in self.trials
        ]
        return {"name": self.name, "merged": self.merged, "trials": trials}


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
        objective: By what the values were selected.
    """

    setting: str
    scale: str
    ranges: tuple[tuple[float, float], ...]
    budgets: tuple[int, ...]
    seeds: tuple[int, ...]
    overrides: Mapping[str, Any]
    arms: tuple[TunedArm, ...]
    objective: Objective = VAL_ACCURACY

    @property
    def selected(self) -> dict[str, float]:
        """The selected value of each arm."""
        return {arm.name: arm.selected_value for arm in self.arms}

    @property
    def num_runs(self) -> int:
        """How many runs each arm's trials took."""
        return sum(self.budgets) * len(self.seeds)

    @property
    def is_of_whole_runs(self) -> bool:
        """Whether epochs and data are the experiment's own, so that it can be reported and published."""
        return set(self.overrides) <= {"precision"}

    def to_json(self) -> dict[str, Any]:
        """The plain form that `from_json` reads."""
        values = {**vars(self), "arms": [arm.to_json() for arm in self.arms]}
        objective = values.pop("objective")
        return values if objective == VAL_ACCURACY else {**values, "objective": objective.metric.to_json()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TuningRecord":
        """Read what `to_json` wrote."""
        setting = content["setting"]
        objective = Objective(Metric.from_json(content.get("objective", "val_accuracy")))
        return cls(
            setting=setting,
            scale=content["scale"],
            ranges=tuple((low, high) for low, high in content["ranges"]),
            budgets=tuple(content["budgets"]),
            seeds=tuple(content["seeds"]),
            overrides=content["overrides"],
            arms=tuple(
                TunedArm(arm["name"], tuple(arm["merged"]), setting, _read_trials(setting, arm["trials"]), objective)
                for arm in content["arms"]
            ),
            objective=objective,
        )


def _read_trials(setting: str, trials: Any) -> tuple[Trial, ...]:
    return tuple(
        Trial({setting: trial["value"]}, tuple(TrialRun(**run) for run in trial["runs"]), number)
        for number, trial in enumerate(trials, start=1)
    )
