"""Time to a decision: four initialisers compared by the package, by ictonyx and by a loop in PyTorch with SciPy.

The package trains with Keras, and by that very loop where PyTorch is installed beside it.

Run:  python -m benchmarks.decision --ictonyx PYTHON --pytorch PYTHON

Each is a process of its own from its start to its answer, on the same images; they take turns, one round after another.
Ours ends as soon as every arm is decided, with ten seeds at most; the others make ten runs of each arm, for nothing in
them says when to stop. Clock and processor are both measured: beside other work only the latter compares.
Writes results/decision.json (every measurement and what was said) and results/decision.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.speed.machine import describe_machine
from benchmarks.speed.table import markdown
from benchmarks.speed.work import normalise
from fashion_keras.data import load, locate

RESULTS = Path(__file__).parent / "results"
SYSTEMS = ("fashion_keras", "fashion_keras_pytorch", "ictonyx", "pytorch")


def main() -> None:
    """Measure and write the page."""
    options = _parse()
    with tempfile.TemporaryDirectory() as folder:
        arrays = _write_arrays(Path(folder))
        os.environ["ARRAYS"] = str(arrays)  # for the trainer in PyTorch
        measured = [
            _measure(system, _command(system, options, arrays, Path(folder)), number)
            for number in range(options.rounds)
            for system in SYSTEMS
            if _python_of(system, options)
        ]
    about = {
        "machine": describe_machine(),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "load": os.getloadavg()[0],
    }
    content = {**about, "seeds": options.seeds, "epochs": 3, "examples": 6000, "measured": measured}
    (RESULTS / "decision.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "decision.md").write_text(_render(content), encoding="utf-8")
    print(f"{RESULTS / 'decision.md'} has the times")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--ictonyx", metavar="PYTHON", help="that has ictonyx 0.5.1, TensorFlow and Keras")
    parser.add_argument("--pytorch", metavar="PYTHON", help="that has PyTorch and SciPy")
    return parser.parse_args()


def _python_of(system: str, options: argparse.Namespace) -> str | None:
    if system == "fashion_keras_pytorch" and not find_spec("torch"):
        return None
    return sys.executable if system.startswith("fashion_keras") else getattr(options, system)


def _command(system: str, options: argparse.Namespace, arrays: Path, folder: Path) -> list[str]:
    python = str(_python_of(system, options))
    if not system.startswith("fashion_keras"):
        return [python, "-m", "benchmarks.decision_peers", system, str(arrays), "3", str(options.seeds)]
    what = ["initializers", "--quick"] if system == "fashion_keras" else ["benchmarks/decision_trainer.py"]
    out = tempfile.mkdtemp(dir=folder)
    return [python, "-m", "fashion_keras", "run", *what, f"--seeds={options.seeds}", "--out", out]


def _write_arrays(folder: Path) -> Path:
    """Write what `--quick` trains with and tests on: 6,000 and 10,000 images."""
    dataset = load(locate())
    path = folder / "arrays.npz"
    parts: dict[str, Any] = {
        "train_images": normalise(dataset.train_images[:6000]),
        "train_labels": dataset.train_labels[:6000].astype(np.int64),
        "test_images": normalise(dataset.test_images),
        "test_labels": dataset.test_labels.astype(np.int64),
    }
    np.savez(path, **parts)
    return path


def _measure(system: str, command: list[str], number: int) -> dict[str, Any]:
    """Run a command and return its seconds, of the clock and of the processor, and what it said."""
    with tempfile.TemporaryFile("w+") as output:
        before, started = os.times(), time.perf_counter()
        status = subprocess.run(command, stdout=output, stderr=subprocess.DEVNULL).returncode
        seconds, after = time.perf_counter() - started, os.times()
        output.seek(0)
        said = [line.replace(tempfile.gettempdir(), "TEMP") for line in output.read().strip().splitlines()]
    if status:
        sys.exit(f"{system} failed with status {status}: {' '.join(command)}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"round {number + 1}, {system}: {seconds:.0f} s, {used:.0f} s of the processor", flush=True)
    return {"round": number, "system": system, "seconds": seconds, "cpu": used, "said": said[-12:]}


def _render(content: dict[str, Any]) -> str:
    rounds: dict[int, dict[str, Any]] = {}
    for each in content["measured"]:
        rounds.setdefault(each["round"], {})[each["system"]] = each
    rows = []
    for system in SYSTEMS:
        found = [each[system] for each in rounds.values() if system in each]
        if found:
            ratios = [each["fashion_keras"]["cpu"] / each[system]["cpu"] for each in rounds.values()]
            columns = [_spread([each[name] for each in found]) for name in ("seconds", "cpu")]
            rows.append((system, *columns, _spread(ratios, 2), found[-1]["said"][-1]))
    heads = ("", "s to the answer", "s of the processor", "ours to it", "its last word")
    lines = (
        f"# Time to a decision\n\n{content['machine']}, {content['date']}; load afterwards {content['load']:.1f}.",
        f"Four initialisers of the FCN, {content['epochs']} epochs on {content['examples']:,} images, at most",
        f"{content['seeds']} seeds. Median (least to greatest) of the rounds; ratios are of the processor's seconds,",
        "within a round.\n\n",
    )
    return " ".join(lines) + markdown(heads, rows)


def _spread(values: list[float], digits: int = 0) -> str:
    low, mid, high = (f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{mid} ({low} to {high})"


if __name__ == "__main__":
    main()
