"""Rounds of training: the runs that are needed up to the next look, then the decision which arms need more seeds."""

from collections.abc import Iterator, Sequence

from fashion_keras.execution.batch import Failures, train_runs
from fashion_keras.experiments.definition import Arm
from fashion_keras.workflows.job import Job, PlannedComparison
from fashion_keras.workflows.plan import Plan, Work, make_plan, take_shard

__all__ = ["plan_rounds", "train_rounds", "whole_plan"]


def whole_plan(job: Job) -> Plan:
    """Return every run that a job may need, up to its last look."""
    return _plan(job, [(each.experiment, each.arms) for each in job.comparisons], len(job.seeds))


def train_rounds(job: Job) -> Failures:
    """Train round after round what the store lacks.

    Returns:
        What failed; the store has all others.
    """
    failures: Failures = {}
    session = job.session
    for plan in plan_rounds(job):
        failures |= train_runs(
            plan.pending, session.store, session.location, session.engine, session.console, job.labels
        )
    return failures


def plan_rounds(job: Job) -> Iterator[Plan]:
    """Yield the plan of each round; it is made when the round before it has been trained."""
    num_done = 0
    for num_seeds in _looks(job):
        work = [(each.experiment, _arms_to_train(each, num_done)) for each in job.comparisons]
        yield _plan(job, work, num_seeds)
        num_done = num_seeds


def _plan(job: Job, work: Sequence[Work], num_seeds: int) -> Plan:
    plan = make_plan(work, range(num_seeds), job.session.store)
    return take_shard(plan, *job.options.shard) if job.options.shard else plan


def _looks(job: Job) -> tuple[int, ...]:
    """The numbers of seeds after which the arms are judged: once, at the planned number."""
    return (len(job.seeds),)


def _arms_to_train(comparison: PlannedComparison, _num_done: int) -> tuple[Arm, ...]:
    """The arms that still need seeds once so many are done: all, as nothing is decided before the last look."""
    return comparison.arms
