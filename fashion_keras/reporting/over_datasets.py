"""Findings over several data sets: the table, the sentences, the critical-difference diagram."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting.tables import Cell, Column, Row, Table, difference_cell
from fashion_keras.reporting.units import POINTS, Unit
from fashion_keras.statistics import Comparison, OverDatasets, Ranks, compare_over_datasets, rank_arms
from fashion_keras.statistics.over_datasets import MIN_DATASETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["OverAll", "find_over_all", "write_ranks"]


@dataclass(frozen=True)
class OverAll:
    """What was found over data sets.

    Attributes:
        arms: Each arm but the baseline.
        datasets: Their names.
        ranks: Of all arms; None for fewer than three arms or data sets.
        unit: How differences are shown.
        absent: Arms that are judged on some data sets and not on all, with those that lack them.
    """

    arms: tuple[OverDatasets, ...]
    datasets: tuple[str, ...]
    ranks: Ranks | None
    unit: Unit
    absent: Mapping[str, Sequence[str]]

    @property
    def sentences(self) -> tuple[str, ...]:
        """A line for each arm, saying on how many data sets its verdict rests, and one on the ranks."""
        return (*map(self._sentence, self.arms), *self._notes)

    @property
    def _notes(self) -> tuple[str, ...]:
        absent = (
            f"{one_line(arm)} is not judged over all data sets: it is not compared on {', '.join(map(one_line, names))}"
            for arm, names in self.absent.items()
        )
        return (*absent, *([] if self.ranks is None else [_rank_sentence(self.ranks)]))

    def _sentence(self, item: OverDatasets) -> str:
        mean = self.unit.amount(self.unit.difference(item.mean))
        head = f"Over {item.num_datasets} data sets, {one_line(item.arm)} against {one_line(item.baseline)}: {mean}"
        if item.interval is None:
            return f"{head}; a verdict takes {MIN_DATASETS} data sets at least"
        return f"{head} ({self.unit.span(item.interval)}), for others like them: {item.verdict}"

    @property
    def table(self) -> Table:
        """Each arm's differences: over all data sets, with the verdict, then on each."""
        columns = (
            Column(
                "difference",
                f"over all, {self.unit.name}" if self.unit.name else "over all",
                "mean of the data sets' differences from the baseline, each data set counted alike; in brackets the "
                "interval for other data sets like these, by Student's t over them, the level shared by the arms.",
            ),
            Column("verdict", "verdict", "read off the interval; it rests on as many data sets as the row says."),
            *(
                Column(f"on_{place}", one_line(name), f"the difference on {one_line(name)}.")
                for place, name in enumerate(self.datasets, 1)
            ),
        )
        rows = [self._row(item) for item in self.arms]
        baseline = one_line(self.arms[0].baseline) if self.arms else ""
        return Table(f"Over {len(self.datasets)} data sets", f"Against {baseline}", columns, tuple(rows), self._notes)

    def _row(self, item: OverDatasets) -> Row:
        cells = (
            difference_cell(item.mean, item.interval, self.unit, std=item.standard_deviation),
            Cell((str(item.verdict),), {"text": str(item.verdict)}, verdict=item.verdict),
            *(
                Cell((self.unit.difference(item.differences[name]),), {"mean": item.differences[name]})
                for name in self.datasets
            ),
        )
        return Row(item.arm, False, item.num_datasets, 0, item.num_datasets, cells, "data set")

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values: accuracies are fractions."""
        arms = [{"num_datasets": item.num_datasets, **vars(item), "verdict": str(item.verdict)} for item in self.arms]
        found = self.ranks
        ranks = found and {"average": dict(found.average), "critical_difference": found.critical_difference}
        return {"arms": arms, "ranks": ranks}


def find_over_all(comparisons: Mapping[str, Sequence[Comparison]], unit: Unit = POINTS) -> OverAll:
    """Judge arms over data sets, of each of which, by its name, `comparisons` has the arms; shown in a `unit`."""
    found = compare_over_datasets(comparisons)
    # By differences: arms that were decided early have fewer seeds than the baseline, and those may be the harder ones.
    means = {item.baseline: [0.0] * len(comparisons) for item in found}
    means |= {item.arm: [*item.differences.values()] for item in found}
    judged = {name: {item.arm for item in items} for name, items in comparisons.items()}
    partly = {item.arm: None for items in comparisons.values() for item in items if item.arm not in means}
    absent = {arm: [name for name, arms in judged.items() if arm not in arms] for arm in partly}
    ranks = None
    if min(len(means), len(comparisons)) >= MIN_DATASETS:
        design = next(iter(comparisons.values()))[0].design
        ranks = rank_arms(means, design.level, higher_is_better=design.higher_is_better)
    return OverAll(found, tuple(comparisons), ranks, unit, absent)


def _rank_sentence(ranks: Ranks) -> str:
    ranked = ", ".join(f"{one_line(arm)} {rank:.2f}" for arm, rank in ranks.average.items())
    together = "; ".join(" and ".join(map(one_line, group)) for group in ranks.groups if len(group) > 1)
    alike = f"; not told apart: {together}" if together else ""
    return f"Average ranks: {ranked}; critical difference {ranks.critical_difference:.2f}{alike}"


def write_ranks(ranks: Ranks, num_datasets: int, path: Path) -> None:
    """Draw a critical-difference diagram: average ranks on a line, bars over what is not told apart.

    Source: Demsar 2006, figure 1.

    Args:
        ranks: See `rank_arms`.
        num_datasets: That the ranks are averaged over.
        path: Of the file; its suffix says the format.
    """
    from matplotlib.figure import Figure

    bars = [group for group in ranks.groups if len(group) > 1]
    below = 0.4 * len(bars) + 0.2
    depth = below + 0.9 * ((len(ranks.average) + 1) // 2)
    figure = Figure((8, 1.0 + 0.3 * depth), layout="constrained")
    axis = figure.subplots()
    last, pad = len(ranks.average), 0.06 * len(ranks.average)
    axis.set(xlim=(1 - pad, last + pad), ylim=(-depth, 0.2), yticks=[], xticks=range(1, last + 1))
    axis.xaxis.tick_top()
    for side, spine in axis.spines.items():
        spine.set_visible(side == "top")
    axis.spines["top"].set_position(("data", 0))
    for place, group in enumerate(bars, 1):
        ends = [ranks.average[group[0]], ranks.average[group[-1]]]
        axis.plot(ends, [-0.4 * place] * 2, color="#0072B2", linewidth=4, solid_capstyle="round")
    _draw_names(axis, ranks, below, pad)
    axis.set_title(f"Average rank over {count_noun(num_datasets, 'data set')}, 1 is best", loc="left", fontsize=10)
    told = f"Bars join arms that are not told apart: critical difference {ranks.critical_difference:.2f}"
    figure.supxlabel(told, fontsize=8, x=0.01, ha="left")
    figure.savefig(path, dpi=200)


def _draw_names(axis: "Axes", ranks: Ranks, below: float, pad: float) -> None:
    """Draw a line from each rank to its name, the better half to the left."""
    last = len(ranks.average)
    for place, (name, rank) in enumerate(ranks.average.items()):
        is_left = 2 * place < last
        depth = -below - 0.9 * (place if is_left else last - 1 - place) - 0.5
        end = 1 - pad if is_left else last + pad
        axis.plot([rank, rank, end], [0, depth, depth], color="#444444", linewidth=1)
        offset, side = (-4, "right") if is_left else (4, "left")
        text = f"{one_line(name)} {rank:.2f}"
        axis.annotate(text, (end, depth), (offset, 0), textcoords="offset points", ha=side, va="center", fontsize=9)
