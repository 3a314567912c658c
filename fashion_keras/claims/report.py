"""The report's sixteen claims, one function each, in the report's order."""

from collections.abc import Callable, Iterable, Mapping

from fashion_keras.claims.definition import ClaimResult, ClaimVerdict, Part, make_claim
from fashion_keras.claims.parts import (
    GAP,
    GAP_GROWTH,
    NOISE,
    POINT,
    TEST_ACCURACY,
    TEST_LOSS,
    VAL_ACCURACY,
    alike,
    at_least,
    falls_after_minimum,
    higher,
    lower,
    narrower_spread,
    rises_after_minimum,
    shown,
)
from fashion_keras.claims.times import TIME_WORDS, cnn_quickest, describe_timing, time_order_parts
from fashion_keras.experiments.definition import published_rows
from fashion_keras.experiments.names import NAMES
from fashion_keras.formatting import count_noun
from fashion_keras.statistics import MARGIN, prediction_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.times import Times

__all__ = ["evaluate_claims"]

MARKEDLY = POINT
"""Worse by more than a point of accuracy is markedly worse; the report gives no number."""

NOISE_WORDS = (
    "noise is the standard deviation of a curve's changes from epoch to epoch in the second half of its epochs"
)
GAP_WORDS = "the gap is the last epoch's validation loss minus its training loss (mean of the epoch, training mode)"

Results = Mapping[str, ComparisonResults]

_LEARNING_RATES = ("learning_rates/sgd_0.05", "learning_rates/sgd_0.02")
_DEFAULT, _NORMAL, _XAVIER, _HE = _INITIALIZERS = tuple(
    f"initializers/{name}" for name in ("default", "random_normal", "xavier_normal", "he_uniform")
)


def _base(found: Results) -> ClaimResult:
    part = at_least(found, TEST_ACCURACY, "learning_rates/sgd_0.02", 0.85)
    return make_claim(1, "base", "The base model's test accuracy is at least 85 %.", "Mean final test accuracy.", part)


def _faster_rate_better(found: Results) -> ClaimResult:
    text = "A learning rate of 0.05 beats 0.02 in accuracy and loss [about 1 point of test accuracy]."
    measure = "Final test accuracy and final test loss, paired by seed."
    parts = higher(found, TEST_ACCURACY, *_LEARNING_RATES), lower(found, TEST_LOSS, *_LEARNING_RATES)
    return make_claim(2, "lr-0.05-better", text, measure, *parts)


def _faster_rate_noisier(found: Results) -> ClaimResult:
    text = "At 0.05 the curves zig-zag more, and the gap between training and validation loss opens after ~30 epochs."
    measure = f"Validation loss: {NOISE_WORDS}; growth of that gap from epoch 30 to the last, more than at 0.02."
    parts = higher(found, NOISE, *_LEARNING_RATES), higher(found, GAP_GROWTH, *_LEARNING_RATES)
    return make_claim(3, "lr-0.05-noisier", text, measure, *parts)


def _adaptive_rate_too_high(found: Results) -> ClaimResult:
    text = "Adam and RMSprop at SGD's learning rate of 0.02 are markedly worse and noisier."
    measure = (
        "Each optimizer at 0.02 against itself at its own rate, so that only the rate differs: final test accuracy "
        f"lower by more than {100 * MARKEDLY:g} point; validation loss noisier, where {NOISE_WORDS}. "
        "Against SGD at 0.02 it is shown, not judged."
    )
    parts = []
    for name in ("adam", "rmsprop"):
        fast, own = f"optimizers/{name}_0.02", f"optimizers/{name}"
        parts += [lower(found, TEST_ACCURACY, fast, own, by=MARKEDLY), higher(found, NOISE, fast, own)]
        parts += [shown(lower(found, TEST_ACCURACY, fast, "optimizers/sgd"))]
        parts += [shown(higher(found, NOISE, fast, "optimizers/sgd"))]
    return make_claim(4, "adaptive-lr-too-high", text, measure, *parts)


def _adaptive_better(found: Results) -> ClaimResult:
    adam, rmsprop, sgd = "optimizers/adam", "optimizers/rmsprop", "optimizers/sgd"
    text = "Adam has the best test accuracy and the lowest test loss, then RMSprop, then SGD."
    parts = [
        judged(found, quantity, first, second)
        for judged, quantity in ((higher, TEST_ACCURACY), (lower, TEST_LOSS))
        for first, second in ((adam, rmsprop), (rmsprop, sgd))
    ]
    return make_claim(5, "adaptive-better", text, "Final test accuracy and loss, neighbours in that order.", *parts)


def _adaptive_wider_gap(found: Results) -> ClaimResult:
    text = "RMSprop and Adam end with a wider gap between training and validation loss than SGD."
    parts = [higher(found, GAP, f"optimizers/{name}", "optimizers/sgd") for name in ("rmsprop", "adam")]
    return make_claim(6, "adaptive-wider-gap", text, f"Wider on average, where {GAP_WORDS}.", *parts)


def _dropout_slight(found: Results) -> ClaimResult:
    part = higher(found, TEST_ACCURACY, "dropout/dropout_0.1", "dropout/no_dropout")
    text = "Dropout of 0.1 improves slightly [about 1.4 points of test accuracy]."
    return make_claim(7, "dropout-slight", text, "Final test accuracy, paired by seed.", part)


def _dropout_rates(found: Results) -> ClaimResult:
    text = "High dropout rates hurt; rates under 0.1 change nothing."
    measure = (
        "Final test accuracy, paired by seed: 0.5 as the high rate, 0.05 as the one under 0.1; nothing changes where "
        f"the difference is less than {100 * MARGIN:g} points either way."
    )
    hurts = lower(found, TEST_ACCURACY, "dropout/dropout_0.5", "dropout/no_dropout")
    same = alike(found, TEST_ACCURACY, "dropout/dropout_0.05", "dropout/no_dropout", MARGIN)
    return make_claim(8, "dropout-rates", text, measure, hurts, same)


def _init_better(found: Results) -> ClaimResult:
    text = "Kaiming (He) uniform and Xavier normal beat the default; random normal also improves, but less."
    pairs = ((_HE, _DEFAULT), (_XAVIER, _DEFAULT), (_NORMAL, _DEFAULT), (_HE, _NORMAL), (_XAVIER, _NORMAL))
    parts = [higher(found, TEST_ACCURACY, first, second) for first, second in pairs]
    return make_claim(9, "init-better", text, "Final test accuracy, paired by seed.", *parts)


def _init_order(found: Results) -> ClaimResult:
    text = "Kaiming (He) uniform has the best test accuracy, Xavier normal the best validation accuracy."
    parts = [higher(found, TEST_ACCURACY, _HE, other) for other in (_XAVIER, _NORMAL, _DEFAULT)]
    parts += [higher(found, VAL_ACCURACY, _XAVIER, other) for other in (_HE, _NORMAL, _DEFAULT)]
    return make_claim(10, "init-order", text, "Each against every other: final accuracies, paired by seed.", *parts)


def _init_wider_gap(found: Results) -> ClaimResult:
    text = "Kaiming (He) uniform and Xavier normal widen the gap between training and validation loss."
    parts = [higher(found, GAP, arm, _DEFAULT) for arm in (_HE, _XAVIER)]
    return make_claim(11, "init-wider-gap", text, f"Wider than by default, where {GAP_WORDS}.", *parts)


def _batch_norm_helps(found: Results) -> ClaimResult:
    arms = ("batch_norm/batch_norm_0.008", "batch_norm/no_batch_norm")
    parts = (higher(found, TEST_ACCURACY, *arms), shown(lower(found, TEST_LOSS, *arms)))
    text = "Batch norm at a learning rate of 0.008 beats the base model."
    return make_claim(12, "bn-helps", text, "Final test accuracy, paired by seed; the loss is shown.", *parts)


def _batch_norm_overfits(found: Results) -> ClaimResult:
    name = "batch_norm/batch_norm_0.02"
    text = "Batch norm at 0.02 is noisy, and after some epoch validation loss rises while training loss falls."
    measure = (
        f"Noisier than at 0.008, where {NOISE_WORDS}, of the validation loss. For each run, the epoch where the mean "
        "validation loss of the other runs is lowest: from there to the last epoch, its validation loss rises and its "
        "training loss falls on average."
    )
    noisier = higher(found, NOISE, name, "batch_norm/batch_norm_0.008")
    against_base = shown(higher(found, NOISE, name, "batch_norm/no_batch_norm"))
    overfits = (rises_after_minimum(found, name), falls_after_minimum(found, name))
    return make_claim(13, "bn-0.02-overfits", text, measure, noisier, *overfits, against_base)


def _batch_norm_less_sensitive(found: Results) -> ClaimResult:
    normed = tuple(
        f"batch_norm/batch_norm_0.008{scheme}" for scheme in ("", "_random_normal", "_xavier_normal", "_he_uniform")
    )
    measure = (
        "Per seed, the standard deviation between the final test accuracies of the four initialisers: smaller with "
        "batch norm at 0.008 than without it at 0.02. Both change together, as in the report, so that the rate is part "
        "of the answer."
    )
    part = narrower_spread(
        found, "spread between four initialisers: with batch norm below without", normed, _INITIALIZERS
    )
    text = "Batch norm makes the result less sensitive to the initialisation."
    others = shown(
        narrower_spread(found, "the same among the three that are not the default", normed[1:], _INITIALIZERS[1:])
    )
    return make_claim(14, "bn-less-sensitive", text, measure, part, others)


def _cnn_best(found: Results, times: Times | None) -> ClaimResult:
    text = (
        "The CNN beats every fully connected network in accuracy, needs fewer epochs, and takes less computation time."
    )
    measure = (
        "Final test accuracy against every fully connected arm of every comparison, paired by seed. The epochs, 10 "
        f"against 50, were chosen and not found, so they are not judged. {TIME_WORDS}. {describe_timing(times)}"
        f"{_describe_readings(found)}"
    )
    parts = [higher(found, TEST_ACCURACY, "cnn/cnn", other) for other in _fully_connected(found)]
    parts += [
        Part(f"test accuracy: `cnn` above the arms of {name}", ClaimVerdict.UNDECIDED, f"not run: {name}")
        for name in NAMES
        if name not in found
    ]
    epochs = Part("epochs: 10 for `cnn`, 50 for the others, by design", None)
    return make_claim(15, "cnn-best", text, measure, *parts, epochs, *cnn_quickest(times))


def _describe_readings(found: Results) -> str:
    """Say of which readings, that is of what it leaves unsaid, the report's accuracy of the CNN may be one run."""
    readings = [arm for arm in found["cnn_readings"].arms if arm.record.published] if "cnn_readings" in found else []
    said = []
    for name, accuracy in (("test_accuracy", "test accuracy"), ("val_accuracy", "validation accuracy")):
        fitting = []
        for arm in readings:
            published = published_rows()[arm.record.published or ""][name]
            interval = prediction_interval([run.final[name] or 0.0 for run in arm.runs.values()])
            if published is not None and interval and interval[0] <= published <= interval[1]:
                fitting.append(f"`{arm.name}`")
        said.append(f"the {accuracy} of {' and '.join(fitting) or 'none'}")
    if not readings:
        return ""
    names = count_noun(len(readings), "reading")
    return f" Of the {names} in experiments/cnn_readings, the report's accuracy may be one run's: {', '.join(said)}."


def _time_order(times: Times | None) -> ClaimResult:
    text = "SGD is fastest, then RMSprop, then Adam; 0.05, the other initialisers and batch norm cost a little extra."
    measure = f"{TIME_WORDS}. Training alone, without the evaluations, is shown. {describe_timing(times)}"
    return make_claim(16, "time-order", text, measure, *time_order_parts(times))


_ABOUT_RUNS: tuple[Callable[[Results], ClaimResult], ...] = (
    _base, _faster_rate_better, _faster_rate_noisier, _adaptive_rate_too_high, _adaptive_better, _adaptive_wider_gap,
    _dropout_slight, _dropout_rates, _init_better, _init_order, _init_wider_gap, _batch_norm_helps,
    _batch_norm_overfits, _batch_norm_less_sensitive,
)  # fmt: skip


def evaluate_claims(found: Iterable[ComparisonResults], times: Times | None = None) -> tuple[ClaimResult, ...]:
    """Return all sixteen in order, judged from the comparisons that are there, and from timing runs where there are."""
    by_name = {results.record.name: results for results in found}
    return (*(claim(by_name) for claim in _ABOUT_RUNS), _cnn_best(by_name, times), _time_order(times))


def _fully_connected(found: Results) -> list[str]:
    """Name every arm of the report but the CNN, once, though it stands in several comparisons."""
    names: dict[tuple[str, ...], str] = {}
    for comparison in (name for name in NAMES if name in found):
        for arm in found[comparison].arms:
            if not _is_cnn(arm):
                names.setdefault(tuple(arm.record.folders.values()), f"{comparison}/{arm.name}")
    return list(names.values())


def _is_cnn(arm: ArmResults) -> bool:
    model = arm.record.config.get("model", "fcn")  # a bare name, or a mapping where it has options
    return bool((model if isinstance(model, str) else model["name"]) == "cnn")
