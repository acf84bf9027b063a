"""Leads as callers are shown them: allow-lists of their own, never the stored record minus something.

The shapes here and in the other views are typed dictionaries in the API's own spelling: the type checker holds every
answer to its shape, the API descriptions are made from them, and a page of fifty leads costs no second validation. They
are of `typing_extensions`, since the standard ones do not tell pydantic enough before Python 3.12. What a viewer of a
lead sees is decided by `contact.shown` alone (L9).
"""

from datetime import datetime
from typing import Any, NotRequired

from typing_extensions import TypedDict

from shared.domain.contact import shown
from shared.domain.instants import stamp, stamped
from shared.domain.lead import Customer, Deal, Lead, Passed, Quality, Sender
from shared.domain.lifecycle import allowed_actions
from shared.domain.measures import won_of, won_on_of
from shared.domain.messages import say
from shared.domain.permissions import Caller, Role
from shared.domain.telling.alerts import FLAMES, WARNINGS, Alert, alerts
from shared.http.shapes.enumerations import (
    ActionText,
    AlertText,
    CallToActionText,
    FlameText,
    LeadTypeText,
    LevelText,
    LikenessText,
    OutcomeText,
    QualificationText,
    ReasonText,
    ReceivedText,
    SenderText,
    SourceText,
    StatusText,
    ValidityText,
    WarningText,
)
from shared.texts import Translate
from shared.usecases.intake.receive_lead import Received
from shared.usecases.leads.read_leads import SeenLead


class WarningView(TypedDict):
    """What an answer says although it succeeded (L4)."""

    code: WarningText
    message: str


class ReceivedView(TypedDict):
    """The answer to a submission; `warnings` where something of it was not taken."""

    id: str
    status: ReceivedText
    duplicate: bool
    warnings: NotRequired[list[WarningView]]


def received_view(received: Received, translate: Translate) -> ReceivedView:
    """The answer to a submission."""
    view: ReceivedView = {"id": received.lead_id, "status": received.status, "duplicate": received.duplicate}
    warnings: list[WarningView] = [
        {"code": warning.code, "message": translate(warning.message)} for warning in received.warnings
    ]
    return {**view, "warnings": warnings} if warnings else view


class OfferView(TypedDict):
    """The offer a lead came from."""

    id: str | None
    title: str | None


class CustomerView(TypedDict):
    """The company and person; contact details are null where they are hidden."""

    company: str | None
    firstName: str | None
    lastName: str | None
    email: str | None
    phone: str | None
    phoneE164: str | None
    country: str | None
    countryText: str | None
    title: str | None
    size: str | None


class FlameView(TypedDict):
    """Whether a waiting customer is still hot (A2)."""

    state: FlameText
    until: str
    message: str


class AlertView(TypedDict):
    """One thing to know about a lead."""

    kind: AlertText
    message: str


class LikelihoodView(TypedDict):
    """How likely leads like this one were won in this programme (V3), as it was known when the lead came."""

    won: int
    of: int
    alike: list[LikenessText]
    share: float


class QualityView(TypedDict):
    """How good the contact is, with the reasons, and how likely leads like it were won (V3)."""

    level: LevelText
    reasons: list[str]
    likelihood: LikelihoodView | None


class RelatedView(TypedDict):
    """Another lead of the same person."""

    id: str
    createdDateTime: str
    status: StatusText
    company: str | None


class ContactAttemptsView(TypedDict):
    """How often the partner has tried to reach the customer, and when it did last (L8)."""

    count: int
    last: str | None


class ConsentView(TypedDict):
    """What the customer agreed to."""

    share: bool | None
    contact: bool | None
    at: str
    country: str | None


class MoneyView(TypedDict):
    """An amount of money; the amount is a decimal text."""

    amount: str
    currency: str


class TeamMemberView(TypedDict):
    """One of the partner's people on the deal."""

    name: str
    email: str | None
    phone: str | None


class DealView(TypedDict):
    """What the partner says of the lead."""

    name: str
    value: MoneyView
    purchaseDate: str | None
    purchaseTimeframe: str | None
    notes: str | None
    crmId: str | None
    campaignId: str | None
    team: list[TeamMemberView]


class PassedView(TypedDict):
    """Another partner who had the lead before, or has it now, and since when (M7)."""

    partnerId: str
    dateTime: str


class SuggestedView(TypedDict):
    """Another partner for the customer, with the reasons why it may help (M3)."""

    partnerId: str
    name: str
    country: str | None
    reasons: list[str]


class ClosingView(TypedDict):
    """Why a person ended the lead; of one that was won what was won, and on which day."""

    reason: ReasonText | None
    notes: str | None
    value: MoneyView | None
    date: str | None
    suggestedPartners: list[SuggestedView]


class SenderView(TypedDict):
    """Who sent a qualified lead."""

    kind: SenderText
    name: str | None
    email: str | None


class SharedLeadView(TypedDict):
    """A lead as everybody who may see it does; `relatedLeads` is null in lists, where it is not looked up."""

    id: str
    partnerId: str
    type: LeadTypeText | None
    qualification: QualificationText
    status: StatusText
    outcome: OutcomeText | None
    source: SourceText | None
    sourceText: str | None
    callToAction: CallToActionText | None
    actionCode: str | None
    offer: OfferView | None
    location: str | None
    customer: CustomerView
    notes: str | None
    contactRequested: bool
    flame: FlameView | None
    emailValidity: ValidityText
    phoneValidity: ValidityText
    quality: QualityView
    alerts: list[AlertView]
    actions: list[ActionText]
    doNotContact: bool
    isTest: bool
    relatedLeads: list[RelatedView] | None
    contactAttempts: ContactAttemptsView
    consent: ConsentView
    additionalFields: dict[str, Any]
    deal: DealView | None
    closing: ClosingView | None
    passedFrom: list[PassedView]
    passedOn: PassedView | None
    sender: SenderView | None
    searchTerms: list[str]
    warnings: list[WarningView]
    createdDateTime: str
    updatedDateTime: str
    expirationDateTime: str | None
    acceptedDateTime: str | None
    closedDateTime: str | None
    erasedDateTime: str | None
    eTag: str


class LeadView(SharedLeadView):
    """A lead as this viewer sees it: with what it is to them."""

    isFavorite: bool
    isNew: bool


def etag(lead: Lead) -> str:
    """The lead's ETag: its version, which only transitions and edits raise."""
    return f'"{lead.version}"'


def lead_view(seen: SeenLead, caller: Caller, at: datetime, translate: Translate) -> LeadView:
    """The lead as this caller may see it at `at` (L9, T6)."""
    lead = shown(seen.lead, at)
    warned = alerts(lead, at)
    return {
        "id": lead.id,
        "partnerId": lead.partner_id,
        "type": lead.type,
        "qualification": lead.qualification,
        "status": lead.status,
        "outcome": lead.outcome,
        "source": lead.source,
        "sourceText": lead.source_text,
        "callToAction": lead.call_to_action,
        "actionCode": lead.action_code,
        "offer": {"id": lead.offer.id, "title": lead.offer.title} if lead.offer else None,
        "location": lead.location,
        "customer": _customer_view(lead.customer),
        "notes": lead.notes,
        "contactRequested": lead.contact_requested,
        "flame": _flame_view(lead, warned, translate),
        "emailValidity": lead.email_validity,
        "phoneValidity": lead.phone_validity,
        "quality": _quality(lead.quality),
        "alerts": [{"kind": alert.kind, "message": translate(alert.message)} for alert in warned],
        "actions": list(allowed_actions(lead)) if Role.LEADS_ADMIN in caller.roles else [],
        "doNotContact": lead.do_not_contact,
        "isTest": lead.is_test,
        "isFavorite": seen.mark.favorite,
        "isNew": seen.is_new,
        "relatedLeads": None if seen.related is None else [_related_view(other) for other in seen.related],
        "contactAttempts": {"count": lead.contact_attempts, "last": stamped(lead.attempted_at)},
        "consent": {
            "share": lead.consent.share,
            "contact": lead.consent.contact,
            "at": stamp(lead.consent.at),
            "country": lead.consent.country,
        },
        "additionalFields": dict(lead.additional_fields),
        "deal": _deal_view(lead.deal) if lead.deal else None,
        "closing": _closing_view(lead, translate),
        "passedFrom": [_passed(one) for one in lead.passed_from],
        "passedOn": _passed(lead.passed_on) if lead.passed_on else None,
        "sender": _sender_view(lead.sender),
        "searchTerms": list(lead.search_terms),
        "warnings": [{"code": warning, "message": translate(WARNINGS[warning])} for warning in seen.warnings],
        "createdDateTime": stamp(lead.created_at),
        "updatedDateTime": stamp(lead.updated_at),
        "expirationDateTime": stamped(lead.expires_at),
        "acceptedDateTime": stamped(lead.accepted_at),
        "closedDateTime": stamped(lead.closed_at),
        "erasedDateTime": stamped(lead.erased_at),
        "eTag": etag(lead),
    }


def _related_view(other: Lead) -> RelatedView:
    return {
        "id": other.id,
        "createdDateTime": stamp(other.created_at),
        "status": other.status,
        "company": other.customer.company,
    }


def _customer_view(customer: Customer) -> CustomerView:
    return {
        "company": customer.company,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "phoneE164": customer.phone_e164,
        "country": customer.country,
        "countryText": customer.country_text,
        "title": customer.title,
        "size": customer.size,
    }


def _sender_view(sender: Sender | None) -> SenderView | None:
    return {"kind": sender.kind, "name": sender.name, "email": sender.email} if sender else None


def _flame_view(lead: Lead, warned: tuple[Alert, ...], translate: Translate) -> FlameView | None:
    burning = warned[0] if warned else None
    if burning is None or lead.flame_until is None or burning.kind not in FLAMES:
        return None
    return {"state": FLAMES[burning.kind], "until": stamp(lead.flame_until), "message": translate(burning.message)}


def _deal_view(deal: Deal) -> DealView:
    return {
        "name": deal.name,
        "value": {"amount": f"{deal.amount:f}", "currency": deal.currency},
        "purchaseDate": deal.purchase_date.isoformat() if deal.purchase_date else None,
        "purchaseTimeframe": deal.purchase_timeframe,
        "notes": deal.notes,
        "crmId": deal.crm_id,
        "campaignId": deal.campaign_id,
        "team": [{"name": member.name, "email": member.email, "phone": member.phone} for member in deal.team],
    }


def _passed(passed: Passed) -> PassedView:
    return {"partnerId": passed.partner_id, "dateTime": stamp(passed.at)}


def _closing_view(lead: Lead, translate: Translate) -> ClosingView | None:
    closing, won, won_on = lead.closing, won_of(lead), won_on_of(lead)
    if closing is None:
        return None
    return {
        "reason": closing.reason,
        "notes": closing.notes,
        "value": {"amount": f"{won[0]:f}", "currency": won[1]} if won else None,
        "date": won_on.isoformat() if won_on else None,
        "suggestedPartners": [
            {
                "partnerId": one.partner_id,
                "name": one.name,
                "country": one.country,
                "reasons": [translate(say(reason.text, **reason.named)) for reason in one.reasons],
            }
            for one in closing.suggested
        ],
    }


def _quality(quality: Quality) -> QualityView:
    found = quality.chance
    likelihood: LikelihoodView | None = None
    if found is not None:
        likelihood = {"won": found.won, "of": found.of, "alike": list(found.alike), "share": round(found.share, 3)}
    return {"level": quality.level, "reasons": list(quality.reasons), "likelihood": likelihood}
