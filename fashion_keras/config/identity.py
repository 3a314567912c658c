"""Identity of a run: the hash of everything that changes its numbers."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

__all__ = ["PROTOCOL_VERSION", "canonical_json", "identify"]

PROTOCOL_VERSION = 1
"""Raised when a default or the meaning of a setting changes; results of different versions never share a table."""


def identify(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of settings as plain values, the protocol, and the versions trained with."""
    identity = {
        "config": settings,
        "protocol": PROTOCOL_VERSION,
        "keras": _major_minor("keras"),
        "tensorflow": _major_minor("tensorflow"),
    }
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@cache  # it reads files, and a plan of thousands of runs asks for each of them
def _major_minor(package: str) -> str:
    return ".".join(version(package).split(".")[:2])
