"""Sweep of a comparison: a study of every arm, all over the same values, on tuning seeds, without the test set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fashion_keras.config.catalogue import UNKNOWN, Option, suggest
from fashion_keras.config.components import find_signature, option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.experiments.names import tuned_name
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.trials import OBJECTIVES, Objective, Trial
from fashion_keras.storage.tunings import TunedArm, TuningRecord
from fashion_keras.tuning.study import FIRST_TUNING_SEED, TuneOptions, trial_configs
from fashion_keras.tuning.sweep.values import DEFAULT_BUDGET, DEFAULT_RANGES, SettingSpace

__all__ = ["Sweep"]


@dataclass(frozen=True)
class Sweep:
    """The tuning of one comparison's arms.

    Attributes:
        experiment: What is tuned, as it is trained.
        space: The values that every arm tries.
        seeds: The tuning seeds.
        merged: The arms that are tuned, and to each the names of those that differ from it in the setting alone.
    """

    experiment: Experiment
    space: SettingSpace
    seeds: tuple[int, ...]
    merged: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, experiment: Experiment, options: TuneOptions) -> "Sweep":
        """Plan the studies of a comparison's arms.

        Raises:
            ConfigError: An arm does not have the setting, or not of such values; or no two arms are left.
        """
        _find_objective(experiment)
        space = _make_space(experiment, options)
        merged = _merge_arms(experiment, space.setting, space.values[0])
        if len(merged) < 2:
            raise ConfigError(
                f"the arms of {experiment.name} differ in {space.setting} alone: once it is tuned, nothing is left "
                "to compare"
            )
        seeds = tuple(range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + options.seeds))
        return cls(experiment, space, seeds, merged)

    @property
    def bases(self) -> dict[str, RunConfig]:
        """The configuration of each arm that is tuned, by its name."""
        return {arm.name: self.experiment.config_of(arm) for arm in self._left()}

    @property
    def configs(self) -> list[RunConfig]:
        """The runs of all trials, all arms of a value before the next value."""
        values = [value for stage in self.space.stages for value in stage]
        trials = [self._trial(base, value) for value in values for base in self.bases.values()]
        return [config for of_seed in zip(*trials, strict=True) for config in of_seed]

    def _trial(self, base: RunConfig, value: float) -> tuple[RunConfig, ...]:
        return trial_configs(base.with_changes(**{self.space.setting: value}), base, self.seeds)

    def record(self, store: RunStore, overrides: Mapping[str, Any]) -> TuningRecord:
        """Return what the trials say, all of which a store has; `overrides` as in `TuningRecord`.

        Raises:
            StoreError: A trial is missing.
        """
        return TuningRecord(
            setting=self.space.setting,
            scale=self.space.scale,
            ranges=self.space.ranges,
            budgets=tuple(len(stage) for stage in self.space.stages),
            seeds=self.seeds,
            overrides=overrides,
            arms=tuple(self._tuned_arm(name, base, store) for name, base in self.bases.items()),
            objective=_find_objective(self.experiment),
        )

    def _tuned_arm(self, name: str, base: RunConfig, store: RunStore) -> TunedArm:
        setting, objective, trials = self.space.setting, _find_objective(self.experiment), []
        for number, value in enumerate(self.space.values, start=1):
            trials.append(Trial.find(store, self._trial(base, value), {setting: value}, number))
            if trials[-1].status == "failed":
                raise StoreError(f"{store.root} has no trial of {name} at {setting} {value:g}; try again")
        finished = [run for trial in trials for run in trial.runs if run.status == "finished"]
        if finished and all(run.value(objective.name) is None for run in finished):
            raise ConfigError(f"--tune selects by {objective.name}, and no run of {name} has one: return it")
        return TunedArm(name, self.merged[name], setting, tuple(trials), objective)

    def tuned_experiment(self, selected: Mapping[str, float]) -> Experiment:
        """Return the comparison of the arms that are left at their selected values, by name.

        They have no row of the report: that one had other values.
        """
        experiment, setting = self.experiment, self.space.setting
        arms = [Arm(arm.name, **{**arm.changes, setting: selected[arm.name]}) for arm in self._left()]
        baselines = [name for name, others in self.merged.items() if experiment.baseline in (name, *others)]
        subject = experiment.name.replace("_", " ")
        return replace(
            experiment,
            name=tuned_name(experiment.name, setting),
            title=f"{subject[0].upper()}{subject[1:]}, each arm at its tuned {setting.replace('_', ' ')}",
            arms=tuple(arms),
            baseline=baselines[0],
        )

    def _left(self) -> tuple[Arm, ...]:
        return self.experiment.select(list(self.merged))


def _find_objective(experiment: Experiment) -> Objective:
    """Return what a setting is selected by: the metric that the arms are judged by, on the validation data."""
    metric = experiment.metric
    part, _, rest = metric.name.partition("_")
    name = metric.name if part == "val" else f"val_{rest if part == 'test' else metric.name}"
    if experiment.base.trainer is None and name not in OBJECTIVES:
        raise ConfigError(
            f"--tune selects by {' or '.join(OBJECTIVES)}, and so goes with metrics of these names; {experiment.name} "
            f"has {metric.name}: leave out --tune, or its metric"
        )
    return Objective(replace(metric, name=name))


def _make_space(experiment: Experiment, options: TuneOptions) -> SettingSpace:
    """Return the values that every arm tries, checked against what each arm's setting takes."""
    setting = options.space
    declared = [_option_of(experiment, arm, setting) for arm in experiment.arms]
    first = options.range or DEFAULT_RANGES.get(setting)
    if first is None:
        raise ConfigError(f"--tune {setting} needs a range beside it: --range LOW,HIGH")
    is_whole = any(option.kind is int for option in declared)
    space = SettingSpace(setting, (first, *options.widen), options.budget or DEFAULT_BUDGET, is_whole)
    for end in space.ranges[-1]:
        for arm, option in zip(experiment.arms, declared, strict=True):
            option.check(f"arm {arm.name!r}: {setting}", int(end) if is_whole else end)
    return space


def _merge_arms(experiment: Experiment, setting: str, value: float) -> dict[str, tuple[str, ...]]:
    """Return the first of the arms that are one once they share the setting's value, and the names of the others."""
    alike: dict[RunConfig, list[str]] = {}
    for arm in experiment.arms:
        config = experiment.config_of(arm).with_changes(**{setting: value})
        alike.setdefault(config, []).append(arm.name)
    return {first: tuple(others) for first, *others in alike.values()}


def _option_of(experiment: Experiment, arm: Arm, setting: str) -> Option:
    numbers = _numbers_of(experiment.config_of(arm))
    if setting not in numbers:
        raise ConfigError(f"--tune: a number of arm {arm.name!r} of {experiment.name} is {suggest(setting, numbers)}")
    return numbers[setting]


def _numbers_of(config: RunConfig) -> dict[str, Option]:
    """Return the settings of a configuration that are numbers and can be tuned."""
    numbers = {"batch_size": Option(512, int, low=1)} if config.trainer is None else {}
    for kind, component in config.components.items():
        declared = find_signature(kind, component.name).options
        for name, value in option_values(kind, component).items():
            option = declared.get(name, Option(UNKNOWN, object))
            # A custom network and Keras's classes declare no kinds: what is a number there stays one of its kind.
            kind_of_number = type(value) if option.kind is object else option.kind
            if kind_of_number in (int, float) and not option.component:
                numbers[name] = replace(option, kind=kind_of_number)
    return numbers
