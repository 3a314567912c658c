"""Measure, and write `speed.json` and `speed.md`. What is in `speed.json` already is not measured again."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.machine import describe_machine, hash_code
from benchmarks.speed.measure import ROOT, MeasurementError, Settings, measure
from benchmarks.speed.systems import SYSTEMS, Cell, plan_cells, rotate
from benchmarks.speed.table import render
from benchmarks.speed.work import PARTS, arrays_path, shrink
from fashion_keras.data import Dataset, load, locate, split_indices

# What a measurement takes before one of its model is known; for the prediction only.
GUESSED_SECONDS = {"limit": 10.0, "fcn": 16.0, "cnn": 50.0}


def main() -> int:
    """Measure what the options ask for; 1 where a measurement failed."""
    options = _parse_options()
    output: Path = options.output
    output.mkdir(parents=True, exist_ok=True)
    if options.profile:
        return _run_profile(output, options.models)
    settings = Settings()
    settings.epochs["fcn"] = options.epochs
    settings.shares["cnn"] = options.cnn_share
    if options.table:
        record = json.loads((output / "speed.json").read_text(encoding="utf-8"))
    else:
        record = _open_record(output / "speed.json", settings, options.fresh)
        with tempfile.TemporaryDirectory() as folder:
            _write_arrays(Path(folder), settings)
            _Benchmark(options, settings, record, Path(folder)).run()
    _save(record, output)
    print(f"{output / 'speed.md'} has the tables", flush=True)
    return 1 if record["failures"] else 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    names = lambda text: tuple(text.split(","))  # noqa: E731
    parser.add_argument("--models", type=names, default=("fcn", "cnn"), help="fcn,cnn")
    parser.add_argument("--systems", type=names, default=tuple(SYSTEMS), help=",".join(SYSTEMS))
    parser.add_argument("--modes", type=names, default=("user", "packed"), help="user,packed")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the limit and the FCN (5)")
    parser.add_argument("--cnn-rounds", type=int, default=3, help="rounds of the CNN (3)")
    parser.add_argument("--epochs", type=int, default=6, help="measured epochs of the FCN (6)")
    parser.add_argument("--cnn-share", type=float, default=0.25, help="share of the images for the CNN (0.25)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results", help="folder of the results")
    parser.add_argument("--peers-python", type=Path, default=ROOT / ".venv-benchmarks" / "bin" / "python")
    parser.add_argument("--fresh", action="store_true", help="start anew: forget what was measured before")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the tables again")
    parser.add_argument("--profile", action="store_true", help="only write where our training epoch's time goes")
    options = parser.parse_args()
    unknown = [name for name in options.systems if name not in SYSTEMS]
    unknown += [name for name in options.models if name not in ("fcn", "cnn")]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    return options


def _open_record(path: Path, settings: Settings, fresh: bool) -> dict[str, Any]:
    """Return what was measured before under the same settings on the same machine, or an empty record."""
    new = {"machine": describe_machine(), "settings": asdict(settings), "failures": [], "measurements": []}
    if fresh or not path.exists():
        return new
    old = json.loads(path.read_text(encoding="utf-8"))
    for key in ("machine", "settings"):
        if old[key] != new[key]:
            sys.exit(f"{path} has another {key}: {old[key]}, here {new[key]}; start anew with --fresh")
    return {**old, "failures": []}


def _write_arrays(folder: Path, settings: Settings) -> None:
    """Write the data for the systems that do not use the package's own way to it."""
    dataset = load(locate())
    for share in set(settings.shares.values()):
        small = shrink(dataset, share)
        parts = dict(zip(PARTS, _split(small), strict=True))
        arrays: dict[str, Any] = {f"{part}_images": images for part, (images, _) in parts.items()}
        arrays |= {f"{part}_labels": values for part, (_, values) in parts.items()}
        np.savez(arrays_path(folder, share), **arrays)


def _split(dataset: Dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    train, validation = split_indices(len(dataset.train_labels), 0.1, seed=0)
    parts = [(dataset.train_images[part], dataset.train_labels[part]) for part in (train, validation)]
    return [*parts, (dataset.test_images, dataset.test_labels)]


class _Benchmark:
    """Goes through the rounds, and writes the record after each measurement."""

    def __init__(self, options: argparse.Namespace, settings: Settings, record: dict[str, Any], arrays: Path):
        self.options, self.settings, self.record, self.arrays = options, settings, record, arrays
        self.code = hash_code()
        self.taken: dict[str, list[float]] = {}

    def run(self) -> None:
        planned = self._plan()
        for number, (round_number, cell) in enumerate(planned):
            left = sum(self._expected_seconds(later.model) for _, later in planned[number:]) / 60
            title = f"{cell.model} {cell.system} {cell.precision} {cell.mode}"
            print(
                f"{number + 1}/{len(planned)}, about {left:.0f} min left: round {round_number + 1}, {title}", flush=True
            )
            self._measure(round_number, cell)

    def _plan(self) -> list[tuple[int, Cell]]:
        """Return every round and cell that is not in the record yet."""
        keys = ("round", "model", "system", "precision", "mode")
        done = {tuple(item[key] for key in keys) for item in self.record["measurements"]}
        cells = plan_cells(self.options.models, self.options.systems, self.options.modes)
        planned = []
        for number in range(max(self.options.rounds, self.options.cnn_rounds)):
            rounds = {"cnn": self.options.cnn_rounds}
            due = [cell for cell in cells if number < rounds.get(cell.model, self.options.rounds)]
            planned += [(number, cell) for cell in rotate(due, number, self.options.rounds)]
        return [(number, cell) for number, cell in planned if (number, *asdict(cell).values()) not in done]

    def _expected_seconds(self, model: str) -> float:
        times = self.taken.get(model)
        return sum(times) / len(times) if times else GUESSED_SECONDS[model]

    def _measure(self, number: int, cell: Cell) -> None:
        started = time.perf_counter()
        try:
            result = measure(cell, self.settings, self.arrays, self.options.peers_python)
            self.record["measurements"].append({"round": number, "code": self.code, **result})
        except (MeasurementError, OSError) as error:
            print(f"  failed: {error}", flush=True)
            self.record["failures"].append(f"round {number + 1}: {error}")
        self.taken.setdefault(cell.model, []).append(time.perf_counter() - started)
        _save(self.record, self.options.output)


def _save(record: dict[str, Any], output: Path) -> None:
    """Write the record and its tables, each at once: an interrupted benchmark goes on where it was."""
    for name, text in (("speed.json", json.dumps(record, indent=1)), ("speed.md", render(record))):
        unfinished = output / f"{name}.unfinished"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(output / name)


def _run_profile(output: Path, models: tuple[str, ...]) -> int:
    command = [sys.executable, "-m", "benchmarks.speed.profile", str(output / "profile.md"), *models]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
