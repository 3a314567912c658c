"""Oracles of keras-tuner, by ask and report.

An oracle here writes no file: what was reported to it is in the store, and asking and reporting again in the same order
brings it to the same state. keras-tuner's own loop is not used: it loses the trials of killed workers and hides errors.
"""

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import keras_tuner as kt
from threadpoolctl import threadpool_limits

from fashion_keras.config.catalogue import suggest
from fashion_keras.errors import ConfigError
from fashion_keras.seeding import derive_seed
from fashion_keras.storage.trials import WORST_LOSS, Objective, Trial
from fashion_keras.tuning.search.spaces import FunctionSpace, SpaceError, describe_value
from fashion_keras.tuning.study import ORACLES, Study

__all__ = ["Asker", "describe_space", "discover", "find_edges", "hyperparameters_of", "log_scaled", "score_of"]

_SCORE = "score"
_PREFIX = "tuner/"
"""Begins the names of the values with which Hyperband keeps its books."""

_MAX_DISCOVERIES = 100
_EDGE = 0.05
_LEAST = 1e-4  # keeps the logarithm finite: 6,000 validation images cannot show a smaller error


class _BayesianOracle(kt.oracles.BayesianOptimizationOracle):
    """Where the optimum has been tried, its run would be the same again: a random one is tried instead."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Propose values."""
        proposed = super().populate_space(trial_id)
        if proposed["values"] is not None and self._duplicate(proposed["values"]):
            return self._random_populate_space()
        return proposed


class Asker:
    """Proposes trials in generations, and takes reports of how good they are.

    The same study gives the same proposals, whenever and by whatever number of workers it is executed: a generation is
    proposed before any of it is reported, and reported in the order of its proposals.

    Args:
        study: What is searched.

    Attributes:
        space: All hyperparameters, keras-tuner's.

    Raises:
        SpaceError: The space's function is wrong.
        ConfigError: There is no such oracle.
    """

    def __init__(self, study: Study):
        self.study = study
        self.space = discover(study.space)
        if not self.space.space:
            raise ConfigError(f"the space {study.space.name} asks for no hyperparameter: there is nothing to search")
        self.oracle = _build_oracle(study, self.space)
        self.oracle.verbose = 0
        self.oracle.save = self.oracle._save_trial = lambda *_: None  # off the disk
        self.num_asked = 0

    def ask(self) -> list[Any]:
        """Return the next generation of keras-tuner's trials; none when the search is over."""
        left = None if self.study.budget is None else self.study.budget - self.num_asked
        sizes = [size for size in (self.study.generation, left) if size is not None]
        asked: list[Any] = []
        # On one thread: with several, the last bits of a fit, and with them the proposals, would depend on the machine.
        # What the Gaussian process warns of (a length scale at its bound) is nothing that a user can fix.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while not sizes or len(asked) < min(sizes):
                trial = self.oracle.create_trial(f"slot {len(asked)}")
                if trial.status != "RUNNING":
                    break
                asked.append(trial)
        self.num_asked += len(asked)
        return asked

    def report(self, trial: Any, score: float | None) -> None:
        """Report how good a trial was, the higher the better; None where it failed."""
        if score is not None:
            self.oracle.update_trial(trial.trial_id, {_SCORE: score})
        trial.status = "FAILED" if score is None else "COMPLETED"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.oracle.end_trial(trial)


def score_of(trial: Trial, objective: Objective) -> float | None:
    """Return what is reported of a trial, the higher the better; None where it failed.

    It is minus the logarithm of the error or of the loss: one failure at 10 % would otherwise leave a Gaussian process
    no difference between 90 % and 91 %.
    """
    if trial.status == "failed":
        return None
    value = objective.value(trial)
    badness = 1 - value if objective.is_accuracy else min(value, WORST_LOSS)
    return -math.log(max(badness, _LEAST))


def _build_oracle(study: Study, space: Any) -> Any:
    if study.oracle not in ORACLES:
        raise ConfigError(f"an oracle is {suggest(study.oracle, ORACLES)}")
    settings: dict[str, Any] = {
        "objective": kt.Objective(_SCORE, "max"),
        "hyperparameters": space,
        # keras-tuner takes 0 for no seed, and draws with neighbouring seeds the same numbers for other hyperparameters.
        "seed": 1 + derive_seed(study.seed, "oracle"),
        # Ours to decide: the search says what failed, and stops where nothing works.
        "max_consecutive_failed_trials": None,
    }
    if study.oracle == "hyperband":
        return kt.oracles.HyperbandOracle(max_epochs=study.base.epochs, **settings)
    settings["max_trials"] = study.budget
    if study.oracle == "bayesian":
        # A third of the trials begins at random, and one seed more or less makes so much noise. keras-tuner's own
        # beginning, three trials a hyperparameter, would be all that 40 trials are; its noise, a hundredth of the
        # spread between trials, is a third of what was seen between seeds.
        num_random = max(3, min(3 * len(space.space), (study.budget or 0) // 3))
        return _BayesianOracle(num_initial_points=num_random, alpha=1e-2, **settings)
    kind = kt.oracles.RandomSearchOracle if study.oracle == "random" else kt.oracles.GridSearchOracle
    return kind(**settings)


def discover(space: FunctionSpace) -> Any:
    """Return all hyperparameters of a space with their defaults, those behind conditions too.

    As keras-tuner does it: call the function with values that open each conditional scope, until none is left closed.

    Raises:
        SpaceError: The function is wrong.
    """
    known, opened, closed = kt.HyperParameters(), [], []
    hp = known.copy()
    for _ in range(_MAX_DISCOVERIES):
        space.settings(hp)
        known.merge(hp, overwrite=False)
        opened += [list(scope) for scope in hp.active_scopes]
        closed += [list(scope) for scope in hp.inactive_scopes]
        left = [scope for scope in closed if scope not in opened]
        if not left:
            break
        hp = known.copy()
        for condition in left[0]:
            hp.values[condition.name] = condition.values[0]
        for item in filter(hp.is_active, hp.space):  # keras-tuner would draw what is active now, each time another
            hp.values.setdefault(item.name, item.default)
    _check_names(known)
    return known


def _check_names(known: Any) -> None:
    """Refuse a name that stands in two scopes: keras-tuner drops its value, or draws another one each time."""
    names = [item.name for item in known.space]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SpaceError(f"two scopes of the space ask for a hyperparameter {repeated[0]!r}; give them two names")


def hyperparameters_of(trial: Any) -> tuple[dict[str, Any], int | None]:
    """Return the values that apply, by name, and Hyperband's epochs or None."""
    values = trial.hyperparameters.values
    plain = {name: value for name, value in values.items() if not name.startswith(_PREFIX)}
    return plain, values.get(f"{_PREFIX}epochs")


def describe_space(space: Any) -> Iterator[str]:
    """Yield a line for each hyperparameter: its name, what it ranges over and when it applies."""
    for hp in space.space:
        where = " and ".join(f"{item.name} in {', '.join(map(str, item.values))}" for item in hp.conditions)
        yield f"{hp.name}: {_range_of(hp)}" + (f" (where {where})" if where else "")


def _range_of(hp: Any) -> str:
    config = hp.get_config()
    if "min_value" in config:
        kind = f", {hp.sampling}" if hp.sampling != "linear" else ""
        step = f", step {hp.step}" if hp.step else ""
        return f"{describe_value(hp.min_value)} to {describe_value(hp.max_value)}{kind}{step}"
    return ", ".join(describe_value(value) for value in hp.values)


def log_scaled(space: Any) -> frozenset[str]:
    """Return the names of the hyperparameters that are drawn on a logarithmic scale."""
    return frozenset(hp.name for hp in space.space if hp.get_config().get("sampling") == "log")


def find_edges(space: Any, values: Mapping[str, Any]) -> list[str]:
    """Return for each value at the end of its range, beyond which better ones may lie, a remark; 0 has no beyond."""
    active = kt.HyperParameters.from_config({"space": space.get_config()["space"], "values": dict(values)})
    return [
        f"{hp.name} {describe_value(values[hp.name])} lies at the edge of {_range_of(hp)}"
        for hp in active.space
        if hp.name in values and active.is_active(hp) and _is_at_edge(hp, values[hp.name])
    ]


def _is_at_edge(hp: Any, value: Any) -> bool:
    if isinstance(value, bool | str) or value == 0:
        return False
    if "min_value" in hp.get_config():
        return not _EDGE < hp.value_to_prob(value) < 1 - _EDGE
    choices = sorted(hp.values)
    return len(choices) > 2 and value in (choices[0], choices[-1])
