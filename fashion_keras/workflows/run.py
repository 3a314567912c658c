"""The main job: train what a comparison needs, then write its tables, curves and SavedModels."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from fashion_keras.config.precision import resolve_precision
from fashion_keras.data import DataLocation, Dataset, load, locate
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Engine, LocalEngine, Outcome
from fashion_keras.execution.batch import train_runs
from fashion_keras.execution.local import available_cores
from fashion_keras.experiments.definition import DEFAULT_SEEDS, Experiment
from fashion_keras.export.task import ExportTask, execute_export
from fashion_keras.formatting import format_duration, print_plain, safe_name
from fashion_keras.reporting import (
    build_against_report,
    build_differences,
    describe_power,
    print_tables,
    write_report,
)
from fashion_keras.reporting.tensorboard import write_logs
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    ComparisonResults,
    add_look,
    describe_data,
    load_results,
    make_record,
    save_record,
)
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.plan import Work, estimate_seconds, make_plan, take_shard

QUICK_EPOCHS = 3
QUICK_EXAMPLES = 6000


@dataclass(frozen=True)
class RunOptions:
    """What a user may say of an invocation.

    Attributes:
        seeds: How many; None is ten, or one with `quick`.
        epochs: Replaces the epochs of every arm.
        workers: Runs at a time; None is one per core.
        arms: Only these arms; None is all.
        data_dir: Where Fashion-MNIST is.
        dataset: A folder or an .npz file with other data.
        image_size: Height and width that its pictures are scaled to.
        offline: Fetch nothing.
        out: The folder of the store, the tables and the curves.
        quick: A first look: few epochs on part of the data.
        dry_run: Say what would run, and run nothing.
        precision: `float32`, `mixed_bfloat16` or `auto`, see `resolve_precision`.
        engine: `local`, or `ray` for a cluster.
        address: The Ray cluster's head node, see `RayEngine`.
        shard: Which of how many parts of the runs to execute, from 0, without tables; None is all.
        tensorboard: The folder of TensorBoard's logs, see `fashion_keras.reporting.tensorboard`; None writes none.
    """

    seeds: int | None = None
    epochs: int | None = None
    workers: int | None = None
    arms: tuple[str, ...] | None = None
    data_dir: str | None = None
    dataset: str | None = None
    image_size: tuple[int, int] | None = None
    offline: bool = False
    out: Path = Path("runs")
    quick: bool = False
    dry_run: bool = False
    precision: str = "float32"
    engine: str = "local"
    address: str | None = None
    shard: tuple[int, int] | None = None
    tensorboard: Path | None = None

    @property
    def num_seeds(self) -> int:
        """How many seeds are measured, from 0."""
        if self.seeds is not None:
            return self.seeds
        return 1 if self.quick else DEFAULT_SEEDS


def run_experiments(
    experiments: Sequence[Experiment],
    options: RunOptions,
    console: Console,
    tunings: Mapping[str, Mapping[str, Any]] | None = None,
) -> int:
    """Run comparisons, or say what would run.

    Args:
        experiments: What to compare.
        options: What the user says.
        console: Where to print.
        tunings: How the settings of arms were picked, by the names of the experiments, see `ComparisonRecord.tuning`.

    Returns:
        The exit status: 0, or 1 where a run or an export failed.

    Raises:
        UserError: An option, the data or the disk is wrong.
        KeyboardInterrupt: After the tables of what is done were written.
    """
    _check_arms(experiments, options)
    options = replace(options, precision=resolve_precision(options.precision))
    say = partial(print_plain, console)
    location = locate(options.data_dir, options.dataset, options.offline, say, options.image_size)
    dataset = load(location)
    dataset.check_comparable()
    overrides = find_overrides(experiments, options, dataset)
    changed = [experiment.with_overrides(**overrides) if overrides else experiment for experiment in experiments]
    modified = frozenset(new.name for old, new in zip(experiments, changed, strict=True) if new != old)
    invocation = _Invocation(changed, options, location, dataset, console, modified, tunings or {})
    if options.dry_run:
        invocation.describe()
        return 0
    return invocation.run()


def make_engine(options: RunOptions) -> Engine:
    """Return the engine that the options name.

    Raises:
        ConfigError: Ray is not installed or not there, or an option does not go with the engine.
    """
    if options.engine == "local":
        if options.address:
            raise ConfigError("--address goes with --engine ray")
        return LocalEngine(options.workers or available_cores())
    if options.workers:
        raise ConfigError("--workers goes with --engine local: Ray runs as many at a time as its nodes have cores")
    from fashion_keras.execution.ray_engine import RayEngine

    return RayEngine(options.address)


def _check_arms(experiments: Sequence[Experiment], options: RunOptions) -> None:
    if options.arms is not None and len(experiments) > 1:
        raise ConfigError("--arms goes with one experiment")
    for experiment in experiments:
        experiment.select(options.arms)


def find_overrides(experiments: Sequence[Experiment], options: RunOptions, dataset: Dataset) -> dict[str, Any]:
    """Return the settings of every arm that the options or the data replace."""
    settings: dict[str, Any] = {}
    if options.quick:
        settings |= {"epochs": QUICK_EPOCHS, "train_examples": _quick_examples(experiments, dataset)}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    if options.precision == "mixed_bfloat16":
        settings["precision"] = options.precision
    if not dataset.is_fashion_mnist:
        settings["data"] = dataset.content_hash
    return settings


def _quick_examples(experiments: Sequence[Experiment], dataset: Dataset) -> int:
    largest = max(experiment.base.validation_fraction for experiment in experiments)
    return min(QUICK_EXAMPLES, int(len(dataset.train_images) * (1 - largest)))


class _Invocation:
    """One call of the main job."""

    def __init__(
        self,
        experiments: Sequence[Experiment],
        options: RunOptions,
        location: DataLocation,
        dataset: Dataset,
        console: Console,
        modified: Collection[str],
        tunings: Mapping[str, Mapping[str, Any]],
    ):
        self.modified = modified
        self.tunings = tunings
        self.options = options
        self.location = location
        self.dataset = dataset
        self.console = console
        self.store = RunStore(options.out / "store")
        self.seeds = range(options.num_seeds)
        self.work: list[Work] = [(experiment, experiment.select(options.arms)) for experiment in experiments]
        self.engine = make_engine(options)
        plan = make_plan(self.work, self.seeds, self.store)
        self.plan = take_shard(plan, *options.shard) if options.shard else plan

    def _modification_of(self, experiment: Experiment) -> str:
        """How it differs from the plain comparison, for the names of its folders; empty where it does not."""
        options = self.options
        if experiment.name not in self.modified:
            return ""
        parts = ["quick"] if options.quick else []
        parts += [f"epochs={options.epochs}"] if options.epochs is not None else []
        parts += [options.precision] if options.precision == "mixed_bfloat16" else []
        parts += [] if self.dataset.is_fashion_mnist else [safe_name(self.dataset.name)]
        return "-".join(parts)

    def describe(self) -> None:
        """Print the runs that are needed, those that are there, what they could show, and the time of the rest."""
        pending = set(self.plan.pending)
        for experiment, arms in self.work:
            self._say(f"{experiment.name}: {experiment.title}")
            for arm in arms:
                configs = [experiment.config_of(arm).with_changes(seed=seed) for seed in self.seeds]
                found = sum(config not in pending for config in configs)
                epochs = configs[0].epochs
                self._say(f"  {arm.name}: {len(configs)} runs of {epochs} epochs, {found} in the store")
            record = self._record_of(experiment)
            for line in describe_power(load_results(self.store, record, self.seeds)):
                self._say(f"  {line}")
        self._say(self._plan_text())
        seconds = estimate_seconds(self.plan, self.store, self.location, self.engine.workers)
        self._say(f"About {format_duration(seconds)} with {self.engine.workers} workers on this machine")

    def run(self) -> int:
        """Train, export and report; on Ctrl-C report what is done, and pass it on."""
        started = time.monotonic()
        records = [save_record(self.store, self._record_of(experiment)) for experiment, _ in self.work]
        self._say(f"Data: {self.dataset.name} from {self.location.origin}")
        self._say(self._plan_text())
        try:
            failures = train_runs(self.plan.pending, self.store, self.location, self.engine, self.console)
            if self.options.shard:
                return self._end_shard(failures)
            exports, export_failures = self._export(records)
        except KeyboardInterrupt:
            if not self.options.shard:
                self._report(records)
            done = len(self.plan.pending) - sum(self.store.find(config) is None for config in self.plan.pending)
            self._say(f"Interrupted after {done} new runs. They are kept: the same command goes on from there.")
            raise
        self._report(records)
        self._say(exports)
        self._say_failures([*failures, *export_failures])
        self._say(f"Took {format_duration(time.monotonic() - started)}")
        return 1 if failures or export_failures else 0

    def _record_of(self, experiment: Experiment) -> ComparisonRecord:
        record = make_record(experiment, describe_data(self.dataset), self.seeds)
        modification = self._modification_of(experiment)
        return replace(record, tuning=self.tunings.get(experiment.name), modification=modification)

    def _end_shard(self, failures: list[tuple[str, Outcome]]) -> int:
        self._say_failures(failures)
        self._say("When all shards are done, the same command without --shard writes tables, curves and SavedModels")
        return 1 if failures else 0

    def _say_failures(self, failures: Iterable[tuple[str, Outcome]]) -> None:
        for label, outcome in failures:
            self._say(outcome.failure_of(label))

    def _export(self, records: Iterable[ComparisonRecord]) -> tuple[str, list[tuple[str, Outcome]]]:
        """Export the first seed of every arm but those that diverged, and say where."""
        from fashion_keras.inference.record import find_export

        runs = {
            self._export_folder(record) / safe_name(arm.name) / "1": arm.runs[self.seeds[0]]
            for record, results in self._results(records)
            for arm in results.arms
            if self.seeds[0] in arm.runs and arm.runs[self.seeds[0]].status == "finished"
        }
        tasks = [
            ExportTask(run.path, path, self.location)
            for path, run in runs.items()
            if find_export(path, run.run_id) is None
        ]
        # Here and not on a cluster: the folder is this machine's.
        engine = LocalEngine(self.options.workers or available_cores())
        with self.console.status(f"Exporting {len(tasks)} models"):
            outcomes = [(task.label, outcome) for task, outcome in engine.run(execute_export, tasks)]
        failures = [(label, outcome) for label, outcome in outcomes if outcome.status == "failed"]
        folders = sorted({str(path.parent.parent) for path in runs})
        return f"SavedModels: {', '.join(folders) or 'none'} ({len(runs) - len(failures)} arms)", failures

    def _export_folder(self, record: ComparisonRecord) -> Path:
        if record.modification:
            return self._report_folder(record) / "saved_models"
        return Path("saved_models") / safe_name(record.name)

    def _report_folder(self, record: ComparisonRecord) -> Path:
        return self.options.out / record.folder

    def _report(self, records: Iterable[ComparisonRecord]) -> None:
        """Write and print the tables of what is done; the footnotes are alike and stand below the last ones."""
        begun = [
            (record, results) for record, results in self._results(records) if any(arm.runs for arm in results.arms)
        ]
        for record, results in begun:
            whole = load_results(self.store, record, self.seeds)
            differences = build_differences(whole, [arm.name for arm in results.arms])
            against = build_against_report(results)
            folder = self._report_folder(record)
            paths = write_report(results, folder, differences=differences, against_report=against)
            print_tables(self.console, results, differences, against, with_notes=record is begun[-1][0])
            if differences is None and not whole.is_complete:
                self._say("No differences yet: they are judged over all arms together, and some have no run of a seed")
            self._say(f"Written to {folder}: {', '.join(path.name for path in paths)}")
            if self.options.tensorboard is not None:
                self._say(write_logs(results, self.options.tensorboard / folder.name))
            # Whichever arms were asked for: the verdicts are over all of them.
            if whole.is_complete and differences is not None:
                add_look(self.store, record, len(self.seeds))

    def _results(self, records: Iterable[ComparisonRecord]) -> list[tuple[ComparisonRecord, ComparisonResults]]:
        return [
            (record, load_results(self.store, record, self.seeds, [arm.name for arm in arms]))
            for record, (_, arms) in zip(records, self.work, strict=True)
        ]

    def _plan_text(self) -> str:
        total, pending = len(self.plan.configs), len(self.plan.pending)
        return f"{total} runs: {total - pending} in the store, {pending} to train, {self.engine.workers} at a time"

    def _say(self, text: str) -> None:
        print_plain(self.console, text)
