"""A mail's record: to whom, why, and how far it is; it is written before the mail is sent (design.md)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class MailNotice(StrEnum):
    """What a mail is about; each has its templates."""

    NEW_LEAD = "newLead"
    DIGEST = "digest"
    EXPIRES_SOON = "expiresSoon"
    EXPIRED = "expired"
    DECLINED = "declined"
    WEBHOOK_DISABLED = "webhookDisabled"
    MONTH = "month"
    PASSED_ON = "passedOn"


class MailState(StrEnum):
    """How far a mail is; `unknown` is never sent again by itself, `skipped` was never to be sent."""

    PLANNED = "planned"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class NotMailed(StrEnum):
    """Why an event is not mailed by itself, from the moment it is told (N1, N2)."""

    DIGEST = "digest"
    """One mail tells of several leads."""
    KIND = "kind"
    """The partner's preferences ask for no mail of this kind, or nobody has to answer the lead."""
    TEST = "test"


UNDER_WAY = (MailState.PLANNED, MailState.SENDING, MailState.ACCEPTED)
REPEATABLE_FOR = timedelta(minutes=4)
"""The service tracks repeats for five minutes; the rest is for clocks that differ."""
UNWANTED = ("muted", "unsubscribed", "bounced")
"""Why an address is not mailed at all, as against a mail that is not worth sending any more."""
CUSTOMER = "customer"
"""Stands for the customer's address, which no record holds (L9)."""


@dataclass(frozen=True)
class MailOrigin:
    """Where the mail of one operation of the service stands, and the event, with its lane, that it came from."""

    partner_id: str
    destination: str
    type: str
    at: datetime
    subject: str
    sequence: int
    sent: datetime
    cause: str = ""


@dataclass(frozen=True)
class Mail:
    """One mail to one address; `number` counts those of one event.

    `subject` is the event's: the id of a lead, of a webhook, or of a mail day's leads.
    A mail about a day's leads has `leads`, the ids it names. A lead that such a mail tells of has a record of its own
    that was never to be sent: `gathered` is what that mail is about.
    """

    notice: MailNotice
    subject: str
    sequence: int
    number: int
    to: str
    language: str
    why: str
    state: MailState
    at: datetime
    operation_id: str = ""
    first_sent: datetime | None = None
    problem: str | None = None
    leads: tuple[str, ...] = ()
    gathered: str = ""
    tag: str = ""

    @property
    def is_refused(self) -> bool:
        """True when its address takes no mail or wants none, so that somebody else has to be told."""
        return self.state is MailState.FAILED or (self.state is MailState.SKIPPED and self.problem in UNWANTED)

    @property
    def is_under_way(self) -> bool:
        """True while something is still to be done."""
        return self.state in UNDER_WAY

    def ended(self, state: MailState, at: datetime, problem: str | None = None) -> "Mail":
        """This mail at its end."""
        return replace(self, state=state, at=at, problem=problem)
