"""Finished runs as TensorBoard shows them: a log per arm and seed, written from the stored histories.

    DIR/COMPARISON/ARM/seed_N/events.out.tfevents.fashion_keras

Such a log depends on its run alone, and stands under one name: written again it replaces itself, so that no point is
there twice. TensorBoard's own messages and framing are used, and they load without TensorFlow.
"""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_keras.formatting import count_noun, safe_name
from fashion_keras.reporting.rendering import settings_of
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.files import write_files
from fashion_keras.storage.runs import StoredRun

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

__all__ = ["LOG", "TAGS", "log_bytes", "run_settings", "write_logs"]

LOG = "events.out.tfevents.fashion_keras"
"""The name of every log; TensorBoard looks for `tfevents` in it."""

TAGS = {
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "val_accuracy",
    "accuracy/test": "test_accuracy",
    "loss/train": "train_loss",
    "loss/validation": "val_loss",
    "loss/test": "test_loss",
    "learning_rate": "learning_rate",
}
"""From TensorBoard's name of a curve to its key in a run's history; what stands before `/` is a group of charts."""


def write_logs(results: ComparisonResults, folder: Path) -> str:
    """Write a log for each run of a comparison that is there, and return a line that says so.

    Args:
        results: The requested arms and seeds.
        folder: Where to: it gets `ARM/seed_N/` below it, and is made where it is missing.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    runs = [(arm.name, seed, run) for arm in results.arms for seed, run in arm.runs.items()]
    for name, seed, run in runs:
        _write_log(folder / safe_name(name) / f"seed_{seed}", log_bytes(name, run))
    return f"TensorBoard: {count_noun(len(runs), 'run')} in {folder}"


def _write_log(folder: Path, content: bytes) -> None:
    """Write a log, but leave an equal one alone: a TensorBoard that is open would read it from its start again."""
    path = folder / LOG
    if not (path.is_file() and path.read_bytes() == content):
        write_files(folder, {LOG: content})


def log_bytes(arm: str, run: StoredRun) -> bytes:
    """Return the log of a run: equal runs give equal bytes."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    file = io.BytesIO()
    writer = RecordWriter(file)
    for event in _events(arm, run):
        writer.write(event.SerializeToString(deterministic=True))
    return file.getvalue()


def _events(arm: str, run: StoredRun) -> "Iterator[Event]":
    """The settings, the curves from epoch 1 on, and that the run ended.

    A history has no times of day: its epochs are spread evenly over the run's duration, up to when it was finished.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    end = datetime.fromisoformat(run.result["finished_at"]).timestamp()
    start = end - run.seconds["total"]
    epochs = len(run.history["train_loss"])
    yield Event(wall_time=start, file_version="brain.Event:2")
    yield Event(wall_time=start, summary=_started(run_settings(arm, run), start))
    for epoch in range(epochs):
        time = start + (end - start) * (epoch + 1) / epochs
        yield Event(wall_time=time, step=epoch + 1, summary=_scalars(run, epoch))
    # A run that diverged has ended like any other: where its curves stop, they say so.
    ended = SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=end)
    summary = _hparams_summary(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=ended))
    yield Event(wall_time=end, summary=summary)


def _scalars(run: StoredRun, epoch: int) -> Any:
    """One epoch's values; what was not evaluated, or is no number after a run diverged, is left out."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = {tag: run.history[key][epoch] for tag, key in TAGS.items()}
    return Summary(value=[Summary.Value(tag=tag, simple_value=it) for tag, it in values.items() if it is not None])


def _started(settings: dict[str, str | float], start: float) -> Any:
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

    info = SessionStartInfo(start_time_secs=start)
    for name, value in settings.items():
        if isinstance(value, str):
            info.hparams[name].string_value = value
        else:
            info.hparams[name].number_value = value
    return _hparams_summary(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=info))


def _hparams_summary(tag: str, content: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata

    about = metadata.create_summary_metadata(content)
    return Summary(value=[Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)])


def run_settings(arm: str, run: StoredRun) -> dict[str, str | float]:
    """Return an arm's name and a run's settings, as texts and numbers for TensorBoard's table."""
    values = {"arm": arm, **settings_of(run), "seed": run.config.seed}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> str | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return str(value)
