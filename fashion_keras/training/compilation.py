"""Compilation of a model: its optimizer, its schedule, its loss, and an epoch as one graph."""

from typing import Any, TypeVar

import keras
import tensorflow as tf

from fashion_keras.config.components import Component, load_custom, option_values
from fashion_keras.config.custom_code import is_custom_name
from fashion_keras.config.keras_classes import is_keras_name
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data.orders import num_batches
from fashion_keras.data.pipelines import Gather
from fashion_keras.errors import ConfigError
from fashion_keras.models.losses import build_loss

__all__ = ["build_callbacks", "build_optimizer", "compile_model", "fuse_training_steps"]

Kind = TypeVar("Kind")


def compile_model(model: keras.Model, config: RunConfig, steps_per_epoch: int) -> None:
    """Compile a `model` as its `config` says, for epochs of `steps_per_epoch`; so many are evaluated in one call."""
    may_differ = is_custom_name(config.model.name) or config.class_weight is not None
    mixes_labels = "mixup" in config.augmentation.name
    loss, metrics = build_loss(config.loss, may_differ=may_differ, mixes_labels=mixes_labels)
    model.compile(
        optimizer=build_optimizer(config, steps_per_epoch),
        loss=loss,
        metrics=metrics,
        jit_compile=False,
        steps_per_execution=steps_per_epoch,
    )


def fuse_training_steps(model: keras.Model, gather: Gather, batch_size: int) -> None:
    """Make `fit` run a whole epoch as one graph, for any compiled model.

    `fit` uses a train function that is already there. Keras's own asks before each step whether the data has ended, and
    a tf.data pipeline takes turns with the step on the one core of a run. So the graph gathers its batches itself, out
    of the data of `make_orders`, an element an epoch.

    Args:
        model: Compiled with a `steps_per_execution` that `fit` is given as `steps_per_epoch`, too; `run_eagerly` has no
            effect any more.
        gather: What gathers a batch, see `gather_from`.
        batch_size: Examples a batch; the last of an epoch has what is left.
    """

    @tf.function(autograph=False)
    def train_epoch(iterator: Any) -> dict[str, tf.Tensor]:
        order = next(iterator)

        def train_batch(number: tf.Tensor) -> tf.Tensor:
            start = number * batch_size
            model.train_step(gather(order[start : start + batch_size]))
            return number + 1

        steps = num_batches(order.shape[0], batch_size)
        tf.while_loop(lambda number: number < steps, train_batch, [tf.constant(0)])
        return model.get_metrics_result()

    model.train_function = train_epoch


def build_optimizer(config: RunConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Return the optimizer that a configuration names, its learning rate following the schedule."""
    component, options = config.optimizer, option_values("optimizer", config.optimizer)
    rate = _build_schedule(config.schedule, options.pop("learning_rate"), steps_per_epoch, config.epochs)
    if is_custom_name(component.name):
        optimizer = load_custom("optimizer", component, config.seed)(learning_rate=rate)
        return _check_kind("an optimizer", component, optimizer, keras.optimizers.Optimizer)
    given = component.plain_options(list) if is_keras_name(component.name) else options
    return getattr(keras.optimizers, _CLASSES.get(component.name, component.name))(**{**given, "learning_rate": rate})


_CLASSES = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}


def build_callbacks(config: RunConfig) -> list[keras.callbacks.Callback]:
    """Return the callbacks that a configuration's custom function makes; none where it names none."""
    if config.callbacks is None:
        return []
    made = load_custom("callbacks", config.callbacks, config.seed)()
    made = list(made) if isinstance(made, list | tuple) else [made]
    return [_check_kind("callbacks", config.callbacks, each, keras.callbacks.Callback) for each in made]


def _check_kind(kind: str, component: Component, value: Any, wanted: type[Kind]) -> Kind:
    if not isinstance(value, wanted):
        raise ConfigError(f"{component.name} must return {kind} of Keras, got {type(value).__name__}")
    return value


def _build_schedule(schedule: Component, rate: float, steps_per_epoch: int, epochs: int) -> Any:
    if schedule.name == "constant":
        return rate
    if is_keras_name(schedule.name):
        # It starts at the optimizer's rate, but for the one that states all its rates itself.
        start = {} if schedule.name == "PiecewiseConstantDecay" else {"initial_learning_rate": rate}
        return getattr(keras.optimizers.schedules, schedule.name)(**start, **schedule.plain_options(list))
    warmup = option_values("schedule", schedule)["warmup_epochs"]
    steps = (epochs - warmup) * steps_per_epoch
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=rate, warmup_steps=warmup * steps_per_epoch)
