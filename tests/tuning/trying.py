"""Searches without training: spaces of two hyperparameters, and an engine whose runs are worth what a formula says."""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from stored_runs import commit

from fashion_keras.config.components import option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.execution import Outcome, RunTask
from fashion_keras.storage.runs import RunStore
from fashion_keras.tuning.search.generations import Search
from fashion_keras.tuning.search.spaces import FunctionSpace
from fashion_keras.tuning.study import Study, TuneOptions

FOUR_EPOCHS = RunConfig(epochs=4)
NOWHERE = DataLocation("none", Path("nowhere"), (), "nowhere", "0", ())


def tiny(hp: Any) -> dict[str, Any]:
    return {
        "dropout_rate": hp.Choice("dropout_rate", [0.0, 0.2, 0.4, 0.6]),
        "learning_rate": hp.Float("learning_rate", 1e-3, 1.0, sampling="log"),
    }


def words(hp: Any) -> dict[str, Any]:
    """Six settings: momentum exists with SGD alone."""
    with_decay = hp.Choice("optimizer", ["sgd", "adamw"])
    with hp.conditional_scope("optimizer", ["adamw"]):
        decay = hp.Choice("weight_decay", [0.1, 0.2, 0.4])
    with hp.conditional_scope("optimizer", ["sgd"]):
        momentum = hp.Choice("momentum", [0.0, 0.5, 0.9])
    return {"optimizer": with_decay, "learning_rate": 0.01, "weight_decay": decay, "momentum": momentum}


def worth(config: RunConfig) -> float:
    """A validation accuracy that is best near a rate of 0.1 and without dropout, and grows with the epochs."""
    rate = option_values("optimizer", config.optimizer)["learning_rate"]
    dropout = option_values("model", config.model)["dropout_rate"]
    return 0.9 - 0.05 * dropout - 0.02 * abs(math.log10(rate) + 1) - 0.1 / config.epochs


class Engine:
    """Does every run at once; `respond` may say otherwise.

    Attributes:
        respond: From a configuration to an outcome; None is done.
        runs: What it was given.
        backwards: Whether the last task ends first, as with many workers it may.
    """

    def __init__(self, workers: int = 2, backwards: bool = False) -> None:
        self.workers = workers
        self.backwards = backwards
        self.runs: list[RunConfig] = []
        self.respond: Callable[[RunConfig], Outcome | None] = lambda _: None

    def __call__(self, workers: int, **_: Any) -> "Engine":
        return self

    cards = ()

    def close(self) -> None:
        """There are no workers to end."""

    def run(self, _: object, tasks: Sequence[Any]) -> Iterator[tuple[Any, Outcome]]:
        for task in reversed(tasks) if self.backwards else tasks:
            if isinstance(task, RunTask):
                self.runs.append(task.config)
                outcome = self.respond(task.config)
                if outcome is None:
                    is_search = task.config.evaluate_test == "never"
                    commit(RunStore(task.store), task.config, [0.5, worth(task.config)], with_test=not is_search)
                yield task, outcome or Outcome("done")
            else:
                yield task, Outcome("done")


def make_study(
    oracle: str = "random", function: Callable[[Any], Any] = tiny, base: RunConfig = FOUR_EPOCHS, **options: Any
) -> Study[FunctionSpace]:
    settings = {"budget": 6, **options}
    return Study.of_search(FunctionSpace("tests:space", function), base, TuneOptions("", oracle=oracle, **settings))


def make_search(study: Study[FunctionSpace], store: Path, engine: Engine | None = None) -> tuple[Search, io.StringIO]:
    output = io.StringIO()
    console = Console(file=output, width=200)
    return Search(study, RunStore(store), NOWHERE, engine or Engine(), console), output


def search(study: Study[FunctionSpace], store: Path, engine: Engine | None = None) -> Search:
    made, _ = make_search(study, store, engine)
    made.run()
    return made
