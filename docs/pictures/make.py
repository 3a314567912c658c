"""Make the example pictures of docs/predict.md and of the demo's page out of test images of Fashion-MNIST.

    python docs/pictures/make.py

writes them beside this script and into the page's folder. They look as pictures do that people have: large, dark on
light, tinted, with a grainy ground and uneven light, turned by EXIF data, cut out, in 16 bits.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fashion_keras.data import Dataset, load, locate

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "fashion_keras" / "demo" / "page" / "examples"
SIDE = 420
Tint = tuple[int, int, int]


def make_all(dataset: Dataset) -> None:
    """Write every picture; each shows the first test image of its class in the sample, or a later one as numbered."""
    photograph(item(dataset, "Ankle boot"), (70, 40, 25), (236, 232, 225)).save(HERE / "boot.jpg", quality=85)
    turned = Image.Exif()
    turned[0x0112] = 6
    bag = photograph(item(dataset, "Bag", 1), (120, 20, 40), (205, 196, 170)).transpose(Image.Transpose.ROTATE_90)
    bag.save(HERE / "bag-turned.jpg", quality=85, exif=turned)
    night = photograph(item(dataset, "Trouser"), (215, 220, 235), (18, 20, 30))
    night.save(HERE / "trouser-at-night.webp", quality=80)
    cut_out(item(dataset, "Sneaker"), (30, 60, 140)).save(HERE / "sneaker-cut-out.png", optimize=True)
    scan = Image.fromarray(65535 - item(dataset, "Dress").astype(np.uint16) * 257)
    scan.save(HERE / "dress-16-bit.png")
    for name, class_name, cloth, ground, is_mirrored in (
        ("dark-shoe", "Sneaker", (40, 45, 60), (225, 215, 195), True),
        ("white-shirt", "Pullover", (250, 248, 240), (150, 140, 130), False),
        ("red-dress", "Dress", (110, 10, 30), (170, 190, 180), False),
        ("night-trousers", "Trouser", (215, 220, 235), (18, 20, 30), False),
        ("brown-bag", "Bag", (95, 60, 35), (205, 196, 170), False),
    ):
        pixels = item(dataset, class_name)[:, :: -1 if is_mirrored else 1]
        photograph(pixels, cloth, ground).resize((200, 150)).save(EXAMPLES / f"{name}.jpg", quality=75)


def item(dataset: Dataset, class_name: str, number: int = 0) -> NDArray[np.uint8]:
    """Return a test image of a class: uint8 [28, 28]."""
    label = dataset.class_names.index(class_name)
    return dataset.test_images[np.flatnonzero(dataset.test_labels == label)[number]]


def enlarge(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return an image at SIDE x SIDE, in [0, 1]."""
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 255


def photograph(pixels: NDArray[np.uint8], cloth: Tint, ground: Tint) -> Image.Image:
    """Return a wide colour picture of an item on a grainy ground, lighter at the upper left."""
    random = np.random.default_rng(0)
    cover = np.zeros((SIDE, SIDE * 4 // 3, 1))
    cover[:, SIDE // 6 : SIDE // 6 + SIDE, 0] = np.clip(enlarge(pixels) * 1.3, 0, 1)
    scene = cover * np.array(cloth) + (1 - cover) * np.array(ground)
    light = np.linspace(1.05, 0.9, SIDE)[:, None, None] * np.linspace(1.03, 0.95, cover.shape[1])[None, :, None]
    scene = scene * light + random.normal(0, 4, scene.shape)
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))


def cut_out(pixels: NDArray[np.uint8], cloth: Tint) -> Image.Image:
    """Return a small item of one colour on a transparent ground."""
    alpha = Image.fromarray((np.clip(enlarge(pixels) * 1.3, 0, 1) * 255).astype(np.uint8)).resize((160, 160))
    image = Image.new("RGBA", alpha.size, cloth)
    image.putalpha(alpha)
    return image


if __name__ == "__main__":
    make_all(load(locate(dataset=HERE.parents[1] / "tests" / "sample")))
