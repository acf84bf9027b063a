"""The agenda in memory."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from shared import correlation
from shared.domain.agenda import TELLING, Hint, HintKind
from shared.ports.agenda import Bookmark, DueHint
from shared.ports.errors import LostRace


class FakeAgenda:
    """`Agenda` in memory."""

    def __init__(self) -> None:
        self.rows: dict[Hint, tuple[int, datetime | None]] = {}
        self.causes: dict[Hint, str] = {}
        self.bookmarks: dict[str, str] = {}
        self._moves: Counter[str] = Counter()

    @property
    def hints(self) -> set[Hint]:
        """The hints there are."""
        return set(self.rows)

    async def put(self, hints: Sequence[Hint]) -> None:
        self.rows |= dict.fromkeys(hints, (0, None))
        self.causes |= dict.fromkeys(hints, correlation.current())

    async def remove(self, hints: Sequence[Hint]) -> None:
        for hint in hints:
            self.rows.pop(hint, None)
            self.causes.pop(hint, None)

    async def change(self, put: Collection[Hint], remove: Collection[Hint]) -> None:
        await self.put(list(put))
        await self.remove([hint for hint in remove if hint not in put])

    async def due_to_tell(self, at: datetime, top: int) -> list[DueHint]:
        both = [late for kind in TELLING for late in await self.due(kind, at, top)]
        return sorted(both, key=lambda late: late.hint.due)[:top]

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        found = sorted(
            (hint for hint, (_, until) in self.rows.items() if hint.kind == kind and hint.due <= at >= (until or at)),
            key=lambda hint: (hint.due, hint.partner_id, hint.subject, hint.attempt),
        )
        return [DueHint(hint, self.rows[hint][0], self.causes[hint]) for hint in found[:top]]

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        return min((hint.due for hint in self.rows if hint.kind == kind and hint.due <= at), default=None)

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        return min(top, sum(hint.kind == kind and hint.due > at for hint in self.rows))

    async def put_off(self, late: DueHint, until: datetime) -> None:
        if late.hint in self.rows:
            self.rows[late.hint] = late.tries + 1, until

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        return [hint for hint in hints if hint not in self.rows]

    async def move(self, at: datetime, top: int) -> int:
        return 0

    async def bookmark(self, name: str) -> Bookmark:
        return Bookmark(self.bookmarks.get(name, ""), str(self._moves[name] or ""))

    async def set_bookmark(self, name: str, place: str) -> None:
        self.bookmarks[name] = place
        self._moves[name] += 1

    async def move_bookmark(self, name: str, place: str, read: Bookmark) -> None:
        if read != await self.bookmark(name):
            raise LostRace
        await self.set_bookmark(name, place)
