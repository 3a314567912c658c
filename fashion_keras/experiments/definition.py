"""Experiment: a base configuration, and arms that each change one thing."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import OF_EXPERIMENTS, RunConfig
from fashion_keras.config.values import Accepts
from fashion_keras.errors import ConfigError
from fashion_keras.formatting import safe_name
from fashion_keras.results.metrics import TEST_ACCURACY, Metric
from fashion_keras.statistics import LEVEL, MARGIN

__all__ = ["BASE", "DEFAULT_SEEDS", "Arm", "Experiment", "misplaced", "published_rows"]

BASE = RunConfig()
"""The report's base model: 784-300-200-10, SGD at 0.02, batch 512, 50 epochs, PyTorch's initialisation."""

DEFAULT_SEEDS = 10

KERAS_METRICS = (
    *(f"{part}_{measure}" for part in ("test", "val", "train") for measure in ("accuracy", "loss")),
    "test_macro_f1",
    "test_balanced_accuracy",
    "seconds",
)
"""What runs of Keras have: seconds are those of the training, without evaluations."""

_MAX_BYTES = 100
"""Of a name: with what is added to it, it is a folder's."""


@dataclass(frozen=True, init=False)
class Arm:
    """One row of a comparison.

    Args:
        name: What the table calls it.
        published: The row of the report that it reproduces, a key of published.json.
        text_only: The report describes it in words only; such rows stand below a line.
        changes: The settings in which it differs from the base, see `RunConfig.with_changes`.
    """

    name: str
    published: str | None
    text_only: bool
    changes: Mapping[str, Any] = field(hash=False)

    def __init__(self, name: str, *, published: str | None = None, text_only: bool = False, **changes: Any):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "published", published)
        object.__setattr__(self, "text_only", text_only)
        object.__setattr__(self, "changes", changes)


@dataclass(frozen=True)
class Experiment:
    """A comparison: its arms are trained on the same seeds and compared pair by pair.

    Args:
        name: A word for commands and folders: letters, digits, `_`, `-` and `.`.
        title: A line for people.
        base: What the arms share, of a comparison of Keras's runs; `BASE` where nothing is given.
        arms: At least two; names differ.
        baseline: The arm that the others are compared with; the first where none is named.
        margin: Values that differ by less are called equivalent, in the unit of the metric; of shares a fraction,
            where nothing is given 0.002, 0.2 points: of 10,000 test images 20, of 597 one.
        level: Chance of any false better or worse in the table that is put up with.
        dataset: Your own data, as `--dataset` takes it, which goes before this; a relative path starts at the
            experiment's file.
        image_size: Height and width that its pictures are scaled to.
        metric: By what the arms are judged, a name or a `Metric`: one of `KERAS_METRICS`, or what a trainer returns.
        metrics: What the tables show besides.
        score_share: Of which share of a run's last epochs its test accuracy is the mean; 0.0 is the last epoch alone. A
            share varies less from seed to seed, but is another quantity: it makes another comparison, chosen before you
            look.
        factors: Of a grid, from the name of each factor to its levels, see `grid`.
        trainer: Instead of a base: a custom training function, `module:function`, in any framework, or a mapping with
            the key `name` and its options; see `fashion_keras.training.custom`.

    Raises:
        ConfigError: On construction, where something is of a wrong kind, a name is no word or too long, an arm's
            settings are wrong, two arms are one, or the baseline is none.
    """

    name: str
    title: str
    base: RunConfig = BASE
    arms: Accepts[Sequence[Arm], tuple[Arm, ...]] = ()  # type: ignore[assignment]
    baseline: str = ""
    dataset: str | None = None
    image_size: tuple[int, int] | None = None
    metric: Accepts[str | Metric, Metric] = TEST_ACCURACY  # type: ignore[assignment]
    metrics: Accepts[str | Metric | Sequence[str | Metric], tuple[Metric, ...]] = ()  # type: ignore[assignment]
    margin: Accepts[float | None, float] = None  # type: ignore[assignment]
    level: float = LEVEL
    score_share: float = 0.0
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    trainer: InitVar[str | Mapping[str, Any] | None] = None

    def __new__(cls, *_: Any, **settings: Any) -> "Experiment":
        """Say of a setting that an experiment has not where it belongs."""
        for name in settings.keys() - cls.__dataclass_fields__.keys():
            raise misplaced("a setting of an experiment", name, cls.__dataclass_fields__)
        return super().__new__(cls)

    def __post_init__(self, trainer: str | Mapping[str, Any] | None) -> None:
        if trainer is not None:
            if self.base != BASE:
                raise ConfigError("an experiment has a base or a trainer, not both")
            if self.score_share:
                raise ConfigError("score_share is of Keras's runs: a custom trainer returns the score that it means")
            object.__setattr__(self, "base", BASE.with_changes(trainer=trainer))
        for name in ("arms", "image_size"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        self._settle_metrics()
        self._check_kinds()
        _check_name("an experiment", self.name)
        if not re.fullmatch(r"\w[\w.-]*", self.name):
            raise ConfigError(f"the name of an experiment must be letters, digits, _, - and ., got {self.name!r}")
        names = [arm.name for arm in self.arms]
        _check_folders(names)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ConfigError(f"experiment {self.name!r} needs at least two arms of different names, got {names}")
        if not self.baseline:
            object.__setattr__(self, "baseline", names[0])
        elif self.baseline not in names:
            raise ConfigError(f"the baseline must be {suggest(self.baseline, names)}")
        self._check_twins()

    @classmethod
    def grid(
        cls,
        name: str,
        title: str,
        *,
        base: RunConfig = BASE,
        trainer: str | Mapping[str, Any] | None = None,
        factors: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
        **settings: Any,
    ) -> "Experiment":
        """Return the comparison of all combinations: what each factor does on average, and whether they interact.

        The first level of each factor is the one that others are compared with; the combination of them is the
        baseline. A grid is looked at once, when all its seeds are there.

        Args:
            name, title, base, trainer: As of the class.
            factors: Factors that change several settings at once: from name to level to settings.
            **settings: Factors that are a setting each: its values; and `metric`, `margin`, ... of the class.

        Raises:
            ConfigError: There are fewer than two factors, or one has fewer than two levels.

        >>> rates = Experiment.grid("rates", "By optimizer", optimizer=["sgd", "adam"], learning_rate=[0.01, 0.001])
        >>> [arm.name for arm in rates.arms][:2]
        ['sgd+learning_rate=0.01', 'sgd+learning_rate=0.001']
        """
        own = {name: settings.pop(name) for name in OF_EXPERIMENTS if name in settings}
        levels = dict(factors or {}) | {setting: _levels(setting, values) for setting, values in settings.items()}
        if len(levels) < 2 or any(len(each) < 2 for each in levels.values()):
            found = ", ".join(f"{factor} with {len(each)}" for factor, each in levels.items()) or "none"
            raise ConfigError(f"the grid {name!r} needs two factors of at least two levels each, got {found}")
        arms = []
        for chosen in product(*(each.items() for each in levels.values())):
            changes = {key: value for _, settings in chosen for key, value in settings.items()}
            arms.append(Arm("+".join(label for label, _ in chosen), **changes))
        names = {factor: tuple(each) for factor, each in levels.items()}
        return cls(name, title, base, tuple(arms), factors=names, trainer=trainer, **own)

    def _settle_metrics(self) -> None:
        """Turn names of metrics into metrics, and find the margin that nobody stated."""
        others = (self.metrics,) if isinstance(self.metrics, str | Metric) else self.metrics
        for given in (self.metric, *others):
            name = getattr(given, "name", given)
            if isinstance(self.base, RunConfig) and self.base.trainer is None and name not in KERAS_METRICS:
                raise ConfigError(f"a metric of Keras's runs is {suggest(name, KERAS_METRICS)}")
        object.__setattr__(self, "metric", Metric.from_json(self.metric))
        object.__setattr__(self, "metrics", tuple(map(Metric.from_json, others)))
        if self.margin is None:
            if not self.metric.is_share:
                raise ConfigError(
                    f"{self.metric.name} needs a margin: which difference is too small to matter, such as margin=0.01"
                )
            object.__setattr__(self, "margin", MARGIN)

    def _check_kinds(self) -> None:
        """Check what annotations alone hold nobody to."""
        if isinstance(self.arms, Arm):
            raise ConfigError(f"arms must be several, such as arms=(Arm('a'), Arm('b')); got {self.arms.name!r} alone")
        for name, kind, is_right in (
            ("title", "a line of text", _is_line(self.title)),
            ("base", "a RunConfig, such as BASE", isinstance(self.base, RunConfig)),
            ("arms", "a tuple of Arms", _is_tuple_of(Arm, self.arms)),
            ("baseline", "the name of an arm", isinstance(self.baseline, str)),
            ("dataset", "a path", isinstance(self.dataset, str | None)),
            ("image_size", "height and width in pixels, such as (32, 48)", _is_size(self.image_size)),
            ("margin", "above 0, of shares a fraction such as 0.002", _is_margin(self.margin, self.metric)),
            ("level", "a chance above 0, such as 0.05", _is_share(self.level)),
            ("score_share", "a share below 1, such as 0.2", self.score_share == 0.0 or _is_share(self.score_share)),
        ):
            if not is_right:
                raise ConfigError(f"the {name} of an experiment must be {kind}, got {getattr(self, name)!r}")

    def _check_twins(self) -> None:
        configs: dict[RunConfig, str] = {}
        ends = [config for config in map(self.config_of, self.arms) if config.keep_best or config.patience]
        if self.score_share and (ends or self.metric != TEST_ACCURACY):
            got = "an arm with one of them" if ends else f"the metric {self.metric.name}"
            raise ConfigError(
                "score_share is a mean of test accuracies, of runs without keep_best and patience; "
                f"got {got}: leave it out"
            )
        for arm in self.arms:
            twin = configs.setdefault(self.config_of(arm), arm.name)
            if twin != arm.name:
                raise ConfigError(f"arms {twin!r} and {arm.name!r} are the same configuration")

    def config_of(self, arm: Arm) -> RunConfig:
        """Return an arm's configuration."""
        try:
            return self.base.with_changes(**arm.changes)
        except ConfigError as error:
            raise ConfigError(f"arm {arm.name!r}: {error}") from error

    def with_overrides(self, **settings: Any) -> "Experiment":
        """Return the experiment with settings of every arm replaced, such as `epochs` or `data`.

        With other epochs, a warm-up keeps its share of them.

        Raises:
            ConfigError: A custom trainer does not take a setting.
        """
        base = self.base.with_epochs(settings["epochs"]) if "epochs" in settings else self.base
        arms = tuple(self._override(arm, settings) for arm in self.arms)
        others = {name: value for name, value in settings.items() if name != "epochs"}
        return replace(self, base=base.with_changes(**others), arms=arms)

    def _override(self, arm: Arm, settings: Mapping[str, Any]) -> Arm:
        changes = {name: value for name, value in arm.changes.items() if name not in settings}
        if "epochs" in settings and {"schedule", "warmup_epochs"} & set(changes):
            before = self.config_of(arm)
            after = before.with_epochs(settings["epochs"])
            if after.schedule != before.schedule:
                changes.pop("warmup_epochs", None)
                changes["schedule"] = after.schedule
        return Arm(arm.name, published=arm.published, text_only=arm.text_only, **changes)

    def select(self, names: Sequence[str] | None) -> tuple[Arm, ...]:
        """Return the arms of these names in the experiment's order, or all.

        Raises:
            ConfigError: There is no arm of a name.
        """
        if names is None:
            return self.arms
        known = [arm.name for arm in self.arms]
        for name in names:
            if name not in known:
                raise ConfigError(f"an arm of {self.name} is {suggest(name, known)}")
        return tuple(arm for arm in self.arms if arm.name in names)


def misplaced(what: str, name: str, allowed: Collection[str]) -> ConfigError:
    """Return the error for the `name` of `what`, none of the `allowed`: where it belongs, or the nearest of them."""
    if name in BASE.setting_names - {"seed"}:
        text = f"of the runs: Arm(..., {name}=...) of one arm, base=BASE.with_changes({name}=...) of all"
    elif name in OF_EXPERIMENTS:
        text = f"of the comparison: Experiment(..., {name}=...)"
    elif name in ("fixed", "looks", "seeds"):
        text = f"said when a comparison is run: --{name}, or compare(..., {name}=...)"
    else:
        return ConfigError(f"{what} is {suggest(name, allowed)}")
    return ConfigError(f"{what} cannot be {name!r}, which is {text}")


def _levels(setting: str, values: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return the levels of a factor that is one setting, by what people call them."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ConfigError(f"the levels of {setting} must be a list, such as {setting}=[{values!r}, ...]")
    return {_label(setting, value): {setting: value} for value in values}


def _label(setting: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    text = "-".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return f"{setting}={text}"


def _check_folders(names: Sequence[str]) -> None:
    """Check that each arm has a folder of its own, for its SavedModel and its logs."""
    folders: dict[str, str] = {}
    for name in names:
        _check_name("an arm", name)
        twin = folders.setdefault(safe_name(name), name)
        if twin != name:
            raise ConfigError(
                f"arms {twin!r} and {name!r} would share the folder {safe_name(name)!r}: their names must differ in "
                "letters, digits, -, _ or ."
            )


def _check_name(of: str, name: Any) -> None:
    if not _is_line(name):
        raise ConfigError(f"the name of {of} must be a line of text, got {name!r}")
    if (size := len(name.encode())) > _MAX_BYTES:
        raise ConfigError(f"the name of {of} must have at most {_MAX_BYTES} bytes, got {size}: {name[:20]!r}...")


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


def _is_tuple_of(kind: type, value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, kind) for each in value)


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0.0 < value < 1.0


def _is_margin(value: object, metric: Metric) -> bool:
    return _is_share(value) or (not metric.is_share and isinstance(value, int | float) and 0 < value < math.inf)


def _is_size(value: Any) -> bool:
    """Whether a value is None, or height and width."""
    return value is None or (_is_tuple_of(int, value) and len(value) == 2 and min(value) > 0)


@cache
def published_rows() -> Mapping[str, Mapping[str, Any]]:
    """Return the rows of the report by their keys: fractions, nats and minutes, None where a cell is empty."""
    text = (files("fashion_keras.experiments") / "published.json").read_text()
    return json.loads(text)["arms"]
