"""Comparison in Python: `compare` is the command `fashion-keras run`, its result is for scripts and notebooks.

from fashion_keras import BASE, Arm, Experiment, compare

result = compare(Experiment("rates", "Two rates", BASE, (Arm("0.02"), Arm("0.1", learning_rate=0.1))), seeds=10)
print(result)
"""

import argparse
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypedDict, Unpack

from fashion_keras.commands.options import Parser
from fashion_keras.commands.run import add_comparison_options
from fashion_keras.config.custom_code import is_reading
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import Experiment, misplaced
from fashion_keras.experiments.registry import check_name, find_data, load_experiment
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.reporting import answer_text, print_tables, runs_csv
from fashion_keras.reporting.terminal import plain_console
from fashion_keras.storage.files import write_files
from fashion_keras.workflows import run as workflow
from fashion_keras.workflows.judge import ComparisonOutcome
from fashion_keras.workflows.session import Session, fill

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

__all__ = ["CompareOptions", "ComparisonResult", "compare"]

_NOT_OFFERED = ("debug", "dry_run", "json", "require", "shard", "tune")
"""Of the command's options: what makes sense on a command line alone."""

_DOTS_PER_INCH = 100  # of a picture in a notebook


class CompareOptions(TypedDict, total=False):
    """Options of `compare`: those of `fashion-keras run`, by the same names."""

    seeds: int
    looks: Sequence[int]
    fixed: bool
    level: float
    margin: float
    epochs: int
    arms: Sequence[str]
    data_dir: str | Path
    dataset: str | Path
    image_size: tuple[int, int]
    offline: bool
    out: str | Path
    tensorboard: str | Path
    explain: bool
    quick: bool
    workers: int
    precision: str
    device: str
    runs_per_gpu: int
    engine: str
    address: str
    quiet: bool
    verbose: bool


def compare(experiment: Experiment | str | Path, **options: Unpack[CompareOptions]) -> "ComparisonResult":
    """Run a comparison as `fashion-keras run` does: train what the store lacks, write tables, curves and models.

    Works in a notebook, and in a script without a guard: its workers do not run the script again.

    Args:
        experiment: What to compare: an `Experiment`, the name of one of the project's, or a file.
        options: Those of the command by the same names, such as `seeds=10`, `dataset="digits.npz"`, `out="runs"`,
            `workers=2`, `quick=True` or `arms=("a", "b")`.

    Returns:
        The result, which prints its answer.

    Raises:
        UserError: An option, the data or the disk is wrong; nothing that was done is lost.
        KeyboardInterrupt: The same call goes on from there.
    """
    if is_reading():
        raise ConfigError(
            "this file calls compare() as it is read, by `fashion-keras run` or by a worker that takes a function out "
            'of it: put the call below if __name__ == "__main__":'
        )
    chosen = _parse(options)
    found = load_experiment(str(experiment)) if isinstance(experiment, str | Path) else experiment
    if not isinstance(found, Experiment):
        raise ConfigError(f"compare() takes an Experiment, a file or a name, got {type(found).__name__}")
    check_name(found)
    values = {**vars(chosen), **find_data([found], vars(chosen)), "command": _typed(experiment, options)}
    session = Session.of(values)
    outcome = workflow.compare(found, fill(workflow.RunOptions, values), session)
    for line in outcome.failures:
        session.say(line)
    if not outcome.comparisons:
        raise ConfigError(f"{found.name}: no run has finished", *outcome.failures)
    return ComparisonResult(outcome.comparisons[0], outcome.failures, session, explain=chosen.explain or chosen.verbose)


class ComparisonResult:
    """What came out of a comparison.

    Attributes:
        outcome: The runs, the tables and the paths of the files.
        failures: A line for each run and each export that failed.
    """

    def __init__(
        self, outcome: ComparisonOutcome, failures: tuple[str, ...], session: Session, *, explain: bool = False
    ):
        self.outcome = outcome
        self.failures = failures
        self._session = session
        self._explain = explain

    @property
    def answer(self) -> str:
        """A sentence for each arm, and one on the best."""
        workers = self._session.engine.workers
        return answer_text(self.outcome.report, workers=workers)

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on each arm but the baseline, by its name; empty before there is anything to judge."""
        return {item.arm: str(item.verdict) for item in self.outcome.report.all_comparisons}

    @property
    def folder(self) -> Path:
        """Where the tables and the curves are."""
        return self.outcome.folder

    def __str__(self) -> str:
        file = io.StringIO()
        print_tables(plain_console(file), self.outcome.report, explain=self._explain)
        lines = [line.rstrip() for line in file.getvalue().splitlines()]
        return "\n".join([*lines, self.answer]).rstrip("\n")

    def __repr__(self) -> str:
        results = self.outcome.report.results
        arms, seeds = count_noun(len(results.arms), "arm"), count_noun(len(results.seeds), "seed")
        return f"<{type(self).__name__} {one_line(results.record.folder)}: {arms}, {seeds}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the answer, the forest plot and the tables."""
        from fashion_keras.reporting.html.cell import build_cell

        report = self.outcome.report
        tables = [each for each in (report.differences, report.summary) if each is not None]
        picture = _to_png(self.plot()) if report.differences is not None else None
        return build_cell(self.answer.splitlines(), tables, report.results.record.heading, picture)

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a row for each run, with the columns of `runs.csv`.

        Raises:
            ConfigError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ConfigError("to_dataframe() needs pandas: pip install pandas") from error
        return pandas.read_csv(
            io.StringIO(runs_csv(self.outcome.report.results)), keep_default_na=False, na_values=[""]
        )

    def plot(self) -> "Figure":
        """Return the forest plot: the difference of each arm from the baseline with its intervals.

        Raises:
            ConfigError: There is no seed that all arms have, or one arm alone was asked for.
        """
        from fashion_keras.reporting.forest_figure import draw_forest  # matplotlib takes half a second to load

        if self.outcome.report.differences is None:
            raise ConfigError("nothing to plot: there are no differences before all arms have a run of one seed")
        figure = draw_forest(self.outcome.report.forest, self.outcome.report.results)
        # A notebook shows a figure that pyplot did not make only if it says how.
        vars(figure)["_repr_png_"] = lambda: _to_png(figure)
        return figure

    def save_html(self, path: str | Path) -> Path:
        """Write the one self-contained page of `fashion-keras report --html` over this comparison, and return its path.

        Raises:
            StoreError: The page cannot be written.
        """
        from fashion_keras.reporting.html import build_page

        file = Path(path).expanduser()
        page = build_page([self.outcome.report.all_results], datasets=[self._session.dataset])
        write_files(file.parent, {file.name: page.encode()})
        return file


class _Options(Parser):
    """Reads the options of a call as the command reads its own, but raises what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"compare(): {one_line(message.removeprefix('argument --'))}")


def _parse(options: Mapping[str, Any]) -> argparse.Namespace:
    parser = _Options(add_help=False, allow_abbrev=False)
    add_comparison_options(parser)
    actions = {action.dest: action for action in parser._actions if action.dest not in _NOT_OFFERED}
    for name in options:
        if name in _NOT_OFFERED:
            raise ConfigError(f"{name} is an option of the command `fashion-keras run` alone, got {name!r}")
        if name not in actions:
            raise misplaced("an option of compare()", name, actions)
    return parser.parse_args([text for name, value in options.items() for text in _words(actions[name], value)])


def _typed(experiment: Experiment | str | Path, options: Mapping[str, Any]) -> str:
    """Return the call without its number of seeds."""
    named = repr(str(experiment)) if isinstance(experiment, str | Path) else "EXPERIMENT"
    given = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    others = (f"{name}={value!r}" for name, value in given.items() if name != "seeds")
    return f"compare({', '.join([named, *others])})"


def _words(action: argparse.Action, value: Any) -> list[str]:
    """Return what the command line says in place of an option's value."""
    option = action.option_strings[-1]
    if action.nargs == 0:
        if not isinstance(value, bool | None):
            raise ConfigError(f"compare(): {action.dest} must be True or False, got {value!r}")
        return [option] if value else []
    if value is None:
        return []
    if action.dest == "dataset" and isinstance(value, tuple | list):
        raise ConfigError(f"compare() takes one data set, got {len(value)}; `fashion-keras run` takes several")
    return [f"{option}={','.join(map(str, value)) if isinstance(value, tuple | list) else value}"]


def _to_png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
    return file.getvalue()
