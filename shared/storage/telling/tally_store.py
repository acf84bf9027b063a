"""Counts and the events that move them, in the partner's own partition (design.md, How an event is told).

Taking an event and counting it are one transaction, so that what is derived from an event happens exactly once.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.agenda import Change, Pending
from shared.domain.instants import stamp
from shared.domain.lead import Status, Tab
from shared.domain.measures import Sums
from shared.domain.tally import Tally
from shared.ids import created_at
from shared.ports.page import Page
from shared.ports.telling import Follows, Waiting, Work
from shared.storage import codec, keys, reads
from shared.storage.errors import translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables
from shared.storage.telling.lane_store import dispatch_row, mail_row
from shared.storage.telling.mail_store import stored_day, write_day

DAYS_MOST = 20
"""Rows of a few days: four a day at most, and the counts."""
NOTHING_KNOWN = "~"
"""Later than any day."""


class TableTallyStore:
    """`TallyStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _leads(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.LEADS)

    async def read(self, partner_id: str) -> Tally:
        return _tally(await reads.row(self._leads(partner_id), partner_id, keys.TALLY))

    async def work(self, partner_id: str, days_from: str, top: int) -> Work:
        """One request: mail days and sums, counts and events stand in this order side by side."""
        low, high = keys.day(days_from), f"{keys.OUT}~"
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{low}' and RowKey lt '{high}'"
        found = await reads.scan(self._leads(partner_id), condition, top + DAYS_MOST, [])
        rows = [row for row in found.rows if row["RowKey"].startswith(keys.DAYS)]
        days = {day.key: day for day in (stored_day(row) for row in rows if not keys.is_sums(row["RowKey"]))}
        sums = {one.day: one for one in (_sums(row) for row in rows if keys.is_sums(row["RowKey"]))}
        tally = next((row for row in found.rows if row["RowKey"] == keys.TALLY), None)
        events = [row for row in found.rows if row["RowKey"].startswith(keys.OUT)]
        if not events and not found.done:
            # Storage may end an answer anywhere, also before the first event: without one a hint at it would go.
            read, first = await self.read(partner_id), await self.pending(partner_id, None, top)
            # Which of the days have been read is not known then: whoever needs one looks for it.
            return Work(read, days, first, sums, days_from=NOTHING_KNOWN)
        is_whole = found.done and len(events) <= top
        return Work(
            _tally(tally),
            days,
            Page([_pending(partner_id, row) for row in events[:top]], None if is_whole else found.rows[-1]["RowKey"]),
            sums,
            days_from,
        )

    async def pending(self, partner_id: str, after: str | None, top: int) -> Page[Pending]:
        """One request."""
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{after or keys.OUT}' and RowKey lt '{keys.OUT}~'"
        columns = [
            "RowKey",
            "change",
            "announced",
            "cause",
            "from",
            "to",
            "isTest",
            "type",
            "notify",
            "spent",
            "counts",
        ]
        found = await reads.scan(self._leads(partner_id), condition, top, columns)
        events = [_pending(partner_id, row) for row in found.rows]
        return Page(events, None if found.done else found.rows[-1]["RowKey"])

    async def take(
        self, partner_id: str, events: Sequence[Pending], before: Tally, after: Tally, follows: Follows
    ) -> None:
        """The tally's tag decides between two relays, and so does each event's row."""
        row: dict[str, Any] = {"PartitionKey": partner_id, "RowKey": keys.TALLY}
        row |= {_column(tab, status): count for (tab, status), count in after.counts.items()}
        operations = [Write.replace(row, before.tag) if before.tag else Write.insert(row)]
        operations += [Write.delete({"PartitionKey": partner_id, "RowKey": _out(event)}) for event in events]
        operations += [Write.upsert(dispatch_row(partner_id, *waiting)) for waiting in follows.waits]
        operations += [write_day(partner_id, day) for day in follows.days]
        for day, lead_id in follows.held:
            held = {"PartitionKey": partner_id, "RowKey": keys.held_lead(day, lead_id)}
            operations.append(Write.upsert(held))
        operations += [Write.upsert(mail_row(partner_id, mail)) for mail in follows.mails]
        operations += [_write_sums(partner_id, sums) for sums in follows.sums]
        try:
            await self._leads(partner_id).transact(operations)
        except AzureError as error:
            raise translated(error) from error

    async def sums(self, partner_id: str, days: Collection[str]) -> dict[str, Sums]:
        """Point reads side by side."""
        leads = self._leads(partner_id)
        rows = await asyncio.gather(*(reads.row(leads, partner_id, keys.sums(day)) for day in days))
        return {found.day: found for found in map(_sums, filter(None, rows))}

    async def sums_between(self, partner_id: str, first: str, last: str) -> list[Sums]:
        """One request for every thousand days, or for what an answer holds."""
        low, high = keys.sums(first), keys.sums(last)
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{low}' and RowKey le '{high}' and isSums eq true"
        with translating():
            return [_sums(row) for row in await self._leads(partner_id).rows(condition)]

    async def overdue_outcomes(self, partner_id: str, at: datetime, since: date | None = None) -> list[str]:
        """The range of open leads, by columns alone."""
        low, high = keys.copy("open", ""), keys.copy("open", "~")
        bounds = f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{high}'"
        condition = f"{bounds} and isTest eq false and outcomeDue gt '' and outcomeDue lt '{stamp(at)}'"
        with translating():
            rows = await self._leads(partner_id).rows(condition, ["RowKey"])
        found = [keys.lead_of(row["RowKey"]) for row in rows]
        return [one for one in found if since is None or created_at(one).date() >= since]

    async def received(self, partner_id: str) -> list[Waiting]:
        """The range of open leads, by columns alone."""
        low, high = keys.copy("open", ""), keys.copy("open", "~")
        return await self._waiting(partner_id, low, high, "status eq 'received'")

    async def overdue_informational(self, partner_id: str, at: datetime) -> list[Waiting]:
        low, high = keys.copy("info", ""), keys.copy("info", "~")
        return await self._waiting(partner_id, low, high, f"deadline le '{stamp(at)}'")

    async def _waiting(self, partner_id: str, low: str, high: str, condition: str) -> list[Waiting]:
        query = f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{high}' and isTest eq false"
        columns = ["RowKey", "deadline", "flame"]
        with translating():
            rows = await self._leads(partner_id).rows(f"{query} and {condition}", columns)
        return [Waiting(keys.lead_of(row["RowKey"]), row["deadline"], row["flame"]) for row in rows]


def _tally(row: Row | None) -> Tally:
    if row is None:
        return Tally()
    counts = {(tab, status): int(row.get(_column(tab, status), 0)) for tab in Tab for status in Status}
    return Tally(counts, row.tag)


def _column(tab: Tab, status: Status) -> str:
    return f"{tab}_{status}"


def _sums(row: Row) -> Sums:
    return codec.with_tag(codec.load(Sums, row), row)


def _write_sums(partner_id: str, sums: Sums) -> Write:
    row = {
        "PartitionKey": partner_id,
        "RowKey": keys.sums(sums.day),
        "isSums": True,
        **codec.dump(codec.untagged(sums)),
    }
    return Write.replace(row, sums.tag) if sums.tag else Write.insert(row)


def _out(event: Pending) -> str:
    return keys.out(stamp(event.at), event.lead_id, event.sequence)


def _pending(partner_id: str, row: Any) -> Pending:
    at, lead_id, sequence = keys.event_of(row["RowKey"])
    return Pending(
        partner_id=partner_id,
        lead_id=lead_id,
        at=at,
        sequence=sequence,
        change=Change(row["change"], datetime.fromisoformat(row["announced"]), row["cause"]),
        from_status=Status(row["from"]) if row["from"] else None,
        to_status=Status(row["to"]),
        is_test=row["isTest"],
        type=row["type"],
        notify=row["notify"],
        spent=codec.hints_of(row["spent"], partner_id, lead_id),
        counts=codec.differences_of(row.get("counts", "")),
    )
