"""The setting that a search picked, as a comparison beside the base. Knows no TensorFlow.

A pick that is adopted lies beside the modules of the comparisons, and is one of them from then on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fashion_keras.config.run_config import RunConfig, option_values
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.storage.files import write_files

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
_OF_THE_SEARCH = ("seed", "data", "evaluate_test", "precision")


@dataclass(frozen=True)
class Pick:
    """What was picked, and from what.

    Attributes:
        space, oracle, seed, epochs, objective: As in `Study`.
        study: Its name.
        trials: How many there were.
        trial: The number of the one that was picked.
        value: What it reached on the validation images.
        precision: Of the search; the comparison is trained in it, too.
        settings: Changes of the base, for `RunConfig.with_changes`.
    """

    space: str
    study: str
    oracle: str
    trials: int
    seed: int
    epochs: int
    objective: str
    trial: int
    value: float
    precision: str
    settings: Mapping[str, Any]

    def experiment(self, name: str) -> Experiment:
        """Return the comparison of the pick with the base.

        Raises:
            ConfigError: The pick is the base, or its settings are wrong.
        """
        published = "base" if self.precision == BASE.precision else None
        return Experiment(
            name=name,
            title=f"The pick of {self.trials} trials ({self.oracle} search of {self.space}) beside the base",
            base=replace(BASE, precision=self.precision),
            arms=(Arm("base", published=published), Arm("tuned", **self.settings)),
        )

    def to_json(self) -> str:
        """Return the text that `read_pick` reads."""
        return json.dumps(vars(self), indent=1) + "\n"


def pick_settings(config: RunConfig) -> dict[str, Any]:
    """Return what differs from the base in a trial's run, without what belongs to the search."""
    settings = {name: value for name, value in config.to_json().items() if name not in _OF_THE_SEARCH}
    # An optimizer never comes without its rate, see `RunConfig.with_changes`; JSON leaves out what is the default.
    rate = option_values("optimizer", config.optimizer)["learning_rate"]
    if "optimizer" in settings:
        settings["optimizer"] = {"name": config.optimizer.name, **config.optimizer.as_dict(), "learning_rate": rate}
    return settings


def read_pick(path: Path) -> Pick:
    """Read a pick.

    Raises:
        StoreError: The file is not one.
    """
    try:
        return Pick(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(f"{path} is not the pick of a search ({error})") from error


def adopt(pick: Pick, folder: Path = EXPERIMENTS) -> Path:
    """Make a pick one of the comparisons, and return its file.

    Raises:
        ConfigError: Its space has no module among the comparisons.
    """
    name = f"tuned_{pick.space}"
    if not (folder / f"{name}.py").exists():
        known = ", ".join(sorted(path.stem.removeprefix("tuned_") for path in folder.glob("tuned_*.py")))
        raise ConfigError(f"--adopt goes with a space that has a module {folder.name}/tuned_SPACE.py: {known}")
    path = folder / f"{name}.json"
    write_files(folder, {path.name: pick.to_json()})
    return path


def load_adopted(name: str, folder: Path = EXPERIMENTS) -> Experiment:
    """Return the comparison of an adopted pick, such as `tuned_fcn`.

    Raises:
        ConfigError: No pick has been adopted under that name.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        command = f"fashion-keras tune {name.removeprefix('tuned_')} --adopt"
        raise ConfigError(f"{name} has no pick yet; `{command}` searches for one")
    return read_pick(path).experiment(name)
