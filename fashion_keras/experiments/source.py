"""Source text of a comparison: the Python file that defines an `Experiment`, in the form of the package's own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from textwrap import indent
from typing import Any

from fashion_keras.config.components import Component, option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.experiments.definition import BASE, Arm, Experiment

__all__ = ["experiment_source", "plain_settings"]

_FILE = '''"""{docstring}"""
{imports}
from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = {experiment}

if __name__ == "__main__":
    main(EXPERIMENT)
'''


def experiment_source(experiment: Experiment, docstring: str) -> str:
    """Return the text of a Python file that defines a comparison, for `fashion-keras run FILE`.

    Args:
        experiment: The comparison; its base differs from `BASE` in plain settings alone, such as the precision.
        docstring: The file's, without quotation marks.
    """
    arms = [f"{_arm(arm)}," for arm in experiment.arms]
    given = {name: _literal(getattr(experiment, name)) for name in ("name", "title", "base")}
    given["arms"] = "\n".join(["(", *(indent(arm, "    ") for arm in arms), ")"])
    if experiment.baseline != experiment.arms[0].name:
        given["baseline"] = _literal(experiment.baseline)
    return _FILE.format(
        docstring=docstring.replace("\\", "\\\\").replace('"""', "'''"),
        imports="" if experiment.base == BASE else "\nfrom dataclasses import replace\n",
        experiment=_call("Experiment", given),
    )


def plain_settings(config: RunConfig, left_out: Sequence[str] = ()) -> dict[str, Any]:
    """Return in what a configuration differs from `BASE`, but for what is left out: components as names or mappings."""
    names = [field.name for field in fields(config) if field.name not in left_out]
    changes = {name: getattr(config, name) for name in names if getattr(config, name) != getattr(BASE, name)}
    if "optimizer" in changes:
        # It never comes without its rate, see `RunConfig.with_changes`; a component leaves out what is the default.
        rate = option_values("optimizer", config.optimizer)["learning_rate"]
        changes["optimizer"] = config.optimizer.with_options(learning_rate=rate)
    return {name: _plain(value) for name, value in changes.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, Component):
        return value
    options = {name: _plain(option) for name, option in value.plain_options().items()}
    return {"name": value.name, **options} if options else value.name


def _arm(arm: Arm) -> str:
    remarks = {"published": arm.published, "text_only": arm.text_only or None}
    given = {name: remark for name, remark in remarks.items() if remark is not None} | dict(arm.changes)
    settings = {name: _literal(value) for name, value in given.items()}
    return _call("Arm", settings, _literal(arm.name)) if settings else f"Arm({_literal(arm.name)})"


def _call(function: str, named: Mapping[str, str], *first: str) -> str:
    """Return a call with an argument a line."""
    arguments = [*first, *(f"{name}={value}" for name, value in named.items())]
    return "\n".join([f"{function}(", *(indent(f"{argument},", "    ") for argument in arguments), ")"])


def _literal(value: Any) -> str:
    if isinstance(value, RunConfig):
        settings = [f", {name}={_literal(setting)}" for name, setting in plain_settings(value).items()]
        return f"replace(BASE{''.join(settings)})" if settings else "BASE"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)}: {_literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
