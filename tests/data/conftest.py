"""Nothing of this machine is seen here: no cache, no Debian package, no network; and small data sets are written."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import idx_file

from fashion_keras.data import dataset, fetching, idx, sources
from fashion_keras.errors import DataError


@pytest.fixture(autouse=True)
def bare_machine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv(sources.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(fetching, "DEBIAN_FOLDER", tmp_path / "usr" / "share" / "datasets" / "fashion-mnist")
    if not request.node.get_closest_marker("network"):
        monkeypatch.setattr(fetching, "_fetch_with_apt", refuse)
        monkeypatch.setattr(fetching, "_download", lambda _mirror, folder, say: refuse(folder, say))


def refuse(_folder: Path, _say: fetching.Say) -> Path:
    raise DataError("no network in tests")


@pytest.fixture
def sample_is_fashion_mnist(sample_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sample pass for the whole data set, which tests do not have."""
    for name in dataset.FASHION_MNIST_FILES:
        file = idx.read_file(sample_dir / f"{name}.gz")
        known = dataset.KnownFile(len(file.content), file.sha256)
        monkeypatch.setitem(dataset.FASHION_MNIST_FILES, name, known)
    sample_hash = dataset.hash_files({name: known.sha256 for name, known in dataset.FASHION_MNIST_FILES.items()})
    monkeypatch.setattr(dataset, "FASHION_MNIST_HASH", sample_hash)
    monkeypatch.setattr(sources, "FASHION_MNIST_HASH", sample_hash)


@pytest.fixture
def write_idx() -> Callable[[Path, Any], Path]:
    """Write a uint8 array as an IDX file, gzipped if its name says so."""

    def write(path: Path, values: Any) -> Path:
        path.write_bytes(gzip.compress(idx_file(values)) if path.suffix == ".gz" else idx_file(values))
        return path

    return write


@pytest.fixture
def write_data_set(tmp_path: Path, write_idx: Callable[[Path, Any], Path]) -> Callable[..., Path]:
    """Write a data set of twelve and six images of 5 x 4 pixels in three classes, but for what is given otherwise."""

    def write(name: str = "own", prefix: str = "", test: str = "t10k", **parts: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        pixels = np.random.default_rng(0).integers(0, 256, (18, 5, 4))
        write_idx(folder / f"{prefix}train-images-idx3-ubyte", parts.get("train_images", pixels[:12]))
        write_idx(folder / f"{prefix}train-labels-idx1-ubyte.gz", parts.get("train_labels", [0, 1, 2] * 4))
        write_idx(folder / f"{prefix}{test}-images-idx3-ubyte.gz", parts.get("test_images", pixels[12:]))
        write_idx(folder / f"{prefix}{test}-labels-idx1-ubyte", parts.get("test_labels", [2, 1, 0] * 2))
        return folder

    return write
