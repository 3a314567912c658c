"""Configurations: what they accept, what they say when they do not, and which of them are one run."""

import json
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fashion_keras.config import catalogue, identity
from fashion_keras.config import run_config as config
from fashion_keras.config.catalogue import AUGMENTATIONS, INITIALIZERS, LOSSES, MODELS, OPTIMIZERS, SCHEDULES, Option
from fashion_keras.config.components import Component, option_values, resolve_component
from fashion_keras.config.identity import canonical_json
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError

CATALOGUES = {
    "model": MODELS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "augmentation": AUGMENTATIONS,
    "initializer": INITIALIZERS,
}


def option_strategy(option: Option) -> st.SearchStrategy:
    """Values that an option takes, drawn from its own declaration."""
    if option.component:
        return component_strategy(option.component)
    if option.kind is bool:
        return st.booleans()
    if option.kind is tuple:
        # As many as by default: the lists of a network belong together.
        return st.lists(st.integers(int(option.low), 5000), min_size=2, max_size=2)
    if option.kind is int:
        return st.integers(int(option.low), 1000)
    return st.floats(option.low, min(option.high, 1e30), exclude_min=not option.low_included, exclude_max=True)


@st.composite
def component_strategy(draw: st.DrawFn, kind: str) -> Component:
    name = draw(st.sampled_from(sorted(CATALOGUES[kind])))
    declared = CATALOGUES[kind][name]
    names = draw(st.lists(st.sampled_from(sorted(declared)), unique=True)) if declared else []
    return Component.of(name, **{name: draw(option_strategy(declared[name])) for name in names})


def config_or_nothing(*, schedule: Component, epochs: int, optimizer: Component, **fields: object) -> RunConfig | None:
    """None where the warm-up is longer than the run, or gradients are clipped twice, which is refused."""
    if schedule.as_dict().get("warmup_epochs", 0) >= epochs:
        return None
    if {"clipnorm", "global_clipnorm"} <= set(optimizer.as_dict()):
        return None
    return RunConfig(schedule=schedule, epochs=epochs, optimizer=optimizer, **fields)


CONFIGS = st.builds(
    config_or_nothing,
    model=component_strategy("model"),
    optimizer=component_strategy("optimizer"),
    schedule=component_strategy("schedule"),
    loss=component_strategy("loss"),
    augmentation=component_strategy("augmentation"),
    batch_size=st.integers(1, 4096),
    epochs=st.integers(1, 500),
    validation_fraction=st.floats(0, 1, exclude_min=True, exclude_max=True),
    evaluate_test=st.sampled_from(config.TEST_EVALUATIONS),
    precision=st.sampled_from(config.PRECISIONS),
    train_examples=st.none() | st.integers(1, 54_000),
    stratify=st.booleans(),
    class_weight=st.none() | st.just("balanced") | st.lists(st.integers(1, 9), min_size=2),
    keep_best=st.none() | st.sampled_from(config.KEEP_BEST),
    patience=st.none() | st.integers(1, 50),
    threads=st.integers(1, 64),
    data=st.text("0123456789abcdef", min_size=64, max_size=64),
    seed=st.integers(0, 2**40),
).filter(lambda config: config is not None)

# A value other than the default for every field; a new field needs its line here.
CHANGED_FIELDS = {
    "model": "cnn",
    "optimizer": Component.of("adam", learning_rate=0.02),
    "schedule": "cosine",
    "loss": Component.of("cross_entropy", label_smoothing=0.1),
    "augmentation": "flip+shift",
    "batch_size": 256,
    "epochs": 51,
    "validation_fraction": 0.2,
    "evaluate_test": "never",
    "precision": "mixed_bfloat16",
    "train_examples": 54_000,
    "stratify": True,
    "class_weight": (1.0, 2.0),
    "keep_best": "val_loss",
    "patience": 5,
    "threads": 2,
    "device": "gpu",
    "data": "0" * 64,
    "seed": 1,
}

CHANGED_OPTIONS = [
    (kind, name, option) for kind in CATALOGUES for name, declared in CATALOGUES[kind].items() for option in declared
]


def changed_value(option: Option) -> object:
    if option.component:
        return "random_normal"
    if option.kind is bool:
        return not option.default
    if option.kind is tuple:
        return (*option.default[:-1], 7)
    return option.default + 1 if option.kind is int else (option.default or 1) / 2


def config_with(kind: str, component: Component) -> RunConfig:
    if kind == "initializer":
        return RunConfig(model=Component.of("fcn", initializer=component))
    return RunConfig(**{kind: component})


def test_the_default_is_the_report_s_base_model():
    base = RunConfig()
    assert (base.model.name, base.optimizer.name, base.loss.name) == ("fcn", "sgd", "cross_entropy")
    assert option_values("model", base.model) == {
        "hidden_units": (300, 200),
        "dropout_rate": 0.0,
        "batch_norm": False,
        "initializer": Component("pytorch_default"),
    }
    optimizer = option_values("optimizer", base.optimizer)
    assert (optimizer["learning_rate"], optimizer["momentum"], optimizer["nesterov"]) == (0.02, 0.0, False)
    assert (base.batch_size, base.epochs, base.validation_fraction) == (512, 50, 0.1)


def test_the_json_of_the_default_is_empty():
    assert RunConfig().to_json() == {}


@given(CONFIGS)
@settings(deadline=None, max_examples=100)
def test_json_brings_back_the_same_configuration_and_run(original):
    again = RunConfig.from_json(json.loads(canonical_json(original.to_json())))
    assert again == original
    assert hash(again) == hash(original)
    assert again.run_id == original.run_id


@given(CONFIGS)
@settings(deadline=None, max_examples=100)
def test_label_and_folder_are_safe_file_names(config):
    for name in (config.label, config.folder):
        assert re.fullmatch(r"[a-z][A-Za-z0-9_.=-]*…?", name)
        assert len(name) < 200
    assert "…" not in config.folder


def test_the_label_says_what_differs():
    assert RunConfig().label == "fcn-sgd-0.02"
    long = RunConfig().with_changes(model={"name": "fcn", "hidden_units": [64] * 40})
    assert (len(long.label), long.label[-1], long.folder[99:103]) == (100, "…", long.folder[99] + "__s")
    assert RunConfig().with_changes(dropout_rate=0.1, epochs=3).label == "fcn-sgd-0.02-dropout_rate=0.1-3epochs"


def test_the_folder_tells_seeds_and_runs_apart():
    base, other = RunConfig(seed=3), RunConfig(seed=3, validation_fraction=0.2)
    assert base.folder.startswith("fcn-sgd-0.02__s3__")
    assert base.folder.endswith(base.run_id[:12])
    assert base.label == other.label
    assert base.folder != other.folder


def test_the_order_of_options_changes_nothing():
    one = RunConfig(optimizer={"name": "sgd", "momentum": 0.9, "learning_rate": 0.1})
    other = RunConfig(optimizer={"learning_rate": 0.1, "name": "sgd", "momentum": 0.9})
    assert one == other
    assert one.run_id == other.run_id


@pytest.mark.parametrize(("kind", "name", "option"), CHANGED_OPTIONS)
def test_a_default_given_explicitly_is_the_same_run(kind, name, option):
    default = CATALOGUES[kind][name][option].default
    explicit, implicit = config_with(kind, Component.of(name, **{option: default})), config_with(kind, Component(name))
    assert explicit == implicit
    assert explicit.run_id == implicit.run_id


def test_the_defaults_of_all_fields_given_explicitly_are_the_base():
    base = RunConfig()
    explicit = RunConfig(**{name: getattr(base, name) for name in CHANGED_FIELDS})
    assert explicit.run_id == base.run_id


def test_every_field_is_tested_for_its_place_in_the_run_id():
    # Trainers and callbacks are files: tests/custom/test_trainers.py, tests/training/test_run_settings.py.
    assert {*CHANGED_FIELDS, "trainer", "callbacks"} == set(RunConfig.__dataclass_fields__)


@pytest.mark.parametrize("name", CHANGED_FIELDS)
def test_every_field_changes_the_run_id(name):
    assert RunConfig(**{name: CHANGED_FIELDS[name]}).run_id != RunConfig().run_id


@pytest.mark.parametrize(("kind", "name", "option"), CHANGED_OPTIONS)
def test_every_option_changes_the_run_id(kind, name, option):
    changed = Component.of(name, **{option: changed_value(CATALOGUES[kind][name][option])})
    assert config_with(kind, changed).run_id != config_with(kind, Component(name)).run_id


def test_the_versions_and_the_protocol_change_the_run_id(monkeypatch):
    before = RunConfig().run_id
    monkeypatch.setattr(identity, "PROTOCOL_VERSION", identity.PROTOCOL_VERSION + 1)
    protocol = RunConfig().run_id
    monkeypatch.setattr(identity, "_major_minor", lambda package: "99.0" if package == "keras" else "2.21")
    assert len({before, protocol, RunConfig().run_id}) == 3


def test_a_patch_release_leaves_the_run_id(monkeypatch):
    monkeypatch.setattr(identity, "_major_minor", identity._major_minor.__wrapped__)  # without its memory
    monkeypatch.setattr(identity, "version", lambda _: "3.15.1")
    before = RunConfig().run_id
    monkeypatch.setattr(identity, "version", lambda _: "3.15.9")
    assert RunConfig().run_id == before


@given(CONFIGS, CONFIGS)
@settings(deadline=None, max_examples=50)
def test_different_configurations_are_different_runs(one, other):
    assume(one != other)
    assert one.run_id != other.run_id


@pytest.mark.parametrize("units", [(300, 100), [300, 100]])
def test_a_list_is_as_good_as_a_tuple(units):
    config = RunConfig(model=Component.of("fcn", hidden_units=units))
    assert config == RunConfig(model=Component("fcn", (("hidden_units", [300, 100]),)))
    assert hash(config) == hash(RunConfig(model={"name": "fcn", "hidden_units": (300, 100)}))
    assert option_values("model", config.model)["hidden_units"] == (300, 100)


def test_a_single_number_is_a_sequence_of_one():
    config = RunConfig(model=Component.of("fcn", hidden_units=300))
    assert config == RunConfig(model=Component.of("fcn", hidden_units=(300,)))


def test_a_whole_number_is_as_good_as_a_float():
    assert RunConfig(optimizer=Component.of("sgd", learning_rate=1)) == RunConfig(
        optimizer=Component.of("sgd", learning_rate=1.0)
    )


def test_a_name_a_mapping_and_a_component_are_the_same():
    by_name = RunConfig(model={"name": "fcn", "initializer": "random_normal"})
    assert by_name == RunConfig(model=Component.of("fcn", initializer=Component("random_normal")))
    assert by_name == RunConfig(model={"name": "fcn", "initializer": {"name": "random_normal", "stddev": 0.05}})


def test_a_configuration_cannot_be_changed():
    with pytest.raises(AttributeError, match="seed"):
        RunConfig().seed = 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": len}, r"model must be a name, .* got <built-in function len>; .* 'module:function' of a file"),
        ({"model": "fnc"}, r"model must be one of cnn, fcn, resnet; got 'fnc' \(did you mean 'fcn'\?\)"),
        ({"optimizer": "adamm"}, r"optimizer must be one of adam, adamw, rmsprop, sgd; got 'adamm' \(did you mean"),
        ({"schedule": "cosin"}, r"schedule must be one of constant, cosine; got 'cosin' \(did you mean 'cosine'\?\)"),
        ({"loss": "hinge"}, r"loss must be one of cross_entropy; got 'hinge' \(did you mean 'Hinge'\?\)"),
        ({"model": {"name": "fcn", "initializer": "xavier"}}, r"initializer must be one of .*'xavier' \(did you mean"),
        (
            {"model": {"name": "fcn", "hiden_units": (3,)}},
            r"model 'fcn' takes as an option one of .*; got 'hiden_units' \(did you mean 'hidden_units'\?\)",
        ),
        ({"optimizer": {"name": "sgd", "rho": 0.9}}, r"optimizer 'sgd' takes as an option one of .*; got 'rho'"),
        ({"optimizer": {"name": "sgd", "learning_rate": -0.1}}, "learning_rate must be a number above 0, got -0.1"),
        ({"optimizer": {"name": "sgd", "learning_rate": 0}}, "learning_rate must be a number above 0, got 0"),
        ({"optimizer": {"name": "sgd", "learning_rate": "0.1"}}, "learning_rate must be a number above 0, got '0.1'"),
        ({"optimizer": {"name": "sgd", "learning_rate": float("nan")}}, "a number above 0, got nan"),
        ({"optimizer": {"name": "sgd", "learning_rate": float("inf")}}, "a number above 0, got inf"),
        ({"optimizer": {"name": "sgd", "learning_rate": True}}, "a number above 0, got True"),
        ({"optimizer": {"name": "sgd", "momentum": 1.0}}, r"momentum must be in \[0, 1\), got 1.0"),
        ({"optimizer": {"name": "sgd", "nesterov": 1}}, "nesterov must be True or False, got 1"),
        ({"optimizer": {"name": "adam", "epsilon": -1e-8}}, "epsilon must be a number .*0, got -1e-08"),
        (
            {"model": {"name": "fcn", "dropout_rate": 1.5}},
            r"dropout_rate must be in \[0, 1\), got 1.5; 0.3 drops 30 % of the units",
        ),
        ({"model": {"name": "fcn", "batch_norm": "yes"}}, "batch_norm must be True or False, got 'yes'"),
        ({"model": {"name": "fcn", "hidden_units": (300, 0)}}, r"hidden_units .* at least 1, got \(300, 0\)"),
        ({"model": {"name": "fcn", "hidden_units": (3.5,)}}, r"hidden_units must be whole numbers .*, got \(3.5,\)"),
        ({"model": {"name": "fcn", "hidden_units": "300"}}, "hidden_units must be whole numbers .*, got '300'"),
        ({"model": {"name": "cnn", "pool_sizes": (0,)}}, r"pool_sizes .* got \(0,\); 1 leaves the pooling out"),
        ({"schedule": {"name": "cosine", "warmup_epochs": -1}}, "warmup_epochs must be a whole number of at least 0"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 1.5}}, "a whole number of at least 0, got 1.5"),
        ({"loss": {"name": "cross_entropy", "label_smoothing": 1}}, r"label_smoothing must be in \[0, 1\), got 1"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"epochs": 2.0}, "epochs must be a whole number of at least 1, got 2.0"),
        ({"threads": True}, "threads must be a whole number of at least 1, got True"),
        ({"train_examples": 0}, "train_examples must be a whole number of at least 1, got 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"validation_fraction": 0}, r"validation_fraction must be in \(0, 1\), got 0"),
        ({"validation_fraction": 1.0}, r"validation_fraction must be in \(0, 1\), got 1.0"),
        (
            {"precision": "bfloat16"},
            r"precision must be one of float32, mixed_bfloat16; got 'bfloat16' \(did you mean 'mixed_bfloat16'\?\)",
        ),
        ({"evaluate_test": "always"}, "evaluate_test must be one of each_epoch, never; got 'always'"),
    ],
)
def test_a_bad_setting_is_refused_with_what_is_allowed(settings, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig(**settings)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"stratify": "no"}, "stratify"),
        ({"data": None}, "data"),
        ({"validation_fraction": "0.1"}, "validation_fraction"),
        ({"model": None}, "model"),
        ({"model": {"hidden_units": (3,)}}, "model"),
        ({"model": {"name": "fcn", "initializer": 3}}, "initializer"),
    ],
)
def test_a_setting_of_another_type_is_refused_by_its_name(settings, name):
    with pytest.raises(ConfigError, match=f"^{name} must"):
        RunConfig(**settings)


def test_an_unknown_setting_in_json_is_refused():
    with pytest.raises(ConfigError, match=r"a setting is one of .*; got 'epoch' \(did you mean 'epochs'\?\)"):
        RunConfig.from_json({"epoch": 3})


def test_changes_reach_the_component_that_has_the_option():
    config = RunConfig().with_changes(dropout_rate=0.1, momentum=0.9, label_smoothing=0.2, seed=4)
    assert config.model == Component.of("fcn", dropout_rate=0.1)
    assert config.optimizer == Component.of("sgd", momentum=0.9)
    assert config.loss == Component.of("cross_entropy", label_smoothing=0.2)
    assert config.seed == 4


def test_changes_add_up():
    config = RunConfig().with_changes(dropout_rate=0.1).with_changes(batch_norm=True).with_changes(dropout_rate=0.2)
    assert config.model == Component.of("fcn", dropout_rate=0.2, batch_norm=True)


def test_changes_leave_the_original():
    base = RunConfig()
    base.with_changes(dropout_rate=0.1, epochs=3)
    assert base == RunConfig()


def test_a_new_model_starts_from_its_own_defaults():
    config = RunConfig().with_changes(dropout_rate=0.1, hidden_units=(5,)).with_changes(model="cnn")
    assert config == RunConfig(model="cnn")


@pytest.mark.parametrize("optimizer", ["adam", Component("adam"), {"name": "adam"}])
def test_a_new_optimizer_needs_a_learning_rate(optimizer):
    with pytest.raises(ConfigError, match="needs a learning_rate beside it"):
        RunConfig().with_changes(optimizer=optimizer)


def test_a_new_optimizer_takes_its_rate_and_leaves_the_old_one_s_options():
    config = RunConfig().with_changes(momentum=0.9).with_changes(optimizer="adam", learning_rate=1e-3)
    assert config.optimizer == Component.of("adam", learning_rate=1e-3)


def test_an_option_that_nothing_has_is_refused():
    with pytest.raises(ConfigError, match=r"a setting is one of .*; got 'learning_rat' \(did you mean 'learning_rate'"):
        RunConfig().with_changes(learning_rat=0.1)
    with pytest.raises(ConfigError, match="got 'rho'"):
        RunConfig().with_changes(rho=0.9)


def test_every_default_of_the_catalogues_is_a_value_that_it_takes():
    for kind, name, option in CHANGED_OPTIONS:
        declared = CATALOGUES[kind][name][option]
        if declared.component:
            assert resolve_component(declared.component, declared.default)
        else:
            assert declared.check(option, declared.default) == declared.default


def test_the_nearest_name_is_offered_only_where_one_is_near():
    assert catalogue.suggest("adm", ["sgd", "adam"]) == "one of adam, sgd; got 'adm' (did you mean 'adam'?)"
    assert catalogue.suggest("xyz", ["sgd", "adam"]) == "one of adam, sgd; got 'xyz'"
