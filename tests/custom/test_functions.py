"""A custom network as a part of a configuration: found, checked and hashed without being run."""

import sys

import pytest
from custom.conftest import NETWORK

from fashion_keras.config.components import SOURCE
from fashion_keras.config.cost import cost_key, relative_cost
from fashion_keras.config.custom_code import find_function, import_function
from fashion_keras.config.identity import canonical_json
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError

OWN = {"model": "own_net:build"}


def source_of(config):
    return config.model.as_dict()[SOURCE]


def test_a_function_is_found_without_being_run(write):
    write(text="raise SystemExit\n" + NETWORK)
    config = RunConfig(**OWN)
    assert config.label == "own_net_build-sgd-0.02"
    assert len(source_of(config)) == 64
    assert "own_net" not in sys.modules


def test_options_reach_the_network_and_defaults_change_nothing(write):
    write()
    base = RunConfig(**OWN)
    assert base.with_changes(units=8).model.plain_options() == {"units": 8}
    assert base.with_changes(units=4, rate=0, shape=[1, 2]).run_id == base.run_id
    assert base.with_changes(units=True).run_id not in (base.run_id, base.with_changes(units=1.0).run_id)
    assert base.with_changes(units=8).with_changes(learning_rate=0.1, rate=0.5).label == (
        "own_net_build-sgd-0.1-rate=0.5-units=8"
    )


def test_plain_values_of_any_depth_are_options(write):
    write(text="def build(shape, classes, **options): pass")
    config = RunConfig(**OWN).with_changes(blocks=[{"units": [1, 2], "name": None}, "x"], depth=3)
    assert config.model.plain_options() == {"blocks": ({"units": (1, 2), "name": None}, "x"), "depth": 3}
    again = RunConfig.from_json(config.to_json())
    assert again == config
    assert again.run_id == config.run_id
    assert hash(again) == hash(config)


@pytest.mark.parametrize("value", [object(), float("nan"), {1: 2}, [{3}]])
def test_what_json_cannot_say_is_no_option(write, value):
    write()
    with pytest.raises(ConfigError, match="units must be a plain value"):
        RunConfig(**OWN).with_changes(units=value)


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        (NETWORK, {"unit": 3}, r"a setting is one of .*got 'unit' \(did you mean 'units'\?\)"),
        (NETWORK, {"model": {"name": "own_net:build", "unit": 3}}, r"takes as an option one of .*did you mean 'units'"),
        (NETWORK, {"model": "own_net:bild"}, r"own_net.py defines no function bild; .*did you mean 'build'"),
        (NETWORK, {"model": "own_nett:build"}, "there is no module own_nett"),
        (NETWORK, {"model": "own net:build"}, "is module:function, such as my_network:build; got 'own net:build'"),
        ("def build(shape, classes, units): pass", {}, "model 'own_net:build' needs the option units"),
        ("def build(shape): pass", {}, "own_net.py, line 1: build must take image_shape and num_classes"),
        ("def build(shape, classes, epochs=1): pass", {}, "takes an option 'epochs', which is a setting of the run"),
        ("def build(shape, classes, momentum=1): pass", {"momentum": 0.5}, "momentum is an option of the model and of"),
        ("x = 1\ndef build(:", {}, r"own_net.py, line 2: "),
    ],
)
def test_a_mistake_is_one_line(write, text, settings, message):
    write(text=text)
    with pytest.raises(ConfigError, match=message) as error:
        RunConfig().with_changes(**{**OWN, **settings})
    assert "\n" not in str(error.value)


def test_a_changed_file_is_another_run(write):
    write()
    before = RunConfig(**OWN)
    write(text=NETWORK + "\n")
    after = RunConfig(**OWN)
    assert before.run_id != after.run_id
    assert before.with_changes(seed=1).model == before.model, "what is there already is not looked up again"
    assert source_of(before.with_changes(units=9)) == source_of(after)


def test_files_that_are_imported_from_the_folder_are_part_of_the_source(write, tmp_path):
    write("own_net.py", "import json, keras\nfrom own_parts import blocks\n" + NETWORK)
    write("own_parts/__init__.py", "")
    write("own_parts/blocks.py", "def f():\n    from . import deep\n")
    write("own_parts/deep.py", "x = 1")
    write("own_other.py", "x = 1")
    own = find_function("model", "own_net:build")
    assert [str(path.relative_to(tmp_path)) for path in own.files] == [
        "own_net.py",
        "own_parts/__init__.py",
        "own_parts/blocks.py",
        "own_parts/deep.py",
    ]
    write("own_other.py", "x = 2")
    assert find_function("model", "own_net:build").source == own.source
    write("own_parts/deep.py", "x = 2")
    assert find_function("model", "own_net:build").source != own.source


def test_a_function_in_a_package_is_found_without_its_import(write):
    write("own_pack/__init__.py", "raise SystemExit")
    write("own_pack/net.py")
    assert [path.name for path in find_function("model", "own_pack.net:build").files] == ["__init__.py", "net.py"]


def test_a_stored_configuration_needs_no_file(write):
    path = write()
    stored = RunConfig(**OWN).with_changes(units=9).to_json()
    path.unlink()
    config = RunConfig.from_json(stored)
    assert canonical_json(config.to_json()) == canonical_json(stored)
    assert config.with_changes(seed=3, learning_rate=0.5).model == config.model
    with pytest.raises(ConfigError, match="there is no module own_net"):
        config.with_changes(units=3)


def test_what_was_imported_of_an_earlier_file_is_forgotten(write):
    write(text="import own_helper\ndef build(shape, classes): return own_helper.x")
    write("own_helper.py", "x = 1")
    assert import_function(find_function("model", "own_net:build"))(0, 0) == 1
    write("own_helper.py", "x = 22")
    assert import_function(find_function("model", "own_net:build"))(0, 0) == 22


def test_custom_networks_have_a_cost_for_the_plan(write):
    write()
    config = RunConfig(**OWN)
    assert relative_cost(config) > relative_cost(RunConfig())
    assert cost_key(config.with_changes(rate=0.5)) != cost_key(config.with_changes(rate=0.25))
    assert cost_key(config) == cost_key(config.with_changes(seed=1))
