"""Usual names of columns: how people and trackers call arms, seeds, data sets, examples and steps."""

from collections.abc import Sequence

from fashion_keras.results.table import ResultTable, normalise

__all__ = [
    "ARM",
    "BASELINES",
    "CORRECT",
    "DATASET",
    "EXAMPLE",
    "NO_RESULTS",
    "RUN_NAME",
    "SEED",
    "STATUS",
    "STEP",
    "UNFINISHED",
    "find_column",
]

ARM = [
    "arm",
    "model",
    "method",
    "config",
    "configuration",
    "variant",
    "condition",
    "treatment",
    "group",
    "algorithm",
    "approach",
    "architecture",
    "network",
    "system",
    "branch",
    "setting",
    "optimizer",
    "model_name",
    "method_name",
    "arm_name",
    "experiment",
]
RUN_NAME = ("run_name", "runname", "name", "display_name", "run")
SEED = [
    "seed",
    "random_seed",
    "random_state",
    "rng_seed",
    "seed_id",
    "run",
    "rep",
    "repeat",
    "replicate",
    "replication",
    "repetition",
    "trial",
    "fold",
    "run_number",
    "run_index",
]
DATASET = ("dataset", "data_set", "dataset_name", "task", "benchmark")
EXAMPLE = [
    "example",
    "example_id",
    "image",
    "image_id",
    "item",
    "item_id",
    "sample",
    "sample_id",
    "instance",
    "question",
    "question_id",
    "doc_id",
]
CORRECT = ("correct", "is_correct", "right", "hit")
STEP = ("epoch", "step", "global_step", "iteration")
STATUS = ("status", "state")
UNFINISHED = frozenset(
    ["failed", "crashed", "killed", "running", "scheduled", "pending", "preempted", "preempting", "error"]
)
BASELINES = ["baseline", "base", "default", "control", "main", "master", "reference", "vanilla", "before", "old"]
# Columns of trackers that hold neither settings nor results.
NO_RESULTS = frozenset(
    [
        "run_id",
        "id",
        "experiment_id",
        "artifact_uri",
        "lifecycle_stage",
        "start_time",
        "end_time",
        "created",
        "created_at",
        "updated",
        "finished_at",
        "user",
        "user_id",
        "source",
        "source_name",
        "source_type",
        "source_version",
        "source_git_commit",
        "hostname",
        "host",
        "sweep",
        "tags",
        "notes",
        "description",
        "runtime",
        "duration",
        "timestamp",
        "date",
        "time_stamp",
        "wall_time",
        "relative_time",
        "log_model_history",
        "project_name",
        "unnamed_0",
        "index",
        "column_1",
        "path",
        "folder",
        "gpu",
        "gpu_type",
    ]
) | {*STATUS, *STEP}


def find_column(table: ResultTable, names: Sequence[str], taken: Sequence[str | None] = ()) -> str | None:
    """Return the column that has one of several names, the first that is there; None where none is."""
    known = {normalise(name): name for name in reversed(list(table.columns)) if name not in taken}
    return next((known[name] for name in names if name in known), None)
