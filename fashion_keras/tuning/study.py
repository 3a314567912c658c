"""Study: what varies, how much of it is tried and what counts as best, in a search or of an arm that is tuned."""

from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import UserError
from fashion_keras.experiments.definition import DEFAULT_SEEDS
from fashion_keras.storage.trials import Objective

__all__ = ["FIRST_TUNING_SEED", "ORACLES", "Range", "SearchSpace", "Study", "TuneOptions", "TuningError"]

FIRST_TUNING_SEED = 1_000_000
"""Tuning seeds count from here and measuring seeds from 0, so that no run that chose a value is measured."""

ORACLES = ("bayesian", "random", "hyperband", "grid")
DEFAULT_TRIALS = 40
DEFAULT_GENERATION = 8

Range = tuple[float, float]


class TuningError(UserError):
    """A study ended without a trial that could be chosen."""


@dataclass(frozen=True)
class TuneOptions:
    """What a user may say of tuning: of a search, or of arms that are tuned alike.

    Attributes:
        space: A search space, `fcn`, `cnn` or `module:function`; of arms the setting that is tuned.
        budget: Trials at most, of each arm alike; None is what is usual.
        objective: What is to be best, of a search.
        oracle: How a search proposes its trials, one of `ORACLES`.
        generation: Trials that a search proposes at once; None is what is usual for the oracle.
        seed: Fixes a search's proposals and its tuning seed.
        epochs: Of a search's trials; None is the space's own.
        final_seeds: On how many seeds a search measures its best trial beside the base; 0 leaves that out.
        dry_run: Say what would be searched, and train nothing.
        range: The values of an arm, from where to where; None is what is usual for the setting.
        widen: Wider ranges, one after the other: all earlier trials are kept, and every arm gets the same further ones.
        seeds: Runs of each value of an arm, on as many tuning seeds.
    """

    space: str
    budget: int | None = None
    objective: str = "val_accuracy"
    oracle: str = "bayesian"
    generation: int | None = None
    seed: int = 0
    epochs: int | None = None
    final_seeds: int = DEFAULT_SEEDS
    dry_run: bool = False
    range: Range | None = None
    widen: tuple[Range, ...] = ()
    seeds: int = 1


class SearchSpace(Protocol):
    """What varies in a study."""

    @property
    def name(self) -> str:
        """For people and for folders."""

    def config(self, values: Any, base: RunConfig) -> RunConfig:
        """Return the run of some values, otherwise as the base."""


_ACCURACY = Objective("val_accuracy")
Space = TypeVar("Space", bound=SearchSpace)


@dataclass(frozen=True)
class Study(Generic[Space]):
    """A study, as far as it decides which runs are made.

    Attributes:
        space: What varies.
        base: What does not: epochs, precision, data, and of an arm its other settings.
        seeds: The tuning seeds; each trial has a run on each.
        budget: Trials at most; None is all that the oracle has.
        oracle: What proposes them: one of `ORACLES`, or the space itself.
        objective: What is to be best.
        generation: Trials proposed at once, before any of them is reported; None is all.
    """

    space: Space
    base: RunConfig
    seeds: tuple[int, ...] = (FIRST_TUNING_SEED,)
    budget: int | None = None
    oracle: str = "quasi-random"
    objective: Objective = _ACCURACY
    generation: int | None = None

    @classmethod
    def of_search(cls, space: Space, base: RunConfig, options: TuneOptions) -> "Study[Space]":
        """Build the study of a search, with what is usual for its oracle where nothing is said.

        Random search learns nothing from its trials, so that all of them are one generation: no worker waits.

        Args:
            space: What varies.
            base: Epochs, precision and data of the trials.
            options: What the user says.
        """
        budget, generation = options.budget, options.generation
        if options.oracle in ("random", "bayesian"):
            budget = budget or DEFAULT_TRIALS
        if options.oracle != "random":
            generation = generation or DEFAULT_GENERATION
        seeds = (FIRST_TUNING_SEED + options.seed,)
        return cls(space, base, seeds, budget, options.oracle, Objective(options.objective), generation)

    def configs(self, values: Any, epochs: int | None = None) -> tuple[RunConfig, ...]:
        """Return the runs of a trial, one on each tuning seed; none of them evaluates the test set.

        Epochs that are given, Hyperband's, take the place of the study's; a warm-up is shortened alike.

        Raises:
            UserError: The space is wrong.
        """
        config = self.space.config(values, self.base)
        if epochs is not None:
            config = config.with_epochs(epochs)
        base = self.base
        config = replace(config, evaluate_test="never", precision=base.precision, device=base.device, data=base.data)
        return tuple(replace(config, seed=seed) for seed in self.seeds)
