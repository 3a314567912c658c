"""Report of a comparison: its tables, runs and curves as one object that every form is made of, and as files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.formatting import one_line
from fashion_keras.reporting.against_report import build_against_report
from fashion_keras.reporting.differences import Differences, build_differences, compare_with_baseline
from fashion_keras.reporting.effects import build_effects
from fashion_keras.reporting.findings import BETTER, WORSE, best_sentence
from fashion_keras.reporting.forest import Forest, build_forest
from fashion_keras.reporting.gates import Gate
from fashion_keras.reporting.rendering import escape_markdown, markdown_table, runs_csv, to_csv, to_markdown
from fashion_keras.reporting.summary import build_table, describe_results
from fashion_keras.reporting.sweep import build_tuning_tables, tuning_files
from fashion_keras.reporting.tables import Table
from fashion_keras.reporting.units import POINTS, Unit, unit_of
from fashion_keras.statistics import Comparison, Verdict
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.files import write_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Report", "answers_grid", "write_report"]

_TABLES = ("table", "runs", "differences", "effects", "against_report", "tuning", "tuned_untuned", "ordering")
_PICTURES = ("curves_by_arm", "curves_overlaid", "forest", "tuning")
_FILES = frozenset(
    (
        "table.md",
        "tuning.json",
        *(f"{name}.csv" for name in _TABLES),
        *(f"{name}.{kind}" for name in _PICTURES for kind in ("png", "svg")),
    )
)
"""Every file that a report may have."""


@dataclass(frozen=True)
class Report:
    """What there is to say of a comparison; each part is made when it is first asked for.

    Attributes:
        results: The arms and seeds to show; runs may be missing.
        whole: All arms, for the verdicts are over all of them; None where all are shown.
    """

    results: ComparisonResults
    whole: ComparisonResults | None = None

    @property
    def all_results(self) -> ComparisonResults:
        """The runs of all arms, of the same seeds, whether or not they are shown."""
        return self.whole or self.results

    @cached_property
    def unit(self) -> Unit:
        """How differences of what is judged are shown."""
        return unit_of(self.all_results)

    @cached_property
    def all_comparisons(self) -> tuple[Comparison, ...]:
        """Every arm against the baseline, whether or not it is shown."""
        return compare_with_baseline(self.all_results)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every arm that is shown against the baseline, as in the table of differences; none before there is one."""
        return self.differences.comparisons if self.differences else ()

    @cached_property
    def summary(self) -> Table:
        """The table of every arm."""
        return build_table(self.results, self.whole)

    @cached_property
    def differences(self) -> Differences | None:
        """The table of the differences from the baseline; None where there is nothing to compare yet."""
        shown = None if self.whole is None else [arm.name for arm in self.results.arms]
        return build_differences(self.all_results, shown)

    @property
    def forest(self) -> Forest:
        """The forest plot of the differences; there must be some."""
        return build_forest(self.comparisons, self.results.record.metric, self.unit)

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Every table that there is, by the name of its file."""
        tuned = build_tuning_tables(self.results)
        found = {
            "table": self.summary,
            "differences": self.differences,
            "effects": build_effects(self.results),
            "against_report": build_against_report(self.results),
            **dict(zip(("tuned_untuned", "ordering"), tuned, strict=False)),
        }
        return {name: table for name, table in found.items() if table is not None}

    @property
    def best(self) -> str:
        """The sentence on the best arms; empty where none is known."""
        return best_sentence(self.differences.best) if self.differences else ""

    def require(self, requirement: str) -> Gate:
        """Return whether every arm is shown to be `better`, `not-worse` or `equivalent`."""
        return Gate.of(requirement, self.comparisons)

    def to_markdown(self) -> str:
        """Return all tables as one page."""
        return "\n".join(
            to_markdown(table, level=1 + (name != "table"), answer=self.best * (name == "differences"))
            for name, table in self.tables.items()
        )

    def to_csv(self, *, published: bool = False) -> dict[str, str]:
        """Return the tables and the runs as CSV by the names of their files; `published` as in `write_report`."""
        baseline = {"differences": None if published else self.results.record.baseline}
        files = {f"{name}.csv": to_csv(table, baseline.get(name)) for name, table in self.tables.items()}
        return files | {"runs.csv": runs_csv(self.results, with_settings=not published)}

    def draw(self) -> "dict[str, Figure]":
        """Draw whatever there is to draw, by the names of the files: curves, differences, what was tuned."""
        from fashion_keras.reporting.figures import draw_curves
        from fashion_keras.reporting.forest_figure import draw_forest
        from fashion_keras.reporting.sweep_figure import draw_tuning

        drawn, record = draw_curves(self.results), self.results.record
        if self.differences is not None:
            drawn["forest"] = draw_forest(self.forest, self.results)
        if record.tuning is not None:
            title = f"{one_line(record.title)}\n{one_line(describe_results(self.results))}"
            drawn["tuning"] = draw_tuning(record.tuning, title)
        return drawn


def write_report(
    report: Report, folder: Path, *, pictures: Sequence[str] = ("png", "svg"), published: bool = False
) -> list[Path]:
    """Write the tables, the runs and the curves of a comparison, and return their paths; equal results, equal files.

    Each file is written whole or not at all. What an earlier report left in the folder and this one does not have,
    such as the differences of more arms, is removed; other files stay.

    Args:
        report: What there is to say.
        folder: Where to; made where it is missing.
        pictures: Formats of the curves; none where they are not wanted.
        published: Leave out of the CSV files what was not published, settings and baseline: the same bytes again.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    tables = {"table.md": report.to_markdown(), **report.to_csv(published=published)}
    written = write_files(folder, tables | tuning_files(report.results))
    if pictures:
        from fashion_keras.reporting.figures import write_figures  # matplotlib takes half a second to load

        written += write_figures(report.draw, folder, pictures)
    with os_errors_as(StoreError, folder):
        for name in _FILES - {path.name for path in written}:
            (folder / name).unlink(missing_ok=True)
    return written


def answers_grid(found: Iterable[ComparisonResults]) -> str:
    """Return one table over comparisons, Markdown: which arms are better, worse, or neither, by how many points.

    Args:
        found: Comparisons that are published in `experiments/`, all arms of each.
    """
    titles = ["comparison", "against", "better", "worse", "equivalent", "undecided", "may be best"]
    kinds = (BETTER, WORSE, (Verdict.EQUIVALENT,), (Verdict.UNDECIDED,))
    rows = []
    for results in found:
        name, differences = results.record.name, build_differences(results)
        if differences is not None:
            answers = [
                (
                    item.verdict,
                    f"{escape_markdown(item.arm)} {POINTS.difference(item.mean_difference)}"
                    + " (this test set)" * item.only_on_this_test_set,
                )
                for item in differences.comparisons
            ]
            cells = ["<br>".join(text for verdict, text in answers if verdict in kind) for kind in kinds]
            cells.append(" or<br>".join(map(escape_markdown, differences.best.candidates if differences.best else ())))
            rows.append([f"[{name}](experiments/{name}/table.md)", escape_markdown(results.record.baseline), *cells])
    return markdown_table(titles, rows, 7)
