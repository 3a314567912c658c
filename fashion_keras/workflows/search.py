"""Search: `fashion-keras tune` proposes and trains trials, reports them, and measures the best one beside the base."""

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.config.cost import relative_cost
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import split_dataset
from fashion_keras.errors import ConfigError
from fashion_keras.experiments.definition import BASE
from fashion_keras.formatting import count_noun, format_duration
from fashion_keras.reporting.search_files import SearchResults, describe_results, write_outputs
from fashion_keras.reporting.search_tables import SHOWN, leaderboard_rows, to_rich
from fashion_keras.tuning.search.spaces import load_space
from fashion_keras.tuning.study import Study, TuneOptions, TuningError
from fashion_keras.workflows.job import RunOptions
from fashion_keras.workflows.plan import Plan, estimate_seconds
from fashion_keras.workflows.run import run_experiments
from fashion_keras.workflows.session import Session

__all__ = ["tune"]


def tune(options: TuneOptions, session: Session) -> int:
    """Search, write what was found, and measure the best trial on fresh seeds; or say what would be searched.

    Returns:
        The exit status: 0, or 1 where a run of the best trial or of the base, or an export, failed.

    Raises:
        UserError: An option, the space, the data or the disk is wrong, or no trial completed.
        KeyboardInterrupt: After what is done was written.
    """
    space = load_space(options.space)
    base = RunConfig(
        epochs=options.epochs or space.default_epochs,
        precision=session.precision or BASE.precision,
        device=session.device,
        data=session.dataset.content_hash,
    )
    with session:  # a pool of workers that is open at the end of the program may end it with a traceback
        return _Invocation(Study.of(space, base, options), options, session).run()


class _Invocation:
    """One call of `tune`."""

    def __init__(self, study: Study, options: TuneOptions, session: Session):
        import_tensorflow()  # quietly: keras-tuner would import it with all that it says
        from fashion_keras.tuning.search.generations import Search

        self.study = study
        self.options = options
        self.session = session
        self._say = session.say
        self.search = Search(study, session.store, session.location, session.engine, session.console)
        if options.epochs is not None and study.oracle != "hyperband" and self.search.sets_epochs:
            raise ConfigError(
                f"--epochs does not go with {study.space.name}, which sets the epochs of its trials itself"
            )
        self.base = replace(BASE, precision=study.base.precision, device=study.base.device, data=study.base.data)
        self.folder = session.out / "tune" / self.search.name

    def run(self) -> int:
        """Search and measure; on Ctrl-C write what is done, and pass it on."""
        self._say(f"Data: {self.session.dataset.name} from {self.session.location.origin}")
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
        return self._measure(self._report())

    def _describe(self) -> None:
        study = self.study
        trials = "all trials" if study.budget is None else count_noun(study.budget, "trial")
        self._say(
            f"Study {self.search.name}: {trials} of {self._describe_epochs()} ({study.oracle}), "
            f"{'all' if study.generation is None else study.generation} proposed at a time, "
            f"{study.objective.name} at the last epoch, seed {study.seed}"
        )

    def _describe_epochs(self) -> str:
        epochs = self.study.base.epochs
        if self.study.oracle == "hyperband":
            return f"up to {epochs} epochs"
        return "as many epochs as the space sets" if self.search.sets_epochs else count_noun(epochs, "epoch")

    def _describe_first_trials(self) -> None:
        """Say what varies, what is proposed before any result is known, and how long the search takes."""
        from fashion_keras.tuning.search.oracles import describe_space

        for line in describe_space(self.search.asker.space):
            self._say(f"  {line}")
        proposals = self.search.ask()
        configs, missing = [proposal.config for proposal in proposals], self.search.missing(proposals)
        seconds_of = _make_clock([*configs, self.base], self.session)
        for number, config in enumerate(configs[:SHOWN], start=1):
            there = "" if config in missing else ", in the store"
            epochs = f"{count_noun(config.epochs, 'epoch')}, about {format_duration(seconds_of(config))}"
            self._say(f"Trial {number}: {config.label} ({epochs}){there}")
        self._describe_time(configs, missing, seconds_of)

    def _describe_time(
        self, configs: Sequence[RunConfig], missing: Sequence[RunConfig], seconds_of: Callable[[RunConfig], float]
    ) -> None:
        workers = self.session.engine.workers
        first = sum(map(seconds_of, missing)) / max(1, min(workers, len(missing)))
        text = (
            f"{len(configs)} trials are proposed first, {len(missing)} of them to train: about {format_duration(first)}"
        )
        mean = sum(map(seconds_of, configs)) / len(configs)
        left = (self.study.budget or len(configs)) - len(configs)
        seconds = first + left * mean / workers + self.options.final_seeds * (mean + seconds_of(self.base)) / workers
        whole = "" if self.study.budget is None else f"; the whole search, with {self._describe_final()}, about "
        total = format_duration(seconds) if whole else ""
        self._say(f"{text}{whole}{total} with {count_noun(workers, 'worker')} on this machine")

    def _describe_final(self) -> str:
        seeds = self.options.final_seeds
        return f"the best and the base on {count_noun(seeds, 'seed')}" if seeds else "nothing measured after it"

    def _report(self) -> SearchResults:
        results = self._results()
        rows = leaderboard_rows(results.trials, self.study.objective)
        self.session.console.print(to_rich(rows))
        if len(rows) > SHOWN:
            self._say(f"({len(rows) - SHOWN} more in leaderboard.md)")
        for line in describe_results(results):
            self._say(line)
        paths = write_outputs(results, self.folder)
        self._say(f"Written to {self.folder}: {', '.join(path.name for path in paths)}")
        return results

    def _results(self) -> SearchResults:
        from fashion_keras.tuning.search.oracles import find_edges, log_scaled

        # As every run splits the data: by the fraction of its configuration, which all trials share with the base
        # unless a space says otherwise.
        fraction = self.search.trials[0].config.validation_fraction
        _, validation = split_dataset(self.session.dataset, fraction, self.study.tuning_seed)
        results = SearchResults(self.search.name, self.study, tuple(self.search.trials), len(validation))
        if results.best is None:
            return results
        space = self.search.asker.space
        return replace(results, edges=tuple(find_edges(space, results.best.values)), log_scaled=log_scaled(space))

    def _measure(self, results: SearchResults) -> int:
        """Train the best trial and the base on fresh seeds, with the test set, as any comparison."""
        if results.best is None:
            raise TuningError(f"every one of {len(results.trials)} trials diverged: there is nothing to select")
        experiment = results.experiment()
        if experiment is None:
            self._say("The best trial is the base itself: there is nothing to compare")
            return 0
        command = self._command(results.best.config, self.folder / results.file_name)
        self._say(f"The best trial beside the base, as a comparison: {command}")
        seeds = self.options.final_seeds
        if not seeds:
            return 0
        self._say(f"Measuring both on {count_noun(seeds, 'fresh seed')}: {experiment.name}")
        # In the precision that the comparison states. More seeds come from its file: this command would search again.
        options = RunOptions(seeds=seeds, command=command)
        return run_experiments([experiment], options, self.session.with_precision(None))

    def _command(self, best: RunConfig, path: Path) -> str:
        """Return the command that runs the comparison's file on the same data."""
        data = self.session.data
        words = ["fashion-keras", "run", str(path)]
        words += ["--data-dir", data.data_dir] if data.data_dir else []
        words += ["--dataset", data.dataset] if data.dataset else []
        words += ["--image-size", ",".join(map(str, data.image_size))] if data.image_size else []
        words += ["--out", str(self.session.out)] if self.session.out != Path("runs") else []
        # A custom network lies beside the space, in the current directory, and not beside the comparison.
        return ("PYTHONPATH=. " if is_custom_name(best.model.name) else "") + shlex.join(words)


def _make_clock(configs: Sequence[RunConfig], session: Session) -> Callable[[RunConfig], float]:
    """Return about how many seconds each of some runs takes here, in between the shortest and the longest of them."""
    costs = sorted({relative_cost(config): config for config in configs}.items(), key=lambda item: item[0])
    ends = dict([costs[0], costs[-1]])
    seconds = [
        estimate_seconds(Plan((config,), (config,)), session.store, session.location, session.engine) or 0.0
        for config in ends.values()
    ]
    return lambda config: float(np.interp(relative_cost(config), list(ends), seconds))
