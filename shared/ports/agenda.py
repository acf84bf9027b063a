"""When to look at what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.agenda import Hint, HintKind


@dataclass(frozen=True)
class DueHint:
    """A hint whose time has come; `tries` are those that failed, `cause` is the correlation id of what wrote it."""

    hint: Hint
    tries: int = 0
    cause: str = ""


@dataclass(frozen=True)
class Bookmark:
    """Where a long task goes on, '' at its start; `tag` is that of the row it was read from."""

    place: str = ""
    tag: str = ""


class Agenda(Protocol):
    """When to look at what. Hints are written before what they announce and may be stale."""

    async def put(self, hints: Sequence[Hint]) -> None:
        """Write the hints, a hundred in a request; writing one again is harmless."""

    async def remove(self, hints: Sequence[Hint]) -> None:
        """Delete the hints, a hundred in a request; one that is gone is no error."""

    async def change(self, put: Collection[Hint], remove: Collection[Hint]) -> None:
        """`put` and then `remove`, in as few requests: nothing is deleted before all is written."""

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        """Hints of the kind that are due at `at` and not put off beyond it, oldest first, at most `top`."""

    async def due_to_tell(self, at: datetime, top: int) -> list[DueHint]:
        """The same of both kinds of TELLING together."""

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        """When the oldest hint of the kind was due, put off or not; None when none is due at `at`."""

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        """How many hints of the kind are due after `at`, at most `top`."""

    async def put_off(self, late: DueHint, until: datetime) -> None:
        """Count a failed try, and leave the hint alone until then; one that is gone is no error."""

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        """Which of these hints are not in the agenda."""

    async def move(self, at: datetime, top: int) -> int:
        """Move hints, at most `top`, from where another number of shards has left them to where they are written now.

        Gives how many it moved. Where none is left, that number of shards is forgotten once nobody can use it any more.
        """

    async def bookmark(self, name: str) -> Bookmark:
        """Where a long task goes on, or what several share."""

    async def set_bookmark(self, name: str, place: str) -> None:
        """Remember where a long task goes on."""

    async def move_bookmark(self, name: str, place: str, read: Bookmark) -> None:
        """The same where nobody has done so since it was read; raises LostRace."""
