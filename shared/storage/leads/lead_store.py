"""Leads in Table Storage: one partition a partner, one transaction a change (design.md, How a lead changes)."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.agenda import Change, Hint
from shared.domain.contact import NEVER, person_keys, shown_until
from shared.domain.events import Event
from shared.domain.exports.export import Since
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import Lead, Status, Tab
from shared.domain.lifecycle import Decision, settle
from shared.domain.listed import listed
from shared.domain.measures import differences
from shared.domain.ordering import OrderField
from shared.domain.similar import Traits
from shared.domain.telling.recommendations import Standing
from shared.ids import created_at, from_position, position
from shared.ports.leads import TOGETHER, LeadPage, LeadQuery, Once, StoredLead, Submitted, Surveyed, Walked
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.codec import Document
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.leads import columns, conditions, deals
from shared.storage.leads.columns import Columns, Words
from shared.storage.leads.conditions import OPEN
from shared.storage.reads import WIDTH, Placed, Query, Range, Reading, Scan, merge, scan, walk
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

OPERATIONS_MAX, BYTES_MAX = 100, 3 * 1024 * 1024
"""Of one transaction: the service's own bound, and its 4 MiB with room for what is around the documents."""

SELECTED = ["RowKey", *codec.DOCS]
_ID_TAIL = 28
HITS_MAX, NEAR, RUN_MAX = 200, 8, 100
"""Documents read at a time: hits of a search that stand no further apart than `NEAR` rows come with those between them,
in one request of `RUN_MAX` rows at most; that costs less than a request each."""


class TableLeadStore:
    """`LeadStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _leads(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.LEADS)

    async def get(self, partner_id: str, lead_id: str) -> StoredLead | None:
        entity = await reads.row(self._leads(partner_id), partner_id, keys.lead(lead_id))
        return StoredLead(codec.load(Lead, entity), entity.tag) if entity else None

    async def add(self, received: Decision, submitted: Submitted, change: Change) -> None:
        """Eight operations, all inserts but an outlived claim."""
        lead = received.lead
        partner = lead.partner_id
        claim = {
            "PartitionKey": partner,
            "RowKey": keys.once(submitted.once),
            "lead": lead.id,
            "at": stamp(received.events[0].at),
            "content": submitted.content,
            "change": change.id,
        }
        columns = codec.lead_columns(lead)
        raw_key = {"PartitionKey": partner, "RowKey": keys.raw(lead.id), "contentType": submitted.content_type}
        operations: list[Write] = [
            Write.insert(_row(lead, keys.lead(lead.id), columns)),
            Write.insert(raw_key | codec.pieces(submitted.body)),
            Write.insert(claim) if submitted.replaces is None else Write.replace(claim, submitted.replaces),
            *_copies(None, lead, columns),
            *deals.writes(None, lead),
            *_events(None, received, change),
            *_whos(None, lead),
        ]

        async def is_mine() -> bool:
            # By its change: an earlier attempt of the same submission has the same lead and content (V4).
            held = await reads.row(self._leads(partner), partner, keys.once(submitted.once), ["lead", "change"])
            return held is not None and (held["lead"], held.get("change")) == (lead.id, change.id)

        await self._transact(partner, operations, is_mine)

    async def commit(
        self, decided: Sequence[tuple[StoredLead, Decision]], change: Change, spent: Collection[Hint] = ()
    ) -> None:
        operations = [
            operation for before, decision in decided for operation in operations_of(before, decision, change, spent)
        ]
        first = decided[0][1]

        async def is_mine() -> bool:
            if not first.events:
                # Nothing was recorded, so nothing can tell: whoever decides again finds it done.
                return False
            written = keys.history(first.lead.id, first.events[0].sequence)
            event = await reads.row(self._leads(first.lead.partner_id), first.lead.partner_id, written, ["change"])
            return event is not None and event["change"] == change.id

        await self._transact(first.lead.partner_id, operations, is_mine)

    def pack(self, decided: Sequence[tuple[StoredLead, Decision]]) -> list[list[tuple[StoredLead, Decision]]]:
        packs: list[list[tuple[StoredLead, Decision]]] = []
        count = size = 0
        for before, decision in decided:
            operations = operations_of(before, decision, Change("", before.lead.created_at))
            count, size = count + len(operations), size + _size(operations)
            if not packs or count > OPERATIONS_MAX or size > BYTES_MAX:
                packs.append([])
                count, size = len(operations), _size(operations)
            packs[-1].append((before, decision))
        return packs

    async def every(self, partner_id: str, after: str, top: int) -> Page[StoredLead]:
        """One request."""
        low, high = keys.lead(after), keys.lead("~")
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{high}'"
        found = await scan(self._leads(partner_id), condition, top, ())
        leads = [StoredLead(codec.load(Lead, row), row.tag) for row in found.rows]
        return Page(leads, None if found.done else leads[-1].lead.id)

    async def ended_before(self, partner_id: str, before: datetime, after: str, top: int) -> Page[str]:
        """By columns alone, of the leads that were there by then: ids are times, newest first."""
        for tab in Tab:
            start, end = keys.tab_range("lead", tab, None, (None, before))
            low = max(start, keys.lead(after))
            if low >= end:
                continue
            condition = (
                f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{end}'"
                f" and status eq '{Status.ARCHIVED}' and ended gt '' and ended lt '{stamp(before)}'"
            )
            found = await scan(self._leads(partner_id), condition, top, ["RowKey"])
            ids = [keys.lead_of(row["RowKey"]) for row in found.rows]
            if ids:
                return Page(ids, ids[-1])
        return Page([], None)

    async def once(self, partner_id: str, claim: str) -> Once | None:
        row = await reads.row(self._leads(partner_id), partner_id, keys.once(claim))
        if row is None:
            return None
        return Once(row["lead"], datetime.fromisoformat(row["at"]), row["content"], row.tag)

    async def page(self, query: LeadQuery) -> LeadPage:
        """One request a range; `info|` is read before `open|`, since a copy moves only that way."""
        found: list[Scan] = []
        for kind in conditions.kinds(query.filter.statuses):
            scans = (self._scan(query, kind, tab) for tab in query.filter.tabs)
            found += await asyncio.gather(*scans)
        rows, following = merge(found, query.top)
        return LeadPage(tuple(codec.load(Lead, row) for row in rows), following)

    async def walk(
        self, query: LeadQuery, since: Since | None = None, watch: Callable[[], float] = lambda: 0.0
    ) -> AsyncGenerator[Walked, None]:
        """Each range is read once, ahead of what is being worked on; a search reads columns, and documents of hits.

        Two kinds of copies read at different moments could both miss a lead that moves between them, so only one is.
        """
        if since is None and not query.filter.statuses:
            return
        kind = "lead" if since else _kind(query.filter)
        selected = conditions.changed(query, since) if since else conditions.selecting(query.filter, stamp(query.at))
        searches = since is None and query.filter.is_textual
        reading = Reading(self._leads(query.partner_id), SELECTED, watch, Document)
        if searches:
            reading = Reading(self._leads(query.partner_id), columns.words_of(query.filter), watch, Words, WIDTH)
        async with aclosing(walk(_ranges(query, kind, selected, reading), query.after)) as batches:
            async for rows, covered in batches:
                hits = _Hits(self, query, rows, watch) if searches else None
                for some, reached in _pieces(rows, covered):
                    leads = await hits.among(some) if hits else [(codec.load(Lead, row), at) for _, row, at in some]
                    yield Walked(leads, reached, len(some))
                    if leads:
                        await asyncio.sleep(0)

    async def survey(self, query: LeadQuery, order: OrderField | None = None) -> AsyncGenerator[Surveyed, None]:
        """By columns alone; only where a text was too long for them the lead is read."""
        wanted, at = query.filter, stamp(query.at)
        if not wanted.statuses:
            return
        reading = Reading(self._leads(query.partner_id), columns.selected(wanted, order), kind=Columns, width=WIDTH)
        ranges = _ranges(query, _kind(wanted), conditions.selecting(wanted, at), reading)
        async with aclosing(walk(ranges, query.after)) as batches:
            async for rows, covered in batches:
                for some, _ in _pieces(rows, covered):
                    said = [row for _, row, _ in some]
                    if wanted.is_textual:
                        said = [row for _, row in columns.saying(wanted, said, at)]
                    unread = [row.lead_id for row in said if wanted.is_textual and row.text_cut]
                    read = {lead.id: settle(lead, query.at).lead for lead in await self.many(query.partner_id, unread)}
                    taken = []
                    for row in said:
                        if row.lead_id in read:
                            if wanted.matches(read[row.lead_id], query.at):
                                taken.append(listed(read[row.lead_id]))
                        elif columns.takes(wanted, row, found := columns.listed(row, at)):
                            taken.append(found)
                    yield Surveyed(taken, len(some))
                    await asyncio.sleep(0)

    async def standings(self, query: LeadQuery) -> AsyncGenerator[Sequence[Standing], None]:
        """By columns alone."""
        reading = Reading(self._leads(query.partner_id), columns.STANDING, kind=Columns, width=WIDTH)
        selected = conditions.selecting(query.filter, stamp(query.at))
        async with aclosing(walk(_ranges(query, _kind(query.filter), selected, reading), query.after)) as batches:
            async for rows, covered in batches:
                for some, _ in _pieces(rows, covered):
                    yield [columns.standing(row) for _, row, _ in some]
                    await asyncio.sleep(0)

    async def many(self, partner_id: str, lead_ids: Sequence[str]) -> list[Lead]:
        """Point reads side by side."""
        rows = await asyncio.gather(
            *(reads.row(self._leads(partner_id), partner_id, keys.lead(lead_id)) for lead_id in lead_ids)
        )
        return [codec.load(Lead, row) for row in rows if row is not None]

    async def history(self, partner_id: str, lead_id: str, newest: int, top: int) -> list[Event]:
        """Sequences are dense, so the newest are a range read backwards."""
        low, high = keys.history(lead_id, max(1, newest - top + 1)), keys.history(lead_id, newest)
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{low}' and RowKey le '{high}'"
        with translating():
            rows = await self._leads(partner_id).rows(condition)
        return [codec.load(Event, row) for row in reversed(rows)]

    async def needed_hints(self, partner_id: str, after: str | None) -> Page[Hint]:
        """`info|` before `open|`, from columns alone; what stands between the two is jumped over."""
        low = after or keys.copy("info", "")
        kind = "info" if low < keys.copy("info", "~") else "open"
        condition = (
            f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{keys.copy(kind, '~')}'"
            " and hints gt ''"
        )
        found = await scan(self._leads(partner_id), condition, 1000, ["RowKey", "hints"])
        needed = [
            hint for row in found.rows for hint in codec.hints_of(row["hints"], partner_id, keys.lead_of(row["RowKey"]))
        ]
        if not found.done:
            return Page(needed, found.rows[-1]["RowKey"])
        return Page(needed, keys.copy("open", "") if kind == "info" else None)

    async def first_announcement(self, partner_id: str) -> Hint | None:
        """One request."""
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{keys.OUT}' and RowKey lt '{keys.OUT}~'"
        found = await scan(self._leads(partner_id), condition, 1, ["RowKey", "change", "announced"])
        if not found.rows:
            return None
        row = found.rows[0]
        change = Change(row["change"], datetime.fromisoformat(row["announced"]))
        _, lead_id, _ = keys.event_of(row["RowKey"])
        return change.announcement(partner_id, lead_id)

    async def related(self, lead: Lead, at: datetime, top: int) -> list[str]:
        """The e-mail's leads, else the phone's."""
        persons = person_keys(lead.customer)
        if not persons:
            return []
        start = keys.who(lead.partner_id, persons[0])
        condition = (
            f"PartitionKey eq '{lead.partner_id}' and RowKey ge '{start}' and RowKey lt '{start}~'"
            f" and shownUntil gt '{stamp(at)}'"
        )
        found = await scan(self._leads(lead.partner_id), condition, top + 1, ["RowKey"])
        ids = [from_position(row["RowKey"].removeprefix(start)) for row in found.rows]
        return [found_id for found_id in ids if found_id != lead.id][:top]

    async def deals(self, partner_id: str, lead_id: str, at: datetime, top: int) -> list[Traits]:
        """A request a tab."""
        table, after = self._leads(partner_id), position(lead_id)
        ranges = [Query(partner_id, *keys.tab_range(deals.KIND, tab, after)) for tab in Tab]
        found = await asyncio.gather(*(scan(table, one, top, deals.SELECTED, kind=deals.DealRow) for one in ranges))
        rows, _ = merge([one.placed(_positions) for one in found], top)
        return [deals.traits(row, stamp(at)) for row in rows]

    async def _scan(self, query: LeadQuery, kind: str, tab: Tab) -> Scan:
        wanted = _in_range(query, kind, tab, conditions.selecting(query.filter, stamp(query.at)))
        found = await scan(self._leads(query.partner_id), wanted, query.top, SELECTED, query.is_over, Document)
        return found.placed(_positions)

    async def documents(self, query: LeadQuery, run: Sequence[Words]) -> list[Lead]:
        """The leads of these rows, or of those between the first and the last of them that the query's filter selects.

        One that moved on meanwhile is no business of the filter any more.
        """
        if len(run) == 1:
            return await self.many(query.partner_id, [run[0].lead_id])
        bounds = f"RowKey ge '{run[0].row_key}' and RowKey le '{run[-1].row_key}'"
        selected = conditions.selecting(query.filter, stamp(query.at))
        with translating():
            rows = await self._leads(query.partner_id).rows(
                " and ".join((f"PartitionKey eq '{query.partner_id}'", bounds, *selected)), SELECTED
            )
        wanted = {row.row_key for row in run}
        return [codec.load(Lead, row) for row in rows if row["RowKey"] in wanted]

    async def _transact(
        self, partner_id: str, operations: Sequence[Write], is_mine: Callable[[], Awaitable[bool]]
    ) -> None:
        """Commit all or nothing; where the answer leaves it open whether it took effect, look (design.md)."""
        try:
            await self._leads(partner_id).transact(operations)
        except AzureError as error:
            if is_unclear(error) and await is_mine():
                return
            raise translated(error) from error


class _Hits:
    """The leads of a batch of rows that have a search's words; documents are read when the first of them is wanted."""

    def __init__(
        self,
        store: TableLeadStore,
        query: LeadQuery,
        rows: Sequence[Placed],
        watch: Callable[[], float],
    ) -> None:
        self._store, self._query, self._watch = store, query, watch
        self._waiting = list(columns.saying(query.filter, [row for _, row, _ in rows], stamp(query.at)))
        self._hits = deque((number, row.lead_id) for number, row in self._waiting)
        self._passed = 0
        self._read: dict[str, tuple[Lead, float]] = {}

    async def among(self, rows: Sequence[Placed]) -> list[tuple[Lead, float]]:
        """Those of these rows, which are the next ones of the batch."""
        self._passed += len(rows)
        ids = []
        while self._hits and self._hits[0][0] < self._passed:
            ids.append(self._hits.popleft()[1])
        while self._waiting and self._waiting[0][0] < self._passed:
            most = min(self._query.top, HITS_MAX)
            some, self._waiting = self._waiting[:most], self._waiting[most:]
            asked = self._watch()
            found = await asyncio.gather(*(self._store.documents(self._query, run) for run in _runs(some)))
            self._read |= {lead.id: (lead, asked) for leads in found for lead in leads}
        return [self._read.pop(lead_id) for lead_id in ids if lead_id in self._read]


def _runs(rows: Sequence[tuple[int, Words]]) -> list[list[Words]]:
    """Numbered rows, those of a tab that stand near each other together."""
    runs: list[list[Words]] = []
    under_way: dict[str, tuple[int, int, list[Words]]] = {}
    for number, row in rows:
        tab = row.lead_id[0]
        first, last, run = under_way.get(tab, (0, -NEAR - 1, []))
        if number - last > NEAR or number - first >= RUN_MAX:
            first, run = number, []
            runs.append(run)
        run.append(row)
        under_way[tab] = first, number, run
    return runs


def _pieces(rows: Sequence[Placed], covered: str | None) -> Iterable[tuple[Sequence[Placed], str | None]]:
    """A batch in pieces, each with the position that it covers; one at least, since an empty batch covers some too."""
    for end in range(TOGETHER, max(len(rows), 1) + TOGETHER, TOGETHER):
        some = rows[end - TOGETHER : end]
        yield some, covered if end >= len(rows) else some[-1][0]


def _ranges(query: LeadQuery, kind: str, selected: Sequence[str], reading: Reading) -> list[Range]:
    return [Range(_in_range(query, kind, tab, selected), reading, _positions) for tab in query.filter.tabs]


def _in_range(query: LeadQuery, kind: str, tab: Tab, selected: Sequence[str]) -> Query:
    low, high = keys.tab_range(kind, tab, query.after, created_between(query.filter))
    return Query(query.partner_id, low, high, selected)


def _kind(wanted: LeadFilter) -> str:
    """The one range in which all leads of a filter stand."""
    kinds = conditions.kinds(wanted.statuses)
    return kinds[0] if len(kinds) == 1 else "lead"


def created_between(wanted: LeadFilter) -> tuple[datetime | None, datetime | None]:
    """The first and the last creation time of a lead of this filter; ids hold theirs, so few are looked for quickly."""
    times = [created_at(lead_id) for lead_id in wanted.id]
    first = max((at for at in (wanted.created_from, min(times, default=None)) if at), default=None)
    last = min((at for at in (wanted.created_until, max(times, default=None)) if at), default=None)
    return first, last


def _positions(row_keys: Sequence[str]) -> list[str]:
    # As `position(keys.lead_of(row_key))` has it: keys end with ids, which are all of one length.
    return [key[-_ID_TAIL:] + key[-_ID_TAIL - 1] for key in row_keys]


def operations_of(before: StoredLead, decision: Decision, change: Change, spent: Collection[Hint] = ()) -> list[Write]:
    """What a decision changes in storage."""
    lead = decision.lead
    columns = codec.lead_columns(lead)
    return [
        Write.replace(_row(lead, keys.lead(lead.id), columns), before.tag),
        *_copies(before.lead, lead, columns),
        *deals.writes(before.lead, lead),
        *_events(before.lead, decision, change, spent),
        *_whos(before.lead, lead),
    ]


def _row(lead: Lead, row_key: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {"PartitionKey": lead.partner_id, "RowKey": row_key, **columns}


def _kind_of(lead: Lead | None) -> str | None:
    """Which copy a lead has as stored."""
    if lead is None or lead.status is Status.ARCHIVED:
        return None
    return "open" if lead.status in OPEN else "info"


def _copies(before: Lead | None, lead: Lead, columns: dict[str, Any]) -> list[Write]:
    """Keep the copy equal to the lead, whose columns these are, and only where it belongs."""
    was, kind = _kind_of(before), _kind_of(lead)
    operations: list[Write] = []
    if was and was != kind:
        operations.append(Write.delete({"PartitionKey": lead.partner_id, "RowKey": keys.copy(was, lead.id)}))
    if kind:
        operations.append(Write.upsert(_row(lead, keys.copy(kind, lead.id), columns)))
    return operations


def _size(operations: Sequence[Write]) -> int:
    """Characters of the columns as they are sent, in ASCII: nearly all of a transaction's bytes."""
    return sum(
        len(value) if value.isascii() else len("\\u0000") * codec.units(value)
        for write in operations
        for value in write.row.values()
        if isinstance(value, str)
    )


def _events(before: Lead | None, decision: Decision, change: Change, spent: Collection[Hint] = ()) -> list[Write]:
    """Each event twice: in the lead's history, and as one whose consequences are still to be written."""
    lead = decision.lead
    operations: list[Write] = []
    gone = codec.hints_text(hint for hint in spent if hint.subject == lead.id)
    counts = codec.differences_text(differences(before, lead))
    for event in decision.events:
        row = {"PartitionKey": lead.partner_id, "RowKey": keys.history(lead.id, event.sequence)}
        operations.append(Write.insert(row | codec.event_columns(event, change)))
        pending = {"PartitionKey": lead.partner_id, "RowKey": keys.out(stamp(event.at), lead.id, event.sequence)}
        noted = {"type": str(event.type), "change": change.id, "announced": stamp(change.at), "cause": change.cause}
        moves = {"from": event.from_status or "", "to": str(event.to_status), "isTest": lead.is_test}
        told = {"notify": event.notify or "", "spent": gone if event is decision.events[0] else ""}
        # Sums do not mind which of a change's events moves them.
        told["counts"] = counts if event is decision.events[-1] else ""
        operations.append(Write.insert(pending | noted | moves | told))
    return operations


def _whos(before: Lead | None, lead: Lead) -> list[Write]:
    """The person's rows, written anew only when they may show the lead for longer than before (L9)."""
    # T9: a test lead is related to nobody; its rows stand for erasure.
    until = NEVER if lead.is_test else shown_until(lead)
    if before is not None and until <= shown_until(before):
        return []
    return [
        Write.upsert(
            {
                "PartitionKey": lead.partner_id,
                "RowKey": keys.who(lead.partner_id, person_key) + position(lead.id),
                "shownUntil": stamp(until),
            }
        )
        for person_key in person_keys(lead.customer)
    ]
