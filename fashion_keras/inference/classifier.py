"""Classifier: a loaded SavedModel that predicts.

A SavedModel is a program: TensorFlow runs whatever it holds. Load only your own, or one whose sums you have checked.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.catalogue import suggesting
from fashion_keras.data import FASHION_MNIST_CLASSES, FASHION_MNIST_HASH
from fashion_keras.errors import DataError, ImageError
from fashion_keras.formatting import first_line
from fashion_keras.images.reading import Picture, PictureSource
from fashion_keras.inference.arrays import read_images
from fashion_keras.inference.info import ModelInfo
from fashion_keras.inference.record import RECORD, read_checked_record
from fashion_keras.inference.shipped import find_model, is_shipped

__all__ = ["Classifier", "Prediction", "Predictions", "load_model"]

_OUTPUTS = ("probabilities", "class_id", "class_name")
_SHOES = [FASHION_MNIST_CLASSES.index(name) for name in ("Sandal", "Sneaker", "Ankle boot")]
_LEAST_WEIGHTS = (0.1, 0.05)
"""Of a picture as it is and mirrored: chosen on 6,000 validation images with two models that knew one direction."""


class Prediction(NamedTuple):
    """A class and how probable the model holds it, in [0, 1]."""

    class_id: int
    class_name: str
    probability: float


@dataclass(frozen=True)
class Predictions:
    """What a model says of images, in their order.

    Attributes:
        class_id: int64 [N], in 0..K-1.
        class_name: The N names of those classes.
        probabilities: float32 [N, K]; rows sum to 1.
        class_names: The names of all K classes.
        notes: What was done about light and dark of each of N pictures; empty where images were given as an array.
    """

    class_id: NDArray[np.int64]
    class_name: list[str]
    probabilities: NDArray[np.float32]
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def top(self, count: int = 3) -> list[tuple[Prediction, ...]]:
        """Return for each image its most probable classes, the most probable first, as many as there are at most."""
        order = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :count]
        return [
            tuple(Prediction(int(k), self.class_names[k], float(row[k])) for k in classes)
            for row, classes in zip(self.probabilities, order, strict=True)
        ]


class Classifier:
    """A loaded SavedModel; `load_model` makes it.

    Attributes:
        info: What it is: settings, accuracy, data, versions, dates. `print(model.info)` shows it.
        image_shape: Height, width and channels of the images that it takes.
        class_names: The names of its K classes; where the SavedModel does not say, `class 0` and so on.
    """

    def __init__(self, loaded: Any, info: ModelInfo):
        # Kept whole: its functions do not keep their variables alive.
        self._loaded = loaded
        self.info = info
        serve = loaded.signatures["serve"]
        height, width, *channels = serve.structured_input_signature[1]["images"].shape[1:]
        self.image_shape: tuple[int, int, int] = (height, width, channels[0] if channels else 1)
        num_classes = serve.structured_outputs["probabilities"].shape[1]
        known = len(info.class_names) == num_classes
        self.class_names = info.class_names if known else tuple(f"class {number}" for number in range(num_classes))

    @property
    def signature(self) -> Any:
        """The SavedModel's function of TensorFlow, from `images` to the three outputs."""
        return self._loaded.signatures["serve"]

    @suggesting
    def predict(
        self, images: ArrayLike | PictureSource | Sequence[PictureSource], batch_size: int = 500, invert: str = "auto"
    ) -> Predictions:
        """Classify an array of images as it is, or pictures of any size after making them alike.

        A model of Fashion-MNIST, whose shoes all point left, is asked about pictures in both directions.

        Args:
            images: Pixels 0..255, light on dark as in Fashion-MNIST: uint8 [H, W], [N, H, W] or [N, H, W, 1]; of a
                colour model [H, W, C] or [N, H, W, C]. Or a picture: a path, a file's content as bytes, a Pillow image.
                Or a list of pictures.
            batch_size: Images that are computed at once: memory, not the predictions, depends on it.
            invert: For pictures: whether light and dark are exchanged, see `fashion_keras.images.reading.read_picture`.

        Raises:
            ImageError: It is anything else; floats above all, which the SavedModel itself would cut to integers. Or a
                picture cannot be read.
            DataError: The model does not compute.
        """
        if batch_size < 1:
            raise ImageError(f"batch_size must be at least 1, got {batch_size}")
        pixels, notes = read_images(images, self.image_shape, invert, self.info.ground)
        return replace(self._predict(pixels, np.full(len(pixels), bool(notes)), batch_size), notes=notes)

    def predict_pictures(self, pictures: Sequence[Picture]) -> Predictions:
        """Classify pictures that were read before: those of an IDX file as they are, others as `predict` does."""
        pixels = np.stack([picture.pixels for picture in pictures])
        return self._predict(pixels, np.array([picture.index is None for picture in pictures]))

    def _predict(self, pixels: NDArray[np.uint8], is_picture: NDArray[np.bool_], batch_size: int = 500) -> Predictions:
        """Return what the SavedModel says; of pictures, of which it may know one direction alone, in both."""
        if not len(pixels):  # some networks do not compute of none
            none = np.zeros((0, len(self.class_names)), np.float32)
            return Predictions(np.zeros(0, np.int64), [], none, self.class_names)
        starts = range(0, len(pixels), batch_size)
        parts = [self._compute(pixels[start : start + batch_size]) for start in starts]
        outputs = {name: np.concatenate([part[name] for part in parts]) for name in _OUTPUTS}
        class_name = [name.decode(errors="surrogateescape") for name in outputs["class_name"]]
        if is_picture.any() and self.info.data_hash == FASHION_MNIST_HASH:
            mirrored = self._predict(pixels[is_picture, :, ::-1], np.zeros(1, np.bool_), batch_size)
            both = _average_directions(outputs["probabilities"][is_picture], mirrored.probabilities)
            outputs["probabilities"][is_picture], outputs["class_id"][is_picture] = both, both.argmax(axis=1)
            class_name = [self.class_names[number] for number in outputs["class_id"]]
        return Predictions(outputs["class_id"], class_name, outputs["probabilities"], self.class_names)

    def _compute(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        tf = import_tensorflow()
        try:
            outputs = self.signature(images=tf.constant(pixels))
        except tf.errors.OpError as error:
            raise DataError(f"{self.info.path} does not compute: {first_line(error)}") from error
        arrays = {name: outputs[name].numpy() for name in _OUTPUTS}
        if not np.isfinite(arrays["probabilities"]).all():
            raise DataError(f"{self.info.path} gives numbers that are no probabilities: its weights are damaged")
        return arrays


def load_model(path: str | os.PathLike[str]) -> Classifier:
    """Load a SavedModel that `fashion_keras` exported.

    A SavedModel is a program: load only your own, or one whose sums you have checked.

    Args:
        path: The name of a shipped model, such as `cnn`, or a SavedModel's folder with or without its version, see
            `find_model`.

    Raises:
        DataError: There is no SavedModel, it is damaged, or it has another signature.
    """
    folder = find_model(path)
    record = read_checked_record(folder)
    # Of a stranger's SavedModel there need not be a record; without the package's own one nothing would be checked.
    if not record and is_shipped(folder):
        raise DataError(f"{folder} is damaged: it comes with the package and lacks {RECORD}; install the package again")
    tf = import_tensorflow()
    try:
        loaded = tf.saved_model.load(str(folder))
        fits = _has_signature(loaded)
    # Random bytes in a SavedModel make TensorFlow raise almost anything.
    except Exception as error:
        raise DataError(f"{folder} cannot be loaded as a SavedModel: {first_line(error)}") from error
    if not fits:
        raise DataError(
            f"{folder} is a SavedModel of another kind: its `serve` must give {', '.join(_OUTPUTS)} of `images`"
        )
    return Classifier(loaded, ModelInfo.of(folder, record))


def _has_signature(loaded: Any) -> bool:
    if "serve" not in loaded.signatures:
        return False
    serve = loaded.signatures["serve"]
    inputs, outputs = serve.structured_input_signature[1], serve.structured_outputs
    if set(inputs) != {"images"} or set(outputs) != set(_OUTPUTS):
        return False
    size = inputs["images"].shape[1:].as_list()
    return (
        inputs["images"].dtype.name == "uint8"
        and len(size) in (2, 3)
        and None not in (*size, outputs["probabilities"].shape[1])
        and outputs["class_name"].dtype.name == "string"
    )


def _average_directions(straight: NDArray[np.float32], mirrored: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of what a model says of images and of their mirror images, weighted by how sure it is of a shoe.

    A model that never saw a shoe point right calls most of them `Bag`, but bags mirrored are hardly ever shoes to it.
    Of what is no shoe in either direction, mirror images count for a third: classes of test images hardly change.
    """
    weights = [
        each[:, _SHOES].sum(axis=1, keepdims=True) + least
        for each, least in zip((straight, mirrored), _LEAST_WEIGHTS, strict=True)
    ]
    return (weights[0] * straight + weights[1] * mirrored) / (weights[0] + weights[1])
