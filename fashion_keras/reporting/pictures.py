"""Pictures of a comparison: its curves, the differences of its arms, what was tuned."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from fashion_keras.formatting import one_line
from fashion_keras.reporting.differences import Differences
from fashion_keras.reporting.figures import PICTURES, draw_curves, write_figures
from fashion_keras.reporting.forest_figure import draw_forest
from fashion_keras.reporting.summary import describe_results
from fashion_keras.reporting.sweep import tuning_of
from fashion_keras.reporting.sweep_figure import draw_tuning
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["draw_pictures"]


def draw_pictures(
    results: ComparisonResults, differences: Differences | None, folder: Path, suffixes: Sequence[str] = PICTURES
) -> list[Path]:
    """Draw whatever there is to draw of a comparison, and return the files; equal results give equal files.

    Args:
        results: The requested arms and seeds.
        differences: See `build_differences`.
        folder: Where to; made where it is missing.
        suffixes: Formats of the pictures.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """

    def draw() -> dict[str, Figure]:
        drawn, tuning = draw_curves(results), tuning_of(results)
        if differences is not None:
            drawn["forest"] = draw_forest(differences, results.record.heading)
        if tuning is not None:
            title = f"{one_line(results.record.title)}\n{one_line(describe_results(results))}"
            drawn["tuning"] = draw_tuning(tuning, title)
        return drawn

    return write_figures(draw, folder, suffixes)
