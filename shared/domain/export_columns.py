"""The columns of an export, in their fixed order (X3, X4); docs/export.md describes each.

`row` takes a settled lead as anyone may see it (`contact.shown`) and gives a JSON value for each column; the CSV cell
is the same as text. New columns go to the end, before `Removed`, so that a file read by position stays readable.

One dictionary and no function for each column: an export makes fifty values of every lead, and calls would be most of
its cost.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from shared.domain.contact import NEVER
from shared.domain.csv_cells import defuse
from shared.domain.deadlines import stamp, stamped
from shared.domain.filters import flame_of
from shared.domain.lead import Actor, Closing, Consent, LastTransition, Lead, Offer, Status, TeamMember

Value = str | bool | list[Any] | Mapping[str, Any] | None
REMOVED = "Removed"
"""True on a row that says: this lead has changed and is not in the filter any more; it has only an Id besides."""

_NO_OFFER, _NO_CLOSING = Offer(), Closing()


def row(lead: Lead) -> dict[str, Value]:
    """The values of a shown lead by their column's name."""
    customer, consent, deal, sender = lead.customer, lead.consent, lead.deal, lead.sender
    offer, closing = lead.offer or _NO_OFFER, lead.closing or _NO_CLOSING
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
        "DealName": deal.name if deal else None,
        "DealValue": f"{deal.amount:f}" if deal else None,
        "DealCurrency": deal.currency if deal else None,
        "DealPurchaseDate": deal.purchase_date.isoformat() if deal and deal.purchase_date else None,
        "DealPurchaseTimeframe": deal.purchase_timeframe if deal else None,
        "DealNotes": deal.notes if deal else None,
        "DealCrmId": deal.crm_id if deal else None,
        "DealCampaignId": deal.campaign_id if deal else None,
        "DealTeam": [_member(one) for one in deal.team] if deal else None,
        "SearchTerms": list(lead.search_terms),
        "SenderKind": sender.kind if sender else None,
        "SenderName": sender.name if sender else None,
        "SenderEmail": sender.email if sender else None,
    }


@cache
def names() -> tuple[str, ...]:
    """The columns' names: those of any lead's row, and `Removed`."""
    nobody = Actor("", "")
    empty = Lead(
        "", "", "", Status.RECEIVED, NEVER, NEVER, Consent(False, False, NEVER), LastTransition("", NEVER, nobody)
    )
    return (*row(empty), REMOVED)


def cells(values: Iterable[Value], *, careful: bool) -> list[str]:
    """The values as texts for a CSV file; a missing value and an empty list are an empty cell.

    Without care only a text's beginning is looked at: enough where no text could begin another cell.
    """
    if careful:
        return [_cell(one) for one in values]
    # Nearly all cells end at one of these first looks.
    return [
        "" if not one and one is not False else one if isinstance(one, str) and one[0].isalnum() else _cell(one)
        for one in values
    ]


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value:
        return ""
    if isinstance(value, str):
        return defuse(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return defuse(", ".join(value))
    return defuse(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def source_raw(lead: Lead) -> str | None:
    """`Source-Action|publisherId.offerId` as marketplaces write it; parts that are not known are left out."""
    text = lead.source_text or ""
    if "|" in text:
        return text
    if lead.action_code:
        text += f"-{lead.action_code}"
    if lead.offer and lead.offer.id:
        text += f"|{lead.offer.id}"
    return text or None


def _member(one: TeamMember) -> dict[str, Any]:
    return {"name": one.name, "email": one.email, "phone": one.phone}
