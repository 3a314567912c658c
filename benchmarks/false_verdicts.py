"""How often do the verdicts see a difference where there is none? The base against itself, on real training.

Run:   python -m benchmarks.false_verdicts
Cost:  training the base with those of the seeds 0 to 39 that the store lacks, then a few minutes.

Forty runs of one setting, which differ by their seeds alone, are split at random into two false arms of ten pairs,
again and again, and each split is judged as a table of one arm and its baseline is: what comes out better or worse is a
false verdict. Seed and number of splits stand below; they were committed before the first of the thirty new runs.

Writes results/false_verdicts.md, and results/false_verdicts.json with the forty accuracies: `--from-results` computes
the page from them again and trains nothing. Touches no comparison's record.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.rule_before import any_false, verdict_p
from benchmarks.statistics_evidence import markdown, share
from fashion_keras.cli import guard
from fashion_keras.commands.options import count
from fashion_keras.data import locate
from fashion_keras.errors import StoreError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.batch import train_runs
from fashion_keras.execution.local import available_cores
from fashion_keras.experiments.definition import BASE
from fashion_keras.formatting import count_noun
from fashion_keras.statistics import Comparison, Design, Verdict, compare_arms
from fashion_keras.storage.runs import RunStore, StoredRun

NUM_RUNS = 40
NUM_PAIRS = 10
SPLITS_SEED = 20_261_125
NUM_SPLITS = 40_000
NUM_EXPERIMENTS, SPLITS_PER_EXPERIMENT = 100, 2_000
"""Of the simulation beside it: as many runs, but normal ones."""

OUTPUT = Path(__file__).parent / "results" / "false_verdicts.md"
FALSE = (Verdict.BETTER, Verdict.WORSE, Verdict.BETTER_NEGLIGIBLY, Verdict.WORSE_NEGLIGIBLY)
ENVIRONMENT = ("processor", "cores", "platform", "tensorflow", "keras", "numpy", "python")
Floats = NDArray[np.float64]
Splits = NDArray[np.int_]
"""Which runs are which arm's on which pair: int [splits, 2, pairs]."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the store (default: %(default)s)")
    parser.add_argument("--data-dir", metavar="DIR", help="folder with the four files of Fashion-MNIST")
    parser.add_argument("--offline", action="store_true", help="fetch nothing")
    parser.add_argument("--workers", type=count, metavar="N", help="runs at a time (default: one per core)")
    parser.add_argument(
        "--from-results", action="store_true", help="judge the accuracies that are there; train nothing"
    )
    options = parser.parse_args()
    return guard(lambda: measure(options, OUTPUT, Console()), debug=False)


def measure(options: argparse.Namespace, output: Path, console: Console) -> int:
    """Train what is missing, unless it is not to, and write the page and the accuracies that it is made of."""
    path = output.with_suffix(".json")
    if not options.from_results:
        runs = complete(RunStore(options.out / "store"), options, console)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(describe(runs), indent=1) + "\n", encoding="utf-8")
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} holds no accuracies ({error}); without --from-results they are made") from error
    output.write_text(page(results), encoding="utf-8")
    console.print(f"Written: {output}", markup=False, highlight=False, soft_wrap=True)
    return 0


def complete(store: RunStore, options: argparse.Namespace, console: Console) -> list[StoredRun]:
    """Return the runs of all seeds, after training those that the store lacks.

    Raises:
        StoreError: A run failed; the others are kept.
    """
    configs = [BASE.with_changes(seed=seed) for seed in range(NUM_RUNS)]
    pending = [config for config in configs if store.find(config) is None]
    if pending:
        say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
        location = locate(options.data_dir, None, options.offline, say)
        say(f"{NUM_RUNS} runs: {NUM_RUNS - len(pending)} in the store, {len(pending)} to train")
        engine = LocalEngine(options.workers or available_cores())
        failures = train_runs(pending, store, location, engine, console)
        if failures:
            config, outcome = next(iter(failures.items()))
            failed = count_noun(len(failures), "run")
            raise StoreError(f"{failed} failed, such as {config.folder}: {outcome.message}; start it again")
    return [run for config in configs if (run := store.find(config)) is not None]


def describe(runs: Sequence[StoredRun]) -> dict[str, Any]:
    """Return what the page is made of, as plain values."""
    environments = [run.result["environment"] for run in runs]
    return {
        "environment": {name: _values(environments, name) for name in ENVIRONMENT},
        "runs": [
            {"seed": run.seed, "run_id": run.run_id, "test_accuracy": run.final["test_accuracy"]}
            | {"finished_at": run.result["finished_at"]}
            for run in runs
        ],
    }


def _values(environments: Iterable[Mapping[str, Any]], name: str) -> str:
    return " / ".join(sorted({str(environment.get(name, "unknown")) for environment in environments}))


def draw_splits(num_splits: int, rng: np.random.Generator) -> Splits:
    """Draw twenty of the forty runs for each split, and pair them at random."""
    chosen = [rng.permutation(NUM_RUNS)[: 2 * NUM_PAIRS] for _ in range(num_splits)]
    return np.array(chosen).reshape(num_splits, 2, NUM_PAIRS)


def judge(accuracies: Floats, splits: Splits) -> list[Comparison]:
    """Compare the two false arms of each split, as the table of a comparison does."""
    found: list[Comparison] = []
    for first, second in splits:
        arms = {"one": accuracies[first], "other": accuracies[second]}
        found += compare_arms(arms, "one", Design.fixed(NUM_PAIRS))
    return found


def jackknife_error(false: NDArray[np.bool_], splits: Splits) -> tuple[float, float]:
    """Return the standard error of the share of False verdicts over other sets of forty runs, and the splits' part.

    The delete-one jackknife: the share without a run is that of the splits in which it takes no part. As those are few,
    their drawing alone makes some of it, which is the second number; a first one no larger shows no more than that.
    Source: Efron and Stein 1981, The Jackknife Estimate of Variance.

    Args:
        false: bool [splits].
        splits: Which runs took part.
    """
    without = np.ones((len(splits), NUM_RUNS))
    without[np.arange(len(splits))[:, None], splits.reshape(len(splits), -1)] = 0.0
    shares = (false.astype(np.float64) @ without) / without.sum(axis=0)
    kept = without.mean()
    by_drawing = false.var() * (1.0 - kept) / (kept * len(splits))
    error, drawing = np.sqrt((NUM_RUNS - 1) * np.array([shares.var(), by_drawing]))
    return float(error), float(drawing)


def simulated_shares(num_experiments: int, num_splits: int) -> Floats:
    """Return the share of false verdicts in each of many such experiments with normal runs, float64 [experiments].

    Whichever their mean and spread: neither changes what is called better or worse.
    """
    shares = []
    for number in range(num_experiments):
        rng = np.random.default_rng([SPLITS_SEED, number])
        runs, splits = rng.standard_normal(NUM_RUNS), draw_splits(num_splits, rng)
        differences = runs[splits[:, 1]] - runs[splits[:, 0]]
        shares.append(any_false(verdict_p(differences, below=0.05), 1).mean())
    return np.array(shares)


def page(results: Mapping[str, Any]) -> str:
    """Return the page of these runs, Markdown."""
    accuracies = np.array([run["test_accuracy"] for run in results["runs"]], dtype=np.float64)
    splits = draw_splits(NUM_SPLITS, np.random.default_rng(SPLITS_SEED))
    found = judge(accuracies, splits)
    return render(results, accuracies, splits, found, simulated_shares(NUM_EXPERIMENTS, SPLITS_PER_EXPERIMENT))


def render(
    results: Mapping[str, Any], accuracies: Floats, splits: Splits, found: Sequence[Comparison], simulated: Floats
) -> str:
    verdicts = Counter(comparison.verdict for comparison in found)
    false = np.array([comparison.verdict in FALSE for comparison in found])
    held = np.array([low <= 0.0 <= high for low, high in (item.interval or (0.0, 0.0) for item in found)])
    rows = [[verdict, f"{number:,}", f"{100 * number / len(found):.1f}"] for verdict, number in verdicts.most_common()]
    low, high = 100 * np.quantile(simulated, [0.025, 0.975])
    error, drawing = jackknife_error(false, splits)
    dates = sorted(run["finished_at"] for run in results["runs"])
    environment = results["environment"]
    return f"""# False verdicts on real training

Written by `python -m benchmarks.false_verdicts`: do not edit.

The base of the report with seeds 0 to {NUM_RUNS - 1}: test accuracy {100 * accuracies.mean():.2f} ± \
{100 * accuracies.std(ddof=1):.2f} %, from {100 * accuracies.min():.2f} to {100 * accuracies.max():.2f} %. \
{len(splits):,} times (seed {SPLITS_SEED}), {2 * NUM_PAIRS} of the {NUM_RUNS} runs were paired at random into two
false arms of {NUM_PAIRS}, and judged as a table of one arm and its baseline is.

{markdown(["verdict", "splits", "share, %"], rows)}
**A false "better" or "worse": {share(false)} %** of the splits; it should be 5 at most. The difference's 95 % interval
held the true difference, 0, in {100 * held.mean():.1f} %: the verdict is read off it.

## How sure that is

- In brackets, the 95 % binomial interval of the drawing of splits: where the share over all possible splits of these
  {NUM_RUNS} runs lies. The splits share runs, so that it says nothing of other runs.
- Over other sets of {NUM_RUNS} runs the share has a standard error of at most {100 * error:.1f} points, by the
  delete-one jackknife over the runs; the drawing of splits alone would make {100 * drawing:.1f} points of that.
- For comparison, the same with normal runs instead of real ones: {100 * simulated.mean():.1f} % on average over
  {len(simulated)} simulated sets of {NUM_RUNS} runs, and between {low:.1f} and {high:.1f} % in 95 of 100 sets
  ({SPLITS_PER_EXPERIMENT:,} splits each).

## What it does not show

- These pairs share nothing but the data; those of a real comparison also share a seed: split, order of the batches and
  first weights. So this tests the verdicts on differences of real runs, at their unpaired spread.
- Two runs of one setting differ symmetrically, whatever their distribution. What skewed differences do, as two
  different settings can have, was simulated: [statistics-evidence.md](../../docs/statistics-evidence.md).
- One arm and a baseline. Tables of several arms are corrected for their number, which was simulated, too.

Seeds 0 to 9 belong to published comparisons and had been seen before the splits were fixed; the others had not. Trained
between {dates[0]} and {dates[-1]} on {environment["processor"]}, {environment["cores"]} cores, \
{environment["platform"]}; tensorflow {environment["tensorflow"]}, keras {environment["keras"]}, \
numpy {environment["numpy"]}, python {environment["python"]}.
"""


if __name__ == "__main__":
    raise SystemExit(main())
