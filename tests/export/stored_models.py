"""Runs whose models were never trained, in a store."""

import numpy as np

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore, StoredRun


def store_untrained(
    config: RunConfig, dataset: Dataset, store: RunStore, network_folder: str | None = None
) -> StoredRun:
    """Store a run of a model with its initial weights: its predictions are its own, its losses made up."""
    tf = import_tensorflow()
    import keras

    from fashion_keras.data import pipelines
    from fashion_keras.models.networks import build_model

    keras.config.set_dtype_policy(config.precision)
    model = build_model(config.model, dataset.image_shape, dataset.num_classes, seed=0)
    keras.config.set_dtype_policy("float32")
    logits = model(pipelines.normalise(dataset.test_images[..., np.newaxis]), training=False).numpy()
    class_id = logits.argmax(axis=1)
    correct = class_id == dataset.test_labels
    final = dict.fromkeys(METRICS, 0.5) | {"test_accuracy": float(correct.mean())}
    loss = np.zeros(len(correct), np.float32)
    result = RunResult(
        config=config,
        status="finished",
        history={name: [final.get(name, 0.5)] for name in HISTORY_KEYS},
        final=final,
        seconds={"train": 1.0, "total": 1.0, "startup": 1.0},
        environment={"tensorflow": tf.__version__},
        weights=model.get_weights(),
        predictions=Predictions(class_id.astype(np.uint8), loss, logits.astype(np.float16), correct),
        network_folder=network_folder,
    )
    store.begin(config)
    return store.commit(result)
