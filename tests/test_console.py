"""What is said to a person arrives as it stands."""

import io

from rich.console import Console

from fashion_keras.execution import Outcome
from fashion_keras.formatting import print_plain


def test_brackets_numbers_and_long_lines_arrive_as_they_stand() -> None:
    file = io.StringIO()
    text = "[bold]runs/[0]/1.5[/bold] " + "long " * 40 + "end"
    print_plain(Console(file=file, width=40, force_terminal=True), text)
    assert file.getvalue() == text + "\n"


def test_a_failure_names_its_log_only_where_there_is_one() -> None:
    assert Outcome("failed", "no room").failure_of("cnn") == "Failed: cnn: no room"
    assert Outcome("failed", "no room", "log.txt").failure_of("cnn") == "Failed: cnn: no room; log: log.txt"
