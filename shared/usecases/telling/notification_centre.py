"""The notification centre: recommended actions, open ones first, each person's own dismissals (N5).

Advice (M6) is among them, by what the last look at all partners has found of the year's leads: whoever rings the bell
on every page should not read a year of sums for it. Everything else it goes by is as of this moment.
"""

import asyncio
import heapq
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from shared.domain.advice import advice
from shared.domain.contact import NEVER
from shared.domain.errors import NotFound
from shared.domain.filters import LeadFilter
from shared.domain.lead import Status
from shared.domain.telling.recommendations import Notification, about_advice, about_webhook, recommended
from shared.ids import inverted_time
from shared.ports.leads import LeadQuery
from shared.ports.ports import Ports
from shared.ports.rules import Budget

OPEN = LeadFilter(status=frozenset({Status.RECEIVED, Status.ACCEPTED}))
BULK_MAX = 200
"""Notifications of one request: as many as a page has."""
TOGETHER = 200
"""Notifications looked at before other requests of the instance have their turn."""


class NotificationState(StrEnum):
    """Whether a person has dismissed a notification."""

    OPEN = "open"
    DISMISSED = "dismissed"


class Noticed(NamedTuple):
    """A notification as one person sees it."""

    notification: Notification
    dismissed: bool

    @property
    def cursor(self) -> str:
        """Where it stands: open ones first, then the newest."""
        return f"{int(self.dismissed)}|{inverted_time(self.notification.created_at)}|{self.notification.id}"

    @property
    def state(self) -> NotificationState:
        """Whether this person has dismissed it."""
        return NotificationState.DISMISSED if self.dismissed else NotificationState.OPEN


@dataclass(frozen=True)
class NoticedPage:
    """A page of one person's notifications; `open_count` is how many are open on all pages, `next` goes on from here.

    `next` is None at the end.
    """

    noticed: Sequence[Noticed]
    open_count: int
    next: str | None


async def list_notifications(
    *,
    ports: Ports,
    partner_id: str,
    person: str,
    after: str | None,
    top: int,
    at: datetime,
    budget: Budget,
    only: NotificationState | None = None,
) -> NoticedPage:
    """A page of this person's notifications after the cursor, of those in one state where that is wanted.

    The newest open leads are looked at, as many as the budget allows: who has more than that has other worries.
    """
    dismissed, there = await asyncio.gather(
        ports.preferences.dismissed(partner_id, person), _notifications(ports, partner_id, at, budget)
    )
    open_count = 0
    behind: list[tuple[str, Noticed]] = []
    oldest = NEVER
    for number, notification in enumerate(there):
        if number % TOGETHER == 0:
            await asyncio.sleep(0)
        noticed = Noticed(notification, notification.id in dismissed)
        open_count += not noticed.dismissed
        # Most are older than the whole page, which is known without their cursors.
        if notification.created_at < oldest or only not in (None, noticed.state):
            continue
        if (cursor := noticed.cursor) > (after or ""):
            behind.append((cursor, noticed))
        if len(behind) > top + TOGETHER:
            behind = heapq.nsmallest(top + 1, behind, key=itemgetter(0))
            last = behind[-1][1]
            oldest = NEVER if last.dismissed else last.notification.created_at
    page = heapq.nsmallest(top + 1, behind, key=itemgetter(0))
    following = page[top - 1][0] if len(page) > top else None
    return NoticedPage([noticed for _, noticed in page[:top]], open_count, following)


async def dismiss(
    *, ports: Ports, partner_id: str, person: str, notification_id: str, at: datetime, budget: Budget
) -> None:
    """Dismiss one for this person alone; raises NotFound for what is not there."""
    if not await _among(ports, partner_id, {notification_id}, at, budget):
        raise NotFound
    await ports.preferences.dismiss(partner_id, person, {notification_id})


async def dismiss_many(
    *, ports: Ports, partner_id: str, person: str, notification_ids: Collection[str], at: datetime, budget: Budget
) -> None:
    """Dismiss those of them that are there: what has gone meanwhile needs no dismissal."""
    there = await _among(ports, partner_id, notification_ids, at, budget)
    await ports.preferences.dismiss(partner_id, person, there)


async def restore(
    *, ports: Ports, partner_id: str, person: str, notification_id: str, at: datetime, budget: Budget
) -> None:
    """Take a dismissal of one's own back, also where its lead has been answered meanwhile.

    Raises NotFound for what was neither dismissed nor is there.
    """
    if await ports.preferences.restore(partner_id, person, {notification_id}):
        return
    if not await _among(ports, partner_id, {notification_id}, at, budget):
        raise NotFound


async def restore_many(*, ports: Ports, partner_id: str, person: str, notification_ids: Collection[str]) -> None:
    """Take one's own dismissals back, of those of them that were dismissed."""
    await ports.preferences.restore(partner_id, person, notification_ids)


async def _among(
    ports: Ports, partner_id: str, notification_ids: Collection[str], at: datetime, budget: Budget
) -> set[str]:
    """Those of the ids that notifications of this moment have."""
    there = await _notifications(ports, partner_id, at, budget)
    return {notification.id for notification in there} & set(notification_ids)


async def _notifications(ports: Ports, partner_id: str, at: datetime, budget: Budget) -> list[Notification]:
    wishes, profile, year, (about_leads, overdue) = await asyncio.gather(
        ports.preferences.wishes(partner_id),
        ports.listings.profile(partner_id, at),
        ports.outcomes.year(partner_id, at),
        _about_leads(ports, partner_id, at, budget),
    )
    preferred = wishes.preferences.preferred_email if wishes.preferences else None
    pieces = advice(profile=profile, preferred=preferred, unwanted=wishes.unwanted, overdue=overdue, year=year, at=at)
    return [
        *(noted for stored in wishes.webhooks for noted in about_webhook(stored.webhook)),
        *map(about_advice, pieces),
        *about_leads,
    ]


async def _about_leads(ports: Ports, partner_id: str, at: datetime, budget: Budget) -> tuple[list[Notification], int]:
    """What is recommended for the open leads, and how many outcomes of theirs are overdue."""
    found: list[Notification] = []
    looked = overdue = 0
    async with aclosing(ports.leads.standings(LeadQuery(partner_id, at, OPEN))) as batches:
        async for standings in batches:
            for lead in standings:
                found += recommended(lead, at)
                overdue += lead.outcome_due is not None and lead.outcome_due < at
            looked += len(standings)
            if not budget.allows(looked):
                break
    return found, overdue
