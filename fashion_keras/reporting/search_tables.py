"""Trials of a search for people and for programs: the leaderboard and the CSV files."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from fashion_keras.config.identity import canonical_json
from fashion_keras.formatting import csv_text
from fashion_keras.reporting.rendering import escape_markdown, markdown_row
from fashion_keras.storage.results import METRICS
from fashion_keras.storage.trials import Objective, Trial, rank_trials
from fashion_keras.tuning.search.spaces import describe_values

__all__ = ["SHOWN", "leaderboard_rows", "to_markdown", "to_rich", "trials_csv"]

SHOWN = 10
HEADS = ("rank", "trial", "validation accuracy, %", "validation loss", "epochs", "minutes", "settings")


def leaderboard_rows(trials: Sequence[Trial], objective: Objective) -> list[tuple[str, ...]]:
    """Return the trials as texts under `HEADS`, the best first."""
    return [(str(place), *_texts(trial)) for place, trial in enumerate(rank_trials(trials, objective), start=1)]


def _texts(trial: Trial) -> tuple[str, ...]:
    settings, epochs = describe_values(trial.values), str(trial.config.epochs)
    if trial.status == "failed":
        return (str(trial.number), "failed", "–", epochs, "–", f"{settings}; {trial.message}")
    is_finished = trial.status == "finished"
    accuracy = f"{100 * (trial.val_accuracy or 0):.2f}" if is_finished else "diverged"
    loss = f"{trial.val_loss or 0:.4f}" if is_finished else "–"
    minutes = sum(run.stored.seconds["total"] for run in trial.runs if run.stored) / 60
    return (str(trial.number), accuracy, loss, epochs, f"{minutes:.2f}", settings)


def to_rich(rows: Sequence[tuple[str, ...]]) -> Table:
    """Return the first rows of the leaderboard for the terminal."""
    table = Table(box=box.HORIZONTALS, show_edge=False, pad_edge=False)
    for head in HEADS:
        table.add_column(
            head.replace(" ", "\n"), justify="left" if head == "settings" else "right", no_wrap=head != "settings"
        )
    for row in rows[:SHOWN]:
        table.add_row(*(Text(cell) for cell in row))
    return table


def to_markdown(title: str, lines: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return the whole leaderboard as a page.

    Args:
        title: Its heading.
        lines: What there is to know of the search, an item each.
        rows: See `leaderboard_rows`.
    """
    text = [f"# {escape_markdown(title)}", "", *(f"- {escape_markdown(line)}" for line in lines), ""]
    text += [markdown_row(HEADS), markdown_row(["---:"] * (len(HEADS) - 1) + ["---"])]
    text += [markdown_row(escape_markdown(cell) for cell in row) for row in rows]
    return "\n".join(text) + "\n"


def trials_csv(trials: Sequence[Trial]) -> str:
    """Return every trial as a row, in their order.

    The columns are `trial`, `generation`, `status` (`finished`, `diverged` or `failed`), the last epoch's values under
    `METRICS` (fractions and nats; those of the test set are empty, as it is never evaluated), `epochs`,
    `train_seconds`, `total_seconds` and `startup_seconds`, the run's `folder` in the store and `run_id`, `config` and
    `message`, and a column `hp:NAME` for each hyperparameter, empty where it does not apply.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    heads = ["trial", "generation", "status", *METRICS, "epochs", *(f"{name}_seconds" for name in _SECONDS)]
    heads += ["folder", "run_id", "config", "message", *(f"hp:{name}" for name in names)]
    return csv_text(heads, (_fields(trial, names) for trial in trials))


_SECONDS = ("train", "total", "startup")


def _fields(trial: Trial, names: Sequence[str]) -> list[Any]:
    stored = trial.runs[0].stored if trial.runs else None
    final = stored.final if stored else {}
    seconds = stored.seconds if stored else {}
    return [
        trial.number,
        trial.generation,
        trial.status,
        *(final.get(name) for name in METRICS),
        trial.config.epochs,
        *(seconds.get(name) for name in _SECONDS),
        trial.config.folder,
        trial.config.run_id,
        canonical_json(trial.config.to_json()),
        trial.message,
        *(trial.values.get(name) for name in names),
    ]
