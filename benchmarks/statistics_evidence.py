"""Measures what the statistics of this package do on data whose truth is known, and writes docs/statistics-evidence.md.

Run:   python benchmarks/statistics_evidence.py
Cost:  about seven minutes on one core. Seeded: a second run writes the same file.

Everything is simulated; no trained model is involved.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fashion_keras.statistics import (
    MARGIN,
    MeanInference,
    crossed_mean,
    detectable_difference,
    look_level,
    power_different,
    power_equivalent,
    prediction_interval,
    sign_flip_p,
)

OUTPUT = Path(__file__).parents[1] / "docs" / "statistics-evidence.md"
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def gamma(skew: float) -> Draw:
    shape = 4.0 / skew**2
    return lambda rng, size: (rng.gamma(shape, size=size) - shape) / np.sqrt(shape)


def lognormal(sigma: float) -> Draw:
    mean, spread = np.exp(sigma**2 / 2), np.sqrt(np.expm1(sigma**2) * np.exp(sigma**2))
    return lambda rng, size: (rng.lognormal(0.0, sigma, size) - mean) / spread


def contaminated(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return rng.standard_normal(size) * np.where(rng.random(size) < 0.1, 5.0, 1.0) / np.sqrt(3.4)


def one_in_ten_off(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return (rng.standard_normal(size) + np.where(rng.random(size) < 0.1, 4.0, 0.0) - 0.4) / np.sqrt(2.44)


# All have mean 0 and standard deviation 1.
DISTRIBUTIONS: dict[str, Draw] = {
    "normal": lambda rng, size: rng.standard_normal(size),
    "uniform": lambda rng, size: rng.uniform(-np.sqrt(3.0), np.sqrt(3.0), size),
    "gamma, skew 1": gamma(1.0),
    "lognormal(0.5), skew 1.75": lognormal(0.5),
    "exponential, skew 2": gamma(2.0),
    "lognormal(1), skew 6.2": lognormal(1.0),
    "t, 3 degrees": lambda rng, size: rng.standard_t(3, size) / np.sqrt(3.0),
    "1 in 10 with 5 times the spread": contaminated,
    "1 in 10 off by 4 spreads, skew 1.2": one_in_ten_off,
}


def markdown(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    lines.insert(1, ["---"] + ["---:"] * (len(lines[0]) - 1))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def in_parts(rows: Floats) -> list[Floats]:
    """Return the rows, fifty at a time: what is computed of them then stays in the processor's cache."""
    return np.array_split(rows, 1 + len(rows) // 50)


def binomial_interval(hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the 95 % interval of the chance behind a share of True (Clopper and Pearson 1934)."""
    n, k = hits.size, int(hits.sum())
    low = float(special.betaincinv(k, n - k + 1, 0.025)) if k else 0.0
    high = float(special.betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
    return low, high


def share(hits: NDArray[np.bool_]) -> str:
    """Return "2.5 (2.0-3.1)": the share of True in percent and its binomial interval."""
    low, high = binomial_interval(hits)
    return f"{100 * hits.mean():.1f} ({100 * low:.1f}-{100 * high:.1f})"


def percent(hits: NDArray[np.bool_]) -> str:
    return f"{100 * hits.mean():.1f}"


# Intervals of the mean: the candidates. Each takes rows [m, n] and returns low and high, [m].


def student(rows: Floats) -> tuple[Floats, Floats]:
    n = rows.shape[1]
    reach = special.stdtrit(n - 1, 0.975) * rows.std(axis=1, ddof=1) / np.sqrt(n)
    return rows.mean(axis=1) - reach, rows.mean(axis=1) + reach


def bootstrap_means(rows: Floats, num_resamples: int = 1_999) -> Floats:
    n = rows.shape[1]
    counts = np.random.default_rng(1).multinomial(n, np.full(n, 1.0 / n), num_resamples)
    return np.sort(rows @ (counts.T / n), axis=1)


def percentile(rows: Floats) -> tuple[Floats, Floats]:
    means = bootstrap_means(rows)
    return means[:, 49], means[:, 1_949]


def bca(rows: Floats) -> tuple[Floats, Floats]:
    """Bias-corrected and accelerated: Efron 1987; for a mean, the acceleration is skewness / (6 sqrt(n))."""
    means, mean = bootstrap_means(rows), rows.mean(axis=1, keepdims=True)
    centred = rows - mean
    acceleration = (centred**3).sum(axis=1) / (6.0 * (centred**2).sum(axis=1) ** 1.5)
    bias = special.ndtri((means < mean).mean(axis=1).clip(0.001, 0.999))
    ends = []
    for quantile in special.ndtri([0.025, 0.975]):
        rank = special.ndtr(bias + (bias + quantile) / (1.0 - acceleration * (bias + quantile)))
        ends.append(means[np.arange(len(rows)), (rank * 2_000 - 1).astype(int).clip(0, 1_998)])
    return ends[0], ends[1]


def bootstrap_t(rows: Floats) -> tuple[Floats, Floats]:
    inference = MeanInference.of(rows, 1_998)
    index, rank = np.arange(len(rows)), np.maximum(1, (0.025 * (inference.num_resampled + 1)).astype(int))
    high = inference.resampled_t[index, inference.num_resampled - rank]
    low = inference.resampled_t[index, rank - 1]
    return inference.mean - high * inference.standard_error, inference.mean - low * inference.standard_error


def sign_flip(rows: Floats) -> tuple[Floats, Floats]:
    """All means that the exact sign-flip test does not reject: a range of the means of subsets (Hartigan 1969)."""
    n = rows.shape[1]
    rank = int(0.05 * 2**n / 2)
    if rank < 1:
        return np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    subsets = (np.arange(1, 2**n)[:, None] >> np.arange(n)) & 1
    means = np.sort(rows @ (subsets / subsets.sum(axis=1, keepdims=True)).T, axis=1)
    return means[:, rank - 1], means[:, -rank]


def farther(rows: Floats) -> tuple[Floats, Floats]:
    return MeanInference.of(rows, 1_998).interval()


INTERVALS = {
    "t": student,
    "percentile": percentile,
    "BCa": bca,
    "bootstrap-t": bootstrap_t,
    "sign-flips inverted": sign_flip,
    "the farther of t and bootstrap-t": farther,
}


def coverage_table(num_seeds: int, num_samples: int = 10_000) -> str:
    header = ["differences", *INTERVALS]
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        samples = draw(np.random.default_rng([1, num_seeds, index]), (num_samples, num_seeds))
        cells, width = [], 0.0
        for method in INTERVALS.values():
            if method is sign_flip and num_seeds > 10:
                cells.append("not run")
                continue
            parts = [method(part) for part in in_parts(samples)]
            low, high = (np.concatenate(ends) for ends in zip(*parts, strict=True))
            width = width or float(np.median(high - low))
            cells.append(f"{percent((low <= 0.0) & (high >= 0.0))} (x {np.median(high - low) / width:.2f})")
        rows.append([name, *cells])
    return markdown(header, rows)


def prediction_table(num_samples: int = 20_000) -> str:
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        cells = []
        for num_seeds in (5, 10, 20):
            samples = draw(np.random.default_rng([2, num_seeds, index]), (num_samples, num_seeds + 1))
            held = []
            for *before, one_more in samples:
                low, high = prediction_interval(before) or (0.0, 0.0)
                held.append(low <= one_more <= high)
            cells.append(percent(np.array(held)))
        rows.append([name, *cells])
    return markdown(["runs", "5 seeds", "10 seeds", "20 seeds"], rows)


# p-values: the candidates. Each takes differences [m, n] and returns p, [m].


def student_p(rows: Floats) -> Floats:
    n = rows.shape[1]
    t = rows.mean(axis=1) / rows.std(axis=1, ddof=1) * np.sqrt(n)
    return 2.0 * special.stdtr(n - 1, -np.abs(t))


def johnson_p(rows: Floats) -> Floats:
    """Student's t corrected for skew: Johnson 1978, Modified t Tests and Confidence Intervals."""
    n, mean, spread = rows.shape[1], rows.mean(axis=1), rows.std(axis=1, ddof=1)
    third = ((rows - mean[:, None]) ** 3).sum(axis=1) * n / ((n - 1) * (n - 2))
    t = (mean + third / (6 * spread**2 * n) + third * mean**2 / (3 * spread**4)) * np.sqrt(n) / spread
    return 2.0 * special.stdtr(n - 1, -np.abs(t))


def sign_flips_p(rows: Floats) -> Floats:
    return np.array([sign_flip_p(row) for row in rows])


def bootstrap_t_p(rows: Floats) -> Floats:
    inference = MeanInference.of(rows)
    t = (inference.mean / inference.standard_error)[:, None]
    below = (inference.resampled_t <= t).sum(axis=1)
    above = (inference.resampled_t >= t).sum(axis=1)
    return np.minimum(1.0, 2.0 * (1.0 + np.minimum(below, above)) / (1.0 + inference.num_resampled))


def verdict_p(rows: Floats, below: float = 1.0) -> Floats:
    """Return the p that verdicts rest on, as `compare_arms` has it; where not under `below`, perhaps a smaller one."""
    p = np.concatenate([MeanInference.of(part).p_different() for part in in_parts(rows)])
    for row in np.flatnonzero(p < below):
        p[row] = max(p[row], sign_flip_p(rows[row], num_samples=9_999))
    return p


def any_false(p: Floats, num_arms: int, level: float = 0.05) -> NDArray[np.bool_]:
    """Return, per table, whether Holm calls any arm different: whether it takes its first step."""
    return p.reshape(-1, num_arms).min(axis=1) * num_arms < level


def p_value_table(num_arms: int, num_tables: int = 4_000) -> str:
    header = ["differences", "sign-flips", "t", "both", "both and bootstrap-t", "sign-flips and Johnson's t"]
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        samples = draw(np.random.default_rng([3, num_arms, index]), (num_tables * num_arms, 10))
        rows.append([name, *(percent(any_false(p, num_arms)) for p in candidate_p(samples))])
    return markdown(header, rows)


def candidate_p(samples: Floats) -> list[Floats]:
    parts = []
    for rows in in_parts(samples):
        flips, t = sign_flips_p(rows), student_p(rows)
        both = np.maximum(flips, t)
        parts.append([flips, t, both, np.maximum(both, bootstrap_t_p(rows)), np.maximum(flips, johnson_p(rows))])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def candidate_power_table(num_samples: int = 4_000) -> str:
    rows = []
    for spread in (0.2, 0.3, 0.4):
        samples = 0.3 + spread * np.random.default_rng([4, round(10 * spread)]).standard_normal((num_samples, 10))
        rows.append([f"{spread} points", *(percent(p < 0.05 / 3) for p in candidate_p(samples))])
    header = ["spread", "sign-flips", "t", "both", "both and bootstrap-t", "sign-flips and Johnson's t"]
    return markdown(header, rows)


def false_verdicts(
    draw: Draw, num_arms: int, num_tables: int, seed: list[int], num_seeds: int = 10
) -> NDArray[np.bool_]:
    """Return, per simulated table without any difference, whether it shows a better or worse arm; [num_tables]."""
    samples = draw(np.random.default_rng(seed), (num_tables * num_arms, num_seeds))
    return any_false(verdict_p(samples, below=0.05 / num_arms), num_arms)


def false_verdict_table(num_tables: int = 4_000) -> str:
    named: dict[str, Draw] = {"normal": DISTRIBUTIONS["normal"]}
    named |= {f"gamma, skew {skew:g}": gamma(skew) for skew in (0.5, 1.0, 1.5, 2.0, 3.0)}
    rows = []
    for index, (name, draw) in enumerate(named.items()):
        shares = [share(false_verdicts(draw, arms, num_tables, [5, arms, index])) for arms in (1, 3, 5)]
        rows.append([name, *shares])
    for index, name in enumerate(("normal", "exponential, skew 2")):
        shares = []
        for arms in (1, 3, 5):
            rng = np.random.default_rng([6, arms, index])
            baseline = DISTRIBUTIONS[name](rng, (num_tables, 1, 10))
            differences = rng.standard_normal((num_tables, arms, 10)) - baseline
            p = verdict_p(differences.reshape(-1, 10), below=0.05 / arms)
            shares.append(share(any_false(p, arms)))
        rows.append([f"normal arms less one baseline, {name}", *shares])
    return markdown(["differences", "1 arm", "3 arms", "5 arms"], rows)


def power_table(num_samples: int = 4_000) -> str:
    rows = []
    for spread in (0.2, 0.3, 0.4):
        samples = 0.3 + spread * np.random.default_rng([7, round(10 * spread)]).standard_normal((num_samples, 10))
        p = verdict_p(samples)
        cells = []
        for arms in (1, 3, 5):
            promised = 100 * float(power_different(0.3, spread, 10, 0.05 / arms))
            cells.append(f"{share(p < 0.05 / arms)}, promised {promised:.0f}")
        rows.append([f"{spread} points", *cells])
    return markdown(["spread of differences", "1 arm", "3 arms", "5 arms"], rows)


def detectable_table(num_samples: int = 2_000) -> str:
    rows = []
    for num_seeds in (6, 8, 10, 15, 20, 40):
        cells = []
        for arms in (1, 3, 5):
            difference = detectable_difference(1.0, num_seeds, arms)
            if np.isinf(difference):
                cells.append("never")
                continue
            rng = np.random.default_rng([8, num_seeds, arms])
            p = verdict_p(difference + rng.standard_normal((num_samples, num_seeds)), below=0.05 / arms)
            cells.append(f"{difference:.2f} spreads: {percent(p < 0.05 / arms)}")
        rows.append([num_seeds, *cells])
    return markdown(["seeds", "1 arm", "3 arms", "5 arms"], rows)


def equivalent(rows: Floats, level: float) -> NDArray[np.bool_]:
    parts = [MeanInference.of(part) for part in in_parts(rows)]
    return np.concatenate([np.maximum(part.p_above(-MARGIN), part.p_below(MARGIN)) < level for part in parts])


def false_equivalence_table(num_samples: int = 2_000) -> str:
    """True difference exactly at the margin, from either side of a skew: at most 5 % may be called equivalent."""
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        cells = []
        for num_seeds in (6, 10, 20):
            noise = draw(np.random.default_rng([9, num_seeds, index]), (num_samples, num_seeds)) * 0.001
            for samples in (MARGIN + noise, MARGIN - noise):
                t = (samples.mean(axis=1) - MARGIN) / samples.std(axis=1, ddof=1) * np.sqrt(num_seeds)
                cells.append(
                    f"{percent(equivalent(samples, 0.05))} ({percent(special.stdtr(num_seeds - 1, t) < 0.05)})"
                )
        rows.append([name, *cells])
    sides = [f"{seeds} seeds, {tail} tail" for seeds in (6, 10, 20) for tail in ("outer", "inner")]
    return markdown(["differences", *sides], rows)


def equivalence_power_table(num_samples: int = 2_000) -> str:
    rows = []
    for spread in (0.001, 0.002, 0.003):
        cells = []
        for num_seeds in (6, 10, 20):
            samples = spread * np.random.default_rng([10, num_seeds]).standard_normal((num_samples, num_seeds))
            for arms in (1, 3):
                promised = 100 * float(power_equivalent(0.0, spread, num_seeds, 0.05 / arms, MARGIN))
                cells.append(f"{percent(equivalent(samples, 0.05 / arms))}, promised {promised:.0f}")
        rows.append([f"{100 * spread:g} points", *cells])
    columns = [f"{seeds} seeds, {arms}" for seeds in (6, 10, 20) for arms in ("1 arm", "3 arms")]
    return markdown(["spread of differences", *columns], rows)


LOOK_RULES: dict[str, Callable[[int], float]] = {
    "uncorrected": lambda look: 0.05,
    "not declared": look_level,
    "declared": lambda look: look_level(look, declared=True),
}


def looks_false(draw: Draw, num_arms: int, num_tables: int, seed: list[int]) -> dict[str, list[NDArray[np.bool_]]]:
    """Return, per rule and look, whether a table without any difference has shown a false verdict; [num_tables].

    Five looks, ten seeds each, nobody stopping for less than a false verdict: the worst that adding seeds can do.
    """
    samples = draw(np.random.default_rng(seed), (num_tables * num_arms, 50))
    p_values = [verdict_p(samples[:, : 10 * look], below=0.05 / num_arms) for look in range(1, 6)]
    history = {}
    for rule, level in LOOK_RULES.items():
        shown = [any_false(p, num_arms, level(look)) for look, p in enumerate(p_values, 1)]
        history[rule] = list(np.logical_or.accumulate(shown))
    return history


def looks_table() -> str:
    rows = []
    for name, num_tables in (("normal", 8_000), ("gamma, skew 1", 2_000), ("exponential, skew 2", 2_000)):
        for arms in (1, 3, 5):
            history = looks_false(DISTRIBUTIONS[name], arms, num_tables, [11, arms])
            cells = [share(shown[looks - 1]) for shown in history.values() for looks in (2, 5)]
            rows.append([f"{name}, {arms} arm{'s' * (arms > 1)}", *cells])
    columns = [f"{rule}, {looks} looks" for rule in LOOK_RULES for looks in (2, 5)]
    return markdown(["differences", *columns], rows)


# Seeds crossed with images. Right means: ease of the image + strength of the arm and run + luck is above 0.

EASE, EASE_SPREAD = 3.2, 2.5
CROSSED = {
    "no difference": {"strength": 0.0, "run_spread": 0.02, "image_spread": 0.3},
    "0.7 points": {"strength": 0.1, "run_spread": 0.02, "image_spread": 0.3},
    "0.7 points, no image favours an arm": {"strength": 0.1, "run_spread": 0.0, "image_spread": 0.0},
    "0.7 points, runs differ more": {"strength": 0.1, "run_spread": 0.08, "image_spread": 0.3},
    "2.2 points, images favour an arm": {"strength": 0.3, "run_spread": 0.02, "image_spread": 1.5},
}


def crossed_differences(
    rng: np.random.Generator,
    num_seeds: int,
    num_images: int,
    *,
    strength: float,
    run_spread: float,
    image_spread: float,
) -> NDArray[np.int8]:
    """Return right minus wrong of two arms on new seeds and new images, int8 [num_seeds, num_images]."""
    ease = EASE + EASE_SPREAD * rng.standard_normal(num_images)
    favour = image_spread * rng.standard_normal(num_images)
    right = []
    for sign in (0.5, -0.5):
        run = run_spread * rng.standard_normal((num_seeds, 1))
        luck = rng.standard_normal((num_seeds, num_images))
        right.append((ease + sign * (favour + strength) + run + luck > 0.0).astype(np.int8))
    return right[0] - right[1]


def true_difference(strength: float, run_spread: float, image_spread: float) -> float:
    spread = np.sqrt(EASE_SPREAD**2 + image_spread**2 / 4.0 + run_spread**2 + 1.0)
    return float(special.ndtr((EASE + strength / 2.0) / spread) - special.ndtr((EASE - strength / 2.0) / spread))


def crossed_coverage(
    name: str, num_seeds: int, repetitions: int, num_images: int = 2_000
) -> tuple[NDArray[np.bool_], ...]:
    """Return whether the intervals for this test set, and for new images, hold the truth of new images; bool each."""
    rng = np.random.default_rng([12, num_seeds, list(CROSSED).index(name)])
    truth = true_difference(**CROSSED[name])
    held = []
    for _ in range(repetitions):
        estimate = crossed_mean(crossed_differences(rng, num_seeds, num_images, **CROSSED[name]))
        ends = (estimate.on_this_test_set, estimate.on_new_images)
        held.append([end is not None and end[0] <= truth <= end[1] for end in ends])
    return tuple(np.array(held).T)


def crossed_table(repetitions: int = 2_000) -> str:
    rows = []
    for name in CROSSED:
        cells = []
        for num_seeds in (5, 10):
            cells += [share(held) for held in crossed_coverage(name, num_seeds, repetitions)]
        rows.append([name, *cells])
    columns = [f"{seeds} seeds, {kind}" for seeds in (5, 10) for kind in ("seeds only", "new images")]
    return markdown(["truth", *columns], rows)


def document() -> str:
    coverage = "\n".join(f"### {seeds} seeds\n\n{coverage_table(seeds)}" for seeds in (5, 10, 20))
    return f"""# What the statistics were measured to do

Written by `python benchmarks/statistics_evidence.py`: do not edit. Simulated data of known truth, fixed seeds. All
figures are percent unless a unit stands by them; brackets hold 95 % binomial intervals unless the text says otherwise.

## Which interval for a mean?

Coverage, which should be 95, of 10,000 simulated sets of paired differences; in brackets the median width, Student's t
being 1. Percentile and BCa cover too little at these numbers of seeds. Student's t and inverted sign-flips fail for
skewed differences, the bootstrap-t for heavy tails at 20 seeds. **The farther of t and bootstrap-t at each end** misses
least at its worst, for a tenth more width at ten seeds, and is what the package uses. Nothing from so few seeds covers
the strongest skew. Sign-flips cannot reach 95 % with five seeds: their interval is unbounded.

{coverage}
## Which p-value for a verdict?

False verdicts: the share of 4,000 simulated tables of ten seeds without any difference in which at least one arm was
called better or worse at Holm-adjusted p < 0.05. It should be 5 at most. "both" is the larger p of the two before it.

### 3 arms

{p_value_table(3)}
### 5 arms

{p_value_table(5)}
### What the caution costs

Share of true differences of 0.3 points found with ten seeds, one of three arms at Holm's first step, normal
differences.

{candidate_power_table()}
Sign-flips, exact for symmetric differences only, err most often on skewed ones, as Student's t does. Adding the
bootstrap-t saves a quarter to two fifths of those errors for four to six points of power. Johnson's t saves more where
the skew is strong, but loses up to eight points more where the difference is large, as its correction is not monotone:
a larger difference can get a larger p. **The verdict rests on the largest p of the three** (sign-flips, t,
bootstrap-t), with the exact sign-flip p reported beside it. It stays within a point of 5 % up to a skew of 1, whatever
the tails; beyond that it does not, nor does anything else tried here.

## False verdicts of what the package does, by skew

Again 4,000 tables of ten seeds without any difference. The last two lines have the noise of one baseline in all
differences, as real tables do: two arms of equal skew have symmetric differences, so that only a skew which the arms
do not share matters. What the published runs show: [skew-evidence.md](skew-evidence.md).

{false_verdict_table()}
## Power at ten seeds

Share of true differences of 0.3 points called better, normal differences, one arm at Holm's first step; "promised" is
what `power_different` says.

{power_table()}
### Differences that can be detected

What `detectable_difference` promises to find in 80 %, in units of the spread, and the share found.

{detectable_table()}
## Equivalence

Called equivalent within 0.2 points though the true difference is exactly 0.2 points, with a spread of 0.1 points; it
should be 5 at most; in brackets for Student's t alone. "Outer tail": the long tail points away from zero.

{false_equivalence_table()}
Called equivalent, the true difference being 0, normal differences; "promised" is what `power_equivalent` says.

{equivalence_power_table()}
## Adding seeds after a look

Tables without any difference that showed a false verdict at any of their looks, at 10, 20, 30, 40 and 50 seeds, nobody
stopping for less. "Not declared" is the rule by default: the first look at 5 %, look k > 1 at 5 % / 2^(k + 1), over all
seeds so far. "Declared": every look k at 5 % / 2^k, announced before the first. 8,000 tables of normal differences,
2,000 of each other.

{looks_table()}
## Where one more run falls

Coverage of the 95 % prediction interval.

{prediction_table()}
## Seeds and test images together

Share of 2,000 simulated pairs of arms, classifiers of 88 % on 2,000 test images, whose 95 % interval held the true
difference on new images. "Seeds only" is the interval for this test set, which does not claim to.

{crossed_table()}
Other training images are covered by neither.
"""


if __name__ == "__main__":
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(document(), encoding="utf-8")
    print(f"wrote {OUTPUT}")
