"""Search for good settings: keras-tuner's oracles over our own execution and store.

`FCNHyperModel` and `CNNHyperModel` are for keras-tuner's own tuners. They are loaded when they are asked for:
keras-tuner imports TensorFlow, and `--help` must not.
"""

from typing import Any

__all__ = ["CNNHyperModel", "FCNHyperModel"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fashion_keras._tensorflow import import_tensorflow

    import_tensorflow()
    from fashion_keras.tuning.search import hypermodel

    return getattr(hypermodel, name)
