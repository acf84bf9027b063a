"""Lists leads (Q1–Q5): one way through a partner's leads for every tab, filter and order, for lists and for exports.

What it returns is settled at `at` (L6) and judged by the filter as anyone may see it (L9). Newest first, a page costs
what it shows, since storage selects; a search reads leads until the page is full or the budget is spent; any other
order reads everything that the filter leaves, and refuses when that is too much.
"""

import asyncio
import heapq
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from shared.domain.errors import SortTooLarge, Unavailable
from shared.domain.exports.export import Since
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead
from shared.domain.lifecycle import settle
from shared.domain.listed import listed
from shared.domain.ordering import Order, OrderField, SortKey, sort_key
from shared.ids import POSITION, position
from shared.ports.leads import LeadQuery, Mark, Surveyed
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.cursors import CURSOR, cursor_of, key_of
from shared.usecases.leads.counts import count_by_status
from shared.usecases.leads.read_leads import SeenLead, seen_leads

FAVORITES_PAGE = 200
"""Favorites are read one by one, so many at once."""
SORTED_HELD = 1_000
"""Keys held while sorting before all but the page's are let go of."""


@dataclass(frozen=True)
class Read:
    """A lead as stored, the person's mark on the favorites tab, and the seconds on the watch when it was asked for."""

    lead: Lead
    mark: Mark | None
    asked: float

    @property
    def is_held(self) -> bool:
        """False for a lead whose heart was taken back; on any other tab the lead itself decides."""
        return self.mark is None or self.mark.favorite


@dataclass(frozen=True)
class Batch:
    """Leads, the position covered so far (None before the first), and how many were looked at for these."""

    leads: Sequence[Read]
    covered: str | None
    looked: int


@dataclass(frozen=True)
class Look:
    """Whose leads are looked through, by whom, for what, and when."""

    ports: Ports
    partner_id: str
    person: str
    wanted: LeadFilter
    at: datetime


@dataclass(frozen=True)
class SeenPage:
    """A page of a list; `next` is the cursor to go on from, None at the end."""

    leads: tuple[SeenLead, ...]
    next: str | None


def cursors_of(order: Order) -> re.Pattern[str]:
    """The form of the cursors in a list of this order."""
    return POSITION if order.is_newest_first else CURSOR


def reads_many(wanted: LeadFilter, order: Order) -> bool:
    """True where a page takes reading many leads, since storage cannot select its own."""
    return wanted.needs_reading or not order.is_newest_first


async def list_leads(look: Look, *, order: Order, after: str | None, top: int, budget: Budget) -> SeenPage:
    """A page after a cursor; it may be short, the end is where `next` is None.

    Raises SortTooLarge when another order than newest first would take more leads than the budget has, Unavailable when
    it would take more time.
    """
    if not order.is_newest_first:
        return await _sorted(look, order, after, top, budget)
    if look.wanted.needs_reading or look.wanted.tab is ListTab.FAVORITES:
        return await _searched(look, after, top, budget)
    return await _selected(look, after, top, budget)


async def leads_of(
    look: Look,
    after: str | None,
    since: Since | None = None,
    *,
    at_once: int = FAVORITES_PAGE,
    watch: Callable[[], float] = lambda: 0.0,
) -> AsyncGenerator[Batch, None]:
    """Every lead that may be in the filter, newest first, after a position; the caller settles and judges each.

    With `since` all that changed from then on, and all favorites, those too whose heart was taken back: they are few.
    """
    if look.wanted.tab is not ListTab.FAVORITES:
        query = LeadQuery(look.partner_id, look.at, look.wanted, after, at_once)
        async with aclosing(look.ports.leads.walk(query, since, watch)) as batches:
            async for walked in batches:
                reads = [Read(lead, None, asked) for lead, asked in walked.leads]
                yield Batch(reads, walked.covered, walked.looked)
        return
    while True:
        asked = watch()
        marks, following = await look.ports.marks.favorites(
            look.partner_id, look.person, after, at_once, taken_back=since is not None
        )
        hearted = await look.ports.leads.many(look.partner_id, list(marks))
        # The last page has a cursor too: None would be the beginning.
        after = following or max(map(position, marks), default=after)
        yield Batch([Read(lead, marks[lead.id], asked) for lead in hearted], after, len(hearted))
        if following is None:
            return


async def listed_of(look: Look, order: OrderField | None = None) -> AsyncGenerator[Surveyed, None]:
    """The values of every lead in the filter, of which those are known that the order goes by."""
    if look.wanted.tab is not ListTab.FAVORITES:
        query = LeadQuery(look.partner_id, look.at, look.wanted)
        async with aclosing(look.ports.leads.survey(query, order)) as batches:
            async for surveyed in batches:
                yield surveyed
        return
    async with aclosing(leads_of(look, None)) as favorites:
        async for batch in favorites:
            leads = [settle(read.lead, look.at).lead for read in batch.leads if read.is_held]
            yield Surveyed([listed(lead) for lead in leads if look.wanted.matches(lead, look.at)], batch.looked)


async def _selected(look: Look, after: str | None, top: int, budget: Budget) -> SeenPage:
    """Newest first by what storage selects: one request for each range, beside the person's marks."""
    query = LeadQuery(look.partner_id, look.at, look.wanted, after, top, lambda: not budget.allows(0))
    page, (marks, covered) = await asyncio.gather(
        look.ports.leads.page(query), look.ports.marks.near(look.partner_id, look.person, after)
    )
    leads = [settle(lead, look.at).lead for lead in page.leads]
    judged = [lead for lead in leads if look.wanted.matches(lead, look.at)]
    return await _seen(look, judged, page.next, marks, covered)


async def _searched(look: Look, after: str | None, top: int, budget: Budget) -> SeenPage:
    """Newest first by reading leads until the page is full or the budget is spent."""
    found: dict[str, tuple[Lead, Mark | None]] = {}
    cursor, looked = after, 0
    async with aclosing(leads_of(look, after, at_once=top)) as batches:
        async for batch in batches:
            for read in batch.leads:
                lead = settle(read.lead, look.at).lead
                if read.is_held and look.wanted.matches(lead, look.at):
                    found[lead.id] = lead, read.mark
                    if len(found) == top:
                        return await _marked(look, found, after, position(lead.id))
            looked, cursor = looked + batch.looked, batch.covered or cursor
            # A page that comes no further would be asked for again for ever.
            if cursor not in (None, after) and not budget.allows(looked):
                return await _marked(look, found, after, cursor)
    return await _marked(look, found, after, None)


async def _sorted(look: Look, order: Order, after: str | None, top: int, budget: Budget) -> SeenPage:
    """Any other order: exact, by what all leads of the filter are ordered by, for each page anew.

    Of the leads no more than their keys is kept, and only those of the page are read.
    """
    await _refuse_what_is_too_large(look, budget)
    last = key_of(after) if after else None
    found: list[tuple[SortKey, str]] = []
    looked = 0
    pick = heapq.nlargest if order.descending else heapq.nsmallest
    async with aclosing(listed_of(look, order.field)) as batches:
        async for batch in batches:
            if looked and budget.spent() >= budget.seconds:
                # Storage is slow, and no fault of the request.
                raise Unavailable
            looked += batch.looked
            for lead in batch.leads:
                key = sort_key(lead, order, position(lead.id))
                if last is None or (key < last if order.descending else key > last):
                    found.append((key, lead.id))
            if looked > budget.rows:
                raise SortTooLarge
            if len(found) > SORTED_HELD:
                found = pick(top + 1, found, key=itemgetter(0))
    best = pick(top + 1, found, key=itemgetter(0))
    following = cursor_of(best[top - 1][0]) if len(best) > top else None
    # The newest marks in one request; of this order's leads only older ones are asked for one by one.
    read, (marks, covered) = await asyncio.gather(
        look.ports.leads.many(look.partner_id, [lead_id for _, lead_id in best[:top]]),
        look.ports.marks.near(look.partner_id, look.person, None),
    )
    leads = [settle(lead, look.at).lead for lead in read]
    # A lead may have left the filter since its values were read.
    judged = [lead for lead in leads if look.wanted.matches(lead, look.at)]
    return await _seen(look, judged, following, marks, covered)


async def _refuse_what_is_too_large(look: Look, budget: Budget) -> None:
    """Raise SortTooLarge, before leads are read, for a filter of tab and statuses that has too many.

    The counts as stored say when that is likely; they may be behind, so then it is counted exactly.
    """
    if not look.wanted.is_by_status:
        return
    stored = (await look.ports.tallies.read(look.partner_id)).counts
    if sum(stored.get((tab, status), 0) for tab in look.wanted.tabs for status in look.wanted.statuses) <= budget.rows:
        return
    leads = await count_by_status(look.ports, look.partner_id, look.at)
    if sum(leads[tab, status] for tab in look.wanted.tabs for status in look.wanted.statuses) > budget.rows:
        raise SortTooLarge


async def _marked(
    look: Look, found: Mapping[str, tuple[Lead, Mark | None]], after: str | None, following: str | None
) -> SeenPage:
    """The leads with this person's marks, which came along on the favorites tab."""
    leads = [lead for lead, _ in found.values()]
    marks: Mapping[str, Mark] = {lead_id: mark for lead_id, (_, mark) in found.items() if mark}
    covered: str | None = None
    if len(marks) < len(leads):
        marks, covered = await look.ports.marks.near(look.partner_id, look.person, after)
    return await _seen(look, leads, following, marks, covered)


async def _seen(
    look: Look, leads: Sequence[Lead], following: str | None, marks: Mapping[str, Mark], covered: str | None
) -> SeenPage:
    seen = await seen_leads(look.ports, look.partner_id, look.person, leads, marks, covered)
    return SeenPage(seen, following)
