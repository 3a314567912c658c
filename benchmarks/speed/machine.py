"""Where and with what code a measurement was made."""

import hashlib
import os
import platform
from pathlib import Path

from benchmarks.speed.measure import ROOT

_FLAGS = ("avx512f", "avx512_bf16", "amx_bf16")


def describe_machine() -> str:
    """Return the processor with what its name leaves out, the cores that may be used, and the system."""
    cores = len(os.sched_getaffinity(0))
    return f"{_describe_processor()}, {cores} cores; {platform.system()} {platform.release()}"


def hash_code() -> str:
    """Return twelve digits of a hash of the package's and the benchmark's sources."""
    digest = hashlib.sha256()
    for folder in (ROOT / "fashion_keras", Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _describe_processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return platform.processor() or platform.machine()
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in pairs}
    flags = values.get("flags", "").split()
    known = ", ".join(f"{flag} {'yes' if flag in flags else 'no'}" for flag in _FLAGS)
    numbers = ", ".join(f"{key} {values[key]}" for key in ("cpu family", "model", "stepping") if key in values)
    return f"{values.get('model name', platform.machine())} ({numbers}; {known})"
