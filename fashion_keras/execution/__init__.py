"""Where runs are executed: local processes or a Ray cluster, behind the same interface."""

from fashion_keras.execution.local import Engine, LocalEngine
from fashion_keras.execution.tasks import ExportTask, Outcome, RunTask, execute_export, execute_run

__all__ = ["Engine", "ExportTask", "LocalEngine", "Outcome", "RunTask", "execute_export", "execute_run"]
