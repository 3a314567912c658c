"""Answers from a SavedModel: load it, read pictures, predict.

A SavedModel is a program: TensorFlow runs whatever it holds. Load only your own, or one whose sums you have checked.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.errors import DataError, UserError
from fashion_keras.export import find_damage, read_record
from fashion_keras.shipped import find_model

INVERT = ("auto", "on", "off")
_FORMATS = ("PNG", "JPEG")
_OUTPUTS = ("probabilities", "class_id", "class_name")


class ImageError(UserError, ValueError):
    """A picture or an array that cannot be classified as it is."""


@dataclass(frozen=True)
class Answers:
    """What a model says of images, in their order.

    Attributes:
        class_id: int64 [N], in 0..K-1.
        class_name: The N names of those classes.
        probabilities: float32 [N, K]; rows sum to 1.
    """

    class_id: NDArray[np.int64]
    class_name: list[str]
    probabilities: NDArray[np.float32]


class Classifier:
    """A loaded SavedModel; `load_model` makes it.

    Attributes:
        info: What it is, see `fashion_keras.export.read_record`; empty where the SavedModel does not say.
        image_shape: Height, width and channels of the images that it takes.
    """

    def __init__(self, loaded: Any, info: Mapping[str, Any]):
        # Kept whole: its functions do not keep their variables alive.
        self._loaded = loaded
        self.info = info
        height, width, *channels = _input_spec(loaded).shape[1:]
        self.image_shape: tuple[int, int, int] = (height, width, channels[0] if channels else 1)

    def predict(self, images: ArrayLike, batch_size: int = 500) -> Answers:
        """Classify images of pixels 0..255, light on dark as in Fashion-MNIST.

        Args:
            images: uint8 [H, W], [N, H, W] or [N, H, W, 1]; of a colour model [H, W, C] or [N, H, W, C].
            batch_size: Images that are computed at once: memory, not the answers, depends on it.

        Raises:
            ImageError: It is anything else; floats above all, which the SavedModel itself would cut to integers.
        """
        pixels = self._check(images)
        tf = import_tensorflow()
        serve = self._loaded.signatures["serve"]
        starts = range(0, max(len(pixels), 1), batch_size)
        parts = [serve(images=tf.constant(pixels[start : start + batch_size])) for start in starts]
        outputs = {name: np.concatenate([part[name].numpy() for part in parts]) for name in _OUTPUTS}
        return Answers(
            class_id=outputs["class_id"],
            class_name=[name.decode() for name in outputs["class_name"]],
            probabilities=outputs["probabilities"],
        )

    def _check(self, images: ArrayLike) -> NDArray[np.uint8]:
        """Return the images as the signature takes them: [N, H, W], or [N, H, W, C] in colour."""
        try:
            array = np.asarray(images)
        except ValueError as error:
            raise ImageError(f"images must be one array: {error}") from error
        if array.dtype != np.uint8:
            raise ImageError(f"images must be uint8 pixels 0..255, got {_describe_values(array)}")
        height, width, channels = self.image_shape
        single = (height, width) if channels == 1 else self.image_shape
        if array.shape == single:
            return array[np.newaxis]
        if array.shape[1:] == single:
            return array
        if channels == 1 and array.shape[1:] == self.image_shape:
            return array[..., 0]
        ends = [*single] if channels > 1 else [*single, "(1)"]
        raise ImageError(
            f"images must have the shape {list(single)} or [N, {', '.join(map(str, ends))}], got {list(array.shape)}"
        )


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
    record = read_record(folder)
    if damaged := find_damage(folder, record):
        raise DataError(f"{folder} is damaged: {damaged} is not as it was written; export the model again")
    tf = import_tensorflow()
    try:
        loaded = tf.saved_model.load(str(folder))
        fits = _has_signature(loaded)
    # Random bytes in a SavedModel make TensorFlow raise almost anything.
    except Exception as error:
        raise DataError(f"{folder} cannot be loaded as a SavedModel: {_first_line(error)}") from error
    if not fits:
        raise DataError(
            f"{folder} is a SavedModel of another kind: its `serve` must give {', '.join(_OUTPUTS)} of `images`"
        )
    return Classifier(loaded, record)


@dataclass(frozen=True)
class Picture:
    """A picture as a model takes it.

    Attributes:
        path: The file.
        pixels: uint8 [H, W], or [H, W, 3] in colour.
        inverted: Whether light and dark were exchanged.
        reason: Why, or why not, in a few words.
    """

    path: Path
    pixels: NDArray[np.uint8]
    inverted: bool
    reason: str

    @property
    def note(self) -> str:
        """What was done about light and dark, and why."""
        return f"{'inverted' if self.inverted else 'not inverted'}: {self.reason}"


def read_picture(
    path: str | os.PathLike[str], image_shape: Sequence[int] = (28, 28, 1), invert: str = "auto"
) -> Picture:
    """Read a PNG or JPEG file of any size and colour mode as a model's image.

    It is turned as its EXIF data says, made grey, inverted where necessary, shrunk or enlarged to fit, and centred with
    its sides filled like its border: Fashion-MNIST was made so, from photographs before a light background, inverted.

    Args:
        path: The file.
        image_shape: Height, width and channels that the model takes; with 3 channels, colours stay.
        invert: `"on"`, `"off"`, or `"auto"`: a grey picture is inverted if its border is light (median of at least
            128), and one with transparent parts if what is visible is dark. None of the 10,000 test images of
            Fashion-MNIST itself would be inverted.

    Raises:
        ImageError: The file is not there, is no picture, is damaged or is too large to be read safely.
    """
    if invert not in INVERT:
        raise ImageError(f"invert must be one of {', '.join(INVERT)}, got {invert!r}")
    height, width, channels = image_shape
    image = _open(Path(path))
    alpha = _transparency(image)
    levels = image.convert("RGB").convert("L" if channels == 1 else "RGB")
    inverted, reason = _decide(levels, alpha, invert)
    if alpha is not None:
        # The background of a cut-out is black in the end, as in Fashion-MNIST.
        background = Image.new(levels.mode, levels.size, "white" if inverted else "black")
        levels = Image.composite(levels, background, alpha)
    if inverted:
        levels = ImageOps.invert(levels)
    filling = tuple(int(level) for level in np.median(_border(levels), axis=0).reshape(-1))
    fitted = ImageOps.pad(levels, (width, height), color=filling[0] if channels == 1 else filling)
    return Picture(Path(path), np.asarray(fitted), inverted, reason)


def format_rows(pictures: Sequence[Picture], answers: Answers) -> list[str]:
    """Return a line for people per picture: file, class, probability in percent, what was done about light and dark."""
    names = [str(picture.path) for picture in pictures]
    widths = [max(map(len, column), default=0) for column in (names, answers.class_name)]
    best = answers.probabilities.max(axis=1, initial=0.0)
    return [
        f"{name:{widths[0]}}  {class_name:{widths[1]}}  {probability:6.1%}  ({picture.note})"
        for name, class_name, probability, picture in zip(names, answers.class_name, best, pictures, strict=True)
    ]


def _open(path: Path) -> Image.Image:
    """Return a picture in mode RGB, or RGBA if it has transparency, decoded and turned upright."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a picture of 90 million pixels or more.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):
            # 16 bits a pixel, which `convert` would clip at 255.
            upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} has too many pixels to be read safely; make it smaller") from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(f"{path} is no {' or '.join(_FORMATS)} picture") from error
    # Pillow's decoders raise almost anything for damaged files: SyntaxError, struct.error, zlib.error, EOFError.
    except Exception as error:
        system = isinstance(error, OSError) and error.strerror
        raise ImageError(f"{path} cannot be read: {system or _first_line(error)}") from error


def _transparency(image: Image.Image) -> Image.Image | None:
    """Return the alpha channel, or None where every pixel is opaque, as in most pictures that have one."""
    if image.mode != "RGBA":
        return None
    alpha = image.getchannel("A")
    return None if alpha.getextrema() == (255, 255) else alpha


def _decide(levels: Image.Image, alpha: Image.Image | None, invert: str) -> tuple[bool, str]:
    """Return whether to exchange light and dark, and why."""
    if invert != "auto":
        return invert == "on", "as asked"
    if levels.mode != "L":
        return False, "a colour model"
    if alpha is not None and np.any(np.asarray(alpha)):
        light = np.average(np.asarray(levels), weights=np.asarray(alpha)) >= 128
        return not light, f"{'light' if light else 'dark'} on a transparent ground"
    light = np.median(_border(levels)) >= 128
    return bool(light), f"{'light' if light else 'dark'} border"


def _border(levels: Image.Image) -> NDArray[np.uint8]:
    """Return the outermost pixels: uint8 [B], or [B, 3] in colour."""
    pixels = np.asarray(levels)
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def _input_spec(loaded: Any) -> Any:
    return loaded.signatures["serve"].structured_input_signature[1]["images"]


def _has_signature(loaded: Any) -> bool:
    if "serve" not in loaded.signatures:
        return False
    serve = loaded.signatures["serve"]
    inputs = serve.structured_input_signature[1]
    return set(inputs) == {"images"} and set(serve.structured_outputs) == set(_OUTPUTS)


def _describe_values(array: NDArray[Any]) -> str:
    """Say what arrived instead of uint8, and how to mend it."""
    if array.dtype.kind == "f" and array.size:
        low, high = float(array.min()), float(array.max())
        pixels = "(images + 1) * 127.5" if low < 0 else "images * 255" if high <= 1 else "images"
        return f"{array.dtype} in {low:g}..{high:g}; np.rint({pixels}).astype(np.uint8) makes pixels of it"
    if array.dtype.kind in "iu":
        return f"{array.dtype}; where all values are 0..255, images.astype(np.uint8) makes pixels of it"
    if array.dtype.kind == "b":
        return f"{array.dtype}; images.astype(np.uint8) * 255 makes pixels of it"
    return f"{array.dtype}; make a NumPy array of pixels of it"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
