"""Resolution of `--precision auto`: measured once per machine, and kept in the user's cache."""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import platformdirs

from fashion_keras.config.run_config import BFLOAT16_IS_EQUIVALENT
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.tasks import execute_products
from fashion_keras.storage.files import write_files

__all__ = ["choose_precision", "gains_file", "resolve_precision"]

LEAST_GAIN = 1.1
"""How many times as fast as float32 it must be to be worth another rounding."""

_PROCESSOR = Path("/proc/cpuinfo")


def resolve_precision(asked: str, engine: LocalEngine, say: Callable[[str], None]) -> str:
    """Return `"float32"` or `"mixed_bfloat16"`, and say how `"auto"` came to it.

    Args:
        asked: One of the two, or `"auto"`.
        engine: Whose workers measure what is not known of this machine.
        say: Is told what was measured.

    Raises:
        ConfigError: TensorFlow fails.
    """
    if asked != "auto":
        return asked
    known, key = _read_known(), _machine()
    if key not in known:
        known[key] = _measure(engine)
        try:
            write_files(gains_file().parent, {gains_file().name: json.dumps(known, indent=1)})
        except StoreError as error:
            say(f"Measured for this call alone: {error}")
    chosen = choose_precision(known[key])
    measured = ", ".join(f"{gain:.2f} of {kind} layers" for kind, gain in known[key].items())
    say(f"Precision: {chosen}; the speed of bfloat16 here, as a multiple of float32's: {measured} ({gains_file()})")
    return chosen


def choose_precision(gains: Mapping[str, float]) -> str:
    """Return `"mixed_bfloat16"` where every kind of layers gains by it, and it is known to be equivalent.

    Elsewhere `"float32"`.
    """
    is_quicker = min(gains.values()) >= LEAST_GAIN
    return "mixed_bfloat16" if is_quicker and BFLOAT16_IS_EQUIVALENT else "float32"


def gains_file() -> Path:
    """Return where the measurements are kept; XDG_CACHE_HOME moves it."""
    return Path(platformdirs.user_cache_dir("fashion_keras", appauthor=False)) / "precision.json"


def _read_known() -> dict[str, dict[str, float]]:
    """Return the gains by machine; a file that is damaged, or another program's, is measured anew."""
    try:
        known = json.loads(gains_file().read_text(encoding="utf-8"))
        return {key: {kind: float(gain) for kind, gain in gains.items()} for key, gains in known.items() if gains}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _machine() -> str:
    """Return what the speed depends on: the processor, with what a hypervisor shows of it, and TensorFlow's version."""
    try:
        lines = _PROCESSOR.read_text().split("\n\n", 1)[0].splitlines()
    except OSError:
        lines = []
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    lasting = {key: fields.get(key) for key in ("vendor_id", "cpu family", "model", "stepping", "flags")}
    digest = hashlib.sha256(json.dumps(lasting).encode()).hexdigest()[:8]
    name = fields.get("model name") or platform.processor() or platform.machine()
    return f"{name} {digest}, TensorFlow {version('tensorflow')}"


def _measure(engine: LocalEngine) -> dict[str, float]:
    ((_, outcome),) = engine.run(execute_products, [None])
    if outcome.value is None:
        raise ConfigError(f"--precision auto cannot be measured here ({outcome.message}): say --precision float32")
    return outcome.value
