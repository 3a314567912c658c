"""Verification of stored runs: whether what they say of themselves agrees with itself and with their files.

What is checked when:

- whenever a run is read: the result's own digest, its run id against its configuration and its folder, the ranges of
  its numbers, its test accuracy against the images that it got right, and the sizes of its artefacts;
- before tables are made: its history's digest; before a run is taken for done: the digests of all artefacts;
- when a history or predictions are used: their content against the result.

Runs that were stored before digests were kept pass without them, and are called "not verified".
"""

import math
import os
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.config.identity import PROTOCOL_VERSION, identify
from fashion_keras.storage.reading import DIGEST, damage_of, read_bytes, sha256
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, kept_epoch, num_correct, unpack_bits

__all__ = ["check_artefact", "check_artefacts", "check_history", "check_predictions", "check_result", "has_digests"]

# An evaluation adds up in float32 over batches what is counted over the images in the end.
_ROUNDING = 1e-5
_RUN_ID = re.compile(r"[0-9a-f]{64}")
_RANGES = dict.fromkeys(HISTORY_KEYS, (-math.inf, math.inf))
_RANGES |= {key: (0.0, 1.0) for key in HISTORY_KEYS if key.endswith("accuracy")}
_RANGES |= dict.fromkeys(("seconds", "learning_rate"), (0.0, math.inf))

Artefact = int | Mapping[str, Any]
"""What a result says of a file: `size` in bytes and `sha256`; of old runs the size alone."""


def has_digests(result: Mapping[str, Any]) -> bool:
    """Whether a result holds a digest of itself and of its artefacts; old ones do not."""
    return DIGEST in result


def check_result(result: Mapping[str, Any], folder: str) -> None:
    """Check what a result says of itself.

    Args:
        result: The content of result.json.
        folder: Its folder's name, which ends in the beginning of the run id.

    Raises:
        ValueError: Something does not agree, or a number is out of its range.
        LookupError, TypeError, AttributeError: Something is missing, or of another kind.
    """
    _check_identity(result, folder)
    _check_final(result)
    _check_correct(result["correct"], result["final"])
    _check_kinds(result)


def _check_identity(result: Mapping[str, Any], folder: str) -> None:
    run_id, environment = result["run_id"], result["environment"]
    if result["protocol"] != PROTOCOL_VERSION:
        raise ValueError(f"it has protocol version {result['protocol']!r}, this program {PROTOCOL_VERSION}")
    if not _RUN_ID.fullmatch(run_id) or not folder.endswith(f"__{run_id[:12]}"):
        raise ValueError("its run id is not that of its folder")
    config = result["config"]
    versions = () if "trainer" in config else (environment.get("keras"), environment.get("tensorflow"))
    if None not in versions and identify(config, _major_minor(versions)) != run_id:
        raise ValueError("its run id is not that of its configuration")


@cache
def _major_minor(versions: tuple[str, ...]) -> Mapping[str, str]:
    names = ("keras", "tensorflow")
    return {name: ".".join(version.split(".")[:2]) for name, version in zip(names, versions, strict=False)}


def _check_final(result: Mapping[str, Any]) -> None:
    final = result["final"]
    for name in METRICS:
        if (value := final[name]) is not None:
            _check_number(name, value)
    is_finite = None not in (final["train_loss"], final["val_loss"])
    # A custom trainer need not have losses.
    expected = ("finished", "diverged") if "trainer" in result["config"] else ("finished" if is_finite else "diverged",)
    if result["status"] not in expected:
        raise ValueError(f"its status {result['status']!r} does not agree with its losses")


def _check_number(name: str, value: Any) -> None:
    """Check a number of an epoch: finite; of accuracies a fraction, of seconds and rates not negative."""
    low, high = _RANGES[name]
    if type(value) not in (int, float) or not -math.inf < value < math.inf:
        raise ValueError(f"{name} is no finite number: {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in [{low:g}, {high:g}], got {value!r}")


def _check_correct(packed: Mapping[str, Any] | None, final: Mapping[str, float | None]) -> None:
    """Hold the test accuracy against the bits of the images."""
    if packed is None:
        return
    share = num_correct(packed["bits"], packed["count"]) / packed["count"]
    accuracy = final["test_accuracy"]
    if accuracy is None or abs(accuracy - share) > 1e-9:
        raise ValueError(f"its test accuracy {accuracy!r} is not the share of images that it got right, {share!r}")


def _check_kinds(result: Mapping[str, Any]) -> None:
    seconds, epochs = result["seconds"], result["epochs"]
    for name in ("train", "total", "startup"):
        if type(seconds[name]) not in (int, float) or not 0 <= seconds[name] < math.inf:
            raise ValueError(f"seconds of {name} must be a number from 0, got {seconds[name]!r}")
    if type(epochs) is not int or epochs < 1:
        raise ValueError(f"epochs must be a whole number from 1, got {epochs!r}")
    if type(result["finished_at"]) is not str or type(result["config"].get("seed", 0)) is not int:
        raise ValueError("finished_at must be text, and a seed a whole number")
    if DIGEST not in result and any(type(each) is not int for each in result["artefacts"].values()):
        raise ValueError("its own digest is missing")


def check_artefacts(
    folder: str, artefacts: Mapping[str, Artefact], hashed: Collection[str] = (), remedy: str = ""
) -> None:
    """Check that a run's files are there, with as many bytes as they had, or with the same digest.

    Args:
        folder: The run's.
        artefacts: From file names to what the result says of them.
        hashed: Files whose digests are checked, where there are any.
        remedy: As in `check_artefact`.

    Raises:
        ValueError: One is missing, or shorter or longer.
        DamageError: One has another digest, or cannot be read.
    """
    for name, about in artefacts.items():
        if "/" in name:
            raise ValueError(f"{name!r} is no file of the run")
        if name in hashed and type(about) is not int:
            check_artefact(folder, name, artefacts, remedy)
            continue
        size = about if type(about) is int else about["size"]  # type: ignore[index]
        try:
            found = os.stat(f"{folder}/{name}").st_size  # noqa: PTH116  # of thousands of runs, a path would cost more
        except OSError:
            raise ValueError(f"{name} is missing") from None
        if found != size:
            raise ValueError(f"{name} has {found} bytes, not {size}")


def check_artefact(folder: str, name: str, artefacts: Mapping[str, Artefact], remedy: str = "") -> None:
    """Check a file's digest where the result has one.

    Args:
        folder: The run's.
        name: Of the file.
        artefacts: From file names to what the result says of them.
        remedy: How to go on where it is damaged.

    Raises:
        DamageError: It has another digest, or cannot be read.
    """
    about = artefacts.get(name)
    if about is not None and not isinstance(about, int):
        path = f"{folder}/{name}"
        with damage_of(path, remedy):
            if sha256(read_bytes(path, about["size"])) != about["sha256"]:
                raise ValueError("its digest is not the one that the result has of it")


def check_history(history: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Hold a history against the result: as many epochs, numbers in their ranges, and the last epoch's values.

    Raises:
        ValueError: They do not agree, or a number is out of its range.
        LookupError, TypeError: Something is missing, or of another kind.
    """
    for name in HISTORY_KEYS:
        values = history[name]
        if not isinstance(values, list) or len(values) != result["epochs"]:
            raise ValueError(f"{name} must have a value for each of {result['epochs']} epochs")
        for value in values:
            if value is not None:
                _check_number(name, value)
    last = kept_epoch(history, result["config"].get("keep_best"))
    for name in METRICS:
        value, final = history[name][last], result["final"][name]
        if not _agree(value, final, _ROUNDING if name == "test_accuracy" else 0.0):
            raise ValueError(f"{name} of epoch {last + 1} is {value!r}, but the result has {final!r}")


def _agree(first: float | None, second: float | None, tolerance: float) -> bool:
    if first is None or second is None:
        return first is second or tolerance > 0
    return abs(first - second) <= tolerance


def check_predictions(correct: NDArray[np.bool_], result: Mapping[str, Any]) -> None:
    """Hold predictions against the images that the result says were right.

    Raises:
        ValueError: They do not agree.
    """
    packed = result["correct"]
    if packed is None or not np.array_equal(correct, unpack_bits(packed["bits"], packed["count"])):
        raise ValueError("the images that it got right are not those of the result")
