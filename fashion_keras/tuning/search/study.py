"""A study: one search with its space, budget and seed, and the run that each trial stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from fashion_keras.config.run_config import PROTOCOL_VERSION, RunConfig, canonical_json
from fashion_keras.formatting import safe_name
from fashion_keras.tuning.search.spaces import Space
from fashion_keras.tuning.search.trials import Objective

TUNING_SEEDS = 1_000_000
"""The seeds of searches begin here; comparisons measure on seeds that count from 0."""

ORACLES = ("bayesian", "random", "hyperband", "grid")
DEFAULT_TRIALS = 40
DEFAULT_GENERATION = 8


@dataclass(frozen=True)
class Study:
    """A search, as far as it decides which runs are made.

    Attributes:
        space: What varies.
        oracle: One of `ORACLES`.
        num_trials: At most so many; None is all that the oracle has.
        seed: Fixes the proposals and, by `tuning_seed`, the runs.
        epochs: Of a trial; of Hyperband's longest ones.
        objective: What is to be best.
        generation: Trials proposed at once, before any of them is told; None is all.
        precision: As in `RunConfig`.
        data: Content hash of the data set.
    """

    space: Space
    oracle: str
    num_trials: int | None
    seed: int
    epochs: int
    objective: Objective
    generation: int | None
    precision: str
    data: str

    @classmethod
    def of(
        cls,
        space: Space,
        oracle: str,
        *,
        trials: int | None = None,
        seed: int = 0,
        epochs: int | None = None,
        objective: str = "val_accuracy",
        generation: int | None = None,
        precision: str = "float32",
        data: str = RunConfig().data,
    ) -> "Study":
        """Build a study, with what is usual for its oracle where nothing is said.

        Random search learns nothing from its trials, so that all of them are one generation: no worker waits.
        """
        if oracle in ("random", "bayesian"):
            trials = trials or DEFAULT_TRIALS
        if oracle != "random":
            generation = generation or DEFAULT_GENERATION
        epochs = epochs or space.default_epochs
        return cls(space, oracle, trials, seed, epochs, Objective(objective), generation, precision, data)

    @property
    def tuning_seed(self) -> int:
        """The seed of every run: all trials share split, order of batches and what else a seed fixes."""
        return TUNING_SEEDS + self.seed

    def config(self, hp: Any, epochs: int | None = None) -> RunConfig:
        """Return the run of some values of the hyperparameters; it never evaluates the test set.

        Args:
            hp: keras-tuner's HyperParameters.
            epochs: Hyperband's, instead of the study's; a warm-up is shortened alike.

        Raises:
            SpaceError: The space is wrong.
        """
        config = self.space.config(hp, self.epochs)
        if epochs is not None:
            config = config.with_epochs(epochs)
        return replace(config, seed=self.tuning_seed, evaluate_test="never", precision=self.precision, data=self.data)

    def identity(self, hyperparameters: Mapping[str, Any], default: RunConfig) -> str:
        """Return eight digits that another space, budget, seed, data or protocol would change.

        Args:
            hyperparameters: What varies and where, as keras-tuner describes it.
            default: The run of the default values: it shows a change of what the space makes of them.
        """
        definition = {
            "space": [self.space.name, hyperparameters, default.to_json()],
            "budget": [self.oracle, self.num_trials, self.epochs, self.generation],
            "seed": self.seed,
            "objective": self.objective.name,
            "protocol": PROTOCOL_VERSION,
        }
        return sha256(canonical_json(definition).encode()).hexdigest()[:8]

    def name(self, identity: str) -> str:
        """Return the name of the study's folder."""
        return safe_name(f"{self.space.name.replace(':', '.')}-{self.oracle}-s{self.seed}-{identity}")
