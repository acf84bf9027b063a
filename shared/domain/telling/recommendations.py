"""The notification centre (N5): what a partner should do next, worked out from its open leads and its webhooks.

Nothing is stored but what each person has dismissed: a recommendation is a function of the lead at a moment, so it
comes and goes with the clock and never late (L6). Advice (M6) stands among them, a piece once a month.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from shared.domain.advice import Advice
from shared.domain.contact import shown_until
from shared.domain.deadlines import REMINDERS, reminders_before
from shared.domain.lead import CallToAction, Lead, Status
from shared.domain.measures import outcome_due
from shared.domain.telling.webhooks import Webhook, WebhookState

OVERDUE_AFTER, UNTOUCHED_AFTER = timedelta(hours=24), timedelta(days=14)
"""A5; N5."""
ADVICE = "advice"
"""The kind of a notification whose title is a piece of advice."""

TITLES = {
    "newLead": "A new lead waits for an answer.",
    "hotLead": "The customer asked to be contacted: answer now, while the interest is fresh.",
    "contactOverdue": "The customer has waited for a day to be contacted.",
    "expiresSoon": "The lead expires soon if nobody answers it.",
    "untouched": "Nothing has happened to this accepted lead for two weeks.",
    "webhookDisabled": "A webhook was switched off because it failed for too long.",
}


class About(NamedTuple):
    """Whom a notification about a lead is about, as anyone may see it (L9)."""

    company: str | None
    name: str | None
    country: str | None


class Notification(NamedTuple):
    """One recommended action; `due_at` is when it is too late, `subject` the lead, webhook or advice it is about.

    `about` is None where it is about no lead.
    """

    kind: str
    subject: str
    created_at: datetime
    due_at: datetime | None = None
    round: int = 0
    about: About | None = None
    advice: Advice | None = None

    @property
    def id(self) -> str:
        """Another one for each round, so that what is raised again was not dismissed."""
        return f"{self.kind}-{self.subject}-{self.round}"

    @property
    def lead_id(self) -> str | None:
        """The lead it is about, if it is about one."""
        return None if self.kind in ("webhookDisabled", ADVICE) else self.subject


class Standing(NamedTuple):
    """What recommendations about a stored lead go by; storage holds it in columns, so that no document is read for it.

    `arrived` is when it reached its partner; `unanswered` says that the customer asked to be contacted and nobody has
    tried; `name` is the person's, hidden from `shown_until` on (L9). `outcome_due` is by when the outcome of an
    accepted deal is to be told (M2), None of any other lead.
    """

    lead_id: str
    is_test: bool
    status: str
    updated_at: datetime
    sequence: int
    arrived: datetime
    expires_at: datetime | None
    flame_until: datetime | None
    unanswered: bool
    company: str | None
    name: str | None
    country: str | None
    shown_until: datetime
    outcome_due: datetime | None
    is_erased: bool = False


def standing(lead: Lead) -> Standing:
    """A lead's, as it is stored."""
    # Who asked not to be called waits for nobody.
    asked = lead.call_to_action is CallToAction.CONTACT_ME and lead.contact_requested
    customer = lead.customer
    return Standing(
        lead.id,
        lead.is_test,
        lead.status,
        lead.updated_at,
        lead.sequence,
        lead.received_at or lead.created_at,
        lead.expires_at,
        lead.flame_until,
        asked and lead.contact_attempts == 0,
        customer.company,
        customer.name or None,
        customer.country,
        shown_until(lead),
        outcome_due(lead) if lead.status is Status.ACCEPTED and not lead.erased_at else None,
        lead.erased_at is not None,
    )


def recommended(lead: Standing, at: datetime) -> list[Notification]:
    """What is recommended for a lead at `at`; nothing once it has expired, whether that is recorded or not (L6)."""
    if lead.is_test or lead.is_erased:
        return []
    if lead.status == Status.ACCEPTED:
        untouched = lead.updated_at + UNTOUCHED_AFTER
        if at < untouched:
            return []
        return [Notification("untouched", lead.lead_id, untouched, round=lead.sequence, about=_about(lead, at))]
    if lead.status != Status.RECEIVED or (lead.expires_at and lead.expires_at <= at):
        return []
    about = _about(lead, at)
    hot = lead.flame_until is not None and at < lead.flame_until
    kind, due = ("hotLead", lead.flame_until) if hot else ("newLead", lead.expires_at)
    found = [Notification(kind, lead.lead_id, lead.arrived, due, about=about)]
    overdue = lead.arrived + OVERDUE_AFTER
    if lead.unanswered and at >= overdue:
        found.append(Notification("contactOverdue", lead.lead_id, overdue, lead.expires_at, about=about))
    if lead.expires_at and lead.expires_at - REMINDERS[0] <= at:
        passed = reminders_before(lead.expires_at, at)
        raised = lead.expires_at - REMINDERS[passed - 1]
        found.append(Notification("expiresSoon", lead.lead_id, raised, lead.expires_at, passed, about))
    return found


def _about(lead: Standing, at: datetime) -> About:
    return About(lead.company, lead.name if at < lead.shown_until else None, lead.country)


def about_webhook(hook: Webhook) -> Iterable[Notification]:
    """What is recommended for a webhook."""
    if hook.state is WebhookState.DISABLED and hook.disabled_at:
        yield Notification("webhookDisabled", hook.id, hook.disabled_at, round=int(hook.disabled_at.timestamp()))


def about_advice(advice: Advice) -> Notification:
    """A piece of advice as a notification, another one in each of its rounds."""
    raised = datetime.combine(advice.raised, time(), UTC)
    number = advice.month.year * 100 + advice.month.month
    return Notification(ADVICE, advice.key, raised, round=number, advice=advice)
