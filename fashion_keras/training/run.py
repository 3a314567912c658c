"""Training of one run: a configuration and its data in, a result out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import keras
import numpy as np
import scipy.special
import tensorflow as tf
from numpy.typing import NDArray

from fashion_keras.config.components import Component
from fashion_keras.config.custom_code import find_function, is_custom_name
from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import Dataset, split_dataset
from fashion_keras.data.orders import num_batches
from fashion_keras.data.pipelines import gather_from, hold_images, make_evaluation_dataset, make_orders
from fashion_keras.errors import ConfigError
from fashion_keras.models.augmentation import build_augmentation
from fashion_keras.models.networks import build_model
from fashion_keras.seeding import derive_seed
from fashion_keras.statistics.classifier.scores import ClassScores, confusion_matrix
from fashion_keras.storage.results import METRICS, Predictions, RunResult, kept_epoch
from fashion_keras.training.callbacks import AveragedWeights, BestEpoch, CountPredictions, EvaluateTestSet, HistoryLog
from fashion_keras.training.compilation import build_callbacks, build_optimizer, compile_model, fuse_training_steps
from fashion_keras.training.environment import describe_environment

__all__ = [
    "estimate_run_seconds", "image_dtype", "predict_test", "preload_dataset", "train_run", "try_run", "use_device",
    "use_threads",
]  # fmt: skip

_TRIAL_EXAMPLES = 8

OnEpoch = Callable[[int, dict[str, float | None]], None]


def train_run(
    config: RunConfig,
    dataset: Dataset,
    on_epoch: OnEpoch | None = None,
) -> RunResult:
    """Train one model as the configuration says; on one machine and one thread, equal calls give equal bits.

    Args:
        config: What to run.
        dataset: The data whose hash the configuration names.
        on_epoch: Called after each epoch with its number, from 1, and its record (see `HistoryLog`).

    Raises:
        ConfigError: The data set is another one, or too small for the configuration; or TensorFlow already runs in
            this process with another number of threads.
    """
    _check_data(config, dataset)
    with _session(config):
        return _train(config, dataset, on_epoch)


def try_run(config: RunConfig, dataset: Dataset) -> None:
    """Build what a configuration names and take one step with a few images, to see that it works at all.

    Raises:
        Exception: Whatever Keras or the user's code says of it.
    """
    _check_data(config, dataset)
    with _session(config):
        examples = np.arange(min(_TRIAL_EXAMPLES, len(dataset.train_labels)), dtype=np.int32)
        images = dataset.train_images[examples].reshape(-1, *dataset.image_shape)
        weights = _class_weights(config, dataset.train_labels, dataset.num_classes)
        model = _build(config, dataset, images, dataset.train_labels[examples], weights, steps_per_epoch=1)
        orders = make_orders(examples, num_epochs=1, seed=0)
        model.fit(orders, epochs=1, steps_per_epoch=1, shuffle=False, verbose=0, callbacks=build_callbacks(config))


@contextmanager
def _session(config: RunConfig) -> Iterator[None]:
    """Start afresh, with the seed, the threads, the device and the precision of a configuration."""
    use_threads(config.threads)
    use_device(config.device)
    policy = keras.config.dtype_policy()  # before the session is cleared, which forgets it
    keras.backend.clear_session()
    keras.utils.set_random_seed(derive_seed(config.seed, "global"))
    keras.config.set_dtype_policy(config.precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)


def _train(config: RunConfig, dataset: Dataset, on_epoch: OnEpoch | None) -> RunResult:
    started = time.perf_counter()
    train, validation = _split_examples(config, dataset)
    model = _compiled_model(config, dataset, train)
    parts = _held_parts(config, dataset, train, validation)
    log = HistoryLog(on_epoch)
    averaging = [AveragedWeights()] * bool(model.optimizer.use_ema)
    best = BestEpoch(log, config.keep_best, config.patience, averaging)
    sees_test = config.evaluate_test == "each_epoch"
    counting, testing = _evaluations(model, parts, averaging)
    testing *= sees_test
    custom = build_callbacks(config)
    ready = time.perf_counter()
    model.fit(
        make_orders(train, config.epochs, config.seed),
        epochs=config.epochs,
        steps_per_epoch=num_batches(len(train), config.batch_size),
        validation_data=None if counting else parts["val"].batches,
        shuffle=False,
        verbose=0,
        # A user's own come before the test set is evaluated, and never hear of it.
        callbacks=[*averaging, *counting, *custom, *testing, log, best, keras.callbacks.TerminateOnNaN()],
    )
    best.restore()
    seconds = {"total": time.perf_counter() - ready, "startup": ready - started}
    return _result(config, model, log, seconds, dataset, parts["test"].predict(model) if sees_test else None)


@dataclass(frozen=True)
class _Part:
    """A part of the data as a model is asked about it: images as they are held, labels, and which of them."""

    images: tf.Tensor
    labels: NDArray[np.int32]
    examples: NDArray[np.int32] | None = None

    @cached_property
    def batches(self) -> tf.data.Dataset:
        return make_evaluation_dataset(self.images, self.labels, self.examples)

    def predict(self, model: keras.Model) -> Predictions:
        return predict_test(model, self.batches, self.labels if self.examples is None else self.labels[self.examples])


def _held_parts(
    config: RunConfig, dataset: Dataset, train: NDArray[np.int32], validation: NDArray[np.int32]
) -> dict[str, _Part]:
    images, validation_images, test_images = preload_dataset(dataset, image_dtype(config))
    return {
        "train": _Part(images, dataset.train_labels, train),
        "val": _Part(validation_images, dataset.validation_labels, validation),
        "test": _Part(test_images, dataset.test_labels),
    }


def _evaluations(
    model: keras.Model, parts: Mapping[str, _Part], averaging: Sequence[AveragedWeights]
) -> tuple[list[keras.callbacks.Callback], list[keras.callbacks.Callback]]:
    """Return what evaluates beside Keras before the user's own callbacks are called, and the test set after them."""
    if not CountPredictions.is_needed(model):
        return [], [EvaluateTestSet(parts["test"].batches, averaging)]

    def read(part: str) -> Predictions:
        return parts[part].predict(model)

    return [CountPredictions(read, "val", averaging)], [CountPredictions(read, "test", averaging)]


def _result(
    config: RunConfig,
    model: keras.Model,
    log: HistoryLog,
    seconds: Mapping[str, float],
    dataset: Dataset,
    predictions: Predictions | None,
) -> RunResult:
    final = _final_values(log.history, config.keep_best)
    if predictions is not None:
        final |= _test_scores(predictions, dataset)
    # The training loss is taken before each step, and the last of them may have been the one that went too far.
    is_finite = None not in (final["train_loss"], final["val_loss"])
    return RunResult(
        config=config,
        status="finished" if is_finite else "diverged",
        history=log.history,
        final=final,
        seconds={"train": sum(epoch or 0.0 for epoch in log.history["seconds"]), **seconds},
        environment=describe_environment(),
        weights=[values.copy() for values in model.get_weights()],
        predictions=predictions,
        network_folder=_network_folder(config.model.name),
    )


def _compiled_model(config: RunConfig, dataset: Dataset, train: NDArray[np.int32]) -> keras.Model:
    weights = _class_weights(config, dataset.train_labels[train], dataset.num_classes)
    steps = num_batches(len(train), config.batch_size)
    if _is_shareable(config):
        return _shared_model(config, dataset, steps)
    images, *_ = preload_dataset(dataset, image_dtype(config))
    return _build(config, dataset, images, dataset.train_labels, weights, steps)


def _build(
    config: RunConfig,
    dataset: Dataset,
    images: tf.Tensor | NDArray[np.uint8],
    labels: NDArray[np.int32],
    class_weights: Sequence[float] | None,
    steps_per_epoch: int,
) -> keras.Model:
    """Return the compiled model of a run, whose steps gather batches of these images and labels."""
    model = build_model(config.model, dataset.image_shape, dataset.num_classes, config.seed)
    compile_model(model, config, steps_per_epoch)
    if model.built:  # in a graph, ScheduleFreeAdamW would start from zeros instead of the weights
        model.optimizer.build(model.trainable_variables)
    augment = build_augmentation(config.augmentation, dataset.num_classes, config.seed)
    fuse_training_steps(model, gather_from(images, labels, augment, class_weights), config.batch_size)
    return model


def _is_shareable(config: RunConfig) -> bool:
    """Whether runs that differ in seed and initialiser alone may use one model: all that those decide is a variable."""
    parts = (config.model, config.optimizer, config.loss)
    is_trial = config.evaluate_test == "never"  # whose rate no other trial has
    has_custom = config.callbacks is not None or any(is_custom_name(part.name) for part in parts)
    in_graph = config.augmentation.name != "none" or isinstance(config.class_weight, str)
    return not (is_trial or has_custom or in_graph)


def _shared_model(config: RunConfig, dataset: Dataset, steps_per_epoch: int) -> keras.Model:
    """Return the model of an earlier run that differed in seed and initialiser alone, as if it were built for this one.

    Tracing and optimising its graphs takes a short run a quarter of its time.
    """
    alike = config.with_changes(seed=0, initializer="pytorch_default")
    model = _traced_model(alike, dataset, steps_per_epoch)
    fresh = build_model(config.model, dataset.image_shape, dataset.num_classes, config.seed)
    optimizer = build_optimizer(config, steps_per_epoch)
    optimizer.build(fresh.trainable_variables)  # some optimizers start from the weights
    for old, new in zip([*model.layers, model.optimizer], [*fresh.layers, optimizer], strict=True):
        for variable, value in zip(old.variables, new.variables, strict=True):
            variable.assign(value)
    return model


@lru_cache(maxsize=4)  # the arms of a comparison take turns
def _traced_model(config: RunConfig, dataset: Dataset, steps_per_epoch: int) -> keras.Model:
    """Return a model whose graphs are traced when it is trained first; they hold the training images."""
    images, *_ = preload_dataset(dataset, image_dtype(config))
    weights = _class_weights(config, dataset.train_labels, dataset.num_classes)
    return _build(config, dataset, images, dataset.train_labels, weights, steps_per_epoch)


def _network_folder(name: str) -> str | None:
    return str(find_function("model", name).folder) if is_custom_name(name) else None


def estimate_run_seconds(config: RunConfig, dataset: Dataset) -> tuple[float, float]:
    """Return how many seconds a run takes here, and how many more the first of those that share its model.

    By two epochs of at most twenty steps, and the number of examples.
    """
    train, _ = _split_examples(replace(config, train_examples=None), dataset)
    whole = config.train_examples or len(train)
    # Enough steps to time, and for a convolutional network no more than seconds.
    part = min(whole, 20 * config.batch_size)
    trial = replace(config, epochs=2, train_examples=part, schedule=Component("constant"), patience=None)
    result = train_run(trial, dataset)
    # The first epoch traces the graphs; the second is like all that follow. A diverged run has the first alone.
    seconds = [value or 0.0 for value in result.history["seconds"]]
    tracing, once = seconds[0] - seconds[-1], 0.0
    if _is_shareable(trial):
        traced, result = result, train_run(trial, dataset)
        seconds = [value or 0.0 for value in result.history["seconds"]]
        tracing, once = 0.0, max(0.0, _whole_seconds(traced) - _whole_seconds(result))
    evaluation = max(0.0, result.seconds["total"] - sum(seconds)) / len(seconds)
    each = result.seconds["startup"] + tracing + config.epochs * (seconds[-1] * whole / part + evaluation)
    return each, once


def _whole_seconds(result: RunResult) -> float:
    return result.seconds["startup"] + result.seconds["total"]


def use_threads(threads: int) -> None:
    """Let TensorFlow use so many threads, which it takes only before its first operation.

    One step runs at a time: a thread more between operations would take turns with it on the same core.
    """
    current = tf.config.threading.get_intra_op_parallelism_threads()
    if current == threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise ConfigError(
            f"a run of {threads} threads needs a process in which TensorFlow has not run yet (here with "
            f"{current or 'all'}); call training.use_threads({threads}) right after importing TensorFlow"
        ) from error


def use_device(device: str) -> None:
    """Let TensorFlow use the card that it sees, or keep it from one, which it takes only before its first operation.

    Raises:
        ConfigError: It sees none.
    """
    cards = tf.config.list_physical_devices("GPU")
    if device == "gpu" and not cards:
        raise ConfigError("a run with device='gpu' needs a card, and TensorFlow sees none in this process")
    if device == "cpu" and cards:
        tf.config.set_visible_devices([], "GPU")


def predict_test(model: keras.Model, batches: tf.data.Dataset, labels: NDArray[np.int32]) -> Predictions:
    """Return what a model of logits says of the test images.

    Args:
        model: From images to logits.
        batches: The test images in order.
        labels: int32 [M].
    """
    logits = np.concatenate([np.asarray(model.predict_on_batch(images)) for images, _ in batches]).astype(np.float64)
    with np.errstate(invalid="ignore"):  # of a run that diverged
        log_probabilities = scipy.special.log_softmax(logits, axis=1)
    class_id = np.argmax(logits, axis=1)
    return Predictions(
        class_id=class_id.astype(np.uint8),
        loss=-log_probabilities[np.arange(len(labels)), labels].astype(np.float32),
        probabilities=np.exp(log_probabilities).astype(np.float16),
        correct=class_id == labels,
    )


def _check_data(config: RunConfig, dataset: Dataset) -> None:
    if dataset.content_hash != config.data:
        raise ConfigError(
            f"the configuration names the data {config.data[:12]}, but {dataset.directory} holds "
            f"{dataset.content_hash[:12]}"
        )


def _split_examples(config: RunConfig, dataset: Dataset) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the indices of the examples for training, and for validation in the images that it is drawn from."""
    train, validation = split_dataset(dataset, config.validation_fraction, config.seed, stratify=config.stratify)
    if config.train_examples is not None:
        if config.train_examples > len(train):
            raise ConfigError(f"train_examples must be at most {len(train)} here, got {config.train_examples}")
        # At random: a data set may be sorted by class.
        train = np.random.RandomState(derive_seed(config.seed, "subset")).permutation(train)[: config.train_examples]
    return train, validation


def _class_weights(config: RunConfig, labels: NDArray[np.int32], num_classes: int) -> Sequence[float] | None:
    """Return what an example of each class counts.

    Balanced: inverse to the class's share of the training examples, and one on average (King and Zeng 2001).
    """
    weights = config.class_weight
    if weights is None:
        return None
    if isinstance(weights, str):
        counts = np.maximum(np.bincount(labels, minlength=num_classes), 1)
        weights = tuple((len(labels) / (num_classes * counts)).tolist())
    if len(weights) != num_classes:
        raise ConfigError(f"class_weight has {len(weights)} numbers, but there are {num_classes} classes")
    return weights


def image_dtype(config: RunConfig) -> str:
    """Return the dtype of a run's preloaded images; Keras turns them into what the network takes, to the same bits.

    Of convolutional networks, two at once on two cores take 14 % longer with images in bfloat16 (one alone does not);
    fully connected ones are quicker with them. A custom network gets float32, and so does augmentation.
    """
    is_fcn = config.model.name == "fcn" and config.augmentation.name == "none"
    return "bfloat16" if config.precision == "mixed_bfloat16" and is_fcn else "float32"


@lru_cache(maxsize=1)  # a worker's runs share them
def preload_dataset(dataset: Dataset, dtype: str = "float32") -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the training, validation and test images [N, H, W, C] as the pipelines take them, see `hold_images`."""
    _traced_model.cache_clear()  # their graphs would keep the images of before

    def hold(images: NDArray[np.uint8]) -> tf.Tensor:
        return hold_images(images.reshape(-1, *dataset.image_shape), dtype)

    train = hold(dataset.train_images)
    validation = train if dataset.val_images is None else hold(dataset.val_images)
    return train, validation, hold(dataset.test_images)


def _final_values(history: dict[str, list[float | None]], keep_best: str | None) -> dict[str, float | None]:
    last = kept_epoch(history, keep_best)
    return {name: history[name][last] for name in METRICS}


def _test_scores(predictions: Predictions, dataset: Dataset) -> dict[str, float | None]:
    """Return accuracy, macro-F1 and balanced accuracy, the mean recall of the classes that there are.

    Counted over the images, where Keras adds up in float32 over batches.
    """
    scores = ClassScores.of(confusion_matrix(dataset.test_labels, predictions.class_id, dataset.num_classes))
    return {
        "test_accuracy": float(np.mean(predictions.correct)),
        "test_macro_f1": scores.macro(scores.f1),
        "test_balanced_accuracy": float(np.nanmean(scores.recall)),
    }
