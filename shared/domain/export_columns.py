"""The columns of an export, in their fixed order (X3, X4); docs/export.md describes each.

A column takes a settled lead as anyone may see it (`contact.shown`) and gives a JSON value; the CSV cell is the same
as text. New columns go to the end, before `Removed`, so that a file read by position stays readable.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.csv_cells import defuse
from shared.domain.deadlines import stamp
from shared.domain.lead import Deal, Lead, Status, TeamMember

Value = str | bool | list[Any] | dict[str, Any] | None


@dataclass(frozen=True)
class Column:
    """One column: its name, the JSON type of its values where it has one, and where a lead has them."""

    name: str
    type: str
    value: Callable[[Lead], Value]


def _text(name: str, value: Callable[[Lead], str | None]) -> Column:
    return Column(name, "text", value)


def _time(name: str, value: Callable[[Lead], datetime | None]) -> Column:
    def written(lead: Lead) -> str | None:
        found = value(lead)
        return stamp(found) if found else None

    return Column(name, "time", written)


def _flag(name: str, value: Callable[[Lead], bool]) -> Column:
    return Column(name, "boolean", value)


def _deal(name: str, kind: str, value: Callable[[Deal], Value]) -> Column:
    return Column(name, kind, lambda lead: value(lead.deal) if lead.deal else None)


def _flame(lead: Lead) -> str | None:
    """A2: of a settled lead, so that no clock is needed."""
    if lead.status is not Status.RECEIVED or lead.flame_until is None:
        return None
    return "cooled" if lead.flame_cooled else "hot"


def _source_raw(lead: Lead) -> str | None:
    """`Source-Action|publisherId.offerId` as marketplaces write it; parts that are not known are left out."""
    text = lead.source_text or ""
    if lead.action_code:
        text += f"-{lead.action_code}"
    if lead.offer and lead.offer.id:
        text += f"|{lead.offer.id}"
    return text or None


def _member(one: TeamMember) -> dict[str, Any]:
    return {"name": one.name, "email": one.email, "phone": one.phone}


COLUMNS: tuple[Column, ...] = (
    _text("Id", lambda lead: lead.id),
    _time("LeadCreationDateTime", lambda lead: lead.created_at),
    _time("UpdatedDateTime", lambda lead: lead.updated_at),
    _text("Status", lambda lead: lead.status),
    _text("Outcome", lambda lead: lead.outcome),
    _text("Type", lambda lead: lead.type),
    _text("Qualification", lambda lead: lead.qualification),
    _text("LeadSource", lambda lead: lead.source),
    _text("LeadSourceRaw", _source_raw),
    _text("CallToAction", lambda lead: lead.call_to_action),
    _text("ActionCode", lambda lead: lead.action_code),
    _text("OfferId", lambda lead: lead.offer.id if lead.offer else None),
    _text("OfferTitle", lambda lead: lead.offer.title if lead.offer else None),
    _text("Location", lambda lead: lead.location),
    _text("Company", lambda lead: lead.customer.company),
    _text("CompanySize", lambda lead: lead.customer.size),
    _text("Country", lambda lead: lead.customer.country),
    _text("CountryText", lambda lead: lead.customer.country_text),
    _text("FirstName", lambda lead: lead.customer.first_name),
    _text("LastName", lambda lead: lead.customer.last_name),
    _text("JobTitle", lambda lead: lead.customer.title),
    _text("Email", lambda lead: lead.customer.email),
    _text("EmailValidity", lambda lead: lead.email_validity),
    _text("Phone", lambda lead: lead.customer.phone),
    _text("PhoneE164", lambda lead: lead.customer.phone_e164),
    _text("PhoneValidity", lambda lead: lead.phone_validity),
    _text("Quality", lambda lead: lead.quality.level),
    Column("QualityReasons", "list", lambda lead: list(lead.quality.reasons)),
    _text("Notes", lambda lead: lead.notes),
    Column("AdditionalFields", "object", lambda lead: dict(lead.additional_fields)),
    _flag("ContactRequested", lambda lead: lead.contact_requested),
    _flag("DoNotContact", lambda lead: lead.do_not_contact),
    _flag("IsTest", lambda lead: lead.is_test),
    Column("Flame", "text", _flame),
    _time("FlameUntilDateTime", lambda lead: lead.flame_until),
    _flag("ConsentShare", lambda lead: lead.consent.share),
    _flag("ConsentContact", lambda lead: lead.consent.contact),
    _time("ConsentDateTime", lambda lead: lead.consent.at),
    _text("ConsentCountry", lambda lead: lead.consent.country),
    _time("ExpirationDateTime", lambda lead: lead.expires_at),
    _time("AcceptedDateTime", lambda lead: lead.accepted_at),
    _time("ClosedDateTime", lambda lead: lead.closed_at),
    _time("ErasedDateTime", lambda lead: lead.erased_at),
    _text("ClosingReason", lambda lead: lead.closing.reason if lead.closing else None),
    _text("ClosingNotes", lambda lead: lead.closing.notes if lead.closing else None),
    _deal("DealName", "text", lambda deal: deal.name),
    _deal("DealValue", "decimal", lambda deal: f"{deal.amount:f}"),
    _deal("DealCurrency", "text", lambda deal: deal.currency),
    _deal("DealPurchaseDate", "date", lambda deal: deal.purchase_date.isoformat() if deal.purchase_date else None),
    _deal("DealPurchaseTimeframe", "text", lambda deal: deal.purchase_timeframe),
    _deal("DealNotes", "text", lambda deal: deal.notes),
    _deal("DealCrmId", "text", lambda deal: deal.crm_id),
    _deal("DealCampaignId", "text", lambda deal: deal.campaign_id),
    _deal("DealTeam", "list", lambda deal: [_member(one) for one in deal.team]),
)
NAMES = (*(one.name for one in COLUMNS), "Removed")
"""`Removed` is true on a row that says: this lead has changed and is not in the filter any more; it has only an Id."""


def values(lead: Lead) -> list[Value]:
    """The values of a shown lead, one a column."""
    return [one.value(lead) for one in COLUMNS]


def cells(found: Sequence[Value]) -> list[str]:
    """The values as texts for a CSV file; a missing value and an empty list are an empty cell."""
    return [defuse(one) if isinstance(one, str) else _cell(one) for one in found]


def _cell(value: bool | list[Any] | dict[str, Any] | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return defuse("; ".join(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
