"""Records of erasures in the table Erasures, and the way through a partner's rows (S4, storage.md)."""

import asyncio
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.erasure import Erasure
from shared.ports.erasures import Sought, StoredErasure, Swept
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables
from shared.storage.upkeep import traces

BATCH = 100
PAYLOADS_TOP, ROWS_TOP = 50, 500
"""Rows read at a time: a payload may be large, and memory must not follow what somebody sent."""
AT_ONCE = 16


class TableErasureStore:
    """`ErasureStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _erasures(self) -> Table:
        return self._tables[keys.ERASURES]

    async def add(self, erasure: Erasure) -> StoredErasure:
        """An upsert of a fresh id, so that a retry of the client's own cannot fail."""
        with translating():
            return StoredErasure(erasure, await self._erasures.write(Write.upsert(_row(erasure))))

    async def get(self, erasure_id: str) -> StoredErasure | None:
        row = await reads.row(self._erasures, keys.ERASURE_JOBS, erasure_id)
        return StoredErasure(codec.load(Erasure, row), row.tag) if row else None

    async def page(self, after: str | None, top: int) -> Page[Erasure]:
        condition = f"PartitionKey eq '{keys.ERASURE_JOBS}' and RowKey gt '{after or ''}'"
        found = await reads.scan(self._erasures, condition, top, ["RowKey", *codec.DOCS])
        value = [codec.load(Erasure, row) for row in found.rows]
        return Page(value, None if found.done else value[-1].id)

    async def unfinished(self, top: int) -> list[StoredErasure]:
        condition = f"PartitionKey eq '{keys.ERASURE_JOBS}' and ended eq false"
        found = await reads.scan(self._erasures, condition, top, ())
        return [StoredErasure(codec.load(Erasure, row), row.tag) for row in found.rows]

    async def replace(self, stored: StoredErasure, erasure: Erasure) -> StoredErasure:
        try:
            return StoredErasure(erasure, await self._erasures.write(Write.replace(_row(erasure), stored.tag)))
        except AzureError as error:
            there = await self.get(erasure.id) if is_unclear(error) else None
            if there and there.erasure == erasure:
                return there
            raise translated(error) from error

    async def note(self, erasure_id: str, partner_id: str, lead_ids: Collection[str]) -> None:
        """A transaction for each hundred."""
        rows = [{"PartitionKey": erasure_id, "RowKey": keys.noted(partner_id, one)} for one in sorted(set(lead_ids))]
        for start in range(0, len(rows), BATCH):
            with translating():
                await self._erasures.transact([Write.upsert(row) for row in rows[start : start + BATCH]])

    async def noted(self, erasure_id: str, partner_id: str) -> list[str]:
        start = keys.noted(partner_id, "")
        rows = await reads.starting(self._erasures, erasure_id, start, ["RowKey"])
        return [str(row["RowKey"]).removeprefix(start) for row in rows]

    async def notes(self, erasure_id: str, top: int) -> list[tuple[str, str]]:
        found = await reads.scan(self._erasures, f"PartitionKey eq '{erasure_id}'", top, ["RowKey"])
        return [keys.noted_of(str(row["RowKey"])) for row in found.rows]

    async def left_behind(self, partner_id: str) -> list[str | None]:
        """One request; what is said of the account in which the partner is again holds no longer."""
        low, high = keys.left_behind(partner_id, None), keys.left_behind(partner_id, "~")
        condition = f"PartitionKey eq '{keys.LEFT_BEHIND}' and RowKey ge '{low}' and RowKey lt '{high}'"
        with translating():
            rows = await self._tables[keys.LOOKUP].rows(condition, ["RowKey", "moves"])
        placed = (await self._tables.placements.guess(partner_id)).placement
        left = [(row["RowKey"].partition("|")[2] or None, row["moves"]) for row in rows]
        return [account for account, moves in left if account != placed.account and moves <= placed.moves]

    async def sweep(self, partner_id: str, sought: Sought, after: str, *, dry: bool) -> Swept:
        """One request of one range; each row that changes is written by its own tag."""
        table, ids = self._tables.of(partner_id, keys.LEADS), frozenset(sought.leads)
        bounds = traces.range_after(after)
        if bounds is None:
            return Swept({}, None)
        low, high = bounds
        top = PAYLOADS_TOP if traces.holds_payloads(high) else ROWS_TOP
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{high}'"
        found = await reads.scan(table, condition, top, ())
        counts: Counter[str] = Counter()
        writes = []
        for row in found.rows:
            if write := traces.cleaned(row, ids, sought.traces):
                counts[traces.kind_of(row["RowKey"])] += 1
                writes.append(write)
        for start in range(0, 0 if dry else len(writes), AT_ONCE):
            await asyncio.gather(*(_write(table, write) for write in writes[start : start + AT_ONCE]))
        return Swept(dict(counts), high if found.done else str(found.rows[-1]["RowKey"]))


async def _write(table: Table, write: Write) -> None:
    with suppress(LostRace), translating():
        await table.write(write)


def _row(erasure: Erasure) -> dict[str, Any]:
    key = {"PartitionKey": keys.ERASURE_JOBS, "RowKey": erasure.id}
    return key | codec.dump(erasure, what="erasure") | {"ended": erasure.has_ended}
