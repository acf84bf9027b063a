"""Subscriptions: who is told of which events in which form (W1, W2, W5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.events import EventType


class WebhookState(StrEnum):
    """`pending` until the validation event was taken; `disabled` takes no events."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class WebhookFormat(StrEnum):
    """W5: the standard body, what CRMs take from marketplaces, or a mapping of the subscriber's own."""

    STANDARD = "standard"
    MARKETPLACE = "marketplace"
    CRM_FORM = "crmForm"
    FIELDS = "fields"


class FieldsAs(StrEnum):
    """How the format `fields` is written."""

    JSON = "json"
    FORM = "form"
    LIST = "list"
    """`{"fields": [{"name": …, "value": …}]}`, as HubSpot's forms take it."""


EVENTS = tuple(str(kind) for kind in EventType if kind is not EventType.ACTIVITY_LOGGED)
"""W1: what can be subscribed to."""
VALIDATION, TEST, DISABLED = "webhook.validation", "webhook.test", "webhook.disabled"
"""Events of a webhook itself: what it has to take first, what its owner tries it with, and what its owner is mailed."""
FIELDS = (
    *("id", "partnerId", "company", "firstName", "lastName", "name", "email", "phone", "phoneE164"),
    *("country", "countryCode", "title", "size"),
    *("source", "leadSource", "actionCode", "callToAction", "offerId", "offerTitle", "notes", "description"),
    "createdDateTime",
)
"""What a mapping may ask for; `description` is the notes with everything below that has no field of its own."""
CONSTANT = "="
"""How a value begins in a mapping that is no field of ours."""
FIELDS_MAX, HEADERS_MAX = 50, 20
SUBSCRIPTIONS_MAX = 50
ROTATION = timedelta(hours=24)
"""How long the old secret signs beside the new one."""


@dataclass(frozen=True)
class Secret:
    """A signing secret (`whsec_…`) and until when it signs; None = until it is rotated out."""

    value: str
    until: datetime | None = None


@dataclass(frozen=True)
class Webhook:
    """A subscription; `owner` is mailed when it is disabled.

    `headers` are sent with every event and shown to nobody. `fields` are a receiver's names and which of FIELDS each
    holds, or CONSTANT and a text, or several of these with `|` between them, of which the first that is not empty
    counts; `preset` is the CRM that they were made for (`crm_presets`), '' for none. `only_valid` leaves an address or
    number that is not valid out of its field.
    """

    id: str
    url: str
    events: tuple[str, ...]
    created_at: datetime
    format: WebhookFormat = WebhookFormat.STANDARD
    state: WebhookState = WebhookState.PENDING
    secrets: tuple[Secret, ...] = ()
    owner: str | None = None
    disabled_at: datetime | None = None
    problem: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    fields_as: FieldsAs = FieldsAs.JSON
    only_valid: bool = False
    preset: str = ""

    def takes(self, event_type: str) -> bool:
        """True when this event is queued for it, also while it is pending."""
        return self.state is not WebhookState.DISABLED and event_type in self.events


def signing(secrets: Iterable[Secret], at: datetime) -> list[str]:
    """The secrets that sign at `at`, newest first."""
    return [secret.value for secret in secrets if secret.until is None or at < secret.until]
