"""Which choice in training a neural network is better, by how much, and is it real? And the models that come of it.

    from fashion_keras import BASE, Arm, Experiment, compare, load_model

    result = compare("initializers", quick=True, seeds=6)
    print(result)

    model = load_model("cnn")
    model.predict("boot.jpg").class_name

Importing the package imports nothing else: a name's module comes when it is first asked for, TensorFlow when a model is
loaded; runs are trained by processes of their own.
"""

from typing import TYPE_CHECKING

from fashion_keras._lazy import lazy_attributes

if TYPE_CHECKING:
    from fashion_keras.api import compare
    from fashion_keras.experiments.definition import BASE, Arm, Experiment
    from fashion_keras.inference.classifier import load_model
    from fashion_keras.workflows.judge_results import judge

__all__ = ["BASE", "Arm", "Experiment", "compare", "judge", "load_model"]

__version__ = "0.1.0"

__getattr__ = lazy_attributes(
    __name__,
    {
        "BASE": "fashion_keras.experiments.definition",
        "Arm": "fashion_keras.experiments.definition",
        "Experiment": "fashion_keras.experiments.definition",
        "compare": "fashion_keras.api",
        "judge": "fashion_keras.workflows.judge_results",
        "load_model": "fashion_keras.inference.classifier",
    },
)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
