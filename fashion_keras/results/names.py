"""Usual names of columns, and of runs that hold arm and seed, as people and trackers give them."""

import re
from collections.abc import Sequence

from fashion_keras.results.table import ResultTable, normalise, words

__all__ = ["BASELINES", "UNFINISHED", "USUAL", "find_column", "is_seed_name", "split_run_name"]

# Names of columns by what they mean, the likeliest first.
USUAL = {
    "arm": words(
        """arm model method config configuration variant condition treatment group algorithm approach architecture
        network system branch setting optimizer model_name method_name arm_name experiment"""
    ),
    "run": words("run_name runname name display_name run"),
    "seed": words(
        """seed random_seed random_state rng_seed seed_id run rep repeat replicate replication repetition trial fold
        run_number run_index"""
    ),
    "dataset": words("dataset data_set dataset_name task benchmark"),
    "example": words(
        """example example_id image image_id item item_id sample sample_id instance question question_id doc_id"""
    ),
    "correct": words("correct is_correct right hit"),
    "step": words("epoch step global_step iteration"),
    "status": words("status state"),
    "tracking": words(  # holds neither settings nor results
        """run_id id experiment_id artifact_uri lifecycle_stage start_time end_time created created_at updated
        finished_at user user_id source source_name source_type source_version source_git_commit hostname host sweep
        tags notes description runtime duration timestamp date time_stamp wall_time relative_time log_model_history
        project_name unnamed_0 index column_1 path folder gpu gpu_type status state epoch step global_step iteration
        best_epoch best_step stopped_epoch last_epoch"""
    ),
}
UNFINISHED = words("failed crashed killed running scheduled pending preempted preempting error")
BASELINES = words("baseline base default control main master reference vanilla before old")
_SEED_WORDS = r"(?:seed|run|rep|repeat|trial|fold|version|s|r)"
_NAMED = re.compile(rf"(.*?)(?:[-_/ .=,]+{_SEED_WORDS}|seed)[-_= .]?(\d+)", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)[-_/ ](\d+)")
_SEED = re.compile(rf"(?:{_SEED_WORDS}[-_= ]?)?\d+", re.IGNORECASE)


def find_column(table: ResultTable, meaning: str, taken: Sequence[str | None] = ()) -> str | None:
    """Return the column that has a usual name; None where none has.

    Args:
        table: Whose columns are looked through.
        meaning: A key of `USUAL`.
        taken: Columns that mean something else already.
    """
    known = {normalise(name): name for name in reversed(list(table.columns)) if name not in taken}
    return next((known[name] for name in USUAL[meaning] if name in known), None)


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
