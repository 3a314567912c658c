"""HyperModels of the search spaces, for those who use keras-tuner's own tuners."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import keras_tuner as kt

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data.orders import num_batches
from fashion_keras.models.networks import build_model
from fashion_keras.training.compilation import compile_model
from fashion_keras.tuning.search.spaces import FunctionSpace, Settings, cnn, fcn

__all__ = ["CNNHyperModel", "FCNHyperModel", "SpaceHyperModel"]


class SpaceHyperModel(kt.HyperModel):
    """A space whose `build` returns a compiled model, from float32 images in [-1, 1] to logits.

    Args:
        image_shape: Height, width and channels of an image.
        num_classes: Number of logits.
        num_examples: Images that it is trained on: a schedule must know how many steps there are.
        epochs: Of a trial, for the schedule and for `fit`.
        seed: Fixes weights and dropout.
        name: keras-tuner's.
        tunable: keras-tuner's.
    """

    space: tuple[str, Callable[[Any], Settings]]

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28, 1),
        num_classes: int = 10,
        *,
        num_examples: int = 54_000,
        epochs: int = 10,
        seed: int = 0,
        name: str | None = None,
        tunable: bool = True,
    ):
        super().__init__(name, tunable)
        self.image_shape = tuple(image_shape)
        self.num_classes = num_classes
        self.num_examples = num_examples
        self.epochs = epochs
        self.seed = seed

    def build(self, hp: Any) -> keras.Model:
        """Return a compiled model of some values of the hyperparameters."""
        config = self.config(hp)
        model = build_model(config.model, self.image_shape, self.num_classes, self.seed)
        compile_model(model, config, num_batches(self.num_examples, config.batch_size))
        model.steps_per_execution = 1  # keras-tuner's callbacks see every step
        return model

    def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        """Train with the batch size of the values, unless the caller names one or brings batches."""
        if args and not hasattr(args[0], "element_spec"):
            kwargs.setdefault("batch_size", self.config(hp).batch_size)
        return model.fit(*args, **{"epochs": self.epochs, **kwargs})

    def config(self, hp: Any) -> RunConfig:
        """Return the configuration of some values of the hyperparameters."""
        return FunctionSpace(*self.space).config(hp, RunConfig(epochs=self.epochs))


class FCNHyperModel(SpaceHyperModel):
    """The fully connected networks of `fashion_keras.tuning.search.spaces.fcn`."""

    space = ("fcn", fcn)


class CNNHyperModel(SpaceHyperModel):
    """The convolutional networks of `fashion_keras.tuning.search.spaces.cnn`."""

    space = ("cnn", cnn)
