"""A stored run to export."""

import pytest
from stored_models import store_untrained

from fashion_keras.config.components import Component
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.storage.runs import RunStore, StoredRun


@pytest.fixture(scope="session")
def run(sample_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """A stored run of an FCN in bfloat16: untrained, its predictions its own."""
    config = RunConfig(
        model=Component.of("fcn", hidden_units=[64]),
        optimizer=Component.of("sgd", learning_rate=0.1),
        precision="mixed_bfloat16",
        data=sample_dataset.content_hash,
    )
    return store_untrained(config, sample_dataset, RunStore(tmp_path_factory.mktemp("store")))
