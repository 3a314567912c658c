"""A comparison in a file: `fashion-keras run my_comparison.py`."""

import os
import subprocess
import sys

import pytest
from custom.conftest import COMPARISON

from fashion_keras import cli
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.experiments.registry import find_data, load_experiment, load_file


def test_a_file_is_a_comparison_as_the_built_in_ones_are(write):
    write()
    experiment = load_experiment(str(write("own_comparison.py", COMPARISON)))
    assert [experiment.config_of(arm).model.plain_options() for arm in experiment.arms] == [{}, {"units": 8}]


def test_the_folder_of_the_file_is_on_the_path(write, tmp_path, monkeypatch):
    write("sub/own_net.py")
    path = write("sub/own_comparison.py", COMPARISON)
    load_file(str(path))
    assert sys.path[0] == str(tmp_path / "sub")


def test_the_only_experiment_may_have_any_name(write):
    write()
    assert load_file(str(write("a.py", COMPARISON.replace("EXPERIMENT", "MINE")))).name == "mine"


def test_reading_a_file_does_not_run_it(write):
    write()
    path = write("a.py", COMPARISON.replace('if __name__ == "__main__":', "if True:"))
    assert load_file(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", r"a.py must define one Experiment, or name the one that is meant EXPERIMENT; it has none"),
        (COMPARISON.replace("EXPERIMENT", "ONE") + COMPARISON.replace("EXPERIMENT", "TWO"), r"it has 2 \(ONE, TWO\)"),
        ("x = 1\nx = (", r"a.py, line 2: '\(' was never closed"),
        ("x = 1\nimport own_nothing", r"a.py, line 2: ModuleNotFoundError: No module named 'own_nothing'"),
        ("import own_broken", r"own_broken.py, line 1: invalid syntax"),
        (COMPARISON.replace("units=8", "unit=8"), r"a.py, line 4: arm 'large': a setting is .*did you mean 'units'"),
        (COMPARISON.replace('"mine"', '"mi ne"'), r"line 4: the name of an experiment must be letters"),
        ("\nraise SystemExit(3)", r"a.py ends the program when it is read \(3\)"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_place(write, capsys, text, message):
    write()
    write("own_broken.py", "1 +* 2")
    write("a.py", text)
    with pytest.raises(ConfigError, match=message):
        load_file("a.py")
    assert cli.main(["run", "a.py"]) == 2
    output, errors = capsys.readouterr()
    assert (output, errors.count("\n")) == ("", 1)


def test_a_missing_file_is_one_line(capsys):
    assert cli.main(["run", "nowhere.py"]) == 2
    assert capsys.readouterr().err == "fashion-keras: nowhere.py: there is no such file\n"


def test_the_name_of_a_comparison_of_the_report_is_taken(write, capsys):
    write()
    write("a.py", COMPARISON.replace('"mine"', '"cnn"'))
    assert cli.main(["run", "a.py"]) == 2
    assert "'cnn' is the name of a comparison of the report; choose another one" in capsys.readouterr().err


def test_the_file_itself_has_the_command_line(write):
    write()
    command = [sys.executable, str(write("a.py", COMPARISON)), "--seeds", "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--seeds: must be a whole number of at least 1" in done.stderr


def named(*datasets, **settings):
    arms = (Arm("a"), Arm("b", learning_rate=0.1))
    return [
        Experiment(f"e{number}", "E", BASE, arms, dataset=dataset, **settings)
        for number, dataset in enumerate(datasets)
    ]


def test_a_data_set_is_found_beside_the_file_that_names_it(write, tmp_path):
    write("sub/own_net.py")
    text = COMPARISON.replace("    arms", "    dataset='digits.npz',\n    image_size=(8, 8),\n    arms")
    experiment = load_file(str(write("sub/a.py", text)))
    expected = {"dataset": str(tmp_path / "sub" / "digits.npz"), "image_size": (8, 8)}
    assert find_data([experiment], {"dataset": None}) == expected


def test_options_of_the_data_go_before_what_an_experiment_names():
    experiments = named("a.npz", image_size=(8, 8))
    assert find_data(experiments, {"dataset": "b.npz"}) == {"dataset": "b.npz", "image_size": None}
    assert find_data(experiments, {"data_dir": "c"}) == {"dataset": None, "image_size": None}
    assert find_data(experiments, {"image_size": (4, 4)}) == {"dataset": "a.npz", "image_size": (4, 4)}
    assert find_data(named(None, None), {}) == {"dataset": None, "image_size": None}


def test_comparisons_on_different_data_are_not_run_together():
    with pytest.raises(ConfigError, match=r"name different data sets \(e0 a.npz, e1 none\)"):
        find_data(named("a.npz", None), {})


def test_run_reads_the_data_that_the_file_names(write, capsys):
    write()
    write("a.py", COMPARISON.replace("    arms", "    dataset='nowhere.npz',\n    arms"))
    assert cli.main(["run", "a.py", "--dry-run"]) == 2
    assert "nowhere.npz" in capsys.readouterr().err
