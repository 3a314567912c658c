"""Matching of arms: by seed, by example where each has one run, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_keras.errors import ResultsError
from fashion_keras.formatting import count_noun, one_line
from fashion_keras.results.scores import ArmScores
from fashion_keras.statistics import MIN_SEEDS, Design, pairing_worth

__all__ = ["MatchedArms", "match_arms"]

_Floats = NDArray[np.float64]
_Seeds = Mapping[str, list[str]]
_MOST_SEEDS = 200  # of which looks are guessed: their levels are integrated seed by seed


@dataclass(frozen=True)
class MatchedArms:
    """Values of all arms, matched.

    Attributes:
        values: Of each arm; entry i of each from the same `seed` or `example`, unless they are of any `run`.
        noun: Which of these.
        notes: What must be said of it.
        looks: Numbers of seeds at which it was looked; arms that have fewer than others end at one of them.
        examples: What each run of each arm got right, float64 [runs, examples]; None without results of examples.
    """

    values: Mapping[str, _Floats]
    noun: str
    notes: tuple[str, ...]
    looks: tuple[int, ...] = ()
    examples: Mapping[str, _Floats] | None = None


def match_arms(arms: Mapping[str, ArmScores], baseline: str, looked_at: Sequence[int] = ()) -> MatchedArms:
    """Match the runs of all arms by seed; by example where each has one run; not at all where neither can be.

    Looks end arms early, and to forget the looks would be to call chance a difference. So an arm keeps the seeds that
    others have not where each that has fewer ends at a look: one of `looked_at`, or of those that `run` makes.

    Args:
        arms: Their runs.
        baseline: The arm that the others are compared with.
        looked_at: Numbers of seeds at which it was looked before, as far as the user says.
    """
    examples = _match_examples(arms, baseline)
    if examples is not None and all(len(table) == 1 for table in examples.values()):
        note = (
            "Each arm has one run: this is about these trained models, on new examples, not about training them again"
        )
        return MatchedArms({arm: table[0] for arm, table in examples.items()}, "example", (note,))
    single = next((arm for arm, scores in arms.items() if scores.values.size < 2), None)
    if single is not None:
        raise ResultsError(f"arm {one_line(single)!r} has one run, others have several: add seeds, or leave it out")
    pairs = _pair_seeds(arms, baseline)
    if pairs is None:
        values = {arm: scores.values for arm, scores in arms.items()}
        return MatchedArms(values, "run", (_unpaired_note(arms, baseline),), tuple(looked_at))
    pairs, looks, notes = _heed_looks(pairs, looked_at)
    places = {}
    for arm, scores in arms.items():
        place = {seed: number for number, seed in enumerate(scores.seeds or ())}
        places[arm] = [place[seed] for seed in pairs[arm]]
    left_out = sum(scores.values.size - len(pairs[arm]) for arm, scores in arms.items())
    return MatchedArms(
        {arm: scores.values[places[arm]] for arm, scores in arms.items()},
        "seed",
        (*[f"{count_noun(left_out, 'run')} of seeds that not all arms have left out"] * bool(left_out), *notes),
        looks,
        None if examples is None else {arm: table[places[arm]] for arm, table in examples.items()},
    )


def _heed_looks(pairs: _Seeds, looked_at: Sequence[int]) -> tuple[_Seeds, tuple[int, ...], list[str]]:
    """Return what each arm is judged by: its own seeds where looks ended it, else those of all; looks; what to say."""
    fewest, *_, most = sorted(map(len, pairs.values()))
    early = sorted({len(seeds) for seeds in pairs.values()} - {*range(MIN_SEEDS), most})  # fewer are never judged
    looks = tuple(looked_at) or (Design.up_to(most).looks if most <= _MOST_SEEDS else ())
    if not set(early) <= set(looks):
        shared = {arm: seeds[:fewest] for arm, seeds in pairs.items()}
        counted = ",".join(map(str, sorted({*early, *looked_at})))
        return shared, tuple(looked_at), [f"Were arms ended by looks, --looked-at {counted} counts all seeds of each"]
    if looked_at or not early:
        return pairs, tuple(looked_at), []
    ends, usual = ("{} and {}".format(", ".join(map(str, row[:-1])), row[-1]) for row in ([*early, most], looks))
    return pairs, looks, [f"Arms end at {ends} seeds, as where looks at {usual} decide; --looked-at names other looks"]


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


def _pair_seeds(arms: Mapping[str, ArmScores], baseline: str) -> _Seeds | None:
    """Return the seeds of each arm that are compared, ascending, each arm's the first of those of the baseline.

    A seed counts where all arms have it that go on to it or beyond. None where the seeds of all arms are fewer than
    two, or than half of the fewest runs; or where they are too few to be judged and the runs are not.
    """
    if any(scores.seeds is None for scores in arms.values()):
        return None
    names = [baseline, *(arm for arm in arms if arm != baseline)]
    sets = [set(arms[arm].seeds or ()) for arm in names]
    shared, fewest = set.intersection(*sets), min(map(len, sets))
    if len(shared) < 2 or 2 * len(shared) < fewest or len(shared) < MIN_SEEDS <= fewest:
        return None
    ordered = sorted(sets[0], key=lambda seed: (not seed.isdecimal(), int(seed) if seed.isdecimal() else 0, seed))
    places = {seed: place for place, seed in enumerate(ordered)}
    ends = [max(places[seed] for seed in own & sets[0]) for own in sets]
    kept = [
        seed
        for seed, place in places.items()
        if all(seed in own for own, end in zip(sets, ends, strict=True) if end >= place)
    ]
    pairs = {arm: [seed for seed in kept if seed in own] for arm, own in zip(names, sets, strict=True)}
    longest = max(len(pairs[arm]) for arm in names[1:])
    return {arm: seeds[:longest] for arm, seeds in pairs.items()}


def _unpaired_note(arms: Mapping[str, ArmScores], baseline: str) -> str:
    """Say that runs were compared unpaired, and what pairing would have been worth."""
    named = all(scores.seeds is not None for scores in arms.values())
    why = "the arms share too few seeds" if named else "no column names the seeds"
    worth = [pairing_worth(scores.values, arms[baseline].values) for arm, scores in arms.items() if arm != baseline]
    return (
        f"Compared unpaired (Welch): {why}. Had seeds that the arms share brought half of the variance, "
        f"paired intervals would be {float(np.median(worth)):.2f} times as wide"
    )
