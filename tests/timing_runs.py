"""Timing runs made by hand, for tests of what is done with them: nothing is trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from fashion_keras.config.identity import PROTOCOL_VERSION
from fashion_keras.storage.times import Measurement, Times, timed_arms

ENVIRONMENT = {
    "processor": "A processor",
    "cores": 2,
    "platform": "Linux",
    "python": "3.11.7",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
}
"""What a worker says of itself."""


def make_measurement(name: str, number: int = 1, seconds: float = 1.0, **changes: Any) -> Measurement:
    """An arm that takes so many seconds an epoch, evaluations included, and half of it for the training alone."""
    arm = next(arm for arm in timed_arms() if name in arm.names)
    settings: dict[str, Any] = {
        "round": number,
        "place": 1,
        "arms": " ".join(arm.names),
        "epochs": arm.config.epochs,
        "timed_epochs": 5,
        "train_seconds": seconds / 2,
        "epoch_seconds": seconds,
        "other_cores": 0.0,
        "threads": 1,
        "precision": "float32",
        "data": "fashion_mnist",
        **ENVIRONMENT,
        "protocol": PROTOCOL_VERSION,
        "measured_at": "2026-01-02T03:04:05+00:00",
    }
    return Measurement(**{**settings, **changes})


def make_times(seconds: Mapping[str, Sequence[float]]) -> Times:
    """The seconds of an epoch of each arm, a number for each round."""
    return Times(
        tuple(
            make_measurement(name, number, value)
            for name, values in seconds.items()
            for number, value in enumerate(values, start=1)
        )
    )


def make_all_times(num_rounds: int = 6) -> Times:
    """Every arm; each takes a tenth of a second longer than the one before it, and each round as much."""
    names = [arm.names[0] for arm in timed_arms()]
    return make_times(
        {
            name: [round(1.0 + 0.1 * place + 0.1 * number, 1) for number in range(num_rounds)]
            for place, name in enumerate(names)
        }
    )
