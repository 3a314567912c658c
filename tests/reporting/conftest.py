"""Comparisons without training: runs of given numbers, as the store would return them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import ArmRecord, ArmResults, ComparisonRecord, ComparisonResults
from fashion_keras.storage.results import HISTORY_KEYS, METRICS, pack_bits
from fashion_keras.storage.runs import StoredRun

Curve = Sequence[float | None]


def make_run(
    seed: int = 0,
    *,
    status: str = "finished",
    minutes: float = 1.0,
    config: Mapping[str, Any] | None = None,
    correct: Sequence[bool] | None = None,
    **curves: Curve,
) -> StoredRun:
    """A stored run with these curves, one value an epoch; what is not given stays at 0.5."""
    epochs = max((len(curve) for curve in curves.values()), default=1)
    history = {key: list(curves.get(key, [0.5] * epochs)) for key in HISTORY_KEYS}
    result = {
        "run_id": f"{seed:064x}",
        "config": {"seed": seed, **(config or {})},
        "status": status,
        "final": {key: history[key][-1] for key in METRICS},
        "seconds": {"train": minutes * 50, "total": minutes * 60, "startup": 3.0},
        "correct": None if correct is None else {"count": len(correct), "bits": pack_bits(np.array(correct))},
        "finished_at": "2026-01-02T03:04:05+00:00",
        "artefacts": {},
    }
    run = StoredRun(Path(f"/store/runs/run__s{seed}"), result)
    vars(run)["history"] = history  # in place of history.json
    return run


def make_arm(
    name: str,
    runs: Sequence[StoredRun],
    *,
    published: str | None = None,
    text_only: bool = False,
    config: Mapping[str, Any] | None = None,
) -> ArmResults:
    record = ArmRecord(name, published, text_only, config or {}, {run.seed: run.path.name for run in runs})
    return ArmResults(record, {run.seed: run for run in runs})


def make_results(
    *arms: ArmResults,
    num_seeds: int | None = None,
    title: str = "Two arms",
    data: str = "fashion_mnist",
    design: Design | None = None,
) -> ComparisonResults:
    described = {
        "name": data,
        "content_hash": "0",
        "class_names": ["a", "b"],
        "is_fashion_mnist": data == "fashion_mnist",
    }
    seeds = range(num_seeds if num_seeds is not None else max(len(arm.runs) for arm in arms))
    design = design or Design.fixed(len(seeds) or 1)
    record = ComparisonRecord("two", title, arms[0].name, tuple(arm.record for arm in arms), described, design)
    return ComparisonResults(record, arms, tuple(seeds))


@pytest.fixture
def awkward_name() -> str:
    """A name with everything that Markdown, rich and CSV could take for their own."""
    return 'a|b [red]c[/red] <b>d</b>\n# e, "f" `g` *h* _i_ \\| $j$ &amp; \x1b[31m ~k~'


@pytest.fixture
def two_arms() -> Callable[..., ComparisonResults]:
    """A base of two seeds with the report's row, and a described arm."""

    def build(**settings: Any) -> ComparisonResults:
        ends = {"train_loss": (0.2, 0.4), "val_loss": (0.3, 0.5), "test_loss": (0.4, 0.6)}
        ends |= {"val_accuracy": (0.87, 0.89), "test_accuracy": (0.85, 0.87)}
        base = [
            make_run(seed, minutes=1 + 2 * seed, **{name: [values[seed]] for name, values in ends.items()})
            for seed in (0, 1)
        ]
        other = [make_run(seed, test_accuracy=[0.9]) for seed in (0, 1)]
        return make_results(
            make_arm("base", base, published="base"), make_arm("other", other, text_only=True), **settings
        )

    return build
