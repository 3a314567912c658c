"""Judgement of results made elsewhere: what was found, as an object for people, notebooks and programs."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.text import Text

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import finite_or_none, one_line, print_plain
from fashion_keras.reporting.findings import best_sentence
from fashion_keras.reporting.gates import Gate
from fashion_keras.reporting.html.cell import build_cell
from fashion_keras.reporting.judged_table import build_judgement, needs
from fashion_keras.reporting.over_datasets import OverAll, find_over_all
from fashion_keras.reporting.tables import Table, interval_fields
from fashion_keras.reporting.terminal import plain_console, print_sentence
from fashion_keras.reporting.units import Unit
from fashion_keras.results import Metric
from fashion_keras.statistics import Comparison, Requirement, Verdict
from fashion_keras.statistics.judged import JudgedArms

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

__all__ = ["DatasetJudgement", "Judgement"]


@dataclass(frozen=True)
class DatasetJudgement:
    """What was found on one data set.

    Attributes:
        dataset: Its name; empty where there is one.
        judged: The arms.
        noun: What was compared: pairs of a `seed` or an `example`, or unpaired each `run`.
        notes: What must be said of it, a line each.
    """

    dataset: str
    judged: JudgedArms
    noun: str
    notes: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The data set, as it begins a line; empty where there is one."""
        return f"{one_line(self.dataset)}: " if self.dataset else ""


@dataclass(frozen=True)
class Judgement:
    """What was found in results made elsewhere. Print it, or read its parts.

    Attributes:
        taken: What was taken for what.
        metric: What was judged.
        datasets: A judgement each.
    """

    taken: str
    metric: Metric
    datasets: tuple[DatasetJudgement, ...]

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Each arm with the baseline, on each data set; accuracies are fractions."""
        return tuple(item for each in self.datasets for item in each.judged.comparisons)

    @property
    def verdicts(self) -> Mapping[Any, Verdict]:
        """The verdict on each arm but the baseline, by its name; by (data set, arm) where there are several."""
        if len(self.datasets) == 1:
            return {item.arm: item.verdict for item in self.comparisons}
        return {(each.dataset, item.arm): item.verdict for each in self.datasets for item in each.judged.comparisons}

    @property
    def answer(self) -> str:
        """A sentence for each arm and one for the best, a line each, then what must be said of them."""
        file = io.StringIO()
        self.print_answer(plain_console(file))
        return file.getvalue().rstrip("\n")

    def print_answer(self, console: "Console") -> None:
        """Print the answer, its verdicts in colour where the console has it."""
        for each in self.datasets:
            for item in each.judged.comparisons:
                print_sentence(console, item, self.unit, each.heading, needs(item, each.noun))
            if best := best_sentence(each.judged.best):
                console.print(Text(f"{each.heading}{best}", style="bold"), soft_wrap=not console.is_terminal)
        for line in (*(self.over.sentences if self.over else ()), *self.notes):
            print_plain(console, line)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said of it, each line once."""
        return tuple(f"{each.heading}{note}" for each in self.datasets for note in dict.fromkeys(each.notes))

    @cached_property
    def over(self) -> OverAll | None:
        """What holds over the data sets; None where there is one, or no arm is on all."""
        if len(self.datasets) < 2:
            return None
        found = find_over_all({each.dataset: each.judged.comparisons for each in self.datasets}, self.unit)
        return found if found.arms else None

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The table of each data set, then that over all."""
        tables = (
            build_judgement(
                each.judged,
                self.unit,
                one_line(each.dataset) or f"Against {one_line(each.judged.comparisons[0].baseline)}",
                f"{one_line(self.metric.name)}, {self.metric.direction}",
                each.noun,
                self.metric.name,
            )
            for each in self.datasets
        )
        return (*tables, *([self.over.table] if self.over else []))

    @cached_property
    def unit(self) -> Unit:
        """How its values are shown."""
        return Unit.of(self.metric, [row for each in self.datasets for row in each.judged.values.values()])

    def require(self, requirement: str) -> Gate:
        """Return whether every arm is shown to be `better`, `not-worse` or `equivalent`.

        Raises:
            ResultsError: The requirement needs a margin and there is none.
        """
        wanted = Requirement(requirement)
        if self.datasets[0].judged.margin is None and wanted is not Requirement.BETTER:
            raise ResultsError(
                f"{wanted} needs a margin, which {self.metric.name} has not of itself: say --margin, in its unit"
            )
        named = [
            replace(item, arm=f"{each.heading}{item.arm}") for each in self.datasets for item in each.judged.comparisons
        ]
        return Gate.of(wanted, named)

    def __str__(self) -> str:
        return f"{self.taken}\n{self.answer}"

    def _repr_html_(self) -> str:
        return build_cell(str(self).splitlines(), self.tables)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row for each arm but the baseline, for programs: accuracies are fractions."""
        return [
            {
                **({"dataset": each.dataset} if each.dataset else {}),
                "arm": item.arm,
                "baseline": item.baseline,
                f"{each.noun}s": item.num_seeds,
                "difference": item.mean_difference,
                **interval_fields(item.interval),
                "level": item.level,
                **{f"new_examples_{end}": value for end, value in interval_fields(item.new_images).items()},
                "verdict": str(item.verdict),
                "undecided_because": item.undecided_because,
                "seeds_to_decide": item.seeds_to_decide,
            }
            for each in self.datasets
            for item in each.judged.comparisons
        ]

    def to_dataframe(self) -> "DataFrame":
        """Return `to_rows` as a pandas frame.

        Raises:
            ResultsError: pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ResultsError("to_dataframe needs pandas: pip install pandas; to_rows does without") from error
        return DataFrame(self.to_rows())

    def to_json(self, gate: Gate | None = None) -> str:
        """Return all of it as JSON, with the outcome of a gate where there is one."""
        content = {
            "taken": self.taken,
            "metric": self.metric.name,
            "higher_is_better": self.metric.higher_is_better,
            "verdicts": self.to_rows(),
            "answer": self.answer.splitlines(),
        }
        if self.over is not None:
            content["over_datasets"] = self.over.to_json()
        if gate is not None:
            content["require"] = gate.to_json()
        return json.dumps(finite_or_none(content), indent=2, allow_nan=False) + "\n"
