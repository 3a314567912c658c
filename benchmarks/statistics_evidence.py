"""Measures what the statistics of this package do on data whose truth is known, and writes docs/statistics-evidence.md.

Run:   python -m benchmarks.statistics_evidence
Cost:  six minutes on one core. Seeded: a second run writes the same file.

Simulated but for the last table, which replays the published runs of experiments/. Differences are in units of 0.3
points, about what the published ones vary by between seeds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from benchmarks.rule_before import any_false, before, equivalent_before, verdict_p
from fashion_keras.statistics import (
    MARGIN,
    TEN_SEEDS,
    Comparison,
    Design,
    MeanInference,
    Verdict,
    compare_arms,
    compare_collapse,
    detectable_difference,
    find_best,
    mean_interval,
    new_images_interval,
    prediction_interval,
)
from fashion_keras.statistics.collapse import share_interval
from fashion_keras.statistics.intervals import student_critical
from fashion_keras.statistics.replay import Replay, State
from fashion_keras.storage.comparison import ComparisonRecord
from fashion_keras.workflows.published import load_published

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "docs" / "statistics-evidence.md"
UNIT = 0.003
BASELINE = 0.88
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def gamma(skew: float) -> Draw:
    shape = 4.0 / skew**2
    return lambda rng, size: (rng.gamma(shape, size=size) - shape) / np.sqrt(shape)


def normal(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return rng.standard_normal(size)


def contaminated(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    return rng.standard_normal(size) * np.where(rng.random(size) < 0.1, 5.0, 1.0) / np.sqrt(3.4)


# All have mean 0 and standard deviation 1.
DISTRIBUTIONS: dict[str, Draw] = {
    "normal": normal,
    "discrete: whole deviations": lambda rng, size: np.round(rng.standard_normal(size)) / 1.041,
    "gamma, skew 1": gamma(1.0),
    "exponential, skew 2": gamma(2.0),
    "lognormal(1), skew 6.2": lambda rng, size: (rng.lognormal(0.0, 1.0, size) - np.exp(0.5)) / 2.161,
    "t, 3 degrees": lambda rng, size: rng.standard_t(3, size) / np.sqrt(3.0),
    "1 in 10 with 5 times the deviation": contaminated,
}


def collapsing(chance: float) -> Draw:
    """Normal runs, of which some end 100 deviations lower: 30 points. Their mean is 0 without the collapsed."""
    return lambda rng, size: rng.standard_normal(size) - 100.0 * (rng.random(size) < chance)


def steady_but_one(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Normal differences, but for those of the first arm."""
    differences = normal(rng, size)
    differences[:, 0] = gamma(2.0)(rng, differences[:, 0].shape)
    return differences


def against_skewed(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
    """Differences from one baseline whose runs are skewed; the arms' own vary less, and normally."""
    baseline = gamma(2.0)(rng, (size[0], 1, size[2]))
    return (0.3 * rng.standard_normal(size) - baseline) / np.sqrt(1.09)


def alike(draw: Draw) -> Draw:
    """Differences of arms and one baseline that are all drawn alike, [tables, arms, seeds]."""

    def differences(rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
        runs = draw(rng, (size[0], size[1] + 1, size[2]))
        return runs[:, 1:] - runs[:, :1]

    return differences


NULLS: dict[str, Draw] = {
    "normal, all arms alike": alike(normal),
    "exponential, all arms alike": alike(gamma(2.0)),
    "1 run in 10 collapses, all arms alike": alike(collapsing(0.1)),
    "discrete, steady baseline": DISTRIBUTIONS["discrete: whole deviations"],
    "t with 3 degrees, steady baseline": DISTRIBUTIONS["t, 3 degrees"],
    "skew 1, steady baseline": gamma(1.0),
    "exponential (skew 2), steady baseline": gamma(2.0),
    "the same of the first arm only, others normal": steady_but_one,
    "exponential baseline, arms vary less": against_skewed,
}


def markdown(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    lines.insert(1, ["---"] + ["---:"] * (len(lines[0]) - 1))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def share(hits: NDArray[np.bool_]) -> str:
    """Return "2.5 (2.0-3.1)": the share of True in percent and its binomial interval."""
    low, high = share_interval(int(hits.sum()), int(hits.sum()), hits.size)
    return f"{100 * hits.mean():.1f} ({100 * low:.1f}-{100 * high:.1f})"


def percent(hits: NDArray[np.bool_]) -> str:
    return f"{100 * hits.mean():.1f}"


# The rule of the package.


class EachArmAlone(Replay):
    """The rule without what arms say together of how skewed their differences are."""

    def _skewness(self, arms: Sequence[str], look: int) -> float:
        return 0.0


def judge(differences: Floats, design: Design, rule: type[Replay] = Replay) -> list[State]:
    """Return where the arms of one table stand, from their differences [arms, seeds]."""
    values = {str(arm): BASELINE + row for arm, row in enumerate(differences)}
    values["base"] = np.full(differences.shape[1], BASELINE)
    return list(rule(values, "base", replace(design, value_range=None)).states().values())


def tables(draw: Draw, num_tables: int, num_arms: int, num_seeds: int, *seed: int) -> Floats:
    return UNIT * draw(np.random.default_rng([*seed, num_arms, num_seeds]), (num_tables, num_arms, num_seeds))


def any_difference(differences: Floats, design: Design, rule: type[Replay] = Replay) -> NDArray[np.bool_]:
    """Return per table [tables, arms, seeds] whether any arm was called better or worse at any look.

    Without a margin, so that no arm is done because it is equivalent: more of them can be called different.
    """
    design = replace(design, margin=1e-9)
    found = may_differ(differences, design)
    for table in np.flatnonzero(found):
        found[table] = any(state.verdict.is_difference for state in judge(differences[table], design, rule))
    return found


def may_differ(differences: Floats, design: Design) -> NDArray[np.bool_]:
    """Return per table whether Student's interval of any arm, which none is narrower than, ever leaves out 0."""
    found = np.zeros(len(differences), dtype=bool)
    for look, level in zip(design.looks, design.nominal_levels(differences.shape[1])[0], strict=True):
        seen = differences[:, :, :look]
        half_width = student_critical(look, 1.0 - float(level)) * seen.std(axis=2, ddof=1) / np.sqrt(look)
        found |= (np.abs(seen.mean(axis=2)) >= half_width * (1.0 - 1e-9)).any(axis=1)
    return found


def coverage_table(num_samples: int = 1_000) -> str:
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        cells = []
        for num_seeds in (5, 10, 20):
            samples = draw(np.random.default_rng([1, num_seeds, index]), (num_samples, num_seeds))
            parts = [MeanInference.of(part) for part in np.array_split(samples, num_samples // 50)]
            students = np.concatenate([np.stack(part.student_interval(), axis=1) for part in parts])
            hulls = np.concatenate([np.stack(part.interval(), axis=1) for part in parts])
            held = [percent((ends[:, 0] <= 0.0) & (ends[:, 1] >= 0.0)) for ends in (students, hulls)]
            width = float(np.median(np.diff(hulls)) / np.median(np.diff(students)))
            cells += [held[0], f"{held[1]} (x {width:.2f})"]
        rows.append([name, *cells])
    columns = [f"{seeds} seeds, {kind}" for seeds in (5, 10, 20) for kind in ("t", "hull")]
    return markdown(["differences", *columns], rows)


def false_table(num_tables: int = 8_000) -> str:
    rows = []
    for index, (name, draw) in enumerate(NULLS.items()):
        for arms in (1, 3, 5):
            differences = tables(draw, num_tables, arms, 10, 2, index)
            before = any_false(verdict_p(differences.reshape(-1, 10), below=0.05 / arms), arms)
            rules = (Design.fixed(10), Replay), (TEN_SEEDS, Replay), (TEN_SEEDS, EachArmAlone)
            after = [any_difference(differences, design, rule) for design, rule in rules]
            rows.append([name, arms, *(share(hits) for hits in (before, *after))])
    header = ["before: ten seeds", "now: ten seeds, one look", "now: four looks", "four looks, each arm alone"]
    return markdown(["differences", "arms", *header], rows)


def looks_table(num_tables: int = 1_500) -> str:
    """Every way of looking at up to forty seeds of tables without any difference."""
    longer = TEN_SEEDS.extend(20).extend(40)
    rows = []
    for index, name in enumerate(("normal, all arms alike", "exponential (skew 2), steady baseline")):
        for arms in (1, 3, 5):
            differences = tables(NULLS[name], num_tables, arms, 40, 3, index)
            downward = np.zeros(num_tables, dtype=bool)
            for seeds in range(20, 5, -1):
                rows_seen = differences[:, :, :seeds].reshape(-1, seeds)
                downward |= any_false(verdict_p(rows_seen, below=0.05 / arms), arms)
            twenty = any_difference(differences, Design.fixed(20))
            upward = any_difference(differences, Design.up_to(40)), any_difference(differences, longer)
            rows.append([name, arms, *(share(hits) for hits in (downward, twenty, *upward))])
    header = ["before: 20, 19, ... 6 seeds", "now, the same", "now: up to 40", "now: 10, then 20, then 40"]
    return markdown(["differences", "arms", *header], rows)


DESIGNS = {
    "before: (n/10)^2, no arm given up": replace(TEN_SEEDS, spending=2.0, futility=0.0),
    "(n/10)^2.5, no arm given up": replace(TEN_SEEDS, futility=0.0),
    "**(n/10)^2.5, given up under 2 %**": TEN_SEEDS,
    "the same, with a look at 7": Design.up_to(10, (5, 6, 7, 8)),
}


def designs_table(num_tables: int = 600) -> str:
    """What designs need and find where arms are drawn from the published ones, and where they do not differ."""
    rows = []
    for name, design in DESIGNS.items():
        for arms in (1, 3, 5):
            rng = np.random.default_rng([12, arms])
            effects = published_differences()[rng.integers(len(published_differences()), size=(num_tables, arms))]
            noise = alike(normal)(rng, (num_tables, arms, 10)) / np.sqrt(2.0)
            states = [judge(table, design) for table in effects[..., :1] + effects[..., 1:] * noise]
            seeds = np.array([[state.look for state in each] for each in states])
            decided = np.array([[state.verdict is not Verdict.UNDECIDED for state in each] for each in states])
            runs = (seeds.sum(axis=1) + seeds.max(axis=1)).mean() / (10 * arms + 10)
            nulls = (NULLS["normal, all arms alike"], NULLS["exponential (skew 2), steady baseline"])
            false = [any_difference(tables(null, 4_000, arms, 10, 13), design) for null in nulls]
            rows.append([name, arms, f"{100 * runs:.1f}", percent(decided), *map(percent, false)])
    header = ["design", "arms", "runs, of those of ten seeds", "arms decided"]
    return markdown([*header, "false tables, normal", "exponential, steady baseline"], rows)


TRUTHS = {
    "0, 0, 0.2, 0.2": (0.0, 0.0, MARGIN, MARGIN),
    "0.2, 0.2, 0.2": (MARGIN, MARGIN, MARGIN),
    "0, 0.2": (0.0, MARGIN),
}


def kinds_table(num_tables: int = 1_000, deviation: float = 0.0007) -> str:
    rows = []
    for index, (name, truth) in enumerate(TRUTHS.items()):
        noise = np.random.default_rng([4, index]).standard_normal((num_tables, len(truth), 20))
        differences = np.array(truth)[None, :, None] + deviation * noise
        for label, design in (("before, 20 seeds", None), ("now, 20 seeds", Design.up_to(20)), ("now", TEN_SEEDS)):
            found = np.array([_false_kinds(table, np.array(truth), design) for table in differences])
            rows.append([name, label, *(share(hits) for hits in (*found.T, found.any(axis=1)))])
    return markdown(["true differences, points", "rule", "difference", "equivalence", "either"], rows)


def _false_kinds(table: Floats, truth: Floats, design: Design | None) -> tuple[bool, bool]:
    """Return whether a table shows a false difference, and whether a false equivalence."""
    if design is None:
        p, equivalent = verdict_p(table, below=0.05), equivalent_before(table)
        order = np.argsort(p)
        different = np.zeros(p.size, dtype=bool)
        different[order] = np.logical_and.accumulate(p[order] * np.arange(p.size, 0, -1) < 0.05)
    else:
        verdicts = [state.verdict for state in judge(table, design)]
        different = np.array([verdict.is_difference for verdict in verdicts])
        equivalent = np.array(["negligibly" in verdict or verdict == "equivalent" for verdict in verdicts])
    # None of the true differences is below 0, and at 20 times its error none of those above 0 looks so.
    return bool((different & (truth == 0.0)).any()), bool((equivalent & (truth >= MARGIN)).any())


def power_table(num_tables: int = 600) -> str:
    rows = []
    for arms in (1, 3, 5):
        for effect in (0.5, 1.0, 1.5, 2.0, 3.0):
            differences = tables(normal, num_tables, arms, 10, 5) + effect * UNIT
            first = differences[:, 0]
            before = verdict_p(first, below=0.05 / arms) < 0.05 / arms
            rules = (Design.fixed(10), Replay), (TEN_SEEDS, Replay), (TEN_SEEDS, EachArmAlone)
            judged = [[judge(table, design, rule) for table in differences] for design, rule in rules]
            found = [percent(np.array([states[0].verdict.is_difference for states in each])) for each in judged]
            used = [f"{np.mean([[state.look for state in states] for states in each]):.2f}" for each in judged[1:]]
            rows.append([arms, effect, percent(before), *found[:2], used[0], found[2], used[1]])
    header = ["arms", "true difference, deviations", "before (first step of Holm)", "now: one look", "now: four looks"]
    return markdown([*header, "seeds an arm", "four looks, each arm alone", "seeds an arm"], rows)


def detectable_table(num_tables: int = 1_000) -> str:
    rows = []
    designs = {"ten, four looks": TEN_SEEDS, "ten, one look": Design.fixed(10), "twenty": Design.up_to(20)}
    for name, design in designs.items():
        cells = []
        for arms in (1, 3, 5):
            difference = detectable_difference(1.0, design, arms)
            # Only the first arm differs, so that no other frees its share of the level.
            differences = tables(normal, num_tables, arms, design.num_seeds, 6)
            differences[:, 0] += difference * UNIT
            found = np.array([judge(table, design)[0].verdict.is_difference for table in differences])
            cells.append(f"{difference:.2f} deviations: {share(found)}")
        rows.append([name, *cells])
    return markdown(["seeds", "1 arm", "3 arms", "5 arms"], rows)


def draw_published(rng: np.random.Generator) -> float:
    mean, deviation = rng.choice(published_differences())
    return float(mean / deviation)


EFFECTS: dict[str, Callable[[np.random.Generator], float]] = {
    "uniform, -3 to 3 deviations": lambda rng: rng.uniform(-3.0, 3.0),
    "normal, deviation 1": lambda rng: rng.standard_normal(),
    "published": draw_published,
    "none": lambda rng: 0.0,
}


def promise_table(num_cases: int = 250) -> str:
    """Where a table says "N seeds would likely decide": how often N do."""
    rows = []
    for name, draw in EFFECTS.items():
        cells = []
        for arms in (1, 3):
            rng = np.random.default_rng([7, arms])
            kept: list[tuple[int, bool]] = []
            while len(kept) < num_cases:
                kept += promises(rng, draw(rng), arms)
            for early in (True, False):
                right = np.array([decided for seeds, decided in kept if (seeds <= 10) is early])
                cells.append(share(right) if right.size >= 30 else "fewer than 30 tables")
        rows.append([name, *cells])
    columns = [f"{arms}, {when}" for arms in ("1 arm", "3 arms") for when in ("up to ten", "going on")]
    return markdown(["true differences", *columns], rows)


def promises(rng: np.random.Generator, effect: float, arms: int) -> list[tuple[int, bool]]:
    """Return the seeds that one arm's table promises at six and at ten seeds, and whether they decide."""
    differences = UNIT * rng.standard_normal((arms, 80))
    differences[0] += effect * UNIT
    values = {str(arm): BASELINE + row for arm, row in enumerate(differences)} | {"base": np.full(80, BASELINE)}
    kept = []
    for seen in (6, 10):
        first: Comparison = compare_arms({arm: row[:seen] for arm, row in values.items()}, "base")[0]
        promised = first.seeds_to_decide
        if promised is not None and promised <= 80 and first.look == seen:
            design = replace(TEN_SEEDS.extend(promised), value_range=None)
            states = Replay({arm: row[:promised] for arm, row in values.items()}, "base", design).states()
            kept.append((promised, states["0"].verdict is not Verdict.UNDECIDED))
    return kept


def best_table(num_tables: int = 1_000) -> str:
    rows = []
    for label, lead in (("all alike", 0.0), ("one leads by 1 deviation", 1.0), ("one leads by 2 deviations", 2.0)):
        for arms in (1, 3, 5):
            runs = UNIT * np.random.default_rng([8, arms]).standard_normal((num_tables, arms + 1, 10)) / np.sqrt(2.0)
            runs[:, -1] += lead * UNIT
            missed, alone = [], []
            for table in BASELINE + runs:
                values = {str(arm): row for arm, row in enumerate(table)}
                best = find_best(values, compare_arms(values, "0"))
                assert best is not None
                missed.append(str(arms) in best.worse if lead else bool(best.worse))
                alone.append(best.candidates == (str(arms),))
            rows.append([label, arms + 1, share(np.array(missed)), percent(np.array(alone)) if lead else "-"])
    return markdown(["truth", "arms and baseline", "best arm called worse", "it alone is left"], rows)


def collapse_table(num_samples: int = 2_000) -> str:
    rows = []
    for chance in (0.05, 0.1, 0.2):
        samples = UNIT * collapsing(chance)(np.random.default_rng([9]), (num_samples, 10))
        mean = -100.0 * UNIT * chance
        low, high = MeanInference.of(samples).interval()
        shares, others = [], []
        for row in samples:
            found = compare_collapse(BASELINE + row, np.full(10, BASELINE))
            if found is not None:
                shares.append(found.arm.interval[0] <= chance <= found.arm.interval[1])
                others.append(found.interval is None or found.interval[0] <= 0.0 <= found.interval[1])
        both = (low <= mean) & (high >= mean)
        rows.append([f"{chance:.0%}", share(both), share(np.array(shares)), share(np.array(others))])
    return markdown(["runs that collapse", "interval of the mean", "share collapsed", "difference of the others"], rows)


def prediction_table(num_samples: int = 2_000) -> str:
    rows = []
    for index, (name, draw) in enumerate(DISTRIBUTIONS.items()):
        cells = []
        for num_seeds in (5, 10, 20):
            samples = draw(np.random.default_rng([10, num_seeds, index]), (num_samples, num_seeds + 1))
            ends = np.array([prediction_interval(row[:-1]) for row in samples])
            cells.append(percent((ends[:, 0] <= samples[:, -1]) & (samples[:, -1] <= ends[:, 1])))
        rows.append([name, *cells])
    return markdown(["runs", "5 seeds", "10 seeds", "20 seeds"], rows)


# Seeds crossed with images. Right means: ease of the image + strength of the arm and run + luck is above 0.

EASE, EASE_SPREAD = 3.2, 2.5
CROSSED = {
    "no difference": (0.0, 0.02, 0.3),
    "0.7 points": (0.1, 0.02, 0.3),
    "0.7 points, runs differ more": (0.1, 0.08, 0.3),
    "2.2 points, images favour an arm": (0.3, 0.02, 1.5),
}
"""Strength of the arm, deviation between runs, deviation of the images' favour."""


def crossed_runs(
    rng: np.random.Generator, num_seeds: int, truth: tuple[float, float, float]
) -> tuple[NDArray[np.bool_], ...]:
    """Return what two arms got right with new seeds, of 2,000 new images, each bool [num_seeds, images]."""
    strength, run_spread, image_spread = truth
    ease = EASE + EASE_SPREAD * rng.standard_normal(2_000)
    favour = image_spread * rng.standard_normal(2_000)
    right = []
    for sign in (0.5, -0.5):
        run, luck = run_spread * rng.standard_normal((num_seeds, 1)), rng.standard_normal((num_seeds, 2_000))
        right.append(ease + sign * (favour + strength) + run + luck > 0.0)
    return tuple(right)


def crossed_coverage(name: str, num_seeds: int, repetitions: int) -> NDArray[np.bool_]:
    """Return whether the intervals for this test set, and for new images, hold the truth of new images, [2, tables]."""
    strength, run_spread, image_spread = CROSSED[name]
    deviation = np.sqrt(EASE_SPREAD**2 + image_spread**2 / 4.0 + run_spread**2 + 1.0)
    ends = special.ndtr((EASE + np.array([0.5, -0.5]) * strength) / deviation)
    truth, held = float(ends[0] - ends[1]), []
    rng = np.random.default_rng([11, num_seeds, list(CROSSED).index(name)])
    for _ in range(repetitions):
        arm, baseline = crossed_runs(rng, num_seeds, CROSSED[name])
        seeds_only = mean_interval(arm.mean(axis=1) - baseline.mean(axis=1))
        assert seeds_only is not None
        intervals = (seeds_only, new_images_interval(seeds_only, arm, baseline))
        held.append([low <= truth <= high for low, high in intervals])
    return np.array(held).T


def crossed_table(repetitions: int = 500) -> str:
    rows = []
    for name in CROSSED:
        rows.append([name, *(share(held) for seeds in (5, 10) for held in crossed_coverage(name, seeds, repetitions))])
    columns = [f"{seeds} seeds, {kind}" for seeds in (5, 10) for kind in ("seeds only", "new images")]
    return markdown(["truth", *columns], rows)


# The published runs.


@cache
def published() -> dict[str, tuple[str, Mapping[str, Floats]]]:
    """Return the baseline and the test accuracies of each published comparison of ten seeds that is no grid."""
    found = [results for results in load_published(ROOT / "experiments") if _has_looks(results.record)]
    return {results.record.name: (results.record.baseline, results.values) for results in found}


def _has_looks(record: ComparisonRecord) -> bool:
    return record.design.num_seeds == TEN_SEEDS.num_seeds and not record.factors


@cache
def published_differences() -> Floats:
    """Return mean and standard deviation of the differences of each published arm, [arms, 2]."""
    rows = [row - arms[base] for base, arms in published().values() for arm, row in arms.items() if arm != base]
    return np.array([(row.mean(), row.std(ddof=1)) for row in rows])


def replay_table() -> str:
    rows, changed, total, runs, kept = [], [], 0, 0, 0
    for name, (base, arms) in published().items():
        old = before(arms, base)
        new, fixed = (compare_arms(arms, base, design) for design in (TEN_SEEDS, Design.fixed(10)))
        used = [item.num_seeds for item in new]
        num_runs = sum(used) + max(used)
        counts = [_count(item.verdict for item in each) for each in (fixed, new)]
        rows.append([name, 10 * len(arms), num_runs, _count(old.values()), *counts])
        pairs = [(item.arm, old[item.arm], item.verdict) for item in new]
        changed += [f"{name}, {arm}: {first} before, {second} now" for arm, first, second in pairs if first != second]
        total, runs = total + 10 * len(arms), runs + num_runs
        kept += sum(first == second for _, first, second in pairs)
    num = kept + len(changed)
    header = ["comparison", "runs", "runs of the design", "before", "now: ten seeds, one look", "now: four looks"]
    lines = "\n".join(f"- {line}" for line in changed)
    return (
        f"**{runs} runs instead of {total}: {100 * (1 - runs / total):.0f} % fewer, and {kept} of {num} verdicts are "
        f"the same.** The others:\n\n{lines}\n\n{markdown(header, rows)}"
    )


def _count(verdicts: Iterable[Verdict]) -> str:
    return ", ".join(f"{number} {verdict.replace(',', '')}" for verdict, number in Counter(verdicts).items())


def levels_table() -> str:
    rows = []
    for design in (TEN_SEEDS, TEN_SEEDS.extend(20)):
        for arms in (1, 3, 5):
            levels = [f"{level:.4f}" for level in design.nominal_levels(arms)[0]]
            rows.append([", ".join(map(str, design.looks)), arms, *levels, *[""] * (6 - len(levels))])
    return markdown(["looks", "arms", "first", "second", "third", "fourth", "fifth", "sixth"], rows)


def document() -> str:
    return f"""# What the statistics were measured to do

Written by `python -m benchmarks.statistics_evidence`: do not edit. Simulated data of known truth, fixed seeds, but for
the replay at the end. All figures are percent unless a unit stands by them; brackets hold 95 % binomial intervals.
"Deviation" is the standard deviation of the paired differences. "Before" is the rule that this one took the place of:
ten seeds, the largest of three p-values (sign-flips, Student's t, bootstrap-t), Holm's correction.

## Looks

Nominal two-sided levels of each look, by which the first arm to be decided is judged.

{levels_table()}
### How the design was chosen

Arms drawn from the published ones, mean and deviation together, with normal runs; and tables without any difference.
The undecided arms are given up where ten seeds would decide each of them with a chance of less than 2 %. Of some
seventy designs, simulated like this with other draws (eleven sets of looks, exponents from 1 to 3, arms given up under
0 to 10 %, one by one or together, levels of Dunnett's kind for arms that share their baseline), this one needs the
fewest runs among those with looks at 5, 6, 8 and 10 that decide as many arms as the one before, find no more false
differences and tell as often which arm is best. Arms given up one by one would save more, but then too few seeds are
left to tell the best from them. Levels of Dunnett's kind saved 1 % of the runs at most and brought a tenth more false
differences. The replay at the end of this page had been seen for other designs when this one was chosen, but not for
this one.

{designs_table()}
## False verdicts

Tables without any difference that showed a false "better" or "worse" at any of their looks; it should be 5 at most.
"Alike": arms and baseline have the same distribution, so that differences are symmetric. "Steady baseline": the skew is
all the arms' own, the worst case. Strongly skewed differences bring more than 5 with so few seeds, whatever the rule.
"Each arm alone": without the skewness that the arms of a look are taken to share, which moves one end of each interval
outwards; what that costs in power stands below.

{false_table()}
### Every way of looking

Before, whoever looked at 20 seeds, then 19, down to 6 found too much: only looks at fewer seeds counted. Now a design
shows evidence at its looks alone; looking at fewer seeds later shows nothing. Going on after the last look adds up to a
quarter of the level: at most 6.25.

{looks_table()}
### Both kinds of verdicts

False differences, false "equivalent" (0.2 points or more), and tables with either, at a deviation of 0.07 points. Each
kind is to stay under 5.

{kinds_table()}
## Power, and seeds used

Normal differences, all arms with the same true difference; how often the first arm is decided, and the mean number of
seeds over all arms.

{power_table()}
### Differences that can be detected

What `detectable_difference` promises to find in 80, and the share found.

{detectable_table()}
### "N seeds would likely decide"

Of tables that said so at six or at ten seeds, the share that N seeds decided, up to 80; 80 is promised. True
difference of the one arm as named, the other arms without any.

{promise_table()}
## Which is best?

Normal arms. Where one leads, it should be called worse in 5 at most. Where all are alike, any arm called worse is an
error; the verdicts on the baseline have their 5 there, and the pairs of the other arms theirs.

{best_table()}
## Intervals

Coverage, which should be 95, of Student's t alone and of the hull of t and bootstrap-t that the package uses; in
brackets the median width, Student's being 1.

{coverage_table()}
### Where runs collapse

Coverage at ten seeds where some runs of the arm end 30 points lower: of the interval of the mean, which promises too
much; of the share of runs that collapse; and of the difference among the others (Hodges-Lehmann), the last two in
tables with at least one such run.

{collapse_table()}
### Where one more run falls

Coverage of the 95 % prediction interval.

{prediction_table()}
### Seeds and test images together

Share of simulated pairs of arms, classifiers of 88 % on 2,000 test images, whose 95 % interval held the true
difference on new images. "Seeds only" is the interval for this test set, which does not claim to. Other training images
are covered by neither.

{crossed_table()}
## The published runs, replayed

What the design would have done with the ten seeds of every published comparison that has so many and is no grid.

{replay_table()}"""


if __name__ == "__main__":
    OUTPUT.write_text(document(), encoding="utf-8")
    print(f"wrote {OUTPUT}")
