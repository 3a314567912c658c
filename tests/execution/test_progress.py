"""The display of runs in work, from logs written by hand."""

import io
import json
import os
import re
import time
from pathlib import Path

import pytest
from rich.console import Console
from stored_runs import commit

from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution import Outcome, progress
from fashion_keras.execution.progress import RunProgress
from fashion_keras.storage.runs import RunStore

CONFIGS = [RunConfig(epochs=10, seed=seed) for seed in range(4)]
LABELS = {config: f"slow, seed {config.seed}" for config in CONFIGS}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def make_display(store: RunStore, *, is_terminal: bool = False) -> tuple[RunProgress, io.StringIO]:
    output = io.StringIO()
    console = Console(file=output, width=200, force_terminal=is_terminal)
    return RunProgress(store, LABELS, console), output


def log_epochs(store: RunStore, config: RunConfig, num_epochs: int) -> Path:
    """Write what a run has logged after some epochs."""
    folder = store.partial_folder(config)
    folder.mkdir(parents=True, exist_ok=True)
    records = [
        json.dumps({"epoch": epoch, "val_loss": 1 / epoch, "seconds": 0.5}) for epoch in range(1, num_epochs + 1)
    ]
    (folder / "history.jsonl").write_text("".join(f"{record}\n" for record in records))
    return folder


def test_running_runs_are_shown_with_epoch_and_loss(store: RunStore) -> None:
    display, output = make_display(store)
    log_epochs(store, CONFIGS[0], 4)
    store.begin(CONFIGS[1])
    display._show()
    assert output.getvalue() == ("0 of 4 runs done | slow, seed 0: epoch 4/10, validation loss 0.2500; slow, seed…\n")


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("", "starting"),
        ("\n", "starting"),
        ("no json\n", "starting"),
        ('{"epoch": 3, "val_loss": null}\n', "epoch 3/10"),
        ('{"epoch": 3, "val_loss": 0.5}\n', "epoch 3/10, validation loss 0.5000"),
        ('{"epoch": 3, "val_loss": 0.5}\n{"epoch": 4, "val', "epoch 3/10, validation loss 0.5000"),
        ('{"epoch": 3, "val_loss": 0.5}\n{', "epoch 3/10, validation loss 0.5000"),
        ('{"epoch": 3}\n' * 1000 + '{"epoch": 4}\n', "epoch 4/10"),
    ],
)
def test_last_whole_line_of_a_log_is_what_is_shown(store: RunStore, log: str, shown: str) -> None:
    display, output = make_display(store)
    (store.begin(CONFIGS[0]) / "history.jsonl").write_text(log)
    display._show()
    assert output.getvalue().endswith(f": {shown}\n")


def test_plain_lines_come_when_a_tenth_of_the_runs_has_ended_or_after_a_while(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = io.StringIO()
    configs = [RunConfig(epochs=10, seed=seed) for seed in range(40)]
    display = RunProgress(store, dict.fromkeys(configs, "slow"), Console(file=output))
    for config in configs:
        display.end(config, Outcome("done"))
        display._show()
        display._show()
    assert [line.split()[0] for line in output.getvalue().splitlines()] == [str(4 * n + 1) for n in range(10)]
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_SEC", 0.0)
    display._show()
    assert output.getvalue().count("\n") == 11


def test_both_displays_fit_a_terminal_of_80_columns(store: RunStore) -> None:
    for is_terminal in (False, True):
        output = io.StringIO()
        console = Console(file=output, width=80, force_terminal=is_terminal, color_system=None)
        labels = {
            RunConfig(epochs=100, seed=n): f"an arm of a very long name and many words, seed {n}" for n in range(2)
        }
        with RunProgress(store, labels, console) as display:
            for config in labels:
                log_epochs(store, config, 100)
            display._show()
        lines = [re.sub(r"\x1b\[\S*?[A-Za-z]", "", line) for line in re.split(r"[\r\n]", output.getvalue())]
        shown = ", seed 1", "epoch 100/100, validation loss 0.0100"
        assert not is_terminal or any(all(part in line for part in shown) for line in lines), "nothing is cut off"
        assert max(map(len, lines)) <= 80


def test_failure_is_said_at_once_and_counted(store: RunStore) -> None:
    display, output = make_display(store)
    display.end(CONFIGS[0], Outcome("failed", "out of [b]memory[/b]"))
    display._show()
    assert output.getvalue().splitlines() == [
        "failed: slow, seed 0: out of [b]memory[/b]",
        "1 of 4 runs done, 1 failed",
    ]


def test_runs_of_others_and_ended_ones_are_not_shown(store: RunStore) -> None:
    display, _ = make_display(store)
    log_epochs(store, CONFIGS[0], 5)
    log_epochs(store, CONFIGS[0].with_changes(epochs=99), 5)
    display.end(CONFIGS[0], Outcome("done"))
    assert display._read_running() == {}


def test_what_a_killed_process_left_is_not_shown(store: RunStore) -> None:
    folder = log_epochs(store, CONFIGS[0], 9)
    for path in (folder / "history.jsonl", folder):
        os.utime(path, (time.time() - 60, time.time() - 60))
    display, _ = make_display(store)
    assert display._read_running() == {}
    log_epochs(store, CONFIGS[0], 1)  # and now it runs again
    assert list(display._read_running()) == [CONFIGS[0].folder]


def test_time_left_is_the_time_so_far_scaled_by_the_epochs_left(store: RunStore) -> None:
    display, _ = make_display(store)
    display.started = time.monotonic() - 60
    display.end(CONFIGS[0], Outcome("done"))
    log_epochs(store, CONFIGS[1], 5)  # 15 of 40 epochs in a minute: 25 more take 100 seconds
    running = display._read_running()
    assert display._seconds_left(running) == pytest.approx(100, abs=1)
    assert display._headline(running) == "1 of 4 runs done, 1 min 40 s left"


def test_time_left_is_unknown_at_first(store: RunStore) -> None:
    display, _ = make_display(store)
    log_epochs(store, CONFIGS[0], 1)
    assert display._seconds_left(display._read_running()) is None, "too early"
    display.started = time.monotonic() - 60
    assert display._seconds_left({}) is None, "nothing is done"


def test_run_that_ends_while_it_is_read_does_no_harm(store: RunStore) -> None:
    display, _ = make_display(store)
    display.started = time.monotonic() - 60
    log_epochs(store, CONFIGS[0], 5)
    running = display._read_running()
    display.end(CONFIGS[0], Outcome("done"))
    assert display._seconds_left(running) == pytest.approx(180, abs=1)


def test_display_works_by_itself_until_its_end(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "POLL_SEC", 0.01)
    display, output = make_display(store)
    with display:
        log_epochs(store, CONFIGS[0], 4)
        while "epoch 4/10" not in output.getvalue():
            time.sleep(0.01)
            display._display.last_time = 0.0  # type: ignore[union-attr]
    assert not display._thread.is_alive()


def test_terminal_shows_a_bar_for_each_run_in_work(store: RunStore) -> None:
    display, output = make_display(store, is_terminal=True)
    display._display.start()
    log_epochs(store, CONFIGS[0], 4)
    display._show()
    log_epochs(store, CONFIGS[1], 2)
    display.end(CONFIGS[0], Outcome("done"))
    display._show()
    display._display.say("failed: [1/2]")
    display._display.stop()
    text = output.getvalue()
    assert "epoch 2/10, validation loss 0.5000" in text
    assert "1 of 4 runs done" in text
    assert "failed: [1/2]" in text
    assert list(display._display.rows) == [CONFIGS[1].folder]  # type: ignore[union-attr]


def test_means_of_the_arms_are_shown_as_their_runs_end(store: RunStore) -> None:
    labels = {CONFIGS[0]: "slow, seed 0", CONFIGS[1]: "slow, seed 1", CONFIGS[2]: "fast, seed 0"}
    output = io.StringIO()
    display = RunProgress(store, labels, Console(file=output, width=200, force_terminal=True))
    assert display.means == ""
    for config, accuracy in zip(labels, (0.5, 0.6, 0.9), strict=True):
        commit(store, config, [accuracy])
        display.end(config, Outcome("done"))
    assert display.means == "test accuracy so far, %: fast 90.00, slow 55.00", "a narrow line shows the last at least"
