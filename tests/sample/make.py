"""Make the sample that the tests use: the first 60 training and 20 test images of each class of Fashion-MNIST.

    python tests/sample/make.py [--data-dir DIR]

writes the four files beside this script, bit for bit as they are tracked (another zlib may pack them otherwise; the
content is the same).
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import Dataset, load, locate

TRAIN_PER_CLASS = 60
TEST_PER_CLASS = 20


def first_of_each_class(labels: NDArray[np.int32], per_class: int) -> NDArray[np.int64]:
    """Return the indices of the first `per_class` examples of each class, ascending: the order of the data stays."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]))


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    """Write a gzipped IDX file without time and name, so that equal content gives equal bytes."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + values.tobytes(), compresslevel=9, mtime=0))


def write_sample(dataset: Dataset, directory: Path) -> None:
    """Write the four files of the sample."""
    for part, images, labels, per_class in (
        ("train", dataset.train_images, dataset.train_labels, TRAIN_PER_CLASS),
        ("t10k", dataset.test_images, dataset.test_labels, TEST_PER_CLASS),
    ):
        chosen = first_of_each_class(labels, per_class)
        write_idx(directory / f"{part}-images-idx3-ubyte.gz", images[chosen])
        write_idx(directory / f"{part}-labels-idx1-ubyte.gz", labels[chosen].astype(np.uint8))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", help="where Fashion-MNIST is")
    write_sample(load(locate(parser.parse_args().data_dir)), Path(__file__).parent)
