"""The notification centre: recommended actions, open ones first, each person's own dismissals (N5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import NotFound
from shared.domain.filters import LeadFilter
from shared.domain.instants import stamp
from shared.domain.lead import Status
from shared.domain.lifecycle import settle
from shared.domain.telling.recommendations import Notification, about_lead, about_webhook
from shared.ports.leads import LeadQuery
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Budget

OPEN = LeadFilter(status=frozenset({Status.RECEIVED, Status.ACCEPTED}))


@dataclass(frozen=True)
class Noticed:
    """A notification as one person sees it."""

    notification: Notification
    dismissed: bool

    @property
    def cursor(self) -> str:
        """Where it stands: open ones first, then the newest."""
        inverted = "".join(chr(ord("9") - ord(c) + ord("0")) if c.isdigit() else c for c in self._time)
        return f"{int(self.dismissed)}|{inverted}|{self.notification.id}"

    @property
    def _time(self) -> str:
        return stamp(self.notification.created_at)


async def list_notifications(
    *, ports: Ports, partner_id: str, person: str, after: str | None, top: int, at: datetime, budget: Budget
) -> Page[Noticed]:
    """A page of this person's notifications after the cursor.

    The newest open leads are looked at, as many as the budget allows: who has more than that has other worries.
    """
    dismissed = await ports.preferences.dismissed(partner_id, person)
    found = [
        Noticed(notification, notification.id in dismissed)
        for notification in await _notifications(ports, partner_id, at, budget)
    ]
    behind = sorted(
        (noticed for noticed in found if after is None or noticed.cursor > after), key=lambda noticed: noticed.cursor
    )
    page = behind[:top]
    return Page(page, page[-1].cursor if len(behind) > top else None)


async def dismiss(
    *, ports: Ports, partner_id: str, person: str, notification_id: str, at: datetime, budget: Budget
) -> None:
    """Dismiss one for this person alone; raises NotFound for what is not there."""
    there = await _notifications(ports, partner_id, at, budget)
    if not any(notification.id == notification_id for notification in there):
        raise NotFound
    await ports.preferences.dismiss(partner_id, person, notification_id)


async def _notifications(ports: Ports, partner_id: str, at: datetime, budget: Budget) -> Sequence[Notification]:
    found: list[Notification] = []
    for stored in await ports.webhooks.of_partner(partner_id):
        found += about_webhook(stored.webhook)
    looked, cursor = 0, None
    while True:
        page = await ports.leads.page(LeadQuery(partner_id, at, OPEN, cursor, 200))
        for lead in page.leads:
            found += about_lead(settle(lead, at).lead, at)
        looked, cursor = looked + len(page.leads), page.next
        if cursor is None or not budget.allows(looked):
            return found
