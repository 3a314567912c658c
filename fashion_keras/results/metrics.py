"""Metrics by their names: which direction is better, what is a share, and which of several columns is judged."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_keras.errors import ConfigError, ResultsError
from fashion_keras.formatting import one_line
from fashion_keras.results.table import normalise, quoted, words

__all__ = ["TEST_ACCURACY", "Metric", "find_metric", "has_direction", "is_metric_name"]

# Which part of the data a metric is over, the best to judge by first; what names no part stands between.
_PARTS = (("test", "eval", "evaluation", "heldout"), (), ("val", "valid", "validation", "dev"), ("train", "training"))
# The best to judge by first.
_SHARES = words(
    """accuracy acc correct f1 auc auroc roc precision recall iou miou dice map em pass success win kappa mcc
    sensitivity specificity ndcg mrr"""
)
_HIGHER = words("score bleu rouge r2 ssim spearman pearson quality")
_UNBOUNDED_HIGHER = words("reward return psnr throughput likelihood elbo")
_LOWER_SHARES = words("error err wer cer ece brier")
_UNBOUNDED = words(
    """loss perplexity ppl nll rmse mse mae fid regret bpc bpb deviance crossentropy logloss mlogloss mape smape rmsle
    msle divergence"""
)
_COSTS = words("seconds second sec secs time minutes hours ms duration latency runtime memory cost")
_FILLERS = words(
    """final last best mean avg average macro micro weighted balanced top top1 top5 1 5 at k epoch vs iterations
    categorical sparse rate cross entropy log exact match wall total step metric value binary percent pct neg negative
    squared absolute root"""
)
_GROUPS = (_SHARES, _HIGHER, _UNBOUNDED_HIGHER, _LOWER_SHARES, _UNBOUNDED, _COSTS)
_KNOWN = tuple(word for group in _GROUPS for word in group)
_LOWER = frozenset((*_LOWER_SHARES, *_UNBOUNDED, *_COSTS))
_NO_SHARES = frozenset((*_UNBOUNDED, *_UNBOUNDED_HIGHER, *_COSTS, "squared", "absolute"))
_ALL_PARTS = frozenset(word for part in _PARTS for word in part)
_RATE = re.compile(r"_per_(s|sec|second|min|minute|h|hour)(?=_|$)")


@dataclass(frozen=True)
class Metric:
    """What is judged, or shown: `Metric("val_loss")`, `Metric("regret", higher_is_better=False, unit="nats")`.

    Args:
        name: As a user reads it.
        higher_is_better: The direction; None where the name tells: of accuracies, losses, times and the like.
        is_share: Whether its values are fractions, from 0 to 1, which people read as percent and points; None where the
            name tells.
        unit: Of values that are no shares, such as `s`.
        was_percent: Whether the table has them as percent; they were divided by 100.

    Raises:
        ConfigError: On construction, where it has no name, or no direction that its name would tell.
    """

    name: str
    higher_is_better: bool = None  # type: ignore[assignment]  # never after construction
    is_share: bool = None  # type: ignore[assignment]
    unit: str = ""
    was_percent: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip() or not isinstance(self.unit, str):
            raise ConfigError(f"a metric needs a name, and a unit that is text, got {self.name!r} and {self.unit!r}")
        words = _words_of(self.name)
        if self.higher_is_better is None:
            if not has_direction(self.name):
                raise ConfigError(
                    f"which {self.name} is better cannot be told: Metric({self.name!r}, higher_is_better=...)"
                )
            object.__setattr__(self, "higher_is_better", _is_better_higher(words))
        if self.is_share is None:
            is_share = bool(words & {*_SHARES, *_LOWER_SHARES}) and not words & _NO_SHARES and not self.unit
            object.__setattr__(self, "is_share", is_share)
        if self.unit == "" and words & {"seconds", "second", "sec", "secs"}:
            object.__setattr__(self, "unit", "s")

    @classmethod
    def from_json(cls, value: "str | Mapping[str, Any] | Metric") -> "Metric":
        """Return the metric that a name or what `to_json` gave stands for."""
        return value if isinstance(value, Metric) else cls(**value) if isinstance(value, Mapping) else cls(value)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "name": self.name,
            "higher_is_better": self.higher_is_better,
            "is_share": self.is_share,
            "unit": self.unit,
        }

    @property
    def text(self) -> str:
        """The name in words: `test accuracy`."""
        return one_line(self.name.replace("_", " "))

    @property
    def direction(self) -> str:
        """Which values are better, in words."""
        return "higher is better" if self.higher_is_better else "lower is better"

    @classmethod
    def of(
        cls, name: str, values: Sequence[float], higher_is_better: bool | None = None, *, in_percent: bool = False
    ) -> "Metric":
        """Read a metric off its name and values.

        Args:
            name: Of the column.
            values: All that are judged.
            higher_is_better: What the user says; guessed from the name where None.
            in_percent: Whether the table writes them with a percent sign; else name and size tell.

        Raises:
            ResultsError: An accuracy has fractions and percent beside each other.
        """
        words = _words_of(name)
        higher = _is_better_higher(words) if higher_is_better is None else higher_is_better
        low, high = min(values), max(values)
        in_percent |= bool(words & {*_LOWER_SHARES}) and ("%" in name or bool(words & {"percent", "pct"}))
        if low >= 0.0 and high <= 1.0 and not in_percent:
            return cls(name, higher, not words & _NO_SHARES)
        if not words & {*_SHARES, *_LOWER_SHARES} or low < 0.0 or high > 100.0:
            return cls(name, higher, is_share=False)
        if low < 1.0 < high and low > 0.0 and words & {"accuracy", "acc"}:
            raise ResultsError(f"{quoted(name)} mixes fractions and percent, {low:g} to {high:g}: write them alike")
        return cls(name, higher, is_share=True, was_percent=True)

    @property
    def described(self) -> str:
        """Name and direction in words."""
        return f"{quoted(self.name)} ({'in percent, ' if self.was_percent else ''}{self.direction})"


def has_direction(name: str) -> bool:
    """Whether a metric's name tells which of its values are better."""
    return bool(_words_of(name) & {*_KNOWN})


def _words_of(name: str) -> set[str]:
    """Return the words of a metric's name; what is done per second is a throughput and no time."""
    return {*_RATE.sub("_throughput", normalise(name)).split("_")}


def _is_better_higher(words: set[str]) -> bool:
    """Whether more is better, by the words of a name; `neg_` before a loss turns it round, as scikit-learn does."""
    if words & {"neg", "negative"} and words & {"likelihood", "elbo"}:
        return False
    return "neg" in words or not words & _LOWER


TEST_ACCURACY = Metric("test_accuracy")
"""By what runs of Keras are judged where nothing else is said."""


def is_metric_name(name: str) -> bool:
    """Whether a column's name is a usual one of a metric, of whichever part of the data."""
    words = normalise(name).split("_")
    return any(word in _KNOWN for word in words) and all(word in (*_KNOWN, *_FILLERS, *_ALL_PARTS) for word in words)


def find_metric(names: Iterable[str]) -> str | None:
    """Return which of several columns is judged: on test data before other data, then accuracy before losses.

    What is over training data comes last.

    >>> find_metric(["loss", "train_accuracy", "val_accuracy", "test_loss"])
    'test_loss'
    >>> find_metric(["loss", "train_accuracy", "val_accuracy"])
    'val_accuracy'
    """
    usual = [name for name in names if is_metric_name(name)]
    return min(usual, key=_rank, default=None)


def _rank(name: str) -> tuple[bool, int, int, int, int]:
    words = normalise(name).split("_")
    part = next((rank for rank, part in enumerate(_PARTS) if any(word in part for word in words)), 1)
    group = next(rank for rank, group in enumerate(_GROUPS) if any(word in group for word in words))
    # What names no part is most often of validation data.
    return (
        group == len(_GROUPS) - 1,
        (0, 1, 1, 2)[part],
        group,
        part,
        min(_KNOWN.index(word) for word in words if word in _KNOWN),
    )
