"""What measurements come to: pure functions of the list of measurements that `speed.json` holds.

A measurement is a mapping with a cell's `model`, `system`, `precision` and `mode`, its `round`, and `processes`: of
each the `epoch_seconds` (with the evaluations) and `train_seconds` (without) of its measured epochs, and its `startup`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

from benchmarks.speed.systems import PEERS, Cell
from benchmarks.speed.work import LAYERS, epoch_flops, limit_flops

Measurement = Mapping[str, Any]
Rounds = dict[int, Measurement]


class Spread(NamedTuple):
    """Median, least and greatest of a value over the rounds."""

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise at least one value."""
        return cls(median(values), min(values), max(values), len(values))


@dataclass(frozen=True)
class Results:
    """Every measurement under its cell and round.

    Attributes:
        cells: The measurements.
        shares: The share of the data that each model was measured on.
    """

    cells: dict[Cell, Rounds]
    shares: Mapping[str, float]

    @classmethod
    def of(cls, measurements: Sequence[Measurement], shares: Mapping[str, float]) -> "Results":
        """Sort measurements by cell and round."""
        cells: dict[Cell, Rounds] = {}
        for item in measurements:
            cell = Cell(item["model"], item["system"], item["precision"], item["mode"])
            cells.setdefault(cell, {})[item["round"]] = item
        return cls(cells, shares)

    def spread(self, cell: Cell, value: Callable[[Measurement], float]) -> Spread | None:
        """Return a value's spread over the rounds of a cell, or None where it was not measured."""
        rounds = self.cells.get(cell)
        return Spread.of([value(item) for item in rounds.values()]) if rounds else None

    def seconds(self, cell: Cell) -> Spread | None:
        """Return the seconds that the machine takes for an epoch of the whole data, evaluations included."""
        return self.spread(cell, lambda item: machine_seconds(item) / self.shares[cell.model])

    def speedup(self, cell: Cell, other: Cell) -> Spread | None:
        """Return how many times as many epochs a cell gets done as another, round by round."""
        return self._paired(cell, other, lambda mine, theirs: machine_seconds(theirs) / machine_seconds(mine))

    def share_of_limit(self, cell: Cell) -> Spread | None:
        """Return which share of the rate of large products a cell's training reaches, without its evaluations."""
        limit = Cell("limit", "limit", cell.precision, cell.mode)
        flops = epoch_flops(LAYERS[cell.model]) * self.shares[cell.model]
        return self._paired(cell, limit, lambda mine, top: rate(mine, flops) / rate(top, limit_flops()))

    def best_peer(self, model: str, precision: str, mode: str) -> Cell | None:
        """Return the peer of the least median time."""
        cells = [Cell(model, peer.name, precision, mode) for peer in PEERS]
        measured = [(seconds.median, cell.system, cell) for cell in cells if (seconds := self.seconds(cell))]
        return min(measured)[2] if measured else None

    def _paired(self, cell: Cell, other: Cell, value: Callable[[Measurement, Measurement], float]) -> Spread | None:
        mine, theirs = self.cells.get(cell, {}), self.cells.get(other, {})
        values = [value(mine[number], theirs[number]) for number in mine if number in theirs]
        return Spread.of(values) if values else None


def machine_seconds(item: Measurement) -> float:
    """Return the seconds for one epoch of all that ran at once: those of the slowest process by all epochs done."""
    times = [process["epoch_seconds"] for process in item["processes"]]
    return max(map(sum, times)) / sum(map(len, times))


def rate(item: Measurement, flops: float) -> float:
    """Return the operations a second of all processes together, where an epoch's training has `flops` of them."""
    return sum(flops / median(process["train_seconds"]) for process in item["processes"])


def evaluation_share(item: Measurement) -> float:
    """Return which share of the epochs went into evaluation and what else is not training."""
    whole = sum(sum(process["epoch_seconds"]) for process in item["processes"])
    return 1 - sum(sum(process["train_seconds"]) for process in item["processes"]) / whole


def startup_seconds(item: Measurement, part: str) -> float:
    """Return a part of our start-up, the mean of the processes: `import`, `data`, `build` or `trace`."""
    return sum(_startup_of(process, part) for process in item["processes"]) / len(item["processes"])


def _startup_of(process: Mapping[str, Any], part: str) -> float:
    if part != "trace":
        return process["startup"][part]
    return process["startup"]["first_epoch"] - median(process["epoch_seconds"])


def startup_share(item: Measurement, runs: int, epochs: int = 50) -> float:
    """Return start-up beside the epochs of a run, where so many runs share a worker's import and data."""
    parts = {part: startup_seconds(item, part) for part in ("import", "data", "build", "trace")}
    seconds = (parts["import"] + parts["data"]) / runs + parts["build"] + parts["trace"]
    epoch = sum(median(process["epoch_seconds"]) for process in item["processes"]) / len(item["processes"])
    return seconds / (epochs * epoch)
