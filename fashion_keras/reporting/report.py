"""Files of a comparison: its tables, its runs, its curves."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.reporting.differences import Differences, build_differences
from fashion_keras.reporting.effects import build_effects
from fashion_keras.reporting.findings import BETTER, WORSE, best_sentence
from fashion_keras.reporting.rendering import (
    escape_markdown,
    markdown_table,
    runs_csv,
    to_csv,
    to_markdown,
)
from fashion_keras.reporting.summary import build_table
from fashion_keras.reporting.sweep import build_tuning_tables, tuning_files
from fashion_keras.reporting.tables import Table
from fashion_keras.reporting.units import POINTS
from fashion_keras.statistics import Verdict
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.files import write_files

__all__ = ["answers_grid", "write_report"]

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


def write_report(
    results: ComparisonResults,
    folder: Path,
    *,
    differences: Differences | None = None,
    against_report: Table | None = None,
    pictures: Sequence[str] = ("png", "svg"),
    published: bool = False,
) -> list[Path]:
    """Write the tables, the runs and the curves of a comparison, and return their paths.

    Each file is written whole or not at all. What an earlier report left in the folder and this one does not have,
    such as the differences of more arms, is removed; other files stay.

    Args:
        results: The requested arms and seeds; runs may be missing.
        folder: Where to; made where it is missing.
        differences: See `build_differences`.
        against_report: See `build_against_report`.
        pictures: Formats of the curves; none where they are not wanted.
        published: Leave out of the CSV files what was not published, settings and baseline: the same bytes again.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    table = build_table(results)
    contents = {
        "table.md": to_markdown(table),
        "table.csv": to_csv(table),
        "runs.csv": runs_csv(results, with_settings=not published),
    }
    if differences is not None:
        contents["table.md"] += "\n" + to_markdown(differences, level=2, answer=best_sentence(differences.best))
        contents["differences.csv"] = to_csv(differences, None if published else results.record.baseline)
    if (effects := build_effects(results)) is not None:
        contents["table.md"] += "\n" + to_markdown(effects, level=2)
        contents["effects.csv"] = to_csv(effects)
    if against_report is not None:
        contents["table.md"] += "\n" + to_markdown(against_report, level=2)
        contents["against_report.csv"] = to_csv(against_report)
    tuned = build_tuning_tables(results)
    contents["table.md"] += "".join("\n" + to_markdown(extra, level=2) for extra in tuned)
    contents |= tuning_files(results, tuned)
    written = write_files(folder, contents)
    if pictures:
        from fashion_keras.reporting.pictures import draw_pictures  # matplotlib takes half a second to load

        written += draw_pictures(results, differences, folder, pictures)
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
