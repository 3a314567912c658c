"""Where the time of a training epoch of ours goes: its parts measured alone, on one core by one thread.

Run:  scripts/benchmark --profile
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from fashion_keras._tensorflow import import_tensorflow

tf = import_tensorflow()

import keras  # noqa: E402

from benchmarks.speed.machine import describe_machine  # noqa: E402
from benchmarks.speed.ours import configure  # noqa: E402
from benchmarks.speed.table import markdown  # noqa: E402
from benchmarks.speed.work import (  # noqa: E402
    BATCH_SIZE,
    LAYERS,
    Convolution,
    Dense,
    Work,
    epoch_flops,
    num_steps,
    shrink,
)
from fashion_keras.data import Dataset, load, locate, split_indices  # noqa: E402
from fashion_keras.data.orders import epoch_orders  # noqa: E402
from fashion_keras.data.pipelines import gather_from, hold_images  # noqa: E402
from fashion_keras.models.networks import build_model  # noqa: E402
from fashion_keras.training.compilation import compile_model  # noqa: E402
from fashion_keras.training.run import image_dtype, train_run, use_threads  # noqa: E402

REPETITIONS = 5
SHARES = {"fcn": 1.0, "cnn": 0.25}


def main(path: Path, models: list[str]) -> None:
    """Write the profile of each model at both precisions."""
    machine = describe_machine()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    use_threads(1)
    data = load(locate())
    sections = [
        f"# Where a training epoch goes\n\nOne run of one thread on one core: {machine}. Median of "
        f"{REPETITIONS}; the parts are measured alone and need not add up.\n"
    ]
    for model in models:
        for precision in ("float32", "bfloat16"):
            print(f"profile of {model}, {precision}", flush=True)
            work = Work(model, precision, 1, SHARES[model], 1, 0, "")
            sections.append(_render(work, _measure_parts(work, shrink(data, work.share))))
    path.write_text("\n".join(sections), encoding="utf-8")
    print(f"{path} has the profile")


def _render(work: Work, parts: dict[str, float]) -> str:
    scaled = {name: seconds / work.share for name, seconds in parts.items()}
    epoch = scaled["epoch"]
    rest = epoch - scaled["products"] - scaled["pipeline"] - scaled["update"]
    rows = [
        ("training of an epoch, by `train_run`", epoch),
        ("- products: layers and their gradients", scaled["products"]),
        ("- gathering the batches", scaled["pipeline"]),
        ("- the optimizer's update", scaled["update"]),
        ("- what remains: bias, ReLU, pooling, loss, metrics, `fit`", rest),
        ("beside it: evaluations, callbacks", scaled["beside"]),
    ]
    table = markdown(
        ("", "s", "of the epoch"), [(name, f"{value:.3f}", f"{value / epoch:.1%}") for name, value in rows]
    )
    gflops = epoch_flops(LAYERS[work.model]) / scaled["products"] / 1e9
    return f"## {work.model.upper()}, {work.precision}\n\n{table}\nThe products alone run at {gflops:.0f} GFLOP/s.\n"


def _measure_parts(work: Work, dataset: Dataset) -> dict[str, float]:
    """Return seconds an epoch of each part; the parts take turns, so that a change of the clock meets all."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if work.precision == "bfloat16" else "float32")
    train, _ = split_indices(len(dataset.train_labels), 0.1, seed=0)
    images, labels = dataset.train_images[train][..., None], dataset.train_labels[train]
    steps = num_steps(len(train))
    parts = {
        "pipeline": _pipeline(hold_images(images, image_dtype(configure(work))), labels, steps),
        "products": _products(work, steps),
        "update": _update(work, steps),
    }
    keras.config.set_dtype_policy(policy)
    times: dict[str, list[float]] = {name: [] for name in (*parts, "epoch", "beside")}
    for part in parts.values():
        part()
    for _ in range(REPETITIONS):
        for name, part in parts.items():
            times[name].append(_seconds(part))
        epoch, beside = _train(work, dataset)
        times["epoch"].append(epoch)
        times["beside"].append(beside)
    return {name: median(values) for name, values in times.items()}


def _seconds(function: Callable[[], None]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _train(work: Work, dataset: Dataset) -> tuple[float, float]:
    """Return the seconds of the second epoch's training, and of what lies between it and the next."""
    ends, trained = [], []

    def record(_epoch: int, values: dict[str, float | None]) -> None:
        ends.append(time.perf_counter())
        trained.append(values["seconds"] or 0.0)

    train_run(configure(work), dataset, record)
    return trained[1], ends[1] - ends[0] - trained[1]


def _pipeline(images: Any, labels: Any, steps: int) -> Callable[[], None]:
    gather = gather_from(images, labels)
    order = tf.constant(epoch_orders(len(labels), num_epochs=1, seed=0)[0])

    def take(number: Any) -> Any:
        with tf.control_dependencies(gather(order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE])):
            return number + 1

    return _repeat(take, tf.constant(0), steps)


def _compiled(work: Work, steps: int) -> keras.Model:
    config = configure(work)
    model = build_model(config.model, (28, 28, 1), 10, seed=0)
    compile_model(model, config, steps)
    return model


def _update(work: Work, steps: int) -> Callable[[], None]:
    model = _compiled(work, steps)
    gradients = [tf.zeros_like(variable) for variable in model.trainable_variables]
    model.optimizer.build(model.trainable_variables)

    def update(number: Any) -> Any:
        model.optimizer.apply(gradients, model.trainable_variables)
        return number + 1

    return _repeat(update, tf.constant(0), steps)


def _products(work: Work, steps: int) -> Callable[[], None]:
    """The products of a step as a graph of nothing else: each layer's output and gradients."""
    layers = LAYERS[work.model]
    # The logits are computed in float32 at either precision.
    dtypes = [tf.float32 if layer is layers[-1] else tf.as_dtype(work.precision) for layer in layers]
    tensors = [_layer_tensors(layer, dtype) for layer, dtype in zip(layers, dtypes, strict=True)]

    def multiply(tensors: list[tuple[Any, Any, Any]]) -> list[tuple[Any, Any, Any]]:
        numbered = enumerate(zip(layers, tensors, strict=True))
        return [_layer_products(layer, *values, first=number == 0) for number, (layer, values) in numbered]

    return _repeat(multiply, tensors, steps)


def _layer_tensors(layer: Dense | Convolution, dtype: Any) -> tuple[Any, Any, Any]:
    """Return inputs, weights and the gradient of the outputs of a batch."""
    if isinstance(layer, Dense):
        shapes = ([BATCH_SIZE, layer.inputs], [layer.inputs, layer.units], [BATCH_SIZE, layer.units])
    else:
        image = [BATCH_SIZE, layer.side, layer.side]
        kernel = [layer.kernel_size, layer.kernel_size, layer.channels, layer.filters]
        shapes = ([*image, layer.channels], kernel, [*image, layer.filters])
    return tuple(tf.cast(tf.random.normal(shape), dtype) for shape in shapes)


def _layer_products(
    layer: Dense | Convolution, inputs: Any, weights: Any, gradient: Any, first: bool
) -> tuple[Any, Any, Any]:
    """Return what has the shapes of the arguments: the gradients of inputs and weights, and the output."""
    if isinstance(layer, Dense):
        for_inputs = inputs if first else tf.matmul(gradient, weights, transpose_b=True)
        return for_inputs, tf.matmul(inputs, gradient, transpose_a=True), tf.matmul(inputs, weights)
    options = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    gradients = {"out_backprop": gradient, **options}
    for_weights = tf.raw_ops.Conv2DBackpropFilter(input=inputs, filter_sizes=weights.shape, **gradients)
    for_inputs = inputs
    if not first:
        for_inputs = tf.raw_ops.Conv2DBackpropInput(input_sizes=inputs.shape, filter=weights, **gradients)
    return for_inputs, for_weights, tf.nn.conv2d(inputs, weights, **options)


def _repeat(compute: Callable[[Any], Any], start: Any, steps: int) -> Callable[[], None]:
    """Return a call of a graph that computes so many times, each time from the last result.

    Were the arguments the same each time, TensorFlow would compute once. That the numbers grow without bound costs
    nothing.
    """

    @tf.function(autograph=False)
    def repeated() -> Any:
        def step(number: Any, values: Any) -> tuple[Any, Any]:
            return number + 1, compute(values)

        return tf.while_loop(lambda number, _: number < steps, step, [tf.constant(0), start])

    return lambda: repeated()[0].numpy()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
