"""Reads leads: one path for list, favorites and a single lead (SPEC 5, L6, V4).

What it returns is settled at `at`: no reader ever sees a lead that time has already changed (L6).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import is_redacted
from shared.domain.errors import NotFound
from shared.domain.events import Event, redacted_changes
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.ids import position
from shared.ports import LeadPage, LeadQuery, Mark, Ports

RELATED_MAX = 20
"""Related leads shown with a lead; more would say nothing a list does not say better."""


@dataclass(frozen=True)
class SeenLead:
    """A settled lead with what is this person's own.

    `related` are the ids of the same person's other leads; None where nobody looked, as in lists.
    """

    lead: Lead
    mark: Mark
    related: tuple[str, ...] | None = None

    @property
    def is_new(self) -> bool:
        """Received and not yet opened by this person (Q6)."""
        return self.lead.status is Status.RECEIVED and not self.mark.opened


@dataclass(frozen=True)
class SeenPage:
    """A page of a list; `next` is the position to go on from, None at the end."""

    leads: tuple[SeenLead, ...]
    next: str | None


async def list_leads(
    *,
    ports: Ports,
    partner_id: str,
    person: str,
    wanted: LeadFilter,
    after: str | None,
    top: int,
    at: datetime,
) -> SeenPage:
    """A page of leads, newest first (Q1, Q2, Q5); a page may be short, the end is where `next` is None."""
    if wanted.tab is ListTab.FAVORITES:
        return await _favorites(ports, partner_id, person, wanted, after, top, at)
    query = LeadQuery(partner_id, at, wanted, after, top)
    page, (marks, covered) = await asyncio.gather(ports.leads.page(query), ports.marks.near(partner_id, person, after))
    marks = dict(marks)
    # A filtered page may reach further back than one request for marks; only then are the rest read one by one.
    beyond = [lead.id for lead in page.leads if covered is not None and position(lead.id) > covered]
    read = await asyncio.gather(*(ports.marks.get(partner_id, person, one) for one in beyond))
    marks |= zip(beyond, read, strict=True)
    return _seen(page, marks, at)


async def read_lead(*, ports: Ports, partner_id: str, person: str, lead_id: str, at: datetime) -> SeenLead:
    """One lead, which this person has opened from now on (Q6); raises NotFound."""
    stored, mark = await asyncio.gather(
        ports.leads.get(partner_id, lead_id), ports.marks.get(partner_id, person, lead_id)
    )
    if stored is None:
        raise NotFound
    lead = settle(stored.lead, at).lead
    related, _ = await asyncio.gather(
        related_leads(ports=ports, lead=lead, at=at),
        _open(ports, partner_id, person, lead_id, mark),
    )
    return SeenLead(lead, replace(mark, opened=True), related)


async def related_leads(*, ports: Ports, lead: Lead, at: datetime) -> tuple[str, ...]:
    """Ids of the same person's other leads, newest first; none where this lead hides who the person is (L9, V4)."""
    return () if is_redacted(lead, at) else tuple(await ports.leads.related(lead, at, RELATED_MAX))


async def read_history(
    *, ports: Ports, partner_id: str, lead_id: str, below: int | None, top: int, at: datetime
) -> tuple[list[Event], int | None]:
    """A lead's events, newest first, and the number to go on below; None at the end (L8).

    What time has done shows although no timer has recorded it yet (L6); free text is gone where contact details are
    hidden (L9). Raises NotFound.
    """
    stored = await ports.leads.get(partner_id, lead_id)
    if stored is None:
        raise NotFound
    decision = settle(stored.lead, at)
    newest = decision.lead.sequence if below is None else min(below - 1, decision.lead.sequence)
    coming = [event for event in reversed(decision.events) if event.sequence <= newest][:top]
    recorded = min(newest, stored.lead.sequence)
    room = top - len(coming)
    events = coming + (await ports.leads.history(partner_id, lead_id, recorded, room) if room and recorded else [])
    if is_redacted(decision.lead, at):
        events = [replace(event, changes=redacted_changes(event.changes)) for event in events]
    last = events[-1].sequence if events else 1
    return events, last if last > 1 else None


async def _favorites(
    ports: Ports,
    partner_id: str,
    person: str,
    wanted: LeadFilter,
    after: str | None,
    top: int,
    at: datetime,
) -> SeenPage:
    marks, following = await ports.marks.favorites(partner_id, person, after, top)
    leads = [settle(lead, at).lead for lead in await ports.leads.many(partner_id, list(marks))]
    return _seen(LeadPage(tuple(lead for lead in leads if wanted.matches(lead)), following), marks, at)


async def _open(ports: Ports, partner_id: str, person: str, lead_id: str, mark: Mark) -> None:
    if not mark.opened:
        await ports.marks.put(partner_id, person, lead_id, opened=True)


def _seen(page: LeadPage, marks: Mapping[str, Mark], at: datetime) -> SeenPage:
    leads = (settle(lead, at).lead for lead in page.leads)
    return SeenPage(tuple(SeenLead(lead, marks.get(lead.id, Mark())) for lead in leads), page.next)
