"""Job: the comparisons that one call runs, as its options change them, and the record of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import DEFAULT_SEEDS, Arm, Experiment
from fashion_keras.formatting import safe_name
from fashion_keras.reporting.units import Unit
from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    add_look,
    describe_data,
    find_record,
    load_results,
    make_record,
    read_record,
    save_record,
)
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.tunings import TuningRecord
from fashion_keras.workflows.session import Session

__all__ = [
    "QUICK_EPOCHS", "Job", "PlannedComparison", "RunOptions", "find_overrides", "fit_session", "override", "prepare",
]  # fmt: skip

QUICK_EPOCHS = 3
QUICK_EXAMPLES = 6000


@dataclass(frozen=True)
class RunOptions:
    """What a user may say of running comparisons.

    Attributes:
        seeds: The most of an arm; None is the last of `looks`, else ten, or one with `quick`.
        looks: At which numbers of seeds the arms are judged, and decided ones get no more; None is the usual ones.
        fixed: Train all seeds, and look once.
        level: Chance of a false better or worse in the whole table; None is the experiment's own.
        margin: Of equivalence, in points of a metric that is a share, else in its unit; None is the experiment's own.
        epochs: Replaces the epochs of every arm.
        arms: Only these arms; None is all.
        quick: A first look: few epochs on part of the data.
        dry_run: Say what would run, and run nothing.
        shard: Which of how many parts of the runs to execute, from 0, without tables; None is all.
        tensorboard: The folder of TensorBoard's logs, see `fashion_keras.reporting.tensorboard`; None writes none.
        explain: Print all tables with their footnotes.
        verbose: Print each run as it ends, and all tables.
        json: Print what came out as JSON.
        command: What the user typed, see `ComparisonRecord.command`.
        require: What every arm must be shown to be: `better`, `not-worse` or `equivalent`; the exit status tells.
    """

    seeds: int | None = None
    looks: tuple[int, ...] | None = None
    fixed: bool = False
    level: float | None = None
    margin: float | None = None
    epochs: int | None = None
    arms: tuple[str, ...] | None = None
    quick: bool = False
    dry_run: bool = False
    shard: tuple[int, int] | None = None
    tensorboard: Path | None = None
    explain: bool = False
    verbose: bool = False
    json: bool = False
    command: str = ""
    require: str | None = None

    def __post_init__(self) -> None:
        if self.verbose:
            object.__setattr__(self, "explain", True)
        if self.json and (self.dry_run or self.shard):
            raise ConfigError("--json shows what came out: leave out --dry-run and --shard, or see `status --json`")

    @property
    def num_seeds(self) -> int:
        """The most seeds of an arm, from 0."""
        if self.seeds is not None:
            return self.seeds
        if self.looks:
            return max(self.looks)
        return 1 if self.quick else DEFAULT_SEEDS

    def design_of(self, experiment: Experiment) -> Design:
        """Return the design of an experiment's looks.

        Raises:
            ConfigError: An option does not go with the others.
        """
        if self.fixed and self.looks is not None:
            raise ConfigError("--looks does not go with --fixed, which looks once")
        if experiment.factors and self.looks is not None:
            raise ConfigError(f"--looks does not go with {experiment.name}: a grid is looked at once, at all its seeds")
        once = self.fixed or bool(experiment.factors)
        level, margin = self.level or experiment.level, experiment.margin
        if self.margin is not None:
            margin = self.margin / 100 if experiment.metric.is_share else self.margin
        if margin >= 1 and experiment.metric.is_share:
            raise ConfigError(f"--margin must be below 100 points of {experiment.metric.text}, got {self.margin:g}")
        try:
            design = Design.up_to(self.num_seeds, () if once else self.looks, level=level, margin=margin)
        except ValueError as error:
            raise ConfigError(f"{experiment.name}: {error}") from error
        # A gate may be met by an arm that will stay undecided.
        return design if self.require is None else replace(design, futility=0.0)


@dataclass(frozen=True)
class PlannedComparison:
    """One comparison of a job.

    Attributes:
        experiment: As it is run: with the settings that the options and the data replace.
        arms: Those that were asked for.
        record: What is compared, over all arms and the planned seeds.
    """

    experiment: Experiment
    arms: tuple[Arm, ...]
    record: ComparisonRecord

    @property
    def configs(self) -> dict[str, RunConfig]:
        """The configuration of each arm that was asked for, by its name, of seed 0."""
        return {arm.name: self.experiment.config_of(arm).with_changes(seed=0) for arm in self.arms}


@dataclass(frozen=True)
class Job:
    """What one call runs.

    Attributes:
        comparisons: Of which some may share runs.
        options: What the user said.
        session: Data, store, engine and console.
    """

    comparisons: tuple[PlannedComparison, ...]
    options: RunOptions
    session: Session

    @property
    def seeds(self) -> range:
        """The most seeds that are trained now."""
        return range(self.options.num_seeds)

    @property
    def labels(self) -> dict[RunConfig, str]:
        """What people call each configuration of seed 0: the arm, and of how many more arms it is."""
        names: dict[RunConfig, dict[str, None]] = {}
        for comparison in self.comparisons:
            for name, config in comparison.configs.items():
                names.setdefault(config, {})[name] = None
        more = {config: f" and {len(others)} more" if others else "" for config, (_, *others) in names.items()}
        return {config: next(iter(found)) + more[config] for config, found in names.items()}

    def with_known_records(self) -> "Job":
        """Return the job with what the store knows of the records: seeds, looks and the design that holds."""
        store = self.session.store
        return replace(
            self, comparisons=tuple(replace(each, record=find_record(store, each.record)) for each in self.comparisons)
        )

    def with_saved_records(self) -> "Job":
        """Write the records, and return the job with what the store knew of them before: seeds, looks and design."""
        saved = [replace(each, record=_save(each.record, self.session.store)) for each in self.comparisons]
        for asked, kept in (
            (before.record, after.record) for before, after in zip(self.comparisons, saved, strict=True)
        ):
            level, margin = kept.design.level, kept.design.margin
            if (level, margin) != (asked.design.level, asked.design.margin):
                self.session.say(
                    f"{kept.name}: level {level:g} and margin {Unit.of(kept.metric, ()).margin(margin)} stay what they "
                    "were at its first look; another --out begins anew"
                )
        return replace(self, comparisons=tuple(saved))


def _save(record: ComparisonRecord, store: RunStore) -> ComparisonRecord:
    """Write a record; evidence that could be seen already counts as a look, whoever saw it."""
    path = record.path_in(store)
    if path.exists():
        earlier = read_record(path)
        results = load_results(store, earlier)
        if looks := results.looks_taken:
            add_look(store, earlier, max(looks.values()))
    return save_record(store, record)


def prepare(
    experiments: Sequence[Experiment],
    options: RunOptions,
    session: Session,
    tunings: Mapping[str, tuple[TuningRecord, Mapping[str, Any]]] | None = None,
) -> Job:
    """Return what is to be run, and say what the options change that nobody asked for.

    Args:
        experiments: What to compare.
        options: What the user says.
        session: Data, store, engine and console.
        tunings: How the settings of arms were selected, and the comparisons before, by the names of the experiments.

    Raises:
        UserError: An option or the data is wrong.
    """
    if options.arms is not None and len(experiments) > 1:
        raise ConfigError("--arms goes with one experiment")
    session = fit_session(experiments, session)
    chosen = [experiment.select(options.arms) for experiment in experiments]  # before the data is looked for
    overrides = find_overrides(experiments, options, session)
    comparisons = []
    for plain, arms in zip(experiments, chosen, strict=True):
        experiment = override(plain, overrides)
        for line in _describe_warmups(plain, experiment):
            session.say(line)
        seeds, design = range(options.num_seeds), options.design_of(experiment)
        record = make_record(experiment, describe_data(session.dataset) | session.place_of_data, seeds, design)
        tuning, untuned = (tunings or {}).get(plain.name, (None, None))
        record = replace(
            record,
            tuning=tuning,
            untuned=untuned,
            modification=_modification(plain, experiment, options, session),
            command=options.command if len(experiments) == 1 else "",  # else each has a command of its own
        )
        comparisons.append(PlannedComparison(experiment, experiment.select([arm.name for arm in arms]), record))
    return Job(tuple(comparisons), options, session)


def fit_session(experiments: Sequence[Experiment], session: Session) -> Session:
    """Return the session for experiments: one without data where custom trainers load their own.

    Raises:
        ConfigError: Only some of them have a custom trainer, or an option does not go with it.
    """
    custom = [experiment.name for experiment in experiments if experiment.base.trainer is not None]
    if custom and len(custom) < len(experiments):
        raise ConfigError(f"{custom[0]} has a custom trainer: run it apart from comparisons of Keras's runs")
    return session.without_data() if custom else session


def find_overrides(experiments: Sequence[Experiment], options: RunOptions, session: Session) -> dict[str, Any]:
    """Return the settings of every arm of `experiments` that the `options` or the `session`'s data replace."""
    settings: dict[str, Any] = {}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    if session.device == "gpu":
        settings["device"] = "gpu"
    if any(experiment.base.trainer is not None for experiment in experiments):
        if options.quick:
            raise ConfigError("--quick goes with Keras's runs; a custom trainer has its own options, such as --epochs")
        return settings
    if options.quick:
        settings = {"epochs": QUICK_EPOCHS, "train_examples": _quick_examples(experiments, session)} | settings
    if session.precision is not None:
        settings["precision"] = session.precision
    if not session.dataset.is_fashion_mnist:
        settings["data"] = session.dataset.content_hash
    return settings


def override(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """Return an experiment with settings of every arm replaced.

    Raises:
        ConfigError: Two of its arms differ in nothing else.
    """
    try:
        return experiment.with_overrides(**settings) if settings else experiment
    except ConfigError as error:
        options = " and ".join(f"--{name}" for name in settings if name in ("epochs", "device", "precision"))
        raise ConfigError(f"{options or 'this data'} does not go with {experiment.name}: {error}") from error


def _quick_examples(experiments: Sequence[Experiment], session: Session) -> int:
    largest = max(experiment.base.validation_fraction for experiment in experiments)
    return min(QUICK_EXAMPLES, int(len(session.dataset.train_images) * (1 - largest)))


def _describe_warmups(before: Experiment, after: Experiment) -> Iterator[str]:
    """Yield a line for each arm whose warm-up was shortened with its epochs."""
    for old, new in zip(before.arms, after.arms, strict=True):
        was, now = (
            experiment.config_of(arm).schedule.as_dict().get("warmup_epochs", 0)
            for experiment, arm in ((before, old), (after, new))
        )
        if was != now:
            epochs = after.config_of(new).epochs
            yield f"{after.name}: the warm-up of {new.name} is {now} of {epochs} epochs, in proportion to its own {was}"


def _modification(plain: Experiment, experiment: Experiment, options: RunOptions, session: Session) -> str:
    """How an experiment differs from the plain one, for the names of its folders; empty where it does not."""
    if experiment == plain:
        return ""
    parts = ["quick"] if options.quick else []
    parts += [f"epochs={options.epochs}"] if options.epochs is not None else []
    precision = session.precision
    if precision is not None and any(plain.config_of(arm).precision != precision for arm in plain.arms):
        parts.append(precision)
    parts += ["gpu"] if session.device == "gpu" else []
    is_plain_data = session.dataset.is_fashion_mnist or experiment.base.trainer is not None
    parts += [] if is_plain_data else [safe_name(session.dataset.name)]
    return "-".join(parts)
