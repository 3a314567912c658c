"""Self-contained HTML page over finished comparisons: works from disk, offline, on a phone, on paper.

What stands on the page is gathered by `summary`, `curve_data` and `predictions`; `page` puts it beside the tables and
renders `templates/`. Neither TensorFlow nor matplotlib.
"""

from fashion_keras.reporting.html.page import build_page

__all__ = ["build_page"]
