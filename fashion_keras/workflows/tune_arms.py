"""Sweep of arms: train the trials, select by validation, and measure the arms at the selected values and untuned."""

from collections.abc import Sequence
from dataclasses import replace

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.execution.batch import label_of, train_runs
from fashion_keras.experiments.definition import Experiment
from fashion_keras.storage.comparison import (
    ComparisonRecord,
    describe_data,
    find_record,
    load_results,
    make_record,
    record_to_json,
)
from fashion_keras.storage.tunings import TuningRecord
from fashion_keras.tuning.study import FIRST_TUNING_SEED, TuneOptions
from fashion_keras.tuning.sweep.arms import Sweep
from fashion_keras.workflows.job import RunOptions, find_overrides, fit_session, override
from fashion_keras.workflows.plan import Plan, describe_estimate, describe_plan
from fashion_keras.workflows.run import run_experiments
from fashion_keras.workflows.session import Session, describe_interrupt

__all__ = ["run_tuned"]


def run_tuned(experiments: Sequence[Experiment], options: RunOptions, tune: TuneOptions, session: Session) -> int:
    """Tune a setting of every arm alike, then measure the arms at their selected values on fresh seeds.

    The trials are runs in the store, so that what was interrupted goes on, a larger budget and a wider range keep what
    was tried, and comparisons share the trials of the arms that they share.

    Args:
        experiments: What is tuned and compared.
        options: What the user says of the comparisons.
        tune: What the user says of the tuning.
        session: Data, store, engine and console.

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
    return _Tuning(experiments, options, tune, session).run()


class _Tuning:
    """One call of the command."""

    def __init__(self, experiments: Sequence[Experiment], options: RunOptions, tune: TuneOptions, session: Session):
        self.experiments = experiments
        self.options = options
        self.session = session = fit_session(experiments, session)
        self.store, self.say = session.store, session.say
        for experiment in experiments:  # what names a wrong setting comes before a download of the data
            Sweep.of(experiment, tune)
        self.overrides = find_overrides(experiments, options, session)
        self.sweeps = [Sweep.of(override(experiment, self.overrides), tune) for experiment in experiments]
        self.seeds = range(options.num_seeds)
        if self.seeds.stop > FIRST_TUNING_SEED:
            raise ConfigError(f"--tune measures at most {FIRST_TUNING_SEED:,} seeds: the tuning seeds follow")
        self.trials = Plan.of((config for sweep in self.sweeps for config in sweep.configs), self.store)

    def run(self) -> int:
        with self.session:
            return self._run()

    def _run(self) -> int:
        for sweep in self.sweeps:
            self.say(_describe_sweep(sweep))
        self.say(describe_plan(self.trials, self.session.engine, "tuning run"))
        if self.options.dry_run and self.trials.pending:
            self._estimate()
            return 0
        if self._train():
            self.say("The same command tries what failed again; nothing was selected")
            return 1
        return self._measure()

    def _train(self) -> bool:
        """Train the trials, and return whether any failed."""
        session = self.session
        try:
            failures = train_runs(self.trials.pending, self.store, session.location, session.engine, session.console)
        except KeyboardInterrupt:
            self.say(describe_interrupt(self.trials.count_done(self.store), "tuning run"))
            raise
        for config, outcome in failures.items():
            self.say(outcome.failure_of(label_of(config)))
        return bool(failures)

    def _measure(self) -> int:
        work, tunings = [], {}
        for experiment, sweep in zip(self.experiments, self.sweeps, strict=True):
            untuned = self._find_untuned(experiment)
            if untuned is None:
                untuned = self._record_of(sweep.experiment)
                work.append(experiment)
            record = sweep.record(self.store, self.overrides)
            self._say_selected(experiment, record)
            tuned = replace(sweep, experiment=experiment).tuned_experiment(record.selected)
            tunings[tuned.name] = record, record_to_json(untuned)
            work.append(tuned)
        return run_experiments(work, self.options, self.session, tunings)

    def _find_untuned(self, experiment: Experiment) -> ComparisonRecord | None:
        """Return the untuned comparison that needs no more runs, in the same precision or else its own; None for none.

        The two precisions were found equivalent (`experiments/precision_fcn`), and the tables say which it was.
        """
        own = {name: value for name, value in self.overrides.items() if name != "precision"}
        for overrides in (self.overrides, own):
            record = self._record_of(override(experiment, overrides))
            if not load_results(self.store, record).needed[0]:
                return record
        return None

    def _record_of(self, experiment: Experiment) -> ComparisonRecord:
        design = self.options.design_of(experiment)
        return find_record(self.store, make_record(experiment, describe_data(self.session.dataset), self.seeds, design))

    def _say_selected(self, experiment: Experiment, record: TuningRecord) -> None:
        self.say(f"{experiment.name}: {record.setting} selected by {record.objective.words} after the last epoch")
        for arm in record.arms:
            self.say(f"  {arm.name}: {arm.selected_value:g} ({record.objective.text(arm.selected_score)})")
        at_edge = [arm for arm in record.arms if arm.edge]
        for arm in at_edge:
            self.say(
                f"Warning: {arm.selected_value:g}, selected for {arm.name}, is the {arm.edge} {record.setting} that "
                "was tried: a better one may lie beyond"
            )
        if at_edge:
            self.say(
                f"To go on: the same command and --widen {_widen(record)} keeps every trial and lets every arm try the "
                "same further values"
            )

    def _estimate(self) -> None:
        """Say what follows the trials, and how long all of it takes; no matter which values are selected."""
        measured: list[RunConfig] = []
        for experiment, sweep in zip(self.experiments, self.sweeps, strict=True):
            middle = dict.fromkeys(sweep.merged, sweep.space.values[len(sweep.space.values) // 2])
            tuned = sweep.tuned_experiment(middle)
            measured += self._expand(tuned)
            text = f"{tuned.name}: {len(tuned.arms)} arms at their selected values, {len(self.seeds)} seeds each"
            if self._find_untuned(experiment) is None:
                measured += self._expand(sweep.experiment)
                text += f"; beside it the {len(experiment.arms)} untuned arms"
            self.say(text)
        rest = Plan.of(measured, self.store)
        self.say(f"{len(rest.configs)} measured runs, of which about {len(rest.pending)} are to train")
        everything = Plan((*self.trials.configs, *rest.configs), (*self.trials.pending, *rest.pending))
        self.say(describe_estimate(everything, self.session))

    def _expand(self, experiment: Experiment) -> list[RunConfig]:
        return [experiment.config_of(arm).with_changes(seed=seed) for seed in self.seeds for arm in experiment.arms]


def _describe_sweep(sweep: Sweep) -> str:
    space = sweep.space
    low, high = space.ranges[-1]
    many = len(sweep.seeds) > 1
    seeds = f"on {f'{len(sweep.seeds)} tuning seeds from' if many else 'tuning seed'} {sweep.seeds[0]:,}"
    lines = [
        f"{sweep.experiment.name}: {len(sweep.merged)} arms try the same {len(space.values)} values of {space.setting} "
        f"from {low:g} to {high:g}, {seeds} (measured on seeds from 0)"
    ]
    lines += [
        f"  {name} stands for {', '.join(others)} too: they differ in {space.setting} alone"
        for name, others in sweep.merged.items()
        if others
    ]
    return "\n".join(lines)


def _widen(record: TuningRecord) -> str:
    """Return a wider range, on the sides that the selected values ask for."""
    low, high = record.ranges[-1]
    edges = {arm.edge for arm in record.arms}
    if record.scale != "log":
        return "LOW,HIGH"
    return f"{low / 10 if 'lowest' in edges else low:g},{high * 10 if 'highest' in edges else high:g}"
