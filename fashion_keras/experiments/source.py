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
    given = {name: getattr(experiment, name) for name in ("name", "title", "base", "arms")}
    if experiment.baseline != experiment.arms[0].name:
        given["baseline"] = experiment.baseline
    return _FILE.format(
        docstring=docstring.replace("\\", "\\\\").replace('"""', "'''"),
        imports="" if experiment.base == BASE else "\nfrom dataclasses import replace\n",
        experiment=_lay_out(_call("Experiment", **given), room=_LINE_LENGTH - len("EXPERIMENT = ")),
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


def _node(value: Any) -> _Node:
    if isinstance(value, RunConfig):
        return "BASE" if value == BASE else _call("replace", BASE, **plain_settings(value))
    if isinstance(value, Arm):
        remarks = {"published": value.published, "text_only": value.text_only or None}
        given = {name: remark for name, remark in remarks.items() if remark is not None}
        return _call("Arm", value.name, **given, **value.changes)
    if isinstance(value, Mapping):
        return "{", [(f"{json.dumps(name)}: ", _node(item)) for name, item in value.items()], "}"
    if isinstance(value, tuple | list):
        return "(", [("", _node(item)) for item in value], ",)" if len(value) == 1 else ")"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _call(function: str, *first: Any, **named: Any) -> _Node:
    heads = [*[""] * len(first), *(f"{name}=" for name in named)]
    return f"{function}(", list(zip(heads, map(_node, (*first, *named.values())), strict=True)), ")"


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
