"""Values of a setting that every arm tries: quasi-random, the same for all arms, and kept where the range grows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from fashion_keras.errors import ConfigError
from fashion_keras.tuning.study import Range

__all__ = ["DEFAULT_BUDGET", "DEFAULT_RANGES", "SettingSpace"]

DEFAULT_BUDGET = 16

DEFAULT_RANGES: Mapping[str, Range] = {
    "learning_rate": (1e-5, 1.0),
    "weight_decay": (1e-6, 1.0),
    "dropout_rate": (0.0, 0.8),
    "momentum": (0.0, 0.99),
    "label_smoothing": (0.0, 0.5),
}

_LOG_SETTINGS = frozenset({"learning_rate", "weight_decay", "epsilon", "batch_size"})
_DIGITS = 4
_DRAWS_PER_VALUE = 64  # of whole numbers many fall together


@dataclass(frozen=True)
class SettingSpace:
    """The search space of one setting: the values that are tried.

    Args:
        setting: Its name.
        ranges: The first range, then wider ones, each of which holds the one before.
        budget: How many values are tried in the first range; as dense are those in what a wider one adds.
        is_whole: The setting takes whole numbers only.

    Raises:
        ConfigError: A range is none, or holds too few values.
    """

    setting: str
    ranges: tuple[Range, ...]
    budget: int = DEFAULT_BUDGET
    is_whole: bool = False

    def __post_init__(self) -> None:
        for low, high in self.ranges:
            if not low < high:
                raise ConfigError(f"a range of {self.setting} goes from low to high, got {low:g},{high:g}")
            if self.scale == "log" and not low > 0:
                raise ConfigError(
                    f"a range of {self.setting} starts above 0, for its scale is logarithmic, got {low:g}"
                )
        for (low, high), (lower, higher) in pairwise(self.ranges):
            if not (lower <= low and high <= higher and (lower, higher) != (low, high)):
                raise ConfigError(
                    f"a wider range of {self.setting} holds the one before, {low:g},{high:g}, and more; "
                    f"got {lower:g},{higher:g}"
                )
        if len(self.stages[0]) < self.budget:
            low, high = self.ranges[0]
            raise ConfigError(
                f"{low:g},{high:g} holds {len(self.stages[0])} different values of {self.setting}, and the budget is "
                f"{self.budget}: lower --budget or widen --range"
            )

    @property
    def scale(self) -> str:
        """`"log"` where factors count, such as for rates, else `"linear"`."""
        return "log" if self.setting in _LOG_SETTINGS else "linear"

    @cached_property
    def stages(self) -> tuple[tuple[float, ...], ...]:
        """For each range the values that it adds, in the order of the sequence: a larger budget only appends."""
        stages = [self._draw([self.ranges[0]], self.budget, number=0)]
        first = self._width(self.ranges[0])
        for number, (narrow, wide) in enumerate(pairwise(self.ranges), start=1):
            added = [(wide[0], narrow[0]), (narrow[1], wide[1])]
            count = math.ceil(self.budget * sum(map(self._width, added)) / first - 1e-9)
            taken = [value for stage in stages for value in stage]
            stages.append(self._draw(added, count, number, taken))
        return tuple(stages)

    @property
    def values(self) -> tuple[float, ...]:
        """All of them, ascending."""
        return tuple(sorted(value for stage in self.stages for value in stage))

    def _draw(
        self, parts: Sequence[Range], count: int, number: int, taken: Collection[float] = ()
    ) -> tuple[float, ...]:
        """Return so many different values out of parts of the axis; fewer where there are no more."""
        from scipy.stats import qmc  # takes a second to load

        # In one dimension Halton's sequence is van der Corput's: each half, quarter, eighth gets its share. It goes
        # on for any number of points, where Sobol's is balanced for powers of two alone.
        sequence = qmc.Halton(d=1, scramble=True, rng=np.random.default_rng(number))
        ends = np.cumsum([self._width(part) for part in parts])
        found: list[float] = []
        for place in sequence.random(_DRAWS_PER_VALUE * count)[:, 0] * ends[-1]:
            chosen = min(int(np.searchsorted(ends, place, side="right")), len(parts) - 1)
            start = ends[chosen] - self._width(parts[chosen])
            on_axis = float(self._to_axis(parts[chosen][0]) + place - start)
            value = self._round(10.0**on_axis if self.scale == "log" else on_axis, parts[chosen])
            if value not in found and value not in taken:
                found.append(value)
            if len(found) == count:
                break
        return tuple(found)

    def _round(self, value: float, part: Range) -> float:
        """Return a value that people can read, within its part."""
        low, high = part
        if self.is_whole:
            return min(max(round(value), math.ceil(low)), math.floor(high))
        return min(max(float(f"{value:.{_DIGITS}g}"), low), high)

    def _width(self, part: Range) -> float:
        return self._to_axis(part[1]) - self._to_axis(part[0])

    def _to_axis(self, value: float) -> float:
        return math.log10(value) if self.scale == "log" else float(value)
