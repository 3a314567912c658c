"""Comparisons: the report's six and two of precision, a module each, and what a custom comparison is made of."""

from typing import TYPE_CHECKING

from fashion_keras._lazy import lazy_attributes

if TYPE_CHECKING:
    from fashion_keras.experiments.definition import BASE, Arm, Experiment
    from fashion_keras.experiments.registry import load_experiment, main
    from fashion_keras.results.metrics import Metric

__all__ = ["BASE", "Arm", "Experiment", "Metric", "load_experiment", "main"]

__getattr__ = lazy_attributes(
    __name__,
    {
        "BASE": "fashion_keras.experiments.definition",
        "Arm": "fashion_keras.experiments.definition",
        "Experiment": "fashion_keras.experiments.definition",
        "Metric": "fashion_keras.results.metrics",
        "load_experiment": "fashion_keras.experiments.registry",
        "main": "fashion_keras.experiments.registry",
    },
)
