"""TensorBoard's logs, read back with TensorBoard's own reader."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import make_arm, make_results, make_run
from rich.console import Console
from stored_runs import commit
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.plugins.hparams import metadata

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.reporting.tensorboard import LOG, TAGS, log_bytes, run_settings, write_logs
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.report import report_comparisons

PROJECT = Path(__file__).parents[2]


def events_of(path: Path) -> list:
    """The events of a log; the reader checks the checksum of each."""
    return list(LegacyEventFileLoader(str(path)).Load())


def points_of(path: Path, tag: str) -> dict[int, float]:
    return {
        event.step: value.simple_value
        for event in events_of(path)
        for value in event.summary.value
        if value.tag == tag and value.HasField("simple_value")
    }


def session_of(path: Path, tag: str) -> bytes:
    found = [value for event in events_of(path) for value in event.summary.value if value.tag == tag]
    assert [value.metadata.plugin_data.plugin_name for value in found] == ["hparams"]
    return found[0].metadata.plugin_data.content


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a run of two epochs that was never shown the test set."""
    run = make_run(
        3,
        train_loss=[0.75, 0.5],
        val_accuracy=[0.25, 0.875],
        test_loss=[None, None],
        test_accuracy=[None, None],
        learning_rate=[0.02, 0.01],
        config={"batch_size": 64},
    )
    write_logs(make_results(make_arm("a b/c", [run])), tmp_path)
    return tmp_path / "a_b_c" / "seed_3" / LOG


def test_curves_are_read_back_with_epochs_from_one(log: Path) -> None:
    assert points_of(log, "loss/train") == {1: 0.75, 2: 0.5}
    assert points_of(log, "accuracy/validation") == {1: 0.25, 2: 0.875}
    assert points_of(log, "learning_rate") == pytest.approx({1: 0.02, 2: 0.01})


def test_what_was_not_evaluated_has_no_points(log: Path) -> None:
    assert points_of(log, "loss/test") == points_of(log, "accuracy/test") == {}


def test_a_diverged_run_keeps_the_points_before(tmp_path: Path) -> None:
    run = make_run(status="diverged", train_loss=[2.0, 4.0, None])
    write_logs(make_results(make_arm("arm", [run])), tmp_path)
    assert points_of(tmp_path / "arm" / "seed_0" / LOG, "loss/train") == {1: 2.0, 2: 4.0}


def test_epochs_are_spread_over_the_run_s_time(log: Path) -> None:
    times = [event.wall_time for event in events_of(log) if event.step]
    assert times[1] - times[0] == pytest.approx(30)  # of a minute


def test_settings_and_end_are_there_for_the_table_of_hyperparameters(log: Path) -> None:
    started = metadata.parse_session_start_info_plugin_data(session_of(log, metadata.SESSION_START_INFO_TAG))
    assert started.hparams["arm"].string_value == "a b/c"
    assert started.hparams["batch_size"].number_value == 64
    ended = metadata.parse_session_end_info_plugin_data(session_of(log, metadata.SESSION_END_INFO_TAG))
    assert ended.end_time_secs - started.start_time_secs == pytest.approx(60)


def test_settings_are_texts_and_numbers_with_defaults() -> None:
    config = RunConfig(model={"name": "fcn", "dropout_rate": 0.1, "initializer": "he_uniform"}, seed=2)
    settings = run_settings("arm", make_run(2, config=config.to_json()))
    assert settings["model.hidden_units"] == "[300,200]"
    assert settings["model.dropout_rate"] == 0.1
    assert settings["model.initializer"] == "he_uniform"
    assert settings["optimizer.learning_rate"] == 0.02
    assert settings["seed"] == 2


def test_a_network_whose_file_is_elsewhere_has_the_settings_that_it_was_given() -> None:
    config = RunConfig(model=Component.of("nowhere_at_all:build", width=8, **{"@source": "0" * 64}))
    settings = run_settings("arm", make_run(config=config.to_json()))
    assert {name: settings[name] for name in settings if name.startswith("model")} == {
        "model": "nowhere_at_all:build",
        "model.width": 8,
    }


def test_a_second_call_adds_no_point_and_leaves_an_equal_log_alone(log: Path) -> None:
    before = log.stat().st_mtime_ns, log.read_bytes()
    run = make_run(3, train_loss=[0.75, 0.5], learning_rate=[0.02, 0.01])
    other = make_results(make_arm("a b/c", [run]))
    write_logs(other, log.parents[2])
    after = log.stat().st_mtime_ns, log.read_bytes()
    assert after != before
    assert len(list(log.parent.iterdir())) == 1
    assert points_of(log, "loss/test") == {1: 0.5, 2: 0.5}
    write_logs(other, log.parents[2])
    assert (log.stat().st_mtime_ns, log.read_bytes()) == after


def test_equal_runs_give_equal_bytes() -> None:
    assert log_bytes("arm", make_run(1)) == log_bytes("arm", make_run(1)) != log_bytes("arm", make_run(2))


def test_reports_of_finished_runs_write_logs(tmp_path: Path) -> None:
    report_comparisons(
        ["learning_rates"], tmp_path, PROJECT / "experiments", Console(quiet=True), (), tensorboard=tmp_path / "logs"
    )
    logs = {str(path.parent.relative_to(tmp_path / "logs")) for path in tmp_path.glob(f"logs/**/{LOG}")}
    assert len(logs) == 20
    assert "learning_rates/sgd_0.05/seed_9" in logs
    assert set(TAGS) <= {
        value.tag
        for event in events_of(tmp_path / "logs/learning_rates/sgd_0.05/seed_9" / LOG)
        for value in event.summary.value
    }


def test_a_stored_run_is_logged_like_an_archived_one(tmp_path: Path) -> None:
    run = commit(RunStore(tmp_path / "store"), RunConfig(seed=4), [0.25, 0.5])
    write_logs(make_results(make_arm("base", [run])), tmp_path / "logs")
    assert points_of(tmp_path / "logs" / "base" / "seed_4" / LOG, "accuracy/test") == {1: 0.25, 2: 0.5}


def test_logs_are_written_without_tensorflow() -> None:
    program = """
import sys
sys.path.insert(1, "tests/reporting")
from conftest import make_run
from fashion_keras.reporting.tensorboard import log_bytes
assert log_bytes("arm", make_run())
sys.exit("tensorflow" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == 0
