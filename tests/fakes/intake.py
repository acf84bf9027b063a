"""Submissions that wait, what senders sent and marketplaces' tables in memory."""

import itertools
from collections import Counter
from datetime import datetime

from shared.domain.intake.held import Held, HeldState
from shared.ids import inverted_time, position
from shared.ports.errors import LostRace, NoSuchTable
from shared.ports.intake import EVERY, HeldCounts, Only, Sent, StoredHeld, TableRow
from shared.ports.page import Page
from shared.storage import keys


class FakeHeldStore:
    """`HeldStore` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredHeld] = {}
        self._tags = itertools.count()

    async def add(self, held: Held) -> StoredHeld | None:
        there = self.rows.get(held.id)
        if there is not None:
            return there if there.held == held else None
        made = self.rows[held.id] = StoredHeld(held, str(next(self._tags)))
        return made

    async def get(self, held_id: str) -> StoredHeld | None:
        return self.rows.get(held_id)

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        there = self.rows.get(held.id)
        if there != stored:
            if there is None or there.held != held:
                raise LostRace
            return there
        made = self.rows[held.id] = StoredHeld(held, str(next(self._tags)))
        return made

    async def delete(self, stored: StoredHeld) -> None:
        if self.rows.get(stored.held.id) != stored:
            raise LostRace
        del self.rows[stored.held.id]

    async def every(self, after: str, top: int) -> Page[StoredHeld]:
        mine = sorted(one for one in self.rows if one > after)
        return Page([self.rows[one] for one in mine[:top]], mine[top - 1] if len(mine) > top else None)

    async def count(self, state: HeldState) -> HeldCounts:
        mine = [row.held for row in self.rows.values() if row.held.state is state]
        reasons = Counter(str(one.reason or "") for one in mine)
        return HeldCounts(len(mine), dict(reasons), dict(Counter(one.for_partner or "" for one in mine)))

    async def page(self, state: HeldState, after: str | None, top: int, only: Only = EVERY) -> Page[Held]:
        mine = (
            row.held
            for row in self.rows.values()
            if row.held.state is state
            and only.reason in (None, row.held.reason)
            and only.partner_id in (None, row.held.for_partner or "")
        )
        placed = {f"{inverted_time(one.listed_at)}|{one.id}": one for one in mine}
        places = sorted(place for place in placed if place > (after or ""))
        return Page([placed[one] for one in places[:top]], places[top - 1] if len(places) > top else None)


class FakeSentStore:
    """`SentStore` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Sent]] = {}

    async def put(self, sender_id: str, sent: Sent) -> None:
        self.rows.setdefault(sender_id, {})[sent.lead_id] = sent

    async def remove(self, sender_id: str, lead_id: str) -> None:
        self.rows.get(sender_id, {}).pop(lead_id, None)

    async def get(self, sender_id: str, lead_id: str) -> Sent | None:
        return self.rows.get(sender_id, {}).get(lead_id)

    async def page(self, sender_id: str, after: str | None, top: int) -> Page[Sent]:
        mine = self.rows.get(sender_id, {})
        order = sorted((one for one in mine if position(one) > (after or "")), key=position)
        return Page([mine[one] for one in order[:top]], position(order[top - 1]) if len(order) > top else None)


class FakeTables:
    """`MarketplaceTables` in memory: rows with the time they were written."""

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple[datetime, TableRow]]] = {}
        self.read: list[str] = []

    async def rows(self, table: str, since: datetime, place: str, top: int) -> tuple[list[TableRow], str]:
        if table not in self.tables:
            raise NoSuchTable(table)
        found = sorted((row.identity, row) for written, row in self.tables[table] if written >= since)
        page = [row for identity, row in found if identity > place][:top]
        self.read += [row.identity for row in page]
        return page, page[-1].identity if page and page[-1].identity < found[-1][0] else ""

    def is_ours(self, table: str) -> bool:
        return table.casefold() in {one.casefold() for one in keys.TABLES}
