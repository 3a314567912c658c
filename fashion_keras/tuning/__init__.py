"""Tuning: searches with keras-tuner's oracles, and sweeps of one setting of every arm, over the package's own store.

`FCNHyperModel` and `CNNHyperModel` are for keras-tuner's own tuners; keras-tuner is imported when one is asked for.
"""

from typing import TYPE_CHECKING

from fashion_keras._lazy import lazy_attributes

if TYPE_CHECKING:
    from fashion_keras.tuning.search.hypermodel import CNNHyperModel, FCNHyperModel

__all__ = ["CNNHyperModel", "FCNHyperModel"]

__getattr__ = lazy_attributes(__name__, dict.fromkeys(__all__, "fashion_keras.tuning.search.hypermodel"))
