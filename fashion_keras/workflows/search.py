"""`fashion-keras tune`: search, report, and measure the pick beside the base."""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.cost import relative_cost
from fashion_keras.config.precision import resolve_precision
from fashion_keras.data import DataLocation, Dataset, load, locate, split_indices
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Engine
from fashion_keras.experiments.definition import BASE, DEFAULT_SEEDS
from fashion_keras.formatting import format_duration, print_plain, safe_name
from fashion_keras.reporting.search_files import SearchResults, describe_results, write_outputs
from fashion_keras.reporting.search_tables import SHOWN, leaderboard_rows, to_rich
from fashion_keras.storage.runs import RunStore
from fashion_keras.tuning.search.picks import EXPERIMENTS, Pick, adopt
from fashion_keras.tuning.search.spaces import load_space
from fashion_keras.tuning.search.study import Study
from fashion_keras.tuning.search.trials import TuningError
from fashion_keras.workflows.run import RunOptions, make_engine, run_experiments


@dataclass(frozen=True)
class TuneOptions:
    """What a user may say of a search.

    Attributes:
        space: `fcn`, `cnn` or `module:function`.
        oracle, trials, seed, epochs, objective, generation: As in `Study.of`.
        final_seeds: On how many seeds the pick is measured beside the base; 0 leaves that out.
        adopt: Make the pick one of the comparisons.
        workers, engine, address, precision, data_dir, dataset, image_size, offline, out, dry_run: As in `RunOptions`.
    """

    space: str
    oracle: str = "bayesian"
    trials: int | None = None
    seed: int = 0
    epochs: int | None = None
    objective: str = "val_accuracy"
    generation: int | None = None
    final_seeds: int = DEFAULT_SEEDS
    adopt: bool = False
    workers: int | None = None
    engine: str = "local"
    address: str | None = None
    precision: str = "float32"
    data_dir: str | None = None
    dataset: str | None = None
    image_size: tuple[int, int] | None = None
    offline: bool = False
    out: Path = Path("runs")
    dry_run: bool = False


def tune(options: TuneOptions, console: Console) -> int:
    """Search, write what was found, and measure the pick on fresh seeds; or say what would be searched.

    Returns:
        The exit status: 0, or 1 where a run of the pick or of the base, or an export, failed.

    Raises:
        UserError: An option, the space, the data or the disk is wrong, or no trial completed.
        KeyboardInterrupt: After what is done was written.
    """
    space = load_space(options.space)
    say = partial(print_plain, console)
    location = locate(options.data_dir, options.dataset, options.offline, say, options.image_size)
    dataset = load(location)
    dataset.check_comparable()
    if options.adopt and not dataset.is_fashion_mnist:
        raise ConfigError("--adopt is for searches on Fashion-MNIST: what it adopts is a comparison of the project")
    study = Study.of(
        space,
        options.oracle,
        trials=options.trials,
        seed=options.seed,
        epochs=options.epochs,
        objective=options.objective,
        generation=options.generation,
        precision=resolve_precision(options.precision),
        data=dataset.content_hash,
    )
    run_options = RunOptions(workers=options.workers, engine=options.engine, address=options.address)
    return _Invocation(study, options, location, dataset, make_engine(run_options), console).run()


class _Invocation:
    """One call of `tune`."""

    def __init__(
        self,
        study: Study,
        options: TuneOptions,
        location: DataLocation,
        dataset: Dataset,
        engine: Engine,
        console: Console,
    ):
        import_tensorflow()  # quietly: keras-tuner would import it with all that it says
        from fashion_keras.tuning.search.generations import Search

        self.study = study
        self.options = options
        self.location = location
        self.dataset = dataset
        self.console = console
        self.search = Search(study, RunStore(options.out / "store"), location, engine, console)
        self.name = self.search.name

    def run(self) -> int:
        """Search and measure; on Ctrl-C write what is done, and pass it on."""
        self._say(f"Data: {self.dataset.name} from {self.location.origin}")
        self._describe()
        if self.options.dry_run:
            self._describe_first_trials()
            return 0
        started = time.monotonic()
        try:
            self.search.run()
        except KeyboardInterrupt:
            if self.search.trials:
                self._report()
            self._say(
                f"Interrupted after {self.search.num_trained} new trials of whole generations. Every finished run is "
                "kept: the same command goes on from there."
            )
            raise
        self._say(
            f"Searched for {format_duration(time.monotonic() - started)}: {self.search.num_trained} runs trained; "
            f"proposing took {format_duration(self.search.asking_seconds)}"
        )
        results = self._report()
        pick = results.pick()
        if pick is None:
            raise TuningError(f"every one of {len(results.trials)} trials diverged: there is nothing to pick")
        if self.options.adopt:
            self._say(f"Adopted as a comparison: {adopt(pick)}; `fashion-keras run tuned_{pick.space}`")
        return self._measure(pick) if self.options.final_seeds else 0

    def _describe(self) -> None:
        study = self.study
        trials = "all trials" if study.num_trials is None else f"{study.num_trials} trials"
        self._say(
            f"Study {self.name}: {trials} of {study.epochs} epochs ({study.oracle}), "
            f"{'all' if study.generation is None else study.generation} proposed at a time, "
            f"{study.objective.name} at the last epoch, seed {study.tuning_seed}"
        )

    def _describe_first_trials(self) -> None:
        """Say what varies, and what is proposed before any result is known."""
        from fashion_keras.tuning.search.oracles import describe_space

        for line in describe_space(self.search.asker.space):
            self._say(f"  {line}")
        proposals = self.search.ask()
        missing = set(self.search.missing([proposal.config for proposal in proposals]))
        base = relative_cost(BASE)
        for number, proposal in enumerate(proposals[:SHOWN], start=1):
            there = "" if proposal.config in missing else ", in the store"
            self._say(f"Trial {number}: {proposal.config.label} ({relative_cost(proposal.config) / base:.1f}){there}")
        total = sum(relative_cost(proposal.config) for proposal in proposals) / base
        self._say(
            f"{len(proposals)} trials are proposed first, {len(missing)} of them to train: {total:.0f} times the "
            "multiplications of a run of the base (in parentheses, of each)"
        )

    def _report(self) -> SearchResults:
        """Write and print what was found so far."""
        from fashion_keras.tuning.search.oracles import find_edges, log_scaled

        results = self._results()
        if results.best:
            space = self.search.asker.space
            results = replace(
                results, edges=tuple(find_edges(space, results.best.values)), log_scaled=log_scaled(space)
            )
        rows = leaderboard_rows(results.trials, self.study.objective)
        self.console.print(to_rich(rows))
        if len(rows) > SHOWN:
            self._say(f"({len(rows) - SHOWN} more in leaderboard.md)")
        for line in describe_results(results):
            self._say(line)
        folder = self.options.out / "tune" / self.name
        paths = write_outputs(results, folder)
        self._say(f"Written to {folder}: {', '.join(path.name for path in paths)}")
        return results

    def _results(self) -> SearchResults:
        # As every run splits the data: by the fraction of its configuration, which all trials share with the base
        # unless a space says otherwise.
        fraction = self.search.trials[0].config.validation_fraction
        _, validation = split_indices(len(self.dataset.train_images), fraction, self.study.tuning_seed)
        return SearchResults(self.name, self.study, tuple(self.search.trials), len(validation))

    def _measure(self, pick: Pick) -> int:
        """Train the pick and the base on fresh seeds, with the test set, as any comparison."""
        options = self.options
        experiment = pick.experiment(self._experiment_name(pick))
        self._say(f"Measuring the pick beside the base on {options.final_seeds} fresh seeds: {experiment.name}")
        run_options = RunOptions(
            seeds=options.final_seeds,
            workers=options.workers,
            data_dir=options.data_dir,
            dataset=options.dataset,
            image_size=options.image_size,
            offline=options.offline,
            out=options.out,
            engine=options.engine,
            address=options.address,
        )
        return run_experiments([experiment], run_options, self.console)

    def _experiment_name(self, pick: Pick) -> str:
        """An adopted pick is a comparison of the project; others are named by their study, to stay apart."""
        is_adopted = self.options.adopt and (EXPERIMENTS / f"tuned_{pick.space}.json").exists()
        return f"tuned_{pick.space}" if is_adopted else safe_name(f"tuned_{self.name}")

    def _say(self, text: str) -> None:
        print_plain(self.console, text)
