"""Description of a network without its weights, which Keras alone builds again: no code of a user's is needed."""

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.errors import ExportError
from fashion_keras.formatting import first_line, one_line
from fashion_keras.inference.record import NETWORK

if TYPE_CHECKING:
    import keras

__all__ = ["build_network", "describe_network", "plain_model", "read_network", "write_network"]

_LAMBDA = "__lambda__"
_TRAINING_ONLY = ("_regularizer", "_constraint")


def plain_model(model: "keras.Model") -> "keras.Model":
    """Return the graph of a model's layers as a model of Keras's own class: a subclass trains otherwise, no more."""
    import_tensorflow()
    import keras

    return keras.Model(model.inputs[0], model.outputs[0], name=model.name)


def describe_network(model: "keras.Model") -> dict[str, Any]:
    """Return what a plain model consists of as JSON values, without what only training needs.

    Raises:
        ExportError: A layer cannot say what it consists of.
    """
    with warnings.catch_warnings(action="ignore"):  # of lambdas, which are not built again
        for layer in model.layers:
            try:
                layer.get_config()
            # Whatever a layer of the user's own raises.
            except Exception as error:
                raise ExportError(f"layer {one_line(layer.name)!r} cannot be described: {first_line(error)}") from error
        return _without_training(json.loads(model.to_json()))


def build_network(description: Mapping[str, Any]) -> "keras.Model":
    """Build a network that `describe_network` described, with weights that mean nothing.

    Raises:
        ExportError: A layer is no layer of Keras, or Keras does not take the description.
    """
    if custom := next(_custom_parts(description, "the network"), None):
        layer, part = custom
        raise ExportError(f"{layer} needs {part}, which is no part of Keras: a file for Keras alone cannot hold it")
    import_tensorflow()
    import keras

    try:
        return keras.saving.deserialize_keras_object(description, safe_mode=True)
    # A description may come from a stranger; Keras raises almost anything.
    except Exception as error:
        raise ExportError(
            f"{_find_unknown_layer(description)} cannot be built by Keras alone: a file for Keras alone cannot hold it"
        ) from error


def _find_unknown_layer(description: Mapping[str, Any]) -> str:
    """Name the first layer that Keras does not take, such as one with an activation of the user's own."""
    import keras

    for layer in description.get("config", {}).get("layers", ()):
        try:
            keras.saving.deserialize_keras_object(layer, safe_mode=True)
        except Exception:
            return f"layer {one_line(str(layer.get('config', {}).get('name')))!r}"
    return "the network"


def write_network(folder: Path, model: "keras.Model") -> None:
    """Write a model's description into its export; none where a layer cannot be described."""
    try:
        text = json.dumps(describe_network(plain_model(model)), sort_keys=True)
    except (ExportError, TypeError, ValueError):
        return
    (folder / NETWORK).parent.mkdir(exist_ok=True)
    (folder / NETWORK).write_text(text)


def read_network(folder: Path) -> dict[str, Any] | None:
    """Return the description in an export whose files were checked; None where there is none."""
    try:
        found = json.loads((folder / NETWORK).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_training(value: Any) -> Any:
    """Return a description with Keras's own initialisers, and without regularisers: ours would have to be imported."""
    if isinstance(value, list):
        return [_without_training(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"value"}:  # Python's code, and in it the path of its file
        return {"class_name": _LAMBDA}
    kept = {key: item for key, item in value.items() if key != "compile_config"}
    return {key: _plain_setting(key, item) for key, item in kept.items()}


def _plain_setting(key: str, value: Any) -> Any:
    if key.endswith("_initializer") and value is not None:
        return "zeros"
    return None if key.endswith(_TRAINING_ONLY) else _without_training(value)


def _custom_parts(value: Any, layer: str) -> Iterator[tuple[str, str]]:
    """Yield each class or function that is not Keras's own, after the layer that it belongs to."""
    if isinstance(value, Mapping):
        config = value.get("config")
        if isinstance(config, Mapping) and isinstance(config.get("name"), str):
            layer = f"layer {one_line(config['name'])!r}"
        name, module = value.get("class_name"), value.get("module")
        if name is not None and _is_custom(str(name), module, value.get("registered_name")):
            yield layer, _describe_part(str(name), str(module), config)
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        yield from _custom_parts(item, layer)


def _describe_part(name: str, module: str, config: Any) -> str:
    if name == "function":
        return f"the function {one_line(str(config))}"
    return "a lambda" if name == _LAMBDA else f"{one_line(name)} of {one_line(module)}"


def _is_custom(name: str, module: Any, registered_name: Any) -> bool:
    if name in ("Lambda", _LAMBDA, "function") or (registered_name not in (None, name)):
        return True
    return module is not None and str(module).split(".")[0] not in ("keras", "builtins")
