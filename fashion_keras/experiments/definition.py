"""Experiment: a base configuration, and arms that each change one thing."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from fashion_keras.config.catalogue import suggest
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.formatting import safe_name

BASE = RunConfig()
"""The report's base model: 784-300-200-10, SGD at 0.02, batch 512, 50 epochs, PyTorch's initialisation."""

DEFAULT_SEEDS = 10


@dataclass(frozen=True, init=False)
class Arm:
    """One row of a comparison.

    Args:
        name: What the table calls it.
        published: The row of the report that it reproduces, a key of published.json.
        described: The report describes it in words only; such rows stand below a line.
        changes: The settings in which it differs from the base, see `RunConfig.with_changes`.
    """

    name: str
    published: str | None
    described: bool
    changes: Mapping[str, Any] = field(hash=False)

    def __init__(self, name: str, *, published: str | None = None, described: bool = False, **changes: Any):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "published", published)
        object.__setattr__(self, "described", described)
        object.__setattr__(self, "changes", changes)


@dataclass(frozen=True)
class Experiment:
    """A comparison: its arms are trained on the same seeds and compared pair by pair.

    Args:
        name: A word for commands and folders: letters, digits, `_`, `-` and `.`.
        title: A line for people.
        base: What the arms share.
        arms: At least two; names differ.
        baseline: The arm that the others are compared with; the first where none is named.

    Raises:
        ConfigError: On construction, where the name is no word, an arm's settings are wrong, two arms are one, or the
            baseline is none.
    """

    name: str
    title: str
    base: RunConfig
    arms: tuple[Arm, ...]
    baseline: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"\w[\w.-]*", self.name):
            raise ConfigError(f"the name of an experiment must be letters, digits, _, - and ., got {self.name!r}")
        if safe_name(self.name) != self.name:
            raise ConfigError(f"the name of an experiment must be at most 100 bytes, got {self.name[:20]!r}...")
        if not isinstance(self.title, str) or not self.title.strip():
            raise ConfigError(f"the title of experiment {self.name!r} must be a line for people, got {self.title!r}")
        names = [arm.name for arm in self.arms]
        _check_folders(names)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ConfigError(f"experiment {self.name!r} needs at least two arms of different names, got {names}")
        if not self.baseline:
            object.__setattr__(self, "baseline", names[0])
        elif self.baseline not in names:
            raise ConfigError(f"the baseline must be {suggest(self.baseline, names)}")
        configs: dict[RunConfig, str] = {}
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
        """
        base = self.base.with_epochs(settings["epochs"]) if "epochs" in settings else self.base
        arms = tuple(self._override(arm, settings) for arm in self.arms)
        return replace(self, base=replace(base, **settings), arms=arms)

    def _override(self, arm: Arm, settings: Mapping[str, Any]) -> Arm:
        changes = {name: value for name, value in arm.changes.items() if name not in settings}
        if "epochs" in settings and {"schedule", "warmup_epochs"} & set(changes):
            before = self.config_of(arm)
            after = before.with_epochs(settings["epochs"])
            if after.schedule != before.schedule:
                changes.pop("warmup_epochs", None)
                changes["schedule"] = after.schedule
        return Arm(arm.name, published=arm.published, described=arm.described, **changes)

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


def _check_folders(names: Sequence[str]) -> None:
    """Check that each arm has a folder of its own, for its SavedModel and its logs."""
    folders: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(f"the name of an arm must be text, got {name!r}")
        twin = folders.setdefault(safe_name(name), name)
        if twin != name:
            raise ConfigError(
                f"arms {twin!r} and {name!r} would share the folder {safe_name(name)!r}: their names must differ in "
                "letters, digits, -, _ or . within the first 100 bytes"
            )


@cache
def published_rows() -> Mapping[str, Mapping[str, Any]]:
    """Return the rows of the report by their keys: fractions, nats and minutes, None where a cell is empty."""
    text = (files("fashion_keras.experiments") / "published.json").read_text()
    return json.loads(text)["arms"]
