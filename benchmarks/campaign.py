"""Campaign against the store: kills at every file operation of publishing, single flipped bits over every kind of file.

Run:   python benchmarks/campaign.py
Cost:  some minutes. Writes docs/robustness.md.

Each kill ends a process of its own without a chance to clean up, before one of its file operations; then it is looked
whether what is there is the old or the new, and whether the next invocation ends in the new. Each flip changes one bit
of one file of a small store; then the reports are made, and compared with those before.
"""

import argparse
import contextlib
import io
import os
import random
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from fashion_keras.data import FASHION_MNIST_HASH
from fashion_keras.errors import UserError
from fashion_keras.experiments.definition import Experiment
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.reporting import Report
from fashion_keras.storage import files
from fashion_keras.storage.archive import ARCHIVE, RunArchive, write_archive
from fashion_keras.storage.comparison import make_record, record_text, save_record
from fashion_keras.storage.files import write_files
from fashion_keras.storage.reading import say_once, seal
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, Predictions, RunResult
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored
from fashion_keras.storage.times import TIMES, Measurement, timed_arms, times_text
from fashion_keras.workflows.check import check_place
from fashion_keras.workflows.publish import publish
from fashion_keras.workflows.published import load_published
from fashion_keras.workflows.report import report_comparisons

OUTPUT = Path(__file__).parents[1] / "docs" / "robustness.md"
NAME, NUM_SEEDS, NUM_EPOCHS, NUM_TEST = "learning_rates", 10, 3, 200
README = "<!-- answers of experiments -->\n<!-- end -->\n"
DATA_NAMES = ("a", "b")
KILL_OUTCOMES = (
    "operations", "kills", "old tables", "new tables", "mixed tables", "tables new, README not yet",
    "of these, right once anything reads what is published", "runs lost", "retries that ended in the new",
    "files left behind after the retry",
)  # fmt: skip
OUTCOMES = ("named", "equal output", "silently wrong", "traceback")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--flips", type=int, default=160, help="of each kind of file (default: %(default)s)")
    parser.add_argument("--every", type=int, default=1, help="kill at every so many operations (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills = kill_publishing(Path(folder) / "kills", options.every)
        flips = flip_bits(Path(folder) / "flips", options.flips)
    text = describe(kills, flips)
    print(text)
    OUTPUT.write_text(text)


def make_store(folder: Path, worse_by: float = 0.0, num_seeds: int = NUM_SEEDS) -> RunStore:
    """Store a comparison of the project with made-up runs.

    Args:
        folder: Where `store` is made.
        worse_by: Is taken from how much better each arm is than the one before, so that tables and README differ.
        num_seeds: Of each arm.
    """
    store, experiment = RunStore(folder / "store"), load_experiment(NAME)
    data = {"name": "fashion_mnist", "content_hash": FASHION_MNIST_HASH, "class_names": list(DATA_NAMES)}
    save_record(store, make_record(experiment, {**data, "is_fashion_mnist": True}, range(num_seeds)))
    for number in range(len(experiment.arms)):
        for seed in range(num_seeds):
            result = make_result(experiment, number, seed, worse_by)
            store.begin(result.config)
            store.commit(result)
    return store


def make_result(experiment: Experiment, number: int, seed: int, worse_by: float = 0.0) -> RunResult:
    """Make up the run of an arm.

    Args:
        experiment: Whose arm.
        number: Of the arm, from 0.
        seed: Of the run.
        worse_by: As in `make_store`.
    """
    config = experiment.config_of(experiment.arms[number]).with_changes(seed=seed)
    correct = np.arange(NUM_TEST) < round(NUM_TEST * (0.6 + (0.05 - worse_by) * number + 0.005 * seed))
    history: dict[str, list[float | None]] = {
        key: [float(correct.mean())] * NUM_EPOCHS if key.endswith("accuracy") else [0.5] * NUM_EPOCHS
        for key in HISTORY_KEYS
    }
    return RunResult(
        config=config,
        status="finished",
        history=history,
        final={key: history[key][-1] for key in METRICS},
        seconds={"train": 30.0, "total": 35.0, "startup": 1.0},
        environment={"python": "3.11"},
        weights=[np.full(4, seed, np.float32)],
        predictions=Predictions(
            class_id=np.zeros(NUM_TEST, np.uint8),
            loss=np.zeros(NUM_TEST, np.float32),
            probabilities=np.full((NUM_TEST, 2), 0.5, np.float16),
            correct=correct,
        ),
    )


# Kills: a process ends without a word before its n-th file operation.

_OPERATIONS = ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync", "open", "link")


class Killer:
    """Counts a process's file operations, and ends it before one of them."""

    def __init__(self, number: int):
        self.left = number
        self.count = 0

    def install(self) -> None:
        """Watch `os`, whose functions pathlib, shutil and tempfile call; and the exchange of folders, which is C."""
        for name in _OPERATIONS:
            setattr(os, name, self._watched(getattr(os, name)))
        io.open = self._watched(io.open)  # what Path.open calls
        files._exchange_at_once = self._watched(files._exchange_at_once)

    def _watched(self, function):  # type: ignore[no-untyped-def]
        def count_and_call(*arguments, **options):  # type: ignore[no-untyped-def]
            self.count += 1
            if self.count == self.left:
                os._exit(137)
            return function(*arguments, **options)

        return count_and_call


def publish_in_child(folder: Path, store: Path, number: int = 0) -> tuple[int, int]:
    """Publish in a process of its own, and return its exit status and how many file operations there were.

    Args:
        folder: The project's.
        store: What to publish.
        number: The operation that it dies before; 0 is none.
    """
    counted = folder.with_name("count")
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return status, int(counted.read_text()) if status == 0 else 0
    os.chdir(folder)
    killer, status = Killer(number), 1
    try:
        Report.draw = lambda _: {}  # type: ignore[assignment,method-assign]  # they take seconds, and are written alike
        found = load_stored(RunStore(store), [NAME])
        killer.install()
        publish(found, Path("experiments"))
        killer.left = 0
        counted.write_text(str(killer.count))
        status = 0
    finally:
        os._exit(status)


@dataclass(frozen=True)
class Published:
    """What a reader finds.

    Attributes:
        tables: Every file below experiments/ but hidden ones; None where it cannot be read.
        readme: The README.
        num_runs: In the archive.
    """

    tables: dict[str, bytes] | None
    readme: str
    num_runs: int


def look_at(folder: Path) -> Published:
    """Read what is published."""
    experiments = folder / "experiments"
    if not experiments.is_dir():
        return Published(None, (folder / "README.md").read_text(), 0)
    paths = sorted(path for path in experiments.rglob("*") if path.is_file() and not path.name.startswith("."))
    tables = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    num_runs = len(RunArchive(experiments / ARCHIVE).folders) if (experiments / ARCHIVE).exists() else 0
    return Published(tables, (folder / "README.md").read_text(), num_runs)


def kill_publishing(folder: Path, every: int = 1) -> Counter[str]:
    """Publish over what was published, killed at every operation, and count what was found after it and after a retry.

    Args:
        folder: Is made, for the stores and the projects.
        every: Kill at every so many operations.
    """
    stores = [make_store(folder / name, worse_by).root for name, worse_by in (("old", 0.02), ("new", 0.0))]
    project = folder / "project"
    project.mkdir()
    (project / "README.md").write_text(README)
    publish_in_child(project, stores[0])
    old = look_at(project)
    goal = folder / "goal"
    shutil.copytree(project, goal)
    _, count = publish_in_child(goal, stores[1])
    new = look_at(goal)
    assert old.readme != new.readme, "which of the two it was could not be told"
    found: Counter[str] = Counter(operations=count)
    for number in range(1, count + 1, every):
        place = folder / "place"
        shutil.copytree(project, place)
        found["kills"] += publish_in_child(place, stores[1], number)[0] == 137
        _judge_kill(found, place, stores[1], (old, new))
        shutil.rmtree(place)
    return found


def _judge_kill(found: Counter[str], place: Path, store: Path, versions: tuple[Published, Published]) -> None:
    old, new = versions
    left = look_at(place)
    kind = "old" if left.tables == old.tables else "new" if left.tables == new.tables else "mixed"
    found[f"{kind} tables"] += 1
    if kind == "new" and left.readme == old.readme:
        found["tables new, README not yet"] += 1
        load_published(place / "experiments")
        found["of these, right once anything reads what is published"] += look_at(place) == new
    found["runs lost"] += max(0, old.num_runs - left.num_runs)
    status, _ = publish_in_child(place, store)
    ended = look_at(place)
    found["retries that ended in the new"] += status == 0 and ended == new
    names = [path.name for path in place.rglob("*") if ".partial" in path.name or ".replaced" in path.name]
    found["files left behind after the retry"] += len(names)


# Flips: one bit of one file.


def flip_bits(folder: Path, count: int) -> dict[str, Counter[str]]:
    """Flip bits of each kind of file, and return for each kind how often what happened.

    Args:
        folder: Is made, for a store and what is published of it.
        count: Flips a kind, at places drawn from a fixed seed.
    """
    store = make_store(folder, num_seeds=2)
    publish_small(store, folder / "published")
    run = next((store.root / "runs").iterdir())
    kinds = {
        "result.json": run / "result.json",
        "history.json": run / "history.json",
        "predictions.npz": run / "predictions.npz",
        "weights.npz": run / "weights.npz",
        "comparisons/*.json": next((store.root / "comparisons").glob("*.json")),
        "runs.json.xz": folder / "published" / ARCHIVE,
        "comparison.json": folder / "published" / NAME / "comparison.json",
        "tuning.json": folder / "published" / NAME / "tuning.json",
        "times.csv": folder / TIMES,
    }
    drawn = random.Random(7)
    return {kind: flip_file(path, folder, count, drawn) for kind, path in kinds.items()}


def publish_small(store: RunStore, folder: Path) -> None:
    """Put an archive, a record and timing runs where `report --published` reads them."""
    (results,) = load_stored(store, [NAME])
    write_archive(folder / ARCHIVE, store.all_runs())
    tuning = {"setting": "learning_rate", "picks": {arm.name: {"value": 0.02} for arm in results.arms}}
    write_files(folder / NAME, {"comparison.json": record_text(results.record), "tuning.json": seal(tuning, indent=1)})
    write_files(store.root.parent, {TIMES: times_text(_make_times())})


def _make_times() -> list[Measurement]:
    numbers = (10, 3, 0.5, 0.6, 0.0, 1)
    words = ("float32", "fashion_mnist", "processor", 2, "platform", "3.11", "2.21", "3.15", 1, "2026-11-26")
    return [
        Measurement(number, place, " ".join(arm.names), *numbers, *words)  # type: ignore[arg-type]
        for number in range(1, 3)
        for place, arm in enumerate(timed_arms(), 1)
    ]


def flip_file(path: Path, folder: Path, count: int, drawn: random.Random) -> Counter[str]:
    """Flip bits of one file, one at a time.

    Args:
        path: The file; it is as it was in the end.
        folder: As in `flip_bits`.
        count: How many.
        drawn: Draws the bits.
    """
    content = path.read_bytes()
    is_published = path.is_relative_to(folder / "published")
    before, _ = ask(folder, is_published)
    found: Counter[str] = Counter()
    for place in drawn.sample(range(8 * len(content)), min(count, 8 * len(content))):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        found[judge(ask(folder, is_published), before, path)] += 1
    path.write_bytes(content)
    return found


def judge(answer: tuple[str, str], before: str, path: Path) -> str:
    """Return which of the outcomes it was."""
    output, said = answer
    if "Traceback" in said:
        return "traceback"
    if path.name in said or path.parent.name in said:
        return "named"
    return "equal output" if output == before else "silently wrong"


def ask(folder: Path, is_published: bool) -> tuple[str, str]:
    """Report a store or what is published, read it all, check it; return the tables and what was said of damage."""
    say_once.cache_clear()  # each flip is a program of its own
    output: list[str] = []
    said, shown = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said):
        published = folder / "published" if is_published else None
        out = folder / "again" if is_published else folder
        with _caught(said):
            report_comparisons([], out, published, Console(file=shown, width=500), pictures=())
        output += [path.read_text() for path in sorted((*(out / NAME).glob("*"), *out.glob("*.md")))]
        shutil.rmtree(out / NAME, ignore_errors=True)
        with _caught(said):
            output += [run.load_predictions().correct.tobytes().hex() for run in RunStore(folder / "store").all_runs()]
        with _caught(said):
            check_place(published or folder, lambda line: said.write(f"{line}\n" if "Damaged" in line else ""))
    said.writelines(line for line in shown.getvalue().splitlines() if line.startswith("Left out"))
    return "\n".join(output), said.getvalue()


@contextlib.contextmanager
def _caught(said: io.StringIO) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        said.write(f"{error}\n")
    except Exception:
        said.write(traceback.format_exc())


def describe(kills: Counter[str], flips: dict[str, Counter[str]]) -> str:
    """Return the page."""
    total = sum(flips.values(), Counter[str]())
    rows = [*flips.items(), ("**together**", total)]
    return "\n".join(
        [
            "# Robustness",
            "",
            "Written by `python benchmarks/campaign.py`: do not edit.",
            "",
            "## Kills while publishing",
            "",
            "One comparison is published over an earlier version of it. The process ends before each of its file",
            "operations in turn (rename, exchange, unlink, open, write to disk and the like), without a chance to",
            "clean up; then the same command is given again.",
            "",
            "| what | times |",
            "| --- | ---: |",
            *(f"| {key} | {kills[key]:,} |" for key in KILL_OUTCOMES),
            "",
            "## Flipped bits",
            "",
            "One bit of one file at a time; then every table is made again, every prediction read and everything",
            "checked. *Named*: a line says which file is damaged, or which run; *equal output*: it changed nothing",
            "that anybody reads.",
            "",
            f"| file | flips | {' | '.join(OUTCOMES)} |",
            f"| --- | ---: |{' ---: |' * len(OUTCOMES)}",
            *(
                f"| {kind} | {sum(counts.values()):,} | {' | '.join(f'{counts[each]:,}' for each in OUTCOMES)} |"
                for kind, counts in rows
            ),
            "",
        ]
    )


if __name__ == "__main__":
    main()
