"""Checks of a user's data: what is plainly wrong is refused, and what may be meant is said."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import DataError
from fashion_keras.formatting import count_noun

if TYPE_CHECKING:
    from fashion_keras.data.dataset import Dataset

__all__ = ["MIN_LEVELS", "check_dataset", "find_ground"]

MIN_LEVELS = 32
"""Of 256; images that use fewer are nearly of one grey to a network that expects 0 to 255."""

_FEW_LEVELS = 128
_IMBALANCE = 10  # times as many examples of one class as of another
_MIN_TEST_IMAGES = 2
_MIN_GROUND_IMAGES = 20  # of fewer, three of four may agree by chance
_CLEAR_SHARE = 0.75  # of the images, of whose border and middle the same one must be lighter


def check_dataset(dataset: "Dataset") -> tuple[str, ...]:
    """Check images and labels that fit together.

    Returns:
        What people should know, a line each; a line starts with the part or the class that it is about.

    Raises:
        DataError: The pixels use a sliver of their range, all images are the same, or there is one test image.
    """
    parts = {"training": dataset.train_images, "test": dataset.test_images}
    labels = {"training": dataset.train_labels, "test": dataset.test_labels}
    if dataset.val_images is not None and dataset.val_labels is not None:
        parts["validation"], labels["validation"] = dataset.val_images, dataset.val_labels
    if len(dataset.test_images) < _MIN_TEST_IMAGES:
        raise DataError(f"{dataset.place} has one test image; at least two are needed to measure anything")
    ranges = {part: (int(images.min()), int(images.max())) for part, images in parts.items()}
    _check_ranges(ranges, dataset.place)
    digests = {part: _digests(images) for part, images in parts.items()}
    if len(set(digests["training"])) == 1:
        raise DataError(f"{dataset.place}: all training images are the same one; were they written in a loop?")
    return (
        *_describe_ranges(ranges),
        *_describe_flat(parts),
        *_describe_copies(digests, labels, dataset.class_names),
        *_describe_classes(labels, dataset.class_names),
        *_describe_grounds(parts),
    )


def find_ground(images: NDArray[np.uint8]) -> str:
    """Return what images have around their items: `dark`, `light`, or `mixed` where it is not clear.

    Args:
        images: uint8 [N, H, W], or [N, H, W, 3] in colour.

    Returns:
        `light` where the mean of the border is above that of the middle in three of four images, `dark` where below.
    """
    height, width = images.shape[1:3]
    middle = images[:, height // 4 : height - height // 4, width // 4 : width - width // 4]
    rim = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    differences = _means(rim) - _means(middle)
    for ground, share in (("light", np.mean(differences > 0)), ("dark", np.mean(differences < 0))):
        if share >= _CLEAR_SHARE:
            return ground
    return "mixed"


def _means(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    return images.mean(axis=tuple(range(1, images.ndim)))


def _check_ranges(ranges: Mapping[str, tuple[int, int]], place: Any) -> None:
    narrow = {part: span for part, span in ranges.items() if span[1] - span[0] < MIN_LEVELS}
    for part, (low, high) in narrow.items():
        if low == high:
            raise DataError(f"{place}: every pixel of the {part} images is {low}; they show nothing")
    if narrow:
        low, high = min(span[0] for span in narrow.values()), max(span[1] for span in narrow.values())
        shifted = f"(pixels - {low})" if low else "pixels"
        raise DataError(
            f"{place}: the pixels of the {' and '.join(narrow)} images go from {low} to {high}, a sliver of 0 to 255; "
            f"np.rint({shifted} * (255 / {high - low})).astype(np.uint8) spreads them"
        )


def _describe_ranges(ranges: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for part, (low, high) in ranges.items():
        if high - low < _FEW_LEVELS:
            yield f"the pixels of the {part} images go from {low} to {high}, less than half of 0 to 255"


def _describe_flat(parts: Mapping[str, NDArray[np.uint8]]) -> Iterator[str]:
    for part, images in parts.items():
        pixels = images.reshape(len(images), -1)
        spans = pixels.max(axis=1) - pixels.min(axis=1)
        blank, faint = int((spans == 0).sum()), int(((spans > 0) & (spans < MIN_LEVELS)).sum())
        if blank:
            yield f"{blank:,} of {len(images):,} {part} images are of one colour: they show nothing"
        if faint:
            yield f"{faint:,} of {len(images):,} {part} images use fewer than {MIN_LEVELS} of 256 levels: little shows"


def _digests(images: NDArray[np.uint8]) -> list[bytes]:
    return [hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest() for image in images]


def _describe_copies(
    digests: Mapping[str, Sequence[bytes]], labels: Mapping[str, NDArray[np.int32]], class_names: Sequence[str]
) -> Iterator[str]:
    """Say which images stand in both parts, or under two classes."""
    for part, other in (("test", "training"), ("validation", "training"), ("test", "validation")):
        known = set(digests.get(other, ()))
        if copies := sum(digest in known for digest in digests.get(part, ())):
            yield (
                f"{copies:,} of {len(digests[part]):,} {part} images are also {other} images: what is right of them "
                "says nothing of new images; leave one of the two out"
            )
    classes: dict[bytes, set[int]] = {}
    for part, found in digests.items():
        for digest, label in zip(found, labels[part].tolist(), strict=True):
            classes.setdefault(digest, set()).add(label)
    if several := [sorted(found) for found in classes.values() if len(found) > 1]:
        example = " and ".join(class_names[label] for label in several[0][:2])
        yield f"{count_noun(len(several), 'image')} under more than one class, such as {example}: no answer suits both"


def _describe_classes(labels: Mapping[str, NDArray[np.int32]], class_names: Sequence[str]) -> Iterator[str]:
    train, test = (np.bincount(labels[part], minlength=len(class_names)) for part in ("training", "test"))
    if missing := [class_names[label] for label in np.flatnonzero(test == 0).tolist()]:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        yield f"no test image of {', '.join(missing[:5])}{more}: how they are told is not measured"
    most, fewest = int(train.argmax()), int(train.argmin())
    if train[most] >= _IMBALANCE * train[fewest]:
        share = test[test.argmax()] / test.sum()
        yield (
            f"{class_names[most]} has {train[most]:,} training images and {class_names[fewest]} {train[fewest]:,}: "
            f"naming {class_names[int(test.argmax())]} always would be right of {share:.1%} of the test images"
        )


def _describe_grounds(parts: Mapping[str, NDArray[np.uint8]]) -> Iterator[str]:
    if min(map(len, parts.values())) < _MIN_GROUND_IMAGES:
        return
    train, *others = (find_ground(images) for images in parts.values())
    for part, ground in zip([*parts][1:], others, strict=True):
        if {train, ground} == {"light", "dark"}:
            yield f"training images have a {train} ground and {part} images a {ground} one: was one part inverted?"
