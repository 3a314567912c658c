"""Output of a notebook's cell: an answer, its forest plot and its tables, self-contained."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from fashion_keras.formatting import one_line
from fashion_keras.reporting.tables import Row, Table

__all__ = ["build_cell", "html_table"]


def build_cell(title: str, answer: Sequence[str], picture: bytes | None, tables: Sequence[Table]) -> str:
    """Return HTML that asks for nothing else; whatever a user wrote is escaped.

    Args:
        title: The comparison's.
        answer: Lines, the last one the conclusion.
        picture: The forest plot as PNG; None where there is none.
        tables: The first is shown, the others unfold.
    """
    first, *others = map(html_table, tables)
    folded = [
        f"<details><summary>{_text(table.title)}</summary>{grid}</details>"
        for table, grid in zip(tables[1:], others, strict=True)
    ]
    return "\n".join(
        [
            "<div>",
            f"<h4>{_text(title)}</h4>",
            *(f"<p>{_text(line)}</p>" for line in answer[:-1]),
            *(f"<p><b>{_text(line)}</b></p>" for line in answer[-1:]),
            *([_picture(picture, answer)] if picture else []),
            first,
            *folded,
            "</div>",
        ]
    )


def _text(text: str) -> str:
    return escape(one_line(text))


def _picture(content: bytes, answer: Sequence[str]) -> str:
    source = b64encode(content).decode()
    return f'<img style="max-width: 100%" alt="{_text("; ".join(answer))}" src="data:image/png;base64,{source}">'


def html_table(table: Table) -> str:
    """Return a table as HTML without style."""
    heads = "".join(f"<th>{_text(head)}</th>" for head in ("arm", "runs", *(each.title for each in table.columns)))
    rows = "".join(_row(row) for row in table.rows)
    return (
        f"<table><caption>{_text(table.caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(row: Row) -> str:
    texts = [", ".join(row.remarks), *(" ".join(cell.lines) for cell in row.cells)]
    return f"<tr><th>{_text(row.arm)}</th>{''.join(f'<td>{_text(text)}</td>' for text in texts)}</tr>"
