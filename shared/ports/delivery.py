"""Receivers of webhooks and the mail service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from shared.domain.advice import Advice
from shared.domain.events import Event
from shared.domain.insights import Insights
from shared.domain.lead import Lead
from shared.domain.programme.partner import Partner
from shared.domain.standing import Standing
from shared.domain.telling.crm_presets import CrmPreset, Verdict, verdict
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Webhook


@dataclass(frozen=True)
class ReceiverReply:
    """What a receiver said: `status` None when nothing came back, `text` says why then.

    `headers` by their small names.
    """

    status: int | None
    text: str
    duration_ms: int
    retry_after: timedelta | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def meaning(self, preset: CrmPreset | None) -> Verdict:
        """What it means, from such a receiver."""
        return verdict(preset, self.status, self.text, self.headers)


@dataclass(frozen=True)
class Packet:
    """What is sent to a webhook, with the headers that its subscriber asked for; they are secrets."""

    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class WebhookSender(Protocol):
    """Calls receivers: never a private address, never where a redirect points (W4)."""

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Sequence[str]) -> ReceiverReply:
        """Post it, signed with each of the secrets; never raises for what the receiver does."""

    def problem_with(self, url: str) -> str | None:
        """Why a URL can never be called, in words; None when it may be."""


class PacketMaker(Protocol):
    """Writes an event as its subscriber takes it."""

    def packet(self, webhook: Webhook, event: Dispatch, lead: Lead | None, made: Event | None, at: datetime) -> Packet:
        """The body, rendered now: with what may be seen now (L9). `made` is the event of the lead's history."""


class Sending(StrEnum):
    """What became of handing a mail to the service."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    RUNNING = "running"
    DELIVERED = "delivered"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class MailAnswer:
    """What the mail service said; `problem` is its code, `retry_after` how long it asks us to wait."""

    outcome: Sending
    problem: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None


class MailSender(Protocol):
    """Hands mails to the mail service."""

    async def send(self, letter: Letter, operation_id: str, first_sent: datetime, /) -> MailAnswer:
        """Send it under this id: ACCEPTED, REFUSED (never will be), or LATER; raises Unavailable when nobody knows."""

    async def status(self, operation_id: str, /) -> MailAnswer:
        """RUNNING, DELIVERED, FAILED, or MISSING when the service knows no such mail; raises Unavailable."""


@dataclass(frozen=True)
class Month:
    """What a partner's leads of a month have come to, against the time before, and how it stands now (M2, M5).

    `advice` is the gravest piece as of now (M6); None where there is nothing to mend.
    """

    insights: Insights
    standing: Standing
    advice: Advice | None = None


@dataclass(frozen=True)
class Facts:
    """What a mail may say, as it is now; the lead as it is stored and settled, redacted by whoever writes.

    `signing_key` signs the link that switches mails off.
    """

    at: datetime
    signing_key: str
    partner: Partner | None
    preferences: Preferences
    lead: Lead | None = None
    day: MailDay | None = None
    month: Month | None = None
    next_partner: Partner | None = None
    leads: tuple[Lead, ...] = ()
    webhook: Webhook | None = None


class LetterWriter(Protocol):
    """Writes mails from their templates, in the recipient's language."""

    def letter(self, mail: Mail, partner_id: str, to: str, facts: Facts) -> Letter:
        """The mail."""
