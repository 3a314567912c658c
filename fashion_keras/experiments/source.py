"""Source text of a comparison: the Python file that defines an `Experiment`, in the form of the package's own."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

from fashion_keras.config.components import Component, option_values
from fashion_keras.config.run_config import RunConfig
from fashion_keras.experiments.definition import BASE, Arm, Experiment

__all__ = ["experiment_source", "plain_settings"]

_LINE_LENGTH = 120
_Node: TypeAlias = "str | tuple[str, list[tuple[str, _Node]], str]"
"""A piece of source: a word, or what it begins with, the items in it with what stands before each, and its end."""

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
    changes = plain_settings(experiment.base)
    parts = {
        "name": _node(experiment.name),
        "title": _node(experiment.title),
        "base": _call("replace", {"": "BASE", **_nodes(changes)}) if changes else "BASE",
        "arms": ("(", [("", _arm_node(arm)) for arm in experiment.arms], ")"),
    }
    if experiment.baseline != experiment.arms[0].name:
        parts["baseline"] = _node(experiment.baseline)
    return _FILE.format(
        docstring=docstring.replace("\\", "\\\\").replace('"""', "'''"),
        imports="\nfrom dataclasses import replace\n" if changes else "",
        experiment=_lay_out(_call("Experiment", parts), room=_LINE_LENGTH - len("EXPERIMENT = ")),
    )


def plain_settings(config: RunConfig, left_out: Sequence[str] = ()) -> dict[str, Any]:
    """Return in what a configuration differs from `BASE`, for an `Arm`: components as names or mappings.

    Args:
        config: The configuration.
        left_out: Settings that do not count.
    """
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


def _arm_node(arm: Arm) -> _Node:
    remarks = {"published": arm.published, "described": arm.described or None}
    given = {name: value for name, value in remarks.items() if value is not None}
    return _call("Arm", {"": _node(arm.name), **_nodes({**given, **arm.changes})})


def _call(function: str, arguments: Mapping[str, _Node]) -> _Node:
    return f"{function}(", [(f"{name}=" if name else "", node) for name, node in arguments.items()], ")"


def _nodes(values: Mapping[str, Any]) -> dict[str, _Node]:
    return {name: _node(value) for name, value in values.items()}


def _node(value: Any) -> _Node:
    if isinstance(value, Mapping):
        return "{", [(f"{json.dumps(name)}: ", node) for name, node in _nodes(value).items()], "}"
    if isinstance(value, tuple | list):
        return "(", [("", _node(item)) for item in value], ",)" if len(value) == 1 else ")"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _lay_out(node: _Node, room: float, indent: str = "") -> str:
    """Return a node's text as ruff formats it: on one line where there is room for it, else an item a line."""
    if isinstance(node, str):
        return node
    opening, items, closing = node
    flat = opening + ", ".join(head + _lay_out(item, math.inf) for head, item in items) + closing
    if len(flat) <= room:
        return flat
    inner = indent + "    "
    lines = [
        f"{inner}{head}{_lay_out(item, _LINE_LENGTH - len(inner) - len(head) - 1, inner)},\n" for head, item in items
    ]
    return f"{opening}\n{''.join(lines)}{indent}{closing[-1]}"
