"""Tables as LaTeX, for a paper: booktabs, escaped, the definitions in the caption's notes left out."""

import re
from collections.abc import Sequence

from fashion_keras.formatting import one_line
from fashion_keras.reporting.tables import Table

__all__ = ["escape_latex", "to_latex"]

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "−": "$-$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}

_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def to_latex(table: Table) -> str:
    """Return the table as a `tabular` within a `table`; it needs the package booktabs."""
    titles = ["arm", "runs", *(column.title for column in table.columns)]
    parts = [
        "".join(_row([row.arm, ", ".join(row.remarks), *(" ".join(cell.lines) for cell in row.cells)]) for row in part)
        for part in table.parts
    ]
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escape_latex(f'{table.title}. {table.caption}'.rstrip('. '))}.}}",
        rf"  \begin{{tabular}}{{ll{'r' * len(table.columns)}}}",
        r"    \toprule",
        _row(titles).rstrip("\n"),
        r"    \midrule",
        "    \\midrule\n".join(parts).rstrip("\n"),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(texts: Sequence[str]) -> str:
    return f"    {' & '.join(map(escape_latex, texts))} \\\\\n"


def escape_latex(text: str) -> str:
    """Return any text as one line that LaTeX prints as it stands.

    >>> escape_latex("batch_norm & 50 %")
    'batch\\\\_norm \\\\& 50 \\\\%'
    """
    escaped = "".join(_ESCAPES.get(char, char) for char in one_line(text))
    return _MINUS.sub("$-$", escaped)
