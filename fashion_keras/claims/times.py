"""Parts of claims about computation time, out of timing runs alone: arms are compared within each round."""

from collections.abc import Callable
from dataclasses import replace
from math import isnan

from fashion_keras.claims.definition import ClaimVerdict, Part, Unit
from fashion_keras.claims.measures import Array, judge_median_above, judge_median_below
from fashion_keras.claims.parts import arm_code, shown
from fashion_keras.storage.times import Times, timed_arms

__all__ = ["TIME_WORDS", "cnn_quickest", "describe_timing", "quicker", "slower", "time_order_parts"]

CNN = "cnn/cnn"

TIME_WORDS = (
    "Computation time is the seconds of a warm epoch, evaluations of the validation and test images included, times "
    "the epochs of a run. The figure is the median over the rounds of the ratio within a round; interval and p are "
    "those of the sign test"
)


def quicker(times: Times | None, first: str, second: str, *, training_alone: bool = False) -> Part:
    """Judge of timing runs "a run of `first` takes less time than one of `second`".

    Args:
        times: The timing runs; None where there are none.
        first, second: Arms, `COMPARISON/ARM`.
        training_alone: Leave out the evaluations.
    """
    return _compare(times, first, second, "below", judge_median_below, training_alone)


def slower(times: Times | None, first: str, second: str, *, training_alone: bool = False) -> Part:
    """Judge "a run of `first` takes more time than one of `second`"; the arguments are those of `quicker`."""
    return _compare(times, first, second, "above", judge_median_above, training_alone)


def cnn_quickest(times: Times | None) -> list[Part]:
    """Judge the CNN against every fully connected arm that is timed."""
    if times is None:
        return [Part("computation time: `cnn` below the others", ClaimVerdict.UNDECIDED, "no timing runs", Unit.TIME)]
    return [quicker(times, CNN, arm.names[0]) for arm in timed_arms() if CNN not in arm.names]


def time_order_parts(times: Times | None) -> list[Part]:
    """Judge the order of the optimizers and what the other choices cost; training without evaluations is shown."""
    statements: list[tuple[Callable[..., Part], str, str]] = [
        (quicker, "optimizers/sgd", "optimizers/rmsprop"),
        (quicker, "optimizers/rmsprop", "optimizers/adam"),
        (slower, "learning_rates/sgd_0.05", "learning_rates/sgd_0.02"),
        *((slower, f"initializers/{name}", "initializers/default") for name in _INITIALIZERS),
        (slower, "batch_norm/batch_norm_0.008", "batch_norm/no_batch_norm"),
    ]
    judged = [judge(times, first, second) for judge, first, second in statements]
    if times is None:
        return judged
    return judged + [shown(judge(times, first, second, training_alone=True)) for judge, first, second in statements]


_INITIALIZERS = ("random_normal", "xavier_normal", "he_uniform")


def describe_timing(times: Times | None) -> str:
    """Say in a sentence where and how the times were measured."""
    if times is None or not times.measurements:
        return "There are no timing runs yet: `python -m benchmarks.times` makes them."
    names = ("processor", "threads", "precision", "tensorflow", "keras")
    said = {name: " / ".join(sorted({str(getattr(each, name)) for each in times.measurements})) for name in names}
    known = [each.other_cores for each in times.measurements if not isnan(each.other_cores)]
    company = f", where other programs kept at most {max(known):.2f} cores busy" if known else ""
    return (
        f"Measured in {times.num_rounds} rounds, one arm at a time, on {said['processor']} ({said['threads']} thread, "
        f"{said['precision']}; TensorFlow {said['tensorflow']}, Keras {said['keras']}){company}."
    )


def _compare(
    times: Times | None, first: str, second: str, side: str, judge: Callable[[Array], Part], training_alone: bool
) -> Part:
    pair = f"{arm_code(first)} {side} {arm_code(second)}"
    words = f"training alone: {pair}" if training_alone else f"computation time: {pair}{_published(first, second)}"
    if times is None:
        return Part(words, ClaimVerdict.UNDECIDED, "no timing runs", Unit.TIME)
    if missing := [name for name in (first, second) if not times.of(name)]:
        return Part(words, ClaimVerdict.UNDECIDED, f"not timed: {', '.join(missing)}", Unit.TIME)
    ratios = times.log_ratios(first, second, training_alone=training_alone)
    return replace(judge(ratios), words=words, unit=Unit.TIME, num_seeds=ratios.size)


def _published(first: str, second: str) -> str:
    """Return the report's ratio in brackets, or nothing where it gives no time of both."""
    minutes = {name: arm.published_minutes for arm in timed_arms() for name in arm.names}
    ours, theirs = minutes[first], minutes[second]
    return f" [x {ours / theirs:.3f} in the report]" if ours and theirs else ""
