"""Measures how store and report stand growth: 10,000 runs scanned, tabulated and judged. Writes results/growth.md.

Run:   python benchmarks/growth.py
Cost:  about a minute and 400 MB of disk, for making the runs; `--store DIR` keeps them and uses them again.

The runs are made up and stored by the store's own code: 100 comparisons of 10 arms by 10 seeds, each run with 50 epochs
of history and 10,000 test images. Only what no report reads is small: weights, and probabilities and losses of single
images.
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data.dataset import FASHION_MNIST_CLASSES, FASHION_MNIST_HASH, FASHION_MNIST_NAME
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.reporting import build_differences, build_table, runs_csv, to_csv, to_markdown
from fashion_keras.storage.comparison import ComparisonResults, load_results, make_record, read_record, save_record
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.plan import make_plan

OUTPUT = Path(__file__).parent / "results" / "growth.md"
NUM_ARMS, NUM_SEEDS, NUM_EPOCHS, NUM_TEST = 10, 10, 50, 10_000
TARGET_SEC, TARGET_MB = 3.0, 500.0
ROUNDS = 5
Figure = tuple[float, float]
"""Seconds, and seconds of the processor."""
DATA = {
    "name": FASHION_MNIST_NAME,
    "content_hash": FASHION_MNIST_HASH,
    "class_names": list(FASHION_MNIST_CLASSES),
    "is_fashion_mnist": True,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--store", type=Path, help="where the runs are kept (default: nowhere)")
    parser.add_argument("--comparisons", type=int, default=100, help="of 100 runs each (default: %(default)s)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(RunStore(options.store), options.comparisons)))
        return
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(options.store or folder)
        if not (store.root / "comparisons").is_dir():
            fill(store, options.comparisons)
        rounds = [measure_afresh(store, options.comparisons) for _ in range(ROUNDS)]
    text = report(rounds, options.comparisons)
    print(text)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(text)


def experiments(count: int) -> Iterator[Experiment]:
    """Return comparisons of learning rates, each at another dropout rate, so that none shares a run with another."""
    arms = tuple(Arm(f"rate {number}", learning_rate=0.01 + number / 1000) for number in range(NUM_ARMS))
    for number in range(count):
        base = RunConfig().with_changes(dropout_rate=(number + 1) / 1000)
        yield Experiment(f"rates_{number:03}", "Learning rates", base, arms)


def fill(store: RunStore, count: int) -> None:
    """Store made-up runs, none forced to the disk: that would take long, and nobody pulls the plug here."""
    os.fsync = lambda _: None  # type: ignore[assignment]
    for experiment in experiments(count):
        for arm in experiment.arms:
            for seed in range(NUM_SEEDS):
                config = experiment.config_of(arm).with_changes(seed=seed)
                store.begin(config)
                store.commit(make_up(config))
        save_record(store, make_record(experiment, DATA, range(NUM_SEEDS)))


def make_up(config: RunConfig) -> RunResult:
    """Return a run of plausible numbers, with every digit that real ones have."""
    rng = np.random.default_rng(int(config.run_id[:15], 16))
    histories = 0.3 + rng.random((len(HISTORY_KEYS), NUM_EPOCHS)).cumsum(axis=1) / 100
    history = {key: values.tolist() for key, values in zip(HISTORY_KEYS, histories, strict=True)}
    predictions = Predictions(
        class_id=np.zeros(1, np.uint8),
        loss=np.zeros(1, np.float32),
        probabilities=np.zeros((1, 10), np.float16),
        correct=rng.random(NUM_TEST) < 0.88,
    )
    history["test_accuracy"][-1] = float(predictions.correct.mean())
    final = {key: history[key][-1] for key in METRICS}
    return RunResult(
        config=config,
        status="finished",
        history=history,
        final=final,
        seconds={"train": 35.0, "total": 37.0, "startup": 0.5},
        environment={
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "keras": version("keras"),
            "tensorflow": version("tensorflow"),
        },
        weights=[np.zeros(1, np.float32)],
        predictions=predictions,
    )


def measure_afresh(store: RunStore, count: int) -> dict[str, Figure]:
    """Measure in a process of its own: what one part has read does not help the next, and memory starts anew."""
    command = [sys.executable, __file__, "--measure", "--store", str(store.root), "--comparisons", str(count)]
    started = time.perf_counter()
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"whole process": (time.perf_counter() - started, math.nan), **json.loads(process.stdout)}


def measure(store: RunStore, count: int) -> dict[str, Figure]:
    """Return seconds of each part, and the peak of memory before the planning."""
    figures: dict[str, Figure] = {}

    def timed(name: str, function: Callable[[], Any]) -> Any:
        started = time.perf_counter(), time.process_time()
        value = function()
        figures[name] = time.perf_counter() - started[0], time.process_time() - started[1]
        return value

    def load() -> list[ComparisonResults]:
        records = [read_record(path) for path in sorted((store.root / "comparisons").glob("*.json"))]
        return [load_results(store, record, range(NUM_SEEDS)) for record in records]

    num_scanned = timed("scan all runs", lambda: sum(1 for _ in store.all_runs()))
    comparisons = timed("read the comparisons", load)
    timed("tabulate them", lambda: [tabulate(results) for results in comparisons])
    timed("reach the verdicts", lambda: [judge(results) for results in comparisons])
    assert num_scanned == sum(len(arm.runs) for results in comparisons for arm in results.arms) == 100 * count
    figures["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, math.nan
    arms = [it.config_of(arm) for it in experiments(count) for arm in it.arms]
    timed("plan the same runs", lambda: make_plan(arms, range(NUM_SEEDS), store))
    return figures


def tabulate(results: ComparisonResults) -> list[str]:
    table = build_table(results)
    return [to_markdown(table), to_csv(table), runs_csv(results)]


def judge(results: ComparisonResults) -> list[str]:
    differences = build_differences(results)
    assert differences is not None
    return [to_markdown(differences), to_csv(differences)]


def report(rounds: list[dict[str, Figure]], count: int) -> str:
    """Return the page, medians with range."""
    parts = ["scan all runs", "read the comparisons", "tabulate them", "reach the verdicts"]
    together = [(sum(it[part][0] for part in parts), sum(it[part][1] for part in parts)) for it in rounds]
    rows = [(part, [figures[part] for figures in rounds]) for part in parts]
    rows += [("**together**", together)]
    rows += [(name, [figures[name] for figures in rounds]) for name in ("plan the same runs", "whole process")]
    total = statistics.median(wall for wall, _ in together)
    peak = statistics.median(figures["peak MB"][0] for figures in rounds)
    reached = "**reached**" if total < TARGET_SEC and peak < TARGET_MB else "**missed**"
    return "\n".join(
        [
            "# Store and report with many runs",
            "",
            f"Written by `python benchmarks/growth.py` on {datetime.now(UTC).date().isoformat()}: do not edit.",
            f"{100 * count:,} made-up runs in {count} comparisons of {NUM_ARMS} arms by {NUM_SEEDS} seeds.",
            f"{ROUNDS} fresh processes, medians with range; the files were in the page cache.",
            f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; load of the machine",
            f"{os.getloadavg()[0]:.1f}.",
            "",
            "| part | seconds | of the processor |",
            "| --- | ---: | ---: |",
            *(f"| {name} | {show(values, 0)} | {show(values, 1)} |" for name, values in rows),
            "",
            f"Peak memory: {peak:.0f} MB. Target: under {TARGET_SEC:g} s together and {TARGET_MB:.0f} MB: {reached}.",
            "",
            "*Together* is the scan of every run, then, read anew, each comparison's runs, its table (Markdown, CSV",
            "and the CSV of runs) and its verdicts. Planning is what `fashion-keras run` does before it trains:",
            "expanding all configurations and looking each up. The whole process has the imports, too. Seconds far",
            "above those of the processor were spent waiting for other programs; verdicts use more than one core.",
            "",
        ]
    )


def show(values: list[Figure], place: int) -> str:
    chosen = [value[place] for value in values]
    if any(math.isnan(value) for value in chosen):
        return ""
    return f"{statistics.median(chosen):.2f} ({min(chosen):.2f} to {max(chosen):.2f})"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
