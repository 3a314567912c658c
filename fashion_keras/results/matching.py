"""Matching of arms: by seed, by example where each has one run, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.results.scores import ArmScores
from fashion_keras.statistics import MIN_SEEDS, pairing_worth

__all__ = ["MatchedArms", "match_arms"]

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MatchedArms:
    """Values of all arms, matched.

    Attributes:
        values: Of each arm; entry i of each from the same `seed` or `example`, unless they are of any `run`.
        noun: Which of these.
        notes: What must be said of it.
        examples: What each run of each arm got right, float64 [runs, examples]; None without results of examples.
    """

    values: Mapping[str, _Floats]
    noun: str
    notes: tuple[str, ...]
    examples: Mapping[str, _Floats] | None = None


def match_arms(arms: Mapping[str, ArmScores], baseline: str) -> MatchedArms:
    """Match the runs of all arms by seed; by example where each has one run; not at all where neither can be."""
    examples = _match_examples(arms, baseline)
    if examples is not None and all(len(table) == 1 for table in examples.values()):
        note = (
            "Each arm has one run: this is about these trained models, on new examples, not about training them again"
        )
        return MatchedArms({arm: table[0] for arm, table in examples.items()}, "example", (note,))
    single = next((arm for arm, scores in arms.items() if scores.values.size < 2), None)
    if single is not None:
        raise ResultsError(f"arm {one_line(single)!r} has one run, others have several: add seeds, or leave it out")
    seeds = _shared_seeds(arms)
    if seeds is None:
        return MatchedArms(
            {arm: scores.values for arm, scores in arms.items()}, "run", (_unpaired_note(arms, baseline),)
        )
    places = {}
    for arm, scores in arms.items():
        place = {seed: number for number, seed in enumerate(scores.seeds or ())}
        places[arm] = [place[seed] for seed in seeds]
    values = {arm: scores.values[places[arm]] for arm, scores in arms.items()}
    left_out = sum(scores.values.size - len(seeds) for scores in arms.values())
    notes = (f"{count_noun(left_out, 'run')} of seeds that not all arms have left out",) if left_out else ()
    chosen = None if examples is None else {arm: table[places[arm]] for arm, table in examples.items()}
    return MatchedArms(values, "seed", notes, chosen)


def _match_examples(arms: Mapping[str, ArmScores], baseline: str) -> dict[str, _Floats] | None:
    """Return what each run of each arm got right, float64 [runs, examples], in the baseline's order of examples."""
    if any(scores.examples is None for scores in arms.values()):
        return None
    wanted = arms[baseline].example_names
    found = {}
    for arm, scores in arms.items():
        if set(scores.example_names) != set(wanted):
            raise ResultsError(
                f"arms {one_line(arm)!r} and {one_line(baseline)!r} have different examples; compared are the same"
            )
        places = {name: place for place, name in enumerate(scores.example_names)}
        assert scores.examples is not None
        found[arm] = scores.examples[:, [places[name] for name in wanted]]
    return found


def _shared_seeds(arms: Mapping[str, ArmScores]) -> list[str] | None:
    """Return the seeds of all arms, ascending; None where they are fewer than two, or than half of the fewest runs.

    None, too, where they are too few to be judged and the runs are not.
    """
    if any(scores.seeds is None for scores in arms.values()):
        return None
    sets = [set(scores.seeds or ()) for scores in arms.values()]
    shared, fewest = set.intersection(*sets), min(map(len, sets))
    if len(shared) < 2 or 2 * len(shared) < fewest or len(shared) < MIN_SEEDS <= fewest:
        return None
    return sorted(shared, key=lambda seed: (not seed.isdecimal(), int(seed) if seed.isdecimal() else 0, seed))


def _unpaired_note(arms: Mapping[str, ArmScores], baseline: str) -> str:
    """Say that runs were compared unpaired, and what pairing would have been worth."""
    named = all(scores.seeds is not None for scores in arms.values())
    why = "the arms share too few seeds" if named else "no column names the seeds"
    worth = [pairing_worth(scores.values, arms[baseline].values) for arm, scores in arms.items() if arm != baseline]
    return (
        f"Compared unpaired (Welch): {why}. Had seeds that the arms share brought half of the variance, "
        f"paired intervals would be {float(np.median(worth)):.2f} times as wide"
    )
