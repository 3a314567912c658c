"""Names of runs that hold arm and seed: `adam_seed3`, `adam/seed_3`, `adam-run-3`."""

import re

__all__ = ["is_seed_name", "split_run_name"]

_SEED_WORDS = r"(?:seed|run|rep|repeat|trial|fold|version|s|r)"
_NAMED = re.compile(rf"(.*?)(?:[-_/ .=,]+{_SEED_WORDS}|seed)[-_= .]?(\d+)", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)[-_/ ](\d+)")
_SEED = re.compile(rf"(?:{_SEED_WORDS}[-_= ]?)?\d+", re.IGNORECASE)


def split_run_name(name: str) -> tuple[str, str | None]:
    """Return the arm and the seed that a run's name holds; None where it names no seed.

    >>> split_run_name("adam/seed_3"), split_run_name("lr=0.1-s12"), split_run_name("adam")
    (('adam', '3'), ('lr=0.1', '12'), ('adam', None))
    """
    for pattern in (_NAMED, _NUMBERED):
        found = pattern.fullmatch(name)
        if found and found[1]:
            return found[1].rstrip("-_/ .=,"), found[2]
    return name, None


def is_seed_name(name: str) -> bool:
    """Whether a column's name is that of a seed: `3`, `seed_3`, `Run 3`."""
    return _SEED.fullmatch(name.strip()) is not None
