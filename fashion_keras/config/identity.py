"""Identity of a run: the hash of everything that changes its numbers."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

__all__ = ["PROTOCOL_VERSION", "canonical_json", "identify", "keras_versions"]

PROTOCOL_VERSION = 1
"""Raised when a default or the meaning of a setting changes; results of different versions never share a table."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def identify(settings: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return the SHA-256, in hexadecimal, of what changes a run's numbers.

    Args:
        settings: Those of its configuration that differ from their defaults, as plain values.
        versions: Of what trains it, see `keras_versions`; none of a custom trainer, whose source is among the settings.
    """
    identity = {"config": settings, "protocol": PROTOCOL_VERSION, **versions}
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space: one text for one value."""
    return _encode(value)


def keras_versions() -> dict[str, str]:
    """Return the major and minor versions of Keras and TensorFlow that are installed here."""
    return {name: _major_minor(name) for name in ("keras", "tensorflow")}


@cache  # it reads files, and a plan of thousands of runs asks for each of them
def _major_minor(package: str) -> str:
    return ".".join(version(package).split(".")[:2])
