"""The package: `train_run` of a configuration, as its workers do it."""

import time
from typing import Any

from benchmarks.speed.work import LEARNING_RATES, OPTIMIZERS, OnEpoch, Work, shrink


def run(work: Work, on_epoch: OnEpoch) -> dict[str, float]:
    """Train, and return the seconds of import, of the data, held normalised, of building, and of tracing."""
    clock = [time.perf_counter()]
    from fashion_keras._tensorflow import import_tensorflow

    import_tensorflow()
    from fashion_keras.training.run import image_dtype, preload_dataset, train_run, use_threads

    clock.append(time.perf_counter())
    from fashion_keras.data import load, locate

    dataset = shrink(load(locate()), work.share)
    use_threads(configure(work).threads)
    preload_dataset(dataset, image_dtype(configure(work)))  # a worker's runs share it, as they share the data
    clock.append(time.perf_counter())
    first_epoch: list[float] = []

    def record(_epoch: int, values: dict[str, float | None]) -> None:
        if not first_epoch:
            first_epoch.append(time.perf_counter())
        on_epoch(values["seconds"] or 0.0, values["test_accuracy"] or 0.0)

    result = train_run(configure(work), dataset, record)
    return {
        "import": clock[1] - clock[0],
        "data": clock[2] - clock[1],
        "build": result.seconds["startup"],
        "first_epoch": first_epoch[0] - clock[2] - result.seconds["startup"],
    }


def configure(work: Work) -> Any:
    """Return the run's configuration."""
    from fashion_keras.experiments import BASE

    optimizer = OPTIMIZERS[work.model]
    return BASE.with_changes(
        model=work.model,
        optimizer={"name": optimizer, "learning_rate": LEARNING_RATES[optimizer]},
        epochs=1 + work.epochs,
        precision="mixed_bfloat16" if work.precision == "bfloat16" else "float32",
        threads=work.threads or _cores(),
    )


def _cores() -> int:
    from fashion_keras.execution.local import available_cores

    return available_cores()
