"""Output of a notebook's cell: an answer, its forest plot and its tables, self-contained."""

from base64 import b64encode
from collections.abc import Sequence

from fashion_keras.reporting.html.page import render
from fashion_keras.reporting.tables import Table

__all__ = ["build_cell"]


def build_cell(answer: Sequence[str], tables: Sequence[Table], title: str = "", picture: bytes | None = None) -> str:
    """Return HTML that asks for nothing else; whatever a user wrote is escaped.

    Args:
        answer: Lines; of a comparison, which has a title, the last one is the conclusion.
        tables: They unfold, with a title all but the first.
        title: The comparison's.
        picture: The forest plot as PNG; None where there is none.
    """
    source = picture and f"data:image/png;base64,{b64encode(picture).decode()}"
    return render("cell.html.j2", {"title": title, "answer": answer, "picture": source, "tables": tables})
