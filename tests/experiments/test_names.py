"""Names that would share a folder, and the settings of Keras's classes that can be tuned."""

import pytest

from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.experiments.registry import check_name
from fashion_keras.tuning.study import TuneOptions
from fashion_keras.tuning.sweep.arms import Sweep


@pytest.mark.parametrize("names", [("a/b", "a_b"), (".a", "a")])
def test_arms_that_would_share_a_folder_are_refused(names):
    with pytest.raises(ConfigError, match="would share the folder"):
        Experiment("mine", "Mine", BASE, (Arm(names[0]), Arm(names[1], learning_rate=0.1)))


@pytest.mark.parametrize("name", ["store", "pretrained", "initializers_tuned", "cnn"])
def test_a_name_that_something_else_has_is_refused(name):
    with pytest.raises(ConfigError, match="choose another"):
        check_name(Experiment(name, "Mine", BASE, (Arm("a"), Arm("b", learning_rate=0.1))))


def test_the_rate_of_a_class_of_keras_can_be_tuned():
    arms = (Arm("sgd"), Arm("nadam", optimizer="Nadam", learning_rate=0.1))
    study = Sweep.of(Experiment("mine", "Mine", BASE, arms), TuneOptions("learning_rate", budget=2))
    assert len(study.configs) == 4
