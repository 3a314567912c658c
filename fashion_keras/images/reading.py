"""Pictures as people have them, made into images as a model takes them: size, colours, light and dark."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fashion_keras.errors import ImageError
from fashion_keras.formatting import one_line
from fashion_keras.images.decoding import decode, open_file, read_bounded
from fashion_keras.images.framing import border, fit, fit_item

INVERT = ("auto", "on", "off")

PictureSource = str | os.PathLike[str] | bytes | Image.Image
"""A file by its path, a file's content, or a picture that Pillow has read."""


@dataclass(frozen=True)
class Picture:
    """A picture as a model takes it.

    Attributes:
        name: The file, or what else it was called.
        pixels: uint8 [H, W], or [H, W, 3] in colour.
        inverted: Whether light and dark were exchanged.
        reason: Why, or why not, in a few words.
        index: Its place in the IDX file `name`, from 0; None for a picture of its own.
        num_frames: Of an animated picture the frames; the first was taken.
        trimmed: Whether a plain ground was made black, and its margins cut off.
    """

    name: str
    pixels: NDArray[np.uint8]
    inverted: bool
    reason: str
    index: int | None = None
    num_frames: int = 1
    trimmed: bool = False

    @property
    def label(self) -> str:
        """The name as people read it, on one line."""
        return one_line(self.name) + ("" if self.index is None else f"[{self.index}]")

    @property
    def note(self) -> str:
        """What was done about light and dark, and why, and about the ground."""
        frames = f"; the first of {self.num_frames:,} frames" if self.num_frames > 1 else ""
        trimmed = "; trimmed" if self.trimmed else ""
        return f"{'inverted' if self.inverted else 'not inverted'}: {self.reason}{trimmed}{frames}"


def read_picture(
    source: PictureSource,
    image_shape: Sequence[int] = (28, 28, 1),
    invert: str = "auto",
    name: str | None = None,
    allow_blank: bool = False,
) -> Picture:
    """Read a picture of any size and colour mode as a model's image.

    It is turned as its EXIF data says, made grey, inverted where necessary, shrunk or enlarged to fit, and centred with
    its sides filled like its border: Fashion-MNIST was made so, from photographs before a light background, inverted.
    Where its border is nearly of one level, that ground becomes black and its margins are cut off first, as theirs
    were. A picture that has the model's size already, or is for a colour model, keeps both. Of an animated picture the
    first frame is taken.

    Args:
        source: The path of a PNG, JPEG or WebP file, the content of one, or a Pillow image.
        image_shape: Height, width and channels that the model takes; with 3 channels, colours stay.
        invert: `"on"`, `"off"`, which leaves ground and margins as they are too, or `"auto"`: a grey picture is
            inverted if its border is light (median of at least 128), and one with transparent parts if what is visible
            is dark. None of the 10,000 test images of Fashion-MNIST itself would be inverted.
        name: What the picture and its errors are called; its path by default.
        allow_blank: Take a picture of one colour, which shows nothing to classify but may stand in a data set.

    Raises:
        ImageError: The file is not there, is no picture, is damaged, is too large to be read safely, or shows nothing
            but one colour.
    """
    check_invert(invert)
    name = _name_of(source) if name is None else name
    if isinstance(source, str | os.PathLike):
        with open_file(source) as file:
            source = read_bounded(file, name)
    image, num_frames = decode(source, name)
    height, width, channels = image_shape
    alpha = _transparency(image)
    levels = image.convert("RGB").convert("L" if channels == 1 else "RGB")
    inverted, reason = _decide(levels, alpha, invert)
    if alpha is not None:
        # The background of a cut-out is black in the end, as in Fashion-MNIST.
        background = Image.new(levels.mode, levels.size, "white" if inverted else "black")
        levels = Image.composite(levels, background, alpha)
    if inverted:
        levels = ImageOps.invert(levels)
    item = None
    if invert != "off" and levels.mode == "L" and levels.size != (width, height):
        item = fit_item(levels, (width, height))
    pixels = fit(levels, (width, height)) if item is None else item
    if not allow_blank and (pixels == pixels[0, 0]).all():
        raise ImageError(f"{one_line(name)} shows nothing: it is of one colour at {width} x {height} pixels")
    return Picture(name, pixels, inverted, reason, num_frames=num_frames, trimmed=item is not None)


def check_invert(invert: str) -> None:
    """Check the name of a way to treat light and dark.

    Raises:
        ImageError: It is none of `INVERT`.
    """
    if invert not in INVERT:
        raise ImageError(f"invert must be one of {', '.join(INVERT)}, got {invert!r}")


def is_picture(item: Any) -> bool:
    """Whether `read_picture` takes it, by its type."""
    return isinstance(item, str | os.PathLike | bytes | Image.Image)


def _name_of(source: PictureSource) -> str:
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "") or "picture")
    return "picture" if isinstance(source, bytes) else os.fspath(source)


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
    light = np.median(border(levels)) >= 128
    return bool(light), f"{'light' if light else 'dark'} border"
