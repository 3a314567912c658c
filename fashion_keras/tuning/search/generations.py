"""Search: ask, train, report, generation by generation, until the oracle has no more to ask.

Nothing of its state is kept but the runs. Started again, it asks and reports from the beginning; what the store has is
not trained again, so that it comes to where it was without training.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console

from fashion_keras.config.cost import relative_cost
from fashion_keras.config.identity import PROTOCOL_VERSION, canonical_json
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import DataLocation
from fashion_keras.execution import Engine, Outcome
from fashion_keras.execution.batch import train_runs
from fashion_keras.formatting import print_plain, safe_name
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.trials import Trial, rank_trials
from fashion_keras.tuning.search.oracles import Asker, hyperparameters_of, score_of
from fashion_keras.tuning.study import Study, TuningError

__all__ = ["Proposal", "Search"]

_LOG_LINES = 15


@dataclass(frozen=True)
class Proposal:
    """A trial before it is run: keras-tuner's, its run, and what `Trial` says of it."""

    asked: Any
    config: RunConfig
    values: Mapping[str, Any]
    is_full: bool


class Search:
    """A study in execution.

    Attributes:
        trials: What was reported to the oracle, in that order.
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

    @cached_property
    def name(self) -> str:
        """The study's: readable, and another one for another space, budget, seed, data or protocol."""
        study, space = self.study, self.asker.space
        definition = {
            # The run of the default values shows a change of what the space makes of them.
            "space": [study.space.name, space.get_config()["space"], study.config(space.copy()).to_json()],
            "budget": [study.oracle, study.budget, study.base.epochs, study.generation],
            "seed": study.seed,
            "objective": study.objective.name,
            "protocol": PROTOCOL_VERSION,
        }
        digits = sha256(canonical_json(definition).encode()).hexdigest()[:8]
        return safe_name(f"{study.space.name.replace(':', '.')}-{study.oracle}-s{study.seed}-{digits}")

    @cached_property
    def sets_epochs(self) -> bool:
        """Whether the space says how many epochs a trial has, and not the study."""
        return self.study.space.sets_epochs(self.asker.space.copy())

    def run(self) -> None:
        """Search to the end.

        Raises:
            SpaceError: The space's function is wrong; the search stops at once.
            TuningError: No trial of a first generation, or none at all, has finished.
        """
        while proposals := self.ask():
            failures = self._train(proposals)
            self._report(proposals, failures)
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
        return Proposal(asked, config, values, epochs in (None, self.study.base.epochs))

    def missing(self, proposals: Sequence[Proposal]) -> list[RunConfig]:
        """Return the runs that the store does not have, each once, the longest first: none ends late."""
        configs = dict.fromkeys(proposal.config for proposal in proposals)
        pending = [config for config in configs if self.store.find(config) is None]
        return sorted(pending, key=relative_cost, reverse=True)

    def _train(self, proposals: Sequence[Proposal]) -> Mapping[RunConfig, Outcome[None]]:
        self._generation += 1
        pending = self.missing(proposals)
        first, last = len(self.trials) + 1, len(self.trials) + len(proposals)
        self._say(
            f"Trials {first} to {last}: {len(proposals) - len(pending)} in the store, {len(pending)} to train, "
            f"{self.engine.workers} at a time"
        )
        failures = train_runs(pending, self.store, self.location, self.engine, self.console) if pending else {}
        self.num_trained += len(pending) - len(failures)
        return failures

    def _report(self, proposals: Sequence[Proposal], failures: Mapping[RunConfig, Outcome[None]]) -> None:
        for proposal in proposals:
            trial = self._make_trial(proposal, failures)
            self.trials.append(trial)
            self.asker.report(proposal.asked, score_of(trial, self.study.objective))
        best = rank_trials(self.trials, self.study.objective)[0]
        if best.runs:
            value = self.study.objective.text(self.study.objective.value(best))
            self._say(f"Best so far: trial {best.number}, {self.study.objective.name} {value}")

    def _make_trial(self, proposal: Proposal, failures: Mapping[RunConfig, Outcome[None]]) -> Trial:
        trial = Trial.find(
            self.store,
            [proposal.config],
            proposal.values,
            len(self.trials) + 1,
            generation=self._generation,
            is_full=proposal.is_full,
        )
        failure = failures.get(proposal.config, Outcome("failed", "its run has gone from the store"))
        return trial if trial.runs else replace(trial, message=failure.message)

    def _check_progress(self, failures: Mapping[RunConfig, Outcome[None]]) -> None:
        """Stop where nothing has worked yet, and show why."""
        if any(trial.runs for trial in self.trials):
            return
        failure = next(iter(failures.values()), Outcome("failed", self.trials[0].message))
        for line in _last_lines(failure.log):
            self._say(line)
        where = f"; log: {failure.log}" if failure.log else ""
        raise TuningError(f"none of {len(self.trials)} trials completed; the first failure: {failure.message}{where}")


def _last_lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(errors="replace").splitlines()[-_LOG_LINES:] if path else []
    except OSError:
        return []
