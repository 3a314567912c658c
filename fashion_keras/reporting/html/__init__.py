"""Self-contained HTML page over finished comparisons: works from disk, offline, on a phone, on paper.

What stands on the page is gathered by `summary`, `curve_data`, `predictions`, `provenance` and `table_views`,
each in plain dataclasses; `page` puts them together and renders `templates/`. Neither TensorFlow nor matplotlib.
"""

from fashion_keras.reporting.html.page import build_page

__all__ = ["build_page"]
