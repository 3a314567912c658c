"""Which choice in training a neural network is better, by how much, and is it real? And the models that come of it.

    from fashion_keras import load_model

    model = load_model("cnn")
    model.predict("boot.jpg").class_name

Importing the package imports nothing else: `load_model` comes when it is first asked for, TensorFlow when a model is
loaded.
"""

from typing import TYPE_CHECKING

from fashion_keras._lazy import lazy_attributes

if TYPE_CHECKING:
    from fashion_keras.inference.classifier import load_model
    from fashion_keras.workflows.judge_results import judge

__all__ = ["judge", "load_model"]

__version__ = "0.1.0"

__getattr__ = lazy_attributes(
    __name__,
    {"judge": "fashion_keras.workflows.judge_results", "load_model": "fashion_keras.inference.classifier"},
)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
