"""Reading of people's pictures as a model's images: size, colours, light and dark."""

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
from fashion_keras.images.framing import Relief, border, fit, has_plain_ground, measure_relief

__all__ = ["GROUNDS", "Picture", "PictureSource", "check_invert", "is_picture", "read_picture"]

INVERT = ("auto", "on", "off")
GROUNDS = ("black", "dark", "light", "mixed")
"""What a model's training images have around their items: black, cut to the item, as Fashion-MNIST; or as they came."""

CROP = "the ground is not plain: crop to the item, or take it on a ground of one colour"
FAINT = "it is of nearly one level: spread its levels over 0 to 255"
_FAINT_LEVELS = 32

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
        plain_ground: Whether the ground is plain; None where it makes no difference to the model.
        advice: What would make the answer better, for people; empty where there is nothing to say.
        bits: Of 16 bits a pixel those that were used; None where it has 8.
        transparent: Whether a part of it is transparent.
    """

    name: str
    pixels: NDArray[np.uint8]
    inverted: bool
    reason: str
    index: int | None = None
    num_frames: int = 1
    trimmed: bool = False
    plain_ground: bool | None = None
    advice: str = ""
    bits: int | None = None
    transparent: bool = False

    @property
    def label(self) -> str:
        """The name as people read it, on one line."""
        return one_line(self.name) + ("" if self.index is None else f"[{self.index}]")

    @property
    def note(self) -> str:
        """What was done about light and dark, and why, and about the ground; and what would be better."""
        parts = [f"{'inverted' if self.inverted else 'not inverted'}: {self.reason}"]
        parts += ["trimmed"] if self.trimmed else []
        parts += [f"the first of {self.num_frames:,} frames"] if self.num_frames > 1 else []
        parts += [f"{self.bits} of 16 bits used"] if self.bits not in (None, 16) else []
        return "; ".join(parts + ([self.advice] if self.advice else []))


def read_picture(
    source: PictureSource,
    image_shape: Sequence[int] = (28, 28, 1),
    invert: str = "auto",
    name: str | None = None,
    allow_blank: bool = False,
    ground: str = "black",
    bits: int | None = None,
) -> Picture:
    """Read a picture of any size and colour mode as a model's image.

    It is turned as its EXIF data says, made grey, inverted where necessary, shrunk or enlarged to fit, and centred with
    its sides filled like its border: Fashion-MNIST was made so, from photographs before a light background, inverted.
    For a model of black ground, a nearly plain ground becomes black and its margins are cut off first, as theirs were.
    A picture that has the model's size already, or is for a colour model, keeps both. Of an animated picture the
    first frame is taken.

    Args:
        source: The path of a PNG, JPEG, WebP, GIF, BMP or TIFF file, the content of one, or a Pillow image.
        image_shape: Height, width and channels that the model takes; with 3 channels, colours stay.
        invert: `"on"`, `"off"`, which leaves ground and margins as they are too, or `"auto"`: a grey picture is
            inverted if its item is darker than its ground where the model's are lighter, or the other way round. None
            of the 10,000 test images of Fashion-MNIST itself would be inverted.
        name: What the picture and its errors are called; its path by default.
        allow_blank: Take a picture of one colour, which shows nothing to classify but may stand in a data set.
        ground: What the model's training images have around their items, one of GROUNDS; with `mixed`, `"auto"` inverts
            nothing.
        bits: Of a picture with 16 bits a pixel, how many are used; None finds out by its largest value.

    Raises:
        ImageError: The file is not there, is no picture, is damaged, is too large to be read safely, or shows nothing
            but one colour.
    """
    check_invert(invert)
    name = _name_of(source) if name is None else name
    if isinstance(source, str | os.PathLike):
        with open_file(source) as file:
            source = read_bounded(file, name)
    decoded = decode(source, name, bits)
    height, width, channels = image_shape
    alpha = _transparency(decoded.image)
    levels = decoded.image if decoded.image.mode == "L" else decoded.image.convert("RGB")
    if levels.mode != (mode := "L" if channels == 1 else "RGB"):
        levels = levels.convert(mode)
    laid = levels if alpha is None else _lay_on_ground(levels, alpha)
    relief = measure_relief(laid) if levels.mode == "L" and invert != "off" else None
    inverted, reason = _decide(levels, alpha, invert, ground, relief)
    levels = ImageOps.invert(laid) if inverted else laid
    is_framed = relief is not None and ground == "black" and levels.size != (width, height)
    item = relief.draw_item((width, height), not inverted) if relief and is_framed else None
    pixels = fit(levels, (width, height)) if item is None else item
    span = int(pixels.max()) - int(pixels.min())
    if not span and not allow_blank:
        raise ImageError(f"{one_line(name)} shows nothing: it is of one colour at {width} x {height} pixels")
    plain = has_plain_ground(levels) if is_framed else None
    return Picture(
        name,
        pixels,
        inverted,
        reason,
        num_frames=decoded.num_frames,
        trimmed=item is not None,
        plain_ground=plain,
        advice=CROP if plain is False else FAINT if span < _FAINT_LEVELS else "",
        bits=decoded.bits,
        transparent=alpha is not None,
    )


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


def _lay_on_ground(levels: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return a cut-out on white if it is dark and on black if it is light, so that it is seen."""
    ground = "black" if _is_light(levels, alpha) else "white"
    return Image.composite(levels, Image.new(levels.mode, levels.size, ground), alpha)


def _is_light(levels: Image.Image, alpha: Image.Image) -> bool:
    weights = np.asarray(alpha)
    return bool(not weights.any() or np.average(np.asarray(levels.convert("L")), weights=weights) >= 128)


def _decide(
    levels: Image.Image, alpha: Image.Image | None, invert: str, ground: str, relief: Relief | None
) -> tuple[bool, str]:
    """Return whether to exchange light and dark, and why."""
    if invert != "auto":
        return invert == "on", "as asked"
    if relief is None:
        return False, "a colour model"
    if ground == "mixed":
        return False, "as the training images are"
    is_dark, reason = _find_dark_item(levels, alpha, relief.contrast)
    return is_dark != (ground == "light"), reason


def _find_dark_item(levels: Image.Image, alpha: Image.Image | None, contrast: float) -> tuple[bool, str]:
    """Return whether the item is darker than its ground, and how that was found out."""
    if alpha is not None and np.any(np.asarray(alpha)):
        light = _is_light(levels, alpha)
        return not light, f"{'light' if light else 'dark'} on a transparent ground"
    has_light_border = bool(np.median(border(levels)) >= 128)
    if not contrast or (contrast < 0) == has_light_border:
        return has_light_border, f"{'light' if has_light_border else 'dark'} border"
    return contrast < 0, f"{'darker' if contrast < 0 else 'lighter'} than its ground"
