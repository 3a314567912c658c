"""Measures answers of the shipped models in each format: latency, throughput, cold start and memory.

Run:   python -m benchmarks.inference
Cost:  under four minutes on two cores; the extras onnx and litert, which the test extra has, and the data.

Writes results/inference.json (every measurement) and results/inference.md (the tables). Nothing else should run
meanwhile. Each way to a model's answer lives in a process of its own, so that none shares threads or memory with
another. They take turns: in a round each measures once, in an order that shifts from round to round, while the others
wait.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.machine import describe_machine

ROOT = Path(__file__).parents[1]
OUTPUT = Path(__file__).parent / "results"
MODELS = ("cnn", "fcn")
BASELINE = "keras predict"
BATCH_SIZE = 500
PACKAGES = ("tensorflow", "keras", "onnxruntime", "ai-edge-litert", "numpy")
Images = NDArray[np.uint8]
Ask = Callable[[Images], NDArray[np.float32]]
"""Answers uint8 [N, 28, 28] by probabilities [N, K], all N at once or in batches of its own choice."""


def main() -> int:
    """Measure, and write the record and its page."""
    options = _parse_options()
    if options.worker:
        return _work(options.worker, Path(options.folder))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: this one must stay small, as the commands that it starts inherit its peak memory.
        writer = _Worker(Path(folder), "", "files")
        count = writer.ask("write", options.images)
        writer.close()
        record = {
            "machine": describe_machine(),
            "date": datetime.now(UTC).date().isoformat(),
            "load_before": os.getloadavg()[0],
            "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
            "settings": {"rounds": options.rounds, "images": count, "single": options.single},
            "warm": _measure_warm(Path(folder), options.rounds, options.single),
            "cold": _measure_cold(options.rounds),
        }
    record["seconds"] = time.perf_counter() - started
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "inference.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (options.output / "inference.md").write_text(render(record), encoding="utf-8")
    print(render(record))
    return 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--images", type=int, default=10_000, help="for the throughput (default: %(default)s)")
    parser.add_argument("--single", type=int, default=50, help="single images a round (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


# The ways to an answer. Each function is called in the worker, with the model's file, and returns what answers.


def _ours(file: Path) -> Ask:
    from fashion_keras.inference.classifier import load_model

    model = load_model(file)
    return lambda images: model.predict(images).probabilities


def _signature(file: Path) -> Ask:
    from fashion_keras._tensorflow import import_tensorflow

    tf = import_tensorflow()
    loaded = tf.saved_model.load(str(file))
    serve = loaded.signatures["serve"]

    def answer(images: Images) -> NDArray[np.float32]:
        _ = loaded  # its functions do not keep their variables alive
        return _in_batches(lambda part: serve(images=tf.constant(part))["probabilities"].numpy(), images)

    return answer


def _keras(file: Path, xla: bool = True) -> Ask:
    from fashion_keras._tensorflow import import_tensorflow

    import_tensorflow()
    import keras

    model = keras.saving.load_model(file, compile=False)
    model.jit_compile = xla
    return lambda images: model.predict(images, batch_size=BATCH_SIZE, verbose=0)


def _keras_without_xla(file: Path) -> Ask:
    return _keras(file, xla=False)


def _onnx(file: Path) -> Ask:
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda images: _in_batches(lambda part: session.run(["probabilities"], {"images": part})[0], images)


def _litert(file: Path) -> Ask:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=str(file), num_threads=os.cpu_count()).get_signature_runner("serving_default")
    return lambda images: _in_batches(lambda part: runner(images=part)["probabilities"], images)


def _in_batches(ask: Ask, images: Images) -> NDArray[np.float32]:
    parts = [ask(images[start : start + BATCH_SIZE]) for start in range(0, len(images), BATCH_SIZE)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


WAYS: dict[str, tuple[str, Callable[[Path], Ask], str]] = {
    "ours": ("SavedModel, our `Classifier.predict`", _ours, "saved_model"),
    "signature": ("SavedModel, its signature called", _signature, "saved_model"),
    BASELINE: ("Keras file, `model.predict`", _keras, "model.keras"),
    "keras without XLA": ("Keras file, `model.predict` without XLA", _keras_without_xla, "model.keras"),
    "onnx": ("ONNX file, onnxruntime", _onnx, "model.onnx"),
    "litert": ("LiteRT file, ai-edge-litert", _litert, "model.tflite"),
}
"""By name: what the page calls it, how it is loaded, and its file."""


def _write_files(folder: Path, count: int) -> int:
    """Write each model in each format, and the images, into a folder; return how many images there are."""
    from fashion_keras.data import load, locate
    from fashion_keras.export.formats import FORMATS, write_format
    from fashion_keras.export.trained import load_trained
    from fashion_keras.inference.shipped import find_model

    dataset = load(locate())
    images = dataset.test_images[:count]
    np.save(folder / "images.npy", images)
    for name in MODELS:
        trained = load_trained(find_model(name), dataset)
        for file_format in FORMATS.values():
            write_format(file_format, trained, folder / name, images[:100, ..., np.newaxis])
        (folder / name / "saved_model").symlink_to(find_model(name))
    return len(images)


class _Worker:
    """A process that has loaded a model, and measures when told."""

    def __init__(self, folder: Path, model: str, way: str):
        command = [sys.executable, "-m", "benchmarks.inference", "--worker", way, "--folder", str(folder / model)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe)

    def ask(self, task: str, count: int = 0) -> Any:
        """Return what the process measures."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{task} {count}\n".encode())
        stdin.flush()
        # Libraries may print as well.
        for line in stdout:
            if line.startswith(b"measured "):
                return json.loads(line.removeprefix(b"measured "))
        raise RuntimeError(f"{' '.join(map(str, self._process.args))} has ended")  # type: ignore[arg-type]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def _work(way: str, folder: Path) -> int:
    """Load, warm up, and measure as standard input says, until it ends."""
    if way == "files":
        _, count = sys.stdin.readline().split()
        print("measured", _write_files(folder, int(count)), flush=True)
        return 0
    _, load, file = WAYS[way]
    images = np.load(folder.parent / "images.npy")
    started = time.perf_counter()
    ask = load(folder / file)
    ask(images[:1])
    loaded = time.perf_counter() - started
    probabilities = ask(images)
    for line in sys.stdin:
        task, count = line.split()
        if task == "start":
            answer: Any = {"load_sec": loaded, "classes": probabilities.argmax(axis=1).tolist()}
        elif task == "single":
            answer = _time_single(ask, images, int(count))
        elif task == "many":
            answer = _time(lambda: ask(images))
        else:
            answer = {"peak_mb": _peak_mb()}
        print("measured", json.dumps(answer), flush=True)
    return 0


def _time_single(ask: Ask, images: Images, count: int) -> list[float]:
    """Return seconds of each of `count` answers to one image, after a few that do not count."""
    for k in range(5):
        ask(images[k % len(images)][np.newaxis])
    return [_time(lambda k=k: ask(images[k % len(images)][np.newaxis])) for k in range(count)]  # type: ignore[misc]


def _time(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _peak_mb() -> float:
    """Return the most memory that this process has had; Linux alone says it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _measure_warm(folder: Path, rounds: int, single: int) -> list[dict[str, Any]]:
    """Return a record for each model and way."""
    records = []
    for model in MODELS:
        workers, starts = {}, {}
        for way in WAYS:  # one after another, so that none is loaded beside another
            workers[way] = _Worker(folder, model, way)
            starts[way] = workers[way].ask("start")
        found: dict[str, dict[str, Any]] = {way: {"latency_sec": [], "many_sec": []} for way in WAYS}
        for number in range(rounds):
            for way in _rotate(list(WAYS), number):
                found[way]["latency_sec"].append(statistics.median(workers[way].ask("single", single)))
            for way in _rotate(list(WAYS), number):
                found[way]["many_sec"].append(workers[way].ask("many"))
        expected = starts[BASELINE]["classes"]
        for way, worker in workers.items():
            different = sum(a != b for a, b in zip(starts[way]["classes"], expected, strict=True))
            what = {"model": model, "way": way, "num_other_classes": different, "load_sec": starts[way]["load_sec"]}
            records.append({**what, **found[way], **worker.ask("memory")})
            worker.close()
    return records


def _measure_cold(rounds: int) -> list[dict[str, Any]]:
    """Return seconds and peak memory of `fashion-keras predict MODEL picture.png`, from the shell to its end."""
    picture = str(ROOT / "docs" / "pictures" / "dress-16-bit.png")
    found: dict[str, dict[str, Any]] = {model: {"first_answer_sec": [], "peak_mb": []} for model in MODELS}
    for number in range(rounds):
        for model in _rotate(list(MODELS), number):
            seconds, peak = time_command([sys.executable, "-m", "fashion_keras", "predict", model, picture])
            found[model]["first_answer_sec"].append(seconds)
            found[model]["peak_mb"].append(peak)
    return [{"model": model, **values} for model, values in found.items()]


def time_command(command: list[str]) -> tuple[float, float]:
    """Return seconds until the first line of a command's output, and its peak memory in MB.

    Raises:
        RuntimeError: It failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not line:
        raise RuntimeError(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss / 1024


def _rotate(names: list[str], number: int) -> list[str]:
    """Return the names of a round: each round starts with the next one."""
    start = number % len(names)
    return names[start:] + names[:start]


def render(record: dict[str, Any]) -> str:
    """Return the page: medians over the rounds with their range."""
    settings = record["settings"]
    count = settings["images"]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return "\n".join(
        [
            "# Answers: latency, throughput, cold start, memory",
            "",
            f"Written by `python -m benchmarks.inference` on {record['date']}: do not edit.",
            f"It took {record['seconds']:.0f} s.",
            f"{record['machine']}; load before {record['load_before']:.1f}.",
            f"{versions}.",
            "",
            f"Medians over {settings['rounds']} rounds, with the range. *One image* is a round's median of",
            f"{settings['single']} answers, one after another. *{count:,} images* are one uint8 array, computed",
            f"{BATCH_SIZE} at a time by each way. Both begin and end with NumPy arrays in memory. Each way runs in a",
            "process of its own that has answered before, and they take turns. *To `model.predict`* is the median of",
            "the rounds' ratios; above 1 is quicker. By default Keras compiles `model.predict` with XLA.",
            "Peak memory is the whole process's, images and libraries included; loading includes their import.",
            "Each library uses its default number of threads, but LiteRT, whose default is one: a thread per core.",
            "*Other classes* counts the images that get another class than by `model.predict`.",
            "",
            *(line for model in MODELS for line in _render_model(record, model)),
            "## Cold start",
            "",
            "`fashion-keras predict MODEL picture.png`: from starting the command to its first answer.",
            "",
            "| model | seconds | peak memory, MB |",
            "| --- | ---: | ---: |",
            *(
                f"| {cold['model']} | {show(cold['first_answer_sec'], 2)} | {show(cold['peak_mb'], 0)} |"
                for cold in record["cold"]
            ),
            "",
        ]
    )


def _render_model(record: dict[str, Any], model: str) -> list[str]:
    count = record["settings"]["images"]
    warm = {one["way"]: one for one in record["warm"] if one["model"] == model}
    base = warm[BASELINE]
    rows = []
    for way, one in warm.items():
        cells = [
            WAYS[way][0],
            show([1000 * sec for sec in one["latency_sec"]], 2),
            show_ratio(base["latency_sec"], one["latency_sec"]),
            show([count / sec for sec in one["many_sec"]], 0),
            show_ratio(base["many_sec"], one["many_sec"]),
            f"{one['load_sec']:.1f}",
            f"{one['peak_mb']:.0f}",
            str(one["num_other_classes"]),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    heads = f"way | one image, ms | to `model.predict` | {count:,} images, images/s | to `model.predict`"
    return [
        f"## {model}",
        "",
        f"| {heads} | loading, s | peak memory, MB | other classes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
    ]


def show(values: list[float], digits: int) -> str:
    """Return the median with the range, such as `2.00 (1.00–4.00)`."""
    middle, low, high = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({low}–{high})"


def show_ratio(base: list[float], values: list[float]) -> str:
    """Return how many times as quick as the base it is: the median of the rounds' ratios of seconds."""
    return f"{statistics.median(b / v for b, v in zip(base, values, strict=True)):.2f}"


if __name__ == "__main__":
    sys.exit(main())
