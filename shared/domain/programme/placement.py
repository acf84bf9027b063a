"""Which storage account holds a partner's rows, and how far a move to another one is (decision 19)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class MovePhase(StrEnum):
    """Rows are copied while everybody is at work, then nobody is for the seconds in which the last ones are."""

    COPYING = "copying"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Placement:
    """Where a partner's rows are: `account` None is the deployment's own.

    While they are moved `to` another account there is a `phase`, and `by` is the run that moves them: none that was
    begun before it goes on. `moves` counts those that are over, so that an account that a partner came back to is not
    taken for the one it had never left.
    """

    account: str | None = None
    moves: int = 0
    to: str | None = None
    phase: MovePhase | None = None
    by: str = ""

    @property
    def is_settled(self) -> bool:
        """True while no move is under way."""
        return self.phase is None

    @property
    def is_frozen(self) -> bool:
        """True while nobody may read or write the partner's rows."""
        return self.phase is MovePhase.FROZEN

    def is_where(self, other: "Placement") -> bool:
        """True when no move has ended between the two."""
        return (self.account, self.moves) == (other.account, other.moves)

    def announced(self, to: str | None, by: str = "") -> Self:
        """On the way to another account, and at work."""
        return replace(self, to=to, phase=MovePhase.COPYING, by=by)

    def frozen(self) -> Self:
        """On the same way, and at rest."""
        return replace(self, phase=MovePhase.FROZEN)

    def moved(self) -> Self:
        """There."""
        return replace(self, account=self.to, moves=self.moves + 1, to=None, phase=None, by="")

    def given_up(self) -> Self:
        """Not on the way any more: where it was."""
        return replace(self, to=None, phase=None, by="")


UNMOVED = Placement()
"""In the deployment's own account from the beginning."""
