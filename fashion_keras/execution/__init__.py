"""Where runs are executed: local processes now, other engines behind the same interface."""

from fashion_keras.execution.local import LocalEngine
from fashion_keras.execution.tasks import ExportTask, Outcome, RunTask, execute_export, execute_run

__all__ = ["ExportTask", "LocalEngine", "Outcome", "RunTask", "execute_export", "execute_run"]
