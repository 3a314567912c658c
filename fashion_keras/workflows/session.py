"""Session: what every command sets up, from its options to data, store, engine and console.

Each part is made when it is first asked for: a command that trains nothing starts no engine, and a wrong name is said
before the data is looked for.
"""

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from rich.console import Console

from fashion_keras._output import is_in_notebook
from fashion_keras.data import DataLocation, Dataset, load, locate
from fashion_keras.errors import ConfigError
from fashion_keras.execution import Engine, LocalEngine
from fashion_keras.execution.local import available_cores
from fashion_keras.execution.progress import VerboseConsole
from fashion_keras.execution.spawning import find_cards
from fashion_keras.formatting import count_noun, print_plain
from fashion_keras.storage.runs import RunStore
from fashion_keras.workflows.precision import resolve_precision

__all__ = ["DataOptions", "ExecutionOptions", "Session", "describe_interrupt", "fill", "make_console"]

Options = TypeVar("Options")


@dataclass(frozen=True)
class DataOptions:
    """The data that a command works on.

    Attributes:
        data_dir: Where Fashion-MNIST is.
        dataset: A folder or an .npz file with other data.
        image_size: Height and width that its pictures are scaled to.
        offline: Fetch nothing.
    """

    data_dir: str | None = None
    dataset: str | None = None
    image_size: tuple[int, int] | None = None
    offline: bool = False


@dataclass(frozen=True)
class ExecutionOptions:
    """How and where runs are executed.

    Attributes:
        workers: Runs at a time; None is one per core.
        precision: `float32`, `mixed_bfloat16` or `auto`, see `resolve_precision`; None is the experiment's own.
        device: `cpu`, `gpu`, or `auto` for cards where there are any.
        runs_per_gpu: Runs at a time on each card; None is one.
        engine: `local`, or `ray` for a cluster.
        address: The Ray cluster's head node, see `RayEngine`.

    Raises:
        ConfigError: On construction, where one does not go with the engine.
    """

    workers: int | None = None
    precision: str | None = None
    device: str = "cpu"
    runs_per_gpu: int | None = None
    engine: str = "local"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.engine == "local" and self.address:
            raise ConfigError("--address goes with --engine ray")
        if self.device == "cpu" and self.runs_per_gpu:
            raise ConfigError("--runs-per-gpu goes with --device gpu")
        if self.device != "cpu" and self.workers:
            raise ConfigError(
                "--workers goes with --device cpu: on cards, --runs-per-gpu says how many runs go at a time"
            )
        if self.device != "cpu" and self.precision == "auto":
            raise ConfigError("--precision auto measures the processor: name a precision for --device " + self.device)
        if self.device != "cpu" and self.engine == "ray":
            raise ConfigError("--device goes with --engine local: runs on the cards of a cluster were never tried")
        if self.engine == "ray" and self.workers:
            raise ConfigError("--workers goes with --engine local: Ray runs as many at a time as its nodes have cores")


_CUSTOM_LOCATION = DataLocation("custom", Path(), (), "the trainer", "", ())
_NO_IMAGES, _NO_LABELS = np.zeros((0, 1, 1), np.uint8), np.zeros(0, np.int32)
_CUSTOM_DATASET = Dataset(
    **vars(_CUSTOM_LOCATION),
    train_images=_NO_IMAGES,
    train_labels=_NO_LABELS,
    test_images=_NO_IMAGES,
    test_labels=_NO_LABELS,
)
"""Stand for data that a custom trainer loads itself: nobody here has seen it."""


def fill(options: type[Options], values: Mapping[str, Any]) -> Options:
    """Return options of a kind (a dataclass) with those of the values that are among its fields.

    >>> fill(ExecutionOptions, {"workers": 2, "seeds": 10})
    ExecutionOptions(workers=2, precision=None, device='cpu', runs_per_gpu=None, engine='local', address=None)
    """
    known = {field.name for field in fields(options)}  # type: ignore[arg-type]
    return options(**{name: value for name, value in values.items() if name in known})


def describe_interrupt(num_done: int, noun: str) -> str:
    """Return what Ctrl-C has cost, and how to go on.

    >>> describe_interrupt(2, "new run")
    'Interrupted after 2 new runs. They are kept: the same command goes on from there.'
    """
    if not num_done:
        return f"Interrupted before a {noun} was done: the same command starts again."
    kept = "It is kept" if num_done == 1 else "They are kept"
    return f"Interrupted after {count_noun(num_done, noun)}. {kept}: the same command goes on from there."


def make_console(values: Mapping[str, Any]) -> Console:
    """Return the console that a command's options ask for: `quiet`, `verbose`, or `json`, beside which all is said."""
    kind = VerboseConsole if values.get("verbose") else Console
    return kind(
        quiet=bool(values.get("quiet")),
        stderr=bool(values.get("json")),
        force_terminal=False if is_in_notebook() else None,
        force_jupyter=False,
    )


class Session:
    """One call of a command. Used as a context, it ends its workers.

    Args:
        data: Which data, see `DataOptions`.
        execution: Where runs are executed, see `ExecutionOptions`.
        out: The folder of the store, the tables and the curves.
        console: Where to print.

    Attributes:
        started: When it began, on the clock of `time.monotonic`.
    """

    def __init__(
        self,
        data: DataOptions | None = None,
        execution: ExecutionOptions | None = None,
        out: Path = Path("runs"),
        console: Console | None = None,
    ):
        self.started = time.monotonic()
        self.data = data or DataOptions()
        self.execution = execution or ExecutionOptions()
        self.out = Path(out)
        self.console = console or Console()

    @classmethod
    def of(cls, values: Mapping[str, Any], console: Console | None = None) -> Self:
        """Return the session of a command's options: those of the data, of the execution, and `out`."""
        out = values.get("out") or Path("runs")
        return cls(fill(DataOptions, values), fill(ExecutionOptions, values), out, console or make_console(values))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "local_engine" in vars(self):
            self.local_engine.close()

    def aloud(self) -> "Session":
        """Return the same session on a console that is not quiet, for the answer."""
        return self._with(console=make_console({}) if self.console.quiet else self.console)

    def with_precision(self, precision: str | None) -> "Session":
        """Return the same session with another precision asked for; what is loaded is loaded."""
        other = self._with(execution=replace(self.execution, precision=precision))
        vars(other).pop("precision", None)
        return other

    def without_data(self) -> "Session":
        """Return the same session for runs whose trainers load their own data.

        Raises:
            ConfigError: An option asks for data or a precision, which no trainer would hear of.
        """
        if self.data.dataset or self.data.data_dir or self.data.image_size or self.execution.precision:
            raise ConfigError(
                "a custom trainer has its own data and precision: they are options of its function, not --dataset, "
                "--data-dir, --image-size and --precision"
            )
        return self._with(location=_CUSTOM_LOCATION, dataset=_CUSTOM_DATASET)

    def _with(self, **changes: Any) -> "Session":
        other = copy.copy(self)
        vars(other).update(changes)
        return other

    def say(self, text: str) -> None:
        """Print a line as it stands."""
        print_plain(self.console, text)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.started

    @cached_property
    def location(self) -> DataLocation:
        """Where the data is; found, or fetched, and verified."""
        data = self.data
        return locate(data.data_dir, data.dataset, data.offline, self.say, data.image_size)

    @cached_property
    def dataset(self) -> Dataset:
        """The data."""
        return load(self.location)

    @property
    def place_of_data(self) -> dict[str, Any]:
        """Where the user's own data was found, `path` and `image_size`, for reports; nothing of Fashion-MNIST."""
        if not self.data.dataset or self.dataset.is_fashion_mnist:
            return {}
        return {"path": str(Path(self.data.dataset).expanduser().absolute()), "image_size": self.data.image_size}

    @cached_property
    def store(self) -> RunStore:
        """The finished runs."""
        return RunStore(self.out / "store")

    @cached_property
    def precision(self) -> str | None:
        """The precision that was asked for, as it comes to here; None is the experiment's own."""
        asked = self.execution.precision
        return None if asked is None else resolve_precision(asked, self.local_engine, self.say)

    @cached_property
    def cards(self) -> tuple[str, ...]:
        """The cards that runs are to use.

        Raises:
            ConfigError: They were asked for, and there are none.
        """
        asked = self.execution.device
        cards = find_cards() if asked != "cpu" else ()
        if asked == "gpu" and not cards:
            raise ConfigError(
                "--device gpu needs a card that TensorFlow sees, and it sees none here: --device auto takes the "
                "processor then; NVIDIA's cards need pip install 'tensorflow[and-cuda]'"
            )
        return cards

    @property
    def device(self) -> str:
        """Where runs are trained, `"cpu"` or `"gpu"`."""
        return "gpu" if self.cards else "cpu"

    @cached_property
    def engine(self) -> Engine:
        """Where runs are trained.

        Raises:
            ConfigError: Ray is not installed, or there is no cluster.
        """
        if self.execution.engine == "local":
            return self.local_engine
        from fashion_keras.execution.ray_engine import RayEngine

        return RayEngine(self.execution.address)

    @cached_property
    def local_engine(self) -> LocalEngine:
        """Processes of this machine, for what writes into folders that only this machine has."""
        on_cards = len(self.cards) * (self.execution.runs_per_gpu or 1)
        return LocalEngine(on_cards or self.execution.workers or available_cores(), cards=self.cards)
