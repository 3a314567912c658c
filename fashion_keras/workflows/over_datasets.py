"""Run over several data sets: the same comparisons on each, then one verdict over all."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_keras.data.dataset import FASHION_MNIST_NAME
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment
from fashion_keras.formatting import count_noun, one_line, safe_name
from fashion_keras.reporting.over_datasets import OverAll, find_over_all, write_ranks
from fashion_keras.reporting.records import print_json
from fashion_keras.reporting.rendering import to_csv, to_markdown
from fashion_keras.reporting.terminal import to_rich
from fashion_keras.reporting.units import Unit
from fashion_keras.storage.files import write_files
from fashion_keras.workflows.job import RunOptions
from fashion_keras.workflows.judge import ComparisonOutcome
from fashion_keras.workflows.run import RunOutcome, run_experiments, run_job
from fashion_keras.workflows.session import Session

__all__ = ["run_over_datasets"]


def run_over_datasets(
    experiments: Sequence[Experiment], options: RunOptions, values: Mapping[str, Any], datasets: Sequence[str]
) -> int:
    """Run comparisons on each data set, print what came out of each, and last what holds over all.

    Args:
        experiments: What to compare.
        options: What the user says.
        values: The command's options, see `Session.of`.
        datasets: As `--dataset` takes them, or `fashion_mnist`.

    Returns:
        The exit status: 1 where a run or an export failed, else that of what is required on every data set, or 0.

    Raises:
        UserError: An option, the data or the disk is wrong; two data sets have one name.
    """
    sessions = _open(values, datasets)
    outcomes = {}
    for name, session in sessions.items():
        session.started = time.monotonic()  # all were opened at once
        session.say(f"Data set {one_line(name)}")
        if options.dry_run:
            run_experiments(experiments, options, session)
        else:
            outcomes[name] = run_job(experiments, options, session)
    if outcomes and not options.shard:
        session = next(iter(sessions.values())).aloud()
        _finish(outcomes, options, session)
    return _join(outcomes).status(options.require)


def _join(outcomes: Mapping[str, RunOutcome]) -> RunOutcome:
    comparisons = tuple(item for each in outcomes.values() for item in each.comparisons)
    return RunOutcome(comparisons, tuple(line for each in outcomes.values() for line in each.failures))


def _open(values: Mapping[str, Any], datasets: Sequence[str]) -> dict[str, Session]:
    """Return a session for each data set, by its name; all data is found before any run starts."""
    sessions: dict[str, Session] = {}
    for path in datasets:
        is_ours = path == FASHION_MNIST_NAME and not Path(path).exists()
        size = {"image_size": None} if is_ours else {}
        session = Session.of({**values, "dataset": None if is_ours else path, **size})
        name = session.location.name
        if safe_name(name) in map(safe_name, sessions):
            raise ConfigError(f"two data sets are called {name!r}, and their tables would share a folder; rename one")
        sessions[name] = session
    return sessions


def _finish(outcomes: Mapping[str, RunOutcome], options: RunOptions, session: Session) -> None:
    """Print and write what holds over all data sets, comparison by comparison."""
    content = {}
    names = dict.fromkeys(
        each.report.all_results.record.name for outcome in outcomes.values() for each in outcome.comparisons
    )
    for name in names:
        found = {
            dataset: each
            for dataset, outcome in outcomes.items()
            for each in outcome.comparisons
            if each.report.all_results.record.name == name and each.is_judged
        }
        if len(found) < len(outcomes):
            left = ", ".join(one_line(dataset) for dataset in outcomes if dataset not in found)
            session.say(f"{name}: no verdict over all data sets before each has its own ({left})")
            continue
        over = _over(found)
        content[name] = over.to_json()
        _show(name, over, session)
    if options.json:
        print_json(_join(outcomes).to_json(options.require) | {"over_datasets": content})


def _over(found: Mapping[str, ComparisonOutcome]) -> OverAll:
    record = next(iter(found.values())).report.all_results.record
    unit = Unit.of(record.metric, [row for each in found.values() for row in each.report.all_results.values.values()])
    return find_over_all({dataset: each.report.all_comparisons for dataset, each in found.items()}, unit)


def _show(name: str, over: OverAll, session: Session) -> None:
    folder = session.out / f"{safe_name(name)}__over_{len(over.datasets)}_data_sets"
    session.console.print(to_rich(over.table, explain=False))
    for line in over.sentences:
        session.say(line)
    write_files(folder, {"table.md": to_markdown(over.table), "table.csv": to_csv(over.table)})
    if over.ranks is not None:
        write_ranks(over.ranks, len(over.datasets), folder / "ranks.png")
    session.say(f"Written to {folder} ({count_noun(len(over.datasets), 'data set')})")
