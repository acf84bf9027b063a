"""What a lead is (T1–T10): the words, the parts and their bounds. No rules, no storage, no HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

NAME_MAX = 256
PHONE_MAX = 64
NOTES_MAX = 8_000
TEAM_MAX = 25
SEARCH_TERMS_MAX = 25
ADDITIONAL_MAX = 16_384
"""Characters of ASCII JSON that unknown fields may take together."""
ADDITIONAL_DEPTH_MAX = 16


class Tab(StrEnum):
    """The list a lead stands in (Q1); its letter starts the lead's id."""

    MARKETPLACE = "m"
    QUALIFIED = "q"


class LeadType(StrEnum):
    """T1."""

    OFFER = "offer"
    PROFILE = "profile"


class Qualification(StrEnum):
    """T2."""

    CUSTOMER_INQUIRY = "customerInquiry"
    MARKETING_QUALIFIED = "marketingQualified"
    SALES_QUALIFIED = "salesQualified"


class Source(StrEnum):
    """T3."""

    APP_SOURCE = "appSource"
    AZURE_MARKETPLACE = "azureMarketplace"
    AZURE_PORTAL = "azurePortal"
    OTHER = "other"


SOURCE_TITLES = {
    Source.APP_SOURCE: "AppSource",
    Source.AZURE_MARKETPLACE: "Azure Marketplace",
    Source.AZURE_PORTAL: "Azure portal",
}
"""The sources as people know them, in every language."""


class CallToAction(StrEnum):
    """T4."""

    CONTACT_ME = "contactMe"
    GET_IT_NOW = "getItNow"
    FREE_TRIAL = "freeTrial"
    TEST_DRIVE = "testDrive"


class Status(StrEnum):
    """Where a lead stands (L1–L9)."""

    RECEIVED = "received"
    INFORMATIONAL = "informational"
    ACCEPTED = "accepted"
    ARCHIVED = "archived"


class Outcome(StrEnum):
    """How an archived lead ended (L1–L9)."""

    WON = "won"
    LOST = "lost"
    ERROR = "error"
    DECLINED = "declined"
    EXPIRED = "expired"
    AGED = "aged"


class Validity(StrEnum):
    """V1, V2; `spam` is for e-mail only."""

    VALID = "valid"
    INVALID = "invalid"
    SPAM = "spam"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """V3."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class Reveal(StrEnum):
    """When a source lets the partner see contact details (L9)."""

    ALWAYS = "always"
    ON_ACCEPT = "onAccept"


@dataclass(frozen=True)
class Customer:
    """The company and person the lead is about (T7)."""

    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    phone_extension: str | None = None
    country: str | None = None
    country_text: str | None = None
    title: str | None = None
    size: str | None = None

    @property
    def name(self) -> str:
        """First and last name as one text; '' where neither is known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(frozen=True)
class Offer:
    """The offer the lead came from; `id` is `publisherId.offerId` where it is known."""

    id: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class Consent:
    """What the customer agreed to (T10); None is not stated."""

    share: bool | None
    contact: bool | None
    at: datetime
    country: str | None = None


@dataclass(frozen=True)
class Chance:
    """How likely a lead is to be won (V3): `won` of `of` leads that were `alike` in this were.

    `share` is what that says of the next one, 0 to 1; `times` is that by the programme's own rate.
    """

    won: int
    of: int
    alike: tuple[str, ...]
    share: float
    times: float


@dataclass(frozen=True)
class Quality:
    """V3."""

    level: Level = Level.UNKNOWN
    reasons: tuple[str, ...] = ()
    chance: Chance | None = None


@dataclass(frozen=True)
class TeamMember:
    """One of the partner's people on a deal (L1)."""

    name: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Deal:
    """What the partner says of an accepted lead (L1); `currency` is ISO 4217."""

    name: str
    amount: Decimal
    currency: str
    purchase_date: date | None = None
    purchase_timeframe: str | None = None
    notes: str | None = None
    crm_id: str | None = None
    campaign_id: str | None = None
    team: tuple[TeamMember, ...] = ()


@dataclass(frozen=True)
class Passed:
    """Where a lead has gone, or came from (M7), and when; `outcome` is how it ended there, where that is known."""

    partner_id: str
    lead_id: str
    at: datetime
    outcome: str = ""


@dataclass(frozen=True)
class Reason:
    """A reason as it was found, to be said in any language: a text with its values."""

    text: str
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggested:
    """Another partner for the customer of a declined lead (M3), by its name then; `country` is where it is."""

    partner_id: str
    name: str
    country: str | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Closing:
    """Why a person ended the lead (L3, L4).

    Of one that was won `amount`, `currency` and `closed_on` say what was won when; `is_stated` when the partner said so
    itself, else they are the deal's and that day's. None on closings older than these. Of one that was declined
    `suggested` are others for its customer.
    """

    reason: str | None = None
    notes: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    closed_on: date | None = None
    is_stated: bool = False
    suggested: tuple[Suggested, ...] = ()


@dataclass(frozen=True)
class Actor:
    """Who did something: `kind` is person, sender, source or timer."""

    kind: str
    id: str
    name: str | None = None


@dataclass(frozen=True)
class Sender:
    """Who sent a qualified lead (S1): `kind` is marketing, seller or partner.

    `signed_in` is the address of the token that sent it, where the body named another.
    """

    kind: str
    name: str | None = None
    email: str | None = None
    signed_in: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it can be told something, the first choice first."""
        return tuple(address for address in (self.email, self.signed_in) if address and "@" in address)


@dataclass(frozen=True)
class LastTransition:
    """The newest transition, or change of the version, so that what is refused can say who did what when (L7)."""

    type: str
    at: datetime
    by: Actor


LOGGED_MAX = 50
"""Keys of contact attempts that a lead remembers, the newest."""


@dataclass(frozen=True)
class Logged:
    """A contact attempt that came with an idempotency key: hashes of key and content, and the event that it made."""

    key: str
    content: str
    sequence: int


@dataclass(frozen=True)
class Lead:
    """One expression of interest, owned by exactly one partner.

    `created_at` is when the customer asked, `received_at` when it reached its partner (None on rows older than that).
    `version` is the API's ETag: raised by transitions and edits only, by `last_change` last (None before the first, and
    where that is older than this field). `sequence` is the newest history event's.
    Deadlines are fixed at receipt: `expires_at` and `ages_at` are null where the rule does not apply. `recheck_at` is
    when the e-mail is checked again (V1), `rechecks` how often it was; `reminded` is how many warnings of its expiry
    were raised (A1). `logged` are the keys of contact attempts, so that one sent again is logged once (L8);
    `attempted_at` is when the newest was logged (None before the first, and where that is older than this field).
    `passed_from` are the partners who had it before, the first one first, `passed_on` is who has it now (M7).
    """

    id: str
    partner_id: str
    source_id: str
    status: Status
    created_at: datetime
    updated_at: datetime
    consent: Consent
    last_transition: LastTransition
    received_at: datetime | None = None
    version: int = 1
    last_change: LastTransition | None = None
    sequence: int = 1
    type: LeadType | None = None
    qualification: Qualification = Qualification.CUSTOMER_INQUIRY
    outcome: Outcome | None = None
    source: Source | None = None
    source_text: str | None = None
    call_to_action: CallToAction | None = None
    action_code: str | None = None
    offer: Offer | None = None
    location: str | None = None
    search_terms: tuple[str, ...] = ()
    sender: Sender | None = None
    customer: Customer = field(default_factory=Customer)
    notes: str | None = None
    contact_requested: bool = False
    do_not_contact: bool = False
    is_test: bool = False
    reveal: Reveal = Reveal.ALWAYS
    email_validity: Validity = Validity.UNKNOWN
    phone_validity: Validity = Validity.UNKNOWN
    quality: Quality = field(default_factory=Quality)
    additional_fields: Mapping[str, Any] = field(default_factory=dict)
    deal: Deal | None = None
    closing: Closing | None = None
    contact_attempts: int = 0
    attempted_at: datetime | None = None
    logged: tuple[Logged, ...] = ()
    recheck_at: datetime | None = None
    rechecks: int = 0
    reminded: int = 0
    flame_until: datetime | None = None
    flame_cooled: bool = False
    expires_at: datetime | None = None
    ages_at: datetime | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    erased_at: datetime | None = None
    passed_from: tuple[Passed, ...] = ()
    passed_on: Passed | None = None
