"""Study of a search: what varies, how much of it is tried, what counts as best; and what a user may say of tuning."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import UserError
from fashion_keras.experiments.definition import DEFAULT_SEEDS
from fashion_keras.storage.trials import Objective

if TYPE_CHECKING:
    from fashion_keras.tuning.search.spaces import FunctionSpace

__all__ = ["FIRST_TUNING_SEED", "ORACLES", "Range", "Study", "TuneOptions", "TuningError", "trial_configs"]

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


def trial_configs(config: RunConfig, base: RunConfig, seeds: Sequence[int]) -> tuple[RunConfig, ...]:
    """Return the runs of a trial, one on each of the tuning `seeds`; none of them evaluates the test set.

    They are those of `config`, with precision, device and data of the `base`, whatever a space says.
    """
    config = replace(config, evaluate_test="never", precision=base.precision, device=base.device, data=base.data)
    return tuple(replace(config, seed=seed) for seed in seeds)


@dataclass(frozen=True)
class Study:
    """A search, as far as it decides which runs are made.

    Attributes:
        space: What varies.
        base: What does not: epochs, precision and data.
        seed: Fixes the proposals and `tuning_seed`.
        budget: Trials at most; None is all that the oracle has.
        oracle: What proposes them, one of `ORACLES`.
        objective: What is to be best.
        generation: Trials proposed at once, before any of them is reported; None is all.
    """

    space: "FunctionSpace"
    base: RunConfig
    seed: int
    budget: int | None
    oracle: str
    objective: Objective
    generation: int | None

    @classmethod
    def of(cls, space: "FunctionSpace", base: RunConfig, options: TuneOptions) -> "Study":
        """Return the study that a user asks for, with what is usual for its oracle where nothing is said.

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
        return cls(space, base, options.seed, budget, options.oracle, Objective(options.objective), generation)

    @property
    def tuning_seed(self) -> int:
        """The seed of all trials."""
        return FIRST_TUNING_SEED + self.seed

    def config(self, values: Any, epochs: int | None = None) -> RunConfig:
        """Return the run of a trial, see `trial_configs`.

        Epochs that are given, Hyperband's, take the place of the study's; a warm-up is shortened alike.

        Raises:
            UserError: The space is wrong.
        """
        config = self.space.config(values, self.base)
        if epochs is not None:
            config = config.with_epochs(epochs)
        return trial_configs(config, self.base, [self.tuning_seed])[0]
