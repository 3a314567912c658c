"""What the spaces contain, and what is said of a space that is wrong."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras_tuner as kt
import pytest

from fashion_keras import cli
from fashion_keras.config.components import Component, option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.tuning.search.oracles import describe_space, discover, find_edges
from fashion_keras.tuning.search.spaces import SPACES, FunctionSpace, SpaceError, load_space

KNOWN_GOOD = {
    "depth": 2,
    "width": 1024,
    "narrowing": 1,
    "dropout_rate": 0.3,
    "batch_norm": True,
    "initializer": "he_uniform",
    "optimizer": "adamw",
    "learning_rate": 0.00123456,
    "weight_decay": 0.1,
    "schedule": "cosine",
    "warmup_epochs": 2,
    "batch_size": 256,
    "label_smoothing": 0.1,
}


def values_of(space: FunctionSpace, **values: Any) -> kt.HyperParameters:
    hp = kt.HyperParameters.from_config({"space": discover(space).get_config()["space"], "values": values})
    for item in hp.space:
        if hp.is_active(item):
            hp.values.setdefault(item.name, item.default)
    return hp


def configure(space: FunctionSpace, epochs: int, **values: Any) -> RunConfig:
    return space.config(values_of(space, **values), RunConfig(epochs=epochs))


def test_the_fcn_space_contains_the_wide_regularised_networks() -> None:
    space = load_space("fcn")
    assert configure(space, 40, **KNOWN_GOOD) == RunConfig(
        model=Component.of(
            "fcn", hidden_units=(1024, 1024), dropout_rate=0.3, batch_norm=True, initializer=Component("he_uniform")
        ),
        optimizer=Component.of("adamw", learning_rate=0.00123, weight_decay=0.1),
        schedule=Component.of("cosine", warmup_epochs=2),
        loss=Component.of("cross_entropy", label_smoothing=0.1),
        batch_size=256,
        epochs=40,
    )


@pytest.mark.parametrize(
    ("changes", "widths"),
    [
        ({"depth": 1, "width": 2048}, (2048,)),
        ({"depth": 4, "width": 2048}, (2048, 2048, 2048, 2048)),
        ({"depth": 3, "width": 512, "narrowing": 2}, (512, 256, 128)),
    ],
)
def test_the_fcn_space_has_one_to_four_layers_of_up_to_2048_units(changes: dict, widths: tuple[int, ...]) -> None:
    space = load_space("fcn")
    config = configure(space, 5, **changes)
    assert option_values("model", config.model)["hidden_units"] == widths


def test_the_help_names_every_space(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["tune", "--help"])
    assert ", ".join(SPACES) in " ".join(capsys.readouterr().out.split())


def test_the_regularised_space_always_has_dropout_batch_norm_and_adamw() -> None:
    space = load_space("fcn_regularised")
    config = configure(space, 50, depth=3, narrowing=2)
    options = option_values("model", config.model)
    assert (options["hidden_units"], options["dropout_rate"], options["batch_norm"]) == ((1024, 512, 256), 0.3, True)
    assert (config.optimizer.name, config.schedule.name, config.epochs) == ("adamw", "cosine", 50)
    assert min(next(item for item in discover(space).space if item.name == "dropout_rate").values) > 0


def test_the_readings_are_the_report_s_network_with_its_optimizers() -> None:
    config = configure(load_space("cnn_readings"), 10)
    assert config == RunConfig(
        model="cnn",
        optimizer={"name": "sgd", "learning_rate": 0.02},
        epochs=10,
        seed=config.seed,
        evaluate_test=config.evaluate_test,
    )


@pytest.mark.parametrize("name", SPACES)
def test_every_setting_of_a_space_is_a_run(name: str) -> None:
    space = load_space(name)
    known, draws = discover(space), random.Random(0)
    for _ in range(200):
        hp = kt.HyperParameters()
        for item in known.space:
            hp.merge([item])
            if hp.is_active(item):
                hp.values[item.name] = item.random_sample(draws.randrange(10**6))
        assert space.config(hp, RunConfig(epochs=3)).epochs == 3


def test_a_setting_that_exists_for_a_choice_alone_is_none_with_another() -> None:
    space = load_space("fcn")
    sgd = configure(space, 5, optimizer="sgd", momentum=0.9, sgd_learning_rate=0.1)
    assert sgd.optimizer == Component.of("sgd", learning_rate=0.1, momentum=0.9)
    adam = configure(space, 5, optimizer="adam")
    assert adam.optimizer == Component.of("adam", learning_rate=1e-3)


def test_a_short_trial_has_a_short_warm_up() -> None:
    space = load_space("fcn")
    long, short = (configure(space, epochs, schedule="cosine", warmup_epochs=5) for epochs in (40, 2))
    assert long.schedule == Component.of("cosine", warmup_epochs=5)
    assert short.schedule == Component.of("cosine", warmup_epochs=1)
    assert long.with_epochs(8) == replace(long, epochs=8, schedule=Component.of("cosine", warmup_epochs=1))


def test_a_space_that_sets_its_epochs_keeps_them() -> None:
    for function in (lambda hp: {"epochs": hp.Choice("epochs", [7, 9])}, lambda _: RunConfig(epochs=7)):
        space = FunctionSpace("own", function)
        assert space.config(kt.HyperParameters(), RunConfig(epochs=3)).epochs == 7
        assert space.sets_epochs(kt.HyperParameters())
    assert not FunctionSpace("own", lambda _: {"epochs": None}).sets_epochs(kt.HyperParameters())


def test_hyperparameters_behind_an_if_in_a_scope_are_found() -> None:
    def nested(hp: Any) -> dict[str, Any]:
        kind = hp.Choice("kind", ["a", "b"])
        with hp.conditional_scope("kind", ["b"]):
            if kind == "b":
                more = hp.Boolean("more")
                with hp.conditional_scope("more", [True]):
                    if more:
                        hp.Int("much", 1, 9)
        return {}

    found = discover(FunctionSpace("own", nested))
    assert [item.name for item in found.space] == ["kind", "more", "much"]
    assert list(describe_space(found))[2] == "much: 1 to 9, step 1 (where kind in b and more in True)"


def test_a_name_in_two_scopes_is_refused() -> None:
    def twice(hp: Any) -> dict[str, Any]:
        hp.Choice("kind", ["a", "b"])
        for kind in ("a", "b"):
            with hp.conditional_scope("kind", [kind]):
                hp.Int("size", 1, 9)
        return {}

    with pytest.raises(SpaceError, match="'size'; give them two names"):
        discover(FunctionSpace("own", twice))


def test_values_at_the_edge_of_their_range_are_told() -> None:
    space = load_space("fcn")
    hp = discover(space)
    assert find_edges(hp, values_of(space, **KNOWN_GOOD).values) == []
    edges = find_edges(hp, values_of(space, **{**KNOWN_GOOD, "width": 2048, "learning_rate": 0.0099}).values)
    assert edges == [
        "width 2048 lies at the edge of 128, 256, 512, 1024, 2048",
        "learning_rate 0.0099 lies at the edge of 0.0001 to 0.01, log",
    ]
    assert not find_edges(hp, {"dropout_rate": 0.0}), "there is nothing below 0"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], int]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    return lambda name, text: (tmp_path / f"{name}.py").write_text(text)


def test_a_space_of_one_s_own_is_a_function_in_the_current_directory(write: Callable[[str, str], int]) -> None:
    write("own_space", "def shallow(hp):\n    return {'hidden_units': (hp.Int('units', 8, 16),)}\n")
    space = load_space("own_space:shallow")
    assert space.config(kt.HyperParameters(), RunConfig(epochs=5)).model == Component.of("fcn", hidden_units=(8,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "def space(hp):\n    return hp.Int('units', 8, 16) + 'a'\n",
            r"own_{0}\.py, line 2: TypeError: unsupported operand",
        ),
        ("import math\ndef space(hp):\n    return math.sqrt(-1)\n", r"own_{0}\.py, line 3: ValueError: "),
        ("def space(hp):\n    return hp.Int('units', 9)\n", r"own_{0}\.py, line 2: TypeError: "),
        ("def space(hp):\n    return 3\n", r"own_{0}\.py, line 1\) must return a mapping of settings.*; it returned 3"),
        ("def space(hp):\n    return {{'droput': 0.1}}\n", r"own_{0}\.py, line 1\) returned settings .*'dropout_rate'"),
        ("def space(hp):\n    return {{'optimizer': 'adam'}}\n", r"optimizer='adam' needs a learning_rate"),
        ("def space(hp, classes): pass\n", r"own_{0}\.py, line 1: space must take hp alone, got classes besides"),
        ("def space(hp)\n", r"own_{0}\.py, line 1: "),
        ("def space(hp):\n    raise SystemExit(3)\n", r"own_{0}\.py, line 2: SystemExit: 3"),
        ("raise SystemExit(3)\ndef space(hp): pass\n", r"own_{0}\.py, line 1: SystemExit: 3"),
        ("import nowhere_at_all\ndef space(hp): pass\n", r"own_{0}\.py, line 1: .*No module named 'nowhere_at_all'"),
        (
            "def spaces(hp):\n    return {{}}\n",
            r"defines no function space; a function there is one of spaces; got 'space' \(did you mean",
        ),
    ],
)
def test_an_error_of_a_space_is_one_line_with_its_place(
    write: Callable[[str, str], int], request: pytest.FixtureRequest, text: str, said: str
) -> None:
    number = request.node.callspec.indices["text"]
    write(f"own_{number}", text.format())
    with pytest.raises(SpaceError, match=said.format(number)) as raised:
        load_space(f"own_{number}:space").config(kt.HyperParameters(), RunConfig(epochs=5))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "fnc",
            rf"module:function or one of {', '.join(sorted(SPACES))}; got 'fnc' \(did you mean",
        ),
        ("nowhere:space", "there is no module nowhere"),
        (":space", "module:function"),
    ],
)
def test_a_space_that_is_not_there_is_one_line(name: str, said: str) -> None:
    with pytest.raises(SpaceError, match=said):
        load_space(name)
