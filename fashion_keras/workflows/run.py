"""Run of comparisons: prepare the job, train its rounds, judge, show, write the report, export."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fashion_keras.execution.batch import label_of
from fashion_keras.experiments.definition import Experiment
from fashion_keras.formatting import count_noun, format_duration
from fashion_keras.reporting import describe_power
from fashion_keras.reporting.findings import describe_design
from fashion_keras.reporting.gates import Gate, exit_status
from fashion_keras.reporting.records import comparison_to_json, print_json
from fashion_keras.reporting.units import unit_of
from fashion_keras.storage.comparison import load_results
from fashion_keras.storage.tunings import TuningRecord
from fashion_keras.workflows.job import QUICK_EPOCHS, Job, RunOptions, find_overrides, prepare
from fashion_keras.workflows.judge import (
    ComparisonOutcome,
    export_models,
    judge,
    print_answers,
    print_outcomes,
    write_reports,
)
from fashion_keras.workflows.plan import Plan, describe_estimate, describe_plan
from fashion_keras.workflows.rounds import train_rounds, whole_plan
from fashion_keras.workflows.session import Session, describe_interrupt

__all__ = [
    "QUICK_EPOCHS", "ComparisonOutcome", "RunOptions", "RunOutcome", "compare", "find_overrides", "run_experiments",
    "run_job",
]  # fmt: skip

Show = Callable[[Sequence[ComparisonOutcome]], None]


@dataclass(frozen=True)
class RunOutcome:
    """What came out of a job.

    Attributes:
        comparisons: Those that have a finished run, in their order; none of a shard.
        failures: A line for each run and each export that failed.
    """

    comparisons: tuple[ComparisonOutcome, ...]
    failures: tuple[str, ...]

    def gates(self, requirement: str | None) -> list[Gate]:
        """Return whether each comparison shows what is required; nothing where nothing is."""
        return [each.report.require(requirement) for each in self.comparisons if requirement]

    def status(self, requirement: str | None) -> int:
        """Return the exit status: code that fails is no open question, which a job of CI may let pass."""
        return 1 if self.failures else exit_status(self.gates(requirement)) if requirement else 0

    def to_json(self, requirement: str | None) -> dict[str, Any]:
        """Return what came out as plain values."""
        comparisons = [
            comparison_to_json(each.report, requirement)
            | {"files": list(map(str, each.paths)), "models": {arm: str(path) for arm, path in each.exports.items()}}
            for each in self.comparisons
        ]
        return {"comparisons": comparisons, "failures": list(self.failures)}


def run_experiments(
    experiments: Sequence[Experiment],
    options: RunOptions,
    session: Session,
    tunings: Mapping[str, tuple[TuningRecord, Mapping[str, Any]]] | None = None,
) -> int:
    """Run comparisons and print what came out, or say what would run; the arguments are those of `prepare`.

    Returns:
        The exit status: 1 where a run or an export failed, else that of what is required, see `exit_status`, or 0.

    Raises:
        UserError: An option, the data or the disk is wrong.
        KeyboardInterrupt: After the tables of what is done were written.
    """
    with session:
        job = prepare(experiments, options, session, tunings)
        if options.dry_run:
            _describe(job)
            return 0
        outcome = _run(job)
    if options.json:
        print_json(outcome.to_json(options.require))
    return outcome.status(options.require)


def run_job(experiments: Sequence[Experiment], options: RunOptions, session: Session) -> RunOutcome:
    """Run comparisons, print what came out, and return it; the arguments are those of `run_experiments`."""
    with session:
        return _run(prepare(experiments, options, session))


def _run(job: Job) -> RunOutcome:
    with job.session as session:
        outcome = _carry_out(job, lambda outcomes: print_outcomes(outcomes, job))
    aloud = replace(job, session=session.aloud())
    for line in outcome.failures:
        aloud.session.say(line)
    if job.options.shard:
        session.say("When all shards are done, the same command without --shard writes tables, curves and SavedModels")
    session.say(f"Took {format_duration(session.seconds)}")
    print_answers(outcome.comparisons, aloud)
    for gate in outcome.gates(job.options.require):
        aloud.session.say(gate.why)
    return outcome


def compare(experiment: Experiment, options: RunOptions | None = None, session: Session | None = None) -> RunOutcome:
    """Run one comparison as the command does, and return what came out instead of printing its tables.

    Args:
        experiment: What to compare.
        options: As of the command; None is its defaults.
        session: Data, store, engine and console, where progress is shown; None is the command's defaults.

    Raises:
        UserError: An option, the data or the disk is wrong.
    """
    with session or Session() as session:
        return _carry_out(prepare([experiment], options or RunOptions(), session), lambda _: None)


def _carry_out(job: Job, show: Show) -> RunOutcome:
    """Train, judge, show, write and export."""
    session, plan = job.session, whole_plan(job)
    text = describe_plan(plan, session.engine)  # before anything is written: it may find no cluster
    job = job.with_saved_records()
    if session.location.content_hash:
        session.say(f"Data: {session.dataset.name} from {session.location.origin}")
    session.say(text)
    if any(len(each.record.design.looks) > 1 for each in job.comparisons):
        is_part = job.options.shard or job.options.arms
        unless = ", but runs of other commands are not waited for: --fixed looks once" if is_part else ""
        session.say(
            f"At most so many: after each look an arm that is decided, or never would be, gets no more seeds{unless}"
        )
    with _interrupt_reported(plan, session):
        try:
            failed = train_rounds(job)
        except KeyboardInterrupt:
            if not job.options.shard:
                _judge_and_show(job, show)
            raise
        failures = tuple(outcome.failure_of(label_of(config, job.labels)) for config, outcome in failed.items())
        if job.options.shard:
            return RunOutcome((), failures)
        outcomes, export_failures = export_models(_judge_and_show(job, show), job)
        return RunOutcome(outcomes, (*failures, *export_failures))


@contextmanager
def _interrupt_reported(plan: Plan, session: Session) -> Iterator[None]:
    """Say what Ctrl-C has cost."""
    try:
        yield
    except KeyboardInterrupt:
        session.say(describe_interrupt(plan.count_done(session.store), "new run"))
        raise


def _judge_and_show(job: Job, show: Show) -> tuple[ComparisonOutcome, ...]:
    outcomes = judge(job)
    show(outcomes)
    return write_reports(outcomes, job)


def _describe(job: Job) -> None:
    """Say which runs are needed, which are there, what they could show, and how long the rest takes."""
    job = job.with_known_records()
    session, plan = job.session, whole_plan(job)
    pending = set(plan.pending)
    for comparison in job.comparisons:
        session.say(f"{comparison.experiment.name}: {comparison.experiment.title}")
        for name, config in comparison.configs.items():
            found = sum(config.with_changes(seed=seed) not in pending for seed in job.seeds)
            runs = f"at most {count_noun(len(job.seeds), 'run')}"
            runs += f" of {count_noun(config.epochs, 'epoch')}" if config.trainer is None else ""
            session.say(f"  {name}: {runs}, {found} in the store")
        results = load_results(session.store, comparison.record, job.seeds)
        session.say(f"  {describe_design(comparison.record.design, unit=unit_of(results))}")
        for line in describe_power(results):
            session.say(f"  {line}")
    session.say(describe_plan(plan, session.engine))
    session.say(describe_estimate(plan, session))
