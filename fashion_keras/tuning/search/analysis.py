"""Analysis of a search: what a budget of trials buys, and which hyperparameters matter, each with its uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

__all__ = [
    "FEWEST_TRIALS", "BestOfK", "ForestReport", "Importance", "best_of_k", "encode", "measure_importance",
]  # fmt: skip

NUM_RESAMPLES = 80
NUM_TREES = 25
NUM_SHUFFLES = 8
FEWEST_TRIALS = 10


@dataclass(frozen=True)
class BestOfK:
    """The best value of 1, 2, ... n trials that are drawn anew from the n that were made.

    Attributes:
        mean: float64 [n].
        low, high: The middle 95 % of the draws, float64 [n].
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def best_of_k(values: ArrayLike) -> BestOfK:
    """Return what the best of k trials is expected to be, and where it lies 95 times of 100.

    The bootstrap over the trials, without drawing: of n values in order, the best of k drawn with replacement is at
    most the i-th with probability (i / n)^k (Dodge et al. 2019, Show Your Work, section 3.1). It holds for trials that
    are drawn independently, as in random search.

    Args:
        values: One a trial, float [n], n at least 1; the higher the better.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    count = len(ordered)
    budgets = np.arange(1, count + 1)[:, np.newaxis]
    at_most = (np.arange(count + 1) / count) ** budgets  # [k, i]: the best of k is at most the i-th
    mean = np.diff(at_most, axis=1) @ ordered
    low, high = (ordered[np.argmax(at_most[:, 1:] >= share - 1e-12, axis=1)] for share in (0.025, 0.975))
    return BestOfK(mean, low, high)


@dataclass(frozen=True)
class Importance:
    """What a hyperparameter tells about the rank of a trial.

    Attributes:
        name: The hyperparameter.
        mean: How much of the variance of the ranks the forest's predictions lose when its values are shuffled.
        low, high: The middle 95 % over the resamples of the trials.
    """

    name: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ForestReport:
    """The importances, and whether the forest that they come from predicts anything.

    Attributes:
        importances: The greatest first.
        explained: Share of the variance of unseen trials' ranks that the forest explains, the mean over the
            resamples; at 0 or below it knows nothing, and the importances mean nothing.
    """

    importances: tuple[Importance, ...]
    explained: float


def measure_importance(values: Sequence[Mapping[str, Any]], scores: ArrayLike, seed: int = 0) -> ForestReport | None:
    """Measure what each hyperparameter tells about the rank of trials that the forest has not seen.

    The trials are drawn anew, with replacement, again and again; a forest learns from those that were drawn, and its
    error on the others is compared with its error after a hyperparameter's values were shuffled among them (Breiman
    2001). The scatter over the draws says how much of the answer hangs on which trials happened to be made.

    Args:
        values: The hyperparameters that apply, of each trial.
        scores: float [trials], the higher the better.
        seed: Fixes draws and forests.

    Returns:
        None with fewer than ten trials, or where neither the values nor the scores differ.
    """
    names, features = encode(values)
    # Ranks: else the few trials that learned nothing are all that a forest explains.
    targets = rankdata(scores)
    if len(targets) < FEWEST_TRIALS or not names or not targets.std():
        return None
    rng = np.random.default_rng(seed)
    losses, explained = [], []
    for resample in range(NUM_RESAMPLES):
        drawn = rng.integers(len(targets), size=len(targets))
        unseen = np.setdiff1d(np.arange(len(targets)), drawn)
        forest = _fit(features[drawn], targets[drawn], seed + resample)
        error, shuffled = _errors(forest, features[unseen], targets[unseen], rng)
        losses.append((shuffled - error) / targets.var())
        explained.append(1 - error / targets.var())
    table = np.array(losses)
    low, high = np.percentile(table, [2.5, 97.5], axis=0)
    found = [Importance(*row) for row in zip(names, table.mean(axis=0), low, high, strict=True)]
    return ForestReport(tuple(sorted(found, key=lambda item: -item.mean)), float(np.mean(explained)))


def encode(values: Sequence[Mapping[str, Any]]) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names of the hyperparameters that vary, and a column for each, float64 [trials, names].

    Words become their places in the alphabet. Where a hyperparameter does not apply, its column has the median of the
    others: it must not tell which choice it depends on.
    """
    names = list(dict.fromkeys(name for trial in values for name in trial))
    columns = {name: _encode_column([trial.get(name) for trial in values]) for name in names}
    varying = [name for name in names if np.ptp(columns[name]) > 0]
    return varying, np.array([columns[name] for name in varying], np.float64).T.reshape(len(values), len(varying))


def _encode_column(values: Sequence[Any]) -> NDArray[np.float64]:
    known = {value for value in values if value is not None}
    words = sorted(map(str, known)) if any(isinstance(value, str) for value in known) else []
    numbers = {value: float(words.index(str(value)) if words else value) for value in known}
    column = np.array([numbers.get(value, np.nan) for value in values])
    # The lower median: a value that some trial has.
    return np.where(np.isnan(column), np.nanquantile(column, 0.5, method="lower"), column)


def _fit(features: NDArray[np.float64], targets: NDArray[np.float64], seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor  # a second to load

    return RandomForestRegressor(NUM_TREES, min_samples_leaf=2, max_features=0.5, random_state=seed).fit(
        features, targets
    )


def _errors(
    forest: Any, features: NDArray[np.float64], targets: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean squared error, and for each column the one after its values were shuffled, float64 [columns]."""
    num_rows, num_columns = features.shape
    copies = np.tile(features, (num_columns, NUM_SHUFFLES, 1, 1))
    for column in range(num_columns):
        copies[column, :, :, column] = rng.permuted(copies[column, :, :, column], axis=1)
    # One call: most of a prediction's time does not depend on the number of rows.
    rows = np.concatenate([features, copies.reshape(-1, num_columns)])
    predicted = forest.predict(rows)
    squared = (predicted - np.tile(targets, 1 + num_columns * NUM_SHUFFLES)) ** 2
    shuffled = squared[num_rows:].reshape(num_columns, NUM_SHUFFLES * num_rows).mean(axis=1)
    return float(squared[:num_rows].mean()), shuffled
