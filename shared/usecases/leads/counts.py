"""Counts a partner's leads for badges (Q6): exact at the moment, without reading the archive.

The counts are those that the relay has written, moved by the events it has not taken yet, and corrected by what time
has done and no timer has recorded (L6). Only leads that wait for an answer are looked at one by one, for they alone can
be hot, new or overdue.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.agenda import Pending
from shared.domain.errors import Unavailable
from shared.domain.instants import stamp
from shared.domain.lead import Status, Tab
from shared.domain.tally import Cell, moved
from shared.ids import position
from shared.ports.ports import Ports
from shared.ports.telling import Waiting

ATTEMPTS = 8
PENDING_PAGE = 1_000


@dataclass(frozen=True)
class Counts:
    """Leads by tab and status; received ones this person has not opened, by tab; hot ones; this person's favorites."""

    leads: Mapping[Cell, int]
    new: Mapping[Tab, int] = field(default_factory=dict)
    hot: int = 0
    favorites: int = 0


async def count_leads(*, ports: Ports, partner_id: str, person: str, at: datetime) -> Counts:
    """The partner's counts at `at` as this person sees them; raises Unavailable."""
    (leads, received), favorites = await asyncio.gather(
        _counted(ports, partner_id, at), ports.marks.count_favorites(partner_id, person)
    )
    now = stamp(at)
    waiting = [lead for lead in received if lead.deadline > now]
    oldest = max((position(lead.lead_id) for lead in waiting), default=None)
    opened = await ports.marks.opened(partner_id, person, oldest) if oldest else frozenset()
    unopened = [lead.lead_id for lead in waiting if lead.lead_id not in opened]
    new = {tab: sum(lead_id[0] == tab for lead_id in unopened) for tab in Tab}
    return Counts(leads, new, sum(lead.flame > now for lead in waiting), favorites)


async def count_by_status(ports: Ports, partner_id: str, at: datetime) -> Mapping[Cell, int]:
    """The partner's leads at `at` by tab and status, test leads aside; raises Unavailable."""
    leads, _ = await _counted(ports, partner_id, at)
    return leads


async def _counted(ports: Ports, partner_id: str, at: datetime) -> tuple[dict[Cell, int], list[Waiting]]:
    """The counts at `at`, and the received leads.

    The counts must not move between the first read and the last. An event that is still on its way may have come after
    the look at who waits: then its lead is in both, and is corrected by the event alone.
    """
    for _ in range(ATTEMPTS):
        before = await ports.tallies.read(partner_id)
        received, informational = await asyncio.gather(
            ports.tallies.received(partner_id), ports.tallies.overdue_informational(partner_id, at)
        )
        pending = await _pending(ports, partner_id)
        if (await ports.tallies.read(partner_id)).tag == before.tag:
            break
    else:
        raise Unavailable
    leads = moved(before.counts, pending)
    overdue = [(lead.lead_id, Status.RECEIVED) for lead in received if lead.deadline <= stamp(at)]
    overdue += [(lead.lead_id, Status.INFORMATIONAL) for lead in informational]
    gone = {(event.lead_id, event.from_status) for event in pending if event.from_status is not event.to_status}
    for lead_id, status in overdue:
        if (lead_id, status) not in gone:
            leads[Tab(lead_id[0]), status] -= 1
            leads[Tab(lead_id[0]), Status.ARCHIVED] += 1
    return leads, received


async def _pending(ports: Ports, partner_id: str) -> list[Pending]:
    found: list[Pending] = []
    after: str | None = None
    while True:
        events, after = await ports.tallies.pending(partner_id, after, PENDING_PAGE)
        found += events
        if after is None:
            return found
