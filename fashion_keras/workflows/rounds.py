"""Rounds of training: the runs that are needed up to the next look, then the decision which arms need more seeds."""

from collections.abc import Iterator
from functools import partial

from fashion_keras.config.run_config import RunConfig
from fashion_keras.execution.batch import Failures, train_runs
from fashion_keras.statistics import Verdict
from fashion_keras.storage.comparison import load_results
from fashion_keras.workflows.job import Job, PlannedComparison
from fashion_keras.workflows.plan import Plan, join_plans, make_plan, take_shard

__all__ = ["plan_rounds", "train_rounds", "whole_plan"]


def whole_plan(job: Job) -> Plan:
    """Return every run that a job may need, up to its last look; of what is decided, those that are there."""
    arms = [config for each in job.comparisons for config in each.configs.values()]
    plan = make_plan(arms, job.seeds, job.session.store)
    if job.options.shard:
        return take_shard(plan, *job.options.shard)
    if job.options.arms is None and not _next_plan(job.with_known_records()).pending:
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
            plan.pending,
            session.store,
            session.location,
            session.engine,
            session.console,
            job.labels,
            partial(_check_metrics, job),
        )
    return failures


def _check_metrics(job: Job, config: RunConfig) -> None:
    """Check that a run has what its comparisons are judged by, before many are trained: a custom trainer may lack it.

    Raises:
        StoreError: It has not.
    """
    arm, run = config.with_changes(seed=0), job.session.store.find_folder(config.folder)
    for comparison in job.comparisons:
        if run is not None and arm in comparison.configs.values():
            run.judged_value(comparison.record.metric)


def plan_rounds(job: Job) -> Iterator[Plan]:
    """Yield the plan of each round: what is missing up to the next look, made when the round before has been trained.

    Where arms or runs are left out, somebody else trains what a look waits for, and it is not waited for: a round then
    has the seeds up to the next look of the arms that the store does not show decided when it begins. A run is tried
    once.
    """
    if job.options.shard or job.options.arms is not None:
        yield from _plan_part(job)
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
        names, number = load_results(store, comparison.record).needed
        if number <= len(job.seeds):
            arms = [config for name, config in comparison.configs.items() if name in names]
            plans.append(make_plan(arms, range(number), store))
    return join_plans(plans)


def _plan_part(job: Job) -> Iterator[Plan]:
    """Yield the rounds of a part of the runs that was dealt out or asked for."""
    left = list(whole_plan(job).pending)
    looks = {look for each in job.comparisons for look in each.record.design.looks if look < len(job.seeds)}
    for number in sorted({*looks, len(job.seeds)}):
        wanted = {config for each in job.comparisons for config in _undecided(each, job)} if left else set()
        due = tuple(config for config in left if config.seed < number and config.with_changes(seed=0) in wanted)
        left = [config for config in left if config.seed >= number]
        if due:
            yield Plan(due, due)


def _undecided(comparison: PlannedComparison, job: Job) -> list[RunConfig]:
    """Return the configurations, of seed 0, of the arms that need more seeds by what the store has now."""
    record = comparison.record
    results = load_results(job.session.store, record)
    done = {item.arm for item in results.comparisons if item.verdict is not Verdict.UNDECIDED or item.given_up}
    if len(done) == len(record.arms) - 1:
        return []
    return [config for name, config in comparison.configs.items() if name not in done]
