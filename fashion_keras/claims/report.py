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
from fashion_keras.experiments.names import NAMES
from fashion_keras.statistics import MARGIN
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.times import Times

MARKEDLY = POINT
"""Worse by more than a point of accuracy is markedly worse; the report gives no number."""

NOISE_WORDS = (
    "noise is the standard deviation of a curve's changes from epoch to epoch in the second half of its epochs"
)
GAP_WORDS = "the gap is the last epoch's validation loss minus its training loss (mean of the epoch, training mode)"

Results = Mapping[str, ComparisonResults]


def base(found: Results) -> ClaimResult:
    """At least 85 %."""
    part = at_least(found, TEST_ACCURACY, "learning_rates/sgd_0.02", 0.85)
    return make_claim(1, "base", "The base model's test accuracy is at least 85 %.", "Mean final test accuracy.", part)


def faster_rate_better(found: Results) -> ClaimResult:
    """0.05 beats 0.02."""
    arms = ("learning_rates/sgd_0.05", "learning_rates/sgd_0.02")
    text = "A learning rate of 0.05 beats 0.02 in accuracy and loss [about 1 point of test accuracy]."
    measure = "Final test accuracy and final test loss, paired by seed."
    return make_claim(
        2, "lr-0.05-better", text, measure, higher(found, TEST_ACCURACY, *arms), lower(found, TEST_LOSS, *arms)
    )


def faster_rate_noisier(found: Results) -> ClaimResult:
    """0.05 zig-zags more and overfits later on."""
    arms = ("learning_rates/sgd_0.05", "learning_rates/sgd_0.02")
    text = "At 0.05 the curves zig-zag more, and the gap between training and validation loss opens after ~30 epochs."
    measure = f"Validation loss: {NOISE_WORDS}; growth of that gap from epoch 30 to the last, more than at 0.02."
    return make_claim(
        3, "lr-0.05-noisier", text, measure, higher(found, NOISE, *arms), higher(found, GAP_GROWTH, *arms)
    )


def adaptive_rate_too_high(found: Results) -> ClaimResult:
    """SGD's rate is too high for Adam and RMSprop."""
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


def adaptive_better(found: Results) -> ClaimResult:
    """Adam, then RMSprop, then SGD."""
    adam, rmsprop, sgd = "optimizers/adam", "optimizers/rmsprop", "optimizers/sgd"
    text = "Adam has the best test accuracy and the lowest test loss, then RMSprop, then SGD."
    parts = [
        judged(found, quantity, first, second)
        for judged, quantity in ((higher, TEST_ACCURACY), (lower, TEST_LOSS))
        for first, second in ((adam, rmsprop), (rmsprop, sgd))
    ]
    return make_claim(5, "adaptive-better", text, "Final test accuracy and loss, neighbours in that order.", *parts)


def adaptive_wider_gap(found: Results) -> ClaimResult:
    """RMSprop and Adam overfit more than SGD."""
    text = "RMSprop and Adam end with a wider gap between training and validation loss than SGD."
    parts = [higher(found, GAP, f"optimizers/{name}", "optimizers/sgd") for name in ("rmsprop", "adam")]
    return make_claim(6, "adaptive-wider-gap", text, f"Wider on average, where {GAP_WORDS}.", *parts)


def dropout_slight(found: Results) -> ClaimResult:
    """Dropout of 0.1 improves."""
    part = higher(found, TEST_ACCURACY, "dropout/dropout_0.1", "dropout/no_dropout")
    text = "Dropout of 0.1 improves slightly [about 1.4 points of test accuracy]."
    return make_claim(7, "dropout-slight", text, "Final test accuracy, paired by seed.", part)


def dropout_rates(found: Results) -> ClaimResult:
    """0.5 hurts and 0.05 changes nothing."""
    text = "High dropout rates hurt; rates under 0.1 change nothing."
    measure = (
        "Final test accuracy, paired by seed: 0.5 as the high rate, 0.05 as the one under 0.1; nothing changes where "
        f"the difference is less than {100 * MARGIN:g} points either way."
    )
    hurts = lower(found, TEST_ACCURACY, "dropout/dropout_0.5", "dropout/no_dropout")
    same = alike(found, TEST_ACCURACY, "dropout/dropout_0.05", "dropout/no_dropout", MARGIN)
    return make_claim(8, "dropout-rates", text, measure, hurts, same)


def init_better(found: Results) -> ClaimResult:
    """Each initialiser beats the default, random normal by less."""
    he, xavier, normal, default = _initializers("he_uniform", "xavier_normal", "random_normal", "default")
    text = "Kaiming (He) uniform and Xavier normal beat the default; random normal also improves, but less."
    pairs = ((he, default), (xavier, default), (normal, default), (he, normal), (xavier, normal))
    parts = [higher(found, TEST_ACCURACY, first, second) for first, second in pairs]
    return make_claim(9, "init-better", text, "Final test accuracy, paired by seed.", *parts)


def init_order(found: Results) -> ClaimResult:
    """Which initialiser is best where."""
    he, xavier, normal, default = _initializers("he_uniform", "xavier_normal", "random_normal", "default")
    text = "Kaiming (He) uniform has the best test accuracy, Xavier normal the best validation accuracy."
    parts = [higher(found, TEST_ACCURACY, he, other) for other in (xavier, normal, default)]
    parts += [higher(found, VAL_ACCURACY, xavier, other) for other in (he, normal, default)]
    return make_claim(10, "init-order", text, "Each against every other: final accuracies, paired by seed.", *parts)


def init_wider_gap(found: Results) -> ClaimResult:
    """He and Xavier overfit more than the default."""
    he, xavier, default = _initializers("he_uniform", "xavier_normal", "default")
    text = "Kaiming (He) uniform and Xavier normal widen the gap between training and validation loss."
    parts = [higher(found, GAP, arm, default) for arm in (he, xavier)]
    return make_claim(11, "init-wider-gap", text, f"Wider than by default, where {GAP_WORDS}.", *parts)


def batch_norm_helps(found: Results) -> ClaimResult:
    """Batch norm beats the base."""
    arms = ("batch_norm/batch_norm_0.008", "batch_norm/no_batch_norm")
    parts = (higher(found, TEST_ACCURACY, *arms), shown(lower(found, TEST_LOSS, *arms)))
    text = "Batch norm at a learning rate of 0.008 beats the base model."
    return make_claim(12, "bn-helps", text, "Final test accuracy, paired by seed; the loss is shown.", *parts)


def batch_norm_overfits(found: Results) -> ClaimResult:
    """Batch norm at 0.02 is noisy and overfits."""
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


def batch_norm_less_sensitive(found: Results) -> ClaimResult:
    """Initialisers differ less under batch norm."""
    schemes = ("random_normal", "xavier_normal", "he_uniform")
    normed = ("batch_norm/batch_norm_0.008", *(f"batch_norm/batch_norm_0.008_{scheme}" for scheme in schemes))
    plain = _initializers("default", *schemes)
    measure = (
        "Per seed, the standard deviation between the final test accuracies of the four initialisers: smaller with "
        "batch norm at 0.008 than without it at 0.02. Both change together, as in the report, so that the rate is part "
        "of the answer."
    )
    part = narrower_spread(found, "spread between four initialisers: with batch norm below without", normed, plain)
    text = "Batch norm makes the result less sensitive to the initialisation."
    others = shown(narrower_spread(found, "the same among the three that are not the default", normed[1:], plain[1:]))
    return make_claim(14, "bn-less-sensitive", text, measure, part, others)


def cnn_best(found: Results, times: Times | None = None) -> ClaimResult:
    """The CNN beats all others."""
    text = (
        "The CNN beats every fully connected network in accuracy, needs fewer epochs, and takes less computation time."
    )
    measure = (
        "Final test accuracy against every fully connected arm of every comparison, paired by seed. The epochs, 10 "
        f"against 50, were chosen and not found, so they are not judged. {TIME_WORDS}. {describe_timing(times)}"
    )
    parts = [higher(found, TEST_ACCURACY, "cnn/cnn", other) for other in _fully_connected(found)]
    parts += [_not_run(name) for name in NAMES if name not in found]
    epochs = Part("epochs: 10 for `cnn`, 50 for the others, by design", None)
    return make_claim(15, "cnn-best", text, measure, *parts, epochs, *cnn_quickest(times))


def time_order(_found: Results, times: Times | None = None) -> ClaimResult:
    """Who is how fast."""
    text = "SGD is fastest, then RMSprop, then Adam; 0.05, the other initialisers and batch norm cost a little extra."
    measure = f"{TIME_WORDS}. Training alone, without the evaluations, is shown. {describe_timing(times)}"
    return make_claim(16, "time-order", text, measure, *time_order_parts(times))


CLAIMS: tuple[Callable[..., ClaimResult], ...] = (
    base, faster_rate_better, faster_rate_noisier, adaptive_rate_too_high, adaptive_better, adaptive_wider_gap,
    dropout_slight, dropout_rates, init_better, init_order, init_wider_gap, batch_norm_helps, batch_norm_overfits,
    batch_norm_less_sensitive, cnn_best, time_order,
)  # fmt: skip
"""Each from the comparisons, and those of `_ABOUT_TIME` from the timing runs too, to its result."""

_ABOUT_TIME = (cnn_best, time_order)


def evaluate_claims(found: Iterable[ComparisonResults], times: Times | None = None) -> tuple[ClaimResult, ...]:
    """Return all sixteen in order, judged from the comparisons that are there, and from timing runs where there are."""
    by_name = {results.record.name: results for results in found}
    return tuple(claim(by_name, times) if claim in _ABOUT_TIME else claim(by_name) for claim in CLAIMS)


def _initializers(*names: str) -> tuple[str, ...]:
    return tuple(f"initializers/{name}" for name in names)


def _not_run(comparison: str) -> Part:
    return Part(
        f"test accuracy: `cnn` above the arms of {comparison}", ClaimVerdict.UNDECIDED, f"not run: {comparison}"
    )


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
