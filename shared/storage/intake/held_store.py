"""Held submissions in the table Parked: each with a line in the list of those that wait for the same (I5, R1)."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.intake.held import Held, HeldState
from shared.ports.intake import COUNTED_MAX, EVERY, HeldCounts, Only, StoredHeld
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables


class TableHeldStore:
    """`HeldStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _parked(self) -> Table:
        return self._tables[keys.PARKED]

    async def add(self, held: Held) -> StoredHeld | None:
        """One transaction, so that nothing waits without standing in its list."""
        operations = [Write.insert(_row(held))]
        if held.state is not HeldState.PLACED:
            operations.append(Write.upsert(_line(held)))
        try:
            tags = await self._parked.transact(operations)
        except AzureError as error:
            if not is_unclear(error):
                raise translated(error) from error
            # It is there already, perhaps by this very attempt; it is retried after 5xx.
            there = await self.get(held.id)
            if there is None:
                raise translated(error) from error
            return there if there.held == held else None
        return StoredHeld(held, tags[0])

    async def get(self, held_id: str) -> StoredHeld | None:
        row = await reads.row(self._parked, keys.PARKED_SHARD, keys.held(held_id))
        return StoredHeld(_held(row), row.tag) if row else None

    async def replace(self, stored: StoredHeld, held: Held) -> StoredHeld:
        operations = [Write.replace(_row(held), stored.tag)]
        before = stored.held
        listed_before, listed = before.state is not HeldState.PLACED, held.state is not HeldState.PLACED
        if listed_before and (not listed or _line(before)["RowKey"] != _line(held)["RowKey"]):
            operations.append(Write.delete(_line(before)))
        if listed:
            operations.append(Write.upsert(_line(held)))
        try:
            tags = await self._parked.transact(operations)
        except AzureError as error:
            there = await self.get(held.id) if is_unclear(error) else None
            if there and there.held == held:
                return there
            raise translated(error) from error
        return StoredHeld(held, tags[0])

    async def delete(self, stored: StoredHeld) -> None:
        operations = [Write.delete(_row(stored.held), stored.tag), Write.delete(_line(stored.held))]
        try:
            await self._parked.transact(operations)
        except AzureError as error:
            raise translated(error) from error

    async def every(self, after: str, top: int) -> Page[StoredHeld]:
        """One request."""
        low, high = keys.held(after), keys.held("~")
        condition = f"PartitionKey eq '{keys.PARKED_SHARD}' and RowKey gt '{low}' and RowKey lt '{high}'"
        found = await reads.scan(self._parked, condition, top, ())
        value = [StoredHeld(_held(row), row.tag) for row in found.rows]
        return Page(value, None if found.done else value[-1].held.id)

    async def count(self, state: HeldState) -> HeldCounts:
        """The lines say it."""
        found = await reads.scan(self._parked, _range(state, None), COUNTED_MAX, ["reason", "partner"])
        reasons = Counter(str(row["reason"]) for row in found.rows)
        partners = Counter(str(row["partner"]) for row in found.rows)
        return HeldCounts(len(found.rows), dict(reasons), dict(partners), is_at_least=not found.done)

    async def page(self, state: HeldState, after: str | None, top: int, only: Only = EVERY) -> Page[Held]:
        """The lines, then what they name side by side."""
        start = keys.held_lines(state)
        condition = _range(state, after)
        if only.reason is not None:
            condition += f" and reason eq '{keys.quoted(only.reason)}'"
        if only.partner_id is not None:
            condition += f" and partner eq '{keys.quoted(only.partner_id)}'"
        found = await reads.scan(self._parked, condition, top, ["RowKey"])
        lines = [str(row["RowKey"]) for row in found.rows]
        # Of a body its beginning is enough here.
        columns = [*codec.DOCS, "p0"]
        rows = await asyncio.gather(
            *(reads.row(self._parked, keys.PARKED_SHARD, keys.held(keys.held_of(line)), columns) for line in lines)
        )
        following = None if found.done else lines[-1].removeprefix(start)
        held = [_held(row) for row in rows if row]
        return Page([submission for submission in held if submission.state is state], following)


def _row(held: Held) -> dict[str, Any]:
    return {
        "PartitionKey": keys.PARKED_SHARD,
        "RowKey": keys.held(held.id),
        **codec.dump(replace(held, body=b"")),
        **codec.pieces(held.body),
    }


def _held(row: Any) -> Held:
    return replace(codec.load(Held, row), body=codec.body_of(row))


def _line(held: Held) -> dict[str, Any]:
    key = keys.held_line(held.state, held.listed_at, held.id)
    said = {"reason": str(held.reason or ""), "partner": held.for_partner or ""}
    return {"PartitionKey": keys.PARKED_SHARD, "RowKey": key, **said}


def _range(state: HeldState, after: str | None) -> str:
    start = keys.held_lines(state)
    return f"PartitionKey eq '{keys.PARKED_SHARD}' and RowKey gt '{start}{after or ''}' and RowKey lt '{start}~'"
