"""Four initialisers compared by other people's means, each as its user would do it: one process, one run after another.

Run:  PYTHON -m benchmarks.decision_peers {ictonyx,pytorch} ARRAYS.npz EPOCHS SEEDS

Prints what it can say of them, the last line of which is the answer.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH_SIZE = 512
ARMS = ("default", "random_normal", "xavier_normal", "he_uniform")


def compare_by_ictonyx(arrays: dict[str, np.ndarray], epochs: int, seeds: int) -> None:
    """Train by ictonyx 0.5.1 and print its summary."""
    import ictonyx
    import keras

    schemes: dict[str, Callable[[], Any]] = {
        "default": lambda: keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
        "random_normal": lambda: keras.initializers.RandomNormal(stddev=0.01),
        "xavier_normal": keras.initializers.GlorotNormal,
        "he_uniform": keras.initializers.HeUniform,
    }

    def builder(name: str) -> Callable[[Any], Any]:
        def build(_config: Any) -> Any:
            units = [keras.layers.Dense(n, a, kernel_initializer=schemes[name]()) for n, a in _LAYERS]
            model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), *units])
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(keras.optimizers.SGD(0.02), loss, metrics=["accuracy"], jit_compile=False)
            return ictonyx.KerasModelWrapper(model)

        build.__name__ = name
        return build

    data = (arrays["train_images"][..., None], arrays["train_labels"])
    models = [builder(name) for name in ARMS]
    found = ictonyx.compare_models(
        models, data, runs=seeds, epochs=epochs, batch_size=BATCH_SIZE, metric="val_accuracy", seed=0, verbose=False
    )
    print(found.get_summary())


_LAYERS = ((300, "relu"), (200, "relu"), (10, None))


def train_by_pytorch(arrays: dict[str, np.ndarray], name: str, seed: int, epochs: int) -> np.ndarray:
    """Train by a loop in PyTorch, data in memory, and return which test images are right, bool [M]."""
    import torch

    schemes: dict[str, Callable[[Any], Any]] = {
        "default": lambda weight: weight,
        "random_normal": lambda weight: torch.nn.init.normal_(weight, std=0.01),
        "xavier_normal": torch.nn.init.xavier_normal_,
        "he_uniform": lambda weight: torch.nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    }
    images, labels = (torch.from_numpy(arrays[f"train_{name}"]) for name in ("images", "labels"))
    torch.manual_seed(seed)
    layers = [torch.nn.Flatten(), torch.nn.Linear(784, 300), torch.nn.ReLU(), torch.nn.Linear(300, 200)]
    model = torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.Linear(200, 10))
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            schemes[name](layer.weight.data)
    optimizer = torch.optim.SGD(model.parameters(), 0.02)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH_SIZE):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
    with torch.inference_mode():
        found = model(torch.from_numpy(arrays["test_images"])).argmax(1)
    return np.asarray(found == torch.from_numpy(arrays["test_labels"]))


def compare_by_pytorch(arrays: dict[str, np.ndarray], epochs: int, seeds: int) -> None:
    """Train by the loop in PyTorch, and print SciPy's paired tests with Holm's correction."""
    from scipy.stats import ttest_rel

    found = {
        name: np.array([train_by_pytorch(arrays, name, seed, epochs).mean() for seed in range(seeds)]) for name in ARMS
    }
    tests = {name: ttest_rel(found[name], found[ARMS[0]]) for name in ARMS[1:]}
    held = 0.0
    for rank, (name, test) in enumerate(sorted(tests.items(), key=lambda item: item[1].pvalue)):
        held = max(held, min(1.0, (len(tests) - rank) * float(test.pvalue)))
        low, high = test.confidence_interval()
        print(f"{name}: {np.mean(found[name] - found[ARMS[0]]):+.4f} ({low:.4f} to {high:.4f}), p {held:.2g} by Holm")


def main(system: str, path: str, epochs: str, seeds: str) -> None:
    """Compare by one of the two."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    compare = {"ictonyx": compare_by_ictonyx, "pytorch": compare_by_pytorch}[system]
    compare(arrays, int(epochs), int(seeds))


if __name__ == "__main__":
    main(*sys.argv[1:])
