"""The trials of one comparison: every arm at every value, on tuning seeds, without the test set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fashion_keras.config.catalogue import UNKNOWN, Option, suggest
from fashion_keras.config.run_config import COMPONENT_KINDS, RunConfig, find_signature, option_values
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.names import tuned_name
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.tunings import Trial, TrialRun, TunedArm, TuningRecord
from fashion_keras.tuning.sweep.values import DEFAULT_BUDGET, DEFAULT_RANGES, Range, Space

FIRST_TUNING_SEED = 1_000_000
"""Tuning seeds count from here and measuring seeds from 0, so that no run that chose a value is measured."""


@dataclass(frozen=True)
class TuneOptions:
    """What a user may say of tuning.

    Attributes:
        setting: What is tuned.
        budget: How many values every arm tries.
        range: From where to where; None is the setting's own in `DEFAULT_RANGES`.
        widen: Wider ranges, one after the other: all earlier trials are kept, and every arm gets the same further ones.
        seeds: Runs of each value.
    """

    setting: str
    budget: int = DEFAULT_BUDGET
    range: Range | None = None
    widen: tuple[Range, ...] = ()
    seeds: int = 1


@dataclass(frozen=True)
class Study:
    """The tuning of one comparison.

    Attributes:
        experiment: What is tuned, as it is trained.
        space: The values that every arm tries.
        seeds: The tuning seeds.
        merged: The arms that are tuned, and to each the names of those that differ from it in the setting alone.
    """

    experiment: Experiment
    space: Space
    seeds: tuple[int, ...]
    merged: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, experiment: Experiment, options: TuneOptions) -> "Study":
        """Plan the trials of a comparison.

        Raises:
            ConfigError: An arm does not have the setting, or not of such values; or no two arms are left.
        """
        declared = [_option_of(experiment, arm, options.setting) for arm in experiment.arms]
        first = options.range or DEFAULT_RANGES.get(options.setting)
        if first is None:
            raise ConfigError(f"--tune {options.setting} needs a range beside it: --range LOW,HIGH")
        is_whole = any(option.kind is int for option in declared)
        space = Space(options.setting, (first, *options.widen), options.budget, is_whole)
        for end in space.ranges[-1]:
            for arm, option in zip(experiment.arms, declared, strict=True):
                option.check(f"arm {arm.name!r}: {options.setting}", int(end) if is_whole else end)
        merged = _merge_arms(experiment, options.setting, space.values[0])
        if len(merged) < 2:
            raise ConfigError(
                f"the arms of {experiment.name} differ in {options.setting} alone: once it is tuned, nothing is left "
                "to compare"
            )
        seeds = tuple(range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + options.seeds))
        return cls(experiment, space, seeds, merged)

    @property
    def configs(self) -> list[RunConfig]:
        """The runs of all trials, all arms of a value before the next value."""
        return [
            self.config_of(name, value, seed)
            for seed in self.seeds
            for stage in self.space.stages
            for value in stage
            for name in self.merged
        ]

    def config_of(self, name: str, value: float, seed: int) -> RunConfig:
        """Return a run of a trial: the arm with another value, never evaluated on the test set."""
        (arm,) = self.experiment.select([name])
        changes: dict[str, Any] = {self.space.setting: value}
        return self.experiment.config_of(arm).with_changes(**changes, seed=seed, evaluate_test="never")

    def record(self, store: RunStore, overrides: Mapping[str, Any], untuned: Mapping[str, Any]) -> TuningRecord:
        """Return what the trials in a store say.

        Args:
            store: It has all of them.
            overrides, untuned: See `TuningRecord`.

        Raises:
            StoreError: A trial is missing.
        """
        arms = [
            TunedArm(name, others, tuple(self._trial(store, name, value) for value in self.space.values))
            for name, others in self.merged.items()
        ]
        return TuningRecord(
            setting=self.space.setting,
            scale=self.space.scale,
            ranges=self.space.ranges,
            budgets=tuple(len(stage) for stage in self.space.stages),
            seeds=self.seeds,
            overrides=overrides,
            arms=tuple(arms),
            untuned=untuned,
        )

    def _trial(self, store: RunStore, name: str, value: float) -> Trial:
        runs = []
        for seed in self.seeds:
            run = store.find(self.config_of(name, value, seed))
            if run is None:
                raise StoreError(f"{store.root} has no trial of {name} at {self.space.setting} {value:g}; try again")
            final = run.final
            runs.append(TrialRun(seed, run.path.name, run.status, final["val_accuracy"], final["val_loss"]))
        return Trial(value, tuple(runs))


def tuned_experiment(
    experiment: Experiment, setting: str, picks: Mapping[str, float], merged: Mapping[str, tuple[str, ...]]
) -> Experiment:
    """Return the comparison of a comparison's arms at their picks.

    Its arms have no row of the report: that one had other values.

    Args:
        experiment: The comparison.
        setting: What was tuned.
        picks: The value of each arm that is left.
        merged: See `Study`.
    """
    arms = [Arm(arm.name, **{**arm.changes, setting: picks[arm.name]}) for arm in experiment.arms if arm.name in picks]
    baselines = [name for name, others in merged.items() if experiment.baseline in (name, *others)]
    words = setting.replace("_", " ")
    subject = experiment.name.replace("_", " ")
    return replace(
        experiment,
        name=tuned_name(experiment.name, setting),
        title=f"{subject[0].upper()}{subject[1:]}, each arm at its tuned {words}",
        arms=tuple(arms),
        baseline=baselines[0],
    )


def _merge_arms(experiment: Experiment, setting: str, value: float) -> dict[str, tuple[str, ...]]:
    """Return the first of the arms that are one once they share the setting's value, and the names of the others."""
    alike: dict[RunConfig, list[str]] = {}
    for arm in experiment.arms:
        config = experiment.config_of(arm).with_changes(**{setting: value})
        alike.setdefault(config, []).append(arm.name)
    return {first: tuple(others) for first, *others in alike.values()}


def _option_of(experiment: Experiment, arm: Arm, setting: str) -> Option:
    """Return what values an arm's setting takes."""
    numbers = _numbers_of(experiment.config_of(arm))
    if setting not in numbers:
        raise ConfigError(f"--tune: a number of arm {arm.name!r} of {experiment.name} is {suggest(setting, numbers)}")
    return numbers[setting]


def _numbers_of(config: RunConfig) -> dict[str, Option]:
    """Return the settings of a configuration that are numbers and can be tuned."""
    numbers = {"batch_size": Option(512, int, low=1)}
    for kind in COMPONENT_KINDS:
        component = getattr(config, kind)
        declared = find_signature(kind, component.name).options
        for name, value in option_values(kind, component).items():
            option = declared.get(name, Option(UNKNOWN, object))
            # A network of one's own and Keras's classes declare no kinds: what is a number there stays one of its kind.
            kind_of_number = type(value) if option.kind is object else option.kind
            if kind_of_number in (int, float) and not option.component:
                numbers[name] = replace(option, kind=kind_of_number)
    return numbers
