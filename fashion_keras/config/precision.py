"""Precision of the training: what `auto` is on a machine whose speed in bfloat16 is known."""

from collections.abc import Mapping

__all__ = ["BFLOAT16_IS_EQUIVALENT", "LEAST_GAIN", "choose_precision"]

BFLOAT16_IS_EQUIVALENT = True
"""Whether both published comparisons, experiments/precision_fcn and precision_cnn, say so: a test holds it to them."""

LEAST_GAIN = 1.1
"""How many times as fast as float32 it must be to be worth another rounding."""


def choose_precision(gains: Mapping[str, float]) -> str:
    """Return `"mixed_bfloat16"` where every kind of layers is quicker with it and it is known to be equivalent.

    Elsewhere `"float32"`.

    Args:
        gains: How many times as fast as in float32 a step of such layers is.
    """
    is_quicker = min(gains.values()) >= LEAST_GAIN
    return "mixed_bfloat16" if is_quicker and BFLOAT16_IS_EQUIVALENT else "float32"
