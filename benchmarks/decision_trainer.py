"""The same four initialisers, trained by the peers' loop in PyTorch as a custom trainer of the package.

Run:  ARRAYS=ARRAYS.npz python -m fashion_keras run benchmarks/decision_trainer.py
"""

import os
from typing import Any

import numpy as np

from benchmarks.decision_peers import ARMS, train_by_pytorch
from fashion_keras.experiments import Arm, Experiment


def train(seed: int, *, initializer: str = "default", epochs: int = 3) -> dict[str, Any]:
    """Train once, and return which test images are right."""
    with np.load(os.environ["ARRAYS"]) as file:
        arrays = {name: file[name] for name in file.files}
    return {"correct": train_by_pytorch(arrays, initializer, seed, epochs)}


EXPERIMENT = Experiment(
    name="initializers_in_pytorch",
    title="Initialisers, trained in PyTorch",
    trainer="decision_trainer:train",
    metric="test_accuracy",
    arms=tuple(Arm(name, initializer=name) for name in ARMS),
)
