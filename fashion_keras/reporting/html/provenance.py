"""Provenance of each number: runs with their ids, seeds, machines and versions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fashion_keras.formatting import one_line
from fashion_keras.reporting.units import ACCURACY
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.storage.runs import StoredRun

_ENVIRONMENT = ("processor", "cores", "platform", "python", "numpy", "keras", "tensorflow")
_UNKNOWN = "not recorded"


@dataclass(frozen=True)
class RunView:
    """One run: seed, folder, run id, outcome, when it finished, and which machine by its number on the page."""

    seed: int
    folder: str
    run_id: str
    outcome: str
    finished_at: str
    machine: int


@dataclass(frozen=True)
class ArmProvenance:
    """An arm: what differs from the default configuration, as JSON, and its runs."""

    arm: str
    config: str
    runs: tuple[RunView, ...]


class Machines:
    """The machines and versions of all runs of the page, numbered from 1 in the order they are met."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}

    def number_of(self, environment: Mapping[str, object]) -> int:
        """Return the number of a machine with its versions."""
        key = tuple(one_line(str(environment.get(name, _UNKNOWN))) for name in _ENVIRONMENT)
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    @property
    def heads(self) -> tuple[str, ...]:
        """What is reported of each."""
        return _ENVIRONMENT

    @property
    def rows(self) -> Sequence[tuple[int, tuple[str, ...]]]:
        """Number and texts."""
        return [(number, key) for key, number in self._numbers.items()]


def trace(results: ComparisonResults, machines: Machines) -> tuple[ArmProvenance, ...]:
    """Return where a comparison's numbers come from, arm by arm."""
    return tuple(
        ArmProvenance(
            one_line(arm.name),
            one_line(json.dumps(dict(arm.record.config), sort_keys=True, ensure_ascii=False)),
            tuple(_view_run(seed, run, machines) for seed, run in arm.runs.items()),
        )
        for arm in results.arms
    )


def _view_run(seed: int, run: StoredRun, machines: Machines) -> RunView:
    accuracy = run.final["test_accuracy"]
    reached = "" if accuracy is None else f", {ACCURACY.text(accuracy)} %"
    return RunView(
        seed,
        one_line(run.path.name),
        run.run_id,
        f"{run.status}{reached}",
        str(run.result.get("finished_at", _UNKNOWN)),
        machines.number_of(run.result.get("environment", {})),
    )
