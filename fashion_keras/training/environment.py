"""Environment of a run: versions and processor, for its record. Loads no framework itself."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["describe_environment"]

_FRAMEWORKS = ("tensorflow", "keras", "torch", "jax", "sklearn")


def describe_environment() -> dict[str, Any]:
    """Return versions, of the frameworks those that are loaded, and the processor: none of it is an input."""
    loaded = {name: getattr(sys.modules[name], "__version__", "") for name in _FRAMEWORKS if name in sys.modules}
    return {
        "python": platform.python_version(),
        **loaded,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": _processor_name(),
        "cores": os.cpu_count(),
    }


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
