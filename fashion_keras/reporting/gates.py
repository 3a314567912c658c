"""Gates: whether comparisons show what is required of them, and the exit status that says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fashion_keras.formatting import one_line
from fashion_keras.statistics import Comparison, Requirement

__all__ = ["Gate", "exit_status"]


@dataclass(frozen=True)
class Gate:
    """Whether what was required is shown.

    Attributes:
        is_met: True where it is, False where it is shown otherwise, None where it is undecided.
        why: In one line.
    """

    is_met: bool | None
    why: str

    @classmethod
    def of(cls, requirement: str, comparisons: Sequence[Comparison]) -> "Gate":
        """Return whether every arm of `comparisons` is shown to be `better`, `not-worse` or `equivalent`."""
        wanted = Requirement(requirement)
        met = wanted.of_all(comparisons)
        deciding = [item for item in comparisons if wanted.is_met(item) is met]
        return cls(met, _sentence(wanted, met, deciding))

    @property
    def status(self) -> int:
        """The exit status: 0, 1 or 3; 2 is a user's mistake."""
        return {True: 0, False: 1, None: 3}[self.is_met]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"is_met": self.is_met, "why": self.why, "status": self.status}


def exit_status(gates: Sequence[Gate]) -> int:
    """Return the one of several gates: 1 where one is shown otherwise, else 3 where one is undecided; 3 of none."""
    statuses = {gate.status for gate in gates} or {3}
    return 1 if 1 in statuses else max(statuses)


def _sentence(requirement: Requirement, is_met: bool | None, comparisons: Sequence[Comparison]) -> str:
    """Return why a gate opens or does not, in one line.

    Args:
        requirement: What was required.
        is_met: Whether it is shown, see `Requirement.of_all`.
        comparisons: Those by which it was decided.
    """
    answer = {True: "shown", False: "shown otherwise", None: "undecided"}[is_met]
    verdicts = ", ".join(f"{one_line(item.arm)} is {item.verdict}" for item in comparisons[:5]) or "no arm was judged"
    more = ", ..." if len(comparisons) > 5 else ""
    return f"Required {requirement}: {answer} ({verdicts}{more})"
