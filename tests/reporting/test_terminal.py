import io

from conftest import make_arm, make_results, make_run
from rich.console import Console

from fashion_keras.formatting import one_line
from fashion_keras.reporting import build_table, to_rich


def test_a_name_is_no_markup(awkward_name: str) -> None:
    console = Console(file=io.StringIO(), width=300)
    console.print(to_rich(build_table(make_results(make_arm(awkward_name, [make_run()]), title=awkward_name))))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count(one_line(awkward_name)) == 2
    assert "\x1b" not in text


def test_decimal_points_stand_below_each_other_and_runs_below_their_arm() -> None:
    arms = [make_arm("a", [make_run(0, test_loss=[0.25])]), make_arm("b", [make_run(0, test_loss=[12.5])])]
    console = Console(file=io.StringIO(), width=120)
    console.print(to_rich(build_table(make_results(*arms))))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    first, second = (next(line for line in lines if line.startswith(f"{name} ")) for name in "ab")
    assert first.index("0.2500") == second.index("12.5000") + 1
    assert lines[lines.index(first) + 1].split() == ["1", "seed"]
