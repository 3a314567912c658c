"""A custom network and a comparison in files of a user's."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NETWORK = """
import keras


def build(image_shape, num_classes, units=4, rate=0.0, shape=(1, 2), seed=0):
    return keras.Sequential([
        keras.Input(image_shape), keras.layers.Flatten(), keras.layers.Dense(units), keras.layers.Dense(num_classes)
    ])
"""
COMPARISON = """
from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="mine",
    title="Mine",
    base=BASE.with_changes(model="own_net:build"),
    arms=(Arm("small"), Arm("large", units=8)),
)

if __name__ == "__main__":
    main(EXPERIMENT)
"""


@pytest.fixture(autouse=True)
def own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test's folder is the current one and on Python's path, and is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("own_"):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of a user's."""

    def write(name: str = "own_net.py", text: str = NETWORK) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write
