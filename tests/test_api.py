"""`fashion_keras.compare` and its result, in a process and in a script without a guard."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stored_runs import commit

from fashion_keras import BASE, Arm, Experiment, cli, compare
from fashion_keras.api import ComparisonResult
from fashion_keras.data import Dataset
from fashion_keras.errors import ConfigError, UserError
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows import run as workflow

EXPERIMENT = Experiment(
    "rates", "Two <b>rates</b>", BASE.with_changes(epochs=2), (Arm("low"), Arm("<i>high", learning_rate=0.1))
)

SCRIPT = """
print("the script begins")
from fashion_keras import BASE, Arm, Experiment, compare

result = compare(
    Experiment("rates", "Two rates", BASE.with_changes(epochs=2), (Arm("low"), Arm("high", learning_rate=0.1))),
    dataset={dataset!r}, seeds=2, workers=2,
)
print(result)
print("verdicts", result.verdicts)
"""


@pytest.fixture
def result(
    tmp_path: Path, sample_dir: Path, sample_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> ComparisonResult:
    """Of runs that are in the store: the second arm is the better one on each of seven seeds."""
    monkeypatch.setattr(workflow, "export_models", lambda outcomes, _: (outcomes, ()))
    monkeypatch.setattr("stored_runs.NUM_IMAGES", len(sample_dataset.test_labels))
    monkeypatch.chdir(tmp_path)
    store = RunStore(tmp_path / "elsewhere" / "store")
    for arm, accuracy in zip(EXPERIMENT.arms, (0.8, 0.9), strict=True):
        for seed in range(7):
            config = EXPERIMENT.config_of(arm).with_changes(seed=seed, data=sample_dataset.content_hash)
            commit(store, config, [1.0, accuracy + 0.005 * seed])
    return compare(EXPERIMENT, seeds=7, fixed=True, dataset=sample_dir, out=tmp_path / "elsewhere")


def test_a_result_prints_its_tables_and_ends_with_its_answer(result: ComparisonResult) -> None:
    assert result.verdicts == {"<i>high": "better"}
    assert str(result).splitlines()[0] == "Two <b>rates</b> (sample)"
    assert str(result).splitlines()[-1] == result.answer.splitlines()[-1] == "Best: <i>high; low is worse"
    assert repr(result) == "<ComparisonResult rates__sample: 2 arms, 7 seeds>"
    assert result.failures == ()
    assert (result.folder / "runs.csv").is_file()


def test_the_record_knows_the_call_and_where_the_data_was(result: ComparisonResult, sample_dir: Path) -> None:
    record = result.outcome.report.results.record
    assert record.command.startswith(f"compare(EXPERIMENT, fixed=True, dataset={str(sample_dir)!r}, out=")
    assert "seeds" not in record.command
    assert record.data["path"] == str(sample_dir)


def test_what_a_notebook_shows_is_escaped_and_asks_for_nothing(result: ComparisonResult) -> None:
    html = result._repr_html_()
    assert "&lt;i&gt;high beats low" in html
    assert "<i>" not in html
    assert "Two &lt;b&gt;rates" in html
    assert html.count("<table") == 2
    assert 'src="data:image/png;base64,' in html
    assert "http" not in html
    assert b"\x89PNG" in result.plot()._repr_png_()


def test_a_frame_has_a_row_for_each_run_with_its_settings(result: ComparisonResult) -> None:
    frame = result.to_dataframe()
    assert len(frame) == 14
    assert sorted(set(frame["optimizer.learning_rate"])) == [0.02, 0.1]
    assert frame.groupby("arm")["test_accuracy"].mean()["low"] == pytest.approx(0.815)


def test_a_frame_without_pandas_is_one_line(result: ComparisonResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match=r"^to_dataframe\(\) needs pandas: pip install pandas$"):
        result.to_dataframe()


def test_the_page_is_written_where_it_is_wanted(result: ComparisonResult, tmp_path: Path) -> None:
    path = result.save_html(tmp_path / "deep" / "page.html")
    assert "&lt;i&gt;high" in path.read_text(encoding="utf-8")


def test_nothing_is_plotted_before_there_are_differences(result: ComparisonResult, sample_dir: Path) -> None:
    one = compare(EXPERIMENT, seeds=7, fixed=True, dataset=sample_dir, out="elsewhere", arms="low")
    assert one.verdicts == {"<i>high": "better"}  # judged over all arms
    with pytest.raises(ConfigError, match="nothing to plot"):
        one.plot()
    assert "<img" not in one._repr_html_()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sedes": 3}, "did you mean 'seeds'"),
        ({"metric": "test_loss"}, "'metric', which is of the comparison: Experiment(..., metric=...)"),
        ({"learning_rate": 0.1}, "'learning_rate', which is of the runs: Arm("),
        ({"seeds": "ten"}, "seeds: must be a whole number of at least 1, got 'ten'"),
        ({"quick": 1}, "quick must be True or False, got 1"),
        ({"precision": "bfloat16"}, "did you mean 'mixed_bfloat16'"),
        ({"shard": "0/2"}, "of the command `fashion-keras run` alone, got 'shard'"),
        ({"arms": ["lo"]}, "did you mean 'low'"),
        ({"dataset": "nowhere"}, "nowhere"),
        ({"dataset": ["a", "b"]}, "takes one data set, got 2"),
        ({"require": "better"}, "of the command `fashion-keras run` alone"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    options: dict[str, object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        compare(EXPERIMENT, **options)  # type: ignore[typeddict-item]
    assert said in str(caught.value)
    assert len(caught.value._render_traceback_()) == str(caught.value).count("\n") + 1 == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", [Experiment, 3, None])
def test_what_is_no_comparison_is_said(given: object) -> None:
    with pytest.raises(ConfigError, match=r"^compare\(\) takes an Experiment, a file or a name, got"):
        compare(given)  # type: ignore[arg-type]


def test_a_script_without_a_guard_runs_once_and_trains_each_run_once(tmp_path: Path, sample_dir: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.format(dataset=str(sample_dir)))
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests / "untrained"), str(tests), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "TRAININGS": str(tmp_path / "trainings")}
    for num_trained in (4, 0):
        (tmp_path / "trainings").write_text("")
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("the script begins") == 1
        assert done.stdout.splitlines()[-1] == "verdicts {'high': 'undecided'}"
        assert (tmp_path / "trainings").read_text().count("end") == num_trained


def test_a_file_that_compares_as_it_is_read_is_refused_before_it_trains(tmp_path: Path, capsys) -> None:
    """`run FILE --quick` would train what the call says instead, whole."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from fashion_keras import Arm, Experiment, compare\n"
        "compare(Experiment('rates', 'Two rates', arms=(Arm('a'), Arm('b', learning_rate=0.1))), seeds=10)\n"
    )
    assert cli.main(["run", str(file), "--quick", "--out", str(tmp_path / "runs")]) == 2
    assert "__main__" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
