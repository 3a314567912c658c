"""Numbers and names as people read them, and as folders take them."""

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fashion_keras.formatting import csv_text, format_duration, print_plain, safe_name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (12, "12 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (100 * 3600, "100 h 00 min"),
    ],
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("batch_norm_0.008", "batch_norm_0.008"),
        ("a/b\\c d", "a_b_c_d"),
        ("../../etc", "_.._etc"),
        (".hidden", "hidden"),
        ("..", "_"),
        ("", "_"),
        ("漢" * 100, "漢" * 33),
        ("a\udcff", "a_"),
    ],
)
def test_names_become_names_of_folders(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_safe_name_stays_in_its_folder_and_is_its_own(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not safe.startswith(".")
    assert not set(safe) & set('/\\:*?"<>|\0\n\r\t ')
    assert len(safe.encode()) <= 100
    assert safe_name(safe) == safe


def test_csv_has_eight_digits_and_nothing_where_there_is_no_number():
    assert csv_text(["a", "b", "c"], [[1 / 3, None, math.nan], [1, "x", math.inf]]) == "a,b,c\n0.33333333,,\n1,x,inf\n"


def test_brackets_numbers_and_long_lines_arrive_as_they_stand() -> None:
    file = io.StringIO()
    text = "[bold]runs/[0]/1.5[/bold] " + "long " * 40 + "end"
    print_plain(Console(file=file, width=40, force_terminal=True), text)
    assert file.getvalue() == text + "\n"
