"""Precision of the training: `auto` resolved for this machine."""

from pathlib import Path

__all__ = ["BFLOAT16_IS_EQUIVALENT", "PROCESSOR_FILE", "resolve_precision"]

PROCESSOR_FILE = Path("/proc/cpuinfo")

BFLOAT16_IS_EQUIVALENT = True
"""Whether both published comparisons, experiments/precision_fcn and precision_cnn, say so: a test holds it to them."""


def resolve_precision(precision: str) -> str:
    """Return `"float32"` or `"mixed_bfloat16"`; `"auto"` is the latter where it is quicker and known to be equivalent.

    Quicker means matrix units for bfloat16 (AMX): four times float32's rate of products where measured. AVX512_BF16
    alone was half as fast as float32 on a processor that had it. Other systems than Linux do not say: float32.
    """
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if BFLOAT16_IS_EQUIVALENT and _has_bfloat16_matrix_units() else "float32"


def _has_bfloat16_matrix_units() -> bool:
    try:
        lines = PROCESSOR_FILE.read_text().splitlines()
    except OSError:
        return False
    return any("amx_bf16" in line.split() for line in lines if line.startswith("flags"))
