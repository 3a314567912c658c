"""Rounds of training: the runs that are needed up to the next look, then the decision which arms need more seeds."""

from collections.abc import Iterator

from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution.batch import Failures, train_runs
from fashion_keras.storage.comparison import load_results
from fashion_keras.workflows.job import Job
from fashion_keras.workflows.plan import Plan, join_plans, make_plan, take_shard

__all__ = ["plan_rounds", "train_rounds", "whole_plan"]


def whole_plan(job: Job) -> Plan:
    """Return every run that a job may need, up to its last look; of what is decided, those that are there."""
    plan = make_plan([(each.experiment, each.arms) for each in job.comparisons], job.seeds, job.session.store)
    if job.options.shard:
        return take_shard(plan, *job.options.shard)
    if job.options.arms is None and not _next_plan(job).pending:
        pending = set(plan.pending)
        return Plan(tuple(config for config in plan.configs if config not in pending), ())
    return plan


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
    """Yield the plan of each round: what is missing up to the next look, made when the round before has been trained.

    Where arms or runs are left out, nothing can be decided before all seeds are there, and there is one round. A run is
    tried once.
    """
    if job.options.shard or job.options.arms is not None:
        yield whole_plan(job)
        return
    tried: set[RunConfig] = set()
    while True:
        plan = _next_plan(job)
        pending = tuple(config for config in plan.pending if config not in tried)
        if not pending:
            return
        tried.update(pending)
        yield Plan(plan.configs, pending)


def _next_plan(job: Job) -> Plan:
    """Return the runs up to the next look of each comparison, of the arms that still need seeds for it."""
    store, plans = job.session.store, []
    for comparison in job.comparisons:
        record = comparison.record
        names, number = load_results(store, record, range(record.design.num_seeds)).needed
        if number <= len(job.seeds):
            plans.append(
                make_plan([(comparison.experiment, comparison.experiment.select(names))], range(number), store)
            )
    return join_plans(plans)
