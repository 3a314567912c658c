"""The search itself: ask, train, tell, generation by generation, until the oracle has no more to ask.

Nothing of its state is kept but the runs. Started again, it asks and tells from the beginning; what the store has is
not trained again, so that it comes to where it was without training.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from fashion_keras.config.cost import relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.execution import Engine, Outcome
from fashion_keras.execution.batch import train_runs
from fashion_keras.formatting import print_plain
from fashion_keras.storage.runs import RunStore
from fashion_keras.tuning.search.oracles import Asker, hyperparameters_of
from fashion_keras.tuning.search.study import Study
from fashion_keras.tuning.search.trials import Trial, TuningError, rank

_LOG_LINES = 15


@dataclass(frozen=True)
class Proposal:
    """A trial before it is run.

    Attributes:
        asked: keras-tuner's trial.
        values: As in `Trial`.
        config: As in `Trial`.
        is_full: As in `Trial`.
    """

    asked: Any
    values: Mapping[str, Any]
    config: RunConfig
    is_full: bool


class Search:
    """A study in execution.

    Args:
        study: What is searched.
        store: Where the runs are and go.
        location: The data.
        engine: Where they run.
        console: Where to say how it goes.

    Attributes:
        trials: What has been told to the oracle, in that order.
        asking_seconds: What the oracle has taken so far.

    Raises:
        SpaceError: The space's function is wrong.
    """

    def __init__(self, study: Study, store: RunStore, location: DataLocation, engine: Engine, console: Console):
        self.study = study
        self.store = store
        self.location = location
        self.engine = engine
        self.console = console
        self.asker = Asker(study)
        self.trials: list[Trial] = []
        self.num_trained = 0
        self.asking_seconds = 0.0
        self._generation = 0
        self._say = partial(print_plain, console)

    @property
    def name(self) -> str:
        """The study's name: readable, and another one for another space or budget."""
        space = self.asker.space
        return self.study.name(self.study.identity(space.get_config()["space"], self.study.config(space.copy())))

    def run(self) -> None:
        """Search to the end.

        Raises:
            SpaceError: The space's function is wrong; the search stops at once.
            TuningError: No trial of a first generation, or none at all, has finished.
        """
        while proposals := self.ask():
            failures = self._train([proposal.config for proposal in proposals])
            self._tell(proposals, failures)
            self._check_progress(failures)
        if not self.trials:
            raise TuningError(f"the {self.study.oracle} oracle proposed no trial")

    def ask(self) -> list[Proposal]:
        """Return the next generation, with the run of each trial."""
        started = time.perf_counter()
        proposals = [self._propose(asked) for asked in self.asker.ask()]
        self.asking_seconds += time.perf_counter() - started
        return proposals

    def _propose(self, asked: Any) -> Proposal:
        # First: the function may ask for hyperparameters that nobody knew of, which then have their defaults.
        self.study.config(asked.hyperparameters)
        values, epochs = hyperparameters_of(asked)
        config = self.study.config(asked.hyperparameters, epochs)
        return Proposal(asked, values, config, epochs in (None, self.study.epochs))

    def missing(self, configs: Sequence[RunConfig]) -> list[RunConfig]:
        """Return the runs that the store does not have, each once, the longest first: none ends late."""
        pending = [config for config in dict.fromkeys(configs) if self.store.find(config) is None]
        return sorted(pending, key=relative_cost, reverse=True)

    def _train(self, configs: Sequence[RunConfig]) -> Mapping[RunConfig, Outcome]:
        self._generation += 1
        pending = self.missing(configs)
        first, last = len(self.trials) + 1, len(self.trials) + len(configs)
        self._say(
            f"Trials {first} to {last}: {len(configs) - len(pending)} in the store, {len(pending)} to train, "
            f"{self.engine.workers} at a time"
        )
        failures = train_runs(pending, self.store, self.location, self.engine, self.console) if pending else {}
        self.num_trained += len(pending) - len(failures)
        return failures

    def _tell(self, proposals: Sequence[Proposal], failures: Mapping[RunConfig, Outcome]) -> None:
        for proposal in proposals:
            run = self.store.find(proposal.config)
            failure = failures.get(proposal.config)
            message = "" if run else failure.message if failure else "its run has gone from the store"
            number = len(self.trials) + 1
            self.trials.append(
                Trial(number, self._generation, proposal.values, proposal.config, proposal.is_full, run, message)
            )
            self.asker.tell(proposal.asked, self.study.objective.score(run) if run else None)
        best = rank(self.trials, self.study.objective)[0]
        if best.run:
            value = self.study.objective.text(self.study.objective.value(best.run))
            self._say(f"Best so far: trial {best.number}, {self.study.objective.name} {value}")

    def _check_progress(self, failures: Mapping[RunConfig, Outcome]) -> None:
        """Stop where nothing has worked yet, and show why."""
        if any(trial.run for trial in self.trials):
            return
        failure = next(iter(failures.values()), Outcome("failed", self.trials[0].message))
        for line in _last_lines(failure.log):
            self._say(line)
        where = f"; log: {failure.log}" if failure.log else ""
        raise TuningError(f"none of {len(self.trials)} trials completed; the first failure: {failure.message}{where}")


def _last_lines(path: str) -> list[str]:
    """The end of a failed run's log."""
    try:
        return Path(path).read_text(errors="replace").splitlines()[-_LOG_LINES:] if path else []
    except OSError:
        return []
