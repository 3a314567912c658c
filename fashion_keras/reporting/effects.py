"""Effects of a grid's factors: their table and their sentences."""

from fashion_keras.formatting import one_line
from fashion_keras.reporting.findings import describe_design
from fashion_keras.reporting.tables import Cell, Column, Row, Table, difference_cell
from fashion_keras.reporting.units import Unit, unit_of
from fashion_keras.statistics import Effect, Verdict, find_effects
from fashion_keras.storage.comparison import ComparisonResults

__all__ = ["build_effects", "effect_sentences", "effects_of"]


def _columns(results: ComparisonResults) -> tuple[Column, Column]:
    effect = Column(
        "effect",
        unit_of(results).title("effect"),
        f"of a level: mean over the seeds and the other factors' levels of its {results.record.metric.text} minus that "
        "of the factor's first level. Of two levels together: by how much the effect of the one is larger at the other "
        "than at the other's first level. In brackets the interval by which it was judged; all of the table hold "
        "together.",
    )
    return effect, _VERDICT


_VERDICT = Column(
    "verdict",
    "verdict",
    "read off the interval: above 0, below, within the margin of equivalence, or undecided. More or less together "
    "says that two effects do not simply add up.",
)


def effects_of(results: ComparisonResults) -> tuple[Effect, ...]:
    """Return the effects of a grid; none of a comparison that is no grid, or where an arm has no run.

    Args:
        results: All arms.
    """
    record = results.record
    if not record.factors or len(results.arms) < len(record.arms) or not all(arm.runs for arm in results.arms):
        return ()
    return find_effects(results.values, record.factors, results.design)


def build_effects(results: ComparisonResults) -> Table | None:
    """Tabulate the effects of a grid; None where `effects_of` has none."""
    effects = effects_of(results)
    if not effects:
        return None
    first = ", ".join(f"{one_line(name)}: {one_line(levels[0])}" for name, levels in results.record.factors.items())
    seeds, unit = effects[0].comparison.num_seeds, unit_of(results)
    return Table(
        "Effects of the factors",
        f"Against the first level of each factor ({first})",
        _columns(results),
        tuple(Row(_name(each), False, seeds, 0, seeds, _cells(each, unit)) for each in effects),
        (describe_design(results.record.design, [each.comparison for each in effects], unit),),
    )


def effect_sentences(results: ComparisonResults) -> tuple[str, ...]:
    """Return a sentence for each effect that was judged."""
    unit = unit_of(results)
    return tuple(_sentence(each, unit) for each in effects_of(results) if each.comparison.interval is not None)


def _name(effect: Effect) -> str:
    return " x ".join(one_line(level) for level in effect.levels.values())


def _verdict(effect: Effect) -> str:
    verdict = effect.comparison.verdict
    if not effect.is_interaction:
        return str(verdict)
    together = "more together" if effect.comparison.mean_difference > 0.0 else "less together"
    words = {"better": together, "worse": together, "equivalent": "simply add up"}
    first, _, rest = str(verdict).partition(",")
    return words.get(first, first) + ("," + rest if rest else "")


def _cells(effect: Effect, unit: Unit) -> tuple[Cell, ...]:
    item = effect.comparison
    return (
        difference_cell(item.mean_difference, item.interval, unit, level=item.level),
        Cell((_verdict(effect),), {"text": _verdict(effect)}),
    )


def _sentence(effect: Effect, unit: Unit) -> str:
    item = effect.comparison
    amount = f"{unit.amount(unit.difference(item.mean_difference))} ({unit.span(item.interval)})"
    if not effect.is_interaction:
        ((name, level),) = effect.levels.items()
        against = effect.against[name]
        return (
            f"{one_line(name)}: {one_line(level)} instead of {one_line(against)}, {amount} on average: {item.verdict}"
        )
    if item.verdict is Verdict.UNDECIDED:
        return f"{_name(effect)}, {amount} beside their sum: undecided whether they depend on each other"
    return f"{_name(effect)}, {amount} beside their sum: {_verdict(effect)}"
