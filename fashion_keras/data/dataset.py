"""Data set: training and test images with labels, class names, and a hash that says which data it is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_keras.data import idx
from fashion_keras.errors import DataError

__all__ = [
    "FASHION_MNIST_CLASSES", "FASHION_MNIST_FILES", "FASHION_MNIST_HASH", "FASHION_MNIST_NAME", "DataLocation",
    "Dataset", "KnownFile", "build_dataset", "class_counts", "content_hash", "find_fashion_mnist", "first_label",
    "hash_files", "read_fashion_mnist_file",
]  # fmt: skip


class KnownFile(NamedTuple):
    """Length and SHA-256 of a file's decompressed content; those of a .gz change with the time and name it holds."""

    num_bytes: int
    sha256: str


FASHION_MNIST_NAME = "fashion_mnist"
FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The repaired data set of 31 August 2017, as in Zalando's repository, Debian's package and Keras's mirror.
FASHION_MNIST_FILES = {
    "train-images-idx3-ubyte": KnownFile(
        47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1-ubyte": KnownFile(60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "t10k-images-idx3-ubyte": KnownFile(7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "t10k-labels-idx1-ubyte": KnownFile(10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}


def hash_files(file_hashes: Mapping[str, str]) -> str:
    """Return the content hash of a data set: SHA-256 of its sorted lines `name sha256`.

    Args:
        file_hashes: From usual file name to the hex SHA-256 of the decompressed content. Headers are content, so shapes
            are covered; class names are not.
    """
    lines = sorted(f"{name} {sha256}\n" for name, sha256 in file_hashes.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


FASHION_MNIST_HASH = hash_files({name: known.sha256 for name, known in FASHION_MNIST_FILES.items()})


@dataclass(frozen=True)
class DataLocation:
    """Where a verified data set lies, and what it is. Picklable: worker processes get it and `load` from it.

    Attributes:
        name: `fashion_mnist`, or the folder's name.
        directory: The folder.
        files: Training images and labels, test images and labels; or one .npz file; none of a folder of pictures.
        origin: Where it came from, for people: `Debian package dataset-fashion-mnist`.
        content_hash: See `hash_files`; what the run id holds. `load` checks it again.
        class_names: K different names, in the order of the labels.
        image_size: Height and width that pictures are scaled to; None leaves them as they are.
        notes: What people should know of it, a line each: what was left out, and what `check_dataset` found.
    """

    name: str
    directory: Path
    files: tuple[Path, ...]
    origin: str
    content_hash: str
    class_names: tuple[str, ...]
    image_size: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Path:
        """What a user calls it by: its one file, or else its folder."""
        return self.files[0] if len(self.files) == 1 else self.directory


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset(DataLocation):
    """Images with their labels, in memory, and where they were read from. The arrays are read-only.

    Attributes:
        train_images: uint8 [N, H, W], or [N, H, W, 3] in colour.
        train_labels: int32 [N] in 0..K-1; each class occurs.
        test_images: uint8 [M, H, W], or [M, H, W, 3].
        test_labels: int32 [M] in 0..K-1.
        val_images, val_labels: Like those for training, of a validation part of its own; None where it has none.
        file_hashes: From usual file name to the hex SHA-256 of the decompressed content.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int32]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int32]
    val_images: NDArray[np.uint8] | None = None
    val_labels: NDArray[np.int32] | None = None
    file_hashes: Mapping[str, str] = field(default_factory=dict)

    # Two of one place may hold other arrays; what was made of one is kept for it alone.
    __eq__, __hash__ = object.__eq__, object.__hash__

    @property
    def validation_labels(self) -> NDArray[np.int32]:
        """The labels that those of validation are among: of its own part, or of the training part."""
        return self.train_labels if self.val_labels is None else self.val_labels

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image, the channels 1 or 3."""
        height, width, *channels = self.train_images.shape[1:]
        return (height, width, channels[0] if channels else 1)

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return len(self.class_names)

    @property
    def is_fashion_mnist(self) -> bool:
        """Whether this is the real data set, whole, whatever its name and origin."""
        return self.content_hash == FASHION_MNIST_HASH


def build_dataset(parts: Sequence[idx.IdxFile], location: DataLocation) -> Dataset:
    """Return the data set of files, in the order of `idx.ROLES`, whose shapes and labels were checked."""
    train_images, train_labels, test_images, test_labels, *validation = (part.array for part in parts)
    first = int(train_labels.min())
    return Dataset(
        **vars(location),
        train_images=_without_single_channel(train_images),
        train_labels=_labels_from_zero(train_labels, first),
        test_images=_without_single_channel(test_images),
        test_labels=_labels_from_zero(test_labels, first),
        val_images=_without_single_channel(validation[0]) if validation else None,
        val_labels=_labels_from_zero(validation[1], first) if validation else None,
        file_hashes=_file_hashes(parts),
    )


def content_hash(parts: Sequence[idx.IdxFile]) -> str:
    """Return the `hash_files` of files in the order of `idx.ROLES`, under their usual names."""
    return hash_files(_file_hashes(parts))


def class_counts(dataset: Dataset) -> dict[str, NDArray[np.int64]]:
    """Return how many examples of each class there are: int64 [K] under `train`, `test` and maybe `val`."""
    labels = {"train": dataset.train_labels, "test": dataset.test_labels}
    labels |= {} if dataset.val_labels is None else {"val": dataset.val_labels}
    return {part: np.bincount(values, minlength=dataset.num_classes) for part, values in labels.items()}


def find_fashion_mnist(directory: Path) -> dict[str, tuple[Path, idx.IdxFile]]:
    """Return, by its usual name, path and content of each file of Fashion-MNIST in a folder; both verified.

    Raises:
        DataError: There is no such folder, or a file is missing or is not the real one.
    """
    found = idx.find_files(directory)
    return {name: _find_file(directory, name, found) for name in FASHION_MNIST_FILES}


def read_fashion_mnist_file(path: Path, name: str) -> idx.IdxFile:
    """Read a file and verify that it is the file of Fashion-MNIST that is usually called `name`.

    The header is compared before the rest is read, so that no more is read than the real file has.

    Raises:
        DataError: It cannot be read or is another file.
    """
    known = FASHION_MNIST_FILES[name]
    num_bytes = idx.content_bytes(idx.read_shape(path))
    if num_bytes != known.num_bytes:
        others = [other for other, file in FASHION_MNIST_FILES.items() if file.num_bytes == num_bytes]
        hint = f", as {others[0]} has; are they swapped?" if others else ""
        raise DataError(f"{path} is not Fashion-MNIST: it has {num_bytes:,} bytes, not {known.num_bytes:,}{hint}")
    file = idx.read_file(path)
    if file.sha256 != known.sha256:
        raise DataError(f"{path} is not Fashion-MNIST: its SHA-256 is {file.sha256[:12]}…, not {known.sha256[:12]}…")
    return file


def first_label(parts: Sequence[NDArray[Any]]) -> int:
    """Return the label that the first class has in a file, 0 or 1 (EMNIST letters), after checking the labels.

    Args:
        parts: Of training, of test and maybe of validation: integers [N] as they stand in the file.

    Raises:
        DataError: Fewer than two classes; labels that are neither 0..K-1 nor 1..K; a label of another set that
            training lacks.
    """
    seen, *others = (set(np.unique(labels).tolist()) for labels in parts)
    for name, found in zip(("test", "validation"), others, strict=False):
        if unseen := found - seen:
            raise DataError(f"the {name} set has labels that do not occur in training: {_listed(unseen)}")
    if len(seen) < 2:
        raise DataError(f"every training label is {_listed(seen)}; at least two classes are needed")
    first, last = min(seen), max(seen)
    if first > 1:
        raise DataError(f"the labels start at {first}; they must be 0 to K-1 or 1 to K: number the classes anew")
    gaps = set(range(first, last)) - seen
    if gaps:
        raise DataError(
            f"labels go from {first} to {last}, but no training image has {_listed(gaps)}; number them anew"
        )
    return first


def _listed(labels: set[int], at_most: int = 5) -> str:
    shown = ", ".join(str(label) for label in sorted(labels)[:at_most])
    return f"{shown} and {len(labels) - at_most} more" if len(labels) > at_most else shown


def _find_file(directory: Path, name: str, found: Sequence[idx.FoundFile]) -> tuple[Path, idx.IdxFile]:
    """Return the file that has the content of `name`; of a raw and a gzipped one side by side, either will do."""
    reasons = []
    for file in found:
        if name.startswith(file.role):
            try:
                return file.path, read_fashion_mnist_file(file.path, name)
            except DataError as error:
                reasons.append(str(error))
    raise DataError("; ".join(reasons) or idx.describe_missing(directory, name))


def _file_hashes(parts: Sequence[idx.IdxFile]) -> dict[str, str]:
    return {idx.usual_name(role, len(part.shape)): part.sha256 for role, part in zip(idx.ROLES, parts, strict=False)}


def _without_single_channel(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return images[..., 0] if images.ndim == 4 and images.shape[3] == 1 else images


def _labels_from_zero(labels: NDArray[np.uint8], first: int) -> NDArray[np.int32]:
    shifted = labels.astype(np.int32) - np.int32(first)
    shifted.flags.writeable = False
    return shifted
