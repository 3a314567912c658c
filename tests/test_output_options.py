"""What programs and impatient people ask of the commands: `--json`, `-q`, `-v`, completion, the nearest name."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stored_runs import commit

from fashion_keras import cli
from fashion_keras.data import Dataset
from fashion_keras.experiments.names import ALL_NAMES
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows import run as workflow

PUBLISHED = Path(__file__).parents[1] / "experiments"


@pytest.fixture
def call(
    tmp_path: Path,
    sample_dir: Path,
    sample_dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[str, str]]:
    """Call a command in a folder whose store has seven seeds of the learning rates, on the sample."""
    monkeypatch.setattr(workflow, "export_models", lambda outcomes, _: (outcomes, ()))
    monkeypatch.chdir(tmp_path)
    experiment = load_experiment("learning_rates")
    for arm, accuracy in zip(experiment.arms, (0.8, 0.9), strict=True):
        for seed in range(7):
            config = experiment.config_of(arm).with_changes(seed=seed, data=sample_dataset.content_hash)
            commit(RunStore("runs/store"), config, [1.0, accuracy + 0.001 * seed])

    def call(command: str, *options: str) -> tuple[str, str]:
        data = ["learning_rates", "--dataset", str(sample_dir), "--seeds", "7", "--fixed"] if command == "run" else []
        assert cli.main([command, *data, *options]) == 0
        output, errors = capsys.readouterr()
        return output, errors

    return call


@pytest.mark.parametrize("command", ["run", "report"])
def test_json_stands_alone_on_standard_output(call: Callable[..., tuple[str, str]], command: str) -> None:
    call("run")
    output, errors = call(command, "--json")
    (found,) = json.loads(output)["comparisons"]
    (difference,) = found["differences"]
    assert (difference["baseline"], difference["arm"], difference["verdict_text"]) == ("sgd_0.02", "sgd_0.05", "better")
    assert [arm["test_accuracy_mean"] for arm in found["arms"]] == pytest.approx([0.803, 0.903])
    assert found["answer"][-1] == "Best: sgd_0.05; sgd_0.02 is worse"
    assert all(Path(file).is_file() for file in found["files"])
    assert "Written to" in errors


@pytest.mark.parametrize("command", ["run", "report"])
def test_quiet_prints_the_answer_alone_and_verbose_all_tables(
    call: Callable[..., tuple[str, str]], command: str
) -> None:
    call("run")
    output, errors = call(command, "-q")
    assert (len(output.splitlines()), errors) == (2, "")
    assert output.splitlines()[-1] == "Best: sgd_0.05; sgd_0.02 is worse"
    assert "Against sgd_0.02" not in call(command)[0]
    assert "Against sgd_0.02" in call(command, "-v")[0]


def test_list_has_json() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fashion_keras", "list", "--json"], capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["comparisons"]
    assert [each["name"] for each in found] == list(ALL_NAMES)
    assert all(each["baseline"] in each["arms"] for each in found)


def test_a_report_of_published_runs_leaves_ones_own_as_it_is(call: Callable[..., tuple[str, str]]) -> None:
    own = Path("runs/learning_rates/table.md")
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    call("report", "learning_rates", "--published", str(PUBLISHED), "--tables-only")
    assert own.read_text() == "mine"
    assert Path("runs/published/learning_rates/table.md").is_file()
    call("report", "learning_rates", "--published", str(PUBLISHED), "--html")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["learning_rates", "published", "store"]


def test_columns_name_the_baseline_and_the_settings_but_in_what_is_published(
    call: Callable[..., tuple[str, str]],
) -> None:
    call("run")
    folder = Path("runs/learning_rates__sample")
    assert (folder / "differences.csv").read_text().startswith("arm,baseline,described,")
    assert ",optimizer.learning_rate," in (folder / "runs.csv").read_text().partition("\n")[0]
    call("report", "learning_rates", "--published", str(PUBLISHED), "--tables-only")
    for name in ("differences.csv", "runs.csv"):
        head, published = (
            (each / "learning_rates" / name).read_text().partition("\n")[0]
            for each in (Path("runs/published"), PUBLISHED)
        )
        assert head == published


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("fashion-keras sta", {"status"}),
        ("fashion-keras run ini", {"initializers"}),
        ("fashion-keras run --se", {"--seeds"}),
    ],
)
def test_the_shell_completes_commands_names_and_options(typed: str, expected: set[str], tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    asked = {"COMP_LINE": typed, "COMP_POINT": str(len(typed)), "COMP_TYPE": "9"}
    private = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}
    program = "from fashion_keras.cli import command; command()"
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **asked, **private}, cwd=tmp_path, check=True)
    assert {each.strip() for each in answer.read_text().split("\n")} == expected


def test_data_of_ones_own_has_the_hash_that_its_runs_are_stored_under(
    sample_dir: Path, sample_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", "--dataset", str(sample_dir), "--out", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert f"{sample_dataset.content_hash}  decoded images and labels" in output
    assert "ubyte" not in output
