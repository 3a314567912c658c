"""Info of a model: what its record says of where it comes from and how well it does, in types."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.formatting import one_line
from fashion_keras.images.reading import GROUNDS
from fashion_keras.statistics.classifier import wilson_interval

__all__ = ["ModelInfo"]


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model; None or empty where its record does not say.

    Attributes:
        path: The SavedModel's folder.
        label: Its configuration in short, such as `cnn-adam-0.001-10epochs`.
        settings: The configuration of its training; what it does not name has its default.
        seed: The seed of its training.
        accuracy: On the test set, a fraction.
        accuracy_interval: Where the accuracy of this model on new images of the same kind lies, with 95 % confidence
            (Wilson); how much another training would differ it does not say.
        num_test_images: What the accuracy was measured on.
        num_differences: Test images of which the export names another class than its run, whose accuracy it is.
        data_name: The data set.
        data_hash: SHA-256 of the data's content.
        versions: Of Python and the packages that exported it.
        trained_at: The end of its training, ISO 8601.
        exported_at: The end of its export, ISO 8601.
        class_names: The names of the classes, in the order of their ids.
        ground: What its training images have around their items, see `fashion_keras.images.reading.GROUNDS`.
        image_shape: Height, width and channels of the images that it takes.
        run_id: Of the run that it is of.
        record: All of the record, see `fashion_keras.inference.record.read_record`.
    """

    path: Path
    label: str | None
    settings: Mapping[str, Any]
    seed: int | None
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    num_test_images: int | None
    num_differences: int | None
    data_name: str | None
    data_hash: str | None
    versions: Mapping[str, str]
    trained_at: str | None
    exported_at: str | None
    class_names: tuple[str, ...]
    ground: str
    image_shape: tuple[int, ...]
    run_id: str | None
    record: Mapping[str, Any]

    @classmethod
    def of(cls, path: Path, record: Mapping[str, Any]) -> "ModelInfo":
        """Return what a record says; a part that is missing or of another type counts as not said."""
        names = _find(record, list, "class_names") or []
        shape = _find(record, list, "image_shape") or []
        accuracy = _find(record, float, "run", "final", "test_accuracy")
        accuracy = accuracy if accuracy is not None and 0.0 <= accuracy <= 1.0 else None
        # The exporter compares model and export on the whole test set, and writes on how many images.
        num_images = _find(record, int, "parity", "num_images") if accuracy is not None else None
        num_images = num_images if num_images is not None and 0 < num_images < 2**53 else None
        return cls(
            path=path,
            label=_find(record, str, "run", "label"),
            settings=_find(record, dict, "run", "config") or {},
            seed=_find(record, int, "run", "seed"),
            accuracy=accuracy,
            accuracy_interval=None
            if accuracy is None or num_images is None
            else wilson_interval(round(accuracy * num_images), num_images),
            num_test_images=num_images,
            num_differences=_find(record, int, "parity", "num_differences_to_run"),
            data_name=_find(record, str, "run", "data", "name"),
            data_hash=_find(record, str, "run", "data", "content_hash"),
            versions=_find(record, dict, "versions") or {},
            trained_at=_find(record, str, "run", "finished_at"),
            exported_at=_find(record, str, "exported_at"),
            class_names=tuple(names) if all(isinstance(name, str) for name in names) else (),
            ground=_find_ground(record),
            image_shape=tuple(shape) if all(isinstance(size, int) for size in shape) else (),
            run_id=_find(record, str, "run", "run_id"),
            record=record,
        )

    def __str__(self) -> str:
        rows = {
            "model": self.label,
            "settings": ", ".join(_describe(*setting) for setting in self.settings.items()),
            "seed": None if self.seed is None else str(self.seed),
            "test accuracy": self._describe_accuracy(),
            "data": " ".join(filter(None, (self.data_name, self.data_hash))),
            "classes": ", ".join(self.class_names),
            "trained": self.trained_at,
            "exported": self.exported_at,
            "versions": ", ".join(f"{package} {number}" for package, number in self.versions.items()),
            "folder": str(self.path),
        }
        return "\n".join(f"{name:15}{one_line(value)}" for name, value in rows.items() if value)

    def _describe_accuracy(self) -> str | None:
        if self.accuracy is None:
            return None
        text = f"{self.accuracy:.2%}"
        if self.accuracy_interval is not None:
            low, high = self.accuracy_interval
            text += f", {low:.2%} to {high:.2%} on new images (95 %, from {self.num_test_images:,} test images)"
        return f"{text}; the export differs on {self.num_differences:,} of them" if self.num_differences else text


def _find(record: Any, kind: type, *keys: str) -> Any:
    """Return what stands at a place of nested mappings if it is of a type, or None."""
    for key in keys:
        record = record.get(key) if isinstance(record, Mapping) else None
    if kind is float and isinstance(record, int):
        record = float(record) if abs(record) < 2**53 else None
    return record if isinstance(record, kind) and not isinstance(record, bool) else None


def _find_ground(record: Mapping[str, Any]) -> str:
    """Return what a model's training images have around their items: black where nothing says otherwise."""
    data_hash, ground = (_find(record, str, "run", "data", key) for key in ("content_hash", "ground"))
    if data_hash in (None, FASHION_MNIST_HASH):
        return "black"
    return ground if ground in GROUNDS else "mixed"


def _describe(name: str, value: Any) -> str:
    """Return a setting for people, such as `optimizer adam (learning_rate 0.001)`."""
    if not isinstance(value, Mapping):
        return f"{name} {value}"
    options = ", ".join(_describe(*option) for option in value.items() if option[0] != "name")
    return f"{name} {value.get('name', '')}" + (f" ({options})" if options else "")
