"""What callers are shown about being told: preferences, notifications, webhooks, deliveries."""

from typing import Any, NotRequired

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.instants import stamp, stamped
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.recommendations import TITLES, About
from shared.domain.telling.webhooks import Webhook
from shared.http.actors import ActorView
from shared.http.shapes.advice_views import mend_link
from shared.http.shapes.enumerations import (
    DeliveryStateText,
    FieldsAsText,
    MailKindText,
    MessageText,
    NotificationText,
    PresetText,
    SubscribedText,
    UnwantedText,
    WebhookFormatText,
    WebhookStateText,
)
from shared.http.shapes.lead_views import SharedLeadView
from shared.settings import Settings
from shared.texts import Translate
from shared.usecases.telling.manage_webhooks import Subscribed
from shared.usecases.telling.notification_centre import Noticed
from shared.usecases.telling.preferences import Wishes


class UnwantedView(TypedDict):
    """An address that is not mailed: it has `unsubscribed` or `bounced`."""

    address: str
    why: UnwantedText


class PreferencesView(TypedDict):
    """What a partner wants to be told."""

    preferredEmail: str | None
    preferredLanguage: str | None
    timeZone: str
    digestThreshold: int
    digestHour: int
    mailKinds: list[MailKindText]
    expiryMail: bool
    monthlyMail: bool
    mutedAddresses: list[str]
    unsubscribed: list[UnwantedView]


def preferences_view(wishes: Wishes) -> PreferencesView:
    """The preferences as they hold, and which of the muted addresses the partner did not mute itself."""
    preferences = wishes.holding
    return {
        "preferredEmail": preferences.preferred_email,
        "preferredLanguage": preferences.preferred_language,
        "timeZone": preferences.time_zone or "UTC",
        "digestThreshold": preferences.digest_threshold,
        "digestHour": preferences.digest_hour,
        "mailKinds": [str(mail_kind) for mail_kind in preferences.mail_kinds],
        "expiryMail": preferences.expiry_mail,
        "monthlyMail": preferences.monthly_mail,
        "mutedAddresses": list(preferences.muted_addresses),
        "unsubscribed": [{"address": one, "why": why} for one, why in sorted(wishes.unwanted.items())],
    }


class NotedLeadView(TypedDict):
    """Whom the lead is about, in short, as anyone may see it (L9)."""

    company: str | None
    name: str | None
    country: str | None


class NotificationView(TypedDict):
    """One recommended action."""

    id: str
    kind: NotificationText
    leadId: str | None
    lead: NotedLeadView | None
    title: str
    createdDateTime: str
    dueDateTime: str | None
    dismissed: bool
    link: str


class NotificationPageView(TypedDict):
    """A page of notifications, with the number of all that this person has not dismissed."""

    value: list[NotificationView]
    nextLink: NotRequired[str]
    openCount: int


def notification_view(noticed: Noticed, partner_id: str, settings: Settings, translate: Translate) -> NotificationView:
    """The notification as this person sees it; its link leads to the lead, what mends a matter, or a webhook's log."""
    one = noticed.notification
    if one.lead_id:
        link = settings.lead_page.replace("{partnerId}", partner_id).replace("{leadId}", one.lead_id)
    elif one.advice:
        link = mend_link(one.advice.mend, partner_id, settings)
    else:
        link = settings.webhook_page.replace("{webhookId}", one.subject)
    return {
        "id": one.id,
        "kind": one.kind,
        "leadId": one.lead_id,
        "lead": _noted_lead_view(one.about) if one.about else None,
        "title": translate(one.advice.message if one.advice else TITLES[one.kind]),
        "createdDateTime": stamp(one.created_at),
        "dueDateTime": stamped(one.due_at),
        "dismissed": noticed.dismissed,
        "link": link,
    }


def _noted_lead_view(about: About) -> NotedLeadView:
    return {"company": about.company, "name": about.name, "country": about.country}


class WebhookView(TypedDict):
    """A subscription without its secret, and with the names of its headers alone."""

    id: str
    notificationUrl: str
    events: list[SubscribedText]
    format: WebhookFormatText
    state: WebhookStateText
    problem: str | None
    fields: dict[str, str]
    fieldsAs: FieldsAsText
    preset: PresetText | None
    headers: list[str]
    onlyValid: bool
    createdDateTime: str
    secret: NotRequired[str]


def webhook_view(hook: Webhook, translate: Translate) -> WebhookView:
    """The subscription."""
    return {
        "id": hook.id,
        "notificationUrl": hook.url,
        "events": list(hook.events),
        "format": hook.format,
        "state": hook.state,
        "problem": translate(hook.problem) if hook.problem else None,
        "fields": dict(hook.fields),
        "fieldsAs": hook.fields_as,
        "preset": hook.preset or None,
        # Their names alone: what is in them may open somebody's CRM.
        "headers": sorted(hook.headers),
        "onlyValid": hook.only_valid,
        "createdDateTime": stamp(hook.created_at),
    }


def subscribed_view(made: Subscribed, translate: Translate) -> WebhookView:
    """The subscription with its new secret, if it got one."""
    view = webhook_view(made.webhook, translate)
    return {**view, "secret": made.secret} if made.secret else view


class NoLeadView(TypedDict):
    """In place of a lead in what is about none: a test or validation event."""


class EventMessage(TypedDict):
    """What a webhook is sent: who did what, and the lead as an admin of its partner sees it.

    In a test event `by` and `link` are null and `data` is empty. `changes` names fields with what they were and are.
    `link` is where the partner's people read the lead.
    """

    type: MessageText
    timestamp: str
    sequence: int
    by: ActorView | None
    changes: dict[str, Any]
    link: str | None
    data: SharedLeadView | NoLeadView


class AttemptView(TypedDict):
    """One try; `status` is null when nothing came back."""

    at: str
    status: int | None
    durationMs: int
    answer: str


class DeliveryView(TypedDict):
    """One event for one subscription."""

    eventId: str
    type: MessageText
    leadId: str | None
    state: DeliveryStateText
    attempts: list[AttemptView]
    nextAttempt: str | None


class ResentView(TypedDict):
    """How many events are sent again."""

    resent: int


def delivery_view(dispatch: Dispatch) -> DeliveryView:
    """The delivery with everything that was tried."""
    return {
        "eventId": dispatch.id,
        "type": dispatch.type,
        "leadId": dispatch.subject or None,
        "state": dispatch.state,
        "attempts": [
            {
                "at": stamp(attempt.at),
                "status": attempt.status,
                "durationMs": attempt.duration_ms,
                "answer": attempt.answer,
            }
            for attempt in dispatch.attempts
        ],
        "nextAttempt": stamped(dispatch.next_at),
    }
