"""Tables and files of a comparison with tuned arms: what was tried and selected, and whether the order survives."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from fashion_keras.config.components import option_values, stored_values
from fashion_keras.config.run_config import BFLOAT16_IS_EQUIVALENT, RunConfig
from fashion_keras.formatting import count_noun, csv_text
from fashion_keras.reporting.summary import describe_results, make_row
from fashion_keras.reporting.tables import Cell, Column, Row, Table, difference_cell, interval_fields, measured_cell
from fashion_keras.reporting.units import ABSENT, Unit, unit_of
from fashion_keras.results.metrics import Metric
from fashion_keras.statistics import Comparison, Verdict, compare_arms, mean_interval
from fashion_keras.storage.comparison import ArmResults, ComparisonResults
from fashion_keras.storage.reading import seal
from fashion_keras.storage.trials import OBJECTIVES
from fashion_keras.storage.tunings import TunedArm, TuningRecord

__all__ = ["build_tuning_tables", "compare_pairs", "tuning_files"]

_Pair = tuple[Comparison, Comparison]  # the same two arms tuned, and before
_EQUAL = "no difference"
_DECIDED = {
    Verdict.BETTER: "better",
    Verdict.BETTER_NEGLIGIBLY: "better",
    Verdict.WORSE: "worse",
    Verdict.WORSE_NEGLIGIBLY: "worse",
    Verdict.EQUIVALENT: _EQUAL,
}


def build_tuning_tables(results: ComparisonResults) -> list[Table]:
    """Return the table of what was tuned and the one of pairs of arms before and after; none where none was tuned."""
    tuning = results.record.tuning
    if tuning is None or results.untuned is None:
        return []
    names = [arm.name for arm in results.arms]
    after, before = compare_pairs(results, names), compare_pairs(results.untuned, names)
    pairs = [*zip(after, before, strict=True)] if after and before else []
    return [
        _tabulate_tuning(results, tuning, results.untuned, pairs),
        *([_tabulate_pairs(results, pairs)] if pairs else []),
    ]


def tuning_files(results: ComparisonResults) -> dict[str, str]:
    """Return the files of a tuning by name: every trial, and the same with settings and selected values."""
    tuning = results.record.tuning
    return {} if tuning is None else {"tuning.csv": _trials_csv(tuning), "tuning.json": _tuning_json(tuning)}


def _tabulate_tuning(
    results: ComparisonResults, tuning: TuningRecord, untuned: ComparisonResults, pairs: Sequence[_Pair]
) -> Table:
    """Tabulate what each arm tried and selected, and its test accuracy beside that of its untuned setting."""
    before, tried = {arm.name: arm for arm in untuned.arms}, {arm.name: arm for arm in tuning.arms}
    ends = tuning.ranges[-1]
    rows = [_build_row(results, arm, tried[arm.name], before[arm.name], *ends) for arm in results.arms]
    return Table(
        title=f"Tuning of {tuning.setting}",
        caption=describe_results(results),
        columns=_make_columns(tuning, results.record.metric, unit_of(results)),
        rows=tuple(rows),
        notes=(*_how_selected(tuning), *_describe_orders(results, untuned, pairs), *_precisions(results, untuned)),
    )


def _make_columns(tuning: TuningRecord, judged: Metric, unit: Unit) -> tuple[Column, ...]:
    words, best = tuning.setting, tuning.objective.words
    percent, gain = ", %" if judged.is_share else "", "gain" if judged.higher_is_better else "difference"
    gained = f"mean over the seeds of the tuned arm's {judged.text} minus the untuned one's, with its 95 % interval."
    too_good = f"that {best}, on the tuning seeds. As the best of several it is a little too good."
    return (
        Column("tried", "tried", f"how many values of {words} the arm tried, and from where to where."),
        Column("pick", "picked", f"the value of {words} with the best {best} after the last epoch."),
        Column("tuning_accuracy", f"when picked{percent}", too_good),
        Column(judged.name, judged.text + percent, "at the pick, on the measuring seeds, after the last epoch."),
        Column("untuned", "untuned", f"the arm's {words} in the comparison before."),
        Column("untuned_accuracy", f"untuned {judged.text}{percent}", "at that value, on the same measuring seeds."),
        Column("gain", unit.title(gain), gained),
    )


def _build_row(
    results: ComparisonResults, arm: ArmResults, tried: TunedArm, before: ArmResults, low: float, high: float
) -> Row:
    unit, metric = unit_of(results), results.record.metric.name
    selected, value = tried.selected_value, _setting_of(before, tried.setting)
    edge = (f"({tried.edge}", "tried)") if tried.edge else ()
    tried_fields = {"values": len(tried.trials), "low": low, "high": high}
    cells = [
        Cell((f"{len(tried.trials)}", f"from {low:g}", f"to {high:g}"), tried_fields),
        Cell((f"{selected:g}", *edge), {"value": selected, "edge": tried.edge or None}),
        Cell((unit.text(tried.selected_score),), {"validation": tried.selected_score}),
        measured_cell(unit, arm.finals(metric)),
        Cell((f"{value:g}",), {"value": value}),
        measured_cell(unit, before.finals(metric)),
        _gain(results, arm, before),
    ]
    return replace(make_row(arm, len(results.seeds), cells), text_only=False)


def _setting_of(arm: ArmResults, setting: str) -> float:
    config = RunConfig.from_json(arm.record.config)
    if setting == "batch_size" and config.trainer is None:
        return config.batch_size
    for values_of in (stored_values, option_values):  # the latter loads Keras, for a default of one of its classes
        parts = [values_of(kind, component) for kind, component in config.components.items()]
        values = {name: value for part in parts for name, value in part.items()}
        if setting in values:
            break
    return float(values[setting])


def _gain(results: ComparisonResults, arm: ArmResults, before: ArmResults) -> Cell:
    metric, seeds = results.record.metric, [seed for seed in arm.runs if seed in before.runs]
    after, earlier = (each.values(metric, seeds) for each in (arm, before))
    gains = after[: earlier.size] - earlier[: after.size]
    if not len(gains):
        return Cell((ABSENT,), {"mean": None, **interval_fields(None)})
    interval = mean_interval(gains)
    if interval and metric.is_share:
        interval = max(-1.0, interval[0]), min(1.0, interval[1])  # few and scattered gains reach beyond
    cell = difference_cell(float(gains.mean()), interval, unit_of(results))
    return replace(cell, lines=tuple(part for line in cell.lines for part in line.split(" ", 1)))


def _how_selected(tuning: TuningRecord) -> list[str]:
    """The footnotes that say what the verdicts rest on."""
    setting, (low, high) = tuning.setting, tuning.ranges[0]
    axis = "a logarithmic" if tuning.scale == "log" else "a linear"
    seeds = ", ".join(f"{seed:,}" for seed in tuning.seeds)
    notes = [
        f"Every arm tried the same {count_noun(tuning.budgets[0], 'value')} of {setting} from {low:g} to {high:g}, "
        f"quasi-random on {axis} scale, on tuning seed{'s' * (len(tuning.seeds) > 1)} {seeds}, which no measured run "
        f"has. The pick is the one with the best {tuning.objective.words} after the last epoch; the test set was not "
        f"evaluated. The verdicts hold for the values of {setting} that were picked, and for nothing else that might "
        "have been tuned."
    ]
    notes += [
        f"Then the range was widened to {low:g} to {high:g}: every arm tried the same "
        f"{count_noun(added, 'further value')}."
        for (low, high), added in zip(tuning.ranges[1:], tuning.budgets[1:], strict=True)
    ]
    notes += [
        f"{arm.name} stands for {', '.join(arm.merged)} too: they differ in {setting} alone. Untuned it is itself."
        for arm in tuning.arms
        if arm.merged
    ]
    notes += [
        f"The pick of {arm.name} is the {arm.edge} value that was tried: a better one may lie beyond."
        for arm in tuning.arms
        if arm.edge
    ]
    return notes


def _describe_orders(results: ComparisonResults, untuned: ComparisonResults, pairs: Sequence[_Pair]) -> list[str]:
    """Say the order of the arms by their means, tuned and untuned; that it does not survive, of real differences."""
    metric = results.record.metric
    after = _order(results.arms, metric)
    before = _order([arm for arm in untuned.arms if arm.name in after], metric)
    if not after or not before:
        return []
    if after == before:
        verdict = "The order of the means survives."
    elif any(_survival(new, old) == "reversed" for new, old in pairs):
        verdict = "The order of the means does not survive."
    else:
        verdict = "The order of the means changes, but no pair is shown to have changed places: see the pairs below."
    return [
        f"From the best mean {metric.text} down, tuned: {', '.join(after)}; untuned: {', '.join(before)}. {verdict}"
    ]


def _order(arms: Sequence[ArmResults], metric: Metric) -> list[str]:
    means = {arm.name: float(np.nanmean(arm.finals(metric.name))) for arm in arms if arm.runs}
    return sorted(means, key=means.__getitem__, reverse=metric.higher_is_better) if len(means) == len(arms) else []


def _precisions(results: ComparisonResults, untuned: ComparisonResults) -> list[str]:
    after, before = (
        {str(arm.record.config.get("precision", RunConfig.precision)) for arm in found.arms}
        for found in (results, untuned)
    )
    if after == before:
        return []
    known = ", which were found equivalent within 0.2 points (precision_fcn, precision_cnn)"
    return [
        f"The tuned arms were trained in {', '.join(sorted(after))} and the untuned ones in "
        f"{', '.join(sorted(before))}{known if BFLOAT16_IS_EQUIVALENT else ''}."
    ]


def _tabulate_pairs(results: ComparisonResults, pairs: Sequence[_Pair]) -> Table:
    """Set each pair of arms beside itself untuned: does the sign of their difference survive?"""
    unit, number = unit_of(results), count_noun(len(pairs), "pair")
    decided = [word for new, old in pairs if (word := _survival(new, old)) != "undecided"]
    in_unit = f", in {unit.name}" if unit.name else ""
    meaning = (
        f"mean over the seeds of the first arm's {results.record.metric.text} minus the second's{in_unit}, "
        "with its interval at the level by which the pair was judged, and what is said of the first."
    )
    return Table(
        title="Tuned and untuned, pair by pair",
        caption=describe_results(results),
        columns=(
            Column("tuned", "tuned", meaning),
            Column("untuned", "untuned", "the same of the two arms before tuning."),
            Column("survival", "sign", "whether both verdicts have the same sign, where there is a verdict in both."),
        ),
        rows=tuple(_pair_row(new, old, len(results.seeds), unit) for new, old in pairs),
        notes=(
            f"Of {number}, {len(decided)} with a verdict in both: {decided.count('same')} with the same sign.",
            f"The verdicts are over all {number} at once, and so stricter than those against one baseline.",
        ),
    )


def _pair_row(new: Comparison, old: Comparison, num_seeds: int, unit: Unit) -> Row:
    word = _survival(new, old)
    cells = _pair_cell(new, unit), _pair_cell(old, unit), Cell((word,), {"text": word})
    return Row(new.arm, False, new.num_seeds, 0, num_seeds, cells)


def compare_pairs(results: ComparisonResults, names: Sequence[str]) -> tuple[Comparison, ...]:
    """Compare each of some arms with each that stands before it, by what they are judged by, seed by seed.

    Returns:
        One for each pair, its arm called `later − earlier`, over the seeds that all have; none where an arm has none.
    """
    values = {name: row for name, row in results.values.items() if name in names}
    common = min((row.size for row in values.values()), default=0)
    pairs = {
        f"{later} − {earlier}": values[later][:common] - values[earlier][:common]
        for earlier, later in combinations(names, 2)
    }
    # The difference itself against nothing: then the correction is over all pairs, whichever arm they share.
    limits = (-1.0, 1.0) if results.record.metric.is_share else None
    design = replace(results.design, value_range=limits)
    return compare_arms({"nothing": np.zeros(common), **pairs}, "nothing", design)


def _pair_cell(comparison: Comparison, unit: Unit) -> Cell:
    verdict, item = str(comparison.verdict), comparison
    cell = difference_cell(item.mean_difference, item.interval, unit, level=item.level, verdict=verdict)
    return replace(cell, lines=(*cell.lines, *verdict.split()))


def _survival(new: Comparison, old: Comparison) -> str:
    if Verdict.UNDECIDED in (new.verdict, old.verdict):
        return "undecided"
    after, before = _DECIDED[new.verdict], _DECIDED[old.verdict]
    if after == before:
        return "same"
    return "changed" if _EQUAL in (after, before) else "reversed"


def _trials_csv(tuning: TuningRecord) -> str:
    """Every trial's run: arm, value, seed, what validation said, whether the value was selected, its folder."""
    names = dict.fromkeys((*OBJECTIVES, tuning.objective.name))
    heads = ["arm", tuning.setting, "seed", "status", *names, "picked", "folder"]
    rows = []
    for arm in tuning.arms:
        for trial in arm.trials:
            value, is_best = arm.value_of(trial), int(trial is arm.best_trial)
            rows += [
                [arm.name, value, run.seed, run.status, *map(run.value, names), is_best, run.folder]
                for run in trial.runs
            ]
    return csv_text(heads, rows)


def _tuning_json(tuning: TuningRecord) -> str:
    selected = {
        arm.name: {"value": arm.selected_value, tuning.objective.name: arm.selected_score, "edge": arm.edge}
        for arm in tuning.arms
    }
    return seal({**tuning.to_json(), "picks": selected}, indent=1)
