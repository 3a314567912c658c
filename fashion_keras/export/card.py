"""Model cards: what a shipped model is, for people, out of its record alone."""

from collections.abc import Mapping
from typing import Any

from fashion_keras.config.components import stored_values
from fashion_keras.config.run_config import RunConfig

__all__ = ["CARD", "model_card"]

CARD = "README.md"


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

Written by `fashion-keras export --shipped` from `1/assets.extra/fashion_keras.json`: do not edit.

{_NETWORKS[config.model.name]} that names the {num_classes} classes of Fashion-MNIST:
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
  {parity["num_class_differences"]} classes differ, probabilities by at most {parity["max_probability_difference"]:.1e}.

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
fashion-keras export --shipped
```

## Licence

MIT, as the package. Fashion-MNIST is Zalando SE's, MIT too.
"""


_NETWORKS = {
    "fcn": "A fully connected network",
    "cnn": "A small convolutional network",
    "resnet": "A small residual network",
}


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
