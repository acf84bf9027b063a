"""The columns of an export, in their fixed order (X3, X4); docs/export.md describes each.

`row` takes a settled lead as anyone may see it (`contact.shown`) and gives a JSON value for each column; the CSV cell
is the same as text. New columns go to the end, before `Cells`, so that a file read by position stays readable.

One dictionary and no function for each column: an export makes fifty values of every lead, and calls would be most of
its cost.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from shared.domain.contact import NEVER
from shared.domain.exports.csv_cells import defuse, defuse_beginning
from shared.domain.instants import stamp, stamped
from shared.domain.lead import Actor, Closing, Consent, LastTransition, Lead, Offer, Status, TeamMember
from shared.domain.listed import flame_of
from shared.domain.measures import won_of, won_on_of

Value = str | bool | list[Any] | Mapping[str, Any] | None
ID, REMOVED = "Id", "Removed"
"""REMOVED is true on a row that says: this lead has changed and is not in the filter any more; it has only its Id."""
CELLS = "Cells"
"""A column of CSV files without values, whose heading says in quotes how the cells are written.

By a doubled quote within its first kilobyte a program that guesses a file's dialect knows how quotes are written.
"""
LABELS = {
    "Id": "Lead ID",
    "LeadCreationDateTime": "Received",
    "UpdatedDateTime": "Last change",
    "Status": "Status",
    "Outcome": "Outcome",
    "Type": "Type of lead",
    "Qualification": "Qualification",
    "LeadSource": "Source",
    # The quotes are here for the same reason as those of CELLS: labels are long.
    "LeadSourceRaw": 'Source "as sent"',
    "CallToAction": "Call to action",
    "ActionCode": "Action code",
    "OfferId": "Offer ID",
    "OfferTitle": "Offer",
    "Location": "Location",
    "Company": "Company",
    "CompanySize": "Company size",
    "Country": "Country",
    "CountryText": "Country as written",
    "FirstName": "First name",
    "LastName": "Last name",
    "JobTitle": "Job title",
    "Email": "E-mail",
    "EmailValidity": "E-mail check",
    "Phone": "Phone",
    "PhoneE164": "Phone (E.164)",
    "PhoneValidity": "Phone check",
    "Quality": "Quality",
    "QualityReasons": "Reasons for the quality",
    "Notes": "Message",
    "AdditionalFields": "Other fields",
    "ContactRequested": "Contact requested",
    "DoNotContact": "Do not contact",
    "IsTest": "Test lead",
    "Flame": "Flame",
    "FlameUntilDateTime": "Flame until",
    "ConsentShare": "Consent to sharing",
    "ConsentContact": "Consent to contact",
    "ConsentDateTime": "Consent given on",
    "ConsentCountry": "Consent given in",
    "ExpirationDateTime": "Answer by",
    "AcceptedDateTime": "Accepted",
    "ClosedDateTime": "Closed",
    "ErasedDateTime": "Erased",
    "ClosingReason": "Reason for closing",
    "ClosingNotes": "Closing notes",
    "ActualValue": "Value won",
    "ActualCurrency": "Currency of the value won",
    "ActualCloseDate": "Won on",
    "DealName": "Deal",
    "DealValue": "Deal value",
    "DealCurrency": "Currency",
    "DealPurchaseDate": "Purchase date",
    "DealPurchaseTimeframe": "Purchase timeframe",
    "DealNotes": "Deal notes",
    "DealCrmId": "CRM ID",
    "DealCampaignId": "Campaign ID",
    "DealTeam": "Deal team",
    "SearchTerms": "Search terms",
    "SenderKind": "Kind of sender",
    "SenderName": "Sender",
    "SenderEmail": "Sender's e-mail",
    CELLS: "Cells",
    REMOVED: "Removed",
}
"""What a column is called where people read; the edge says it in their language."""

_NO_OFFER, _NO_CLOSING = Offer(), Closing()


def row(lead: Lead) -> dict[str, Value]:
    """The values of a shown lead by their column's name."""
    customer, consent, deal, sender = lead.customer, lead.consent, lead.deal, lead.sender
    offer, closing = lead.offer or _NO_OFFER, lead.closing or _NO_CLOSING
    won, won_on = won_of(lead), won_on_of(lead)
    return {
        "Id": lead.id,
        "LeadCreationDateTime": stamp(lead.created_at),
        "UpdatedDateTime": stamp(lead.updated_at),
        "Status": lead.status,
        "Outcome": lead.outcome,
        "Type": lead.type,
        "Qualification": lead.qualification,
        "LeadSource": lead.source,
        "LeadSourceRaw": source_raw(lead),
        "CallToAction": lead.call_to_action,
        "ActionCode": lead.action_code,
        "OfferId": offer.id,
        "OfferTitle": offer.title,
        "Location": lead.location,
        "Company": customer.company,
        "CompanySize": customer.size,
        "Country": customer.country,
        "CountryText": customer.country_text,
        "FirstName": customer.first_name,
        "LastName": customer.last_name,
        "JobTitle": customer.title,
        "Email": customer.email,
        "EmailValidity": lead.email_validity,
        "Phone": customer.phone,
        "PhoneE164": customer.phone_e164,
        "PhoneValidity": lead.phone_validity,
        "Quality": lead.quality.level,
        "QualityReasons": list(lead.quality.reasons),
        "Notes": lead.notes,
        "AdditionalFields": lead.additional_fields,
        "ContactRequested": lead.contact_requested,
        "DoNotContact": lead.do_not_contact,
        "IsTest": lead.is_test,
        "Flame": flame_of(lead),
        "FlameUntilDateTime": stamped(lead.flame_until),
        "ConsentShare": consent.share,
        "ConsentContact": consent.contact,
        "ConsentDateTime": stamp(consent.at),
        "ConsentCountry": consent.country,
        "ExpirationDateTime": stamped(lead.expires_at),
        "AcceptedDateTime": stamped(lead.accepted_at),
        "ClosedDateTime": stamped(lead.closed_at),
        "ErasedDateTime": stamped(lead.erased_at),
        "ClosingReason": closing.reason,
        "ClosingNotes": closing.notes,
        "ActualValue": f"{won[0]:f}" if won else None,
        "ActualCurrency": won[1] if won else None,
        "ActualCloseDate": won_on.isoformat() if won_on else None,
        "DealName": deal.name if deal else None,
        "DealValue": f"{deal.amount:f}" if deal else None,
        "DealCurrency": deal.currency if deal else None,
        "DealPurchaseDate": deal.purchase_date.isoformat() if deal and deal.purchase_date else None,
        "DealPurchaseTimeframe": deal.purchase_timeframe if deal else None,
        "DealNotes": deal.notes if deal else None,
        "DealCrmId": deal.crm_id if deal else None,
        "DealCampaignId": deal.campaign_id if deal else None,
        "DealTeam": [_member(member) for member in deal.team] if deal else None,
        "SearchTerms": list(lead.search_terms),
        "SenderKind": sender.kind if sender else None,
        "SenderName": sender.name if sender else None,
        "SenderEmail": sender.email if sender else None,
    }


@cache
def names() -> tuple[str, ...]:
    """The columns' names, which a file may be made of: those of any lead's row, and `Removed`."""
    nobody = Actor("", "")
    empty = Lead(
        "", "", "", Status.RECEIVED, NEVER, NEVER, Consent(False, False, NEVER), LastTransition("", NEVER, nobody)
    )
    return (*row(empty), REMOVED)


def raw_cells(values: Iterable[Value]) -> list[str]:
    """The values as texts, for programs: as they are, so a spreadsheet may run them."""
    return [_text(value) for value in values]


def cells(values: Iterable[Value], *, careful: bool) -> list[str]:
    """The values as texts that no spreadsheet runs (X2); a missing value and an empty list are an empty cell.

    Without care only a text's beginning is looked at: enough where no text could begin another cell.
    """
    if careful:
        return [_cell(value) for value in values]
    # Nearly all cells end at one of the first looks.
    return [
        ""
        if value is None
        else (value if value[:1].isalnum() else defuse_beginning(value))
        if isinstance(value, str)
        else defuse_beginning(_text(value))
        if value and value is not True
        else _text(value)
        for value in values
    ]


def _cell(value: Value) -> str:
    return defuse(_text(value))


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return quiet_json(value)


_in_json = re.compile(r'"((?:[^"\\]|\\.)*)"').sub
_signs, _edges = re.compile(r"""\\["\\]|'""").sub, re.compile(r"\A[^\w\\]|\W\Z").sub


def quiet_json(value: object) -> str:
    """JSON in which nothing looks like the quotes and commas around a cell.

    Programs that guess a file's dialect count what stands beside quotes: Python's `csv.Sniffer` took a colon or a brace
    for the separator. So there is a space before each comma and colon; quotes and backslashes inside a text, and a sign
    at its beginning or end, are written as escapes.
    """
    dense = json.dumps(value, ensure_ascii=False, separators=(" ,", " :"))
    return _in_json(lambda text: f'"{_edges(_escaped, _signs(_escaped, text[1]))}"', dense)


def _escaped(found: re.Match[str]) -> str:
    sign = found[0][-1]
    return f"\\u{ord(sign):04x}" if sign < "\U00010000" else json.dumps(sign)[1:-1]


def source_raw(lead: Lead) -> str | None:
    """`Source-Action|publisherId.offerId` as marketplaces write it; parts that are not known are left out."""
    text = lead.source_text or ""
    if "|" in text:
        return text
    if lead.action_code:
        text += f"-{lead.action_code}" if text else lead.action_code
    if lead.offer and lead.offer.id:
        text += f"|{lead.offer.id}"
    return text or None


def _member(one: TeamMember) -> dict[str, Any]:
    return {"name": one.name, "email": one.email, "phone": one.phone}
