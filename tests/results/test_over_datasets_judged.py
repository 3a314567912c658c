"""Results on several data sets, judged over all of them."""

from pathlib import Path

import numpy as np

from fashion_keras import cli
from fashion_keras.workflows.judge_results import judge


def rows(datasets: int) -> dict[str, list[object]]:
    """Three arms on so many data sets, five seeds of each; `good` gains two points, `bad` loses one."""
    generator = np.random.default_rng(0)
    columns: dict[str, list[object]] = {"dataset": [], "model": [], "seed": [], "accuracy": []}
    for dataset in range(datasets):
        for model, gain in (("base", 0.0), ("good", 0.02), ("bad", -0.01)):
            for seed in range(5):
                value = 0.8 + 0.01 * dataset + gain + 0.0005 * generator.normal()
                for name, each in zip(columns, (f"set{dataset}", model, seed, value), strict=True):
                    columns[name].append(each)
    return columns


def test_arms_are_judged_over_the_data_sets_and_ranked() -> None:
    over = judge(rows(4)).over
    assert over is not None
    assert {item.arm: str(item.verdict) for item in over.arms} == {"good": "better", "bad": "worse"}
    assert over.ranks is not None
    assert dict(over.ranks.average) == {"good": 1.0, "base": 2.0, "bad": 3.0}


def test_of_one_data_set_there_is_no_verdict_over_all_and_of_two_no_interval() -> None:
    assert judge(rows(1)).over is None
    over = judge(rows(2)).over
    assert over is not None
    assert [item.interval for item in over.arms] == [None, None]


def test_the_diagram_is_drawn_where_there_are_ranks_and_refused_where_there_are_none(tmp_path: Path, capsys) -> None:
    for datasets, status in ((3, 0), (2, 2)):
        found = rows(datasets)
        lines = [",".join(found), *(",".join(map(str, row)) for row in zip(*found.values(), strict=True))]
        (tmp_path / "results.csv").write_text("\n".join(lines))
        arguments = ["judge", str(tmp_path / "results.csv"), "--ranks", str(tmp_path / f"ranks{datasets}.svg")]
        assert cli.main(arguments) == status
    assert (tmp_path / "ranks3.svg").exists()
    assert "three data sets" in capsys.readouterr().err


def test_a_margin_of_none_calls_nothing_equivalent_over_data_sets() -> None:
    columns = rows(3)
    columns["loss"] = columns.pop("accuracy")
    over = judge(columns, metric="loss").over
    assert over is not None
    assert {item.arm: str(item.verdict) for item in over.arms} == {"good": "worse", "bad": "better"}


def test_an_arm_that_a_data_set_lacks_is_named_with_it() -> None:
    columns = rows(3)
    arms = zip(columns["dataset"], columns["model"], strict=True)
    kept = [place for place, arm in enumerate(arms) if arm != ("set1", "bad")]
    over = judge({name: [values[place] for place in kept] for name, values in columns.items()}).over
    assert over is not None
    assert [item.arm for item in over.arms] == ["good"]
    (line,) = [line for line in over.sentences if line.startswith("bad")]
    assert line.endswith("not compared on set1")
