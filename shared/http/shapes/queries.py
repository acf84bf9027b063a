"""What callers may ask for: pages, filters and orders of leads, in a list's query as in an export's body (Q1–Q5)."""

import re
from dataclasses import replace
from datetime import MAXYEAR, UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from shared.domain.countries import country_code
from shared.domain.exports.export import Cells, ExportFormat, Headings, Layout
from shared.domain.exports.export_columns import ID, LABELS, REMOVED, names
from shared.domain.feedback import BEST, WORST, FeedbackFilter
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.instants import from_iso
from shared.domain.intake.codes import lead_source
from shared.domain.lead import CallToAction, LeadType, Level, Outcome, Qualification, Source, Status, Validity
from shared.domain.lifecycle import ClosingReason
from shared.domain.listed import FlameState
from shared.domain.messages import say
from shared.domain.ordering import Order, OrderField
from shared.domain.partner_order import PartnerField, PartnerOrder
from shared.domain.programme.directory import Wanted
from shared.domain.programme.profile import CompanySize
from shared.domain.text import folded, trimmed
from shared.http.fields import Country, Incoming, Language, Text, unique
from shared.http.pages import PageQuery, whole_number
from shared.ids import LEAD_ID, created_at
from shared.texts import Translate
from shared.usecases.outcomes.list_partners import WantedPartners

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(_DAY.pattern + r"[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,30})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})")


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = [part for one in value.split(",") if (part := trimmed(one))]
    if not found:
        # An empty list would be no filter at all.
        raise ValueError("The text holds nothing to look for.")
    return found


def _countries(value: object) -> object:
    found = _listed(value)
    if not isinstance(found, list):
        return found
    codes = [country_code(code) if isinstance(code, str) else None for code in found]
    if None in codes:
        raise ValueError("A country is an ISO 3166 code such as SE, or a name such as Sweden.")
    return codes


def _instant(value: object, day: str) -> object:
    """An instant with any number of fraction digits (RFC 3339), or a day's end that `day` says."""
    written = trimmed(value) if isinstance(value, str) else ""
    if _DAY.fullmatch(written):
        return f"{written}{day}"
    if not _INSTANT.fullmatch(written):
        raise ValueError("The time must be written as 2026-11-21T20:04:27Z, or as a day in UTC such as 2026-11-21.")
    try:
        return from_iso(written)
    except ValueError:
        raise ValueError("This is no time of the calendar.") from None


def _day_begins(value: object) -> object:
    return _instant(value, "T00:00:00Z")


def _day_ends(value: object) -> object:
    return _instant(value, "T23:59:59.999Z")


def _in_utc(at: datetime) -> datetime:
    # Ids hold whole milliseconds from 1970 on; the calendar's ends have no neighbours in other time zones.
    if not 1970 < at.year < MAXYEAR:
        raise ValueError("The year must be after 1970.")
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def truth(value: object) -> object:
    """In a query everything is a text; in JSON a number is no truth."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("It must be true or false.")  # noqa: TRY004 - pydantic takes no TypeError for a fault
    return value


def _words(text: str) -> str:
    if not folded(text):
        raise ValueError("The text holds nothing to look for.")
    return text


Words = Annotated[Text, AfterValidator(_words)]


def _named(kind: type[StrEnum], value: object) -> object:
    """Each value as a code, also where it is written as people see it: `Azure Marketplace`, `Get it now`."""
    found = _listed(value)
    codes = {_bare(str(member)): member for member in kind}
    if not isinstance(found, list | tuple):
        return found
    return [codes.get(_bare(code), code) if isinstance(code, str) else code for code in found]


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _sources(value: object) -> object:
    found = _named(Source, value)
    if not isinstance(found, list):
        return found
    known = [lead_source(code) if isinstance(code, str) else Source.OTHER for code in found]
    return [code if alias is Source.OTHER else alias for code, alias in zip(found, known, strict=True)]


def _many(kind: type[StrEnum]) -> BeforeValidator:
    return BeforeValidator(partial(_named, kind))


IDS_MAX = 200
"""As many leads as a page of a list has."""


def _lead_id(text: str) -> str:
    try:
        known = LEAD_ID.fullmatch(text) and created_at(text)
    except OverflowError:
        # A time that no calendar has.
        known = None
    if not known:
        raise ValueError("This is no lead's id.")
    return text


LeadId = Annotated[str, AfterValidator(_lead_id)]
PhoneValidity = Literal["valid", "invalid", "unknown"]
Countries = Annotated[tuple[str, ...], Field(max_length=50), BeforeValidator(_countries)]
Sources = Annotated[tuple[Source, ...], BeforeValidator(_sources)]
Rating = Annotated[int, Field(ge=WORST, le=BEST), BeforeValidator(whole_number)]
From = Annotated[datetime, BeforeValidator(_day_begins), AfterValidator(_in_utc)]
To = Annotated[datetime, BeforeValidator(_day_ends), AfterValidator(_in_utc)]


class LeadFilterIn(Incoming):
    """Which leads a list, a count or an export shows (Q1, Q3); lists are comma-separated in a query."""

    tab: ListTab | None = None
    status: Annotated[tuple[Status, ...], _many(Status)] = ()
    outcome: Annotated[tuple[Outcome, ...], _many(Outcome)] = ()
    type: Annotated[tuple[LeadType, ...], _many(LeadType)] = ()
    qualification: Annotated[tuple[Qualification, ...], _many(Qualification)] = ()
    source: Sources = ()
    call_to_action: Annotated[tuple[CallToAction, ...], _many(CallToAction)] = ()
    country: Countries = ()
    quality: Annotated[tuple[Level, ...], _many(Level)] = ()
    email_validity: Annotated[tuple[Validity, ...], _many(Validity)] = ()
    phone_validity: Annotated[tuple[PhoneValidity, ...], _many(Validity)] = ()
    flame: Annotated[tuple[FlameState, ...], _many(FlameState)] = ()
    reason: Annotated[tuple[ClosingReason, ...], _many(ClosingReason)] = ()
    company_size: Words | None = None
    location: Words | None = None
    search_term: Words | None = None
    offer: Words | None = None
    customer: Words | None = None
    search: Words | None = None
    created_from: From | None = None
    created_to: To | None = None
    updated_from: From | None = None
    updated_to: To | None = None
    include_test: Annotated[bool, BeforeValidator(truth)] = False
    deal: Annotated[bool, BeforeValidator(truth)] = False
    id: Annotated[tuple[LeadId, ...], Field(max_length=IDS_MAX), BeforeValidator(_listed)] = ()

    def wanted(self) -> LeadFilter:
        """The domain's filter."""
        given = ((name, getattr(self, name)) for name in LeadFilterIn.model_fields)
        parts: dict[str, Any] = {name: frozenset(one) if isinstance(one, tuple) else one for name, one in given}
        return LeadFilter(**parts)


def _order(value: object) -> object:
    try:
        return Order.read(str(value))
    except ValueError:
        names = ", ".join(OrderField)
        text = "The order is one of %(names)s or customer, alone or with asc or desc behind it."
        raise ValueError(say(text, names=names)) from None


WAYS = ("", " asc", " desc")
OrderIn = Annotated[
    Order,
    BeforeValidator(_order),
    WithJsonSchema({"type": "string", "enum": [one + way for one in (*OrderField, "customer") for way in WAYS]}),
]


class PeekQuery(Incoming):
    """How one lead is read: with `peek` it stays new to its reader (Q6)."""

    peek: Annotated[bool, BeforeValidator(truth)] = False


class LeadsQuery(LeadFilterIn, PageQuery):
    """Which leads a list shows, in which order, how many of them from where, and whether to count all (Q1, Q3–Q6)."""

    order_by: OrderIn = Order()
    count: Annotated[bool, BeforeValidator(truth)] = False


class FeedbackQuery(PageQuery):
    """Which feedback the operator looks at; lists are comma-separated."""

    first: Annotated[From | None, Field(alias="from")] = None
    last: Annotated[To | None, Field(alias="to")] = None
    source: Sources = ()
    offer_id: Text | None = None
    partner_id: Text | None = None
    rating: Annotated[tuple[Rating, ...], BeforeValidator(_listed)] = ()
    include_test: Annotated[bool, BeforeValidator(truth)] = False

    @field_validator("last")
    @classmethod
    def _is_a_span(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        first = info.data.get("first")
        if value is not None and first is not None and value < first:
            raise ValueError("The end must not be before the beginning.")
        return value

    def wanted(self) -> FeedbackFilter:
        """The domain's filter."""
        return FeedbackFilter(
            said_from=self.first,
            said_until=self.last,
            sources=frozenset(self.source),
            offer=self.offer_id,
            partner_id=self.partner_id,
            ratings=frozenset(self.rating),
            include_test=self.include_test,
        )


class FacetsQuery(LeadFilterIn):
    """Of which leads the values in use are counted (Q3)."""


def _partner_order(value: object) -> object:
    try:
        return PartnerOrder.read(str(value))
    except ValueError:
        text = "The order is one of %(names)s, alone or with asc or desc behind it."
        raise ValueError(say(text, names=", ".join(PartnerField))) from None


PartnerOrderIn = Annotated[
    PartnerOrder,
    BeforeValidator(_partner_order),
    WithJsonSchema({"type": "string", "enum": [one + way for one in PartnerField for way in WAYS]}),
]


class PartnersQuery(PageQuery):
    """Which partners, in which order, how many of them from where, and with what else (M2)."""

    search: Words | None = None
    order_by: PartnerOrderIn = PartnerOrder()
    include: Literal["performance"] | None = None

    def wanted(self) -> WantedPartners:
        """What the list is asked for."""
        return WantedPartners(self.search, self.order_by, self.include is not None)


def _column(value: object) -> object:
    if value in names():
        return value
    raise ValueError(say("No column is called so. There are: %(names)s.", names=", ".join(names())))


ColumnName = Annotated[str, BeforeValidator(_column), WithJsonSchema({"type": "string", "enum": list(names())})]


class ExportIn(Incoming):
    """Which leads to export, in which order and format; `since` is an earlier export's `nextSince` (X1–X5).

    Of a CSV file `headings` are the columns' names or labels in the language of `Accept-Language`, and `cells` are
    written for a spreadsheet, or as they are, for programs: a spreadsheet may run what stands in them.
    """

    filter: LeadFilterIn = LeadFilterIn()
    order_by: OrderIn = Order()
    format: ExportFormat = ExportFormat.CSV
    since: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    columns: Annotated[list[ColumnName], Field(min_length=1), AfterValidator(unique)] | None = None
    headings: Headings = Headings.NAMES
    cells: Cells = Cells.SPREADSHEET

    @field_validator("columns")
    @classmethod
    def _a_sync_tells_what_is_gone(cls, value: list[str] | None, info: ValidationInfo) -> list[str] | None:
        if value is not None and info.data.get("since") and not {ID, REMOVED} <= set(value):
            raise ValueError("With since the columns Id and Removed are needed: they say which leads are gone.")
        return value

    @field_validator("headings", "cells")
    @classmethod
    def _of_a_sheet(cls, value: Headings | Cells, info: ValidationInfo) -> Headings | Cells:
        # What it does anyway may be said, so that a form that always sends its choices can choose it.
        if info.data.get("format") is ExportFormat.JSONL and value not in (Headings.NAMES, Cells.RAW):
            raise ValueError("Only a file of the format csv has this; jsonl has names and texts as they are.")
        return value

    def layout(self, translate: Translate) -> Layout:
        """How the file is written, with headings in the reader's language where they are labels."""
        layout = Layout(self.format, tuple(self.columns or ()), self.headings, self.cells)
        if self.headings is Headings.NAMES:
            return layout
        return replace(layout, labels=tuple(translate(LABELS[name]) for name in layout.written))


def _size(value: object) -> object:
    """A number of employees as the size that it is of."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", trimmed(value)):
        return value
    employees = max(1, int(value))
    return next(size for size in reversed(CompanySize) if employees >= int(re.split(r"[-+]", size)[0]))


SizeIn = Annotated[
    CompanySize,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": f"^([0-9]{{1,9}}|{'|'.join(map(re.escape, CompanySize))})$"}),
]
"""One of the sizes, or a number of employees."""
FoundTop = Annotated[int, Field(ge=1, le=50), BeforeValidator(whole_number)]


class DirectoryQuery(Incoming):
    """What a customer looks for in the directory (M1)."""

    q: Words | None = None
    country: Country | None = None
    size: SizeIn | None = None
    competency: Annotated[list[Text], Field(max_length=20), BeforeValidator(_listed)] | None = None
    language: Annotated[list[Language], Field(max_length=20), BeforeValidator(_listed)] | None = None
    top: FoundTop = 10
    key: Annotated[str, StringConstraints(max_length=200)] | None = None

    def wanted(self) -> Wanted:
        """The domain's search."""
        return Wanted(self.q, self.country, self.size, tuple(self.competency or ()), tuple(self.language or ()))


class DirectoryPageQuery(DirectoryQuery):
    """The same of the page: an address that is passed on may have anything behind it, which is ignored."""

    model_config = ConfigDict(extra="ignore")


class UnsubscribeQuery(Incoming):
    """The token of a mail's link; mail programs add names of their own, which are ignored."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str, StringConstraints(max_length=2_000)]
    again: bool = False


class KeyQuery(Incoming):
    """A source's key in the URL, for callers that can hold nothing else (S2).

    Other names are ignored: no lead is lost because a sender adds a parameter.
    """

    model_config = ConfigDict(extra="ignore")

    key: Annotated[str, StringConstraints(max_length=200)] | None = None
