"""Report files of a comparison: its table, its runs, its curves."""

from collections.abc import Sequence
from pathlib import Path

from fashion_keras.errors import StoreError, os_errors_as
from fashion_keras.reporting.rendering import runs_csv, to_csv, to_markdown
from fashion_keras.reporting.summary import build_table
from fashion_keras.reporting.sweep import build_tuning_tables, tuning_files
from fashion_keras.reporting.tables import Table
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.files import write_files

_TABLES = ("table", "runs", "differences", "against_report", "tuning", "tuned_untuned", "ordering")
_PICTURES = ("curves_by_arm", "curves_overlaid", "tuning")
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
    differences: Table | None = None,
    against_report: Table | None = None,
    with_published: bool = True,
    notes: Sequence[str] = (),
    pictures: Sequence[str] = ("png", "svg"),
) -> list[Path]:
    """Write the tables, the runs and the curves of a comparison, and return their paths.

    `table.md` holds all tables; `table.csv`, `differences.csv`, `against_report.csv` and `runs.csv` are for programs.
    A comparison whose arms were tuned has two more tables there, its trials in `tuning.csv`, and their picture.
    Each file is written whole or not at all. What an earlier report left in the folder and this one does not have,
    such as the differences of more arms, is removed; other files stay.

    Args:
        results: The requested arms and seeds; runs may be missing.
        folder: Where to; made where it is missing.
        differences: See `build_differences`.
        against_report: See `build_against_report`.
        with_published: As in `build_table`.
        notes: More footnotes of the table.
        pictures: Formats of the curves; none where they are not wanted.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    table = build_table(results, with_published=with_published, notes=notes)
    contents = {"table.md": to_markdown(table), "table.csv": to_csv(table), "runs.csv": runs_csv(results)}
    if differences is not None:
        contents["table.md"] += "\n" + to_markdown(differences, level=2)
        contents["differences.csv"] = to_csv(differences)
    if against_report is not None:  # last: README takes the first and the second table by their places
        contents["table.md"] += "\n" + to_markdown(against_report, level=2)
        contents["against_report.csv"] = to_csv(against_report)
    contents["table.md"] += "".join("\n" + to_markdown(extra, level=2) for extra in build_tuning_tables(results))
    contents |= tuning_files(results)
    written = [*write_files(folder, contents), *_draw(results, folder, pictures)]
    with os_errors_as(StoreError, folder):
        for name in _FILES - {path.name for path in written}:
            (folder / name).unlink(missing_ok=True)
    return written


def _draw(results: ComparisonResults, folder: Path, pictures: Sequence[str]) -> list[Path]:
    if not pictures:
        return []
    from fashion_keras.reporting.figures import draw_curves  # matplotlib takes half a second to load

    curves = draw_curves(results, folder, pictures)
    if results.record.tuning is None:
        return curves
    from fashion_keras.reporting.sweep_figure import draw_tuning

    return [*curves, *draw_tuning(results, folder, pictures)]
