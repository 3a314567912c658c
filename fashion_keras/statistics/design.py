"""Design of a comparison: at which numbers of seeds it is looked at, and how strictly each look judges."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.statistics.looks import nominal_levels

__all__ = ["ACCURACIES", "LEVEL", "MARGIN", "MIN_SEEDS", "TEN_SEEDS", "Design"]

LEVEL = 0.05
MARGIN = 0.002
"""Accuracies that differ by less than 0.2 points are called equivalent."""

ACCURACIES = (0.0, 1.0)
"""The values that an accuracy can have."""

MIN_SEEDS = 5
"""Fewer seeds are never judged: what five show barely reaches the level of a first look."""

_FIRST_LOOKS = (5, 6, 8, 10, 14, 20)
_OF_OLD = {"futility": 0.0, "spending": 2.0}
_OF_THE_METRIC = ("higher_is_better", "value_range")


@dataclass(frozen=True)
class Design:
    """The looks of a comparison, fixed before its runs are seen.

    Of the level that is spent in all, (n / num_seeds)^2.5 is spent by the look at n seeds (Lan and DeMets 1983,
    Discrete Sequential Boundaries for Clinical Trials; the power of Kim and DeMets 1987). Only looks of the design show
    evidence: between them the state is that of the last, and looks at fewer seeds later on show nothing, so that no way
    of looking spends more. Where the last look would hardly decide one of the undecided arms, they get no more seeds
    (Lan, Simon and Halperin 1982, Stochastically Curtailed Testing). Exponent and `futility` were chosen by simulated
    runs, docs/statistics-evidence.md.

    Attributes:
        num_seeds: the most seeds of an arm.
        looks: the numbers of seeds at which arms are judged, ascending, the last of them `num_seeds`; none where
            `num_seeds` is under 5, for so few decide nothing.
        level: chance of a false "better" or "worse" in the whole table that is put up with, see `total_level`.
        margin: of equivalence, in the unit of the values.
        finished: the most seeds of the designs that this one goes on from, see `extend`.
        futility: the chance to be decided by the last look; where each undecided arm's is less, none gets more seeds.
        spending: the exponent.
        higher_is_better: False for a loss. Then "better" is lower; a difference stays arm minus baseline.
        value_range: the least and the most that a value can be; no interval goes beyond the differences from the
            baseline's mean that this allows. None for a loss.
    """

    num_seeds: int = 10
    looks: tuple[int, ...] = (5, 6, 8, 10)
    level: float = LEVEL
    margin: float = MARGIN
    finished: tuple[int, ...] = ()
    futility: float = 0.02
    spending: float = 2.5
    higher_is_better: bool = True
    value_range: tuple[float, float] | None = ACCURACIES

    def __post_init__(self) -> None:
        if self.num_seeds < 1:
            raise ValueError(f"num_seeds must be at least 1, got {self.num_seeds}")
        if max(self.looks, default=0) > self.num_seeds:
            raise ValueError(f"looks must be at no more than the {self.num_seeds} seeds, got {self.looks}")
        if list(self.looks) != sorted(set(self.looks)) or (self.looks and self.looks[0] < MIN_SEEDS):
            raise ValueError(f"looks must ascend from {MIN_SEEDS} seeds or more, got {self.looks}; so few show nothing")
        if self.num_seeds >= MIN_SEEDS and self.looks[-1:] != (self.num_seeds,):
            raise ValueError(f"the last look must be at all {self.num_seeds} seeds, got {self.looks}")
        if not 0.0 <= self.futility < 1.0 or self.spending <= 0.0:
            raise ValueError(f"futility must be in [0, 1), spending above 0, got {self.futility} and {self.spending}")
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"level must be between 0 and 1, got {self.level}; 0.05 is usual")
        if not self.margin > 0.0:
            raise ValueError(f"margin must be above 0, got {self.margin}; 0.002 is 0.2 points of accuracy")

    @classmethod
    def up_to(cls, num_seeds: int, looks: Sequence[int] | None = None, **others: Any) -> "Design":
        """Return the design that ends at `num_seeds`.

        Args:
            num_seeds: the most seeds of an arm.
            looks: earlier ones; where None, those of 5, 6, 8, 10, 14, 20, 28, 40, ... that are fewer.
            **others: as the attributes.

        >>> Design.up_to(12).looks
        (5, 6, 8, 10, 12)
        """
        earlier = _usual_looks(num_seeds) if looks is None else tuple(looks)
        last = () if num_seeds < MIN_SEEDS or num_seeds in earlier else (num_seeds,)
        return cls(num_seeds, (*earlier, *last), **others)

    @classmethod
    def fixed(cls, num_seeds: int, **others: Any) -> "Design":
        """Return the design of one look, when all `num_seeds` are there; with the whole level it finds the most.

        Whatever `others` of the attributes are given.

        >>> Design.fixed(10).looks
        (10,)
        """
        return cls.up_to(num_seeds, (), **others)

    def extend(self, num_seeds: int, looks: Sequence[int] | None = None) -> "Design":
        """Return the design that goes on after this one's last look; this one where `num_seeds` are no more than its
        own.

        What this one spends is spent. The first extension adds 1/8 of the level, the second 1/16, and so on.

        Args:
            num_seeds: the most seeds of an arm from now on.
            looks: those between this design's last and `num_seeds`; the usual ones where None.
        """
        if num_seeds <= self.num_seeds:
            return self
        if not self.looks:
            return replace(self, num_seeds=num_seeds, looks=Design.up_to(num_seeds, looks).looks)
        earlier = _usual_looks(num_seeds) if looks is None else tuple(looks)
        later = tuple(look for look in earlier if self.num_seeds < look < num_seeds)
        looks, finished = (*self.looks, *later, num_seeds), (*self.finished, self.num_seeds)
        return replace(self, num_seeds=num_seeds, looks=looks, finished=finished)

    def to_json(self) -> dict[str, Any]:
        """Return the design as plain values, which `from_json` reads, but for what its metric says.

        One look has no use for futility and spending.
        """
        unsaid = _OF_THE_METRIC if len(self.looks) > 1 else (*_OF_THE_METRIC, *_OF_OLD)
        return {name: value for name, value in asdict(self).items() if name not in unsaid}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Design":
        """Read what `to_json` returned, or what it did before there was `futility`.

        Raises:
            ValueError: it is no design.
        """
        values = dict(content)
        looks, finished = tuple(values.pop("looks")), tuple(values.pop("finished"))
        return cls(looks=looks, finished=finished, **(_OF_OLD if len(looks) > 1 else {}) | values)

    @property
    def total_level(self) -> float:
        """The chance of a false difference over all looks: `level`, or up to 1.25 times as much after extensions."""
        return sum(self._shares()) * self.level

    @property
    def next_share(self) -> float:
        """Which share of the level the next extension would add."""
        return _share(len(self.finished) + 1)

    def spent(self, num_seeds: int) -> float:
        """Return the share of `level` that is spent by the look at so many seeds, 0 to 1.25."""
        ends = (0, *self.finished, self.num_seeds)
        now, *powers = (number**self.spending for number in (num_seeds, *ends))
        parts = zip(self._shares(), powers, powers[1:], strict=False)
        return sum(share * min(1.0, max(0.0, (now - start) / (end - start))) for share, start, end in parts)

    def nominal_levels(self, num_arms: int) -> NDArray[np.float64]:
        """Return how strictly each look judges: two-sided levels of one t-test, float64 [num_arms, looks].

        Row j is for `num_arms` - j arms, as after j differences were found. See `looks.nominal_levels`.

        >>> Design.up_to(10, (5, 6, 8)).nominal_levels(1).round(3).tolist()
        [[0.009, 0.009, 0.019, 0.034]]
        """
        spent = [self.level * self.spent(look) for look in self.looks]
        families = tuple(tuple(chance / arms for chance in spent) for arms in range(num_arms, 0, -1))
        return nominal_levels(self.looks, families) if self.looks else np.empty((num_arms, 0))

    def _shares(self) -> list[float]:
        return [_share(stage) for stage in range(len(self.finished) + 1)]


TEN_SEEDS = Design()
"""Up to ten seeds, with looks at 5, 6, 8 and 10: what a comparison has unless it says otherwise."""


def _share(stage: int) -> float:
    return 1.0 if stage == 0 else 0.5 ** (stage + 2)


def _usual_looks(num_seeds: int) -> tuple[int, ...]:
    """Return the looks under a number of seeds; from 14 on each second one doubles."""
    looks = list(_FIRST_LOOKS)
    while looks[-1] < num_seeds:
        looks.append(2 * looks[-2])
    return tuple(look for look in looks if look < num_seeds)
