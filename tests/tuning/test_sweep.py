"""Sweep of arms: the values that are tried, what is selected, and the comparison that is measured then."""

import math
from dataclasses import replace
from typing import Any

import pytest
from stored_runs import TUNABLE

from fashion_keras.errors import ConfigError
from fashion_keras.experiments.names import command_of, split_tuned, tuned_name
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.storage.trials import Trial, TrialRun
from fashion_keras.storage.tunings import TunedArm
from fashion_keras.tuning.study import TuneOptions
from fashion_keras.tuning.sweep.arms import Sweep
from fashion_keras.tuning.sweep.values import SettingSpace

RATE = "learning_rate"


# The values that are tried.


def test_values_are_spread_evenly_over_a_logarithmic_or_linear_range() -> None:
    rates = SettingSpace(RATE, ((1e-4, 1.0),), 16).values
    assert [int(4 * (math.log10(value) + 4)) for value in rates] == list(range(16))
    shares = SettingSpace("dropout_rate", ((0.0, 0.8),), 8).values
    assert [int(value / 0.1) for value in shares] == list(range(8))


def test_larger_budget_keeps_the_values_of_the_smaller() -> None:
    small, large = SettingSpace(RATE, ((1e-5, 1.0),), 10), SettingSpace(RATE, ((1e-5, 1.0),), 16)
    assert large.stages[0][:10] == small.stages[0]


def test_wider_range_keeps_the_values_and_adds_as_dense_ones_outside() -> None:
    narrow, wide = (
        SettingSpace(RATE, ((1e-3, 0.1),), 8),
        SettingSpace(RATE, ((1e-3, 0.1), (1e-4, 1.0), (1e-4, 10.0)), 8),
    )
    assert wide.stages[0] == narrow.stages[0]
    assert [len(stage) for stage in wide.stages] == [8, 8, 4]
    assert all(1e-4 <= value <= 1e-3 or 0.1 <= value <= 1.0 for value in wide.stages[1])
    assert {value < 0.01 for value in wide.stages[1]} == {True, False}, "on both sides"
    assert all(1.0 <= value <= 10.0 for value in wide.stages[2])
    assert len(set(wide.values)) == 20


def test_whole_numbers_are_tried_once_each() -> None:
    values = SettingSpace("batch_size", ((2, 9),), 8, is_whole=True).values
    assert values == tuple(range(2, 10))
    assert {type(value) for value in values} == {int}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RATE, ((1.0, 0.1),)), "goes from low to high, got 1,0.1"),
        ((RATE, ((0.0, 0.1),)), "starts above 0, for its scale is logarithmic, got 0"),
        ((RATE, ((0.01, 0.1), (0.02, 1.0))), "holds the one before, 0.01,0.1, and more; got 0.02,1"),
        ((RATE, ((0.01, 0.1), (0.01, 0.1))), "and more"),
        (("batch_size", ((2, 9),), 9, True), "2,9 holds 8 different values of batch_size, and the budget is 9"),
    ],
)
def test_range_that_cannot_be_is_told(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SettingSpace(*arguments)


# What is selected.


def make_arm(*accuracies: tuple[float | None, ...]) -> TunedArm:
    """An arm that tried 0.1, 0.2, ..., each with a run of each of these validation accuracies; None is a divergence."""
    trials = []
    for number, found in enumerate(accuracies, start=1):
        runs = [
            TrialRun(seed, "folder", "diverged" if accuracy is None else "finished", accuracy, 1.0)
            for seed, accuracy in enumerate(found)
        ]
        trials.append(Trial({RATE: number / 10}, tuple(runs), number))
    return TunedArm("a", (), RATE, tuple(trials))


@pytest.mark.parametrize(
    ("accuracies", "value", "accuracy", "edge"),
    [
        pytest.param([(0.7, 0.8), (0.9, 0.7), (0.5, 0.9)], 0.2, 0.8, "", id="the best mean"),
        pytest.param([(0.5, 0.5), (0.9, None), (0.4, 0.4)], 0.1, 0.5, "lowest", id="none that diverged once"),
        pytest.param([(0.4,), (0.5,), (0.5,)], 0.2, 0.5, "", id="the lowest of equal ones"),
        pytest.param([(0.3,), (0.4,), (0.5,)], 0.3, 0.5, "highest", id="at the upper end"),
    ],
)
def test_value_of_the_best_validation_accuracy_is_selected(
    accuracies: list[tuple[float | None, ...]], value: float, accuracy: float, edge: str
) -> None:
    arm = make_arm(*accuracies)
    assert (arm.selected_value, arm.selected_score, arm.edge) == (value, pytest.approx(accuracy), edge)


def test_arm_of_which_every_trial_diverged_is_reported() -> None:
    with pytest.raises(ConfigError, match=r"every trial of arm 'a' diverged, from 0\.1 to 0\.2"):
        _ = make_arm((None,), (None,)).selected_value


# Arms and names.


@pytest.mark.parametrize(
    ("name", "merged"),
    [
        ("optimizers", {"sgd": (), "rmsprop": ("rmsprop_0.02",), "adam": ("adam_0.02",), "sgd_momentum_0.9": ()}),
        ("initializers", dict.fromkeys(("default", "random_normal", "xavier_normal", "he_uniform"), ())),
        (
            "batch_norm",
            {
                "no_batch_norm": (),
                "batch_norm_0.008": ("batch_norm_0.02",),
                **{f"batch_norm_0.008_{scheme}": () for scheme in ("random_normal", "xavier_normal", "he_uniform")},
            },
        ),
    ],
)
def test_arms_that_differ_in_the_rate_alone_are_one(name: str, merged: dict[str, tuple[str, ...]]) -> None:
    assert Sweep.of(load_experiment(name), TuneOptions(RATE)).merged == merged


def test_tuned_comparison_has_its_selected_values_and_no_row_of_the_report() -> None:
    experiment = load_experiment("batch_norm")
    sweep = Sweep.of(experiment, TuneOptions(RATE))
    tuned = sweep.tuned_experiment(dict.fromkeys(sweep.merged, 0.5))
    assert (tuned.name, tuned.title) == ("batch_norm_tuned", "Batch norm, each arm at its tuned learning rate")
    assert [arm.name for arm in tuned.arms] == list(sweep.merged)
    assert {tuned.config_of(arm).optimizer.as_dict()[RATE] for arm in tuned.arms} == {0.5}
    assert {(arm.published, arm.text_only) for arm in tuned.arms} == {(None, False)}


def test_baseline_that_was_merged_is_the_arm_that_stands_for_it() -> None:
    experiment = replace(TUNABLE, baseline="fast")
    sweep = Sweep.of(experiment, TuneOptions(RATE))
    assert sweep.tuned_experiment(dict.fromkeys(sweep.merged, 0.5)).baseline == "slow"


@pytest.mark.parametrize(
    ("setting", "options", "message"),
    [
        ("learnin_rate", {}, r"a number of arm 'slow' of rates is one of .*\(did you mean 'learning_rate'\?\)"),
        ("momentum", {}, "a number of arm 'adam' of rates is one of"),
        ("batch_norm", {}, "a number of arm 'slow' of rates is one of"),
        ("epochs", {}, "a number of arm 'slow' of rates is one of"),
        ("batch_size", {}, "--tune batch_size needs a range beside it: --range LOW,HIGH"),
        ("dropout_rate", {"range": (0.0, 1.0)}, r"arm 'slow': dropout_rate must be in \[0, 1\), got 1"),
        (RATE, {"widen": ((1e-3, 10.0),)}, "holds the one before"),
    ],
)
def test_setting_that_cannot_be_tuned_is_told_in_one_line(setting: str, options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        Sweep.of(TUNABLE, TuneOptions(setting, **options))
    assert "\n" not in str(told.value)


def test_comparison_of_which_nothing_is_left_is_told() -> None:
    with pytest.raises(ConfigError, match="learning_rates differ in learning_rate alone"):
        Sweep.of(load_experiment("learning_rates"), TuneOptions(RATE))


def test_dropout_rate_is_tuned_too() -> None:
    experiment = load_experiment("initializers")
    sweep = Sweep.of(experiment, TuneOptions("dropout_rate", budget=4))
    assert sweep.space.scale == "linear"
    rates = {config.model.as_dict()["dropout_rate"] for config in sweep.configs}
    assert rates == set(sweep.space.values)


@pytest.mark.parametrize(
    ("name", "setting", "tuned"), [("cnn", RATE, "cnn_tuned"), ("cnn", "momentum", "cnn_tuned_momentum")]
)
def test_tuned_name_says_what_it_is_made_of(name: str, setting: str, tuned: str) -> None:
    assert tuned_name(name, setting) == tuned
    assert split_tuned(tuned) == (name, setting)
    assert command_of(tuned) == f"fashion-keras run {name} --tune {setting}"
    assert split_tuned(name) is None
