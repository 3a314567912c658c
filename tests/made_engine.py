"""Engine without training, for tests of what is done with tasks, and a working folder in which commands use it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from stored_runs import commit

from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.export.task import ExportTask
from fashion_keras.storage.runs import RunStore


class Engine:
    """Does every task at once; `respond` may say otherwise.

    Attributes:
        respond: From a task to its outcome; None is done.
        accuracy: What a run ends with.
        value: Of what is done.
        tasks: What it was given.
        options: With which it was made.
        backwards: Whether the last task ends first, as with many workers it may.
    """

    cards = ()

    def __init__(
        self,
        workers: int = 2,
        accuracy: Callable[[RunConfig], float] = lambda _: 1.0,
        value: Any = None,
        backwards: bool = False,
    ) -> None:
        self.workers = workers
        self.accuracy = accuracy
        self.value = value
        self.backwards = backwards
        self.tasks: list[Any] = []
        self.options: dict[str, Any] = {}
        self.respond: Callable[[Any], Outcome | None] = lambda _: None

    def __call__(self, workers: int, **options: Any) -> Self:
        self.workers, self.options = workers, options
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def run(self, _: object, tasks: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
        for task in reversed(tasks) if self.backwards else tasks:
            self.tasks.append(task)
            outcome = self.respond(task)
            if outcome is None and isinstance(task, RunTask):
                losses, with_test = (2.0, self.accuracy(task.config)), task.config.evaluate_test != "never"
                commit(RunStore(task.store), task.config, losses, with_test=with_test)
            yield task, outcome or Outcome("done", value=self.value)

    @property
    def runs(self) -> list[RunConfig]:
        """The runs that it was given, in their order."""
        return [task.config for task in self.tasks if isinstance(task, RunTask)]

    @property
    def exports(self) -> list[str]:
        """The folders that it was told to export to."""
        return [str(task.path) for task in self.tasks if isinstance(task, ExportTask)]


def work_in(folder: Path, engine: Engine, patch: pytest.MonkeyPatch, draws: bool = False) -> Engine:
    """Make a folder the current one, in which commands use an engine and, as it takes seconds, draw nothing.

    `patch` is the one of the test: of two, the second to be undone would bring back what the first one has undone.
    """
    patch.chdir(folder)
    patch.setattr("fashion_keras.workflows.session.LocalEngine", engine)
    if not draws:
        patch.setattr("fashion_keras.reporting.Report.draw", lambda _: {})
    return engine
