"""What was asked of the package's speed, and whether the measurements reach it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.speed.summary import Results, Spread, startup_share
from benchmarks.speed.systems import Cell
from fashion_keras.execution.local import TASKS_PER_WORKER


@dataclass(frozen=True)
class Target:
    """One target.

    Attributes:
        text: For people.
        measure: The value out of the results, or None where it was not measured.
        bound: What is asked for.
        unit: `times`, or `%` for a share.
        at_most: Whether less is better.
    """

    text: str
    measure: Callable[[Results], Spread | None]
    bound: float
    unit: str = "times"
    at_most: bool = False

    def is_reached(self, value: Spread) -> bool:
        """Say whether the median is on the right side of the bound."""
        return value.median <= self.bound if self.at_most else value.median >= self.bound


def _ours(model: str, precision: str) -> Cell:
    return Cell(model, "ours", precision, "packed")


def _against(ours: Cell, system: str) -> Callable[[Results], Spread | None]:
    return lambda results: results.speedup(ours, Cell(ours.model, system, "float32", "user"))


def _against_best(ours: Cell, precision: str, mode: str) -> Callable[[Results], Spread | None]:
    def measure(results: Results) -> Spread | None:
        best = results.best_peer(ours.model, precision, mode)
        return results.speedup(ours, best) if best else None

    return measure


def _limit(ours: Cell) -> Callable[[Results], Spread | None]:
    return lambda results: results.share_of_limit(ours)


def _startup(ours: Cell) -> Callable[[Results], Spread | None]:
    return lambda results: results.spread(ours, lambda item: startup_share(item, TASKS_PER_WORKER))


_FCN, _FCN_BF16 = _ours("fcn", "float32"), _ours("fcn", "bfloat16")
_CNN, _CNN_BF16 = _ours("cnn", "float32"), _ours("cnn", "bfloat16")

TARGETS = (
    Target("FCN, float32: best float32 peer as users run it", _against_best(_FCN, "float32", "user"), 1.5),
    Target("FCN, bfloat16: best float32 peer as users run it", _against_best(_FCN_BF16, "float32", "user"), 2.5),
    Target("FCN, float32: best packed float32 peer", _against_best(_FCN, "float32", "packed"), 1.05),
    Target("FCN, bfloat16: best packed bfloat16 peer", _against_best(_FCN_BF16, "bfloat16", "packed"), 1.1),
    Target("FCN, float32: plain `fit` as users run it", _against(_FCN, "keras"), 1.3),
    Target("FCN, float32: the report's way, no loading workers", _against(_FCN, "loader0"), 15.0),
    Target("FCN, float32: the report's way, 2 loading workers", _against(_FCN, "loader2"), 15.0),
    Target("CNN, float32: best packed float32 peer", _against_best(_CNN, "float32", "packed"), 1.0),
    Target("CNN, bfloat16: best packed bfloat16 peer", _against_best(_CNN_BF16, "bfloat16", "packed"), 1.0),
    Target("CNN, float32: PyTorch in float32 as users run it", _against(_CNN, "pytorch"), 1.7),
    Target("CNN, bfloat16: PyTorch in float32 as users run it", _against(_CNN_BF16, "pytorch"), 3.0),
    Target("FCN, float32: share of the limit", _limit(_FCN), 0.85, "%"),
    Target("FCN, bfloat16: share of the limit", _limit(_FCN_BF16), 0.75, "%"),
    Target("CNN, float32: share of the limit", _limit(_CNN), 0.90, "%"),
    Target("CNN, bfloat16: share of the limit", _limit(_CNN_BF16), 0.90, "%"),
    Target("FCN, float32: start-up beside 50 epochs", _startup(_FCN), 0.10, "%", at_most=True),
    Target("FCN, bfloat16: start-up beside 50 epochs", _startup(_FCN_BF16), 0.15, "%", at_most=True),
)
