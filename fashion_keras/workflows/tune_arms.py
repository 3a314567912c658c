"""The command: train the trials, pick by validation, then measure the arms at their picks beside the untuned ones."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from rich.console import Console

from fashion_keras.config.precision import resolve_precision
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import load, locate
from fashion_keras.errors import ConfigError
from fashion_keras.execution.batch import train_runs
from fashion_keras.experiments.definition import Experiment
from fashion_keras.formatting import format_duration, print_plain
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    describe_data,
    load_results,
    make_record,
    read_record,
    record_to_json,
)
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.tunings import TuningRecord
from fashion_keras.tuning.sweep.study import FIRST_TUNING_SEED, Study, TuneOptions, tuned_experiment
from fashion_keras.workflows.plan import Plan, estimate_seconds
from fashion_keras.workflows.run import RunOptions, find_overrides, make_engine, run_experiments


def run_tuned(experiments: Sequence[Experiment], options: RunOptions, tune: TuneOptions, console: Console) -> int:
    """Tune a setting of every arm alike, then measure the arms at their picks on fresh seeds.

    The trials are runs in the store, so that what was interrupted goes on, a larger budget and a wider range keep what
    was tried, and comparisons share the trials of the arms that they share.

    Returns:
        The exit status: 0, or 1 where a trial, a run or an export failed.

    Raises:
        UserError: An option, the data or the disk is wrong.
        KeyboardInterrupt: Finished trials and runs are kept.
    """
    if options.shard is not None:
        raise ConfigError("--shard does not go with --tune: what is measured depends on all trials")
    if options.arms is not None:
        raise ConfigError("--arms does not go with --tune: every arm is tuned alike")
    chosen = replace(options, precision=resolve_precision(options.precision))
    return _Tuning(experiments, chosen, tune, console).run()


class _Tuning:
    """One call of the command."""

    def __init__(self, experiments: Sequence[Experiment], options: RunOptions, tune: TuneOptions, console: Console):
        self.experiments = experiments
        self.options = options
        self.console = console
        self.say = partial(print_plain, console)
        # What names a wrong setting comes before the data are looked for, which may take a download.
        self.studies = [Study.of(experiment, tune) for experiment in experiments]
        self.location = locate(options.data_dir, options.dataset, options.offline, self.say, options.image_size)
        self.dataset = load(self.location)
        self.dataset.check_comparable()
        self.overrides = find_overrides(experiments, options, self.dataset)
        self.studies = [
            replace(study, experiment=self._change(experiment))
            for study, experiment in zip(self.studies, experiments, strict=True)
        ]
        self.store = RunStore(options.out / "store")
        self.seeds = range(options.num_seeds)
        if self.seeds.stop > FIRST_TUNING_SEED:
            raise ConfigError(f"--tune measures at most {FIRST_TUNING_SEED:,} seeds: the tuning seeds follow")
        self.engine = make_engine(options)
        self.trials = self._plan([config for study in self.studies for config in study.configs])

    def run(self) -> int:
        for study in self.studies:
            self.say(_describe_study(study))
        num_trials, num_pending = len(self.trials.configs), len(self.trials.pending)
        self.say(
            f"{num_trials} tuning runs: {num_trials - num_pending} in the store, {num_pending} to train, "
            f"{self.engine.workers} at a time"
        )
        if self.options.dry_run and self.trials.pending:
            self._estimate()
            return 0
        if self._train():
            self.say("The same command tries what failed again; nothing was picked")
            return 1
        return self._measure()

    def _change(self, experiment: Experiment) -> Experiment:
        return experiment.with_overrides(**self.overrides) if self.overrides else experiment

    def _plan(self, configs: Sequence[RunConfig]) -> Plan:
        once = tuple(dict.fromkeys(configs))
        return Plan(once, tuple(config for config in once if self.store.find(config) is None))

    def _train(self) -> bool:
        """Train the trials, and return whether any failed."""
        try:
            failures = train_runs(self.trials.pending, self.store, self.location, self.engine, self.console)
        except KeyboardInterrupt:
            done = len(self.trials.pending) - len(self._plan(self.trials.pending).pending)
            self.say(f"Interrupted after {done} tuning runs. They are kept: the same command goes on from there.")
            raise
        for label, outcome in failures:
            self.say(outcome.failure_of(label))
        return bool(failures)

    def _measure(self) -> int:
        work, tunings = [], {}
        for experiment, study in zip(self.experiments, self.studies, strict=True):
            untuned = self._find_untuned(experiment)
            if untuned is None:
                untuned = make_record(study.experiment, describe_data(self.dataset), self.seeds)
                work.append(experiment)
            record = study.record(self.store, self.overrides, record_to_json(untuned))
            self._say_picks(experiment, record)
            tuned = tuned_experiment(experiment, record.setting, record.picks, study.merged)
            tunings[tuned.name] = record.to_json()
            work.append(tuned)
        return run_experiments(work, self.options, self.console, tunings)

    def _find_untuned(self, experiment: Experiment) -> ComparisonRecord | None:
        """Return the untuned comparison that is there whole, in the same precision or else in its own; None for none.

        The two precisions were found equivalent (`experiments/precision_fcn`), and the tables say which it was.
        """
        own = {name: value for name, value in self.overrides.items() if name != "precision"}
        for overrides in (self.overrides, own):
            candidate = experiment.with_overrides(**overrides) if overrides else experiment
            record = make_record(candidate, describe_data(self.dataset), self.seeds)
            if load_results(self.store, record, self.seeds).is_complete:
                path = record.path_in(self.store)
                return replace(record, looks=read_record(path).looks) if path.exists() else record
        return None

    def _say_picks(self, experiment: Experiment, record: TuningRecord) -> None:
        self.say(f"{experiment.name}: {record.setting} picked by validation accuracy after the last epoch")
        for arm in record.arms:
            self.say(f"  {arm.name}: {arm.pick.value:g} ({100 * (arm.pick.val_accuracy or 0):.2f} %)")
        for arm in record.arms:
            if arm.edge:
                self.say(
                    f"Warning: {arm.pick.value:g}, the pick of {arm.name}, is the {arm.edge} {record.setting} that was "
                    "tried: a better one may lie beyond"
                )
        if any(arm.edge for arm in record.arms):
            self.say(
                f"To go on: the same command and --widen {_widen(record)} keeps every trial and lets every arm try the "
                "same further values"
            )

    def _estimate(self) -> None:
        """Say what follows the trials, and how long all of it takes; where the picks will lie does not matter to it."""
        measured: list[RunConfig] = []
        for experiment, study in zip(self.experiments, self.studies, strict=True):
            middle = dict.fromkeys(study.merged, study.space.values[len(study.space.values) // 2])
            tuned = self._change(tuned_experiment(experiment, study.space.setting, middle, study.merged))
            measured += self._expand(tuned)
            text = f"{tuned.name}: {len(tuned.arms)} arms at their picks, {len(self.seeds)} seeds each"
            if self._find_untuned(experiment) is None:
                measured += self._expand(study.experiment)
                text += f"; beside it the {len(experiment.arms)} untuned arms"
            self.say(text)
        rest = self._plan(measured)
        self.say(f"{len(rest.configs)} measured runs, of which about {len(rest.pending)} are to train")
        everything = Plan((*self.trials.configs, *rest.configs), (*self.trials.pending, *rest.pending))
        seconds = estimate_seconds(everything, self.store, self.location, self.engine.workers)
        self.say(f"About {format_duration(seconds)} with {self.engine.workers} workers on this machine")

    def _expand(self, experiment: Experiment) -> list[RunConfig]:
        return [experiment.config_of(arm).with_changes(seed=seed) for seed in self.seeds for arm in experiment.arms]


def _describe_study(study: Study) -> str:
    space = study.space
    low, high = space.ranges[-1]
    seeds = f"on tuning seed {study.seeds[0]:,}"
    if len(study.seeds) > 1:
        seeds = f"on {len(study.seeds)} tuning seeds from {study.seeds[0]:,}"
    lines = [
        f"{study.experiment.name}: {len(study.merged)} arms try the same {len(space.values)} values of {space.setting} "
        f"from {low:g} to {high:g}, {seeds} (measured on seeds from 0)"
    ]
    lines += [
        f"  {name} stands for {', '.join(others)} too: they differ in {space.setting} alone"
        for name, others in study.merged.items()
        if others
    ]
    return "\n".join(lines)


def _widen(record: TuningRecord) -> str:
    """Return a wider range, on the sides that the picks ask for."""
    low, high = record.ranges[-1]
    edges = {arm.edge for arm in record.arms}
    if record.scale != "log":
        return "LOW,HIGH"
    return f"{low / 10 if 'lowest' in edges else low:g},{high * 10 if 'highest' in edges else high:g}"
