"""What callers may send: one model a body or query, in camelCase, refusing what it does not know (S3)."""

import re
import zoneinfo
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from shared.domain.contact import fold_email
from shared.domain.contact_lists import ContactLists
from shared.domain.countries import country_code
from shared.domain.currencies import CODES as CURRENCIES
from shared.domain.lead import (
    NAME_MAX,
    NOTES_MAX,
    PHONE_MAX,
    TEAM_MAX,
    CallToAction,
    Deal,
    Reveal,
    Source,
    TeamMember,
)
from shared.domain.lifecycle import Activity, ActivityKind
from shared.domain.offers import RegisteredOffer
from shared.domain.partner import PartnerState, SourceKind
from shared.domain.preferences import MailKind, Preferences
from shared.domain.profile import CONTACTS_MAX, KEYWORDS_MAX, LOCATIONS_MAX, CompanySize, Contact, Location, Profile
from shared.domain.text import flaw, folded
from shared.domain.webhooks import WebhookFormat
from shared.usecases.mail_reports import Report


def _one_line(text: str) -> str:
    if problem := flaw(text):
        raise ValueError(problem)
    return text


def _lines(text: str) -> str:
    if problem := flaw(text, lines=True):
        raise ValueError(problem)
    return text


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise ValueError("The currency must be an ISO 4217 code such as EUR.")
    return text


@cache
def _known_time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _time_zone(text: str) -> str:
    # A file name from outside never reaches the file system: only known names are looked up.
    if text not in _known_time_zones():
        raise ValueError("The time zone must be an IANA name such as Europe/Stockholm.")
    return text


def _day(value: object) -> object:
    # pydantic would take a number for a Unix time and a date with a time for a date.
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("The date must be written as 2027-01-31.")
    return value


def _unique(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise ValueError("The country must be an ISO 3166 code such as SE.")
    return code


def _mail_address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as problem:
        raise ValueError("This is no valid e-mail address.") from problem


def _redirect_url(text: str) -> str:
    # Where a browser is sent is the operator's to say; still, nothing but a web page of some host.
    try:
        parts = urlsplit(text)
        plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        plain = False
    if not plain or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("The URL must be absolute and begin with https:// or http://.")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_MAX), AfterValidator(_one_line)
]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PHONE_MAX), AfterValidator(_one_line)
]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTES_MAX), AfterValidator(_lines)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_currency)]
Day = Annotated[date, BeforeValidator(_day)]
TenantId = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9.-]{1,64}$")]
MailAddress = Annotated[str, StringConstraints(strip_whitespace=True, max_length=320), AfterValidator(_mail_address)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Country = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MAX), AfterValidator(_country)]
TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{2,62}$")]
RedirectUrl = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_redirect_url)]
Flag = Annotated[bool, Field(strict=True)]
"""In JSON there is true and false; in a query everything is text."""
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_one_line)]


class Incoming(BaseModel):
    """Base of every body and query."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(Incoming):
    """A query without names of ours, or no body: whatever is sent is ignored."""

    model_config = ConfigDict(extra="ignore")


class MoneyIn(Incoming):
    """An amount of money."""

    amount: Amount
    currency: Currency


class TeamMemberIn(Incoming):
    """One of the partner's people on the deal."""

    name: Text
    email: Text | None = None
    phone: Phone | None = None

    def member(self) -> TeamMember:
        """The domain's team member."""
        return TeamMember(self.name, self.email, self.phone)


Team = Annotated[list[TeamMemberIn], Field(max_length=TEAM_MAX)]


class DealIn(Incoming):
    """The deal of an accept (L1); one of purchaseDate and purchaseTimeframe must be given."""

    name: Text
    value: MoneyIn
    # Before the date, whose validator looks at it.
    purchase_timeframe: Text | None = None
    purchase_date: Annotated[Day | None, Field(validate_default=True)] = None
    notes: Notes | None = None
    crm_id: Text | None = None
    campaign_id: Text | None = None
    team: Team = []

    @field_validator("purchase_date")
    @classmethod
    def _when(cls, value: date | None, info: ValidationInfo) -> date | None:
        """A field's validator, not the model's, so that it is reported beside the other faults."""
        if value is None and info.data.get("purchase_timeframe", ...) is None:
            raise PydanticCustomError("missing", "A deal needs purchaseDate or purchaseTimeframe.")
        return value

    def deal(self) -> Deal:
        """The domain's deal."""
        return Deal(
            name=self.name,
            amount=self.value.amount,
            currency=self.value.currency,
            purchase_date=self.purchase_date,
            purchase_timeframe=self.purchase_timeframe,
            notes=self.notes or None,
            crm_id=self.crm_id,
            campaign_id=self.campaign_id,
            team=tuple(one.member() for one in self.team),
        )


class MoneyPatch(Incoming):
    """A change of the deal's value; what is not named stays."""

    amount: Amount = Decimal(0)
    currency: Currency = "EUR"


class DealPatch(Incoming):
    """A JSON merge patch of the deal (L2): what is not named stays, null removes what may be absent."""

    name: Text = ""
    value: MoneyPatch = MoneyPatch()
    purchase_date: Day | None = None
    purchase_timeframe: Text | None = None
    notes: Notes | None = None
    crm_id: Text | None = None
    campaign_id: Text | None = None
    team: Team | None = None

    def edits(self) -> dict[str, Any]:
        """The named fields by the domain's names."""
        named: dict[str, Any] = {
            name: getattr(self, name) for name in self.model_fields_set if name not in ("value", "team")
        }
        if "value" in self.model_fields_set:
            named |= {name: getattr(self.value, name) for name in self.value.model_fields_set}
        if "team" in self.model_fields_set:
            named["team"] = tuple(one.member() for one in self.team or [])
        if "notes" in named:
            named["notes"] = named["notes"] or None
        return named


class LeadPatch(Incoming):
    """The merge patch of a lead: its deal, the only part that can be edited."""

    deal: DealPatch

    @model_validator(mode="before")
    @classmethod
    def _deal_itself(cls, data: Any) -> Any:
        """The deal's fields may also stand for themselves, as they do in an accept."""
        return data if isinstance(data, dict) and "deal" in data else {"deal": data}


class AnswerIn(Incoming):
    """Why a lead is declined, lost or closed as an error (L3, L4)."""

    reason: Text | None = None
    notes: Notes | None = None


class ActivityIn(Incoming):
    """A contact attempt (L8)."""

    kind: ActivityKind
    text: Notes | None = None

    def activity(self) -> Activity:
        """The domain's activity."""
        return Activity(self.kind, self.text or None)


class PartnerIn(Incoming):
    """A partner's registration."""

    name: Text
    tenant_ids: Annotated[list[TenantId], Field(max_length=100), AfterValidator(_unique)]
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    state: PartnerState = PartnerState.ACTIVE
    operator_contact: Text | None = None
    competencies: Annotated[list[Word], Field(max_length=100)] = []
    endorsements: Annotated[list[Word], Field(max_length=100)] = []


def _domain(text: str) -> str:
    """In ASCII, as addresses are compared with it."""
    try:
        found = validate_email(f"a@{text.strip().strip('.')}", check_deliverability=False, strict=True)
    except EmailNotValidError as problem:
        raise ValueError("This is no valid domain.") from problem
    return found.ascii_domain.casefold()


Addresses = list[Annotated[MailAddress, AfterValidator(fold_email)]]
Domains = list[Annotated[str, StringConstraints(max_length=255), AfterValidator(_domain)]]


class ContactListsIn(Incoming):
    """The operator's block and allow lists (V1); a domain stands for its subdomains too."""

    blocked_addresses: Addresses = []
    blocked_domains: Domains = []
    allowed_addresses: Addresses = []
    allowed_domains: Domains = []

    def lists(self) -> ContactLists:
        """The domain's lists."""
        return ContactLists(
            frozenset(self.blocked_addresses),
            frozenset(self.blocked_domains),
            frozenset(self.allowed_addresses),
            frozenset(self.allowed_domains),
        )


class SourceIn(Incoming):
    """A new source."""

    name: Text
    kind: SourceKind = SourceKind.HTTPS
    listing_source: Source = Source.APP_SOURCE
    reveal_contact: Reveal = Reveal.ALWAYS
    table_name: Annotated[TableName | None, Field(validate_default=True)] = None
    redirect_url: Annotated[RedirectUrl | None, Field(validate_default=True)] = None

    @field_validator("table_name")
    @classmethod
    def _which_table(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if value is None and kind is SourceKind.MARKETPLACE_TABLE:
            raise PydanticCustomError("missing", "A source of the kind marketplaceTable needs the tableName.")
        if value is not None and kind is not SourceKind.MARKETPLACE_TABLE:
            raise ValueError("Only a source of the kind marketplaceTable has a tableName.")
        return value

    @field_validator("redirect_url")
    @classmethod
    def _only_forms_redirect(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("kind") is not SourceKind.FORM:
            raise ValueError("Only a source of the kind form has a redirectUrl.")
        return value


class OfferIn(Incoming):
    """An offer's registration (T5)."""

    title: Text
    call_to_action: CallToAction | None = None

    def offer(self, offer_id: str) -> RegisteredOffer:
        """The domain's offer."""
        return RegisteredOffer(offer_id, self.title, self.call_to_action)


class ContactIn(Incoming):
    """A lead contact of a location."""

    name: Text
    email: MailAddress | None = None
    phone: Phone | None = None
    language: Language | None = None

    def contact(self) -> Contact:
        """The domain's contact."""
        return Contact(self.name, self.email, self.phone, self.language)


class LocationIn(Incoming):
    """One place of a partner."""

    name: Text
    country: Country
    address: Notes | None = None
    contacts: Annotated[list[ContactIn], Field(max_length=CONTACTS_MAX)] = []

    def location(self) -> Location:
        """The domain's location."""
        contacts = tuple(one.contact() for one in self.contacts)
        return Location(self.name, self.country, self.address or None, contacts)


class ProfileIn(Incoming):
    """A business profile; competencies and endorsements are the operator's, so what is sent of them is ignored (M1)."""

    name: Text
    published: Flag = False
    description: Notes | None = None
    keywords: Annotated[list[Word], Field(max_length=KEYWORDS_MAX), AfterValidator(_unique)] = []
    company_sizes: Annotated[list[CompanySize], AfterValidator(_unique)] = []
    locations: Annotated[list[LocationIn], Field(max_length=LOCATIONS_MAX)] = []
    competencies: Any = None
    endorsements: Any = None

    @field_validator("locations")
    @classmethod
    def _names_differ(cls, value: list[LocationIn]) -> list[LocationIn]:
        if len({folded(one.name) for one in value}) < len(value):
            raise ValueError("Two locations have the same name.")
        return value

    def profile(self) -> Profile:
        """The domain's profile."""
        return Profile(
            name=self.name,
            published=self.published,
            description=self.description or None,
            keywords=tuple(self.keywords),
            company_sizes=tuple(self.company_sizes),
            locations=tuple(one.location() for one in self.locations),
        )


MUTED_SHOWN_MAX = 700
"""What is put may hold what was read: addresses that have unsubscribed or bounced, too."""


class PreferencesIn(Incoming):
    """What a partner wants to be told."""

    preferred_email: MailAddress | None = None
    preferred_language: Language | None = None
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    digest_threshold: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 10
    digest_hour: Annotated[int, Field(strict=True, ge=0, le=23)] = 0
    mail_kinds: Annotated[list[MailKind], AfterValidator(_unique)] = [MailKind.CONTACT_ME, MailKind.PROFILE]
    expiry_mail: Flag = True
    muted_addresses: Annotated[list[MailAddress], Field(max_length=MUTED_SHOWN_MAX), AfterValidator(_unique)] = []

    def preferences(self) -> Preferences:
        """The domain's preferences."""
        return Preferences(
            preferred_email=self.preferred_email,
            preferred_language=self.preferred_language,
            time_zone=self.time_zone,
            digest_threshold=self.digest_threshold,
            digest_hour=self.digest_hour,
            mail_kinds=tuple(self.mail_kinds),
            expiry_mail=self.expiry_mail,
            muted_addresses=tuple(self.muted_addresses),
        )


class WebhookIn(Incoming):
    """A subscription; a Logic App's own asks for no validation, since any POST would start its flow."""

    notification_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    events: Annotated[list[Text], Field(min_length=1, max_length=50), AfterValidator(_unique)]
    format: WebhookFormat = WebhookFormat.STANDARD
    validation: Literal["event", "none"] = "event"


class ReplayIn(Incoming):
    """A parked delivery's corrected body, a text or a JSON object; without it the body goes again as it was."""

    body: str | dict[str, Any] | None = None


class AssignIn(Incoming):
    """The partner an unassigned delivery goes to."""

    partner_id: Text


class MailReportIn(BaseModel):
    """What is read of a delivery report of Communication Services; it holds more."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, hide_input_in_errors=True)

    message_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    status: Report
