"""What operators and partners send about a partner: registration, sources, offers, profile, block lists."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from shared.domain.contact import fold_email
from shared.domain.lead import CallToAction, Reveal, Source
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import PartnerState, SourceKind
from shared.domain.programme.profile import (
    CONTACTS_MAX,
    KEYWORDS_MAX,
    LOCATIONS_MAX,
    CompanySize,
    Contact,
    Location,
    Profile,
)
from shared.domain.text import folded
from shared.http.documents import Patch
from shared.http.fields import (
    Country,
    Flag,
    Incoming,
    Language,
    MailAddress,
    Notes,
    Phone,
    PublisherId,
    RedirectUrl,
    TableName,
    TenantId,
    Text,
    TimeZone,
    Title,
    Word,
    unique,
)


class PartnerIn(Incoming):
    """A partner's registration; whatever offer its `publisherIds` publish is its own (S6)."""

    name: Text
    tenant_ids: Annotated[list[TenantId], Field(max_length=100), AfterValidator(unique)]
    time_zone: TimeZone = "UTC"
    # Not named it stays as it is: whoever renames a partner wakes up no suspended one.
    state: PartnerState | None = None
    operator_contact: Text | None = None
    competencies: Annotated[list[Word], Field(max_length=100)] = []
    endorsements: Annotated[list[Word], Field(max_length=100)] = []
    publisher_ids: Annotated[list[PublisherId], Field(max_length=100), AfterValidator(unique)] = []
    # Said at the first registration; not named later it stays as it is.
    data_account: Annotated[Text | None, Field(examples=["leadsd2"])] = None


def _domain(text: str) -> str:
    """In ASCII, as addresses are compared with it."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - 20 ms, at the first domain

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


class PartnerPatch(Patch):
    """A change of a partner's registration; what is not named stays."""

    of = PartnerIn


class ContactListsPatch(Patch):
    """A change of the block and allow lists; each list that is named is replaced whole."""

    of = ContactListsIn


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
    def _only_visitors_are_redirected(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("kind") not in (SourceKind.FORM, SourceKind.DIRECTORY):
            raise ValueError("Only a source of the kind form or directory has a redirectUrl.")
        return value


class SourcePatch(Patch):
    """A change of a source; its kind and its table stay what they are."""

    of = SourceIn


OperatorsWord = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "string"}, "readOnly": True})]
ReadText = Annotated[Any, WithJsonSchema({"type": "string", "readOnly": True})]
ReadFlag = Annotated[Any, WithJsonSchema({"type": "boolean", "readOnly": True})]
"""What a document shows and nobody writes: whoever sends back what was read is not refused for it."""


class OfferIn(Incoming):
    """An offer's registration (T5)."""

    title: Title
    call_to_action: CallToAction | None = None
    id: ReadText = None
    state: ReadText = None
    title_is_shared: ReadFlag = None

    def offer(self, offer_id: str) -> RegisteredOffer:
        """The domain's offer."""
        return RegisteredOffer(offer_id, self.title, self.call_to_action)


class OfferPatch(Patch):
    """A change of an offer's registration; what is not named stays."""

    of = OfferIn


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
        contacts = tuple(contact.contact() for contact in self.contacts)
        return Location(self.name, self.country, self.address or None, contacts)


class ProfileIn(Incoming):
    """A business profile; competencies and endorsements are the operator's, so what is sent of them is ignored (M1)."""

    name: Text
    published: Flag = False
    description: Notes | None = None
    keywords: Annotated[list[Word], Field(max_length=KEYWORDS_MAX), AfterValidator(unique)] = []
    company_sizes: Annotated[list[CompanySize], AfterValidator(unique)] = []
    locations: Annotated[list[LocationIn], Field(max_length=LOCATIONS_MAX)] = []
    competencies: OperatorsWord = None
    endorsements: OperatorsWord = None
    name_is_shared: ReadFlag = None

    @field_validator("locations")
    @classmethod
    def _names_differ(cls, value: list[LocationIn]) -> list[LocationIn]:
        if len({folded(item.name) for item in value}) < len(value):
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
            locations=tuple(location.location() for location in self.locations),
        )


class ProfilePatch(Patch):
    """A change of a business profile; each list that is named is replaced whole."""

    of = ProfileIn
