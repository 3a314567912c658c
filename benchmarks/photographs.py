"""Accuracy of the shipped CNN on pictures as people have them: photographs made of test images of Fashion-MNIST.

Run:   python -m benchmarks.photographs
Cost:  some minutes on two cores; the data.

Writes results/photographs.md and results/photographs.json. Two generators make them, each of its own half of the test
images. `studio` lets an item's levels rise from the ground's level, as the data set's do from black; its
looks, on other images, served to set what `fashion_keras.images.framing` has to be told. `street` was written to judge
it: the item's own tones on a silhouette, turned, on a wide JPEG of another noise, another shadow, other light.
"""

import argparse
import io
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.speed.machine import describe_machine
from fashion_keras import load_model
from fashion_keras.data import load, locate

OUTPUT = Path(__file__).parent / "results"
GROUNDS = (0, 32, 64, 96, 126, 130, 160, 190, 224, 255)
SURFACES = ("plain", "shadow", "texture", "shadow and texture")
LIGHTS = ("slope", "dark corners", "lamp", "horizon")
SURE = 0.9
Levels = NDArray[np.float64]


class Look(NamedTuple):
    """Look of a photograph: the ground's level, the item's side of it and direction, the ground's surface and light."""

    ground: int
    contrast: str
    direction: str
    surface: str = "plain"
    light: str = "even"


def looks() -> Iterator[Look]:
    """Yield every look in which the item may differ from its ground by at least 60 levels."""
    for ground, contrast, direction in product(GROUNDS, ("lighter", "darker"), ("as in the data", "mirrored")):
        room = 255 - ground if contrast == "lighter" else ground
        if room >= 64:
            yield from (Look(ground, contrast, direction, surface) for surface in SURFACES)
        if room >= 95 and 64 <= ground <= 190:  # the light varies by 40 levels
            yield from (Look(ground, contrast, direction, light=light) for light in LIGHTS)


def take_studio(pixels: NDArray[np.uint8], look: Look, random: np.random.Generator) -> Image.Image:
    """Return a photograph whose item's levels rise from the ground's, or fall."""
    cover = _place(pixels, (196, 196), random, (0.4, 0.85))
    lit = look.ground + 40 * _light(look.light, cover.shape, random)
    base = look.ground if look.light == "horizon" else lit
    ground = np.clip(lit + ("texture" in look.surface) * _weave(cover.shape, random), 0, 255)
    matte = np.clip(12 * cover, 0, 1)
    if "shadow" in look.surface:
        away = random.uniform(4, 10, 2) * random.choice([-1, 1], 2)
        ground = ground * (1 - 0.25 * ndimage.gaussian_filter(ndimage.shift(matte, away, order=1), 5))
    strength = random.uniform(0.85, 1) * cover
    item = base + (255 - base) * strength if look.contrast == "lighter" else base * (1 - strength)
    scene = ndimage.gaussian_filter(ground * (1 - matte) + item * matte, random.uniform(0.3, 1.2))
    tint = 1 - random.uniform(0, 0.12, 3)
    return _develop((scene + random.normal(0, 3, scene.shape))[..., np.newaxis] * tint)


def take_street(pixels: NDArray[np.uint8], look: Look, random: np.random.Generator) -> Image.Image:
    """Return a photograph of an item of tones of its own, all on one side of the ground, as a JPEG file gives it."""
    shape = (300, 400) if random.random() < 0.5 else (400, 300)
    cover = _place(pixels, shape, random, (0.5, 0.9), turn=random.uniform(-6, 6))
    ground = look.ground + (look.light != "even") * _clouds(shape, random, shape[0] / 3, 25)
    if look.light == "horizon":
        ground = ground + 30 * (np.arange(shape[0]) < shape[0] * random.uniform(0.2, 0.7))[:, np.newaxis]
    if "texture" in look.surface:
        ground = ground + _clouds(shape, random, random.uniform(1.5, 4), 7)
    matte = np.clip(8 * ndimage.gaussian_filter(cover, 1.5), 0, 1)
    if "shadow" in look.surface:
        ground = ground * (1 - 0.3 * ndimage.gaussian_filter(np.roll(matte, random.integers(6, 16, 2), (0, 1)), 12))
    room = 255 - look.ground if look.contrast == "lighter" else -look.ground
    nearest, farthest = random.uniform(0.2, 0.4), random.uniform(0.85, 1)
    item = look.ground + room * (nearest + (farthest - nearest) * cover)
    scene = (np.clip(ground, 0, 255) * (1 - matte) + item * matte)[..., np.newaxis] * (1 - random.uniform(0, 0.1, 3))
    file = io.BytesIO()
    _develop(scene + random.normal(0, 4, scene.shape)).save(file, "JPEG", quality=int(random.integers(60, 95)))
    return Image.open(file)


def _place(
    pixels: NDArray[np.uint8],
    shape: tuple[int, int],
    random: np.random.Generator,
    scale: tuple[float, float],
    turn: float = 0,
) -> Levels:
    """Return an image enlarged to a share of a scene and off its middle: levels in [0, 1]."""
    side = round(min(shape) * random.uniform(*scale))
    item = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).rotate(turn, Image.Resampling.BICUBIC)
    scene = np.zeros(shape)
    top, left = (int(free / 2 * (1 + random.uniform(-0.6, 0.6))) for free in (shape[0] - side, shape[1] - side))
    scene[top : top + side, left : left + side] = np.asarray(item) / 255
    return scene


def _light(kind: str, shape: tuple[int, ...], random: np.random.Generator) -> Levels:
    """Return how the light varies over a scene, in [-1, 1]."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    angle = random.uniform(0, 2 * np.pi)
    if kind == "slope":
        return np.cos(angle) * x + np.sin(angle) * y
    if kind == "dark corners":
        return 1 - (x * x + y * y)
    if kind == "lamp":
        return 2 * np.exp(-((x - np.cos(angle)) ** 2 + (y - np.sin(angle)) ** 2) / 0.8) - 1
    return np.where(y > random.uniform(0.3, 0.8), -0.5, 0.5) if kind == "horizon" else 0 * x


def _weave(shape: tuple[int, ...], random: np.random.Generator) -> Levels:
    y, x = np.mgrid[: shape[0], : shape[1]]
    angle, period = random.uniform(0, np.pi), random.uniform(5, 12)
    stripes = 6 * np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    return stripes + _clouds(shape, random, 1.5, 4)


def _clouds(shape: tuple[int, ...], random: np.random.Generator, size: float, deviation: float) -> Levels:
    noise = ndimage.gaussian_filter(random.normal(size=shape), size)
    return noise * deviation / noise.std()


def _develop(scene: Levels) -> Image.Image:
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))


def measure(take: Callable[..., Image.Image], places: NDArray[np.int64], count: int, seed: int) -> dict[str, Any]:
    """Return shares of right answers and of confident mistakes by ground, by surface and by light."""
    dataset = load(locate(offline=True))
    model, random = load_model("cnn"), np.random.default_rng(seed)
    right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    sure: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    seconds = 0.0
    for look in looks():
        chosen = random.choice(places, count, replace=False)
        images = dataset.test_images[chosen][:, :, :: -1 if look.direction == "mirrored" else 1]
        photographs = [take(pixels, look, random) for pixels in images]
        started = time.perf_counter()
        predictions = model.predict(photographs)
        seconds += time.perf_counter() - started
        for is_right, probability in zip(
            predictions.class_id == dataset.test_labels[chosen], predictions.probabilities.max(axis=1), strict=True
        ):
            row = look.surface if look.light == "even" else look.light
            for kind, name in (("surface", f"{row}, {look.direction}"), ("ground", str(look.ground))):
                if kind == "surface" or look.light == "even":
                    column = f"{kind}: {name}"
                    right[column][look.contrast].append(bool(is_right))
                    sure[column][look.contrast].append(bool(probability >= SURE and not is_right))
    return {
        "pictures": count * len(list(looks())),
        "seconds_per_picture": seconds / (count * len(list(looks()))),
        "right": {name: {key: float(np.mean(value)) for key, value in row.items()} for name, row in right.items()},
        "confident_mistakes": {name: {key: float(np.mean(v)) for key, v in row.items()} for name, row in sure.items()},
    }


def render(record: dict[str, Any]) -> str:
    """Return the page of a record."""
    lines = ["# Photographs made of test images", ""]
    lines += [f"Written by `python -m benchmarks.photographs` on {record['date']}: do not edit.", record["machine"], ""]
    for generator, found in record["generators"].items():
        lines += [f"## {generator}", ""]
        lines += [
            f"{found['pictures']:,} photographs, {1000 * found['seconds_per_picture']:.1f} ms each to read and answer."
        ]
        lines += ["Right, in percent; in brackets mistakes with a probability of 0.9 or more.", ""]
        lines += ["| | lighter than its ground | darker |", "| --- | ---: | ---: |"]
        for name, row in found["right"].items():
            cells = [
                f"{100 * row[key]:.1f} ({100 * found['confident_mistakes'][name][key]:.1f})" if key in row else ""
                for key in ("lighter", "darker")
            ]
            lines += [f"| {name} | {cells[0]} | {cells[1]} |"]
        lines += [""]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the record and its page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.photographs", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--count", type=int, default=50, help="photographs of each look (default: %(default)s)")
    parser.add_argument("--generators", default="studio,street", help="(default: %(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    options = parser.parse_args()
    known = {"studio": (take_studio, np.arange(5_000), 1), "street": (take_street, np.arange(5_000, 10_000), 2)}
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": str(describe_machine()),
        "generators": {
            name: measure(known[name][0], known[name][1], options.count, known[name][2])
            for name in options.generators.split(",")
        },
    }
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "photographs.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (options.output / "photographs.md").write_text(render(record), encoding="utf-8")
    print(render(record))


if __name__ == "__main__":
    main()
