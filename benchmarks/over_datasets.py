"""Which method over data sets holds its level? Student's t against three of meta-analysis, in simulated designs.

Run:   python -m benchmarks.over_datasets
Cost:  two minutes.

On data set j an arm differs from the baseline by mean + between x N(0, 1) + s_j x N(0, 1) / sqrt(5): five pairs of
seeds, whose standard deviation s_j is 1 or spread over 1/5 to 5. Writes results/over_datasets.md: how often each method
calls the arm different where the mean is 0 (false) and where it is 1 (found), at 5 %.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.statistics_evidence import markdown

RESULTS = Path(__file__).parent / "results" / "over_datasets.md"
REPETITIONS = 20_000
SEED = 20261126
NUM_SEEDS = 5

_Floats = NDArray[np.float64]
Method = Callable[[_Floats, _Floats], NDArray[np.bool_]]


def student(means: _Floats, variances: _Floats) -> NDArray[np.bool_]:
    """Student's t over the data sets: what `compare_over_datasets` uses."""
    return np.asarray(stats.ttest_1samp(means, 0.0, axis=1).pvalue < 0.05)


def hartung_knapp(means: _Floats, variances: _Floats) -> NDArray[np.bool_]:
    """Hartung and Knapp 2001, with the variance between data sets of DerSimonian and Laird."""
    weights = 1.0 / (variances + _between(means, variances)[:, None])
    mean = (weights * means).sum(1) / weights.sum(1)
    error = np.sqrt((weights * (means - mean[:, None]) ** 2).sum(1) / (means.shape[1] - 1) / weights.sum(1))
    return np.asarray(np.abs(mean / error) > stats.t.ppf(0.975, means.shape[1] - 1))


def dersimonian_laird(means: _Floats, variances: _Floats) -> NDArray[np.bool_]:
    """DerSimonian and Laird 1986."""
    weights = 1.0 / (variances + _between(means, variances)[:, None])
    return np.asarray(np.abs((weights * means).sum(1)) / np.sqrt(weights.sum(1)) > stats.norm.ppf(0.975))


def seeds_alone(means: _Floats, variances: _Floats) -> NDArray[np.bool_]:
    """The mean over these very data sets: its error is that of the seeds."""
    return np.asarray(
        np.abs(means.sum(1)) / np.sqrt(variances.sum(1)) > stats.t.ppf(0.975, (NUM_SEEDS - 1) * means.shape[1])
    )


METHODS: Mapping[str, Method] = {
    "Student's t over data sets": student,
    "Hartung, Knapp": hartung_knapp,
    "DerSimonian, Laird": dersimonian_laird,
    "seeds alone": seeds_alone,
}


def _between(means: _Floats, variances: _Floats) -> _Floats:
    """Return the variance between data sets, estimated by moments, float64 [repetitions]."""
    weights = 1.0 / variances
    mean = (weights * means).sum(1) / weights.sum(1)
    excess = (weights * (means - mean[:, None]) ** 2).sum(1) - (means.shape[1] - 1)
    return np.maximum(0.0, excess / (weights.sum(1) - (weights**2).sum(1) / weights.sum(1)))


def _rows(generator: np.random.Generator) -> Iterator[list[str]]:
    for number in (3, 5, 8, 15):
        for between in (0.3, 1.0, 3.0):
            for ratio in (1.0, 5.0):
                shape = (REPETITIONS, number)
                deviations = np.exp(generator.uniform(-np.log(ratio), np.log(ratio), shape))
                noise = between * generator.standard_normal(shape)
                noise += deviations * generator.standard_normal(shape) / np.sqrt(NUM_SEEDS)
                variances = deviations**2 * generator.chisquare(NUM_SEEDS - 1, shape) / (NUM_SEEDS - 1) / NUM_SEEDS
                shares = [
                    f"{100 * method(effect + noise, variances).mean():.1f}"
                    for method in METHODS.values()
                    for effect in (0.0, 1.0)
                ]
                yield [str(number), f"{between:g}", "equal" if ratio == 1.0 else "1/5 to 5", *shares]


def main() -> None:
    """Simulate and write the page."""
    heads = [f"{name}: {kind}" for name in METHODS for kind in ("false", "found")]
    table = markdown(["data sets", "between them", "within", *heads], list(_rows(np.random.default_rng(SEED))))
    RESULTS.write_text(
        "# Verdicts over data sets\n\nWritten by `python -m benchmarks.over_datasets`: do not edit. In % of "
        f"{REPETITIONS:,} simulated comparisons at 5 %, five pairs of seeds on each data set. False: called different "
        "where the mean over all data sets like these is 0; found: where it is 1.\n\n"
        f"{table}\n"
    )


if __name__ == "__main__":
    main()
