"""Judgement of a job: the finished runs of each comparison, its verdicts, tables, reports and exported models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fashion_keras.export.task import ExportTask, execute_export
from fashion_keras.formatting import count_noun, safe_name
from fashion_keras.inference.record import RECORD, find_export
from fashion_keras.reporting import Report, print_answer, print_tables, write_report
from fashion_keras.reporting.tensorboard import write_logs
from fashion_keras.reporting.terminal import answered_anyway
from fashion_keras.statistics import Verdict
from fashion_keras.storage.comparison import add_look, load_settled
from fashion_keras.storage.runs import StoredRun
from fashion_keras.workflows.job import Job, PlannedComparison
from fashion_keras.workflows.session import Session

__all__ = ["ComparisonOutcome", "export_models", "judge", "print_answers", "print_outcomes", "write_reports"]


@dataclass(frozen=True)
class ComparisonOutcome:
    """What came out of a comparison.

    Attributes:
        report: What there is to say of the arms that were asked for.
        folder: Where its report is.
        paths: The files of the report.
        exports: The SavedModels of its arms, by the arms' names.
    """

    report: Report
    folder: Path
    paths: tuple[Path, ...] = ()
    exports: Mapping[str, Path] = field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Whether every arm is decided, given up, or was looked at with all its seeds: later seeds change nothing."""
        last, comparisons = self.report.all_results.record.design.looks[-1:], self.report.all_comparisons
        open_ = [item for item in comparisons if item.verdict is Verdict.UNDECIDED]
        return bool(comparisons and last) and all(item.given_up or item.look == last[0] for item in open_)


def judge(job: Job) -> tuple[ComparisonOutcome, ...]:
    """Return what came out of each comparison of a job that has a finished run, and note which were looked at."""
    loaded = [_load(comparison, job.session) for comparison in job.comparisons]
    outcomes = tuple(outcome for outcome in loaded if any(arm.runs for arm in outcome.report.results.arms))
    for outcome in outcomes:
        # Whichever arms were asked for: the verdicts are over all of them.
        if looks := [item.look for item in outcome.report.all_comparisons if item.look is not None]:
            add_look(job.session.store, outcome.report.all_results.record, max(looks))
    return outcomes


def _load(comparison: PlannedComparison, session: Session) -> ComparisonOutcome:
    whole = load_settled(session.store, comparison.record)
    shown = whole.select([arm.name for arm in comparison.arms])
    return ComparisonOutcome(Report(shown, whole), session.out / comparison.record.folder)


def print_outcomes(outcomes: Sequence[ComparisonOutcome], job: Job) -> None:
    """Print the tables."""
    session = job.session
    for outcome in outcomes:
        results = outcome.report.results
        print_tables(session.console, outcome.report, explain=job.options.explain)
        if outcome.report.differences is None and not all(arm.runs for arm in outcome.report.all_results.arms):
            session.say("No differences yet: they are judged over all arms together, and some have no run of a seed")
        undecided = [item for item in outcome.report.all_comparisons if item.verdict is Verdict.UNDECIDED]
        if any(item.look and not item.given_up for item in undecided) and len(results.seeds) < len(job.seeds):
            shown = count_noun(len(results.seeds), "seed")
            session.say(f"Shown as at the look at {shown}: runs for the next one are missing")


def print_answers(outcomes: Sequence[ComparisonOutcome], job: Job) -> None:
    """Print what each comparison found, the last on the screen."""
    session = job.session
    for outcome in outcomes:
        if len(outcomes) > 1:
            session.say(f"{outcome.report.results.record.heading}:")
        print_answer(session.console, outcome.report, workers=session.engine.workers)


def write_reports(outcomes: Sequence[ComparisonOutcome], job: Job) -> tuple[ComparisonOutcome, ...]:
    """Write the tables, the curves and the logs, and return the outcomes with the paths.

    The folder is the comparison's: whichever arms were asked for, its files show all that are there.
    """
    written = []
    for outcome in outcomes:
        with answered_anyway(job.session.console, outcome.report):
            paths = write_report(Report(outcome.report.all_results), outcome.folder)
        job.session.say(f"Written to {outcome.folder}: table.md and {len(paths) - 1} more files")
        if job.options.tensorboard is not None:
            job.session.say(write_logs(outcome.report.results, job.options.tensorboard / outcome.folder.name))
        written.append(replace(outcome, paths=tuple(paths)))
    return tuple(written)


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
    if left := [str(path) for each in outcomes for path in _models_of_no_arm(each)]:
        job.session.say(f"Models of no arm any more: {', '.join(left)}")
    return exported, tuple(failures.values())


def _models_folder(outcome: ComparisonOutcome) -> Path:
    """Where its models are; a modified comparison keeps them beside its tables."""
    record = outcome.report.results.record
    return outcome.folder / "saved_models" if record.modification else Path("saved_models") / safe_name(record.name)


def _paths(outcome: ComparisonOutcome) -> dict[str, tuple[Path, StoredRun]]:
    """Where the first run of each arm is exported to."""
    first = {arm.name: arm.runs.get(0) for arm in outcome.report.results.arms}
    return {
        name: (_models_folder(outcome) / safe_name(name) / "1", run)
        for name, run in first.items()
        if run is not None and run.status == "finished" and run.config.trainer is None
    }


def _models_of_no_arm(outcome: ComparisonOutcome) -> list[Path]:
    """Return the folders of models whose arms were renamed or taken out since."""
    arms = {safe_name(arm.name) for arm in outcome.report.all_results.arms}
    models = {path.parents[2] for path in _models_folder(outcome).glob(f"*/1/{RECORD}")}
    return sorted(path for path in models if path.name not in arms)


def _export(runs: dict[Path, StoredRun], job: Job) -> dict[Path, str]:
    """Export runs to these paths, and return a line for each that failed."""
    session = job.session
    tasks = [ExportTask(run.path, path, session.location) for path, run in runs.items()]
    # Here and not on a cluster: the folder is this machine's.
    if not tasks:
        return {}
    with session.console.status(f"Exporting {count_noun(len(tasks), 'model')}"):
        outcomes = list(session.local_engine.run(execute_export, tasks))
    return {task.path: outcome.failure_of(str(task.path)) for task, outcome in outcomes if outcome.status == "failed"}
