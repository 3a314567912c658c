"""Searches without training: spaces of two hyperparameters, whose runs are worth what a formula says."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_engine import Engine
from rich.console import Console

from fashion_keras.config.components import option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
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


def make_study(
    oracle: str = "random", function: Callable[[Any], Any] = tiny, base: RunConfig = FOUR_EPOCHS, **options: Any
) -> Study:
    settings = {"budget": 6, **options}
    return Study.of(FunctionSpace("tests:space", function), base, TuneOptions("", oracle=oracle, **settings))


def make_search(study: Study, store: Path, engine: Engine | None = None) -> tuple[Search, io.StringIO]:
    output = io.StringIO()
    console = Console(file=output, width=200)
    return Search(study, RunStore(store), NOWHERE, engine or Engine(accuracy=worth), console), output


def search(study: Study, store: Path, engine: Engine | None = None) -> Search:
    made, _ = make_search(study, store, engine)
    made.run()
    return made
