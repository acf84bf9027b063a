"""The agenda in Table Storage: one partition, rows sorted by kind and due time (storage.md, Agenda).

A hint's key is a function of the lead for as long as it lives: one that fails is not moved but put off by a column, so
that what is missing can be told from what is late.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared import correlation
from shared.domain.agenda import TELLING, Hint, HintKind
from shared.domain.instants import stamp
from shared.ports.agenda import Bookmark, DueHint
from shared.storage import keys, reads
from shared.storage.errors import is_race, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import ANY, Refused, Write
from shared.storage.tables import Tables

BATCH = 100
SIDE_BY_SIDE = 16
"""Point reads under way at once: more only queue for the same processor."""


class TableAgenda:
    """`Agenda` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _agenda(self) -> Table:
        return self._tables[keys.AGENDA]

    async def put(self, hints: Sequence[Hint]) -> None:
        await self.change(hints, ())

    async def remove(self, hints: Sequence[Hint]) -> None:
        await self.change((), hints)

    async def change(self, put: Collection[Hint], remove: Collection[Hint]) -> None:
        """A hundred writes in a request; what is not in the same transaction as the last of the new comes after it."""
        kept = set(put)
        writes = [Write.upsert(_row(hint)) for hint in dict.fromkeys(put)]
        writes += [Write.delete(_key(hint)) for hint in dict.fromkeys(remove) if hint not in kept]
        for start in range(0, len(writes), BATCH):
            await self._together(writes[start : start + BATCH])

    async def _together(self, writes: list[Write]) -> None:
        """All of it in one transaction, which fails whole where a hint to delete is gone: then without that one."""
        while len(writes) > 1:
            try:
                await self._agenda.transact(writes)
            except AzureError as error:
                if not is_race(error):
                    raise translated(error) from error
                at_fault = error.index if isinstance(error, Refused) else None
                if at_fault is None or at_fault >= len(writes) or writes[at_fault].method != "DELETE":
                    break
                del writes[at_fault]
            else:
                return
        for write in writes:
            with translating():
                await self._agenda.write(write)

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        """One request, whatever is stored."""
        return await self._due(kind, _of_kind(kind), at, top)

    async def due_to_tell(self, at: datetime, top: int) -> list[DueHint]:
        """One request: both kinds stand in one range."""
        return await self._due(HintKind.PUBLISH, "", at, top)

    async def _due(self, kind: HintKind, of_kind: str, at: datetime, top: int) -> list[DueHint]:
        condition = f"{_within(keys.hints_until(kind, at))} and notBefore le '{stamp(at)}'{of_kind}"
        found = await reads.scan(self._agenda, condition, top, ["RowKey", "tries", "cause"])
        return [DueHint(keys.hint_of(row["RowKey"]), row["tries"], row["cause"]) for row in found.rows]

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        condition = _within(keys.hints_until(kind, at)) + _of_kind(kind)
        found = await reads.scan(self._agenda, condition, 1, ["RowKey"])
        return keys.hint_of(found.rows[0]["RowKey"]).due if found.rows else None

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        """One request."""
        condition = _within(keys.hints_after(kind, at)) + _of_kind(kind)
        return len((await reads.scan(self._agenda, condition, top, ["RowKey"])).rows)

    async def put_off(self, late: DueHint, until: datetime) -> None:
        row = {**_key(late.hint), "notBefore": stamp(until), "tries": late.tries + 1}
        with translating():
            try:
                await self._agenda.write(Write.merge(row, ANY))
            except ResourceNotFoundError:
                return

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        """Point reads, since a range of the agenda holds every partner's hints."""
        found = []
        for start in range(0, len(hints), SIDE_BY_SIDE):
            some = hints[start : start + SIDE_BY_SIDE]
            keyed = (_key(hint)["RowKey"] for hint in some)
            looked = await asyncio.gather(
                *(reads.row(self._agenda, keys.AGENDA_SHARD, key, ["RowKey"]) for key in keyed)
            )
            found += [hint for hint, row in zip(some, looked, strict=True) if row is None]
        return found

    async def bookmark(self, name: str) -> Bookmark:
        row = await reads.row(self._agenda, keys.AGENDA_SHARD, keys.bookmark(name))
        return Bookmark(str(row["place"]), row.tag) if row else Bookmark()

    async def set_bookmark(self, name: str, place: str) -> None:
        with translating():
            await self._agenda.write(Write.upsert(_bookmark(name, place)))

    async def move_bookmark(self, name: str, place: str, read: Bookmark) -> None:
        row = _bookmark(name, place)
        with translating():
            await self._agenda.write(Write.replace(row, read.tag) if read.tag else Write.insert(row))


def _within(bounds: tuple[str, str]) -> str:
    low, high = bounds
    return f"PartitionKey eq '{keys.AGENDA_SHARD}' and RowKey gt '{low}' and RowKey lt '{high}'"


def _of_kind(kind: HintKind) -> str:
    """What tells the kinds of one range apart; the key does where a kind has a range of its own."""
    return f" and kind eq '{kind}'" if kind in TELLING else ""


def _row(hint: Hint) -> dict[str, Any]:
    said = {"kind": str(hint.kind), "notBefore": "", "tries": 0, "cause": correlation.current()}
    return {**_key(hint), **said}


def _bookmark(name: str, place: str) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.bookmark(name), "place": place}


def _key(hint: Hint) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.hint(hint)}
