"""Judging results of others, by command and in Python."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fashion_keras import cli, judge
from fashion_keras.errors import ConfigError, ResultsError
from fashion_keras.statistics import Design, arms_to_train, compare_arms, new_images_interval

RNG = np.random.default_rng(0)
BASE = 0.88 + 0.002 * RNG.standard_normal(10)
BETTER = BASE + 0.01 + 0.001 * RNG.standard_normal(10)


def columns(seeds: Any = None, metric: str = "accuracy", **arms: Any) -> dict[str, list[Any]]:
    arms = arms or {"base": BASE, "new": BETTER}
    rows = [(arm, seed, value) for arm, values in arms.items() for seed, value in enumerate(values)]
    table: dict[str, list[Any]] = {"arm": [row[0] for row in rows], metric: [float(row[2]) for row in rows]}
    return table if seeds is False else table | {"seed": [row[1] for row in rows]}


def write(folder: Path, table: dict[str, list[Any]], name: str = "results.csv") -> str:
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    (folder / name).write_text("\n".join(lines))
    return str(folder / name)


def test_pairs_get_what_compare_arms_says() -> None:
    arms = {"base": BASE, "new": BETTER}
    assert judge(columns()).comparisons == compare_arms(arms, "base", Design.fixed(10))


def test_rows_may_stand_in_any_order() -> None:
    table = columns()
    order = np.random.default_rng(1).permutation(20)
    shuffled = {name: [values[place] for place in order] for name, values in table.items()}
    assert judge(shuffled, baseline="base").comparisons == judge(table).comparisons


def test_other_units_change_nothing_but_the_unit() -> None:
    fractions = judge(columns()).comparisons[0]
    percent = judge(columns(base=100 * BASE, new=100 * BETTER)).comparisons[0]
    assert percent.interval == pytest.approx(fractions.interval)
    tiny = judge(columns(metric="reward", base=1e-9 * BASE, new=1e-9 * BETTER)).comparisons[0]
    assert np.array(tiny.interval) * 1e9 == pytest.approx(fractions.interval)
    assert tiny.verdict == fractions.verdict


@pytest.mark.parametrize("value", [1e20, 1e200, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("number", "verdict"), [(1, "undecided"), (5, "undecided"), (10, "worse")])
def test_an_arm_that_diverges_leaves_the_verdicts_on_others_as_they_were(
    value: float, number: int, verdict: str
) -> None:
    arms = {name: np.where(np.arange(10) >= 10 - number, value, BASE) for name in ("burst", "twin")}
    for seeds in (True, False):
        found = judge(columns(seeds, metric="loss", base=BASE, new=BETTER, **arms))
        assert found.verdicts["new"] == "worse"
        assert (found.verdicts["burst"], number) in {(verdict, number), ("undecided", number if seeds is False else 0)}
        assert f"{number} of 10 runs diverged" in found.answer or value == 1e20
        json.loads(found.to_json(), parse_constant=pytest.fail)
        assert "nan" not in found.answer


def test_lower_is_better_for_a_loss_and_may_be_said_otherwise() -> None:
    losses = columns(metric="loss", base=BASE, new=BETTER)
    assert judge(losses).verdicts == {"new": "worse"}
    assert judge(losses, higher_is_better=True).verdicts == {"new": "better"}


def test_without_seeds_it_compares_unpaired_and_says_what_pairing_were_worth() -> None:
    paired, unpaired = judge(columns()), judge(columns(seeds=False))
    assert paired.datasets[0].noun == "seed"
    assert unpaired.datasets[0].noun == "run"
    assert np.ptp(paired.comparisons[0].interval or ()) < np.ptp(unpaired.comparisons[0].interval or ())
    assert "times as wide" in unpaired.answer


def test_no_interval_of_unpaired_accuracies_leaves_what_they_can_differ_by() -> None:
    arms = {"base": BASE[:5], **{f"arm{number}": [0.9, 0.1, 0.9, 0.1, 0.9] for number in range(30)}}
    for item in judge(columns(seeds=False, **arms)).comparisons:
        assert item.interval == pytest.approx((-BASE[:5].mean(), 1.0 - BASE[:5].mean()), abs=1e-9)


def test_seeds_that_do_not_match_are_no_pairs() -> None:
    table = columns()
    table["seed"] = list(range(20))
    assert judge(table).datasets[0].noun == "run"


def test_a_run_whose_seed_others_lack_is_left_out_and_said() -> None:
    found = judge(columns(base=BASE, new=BETTER[:8]))
    assert found.comparisons[0].num_seeds == 8
    assert "2 runs of seeds that not all arms have left out" in found.notes


def test_a_comparison_that_looks_ended_early_gets_the_verdicts_of_its_run() -> None:
    rng = np.random.default_rng(0)
    arms = {f"a{gain}": BASE + gain / 1000 + 0.002 * rng.standard_normal(10) for gain in (0, 2, 4, -20)}
    arms, have = {"base": BASE, **arms}, dict.fromkeys(["base", *arms], 0)
    while (needed := arms_to_train({arm: arms[arm][:number] for arm, number in have.items()}, "base"))[0]:
        have |= dict.fromkeys(*needed)
    trained = {arm: arms[arm][:number] for arm, number in have.items()}
    assert len({len(row) for row in trained.values()}) > 2, "or the data are not those that are meant"
    found = judge(columns(**trained))
    assert found.comparisons == compare_arms(trained, "base")
    assert found.comparisons == judge(columns(**trained), looked_at=(5, 6, 8)).comparisons
    assert "as where looks at 5, 6, 8 and 10 decide" in found.answer


def test_arms_that_end_at_no_look_are_cut_to_the_seeds_of_all_and_the_remedy_is_said() -> None:
    table = columns(base=BASE, new=BETTER, cut=BASE[:7])
    found = judge(table)
    assert [item.num_seeds for item in found.comparisons] == [7, 7]
    assert "--looked-at 7 counts" in found.answer
    assert [item.num_seeds for item in judge(table, looked_at=7).comparisons] == [7, 7]
    assert [item.num_seeds for item in judge(columns(base=BASE, new=BASE[::-1], few=BASE[:3])).comparisons] == [10, 3]


def test_a_seed_counts_where_all_arms_that_go_on_have_it() -> None:
    table = columns(base=BASE, new=BETTER, early=BASE[:6])
    rows = [row for row in range(26) if row != 12]  # seed 2 of new
    found = judge({name: [values[row] for row in rows] for name, values in table.items()})
    assert [row.tolist() for row in found.datasets[0].judged.values.values()] == [
        [row[seed] for seed in (0, 1, 3, 4, 5, 6, 7, 8, 9) if seed < row.size] for row in (BASE, BETTER, BASE[:6])
    ]


def test_earlier_looks_make_the_last_one_stricter() -> None:
    (alone,), (counted,) = (judge(columns(), looked_at=looks).comparisons for looks in ((), (5, 8)))
    design = Design.up_to(10, (5, 8))
    assert counted == compare_arms({"base": BASE, "new": BETTER}, "base", design)[0]
    assert (counted.level or 1.0) < (alone.level or 0.0)
    with pytest.raises(ResultsError, match="looked at 0 seeds"):
        judge(columns(), looked_at=(0, 8))


def test_each_data_set_is_judged_by_itself() -> None:
    table = {name: values * 2 for name, values in columns().items()} | {"task": ["x"] * 20 + ["y"] * 20}
    table["accuracy"][30:] = [float(value) for value in BASE]
    found = judge(table)
    assert found.verdicts == {("x", "new"): "better", ("y", "new"): "equivalent"}
    assert found.require("not-worse").is_met is True
    assert found.require("better").is_met is False


def test_single_examples_of_several_runs_give_an_interval_on_new_examples() -> None:
    easy, draws = np.linspace(0.0, 1.0, 80), np.random.default_rng(2).random((2, 6, 80))
    correct = {"a": draws[0] < easy, "b": draws[1] < easy[::-1]}
    rows = [
        {"arm": arm, "seed": seed, "example": f"e{place}", "correct": bool(right)}
        for arm, table in correct.items()
        for seed, row in sorted(enumerate(table), reverse=arm == "b", key=lambda item: item[0])
        for place, right in enumerate(row)
    ]
    (found,) = judge(rows).comparisons
    assert found.num_seeds == 6
    assert found.new_images == pytest.approx(new_images_interval(found.interval, correct["b"], correct["a"]))


def test_single_examples_of_one_run_are_pairs_themselves() -> None:
    right = np.random.default_rng(3).random((2, 400)) < np.array([[0.6], [0.9]])
    rows = [
        {"model": arm, "example": place, "correct": int(value)}
        for arm, row in zip("ab", right, strict=True)
        for place, value in enumerate(row)
    ]
    found = judge(rows)
    assert found.datasets[0].noun == "example"
    assert found.verdicts == {"b": "better"}
    assert "not about training them again" in found.answer
    with pytest.raises(ResultsError, match="different examples"):
        judge(rows[:-1])


def test_a_collapsed_run_is_said() -> None:
    assert (
        "Runs collapsed, over 10 points below their arm's median: 1 of 10"
        in judge(columns(base=BASE, new=[*BETTER[:9], 0.1])).answer
    )


def test_equivalence_of_other_metrics_needs_a_margin() -> None:
    losses = columns(metric="loss", base=BASE, new=BASE[::-1])
    with pytest.raises(ResultsError, match="--margin"):
        judge(losses).require("equivalent")
    assert judge(losses, margin=0.5).require("equivalent").is_met is True
    with pytest.raises(ConfigError, match="better, not-worse, equivalent; got 'not_worse'"):
        judge(losses, margin=0.5).require("not_worse")


def test_arms_may_be_numbers_and_named_by_a_list_of_columns() -> None:
    table = columns(base=BASE, new=BETTER)
    table["rate"] = [{"base": 0.1, "new": 0.2}[arm] for arm in table.pop("arm")]
    assert list(judge(table, arm=["rate"], baseline=0.2).verdicts) == ["0.1"]


def test_an_argument_that_is_misspelt_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"argument of judge\(\) is .* got 'metrc' \(did you mean 'metric'\?\)"):
        judge(columns(), metrc="accuracy")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("new", "requirement", "status"),
    [
        (BETTER, "better", 0),
        (BETTER, "equivalent", 1),
        (BASE - 0.01, "not-worse", 1),
        (BASE[::-1] + 0.01 * RNG.standard_normal(10), "better", 3),
        (BETTER[:3], "better", 3),
    ],
)
def test_the_gate_sets_the_exit_status_and_says_why(
    new: Any, requirement: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, columns(base=BASE, new=new))
    assert cli.main(["judge", path, "--require", requirement]) == status
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"Required {requirement}: ")


def test_the_gate_names_the_arms_and_data_sets_that_decide_it() -> None:
    parts = [
        {**columns(base=BASE, good=BETTER, bad=BASE - gap), "dataset": [name] * 30}
        for name, gap in (("a", 0), ("b", 0.1))
    ]
    gate = judge({name: [*parts[0][name], *parts[1][name]] for name in parts[0]}).require("not-worse")
    assert gate.why == "Required not-worse: shown otherwise (b: bad is worse)"


def test_json_holds_the_verdicts_and_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, columns())
    assert cli.main(["judge", path, "--json", "--require", "better"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["arm"], row["verdict"], row["seeds"]) for row in found["verdicts"]] == [("new", "better", 10)]
    assert found["require"]["status"] == 0


def test_tables_for_papers_have_a_row_an_arm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, columns(base=BASE, **{"a_b & c%": BETTER}))
    assert cli.main(["judge", path, "--latex"]) == 0
    latex = capsys.readouterr().out
    assert r"a\_b \& c\% & 10 seeds &" in latex
    assert latex.count(r"\\") == 3
    assert cli.main(["judge", path, "--markdown"]) == 0
    assert capsys.readouterr().out.count("10 seeds") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--metric", "acc"], "did you mean 'accuracy'?"),
        (["--looked-at", "12"], "looked at 12 seeds, but there are 10"),
        (["--baseline", "old"], "no arm 'old'"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["judge", write(tmp_path, columns()), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["judge", str(tmp_path / "none.csv")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_notebook_shows_names_as_they_stand() -> None:
    shown = judge(columns(base=BASE, **{"<b>new</b>": BETTER}))._repr_html_()
    assert "&lt;b&gt;new" in shown
    assert "<b>" not in shown


@pytest.mark.parametrize(
    ("runs", "shared", "noun"), [(10, 4, "run"), (10, 5, "seed"), (8, 4, "run"), (4, 3, "seed"), (5, 5, "seed")]
)
def test_pairs_are_formed_where_half_of_the_runs_have_one_and_they_can_be_judged_if_the_runs_can(
    runs: int, shared: int, noun: str
) -> None:
    table = columns(base=BASE[:runs], new=BETTER[:runs])
    table["seed"] = [*range(runs), *range(runs - shared, 2 * runs - shared)]
    assert judge(table).datasets[0].noun == noun


def test_examples_are_matched_by_name() -> None:
    rows = [
        {"model": arm, "example": place, "correct": int(place < right)}
        for arm, right, places in (("a", 200, range(400)), ("b", 300, reversed(range(400))))
        for place in places
    ]
    (found,) = judge(rows).comparisons
    gained = np.repeat([0.0, 1.0, 0.0], [200, 100, 100])
    assert found.standard_deviation == pytest.approx(gained.std(ddof=1))


def test_a_margin_is_in_the_unit_of_the_table() -> None:
    points = columns(base=100 * BASE, new=100 * BETTER)
    assert judge(points, margin=2.0).verdicts == {"new": "better, negligibly"}
    assert judge(points, margin=0.2).verdicts == {"new": "better"}
    with pytest.raises(ResultsError, match="got 1: 0"):
        judge(columns(), margin=1)
    for table, margin, said in ((columns(), 0.2, "20 points"), (points, 20, "20 points")):
        assert f"margin is {said}, and all values lie within" in judge(table, margin=margin).answer
        assert (
            f"0.2 points are {0.01 * margin:g}" in judge(table, margin=0.2 * margin / 20 * 100).answer or margin == 0.2
        )
    assert "The margin" not in judge(columns(), margin=0.002).answer + judge(columns()).answer


def test_values_that_do_not_vary_are_shown_with_the_digits_of_their_difference() -> None:
    columns = {"arm": ["a"] * 5 + ["b"] * 5, "seed": [*range(5)] * 2, "loss": [0.101] * 5 + [0.1021] * 5}
    assert "0.0011" in judge(columns).answer


def test_a_pipe_that_nobody_writes_into_is_named_and_read_when_somebody_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fashion_keras.commands.judge._PATIENCE_SEC", 0.0)
    content = Path(write(tmp_path, columns())).read_text()
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Timer(0.5, (tmp_path / "pipe").write_text, [content])
    writer.start()
    assert cli.main(["judge", str(tmp_path / "pipe")]) == 0
    writer.join()
    printed = capsys.readouterr()
    assert "waiting until results are written into" in printed.err
    assert "new beats base" in printed.out
