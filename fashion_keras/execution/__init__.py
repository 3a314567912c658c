"""Execution of runs: local processes or a Ray cluster, behind the same interface."""

from fashion_keras.execution.local import Engine, LocalEngine
from fashion_keras.execution.tasks import Outcome, RunTask, execute_run

__all__ = ["Engine", "LocalEngine", "Outcome", "RunTask", "execute_run"]
