"""The files of a search, and what is said of it: pure functions of its trials, without TensorFlow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_keras.formatting import format_duration
from fashion_keras.reporting.search_tables import importance_csv, leaderboard_rows, to_markdown, trials_csv
from fashion_keras.storage.files import write_files
from fashion_keras.tuning.search.importance import FEWEST_TRIALS, ForestReport, measure_importance
from fashion_keras.tuning.search.picks import Pick, pick_settings
from fashion_keras.tuning.search.study import Study
from fashion_keras.tuning.search.trials import Trial, describe_values, rank

PICK = "chosen.json"


@dataclass(frozen=True)
class SearchResults:
    """A search, whole or as far as it got.

    Attributes:
        name: The study's.
        study: What was searched.
        trials: In their order.
        num_validation: Images that every value was measured on.
        edges: What is to be said of the pick's values at the ends of their ranges.
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
        """The trials that have a run."""
        return [trial for trial in self.trials if trial.run]

    @property
    def best(self) -> Trial | None:
        """The pick; None where no trial has finished."""
        found = rank(self.trials, self.study.objective)[:1]
        return found[0] if found and found[0].status == "finished" else None

    @property
    def title(self) -> str:
        """A line for people."""
        return f"{self.study.oracle.capitalize()} search of {self.study.space.name}, {len(self.trials)} trials"

    def pick(self) -> Pick | None:
        """Return what is to be measured; None where no trial has finished."""
        study, best = self.study, self.best
        if best is None or best.run is None:
            return None
        return Pick(
            space=study.space.name,
            study=self.name,
            oracle=study.oracle,
            trials=len(self.trials),
            seed=study.seed,
            epochs=study.epochs,
            objective=study.objective.name,
            trial=best.number,
            value=study.objective.value(best.run),
            precision=study.precision,
            settings=pick_settings(best.config),
        )


def describe_results(results: SearchResults) -> list[str]:
    """Return what there is to know of a search, a line each."""
    study, trials = results.study, results.trials
    counts = {status: sum(trial.status == status for trial in trials) for status in ("finished", "diverged", "failed")}
    seconds = sum(trial.run.seconds["startup"] + trial.run.seconds["total"] for trial in results.done if trial.run)
    num_runs = len({trial.config for trial in trials})
    lines = [
        f"Study {results.name}: trials of {study.epochs} epochs in {study.precision}, all on the seed "
        f"{study.tuning_seed}; comparisons measure on seeds that count from 0",
        f"{counts['finished']} trials finished, {counts['diverged']} diverged (taken for the worst value), "
        f"{counts['failed']} failed; {num_runs} different runs, {format_duration(seconds)} of single-threaded work",
        "The test set was never read",
    ]
    best = results.best
    if best is None or best.run is None:
        return [*lines, "No trial finished: there is nothing to pick"]
    value = study.objective.text(study.objective.value(best.run))
    lines.append(f"Pick: trial {best.number}, {study.objective.name} {value}: {describe_values(best.values)}")
    if study.objective.is_accuracy:
        lines.append(_noise_line(results, study.objective.value(best.run)))
    return [*lines, *(f"{edge}: better values may lie beyond" for edge in results.edges)]


def _noise_line(results: SearchResults, accuracy: float) -> str:
    """How far the images that happen to be in the validation set leave an accuracy open."""
    error = math.sqrt(max(accuracy * (1 - accuracy), 0.0) / results.num_validation)
    near = sum(results.study.objective.value(trial.run) > accuracy - error for trial in results.done if trial.run)
    return (
        f"On {results.num_validation:,} validation images an accuracy has a standard error of {100 * error:.2f} "
        f"points; {near} of the trials lie within it of the best, and the best of many looks better than it is"
    )


def write_outputs(results: SearchResults, folder: Path) -> list[Path]:
    """Write leaderboard, trials, pick, pictures and importances, and return their paths.

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
    pick = results.pick()
    if pick is not None:
        contents[PICK] = pick.to_json()
    if forest is not None:
        contents["importance.csv"] = importance_csv(forest)
    paths = write_files(folder, contents)
    return [*paths, *_draw(results, forest, folder)] if results.done else paths


def _measure(results: SearchResults) -> ForestReport | None:
    """Hyperband's short trials would be compared with long ones: only whole ones count, where there are enough."""
    whole = [trial for trial in results.done if trial.is_full]
    chosen = whole if len(whole) >= FEWEST_TRIALS else results.done
    objective = results.study.objective
    scores = [objective.score(trial.run) for trial in chosen if trial.run]
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
