"""Requirement of a gate: what a comparison must show, and whether it does, shows otherwise or is undecided."""

from collections.abc import Sequence
from enum import StrEnum

from fashion_keras.errors import ConfigError
from fashion_keras.statistics.comparison import Comparison, Verdict

__all__ = ["Requirement"]

_DIFFER = (Verdict.BETTER, Verdict.WORSE)


class Requirement(StrEnum):
    """What every arm must be against the baseline."""

    BETTER = "better"
    NOT_WORSE = "not-worse"
    EQUIVALENT = "equivalent"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ConfigError(f"what is required must be one of {', '.join(cls)}; got {value!r}")

    def is_met(self, comparison: Comparison) -> bool | None:
        """Return whether it is shown of an arm, True, or shown otherwise, False; None where it is undecided.

        - better: the interval lies above 0. Worse and equivalent are otherwise.
        - not-worse: the interval lies above -margin. Worse by more than that is otherwise.
        - equivalent: the interval lies within +-margin. Better and worse are otherwise.
        """
        verdict, design = comparison.verdict, comparison.design
        if self is Requirement.BETTER:
            better = verdict in (Verdict.BETTER, Verdict.BETTER_NEGLIGIBLY)
            return better or (None if verdict is Verdict.UNDECIDED else False)
        if verdict in (Verdict.EQUIVALENT, Verdict.BETTER_NEGLIGIBLY, Verdict.WORSE_NEGLIGIBLY):
            return True
        if self is Requirement.EQUIVALENT:
            return False if verdict in _DIFFER else None
        if comparison.interval is None:
            return None
        low = comparison.interval[0] if design.higher_is_better else -comparison.interval[1]
        return low > -design.margin or (False if verdict is Verdict.WORSE else None)

    def of_all(self, comparisons: Sequence[Comparison]) -> bool | None:
        """Return the same of several arms: False where one is, else None where one is."""
        found = {self.is_met(item) for item in comparisons}
        return False if False in found else None if None in found or not found else True
