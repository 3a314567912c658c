"""Runs on disk: complete or absent, whatever happens to the process, the disk or the folder."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stored_runs import commit, make_result

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import StoreError
from fashion_keras.results.metrics import Metric
from fashion_keras.storage import runs as store_module
from fashion_keras.storage.files import write_file
from fashion_keras.storage.runs import RunStore

CONFIG = RunConfig(epochs=2, seed=3)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


class Crash(BaseException):
    """Ends the process, as far as the code under test can tell."""


def raise_os_error(number: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_finished_run_is_found_with_everything_it_kept(store: RunStore) -> None:
    result = make_result(CONFIG)
    store.begin(CONFIG)
    store.commit(result)
    run = store.find(CONFIG)
    assert run is not None
    assert (run.config, run.seed, run.run_id, run.status) == (CONFIG, 3, CONFIG.run_id, "finished")
    assert run.history == result.history
    assert run.final == result.final
    assert run.seconds == result.seconds
    for loaded, given in zip(run.load_weights(), result.weights, strict=True):
        assert loaded.dtype == given.dtype
        np.testing.assert_array_equal(loaded, given)
    for name, given in vars(result.predictions).items():
        loaded = getattr(run.load_predictions(), name)
        assert loaded.dtype == given.dtype
        np.testing.assert_array_equal(loaded, given)
    assert run.correct is not None
    np.testing.assert_array_equal(run.correct, result.predictions.correct)


def test_more_than_ten_weights_keep_their_order(store: RunStore) -> None:
    result = make_result(CONFIG)
    result.weights[:] = [np.full(1, number, np.float32) for number in range(12)]
    store.begin(CONFIG)
    assert [weight.item() for weight in store.commit(result).load_weights()] == list(range(12))


def test_run_that_diverged_or_never_saw_the_test_set_is_kept_as_a_result(store: RunStore) -> None:
    run = commit(store, CONFIG, [2.0, None])
    assert (run.status, run.history["train_loss"]) == ("diverged", [2.0, None])
    assert commit(store, CONFIG.with_changes(seed=4), with_test=False).correct is None


def test_run_that_stopped_where_it_diverged_is_not_judged_by_its_seconds(store: RunStore) -> None:
    runs = [commit(store, CONFIG.with_changes(seed=seed), [1.0, loss]) for seed, loss in enumerate((0.5, None))]
    assert str([run.judged_value(Metric("seconds")) for run in runs]) == "[15.0, nan]"


def test_finished_run_keeps_no_logs_of_its_training(store: RunStore) -> None:
    folder = store.begin(CONFIG)
    (folder / "history.jsonl").write_text("{}")
    (folder / "log.txt").write_text("said while it trained")
    run = store.commit(make_result(CONFIG))
    assert sorted(path.name for path in run.path.iterdir()) == [
        "history.json",
        "predictions.npz",
        "result.json",
        "weights.npz",
    ]


def rename_folder(folder: Path) -> None:
    folder.rename(folder.with_name("fcn-sgd-0.02__s3__0123456789ab"))


def shorten(name: str) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        with (folder / name).open("r+b") as file:
            file.truncate(10)

    return cut


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(shorten("result.json"), id="torn result"),
        pytest.param(rename_folder, id="renamed folder"),
        pytest.param(lambda folder: (folder / "result.json").unlink(), id="no result"),
        pytest.param(lambda folder: (folder / "weights.npz").unlink(), id="no weights"),
        pytest.param(lambda folder: (folder / "predictions.npz").unlink(), id="no predictions"),
        pytest.param(shorten("weights.npz"), id="shortened weights"),
        pytest.param(shorten("history.json"), id="shortened history"),
    ],
)
def test_damaged_run_is_absent_and_can_be_made_again(store: RunStore, damage: Callable[[Path], None]) -> None:
    damage(commit(store, CONFIG).path)
    assert store.find(CONFIG) is None
    assert store.find_folder(CONFIG.folder) is None
    assert list(store.all_runs()) == []
    commit(store, CONFIG)
    assert store.find(CONFIG) is not None


def test_all_runs_come_in_the_order_of_their_names(store: RunStore) -> None:
    configs = [CONFIG.with_changes(seed=seed) for seed in (2, 0, 1)]
    for config in configs:
        commit(store, config)
    assert store.find(CONFIG) is None, "of another seed"
    (store.root / "runs" / "notes.txt").write_text("not a run")
    assert [run.seed for run in store.all_runs()] == [0, 1, 2]


def test_store_that_is_not_there_holds_no_runs_and_is_not_made(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "none")
    assert list(store.all_runs()) == []
    assert store.find(CONFIG) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("point", ["_write_artefacts", "_write_arrays", "_result_record", "rename"])
def test_crash_before_the_end_of_a_commit_leaves_nothing_found(
    store: RunStore, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    store.begin(CONFIG)
    with monkeypatch.context() as patched:
        if point == "rename":
            patched.setattr(Path, "rename", crash)
        else:
            patched.setattr(store_module, point, crash)
        with pytest.raises(Crash):
            store.commit(make_result(CONFIG))
    assert store.find(CONFIG) is None
    assert list(store.all_runs()) == []
    assert list(store.begin(CONFIG).iterdir()) == [], "the next begin cleans up"
    store.commit(make_result(CONFIG))
    assert store.find(CONFIG) is not None
    assert list((store.root / "partial").iterdir()) == []


def test_result_is_the_last_file_of_a_commit(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def note(path: Path, content: str | bytes) -> None:
        names.append(path.name)
        there = {file.name for file in path.parent.iterdir()}
        if path.name == "result.json":
            assert there == {"history.json", "predictions.npz", "weights.npz"}
        write_file(path, content)

    monkeypatch.setattr(store_module, "write_file", note)
    commit(store, CONFIG)
    assert names[-1] == "result.json"


LOCKING = """
import sys, time
from fashion_keras.config.run_config import RunConfig
from fashion_keras.storage.runs import RunStore

with RunStore(sys.argv[1]).lock(RunConfig(epochs=2, seed=3)) as mine:
    print(mine, flush=True)
    time.sleep(60)
"""


def test_lock_excludes_another_process_until_that_is_killed(store: RunStore) -> None:
    with subprocess.Popen([sys.executable, "-c", LOCKING, store.root], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "True\n"
            with store.lock(CONFIG) as mine:
                assert not mine
            with store.lock(CONFIG.with_changes(seed=4)) as mine:
                assert mine, "other runs are free"
        finally:
            other.send_signal(signal.SIGKILL)
    with store.lock(CONFIG) as mine:
        assert mine


def test_lock_is_given_back_after_an_error(store: RunStore) -> None:
    with pytest.raises(Crash), store.lock(CONFIG):
        raise Crash
    with store.lock(CONFIG) as mine, RunStore(store.root).lock(CONFIG) as second:
        assert (mine, second) == (True, False)


def test_failure_keeps_its_log_and_clears_the_rest(store: RunStore) -> None:
    store.begin(CONFIG)
    log = store.fail(CONFIG, "what went wrong")
    assert log is not None
    assert log.read_text() == "what went wrong"
    assert not store.partial_folder(CONFIG).exists()
    assert store.find(CONFIG) is None
    assert commit(store, CONFIG).status == "finished"


def test_failure_without_room_for_its_log_is_no_error(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.begin(CONFIG)
    monkeypatch.setattr(os, "fsync", raise_os_error(errno.ENOSPC))
    assert store.fail(CONFIG, "what went wrong") is None


def test_full_disk_is_one_line_and_loses_nothing(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(store, CONFIG)
    second = CONFIG.with_changes(seed=4)
    folder = store.begin(second)
    (folder / "log.txt").write_text("said while it trained")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", raise_os_error(errno.ENOSPC))
        with pytest.raises(StoreError, match=r"^cannot write .*No space left on device; free some space.*$"):
            store.commit(make_result(second))
    assert (folder / "log.txt").exists(), "the log of the failure is made of it"
    assert store.find(CONFIG) is not None
    assert store.find(second) is None


def test_read_only_disk_is_one_line(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", raise_os_error(errno.EROFS))
    with pytest.raises(StoreError, match=r"^cannot write .*Read-only file system; choose another folder with --out$"):
        store.begin(CONFIG)
    with pytest.raises(StoreError, match="Read-only file system"), store.lock(CONFIG):
        pass


@pytest.mark.parametrize("at", ["", "locks", "partial"])
def test_file_in_the_way_is_one_line(store: RunStore, at: str) -> None:
    path = store.root / at
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("here first")
    with (
        pytest.raises(StoreError, match=r"^cannot write .*; a file is in the way; choose another folder with --out$"),
        store.lock(CONFIG),
    ):
        store.begin(CONFIG)
    assert path.read_text() == "here first"
