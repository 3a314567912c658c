"""Export task: a stored run exported as a SavedModel by a worker process."""

from dataclasses import dataclass
from pathlib import Path

from fashion_keras.data import DataLocation
from fashion_keras.errors import StoreError
from fashion_keras.execution.tasks import load_cached, never_raising
from fashion_keras.export.saved_model import export_run
from fashion_keras.inference.record import ParityReport
from fashion_keras.storage.runs import read_run

__all__ = ["ExportTask", "execute_export"]


@dataclass(frozen=True)
class ExportTask:
    """Export the stored run in the folder `run` as the SavedModel `path`, `.../1`."""

    run: Path
    path: Path
    location: DataLocation


@never_raising
def execute_export(task: ExportTask) -> ParityReport:
    """Export a stored run, quick where that export is there already; the value is how it compares with the run."""
    run = read_run(task.run)
    if run is None:
        raise StoreError(f"{task.run} holds no complete run")
    return export_run(run, load_cached(task.location), task.path)
