import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import make_arm, make_results, make_run
from markdown_it import MarkdownIt

from fashion_keras.formatting import break_name, one_line, shorten
from fashion_keras.reporting import build_table, runs_csv, to_csv, to_markdown
from fashion_keras.reporting.rendering import escape_markdown
from fashion_keras.storage.comparison import ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def read_markdown(text: str) -> list[list[str]]:
    """The shown texts of the table's cells, row by row."""
    rows: list[list[str]] = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and token.level == 4:  # a cell; list items are at 3
            pieces = [piece.content for piece in token.children or [] if piece.content]
            rows[-1].append("".join(pieces))
    return rows


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_markdown_shows_mean_spread_and_the_published_value(two_arms: TwoArms) -> None:
    heads, base, line, other = read_markdown(to_markdown(build_table(two_arms())))
    assert heads[:3] == ["arm", "runs", "training loss"]
    assert base[0] == "base"
    assert base[6] == "86.00 ± 1.41 [73.29–98.71]<br>(86.03)"
    assert line[0] == "described in words only"
    assert other[6] == "90.00 ± 0.00 [90.00–90.00]"


def test_markdown_defines_every_column(two_arms: TwoArms) -> None:
    table = replace(build_table(two_arms()), notes=("Mine.",))
    text = to_markdown(table)
    assert all(f"- **{column.title}**: {column.definition}" in text for column in table.columns)
    assert text.endswith("\n- Mine.\n")


def test_no_name_breaks_markdown(awkward_name: str) -> None:
    arms = make_arm(awkward_name, [make_run()]), make_arm("b", [make_run()])
    text = to_markdown(replace(build_table(make_results(*arms, title=awkward_name)), notes=(awkward_name,)))
    rows = read_markdown(text)
    assert [len(row) for row in rows] == [8, 8, 8]
    assert rows[1][0] == one_line(awkward_name)
    heading = MarkdownIt("commonmark").parse(text)[1]
    assert "".join(piece.content for piece in heading.children or []) == one_line(awkward_name)


@pytest.mark.parametrize("text", ["batch_norm_0.008", "a_b_c"])
def test_underscores_within_words_stay_readable(text: str) -> None:
    assert escape_markdown(text) == text


def test_csv_has_a_row_an_arm_and_fractions(two_arms: TwoArms) -> None:
    base, other = read_csv(to_csv(build_table(two_arms())))
    assert list(base.values())[:5] == ["base", "0", "2", "2", "0"]
    assert list(base)[:5] == ["arm", "described", "seeds", "runs", "diverged"]
    assert float(base["test_accuracy_mean"]) == pytest.approx(0.86)
    assert (base["test_accuracy_published"], base["minutes_n"]) == ("0.8603", "2")
    assert (other["described"], other["test_accuracy_published"]) == ("1", "")


def test_names_survive_csv(awkward_name: str) -> None:
    results = make_results(make_arm(awkward_name, [make_run()]))
    assert read_csv(to_csv(build_table(results)))[0]["arm"] == awkward_name
    assert read_csv(runs_csv(results))[0]["arm"] == awkward_name


def test_every_run_is_a_row() -> None:
    lost = make_run(1, status="diverged", train_loss=[0.7, None])
    results = make_results(make_arm("a", [make_run(0, config={"epochs": 2}, val_loss=[0.9, 0.25]), lost]))
    first, second = read_csv(runs_csv(results))
    assert (first["seed"], first["folder"], first["status"], first["val_loss"]) == ("0", "run__s0", "finished", "0.25")
    assert first["run_id"] == "0" * 64
    assert json.loads(first["config"]) == {"seed": 0, "epochs": 2}
    assert (first["total_seconds"], first["finished_at"]) == ("60", "2026-01-02T03:04:05+00:00")
    assert (second["status"], second["train_loss"]) == ("diverged", "")


def test_line_ends_and_the_terminals_escapes_are_seen_and_do_nothing() -> None:
    assert one_line(" a\nb\tc\x1b[31md\u2028e\udcff\u202e\xa0f ") == r"a\nb\tc\x1b[31md\u2028e\udcff\u202e f"


def test_a_name_breaks_after_underscores() -> None:
    assert break_name("batch_norm_0.008_he_uniform", 12).split("\n") == ["batch_norm_", "0.008_he_", "uniform"]
    assert break_name("abcdefgh", 3).split("\n") == ["abc", "def", "gh"]
    assert break_name("a__b", 2).split("\n") == ["a_", "_b"]


@pytest.mark.parametrize("width", range(1, 12))
def test_a_broken_name_fits_and_is_whole(width: int) -> None:
    lines = break_name("batch_norm-0.008__x yz", width).split("\n")
    assert max(map(len, lines)) <= width
    assert "".join(lines) == "batch_norm-0.008__x yz"


def test_long_texts_end_in_an_ellipsis() -> None:
    assert (shorten("abc", 3), shorten("abcd", 3)) == ("abc", "ab…")
