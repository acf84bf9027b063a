"""The agenda in Table Storage: one partition, rows sorted by kind and due time (storage.md, Agenda).

A hint's key is a function of the lead for as long as it lives: one that fails is not moved but put off by a column, so
that what is missing can be told from what is late.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared import correlation
from shared.domain.agenda import Hint, HintKind
from shared.domain.instants import stamp
from shared.ports.agenda import DueHint
from shared.storage import keys, reads
from shared.storage.errors import is_race, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import ANY, Write
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
        for start in range(0, len(hints), BATCH):
            some = hints[start : start + BATCH]
            rows = ({**_key(hint), "notBefore": "", "tries": 0, "cause": correlation.current()} for hint in some)
            with translating():
                await self._agenda.transact([Write.upsert(row) for row in rows])

    async def remove(self, hints: Sequence[Hint]) -> None:
        """A transaction fails whole when one of them is gone, then they go one by one."""
        once = list(dict.fromkeys(hints))
        for start in range(0, len(once), BATCH):
            some = once[start : start + BATCH]
            if len(some) > 1:
                try:
                    await self._agenda.transact([Write.delete(_key(hint)) for hint in some])
                    continue
                except AzureError as error:
                    if not is_race(error):
                        raise translated(error) from error
            for hint in some:
                with translating():
                    await self._agenda.write(Write.delete(_key(hint)))

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        """One request, whatever is stored."""
        low, high = keys.hints_until(kind, at)
        condition = (
            f"PartitionKey eq '{keys.AGENDA_SHARD}' and RowKey gt '{low}' and RowKey lt '{high}'"
            f" and notBefore le '{stamp(at)}'"
        )
        found = await reads.scan(self._agenda, condition, top, ["RowKey", "tries", "cause"])
        return [DueHint(keys.hint_of(row["RowKey"]), row["tries"], row["cause"]) for row in found.rows]

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        low, high = keys.hints_until(kind, at)
        condition = f"PartitionKey eq '{keys.AGENDA_SHARD}' and RowKey gt '{low}' and RowKey lt '{high}'"
        found = await reads.scan(self._agenda, condition, 1, ["RowKey"])
        return keys.hint_of(found.rows[0]["RowKey"]).due if found.rows else None

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        """One request."""
        low, high = keys.hints_after(kind, at)
        condition = f"PartitionKey eq '{keys.AGENDA_SHARD}' and RowKey gt '{low}' and RowKey lt '{high}'"
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

    async def bookmark(self, name: str) -> str:
        row = await reads.row(self._agenda, keys.AGENDA_SHARD, keys.bookmark(name))
        return str(row["place"]) if row else ""

    async def set_bookmark(self, name: str, cursor: str) -> None:
        row = {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.bookmark(name), "place": cursor}
        with translating():
            await self._agenda.write(Write.upsert(row))


def _key(hint: Hint) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.hint(hint)}
