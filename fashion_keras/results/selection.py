"""Selection of a user: which columns of a result table mean what; None is found by its usual name."""

from dataclasses import dataclass

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """What a user said of a table.

    Attributes:
        arm: Column that names what is compared.
        seed: Column of the seed, which pairs the runs of different arms.
        metric: Column that is judged.
        baseline: Arm that the others are compared with.
        dataset_column: Column of the data set; each is judged by itself.
        higher_is_better: Direction of the metric.
    """

    arm: str | None = None
    seed: str | None = None
    metric: str | None = None
    baseline: str | None = None
    dataset_column: str | None = None
    higher_is_better: bool | None = None
