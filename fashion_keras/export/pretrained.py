"""Shipped models, exported: which they are follows from a rule and the published runs, not from a hand.

saved_models/pretrained/NAME/1/         the SavedModel
saved_models/pretrained/NAME/README.md  its model card
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset
from fashion_keras.errors import StoreError
from fashion_keras.export.card import CARD, model_card
from fashion_keras.export.saved_model import export_run
from fashion_keras.inference.record import ParityReport, read_record
from fashion_keras.statistics import mean_interval
from fashion_keras.statistics.classifier import wilson_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.files import write_files
from fashion_keras.storage.runs import RunStore, StoredRun

__all__ = ["PRETRAINED", "RULES", "Choice", "choose_arm", "export_pretrained"]

PRETRAINED = Path("saved_models", "pretrained")

RULES = {
    "fcn": "of the published fully connected arms of at most 4.5 MB, the one with the best mean validation accuracy",
    "cnn": "of the published convolutional arms of at most 4.5 MB, the one with the best mean validation accuracy",
}
"""By the name of the shipped model. The test set takes no part in it."""

_MAX_BYTES = 4_500_000  # the package carries both models

_NETWORKS = {"fcn": ("fcn",), "cnn": ("cnn", "resnet")}


@dataclass(frozen=True)
class Choice:
    """An arm of a comparison that is shipped, by its first seed."""

    comparison: str
    arm: ArmResults

    @property
    def seed(self) -> int:
        """The first seed: no selection."""
        return min(self.arm.runs)

    @property
    def num_bytes(self) -> int:
        """Of its weights."""
        about = self.arm.runs[self.seed].result["artefacts"]["weights.npz"]
        return int(about["size"] if isinstance(about, Mapping) else about)

    @property
    def mean_val_accuracy(self) -> float:
        """What the rule compares; minus infinity where a run diverged."""
        return float(np.nan_to_num(self.arm.finals("val_accuracy"), nan=-np.inf).mean())


def choose_arm(found: Sequence[ComparisonResults], name: str) -> Choice:
    """Return the arm that `RULES` names for a shipped model; of equal ones the first.

    Raises:
        StoreError: No comparison has an arm with such a network.
    """
    choices = [
        Choice(results.record.name, arm)
        for results in found
        for arm in results.arms
        if arm.runs and RunConfig.from_json(arm.record.config).model.name in _NETWORKS[name]
    ]
    choices = [choice for choice in choices if choice.num_bytes <= _MAX_BYTES]
    if not choices:
        raise StoreError(f"there are no runs of a {name}; give the folder that `report --publish` wrote")
    return max(choices, key=lambda choice: choice.mean_val_accuracy)


def export_pretrained(
    found: Sequence[ComparisonResults], store: RunStore, dataset: Dataset, folder: Path = PRETRAINED
) -> dict[Path, ParityReport]:
    """Export the shipped models and write their cards; what is there already is only described again.

    Args:
        found: The published comparisons, of all seeds.
        store: Has the chosen runs, with their weights.
        dataset: Fashion-MNIST.
        folder: Where to.

    Returns:
        The report of each model, by its version folder.

    Raises:
        StoreError: The store lacks a chosen run.
        ExportError: An export disagrees or cannot be written.
    """
    reports = {}
    for name in RULES:
        choice = choose_arm(found, name)
        run = _find_run(choice, store)
        about = {"arm": _describe_choice(name, choice, run, dataset)}
        path = folder / name / "1"
        is_described = read_record(path).get("run", {}).get("arm") == about["arm"]
        reports[path] = export_run(run, dataset, path, force=not is_described, about=about)
        write_files(folder / name, {CARD: model_card(name, read_record(path))})
    return reports


def _find_run(choice: Choice, store: RunStore) -> StoredRun:
    run = store.find_folder(choice.arm.record.folders[choice.seed])
    if run is None:
        command = f"fashion-keras run {choice.comparison} --arms {choice.arm.name} --seeds {choice.seed + 1}"
        raise StoreError(f"{store.root} has no run of {choice.arm.name} with seed {choice.seed}; `{command}` trains it")
    return run


def _describe_choice(name: str, choice: Choice, run: StoredRun, dataset: Dataset) -> dict[str, Any]:
    """What the record keeps of the arm: the rule, what all its seeds reached, and this run with its interval."""
    correct = run.load_predictions().correct
    low, high = wilson_interval(int(correct.sum()), len(correct))  # for other images of the kind
    by_class = [float(correct[dataset.test_labels == label].mean()) for label in range(dataset.num_classes)]
    return {
        "comparison": choice.comparison,
        "name": choice.arm.name,
        "rule": RULES[name],
        "seeds": len(choice.arm.runs),
        "val_accuracy": _describe_mean(choice, "val_accuracy"),
        "test_accuracy": _describe_mean(choice, "test_accuracy"),
        "own_test_accuracy": _rounded(mean=float(correct.mean()), low=low, high=high),
        "test_accuracy_by_class": [round(share, 6) for share in by_class],
    }


def _describe_mean(choice: Choice, metric: str) -> Mapping[str, float | None]:
    values = choice.arm.finals(metric)
    low, high = mean_interval(values) or (None, None)
    return _rounded(mean=float(values.mean()), low=low, high=high)


def _rounded(**values: float | None) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 6) for name, value in values.items()}
