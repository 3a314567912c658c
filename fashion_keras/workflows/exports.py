"""Exports of a job: the first seed of every arm as a SavedModel."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fashion_keras.export.task import ExportTask, execute_export
from fashion_keras.formatting import count_noun, safe_name
from fashion_keras.inference.record import find_export
from fashion_keras.storage.runs import StoredRun
from fashion_keras.workflows.job import Job
from fashion_keras.workflows.judge import ComparisonOutcome

__all__ = ["export_models"]


def export_models(
    outcomes: Sequence[ComparisonOutcome], job: Job
) -> tuple[tuple[ComparisonOutcome, ...], tuple[str, ...]]:
    """Export the first seed of every arm but those that diverged, where that export is not there already.

    Args:
        outcomes: What came out of the comparisons.
        job: Theirs.

    Returns:
        The outcomes with their exports, and a line for each export that failed.
    """
    runs = {path: run for outcome in outcomes for path, run in _paths(outcome).values()}
    missing = [path for path, run in runs.items() if find_export(path, run.run_id) is None]
    if not runs and all(comparison.experiment.base.trainer is not None for comparison in job.comparisons):
        return tuple(outcomes), ()  # what a custom trainer has trained, it alone knows
    failures = _export({path: runs[path] for path in missing}, job)
    exported = tuple(
        replace(each, exports={name: path for name, (path, _) in _paths(each).items() if path not in failures})
        for each in outcomes
    )
    folders = sorted({str(path.parent.parent) for path in runs})
    num_exported = len(runs) - len(failures)
    job.session.say(f"SavedModels: {', '.join(folders) or 'none'} ({count_noun(num_exported, 'arm')})")
    return exported, tuple(failures.values())


def _paths(outcome: ComparisonOutcome) -> dict[str, tuple[Path, StoredRun]]:
    """Where the first run of each arm is exported to; a modified comparison keeps its models beside its tables."""
    record = outcome.results.record
    folder = outcome.folder / "saved_models" if record.modification else Path("saved_models") / safe_name(record.name)
    first = {arm.name: arm.runs.get(0) for arm in outcome.results.arms}
    return {
        name: (folder / safe_name(name) / "1", run)
        for name, run in first.items()
        if run is not None and run.status == "finished" and run.config.trainer is None
    }


def _export(runs: dict[Path, StoredRun], job: Job) -> dict[Path, str]:
    """Export runs to these paths, and return a line for each that failed."""
    session = job.session
    tasks = [ExportTask(run.path, path, session.location) for path, run in runs.items()]
    # Here and not on a cluster: the folder is this machine's.
    with session.console.status(f"Exporting {count_noun(len(tasks), 'model')}"):
        outcomes = list(session.local_engine.run(execute_export, tasks)) if tasks else []
    return {task.path: outcome.failure_of(task.label) for task, outcome in outcomes if outcome.status == "failed"}
