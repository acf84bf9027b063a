"""Counts what a list finds, and which values are in use there (Q3, Q6): by reading, within the budget of a request.

Leads are read as for a list: settled at `at` (L6), judged by the filter, counted as anyone may see them (L9). What the
counts by tab and status know is taken from there, exact and without reading the archive.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from shared.domain.contact import shown
from shared.domain.facets import FACETS, FacetCounts, FacetValue, in_order
from shared.domain.filters import LeadFilter
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.ports.rules import Budget
from shared.usecases.leads.counts import count_by_status
from shared.usecases.leads.lists import Look, leads_of, listed_of

ANYTHING = LeadFilter()


@dataclass(frozen=True)
class Found:
    """How many leads a filter finds; not `is_complete` where there may be more. `looked` is how many were read."""

    leads: int
    is_complete: bool = True
    looked: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Facets:
    """The values in use by the field's name, and how many leads the filter finds.

    Not `is_complete` where the budget ended: then every number is the least that it can be.
    """

    values: Mapping[str, tuple[FacetValue, ...]]
    leads: int
    is_complete: bool


def reads_many(wanted: LeadFilter) -> bool:
    """True where the leads of a filter are counted by reading them."""
    return not wanted.is_by_status


async def count_found(look: Look, budget: Budget) -> Found:
    """How many leads the list of this filter has; raises Unavailable."""
    if not reads_many(look.wanted):
        return Found(sum((await _by_status(look, look.wanted)).values()))
    leads = looked = 0
    has_begun = False
    async with aclosing(listed_of(look)) as batches:
        async for batch in batches:
            if (batch.looked and looked >= budget.rows) or (has_begun and budget.spent() >= budget.seconds):
                return Found(leads, is_complete=False, looked=looked)
            has_begun = True
            leads, looked = leads + len(batch.leads), looked + batch.looked
    return Found(leads, looked=looked)


async def count_facets(look: Look, budget: Budget) -> Facets:
    """The values of the leads that the filter finds; of a field that it names, those of all leads that the rest finds.

    Raises Unavailable.
    """
    if not look.wanted.is_by_status:
        counts, found = await _counted(look, budget, FACETS)
        return Facets({name: counts.values(name) for name in FACETS}, found.leads, found.is_complete)
    others = [name for name in FACETS if name != "status"]
    any_status = replace(look.wanted, status=ANYTHING.status)
    (counts, found), by_status = await asyncio.gather(_counted(look, budget, others), _by_status(look, any_status))
    values = {name: counts.values(name) for name in others}
    values["status"] = in_order(FacetValue(str(status), count) for status, count in by_status.items() if count)
    return Facets(values, sum(by_status[status] for status in look.wanted.statuses), found.is_complete)


async def _counted(look: Look, budget: Budget, names: Collection[str]) -> tuple[FacetCounts, Found]:
    """The leads of the filter first; then, for each field that it names, those that only this field keeps out."""
    counts = FacetCounts()
    found = await _read(look, lambda lead: counts.add(shown(lead, look.at), names), budget)
    for name in names:
        default = getattr(ANYTHING, name)
        if found.is_complete and getattr(look.wanted, name) != default:
            wider = replace(look, wanted=replace(look.wanted, **{name: default}))
            left = replace(budget, rows=budget.rows - found.looked)
            more = await _read(wider, _adding(counts, look, name), left)
            found = Found(found.leads, more.is_complete, found.looked + more.looked)
    return counts, found


def _adding(counts: FacetCounts, look: Look, name: str) -> Callable[[Lead], None]:
    """Counts in one field the leads that the whole filter does not find: those are counted already."""

    def add(lead: Lead) -> None:
        if not look.wanted.matches(lead, look.at):
            counts.add(shown(lead, look.at), (name,))

    return add


async def _read(look: Look, take: Callable[[Lead], None], budget: Budget) -> Found:
    """Give every lead of the filter to `take`, settled, newest first, until the budget is spent."""
    leads = looked = 0
    has_begun = False
    async with aclosing(leads_of(look, None)) as batches:
        async for batch in batches:
            if (batch.looked and looked >= budget.rows) or (has_begun and budget.spent() >= budget.seconds):
                return Found(leads, is_complete=False, looked=looked)
            has_begun = True
            looked += batch.looked
            for read in batch.leads:
                lead = settle(read.lead, look.at).lead
                if read.is_held and look.wanted.matches(lead, look.at):
                    leads += 1
                    take(lead)
    return Found(leads, looked=looked)


async def _by_status(look: Look, wanted: LeadFilter) -> Mapping[Status, int]:
    """The leads of a filter of nothing but tab and statuses, as they are counted anyway."""
    leads = await count_by_status(look.ports, look.partner_id, look.at)
    return {status: sum(leads[tab, status] for tab in wanted.tabs) for status in wanted.statuses}
