#!/usr/bin/env python3
"""Ships models: writes those that come with the package anew, from the store and `experiments/`.

Which they are follows from a rule and the published runs, not from a hand. To be called where the chosen runs were
trained; equal runs give equal models.

    saved_models/pretrained/NAME/1/         the SavedModel
    saved_models/pretrained/NAME/README.md  its model card, out of the model's record alone
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fashion_keras.cli import guard
from fashion_keras.config.components import stored_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset, load, locate
from fashion_keras.errors import StoreError
from fashion_keras.export import export_run
from fashion_keras.inference.record import ParityReport, read_record
from fashion_keras.statistics import mean_interval
from fashion_keras.statistics.classifier import wilson_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.files import write_files
from fashion_keras.storage.runs import RunStore, StoredRun
from fashion_keras.workflows.published import PUBLISHED, load_published

CARD = "README.md"
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
    found: Sequence[ComparisonResults], store: RunStore, dataset: Dataset, folder: Path
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


def model_card(name: str, record: Mapping[str, Any]) -> str:
    """Return the card of a shipped model, Markdown; equal records give equal cards.

    Args:
        name: Of the model.
        record: What `read_record` returns of an export that `export_pretrained` made.
    """
    run, arm = record["run"], record["run"]["arm"]
    config = RunConfig.from_json(run["config"])
    height, width, _ = record["image_shape"]
    num_classes, parity, val_accuracy = len(record["class_names"]), record["parity"], arm["val_accuracy"]
    return f"""# {name}

Written by `scripts/ship_models.py` from `1/assets.extra/fashion_keras.json`: do not edit.

{_KINDS[config.model.name]} that names the {num_classes} classes of Fashion-MNIST:
{", ".join(record["class_names"])}.

```sh
fashion-keras predict {name} picture.png
```

## Accuracy

| | test accuracy, % | 95 % interval |
| --- | ---: | --- |
| this model (seed {run["seed"]}) | {_row(arm["own_test_accuracy"])} for other images of the kind |
| mean of {arm["seeds"]} seeds | {_row(arm["test_accuracy"])} for other seeds, on this test set |

The mean validation accuracy of the {arm["seeds"]} seeds is {_percent(val_accuracy["mean"])} % ({_range(val_accuracy)}).
Of each class of test images, this model gets right:

| class | % |
| --- | ---: |
{_class_rows(record["class_names"], arm["test_accuracy_by_class"])}

## What it is

- **Chosen**: {arm["rule"]};
  of its seeds the first. The test set took no part. It is `{arm["name"]}` of the comparison `{arm["comparison"]}`.
- **Data**: Fashion-MNIST (Zalando SE), {_data_text(config)};
  SHA-256 of the data `{run["data"]["content_hash"][:12]}`.
- **Model**: {_settings("model", config)}.
- **Training**: {_settings("optimizer", config)}; {_settings("schedule", config)}; {_settings("loss", config)};
  augmentation {_settings("augmentation", config)}; {run["epochs"]} epochs, batches of {config.batch_size}, the last
  epoch counts; {config.precision}; run `{run["run_id"][:12]}`, finished {run["finished_at"][:10]}.
- **Versions**: {", ".join(f"{package} {number}" for package, number in sorted(record["versions"].items()))}.
- **Export**: {parity["num_images"]:,} test images compared with the float32 model:
  {_parity_text(parity, config)}

## Input and output

`images`, uint8 [N, {height}, {width}], pixels 0 to 255, light on dark, not normalised. `probabilities` float32
[N, {num_classes}], `class_id` int64 [N], `class_name` string [N].

`1/assets.extra/fashion_keras.json` has the SHA-256 of every file under `files`; the package checks them each time it
loads the model. A SavedModel is code: load only your own, or ones that you checked.

## Limits

- It knows these classes alone, and names one of them whatever it is shown; no probability means "none of them".
- It was trained on {height}x{width} grey pictures of single garments, centred, light on a black ground. Photographs of
  people, several things at once and other crops are another task, and its accuracy on them is not known.
{_directions(config)}- Probabilities were not calibrated. The classes overlap: {_worst_class(record)}.
- The test images come from the same catalogue as the training images: on another shop's it may do worse.

## How it was made

```sh
fashion-keras run {arm["comparison"]} --arms {arm["name"]} --seeds {run["seed"] + 1}
scripts/ship_models.py
```

## Licence

MIT, as the package. Fashion-MNIST is Zalando SE's, MIT too.
"""


_KINDS = {
    "fcn": "A fully connected network",
    "cnn": "A small convolutional network",
    "resnet": "A small residual network",
}


def _parity_text(parity: Mapping[str, Any], config: RunConfig) -> str:
    classes, most = parity["num_class_differences"], parity["max_probability_difference"]
    text = f"{classes} classes differ, probabilities by at most {most:.1e}."
    if count := parity["num_differences_to_run"]:
        text += f"\n  The run, in {config.precision}, whose accuracies stand above, named {count} of them otherwise."
    return text


def _directions(config: RunConfig) -> str:
    if "flip" in config.augmentation.name:
        return ""
    return "- All shoes that it was trained on point to the left: mirrored ones are often called otherwise.\n"


def _data_text(config: RunConfig) -> str:
    share = config.validation_fraction
    return f"{100 * (1 - share):.0f} % of its 60,000 training images; the rest is for validation"


def _settings(kind: str, config: RunConfig) -> str:
    component = getattr(config, kind)
    values = stored_values(kind, component)
    if kind == "optimizer":  # its other defaults are Keras's or PyTorch's, and many
        values = {"learning_rate": values["learning_rate"], **component.as_dict()}
    return ", ".join([component.name, *(f"{name} {_value(value)}" for name, value in values.items())])


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(getattr(value, "name", value))


def _row(accuracy: Mapping[str, float]) -> str:
    return f"{_percent(accuracy['mean'])} | {_range(accuracy)}"


def _range(accuracy: Mapping[str, float]) -> str:
    return f"{_percent(accuracy['low'])} to {_percent(accuracy['high'])}"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _class_rows(names: list[str], shares: list[float]) -> str:
    return "\n".join(f"| {name} | {100 * share:.1f} |" for name, share in zip(names, shares, strict=True))


def _worst_class(record: Mapping[str, Any]) -> str:
    shares = record["run"]["arm"]["test_accuracy_by_class"]
    share, name = min(zip(shares, record["class_names"], strict=True))
    return f"of {name}, the hardest, {100 * share:.1f} % are named right"


def main() -> int:
    """Export the shipped models and write their cards."""
    parser = argparse.ArgumentParser(description="Write the models that come with the package anew.")
    parser.add_argument("--store", type=Path, default=Path("runs", "store"), help="of the runs (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder of the models (default: %(default)s)")
    options = parser.parse_args()
    reports = export_pretrained(load_published(PUBLISHED), RunStore(options.store), load(locate()), options.out)
    for path, report in reports.items():
        print(f"{path}: {report}")
    return 0


if __name__ == "__main__":
    raise SystemExit(guard(main, debug=False))
