"""The notification centre (N5): what a partner should do next, worked out from its open leads and its webhooks.

Nothing is stored but what each person has dismissed: a recommendation is a function of the lead at a moment, so it
comes and goes with the clock and never late (L6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.contact import shown
from shared.domain.deadlines import REMINDERS
from shared.domain.lead import CallToAction, Customer, Lead, Status
from shared.domain.telling.webhooks import Webhook, WebhookState

OVERDUE_AFTER, UNTOUCHED_AFTER = timedelta(hours=24), timedelta(days=14)
"""A5; N5."""

TITLES = {
    "newLead": "A new lead waits for an answer.",
    "hotLead": "The customer asked to be contacted: answer now, while the interest is fresh.",
    "contactOverdue": "The customer has waited for a day to be contacted.",
    "expiresSoon": "The lead expires soon if nobody answers it.",
    "untouched": "Nothing has happened to this accepted lead for two weeks.",
    "webhookDisabled": "A webhook was switched off because it failed for too long.",
}


@dataclass(frozen=True)
class Notification:
    """One recommended action; `due_at` is when it is too late, `subject` the lead or the webhook it is about.

    `customer` is the lead's, as anyone may see it (L9); None where it is about no lead.
    """

    kind: str
    subject: str
    created_at: datetime
    due_at: datetime | None = None
    round: int = 0
    customer: Customer | None = None

    @property
    def id(self) -> str:
        """Another one for each round, so that what is raised again was not dismissed."""
        return f"{self.kind}-{self.subject}-{self.round}"

    @property
    def lead_id(self) -> str | None:
        """The lead it is about, if it is about one."""
        return None if self.kind == "webhookDisabled" else self.subject


def about_lead(lead: Lead, at: datetime) -> Iterable[Notification]:
    """What is recommended for a (settled) lead at `at`."""
    if lead.is_test:
        return
    customer = shown(lead, at).customer
    if lead.status is Status.ACCEPTED and at >= lead.updated_at + UNTOUCHED_AFTER:
        untouched = lead.updated_at + UNTOUCHED_AFTER
        yield Notification("untouched", lead.id, untouched, round=lead.sequence, customer=customer)
    if lead.status is not Status.RECEIVED:
        return
    hot = lead.flame_until is not None and at < lead.flame_until
    arrived = lead.received_at or lead.created_at
    kind, due = ("hotLead", lead.flame_until) if hot else ("newLead", lead.expires_at)
    yield Notification(kind, lead.id, arrived, due, customer=customer)
    overdue = arrived + OVERDUE_AFTER
    # Who asked not to be called waits for nobody.
    asked = lead.call_to_action is CallToAction.CONTACT_ME and lead.contact_requested
    unanswered = asked and lead.contact_attempts == 0
    if unanswered and at >= overdue:
        yield Notification("contactOverdue", lead.id, overdue, lead.expires_at, customer=customer)
    if lead.expires_at:
        passed = [n for n, ahead in enumerate(REMINDERS, 1) if lead.expires_at - ahead <= at]
        if passed:
            raised = lead.expires_at - REMINDERS[passed[-1] - 1]
            yield Notification("expiresSoon", lead.id, raised, lead.expires_at, passed[-1], customer)


def about_webhook(hook: Webhook) -> Iterable[Notification]:
    """What is recommended for a webhook."""
    if hook.state is WebhookState.DISABLED and hook.disabled_at:
        yield Notification("webhookDisabled", hook.id, hook.disabled_at, round=int(hook.disabled_at.timestamp()))
