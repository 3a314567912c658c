"""Files of a search, and the lines about it: pure functions of its trials, without TensorFlow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.experiments.source import experiment_source, plain_settings
from fashion_keras.formatting import format_duration, safe_name
from fashion_keras.reporting.search_tables import leaderboard_rows, to_markdown, trials_csv
from fashion_keras.storage.files import write_files
from fashion_keras.storage.trials import Trial, best_trial
from fashion_keras.tuning.search.analysis import FEWEST_TRIALS, ForestReport, measure_importance
from fashion_keras.tuning.search.spaces import describe_values
from fashion_keras.tuning.study import Study

__all__ = ["SearchResults", "describe_results", "write_outputs"]

_OF_THE_SEARCH = ("seed", "data", "evaluate_test", "precision")


@dataclass(frozen=True)
class SearchResults:
    """A search, whole or as far as it got.

    Attributes:
        name: The study's.
        study: What was searched.
        trials: In their order.
        num_validation: Images that every value was measured on.
        edges: What is to be said of the best trial's values at the ends of their ranges.
        log_scaled: Hyperparameters that are drawn on a logarithmic scale.
    """

    name: str
    study: Study
    trials: tuple[Trial, ...]
    num_validation: int
    edges: tuple[str, ...] = ()
    log_scaled: frozenset[str] = frozenset()

    @property
    def done(self) -> list[Trial]:
        """The trials that have their runs."""
        return [trial for trial in self.trials if trial.runs]

    @property
    def best(self) -> Trial | None:
        """The best trial; None where none has finished."""
        return best_trial(self.trials, self.study.objective)

    @property
    def title(self) -> str:
        """A line for people."""
        return f"{self.study.oracle.capitalize()} search of {self.study.space.name}, {len(self.trials)} trials"

    @property
    def file_name(self) -> str:
        """Of the comparison of the best trial with the base."""
        return safe_name(f"tuned_{self.study.space.name.replace(':', '_')}.py")

    def experiment(self) -> Experiment | None:
        """Return the comparison of the best trial with the base; None where there is none, or it is the base."""
        best, precision = self.best, self.study.base.precision
        settings = plain_settings(best.config, _OF_THE_SEARCH) if best else {}
        if not settings:
            return None
        published = "base" if precision == BASE.precision else None
        return Experiment(
            name=safe_name(f"tuned_{self.name}"),
            title=f"The best of {len(self.trials)} trials ({self.study.oracle} search of {self.study.space.name}) "
            "beside the base",
            base=replace(BASE, precision=precision),
            arms=(Arm("base", published=published), Arm("tuned", **settings)),
        )


def describe_results(results: SearchResults) -> list[str]:
    """Return what there is to know of a search, a line each."""
    study, trials = results.study, results.trials
    counts = {status: sum(trial.status == status for trial in trials) for status in ("finished", "diverged", "failed")}
    stored = [run.stored for trial in results.done for run in trial.runs if run.stored]
    seconds = sum(run.seconds["startup"] + run.seconds["total"] for run in stored)
    num_runs = len({trial.config for trial in trials})
    lines = [
        f"Study {results.name}: trials of {_describe_epochs(trials)} in {study.base.precision}, all on the seed "
        f"{study.tuning_seed}; comparisons measure on seeds that count from 0",
        f"{counts['finished']} trials finished, {counts['diverged']} diverged (taken for the worst value), "
        f"{counts['failed']} failed; {num_runs} different runs, {format_duration(seconds)} of single-threaded work",
        "The test set was never read",
    ]
    best = results.best
    if best is None:
        return [*lines, "No trial finished: there is nothing to select"]
    value = study.objective.text(study.objective.value(best))
    lines.append(f"Best trial: {best.number}, {study.objective.name} {value}: {describe_values(best.values)}")
    if study.objective.is_accuracy:
        lines.append(_noise_line(results, study.objective.value(best)))
    return [*lines, *(f"{edge}: better values may lie beyond" for edge in results.edges)]


def _describe_epochs(trials: Sequence[Trial]) -> str:
    """How long the trials were: Hyperband's differ, and those of a space that sets its epochs itself."""
    epochs = sorted({trial.config.epochs for trial in trials})
    return f"{epochs[0]} epochs" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]} epochs"


def _noise_line(results: SearchResults, accuracy: float) -> str:
    """How far the images that happen to be in the validation set leave an accuracy open."""
    error = math.sqrt(max(accuracy * (1 - accuracy), 0.0) / results.num_validation)
    near = sum(results.study.objective.value(trial) > accuracy - error for trial in results.done)
    return (
        f"On {results.num_validation:,} validation images an accuracy has a standard error of {100 * error:.2f} "
        f"points; {near} of the trials lie within it of the best, and the best of many looks better than it is"
    )


def write_outputs(results: SearchResults, folder: Path) -> list[Path]:
    """Write leaderboard, trials, the comparison of the best, pictures and importances, and return their paths.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    forest = _measure(results)
    lines = [*describe_results(results), *_describe_forest(forest)]
    rows = leaderboard_rows(results.trials, results.study.objective)
    contents = {
        "leaderboard.md": to_markdown(results.title, lines, rows),
        "trials.csv": trials_csv(results.trials),
    }
    experiment = results.experiment()
    if experiment is not None:
        contents[results.file_name] = experiment_source(experiment, _docstring(results, folder / results.file_name))
    paths = write_files(folder, contents)
    return [*paths, *_draw(results, forest, folder)] if results.done else paths


def _docstring(results: SearchResults, path: Path) -> str:
    """What the file of the comparison says of its search."""
    study, best = results.study, results.best
    if best is None:
        return ""
    value = study.objective.text(study.objective.value(best))
    return (
        f"The best of {len(results.trials)} trials of a search, beside the base.\n\n"
        f"Search:     {study.oracle} search of {study.space.name} with seed {study.seed}, by "
        f"{study.objective.name} alone:\n"
        f"            trial {best.number} of study {results.name} reached {value}.\n"
        f"Run:        fashion-keras run {path}\n"
        "Cost:       2 arms x 10 seeds; --dry-run says how long here.\n"
    )


def _measure(results: SearchResults) -> ForestReport | None:
    """Hyperband's short trials would be compared with long ones: only whole ones count, where there are enough."""
    whole = [trial for trial in results.done if trial.is_full]
    chosen = whole if len(whole) >= FEWEST_TRIALS else results.done
    sign = 1 if results.study.objective.is_accuracy else -1
    scores = [sign * results.study.objective.value(trial) for trial in chosen]
    # The number of epochs is Hyperband's, and matters more than anything else.
    values = [{**trial.values, **({} if chosen is whole else {"epochs": trial.config.epochs})} for trial in chosen]
    return measure_importance(values, scores)


def _describe_forest(forest: ForestReport | None) -> list[str]:
    if forest is None:
        return [f"Importances need at least {FEWEST_TRIALS} trials that differ"]
    first = forest.importances[:3]
    text = ", ".join(f"{item.name} {item.mean:.2f} ({item.low:.2f} to {item.high:.2f})" for item in first)
    return [
        "What mattered most, by permutation importance of random forests, as share of the variance of the trials' "
        f"ranks: {text}; the forests explain {100 * forest.explained:.0f} % of it in trials that they had not seen"
    ]


def _draw(results: SearchResults, forest: ForestReport | None, folder: Path) -> Sequence[Path]:
    from fashion_keras.reporting import search_figures as figures
    from fashion_keras.reporting.figures import write_figures  # matplotlib takes half a second to load

    done, objective, title = results.done, results.study.objective, results.title

    def draw() -> dict[str, figures.Figure]:
        drawn = {
            "best_so_far": figures.draw_best_so_far(done, objective, title, results.study.oracle == "random"),
            "slices": figures.draw_slices(done, objective, title, results.log_scaled),
        }
        return drawn | ({"importance": figures.draw_importance(forest, title)} if forest else {})

    return write_figures(draw, folder)
