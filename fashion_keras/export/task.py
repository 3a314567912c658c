"""Export task: a stored run exported as a SavedModel by a worker process."""

import traceback
from dataclasses import dataclass
from pathlib import Path

from fashion_keras.data import DataLocation
from fashion_keras.errors import UserError
from fashion_keras.execution.tasks import Outcome, describe_failure, load_cached
from fashion_keras.export.saved_model import export_run
from fashion_keras.inference.record import ParityReport
from fashion_keras.storage.runs import read_run

__all__ = ["ExportTask", "execute_export"]


@dataclass(frozen=True)
class ExportTask:
    """Export a stored run as a SavedModel.

    Attributes:
        run: The run's folder.
        path: The SavedModel's folder, `.../1`.
    """

    run: Path
    path: Path
    location: DataLocation

    @property
    def label(self) -> str:
        """For people."""
        return str(self.path)


def execute_export(task: ExportTask) -> Outcome[ParityReport]:
    """Export a stored run, quick where that export is there already; the value is how it compares with the run."""
    try:
        run = read_run(task.run)
        if run is None:
            return Outcome("failed", f"{task.run} holds no complete run")
        return Outcome("done", value=export_run(run, load_cached(task.location), task.path))
    except UserError as error:
        return Outcome("failed", describe_failure(error))
    except Exception as error:
        traceback.print_exc()
        return Outcome("failed", describe_failure(error))
