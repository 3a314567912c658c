"""The six comparisons as data: their rows are the report's, in its order, each with what it changes and no more."""

import importlib
import subprocess
import sys

import pytest

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import OF_EXPERIMENTS, RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, Arm, Experiment, published_rows
from fashion_keras.experiments.names import ALL_NAMES, NAMES
from fashion_keras.experiments.registry import check_name, load_experiment
from fashion_keras.tuning.study import TuneOptions
from fashion_keras.tuning.sweep.arms import Sweep

ADAM = Component.of("adam", learning_rate=8e-5)
RMSPROP = Component.of("rmsprop", learning_rate=1e-4)


def fcn(**options):
    return {"model": Component.of("fcn", **options)}


def sgd(**options):
    return {"optimizer": Component.of("sgd", **options)}


# Written out again from reference/report.md: the settings in which a row differs from the base, and its published key.
PUBLISHED = {
    "learning_rates": [({}, "base"), (sgd(learning_rate=0.05), "sgd_lr_0.05")],
    "optimizers": [({}, "base"), ({"optimizer": RMSPROP}, "rmsprop_lr_1e-4"), ({"optimizer": ADAM}, "adam_lr_8e-5")],
    "dropout": [({}, "base"), (fcn(dropout_rate=0.1), "dropout_0.1")],
    "initializers": [
        ({}, "base"),
        (fcn(initializer="random_normal"), "random_normal"),
        (fcn(initializer="xavier_normal"), "xavier_normal"),
        (fcn(initializer="he_uniform"), "he_uniform"),
    ],
    "batch_norm": [({}, "base"), (fcn(batch_norm=True) | sgd(learning_rate=0.008), "batch_norm_0.008")],
    "cnn": [
        ({}, "base"),
        ({"optimizer": ADAM}, "adam_lr_8e-5"),
        ({"model": "cnn", "optimizer": Component.of("adam", learning_rate=1e-3), "epochs": 10}, "cnn"),
    ],
}
DESCRIBED = {
    "learning_rates": [],
    "optimizers": [
        {"optimizer": Component.of("rmsprop", learning_rate=0.02)},
        {"optimizer": Component.of("adam", learning_rate=0.02)},
        sgd(momentum=0.9),
    ],
    "dropout": [fcn(dropout_rate=0.05), fcn(dropout_rate=0.5)],
    "initializers": [],
    "batch_norm": [
        fcn(batch_norm=True),
        *(
            fcn(batch_norm=True, initializer=scheme) | sgd(learning_rate=0.008)
            for scheme in ("random_normal", "xavier_normal", "he_uniform")
        ),
    ],
    "cnn": [],
}


def arms_of(name, described):
    experiment = load_experiment(name)
    return [(experiment.config_of(arm), arm.published) for arm in experiment.arms if arm.text_only == described]


def test_there_are_the_report_s_six_comparisons():
    assert list(NAMES) == list(PUBLISHED)
    assert [load_experiment(name).name for name in NAMES] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_published_arms_are_the_report_s_rows_in_its_order(name):
    assert arms_of(name, described=False) == [(RunConfig(**changes), key) for changes, key in PUBLISHED[name]]


@pytest.mark.parametrize("name", NAMES)
def test_the_described_arms_test_what_the_report_only_says(name):
    assert arms_of(name, described=True) == [(RunConfig(**changes), None) for changes in DESCRIBED[name]]


@pytest.mark.parametrize("name", NAMES)
def test_the_described_arms_stand_below_the_line(name):
    described = [arm.text_only for arm in load_experiment(name).arms]
    assert described == sorted(described)


@pytest.mark.parametrize("name", NAMES)
def test_the_baseline_is_the_base_model(name):
    experiment = load_experiment(name)
    assert experiment.baseline == experiment.arms[0].name
    assert experiment.base == BASE == RunConfig()


@pytest.mark.parametrize("name", NAMES)
def test_the_title_is_one_line_and_the_docstring_names_the_command(name):
    module = importlib.import_module(f"fashion_keras.experiments.{name}")
    assert "\n" not in module.EXPERIMENT.title
    assert f"python -m fashion_keras.experiments.{name}\n" in module.__doc__


def test_every_published_row_has_its_arm():
    shown = {arm.published for name in ALL_NAMES for arm in load_experiment(name).arms if arm.published}
    assert shown == set(published_rows())


def test_published_accuracies_are_fractions_and_losses_positive():
    for row in published_rows().values():
        assert all(0.8 < row[f"{part}_accuracy"] < 1 for part in ("val", "test") if row[f"{part}_accuracy"] is not None)
        assert all(0 < row[f"{part}_loss"] < 1 for part in ("train", "val", "test") if row[f"{part}_loss"] is not None)
    assert published_rows()["base"]["test_accuracy"] == 0.8603
    assert published_rows()["cnn"]["train_loss"] is None


def test_experiments_are_imported_without_tensorflow():
    program = (
        "import importlib, sys\n"
        f"for name in {NAMES!r}:\n"
        "    importlib.import_module(f'fashion_keras.experiments.{name}')\n"
        "    print(name, sorted({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name} []" for name in NAMES]


def test_an_unknown_experiment_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"an experiment is one of .*; got 'initialisers' \(did you mean 'initiali"):
        load_experiment("initialisers")


def test_arms_are_selected_in_the_experiment_s_order():
    experiment = load_experiment("optimizers")
    assert [arm.name for arm in experiment.select(["adam", "sgd"])] == ["sgd", "adam"]
    assert experiment.select(None) == experiment.arms


def test_an_unknown_arm_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"an arm of optimizers is one of adam, .*; got 'adm' \(did you mean 'adam'"):
        load_experiment("optimizers").select(["sgd", "adm"])


def test_overrides_reach_every_arm():
    experiment = load_experiment("cnn").with_overrides(epochs=3, train_examples=100)
    configs = [experiment.config_of(arm) for arm in experiment.arms]
    assert {(config.epochs, config.train_examples) for config in configs} == {(3, 100)}
    assert [config.model.name for config in configs] == ["fcn", "fcn", "cnn"]
    assert [arm.published for arm in experiment.arms] == ["base", "adam_lr_8e-5", "cnn"]


def test_overrides_leave_the_experiment():
    before = load_experiment("cnn").config_of(load_experiment("cnn").arms[2])
    load_experiment("cnn").with_overrides(epochs=3)
    assert load_experiment("cnn").config_of(load_experiment("cnn").arms[2]) == before


def make_experiment(*arms, **options):
    return Experiment("own", "An own comparison", BASE, arms, **options)


def test_a_comparison_of_one_s_own_names_its_baseline():
    arms = Arm("slow", learning_rate=0.01), Arm("fast", learning_rate=0.1)
    assert make_experiment(*arms).baseline == "slow"
    assert make_experiment(*arms, baseline="fast").baseline == "fast"


@pytest.mark.parametrize(
    ("arms", "options", "message"),
    [
        ([Arm("a")], {}, r"'own' needs at least two arms of different names, got \['a'\]"),
        ([Arm("a"), Arm("a", seed=1)], {}, r"two arms of different names, got \['a', 'a'\]"),
        ([Arm("a"), Arm("b", dropout_rate=0)], {}, "arms 'a' and 'b' are the same configuration"),
        ([Arm("a"), Arm("b", initializer="pytorch_default")], {}, "arms 'a' and 'b' are the same configuration"),
        ([Arm("a"), Arm("b", dropout_rate=2)], {}, r"arm 'b': dropout_rate must be in \[0, 1\), got 2"),
        ([Arm("a"), Arm("b", dropout=0.1)], {}, r"arm 'b': a setting is one of .*'dropout' \(did you mean 'dropout_r"),
        ([Arm("a"), Arm("b", optimizer="adam")], {}, "arm 'b': optimizer='adam' needs a learning_rate beside it"),
        ([Arm("a"), Arm("b", metric="f1")], {}, r"metric is of a whole comparison, .*Experiment\(..., metric=...\)"),
        ([Arm("a"), Arm("b", margn=1)], {}, r"got 'margn' \(did you mean 'margin'\?\)"),
        ([Arm("a"), Arm("b", lr=1)], {}, r"got 'lr' \(did you mean 'learning_rate'\?\)"),
        (
            [],
            {"hidden_units": 3},
            r"cannot be 'hidden_units', which is of the runs: Arm\(..., hidden",
        ),
        ([], {"metrc": "test_loss"}, r"a setting of an experiment is one of .* \(did you mean 'metric'\?\)"),
        ([], {"seeds": 3}, r"'seeds', which is said when a comparison is run: --seeds, or compare\("),
        ([Arm("aa"), Arm("bb", seed=1)], {"baseline": "ab"}, "the baseline must be one of aa, bb; got 'ab'"),
        ([Arm("a"), Arm("ü" * 150, seed=1)], {}, "the name of an arm must have at most 100 bytes, got 300"),
        ([Arm("a"), Arm("b\nc", seed=1)], {}, "the name of an arm must be a line of text"),
        ([Arm("a"), Arm(None, seed=1)], {}, "the name of an arm must be a line of text, got None"),
        ([Arm("a"), "b"], {}, "the arms of an experiment must be a tuple of Arms"),
        ([Arm("a"), Arm("b", seed=1)], {"baseline": 1}, "the baseline of an experiment must be the name of an arm"),
        ([Arm("a"), Arm("b", seed=1)], {"dataset": 3}, "the dataset of an experiment must be a path, got 3"),
        ([Arm("a"), Arm("b", seed=1)], {"image_size": (8, 0)}, r"the image_size of an experiment .* \(8, 0\)"),
    ],
)
def test_a_wrong_comparison_is_refused_when_it_is_written(arms, options, message):
    with pytest.raises(ConfigError, match=message):
        make_experiment(*arms, **options)


def test_every_setting_of_an_experiment_is_known_to_its_arms_and_to_grids():
    assert {*OF_EXPERIMENTS, "name", "base", "trainer"} == set(Experiment.__dataclass_fields__)
    rates = {"optimizer": ["sgd", "adam"], "learning_rate": [0.01, 0.001]}
    grid = Experiment.grid("rates", "By optimizer", metric="test_loss", margin=0.01, **rates)
    assert (grid.metric.name, grid.margin, list(grid.factors)) == ("test_loss", 0.01, list(rates))


@pytest.mark.parametrize("epochs", [1, 3, 5])
@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_comparison_takes_few_epochs(name, epochs):
    experiment = load_experiment(name).with_overrides(epochs=epochs)
    assert {experiment.config_of(arm).epochs for arm in experiment.arms} == {epochs}


def test_warm_up_keeps_its_share_of_the_epochs_wherever_an_arm_states_it():
    cosine = {"name": "cosine", "warmup_epochs": 10}
    base = RunConfig(epochs=50, schedule=cosine)
    arms = (
        Arm("shared"),
        Arm("own", warmup_epochs=20),
        Arm("whole", schedule={**cosine, "warmup_epochs": 5}),
        Arm("constant", schedule="constant"),
    )
    experiment = Experiment("warm", "Warm", base, arms)
    assert experiment.with_overrides(epochs=50) == experiment
    shorter = experiment.with_overrides(epochs=25)
    found = [shorter.config_of(arm).schedule.as_dict().get("warmup_epochs") for arm in shorter.arms]
    assert found == [5, 10, 2, None]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": None}, "the name of an experiment must be a line of text, got None"),
        ({"title": None}, "the title of an experiment must be a line of text, got None"),
        ({"title": "two\nlines"}, "the title of an experiment must be a line of text"),
        ({"base": {}}, r"the base of an experiment must be a RunConfig, such as BASE, got \{\}"),
        ({"arms": Arm("a")}, r"arms must be several, such as arms=\(Arm\('a'\), Arm\('b'\)\); got 'a' alone"),
        ({"arms": None}, "the arms of an experiment must be a tuple of Arms, got None"),
    ],
)
def test_a_setting_of_another_kind_is_refused_when_it_is_written(settings, message):
    right = {"name": "own", "title": "Own", "base": BASE, "arms": (Arm("a"), Arm("b", learning_rate=0.1))}
    with pytest.raises(ConfigError, match=message) as raised:
        Experiment(**{**right, **settings})
    assert "\n" not in str(raised.value)


def test_a_list_of_arms_is_as_good_as_a_tuple():
    arms = [Arm("a"), Arm("b", learning_rate=0.1)]
    assert Experiment("own", "Own", BASE, arms).arms == tuple(arms)


@pytest.mark.parametrize("names", [("a/b", "a_b"), (".a", "a")])
def test_arms_that_would_share_a_folder_are_refused(names):
    with pytest.raises(ConfigError, match="would share the folder"):
        make_experiment(Arm(names[0]), Arm(names[1], learning_rate=0.1))


@pytest.mark.parametrize("name", ["store", "pretrained", "initializers_tuned", "cnn"])
def test_a_name_that_something_else_has_is_refused(name):
    with pytest.raises(ConfigError, match="choose another"):
        check_name(Experiment(name, "Mine", BASE, (Arm("a"), Arm("b", learning_rate=0.1))))


def test_the_rate_of_a_class_of_keras_can_be_tuned():
    arms = (Arm("sgd"), Arm("nadam", optimizer="Nadam", learning_rate=0.1))
    study = Sweep.of(Experiment("mine", "Mine", BASE, arms), TuneOptions("learning_rate", budget=2))
    assert len(study.configs) == 4
