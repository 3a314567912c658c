"""Names of the comparisons, each a module of `fashion_keras.experiments`, and of those that were tuned."""

__all__ = [
    "ALL_NAMES", "FEWER_SEEDS", "GRID_NAMES", "NAMES", "PRECISION_NAMES", "TUNED_NAMES",
    "command_of", "is_tuned_name", "split_tuned", "tuned_name",
]  # fmt: skip

NAMES = ("learning_rates", "optimizers", "dropout", "initializers", "batch_norm", "cnn")
"""The report's, which `run all` trains."""

PRECISION_NAMES = ("precision_fcn", "precision_cnn")
"""What `--precision auto` rests on."""

TUNED_NAMES = ("tuned_fcn_regularised", "tuned_fcn_small")
"""The best trials of two searches, beside the base."""

GRID_NAMES = ("batch_norm_initializers",)
"""Combinations of settings of the report's, whose runs they share."""

LATER_NAMES = ("cnn_readings", "resnet", "mlp", "augmentation")
"""Networks and ways to train them that go beyond the report, beside its own."""

ALL_NAMES = NAMES + PRECISION_NAMES + TUNED_NAMES + GRID_NAMES + LATER_NAMES
"""All that `experiments/` has tables of."""

FEWER_SEEDS = {"resnet": 5}
"""Comparisons that are published with fewer seeds than others: what they have room for."""

_TUNED = "_tuned"
_USUAL_SETTING = "learning_rate"


def tuned_name(name: str, setting: str) -> str:
    """Return the name of a comparison whose arms were tuned: `cnn_tuned`, or `cnn_tuned_momentum`."""
    return name + _TUNED + ("" if setting == _USUAL_SETTING else f"_{setting}")


def split_tuned(name: str) -> tuple[str, str] | None:
    """Return the comparison and the setting that a tuned comparison's name is made of; None for other names."""
    original, mark, setting = name.partition(_TUNED)
    return (original, setting.removeprefix("_") or _USUAL_SETTING) if mark else None


def is_tuned_name(name: str) -> bool:
    """Whether a name is of a comparison of the project whose arms were tuned."""
    original, _ = split_tuned(name) or ("", "")
    return original in ALL_NAMES


def command_of(name: str) -> str:
    """Return the command that makes a comparison."""
    original, setting = split_tuned(name) or (name, "")
    return f"fashion-keras run {original}" + (f" --tune {setting}" if setting else "")
