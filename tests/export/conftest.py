"""A stored run to export."""

import numpy as np
import pytest

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore, StoredRun


@pytest.fixture(scope="session")
def run(sample_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """A stored run of an FCN in bfloat16: untrained, its answers its own."""
    tf = import_tensorflow()
    import keras

    from fashion_keras.data import pipelines
    from fashion_keras.models.networks import build_model

    config = RunConfig(
        model=Component.of("fcn", hidden_units=[64]),
        optimizer=Component.of("sgd", learning_rate=0.1),
        precision="mixed_bfloat16",
        data=sample_dataset.content_hash,
    )
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build_model(config.model, (28, 28, 1), 10, seed=0)
    keras.config.set_dtype_policy("float32")
    logits = model(pipelines.normalise(sample_dataset.test_images[..., np.newaxis]), training=False).numpy()
    class_id = logits.argmax(axis=1)
    correct = class_id == sample_dataset.test_labels
    result = RunResult(
        config=config,
        status="finished",
        history={name: [0.5] for name in HISTORY_KEYS},
        final=dict.fromkeys(METRICS, 0.5),
        seconds={},
        environment={"tensorflow": tf.__version__},
        weights=model.get_weights(),
        predictions=Predictions(
            class_id.astype(np.uint8), np.zeros(200, np.float32), logits.astype(np.float16), correct
        ),
    )
    store = RunStore(tmp_path_factory.mktemp("store"))
    store.begin(config)
    return store.commit(result)
