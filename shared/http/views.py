"""What callers are shown: allow-lists of their own, never the stored record minus something (API.md, Shapes).

The shapes are typed dictionaries in the API's own spelling: the type checker holds every answer to its shape, the API
descriptions are made from them, and a page of fifty leads costs no second validation. What a viewer of a lead sees is
decided by `contact.shown` alone (L9).
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.contact import shown
from shared.domain.deadlines import stamp
from shared.domain.events import Event
from shared.domain.export import ERRORS
from shared.domain.filters import LeadFilter
from shared.domain.lead import Closing, Customer, Deal, Lead, Sender, Status, Tab
from shared.domain.lifecycle import allowed_actions
from shared.domain.mails import Mail
from shared.domain.notices import FLAMES, WARNINGS, Alert, alerts
from shared.domain.permissions import Caller, Role
from shared.http import since_tokens
from shared.ids import created_at
from shared.texts import Translate
from shared.usecases.count_leads import Counts
from shared.usecases.export_leads import SeenExport
from shared.usecases.health import Health
from shared.usecases.read_leads import SeenLead
from shared.usecases.receive_lead import Received
from shared.version import VERSION


class ReceivedView(TypedDict):
    """The answer to a delivery."""

    id: str
    status: str
    duplicate: bool


def received_view(received: Received) -> ReceivedView:
    """The answer to a delivery."""
    return {"id": received.lead_id, "status": received.status, "duplicate": received.duplicate}


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

    state: str
    until: str
    message: str


class AlertView(TypedDict):
    """One thing to know about a lead."""

    kind: str
    message: str


class WarningView(TypedDict):
    """What an answer says although it succeeded (L4)."""

    code: str
    message: str


class QualityView(TypedDict):
    """How good the contact is, with the reasons (V3)."""

    level: str
    reasons: list[str]


class RelatedView(TypedDict):
    """Another lead of the same person."""

    id: str
    createdDateTime: str


class ConsentView(TypedDict):
    """What the customer agreed to."""

    share: bool
    contact: bool
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


class ClosingView(TypedDict):
    """Why a person ended the lead."""

    reason: str | None
    notes: str | None
    suggestedPartners: list[str]


class SenderView(TypedDict):
    """Who sent a qualified lead."""

    kind: str
    name: str | None
    email: str | None


class LeadView(TypedDict):
    """A lead as its viewer may see it; `relatedLeads` is null in lists, where it is not looked up."""

    id: str
    partnerId: str
    type: str | None
    qualification: str
    status: str
    outcome: str | None
    source: str | None
    sourceText: str | None
    callToAction: str | None
    actionCode: str | None
    offer: OfferView | None
    location: str | None
    customer: CustomerView
    notes: str | None
    contactRequested: bool
    flame: FlameView | None
    emailValidity: str
    phoneValidity: str
    quality: QualityView
    alerts: list[AlertView]
    actions: list[str]
    doNotContact: bool
    isTest: bool
    isFavorite: bool
    isNew: bool
    relatedLeads: list[RelatedView] | None
    consent: ConsentView
    additionalFields: dict[str, Any]
    deal: DealView | None
    closing: ClosingView | None
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
        "quality": {"level": lead.quality.level, "reasons": list(lead.quality.reasons)},
        "alerts": [{"kind": one.kind, "message": translate(one.message)} for one in warned],
        "actions": list(allowed_actions(lead)) if Role.LEADS_ADMIN in caller.roles else [],
        "doNotContact": lead.do_not_contact,
        "isTest": lead.is_test,
        "isFavorite": seen.mark.favorite,
        "isNew": seen.is_new,
        "relatedLeads": None if seen.related is None else _related_views(seen.related),
        "consent": {
            "share": lead.consent.share,
            "contact": lead.consent.contact,
            "at": stamp(lead.consent.at),
            "country": lead.consent.country,
        },
        "additionalFields": dict(lead.additional_fields),
        "deal": _deal_view(lead.deal) if lead.deal else None,
        "closing": _closing_view(lead.closing),
        "sender": _sender_view(lead.sender),
        "searchTerms": list(lead.search_terms),
        "warnings": [{"code": one, "message": translate(WARNINGS[one])} for one in seen.warnings],
        "createdDateTime": stamp(lead.created_at),
        "updatedDateTime": stamp(lead.updated_at),
        "expirationDateTime": _stamp(lead.expires_at),
        "acceptedDateTime": _stamp(lead.accepted_at),
        "closedDateTime": _stamp(lead.closed_at),
        "erasedDateTime": _stamp(lead.erased_at),
        "eTag": etag(lead),
    }


def _related_views(related: Sequence[str]) -> list[RelatedView]:
    return [{"id": one, "createdDateTime": stamp(created_at(one))} for one in related]


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
        "team": [{"name": one.name, "email": one.email, "phone": one.phone} for one in deal.team],
    }


def _closing_view(closing: Closing | None) -> ClosingView | None:
    return {"reason": closing.reason, "notes": closing.notes, "suggestedPartners": []} if closing else None


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None


class ActorView(TypedDict):
    """Who did something."""

    kind: str
    id: str
    name: str | None


class MailView(TypedDict):
    """A mail about an event: to whom, why or why not, and how far it is; a customer's address is never shown."""

    notice: str
    to: str
    why: str
    state: str
    problem: str | None
    at: str


EventView = TypedDict(
    "EventView",
    {
        "sequence": int,
        "type": str,
        "at": str,
        "by": ActorView,
        "from": str | None,
        "to": str,
        "changes": dict[str, Any],
        "mails": list[MailView],
    },
)
"""One line of a lead's history, with the mails that followed from it."""


def event_view(event: Event, mails: Sequence[Mail] = ()) -> EventView:
    """The event, as redacted as it comes, and its mails."""
    return {
        "sequence": event.sequence,
        "type": event.type,
        "at": stamp(event.at),
        "by": {"kind": event.by.kind, "id": event.by.id, "name": event.by.name},
        "from": event.from_status,
        "to": event.to_status,
        "changes": dict(event.changes),
        "mails": [
            {
                "notice": one.notice,
                "to": one.to,
                "why": one.why,
                "state": one.state,
                "problem": one.problem,
                "at": stamp(one.at),
            }
            for one in mails
        ],
    }


class SentLeadView(TypedDict):
    """What became of a lead that one has sent: dates and ends, nothing of the partner's work (SPEC 9, Sender)."""

    id: str
    partnerId: str
    qualification: str
    status: str
    outcome: str | None
    createdDateTime: str
    updatedDateTime: str
    expirationDateTime: str | None
    acceptedDateTime: str | None
    closedDateTime: str | None


def sent_lead_view(lead: Lead) -> SentLeadView:
    """The lead as its sender may see it."""
    return {
        "id": lead.id,
        "partnerId": lead.partner_id,
        "qualification": lead.qualification,
        "status": lead.status,
        "outcome": lead.outcome,
        "createdDateTime": stamp(lead.created_at),
        "updatedDateTime": stamp(lead.updated_at),
        "expirationDateTime": _stamp(lead.expires_at),
        "acceptedDateTime": _stamp(lead.accepted_at),
        "closedDateTime": _stamp(lead.closed_at),
    }


class TabView(TypedDict):
    """Leads of one tab by status; `new` are received ones that this person has not opened."""

    received: int
    accepted: int
    informational: int
    archived: int
    new: int


class TabsView(TypedDict):
    """The counts of both tabs."""

    marketplace: TabView
    qualified: TabView


class SummaryView(TypedDict):
    """Counts for badges (Q6)."""

    tabs: TabsView
    favorites: int
    hot: int


def summary_view(counts: Counts) -> SummaryView:
    """The counts as this person sees them."""
    marketplace, qualified = _tab_view(counts, Tab.MARKETPLACE), _tab_view(counts, Tab.QUALIFIED)
    tabs: TabsView = {"marketplace": marketplace, "qualified": qualified}
    return {"tabs": tabs, "favorites": counts.favorites, "hot": counts.hot}


def _tab_view(counts: Counts, tab: Tab) -> TabView:
    return {
        "received": counts.leads[tab, Status.RECEIVED],
        "accepted": counts.leads[tab, Status.ACCEPTED],
        "informational": counts.leads[tab, Status.INFORMATIONAL],
        "archived": counts.leads[tab, Status.ARCHIVED],
        "new": counts.new[tab],
    }


class ProgressView(TypedDict):
    """How many rows are written, of how many; null where the total is not known yet."""

    rows: int
    total: int | None


class ExportErrorView(TypedDict):
    """Why an export has failed."""

    code: str
    message: str


class ExportView(TypedDict):
    """An export; `url` reads its file until `urlExpiresDateTime`, which is storage's time."""

    id: str
    state: str
    progress: ProgressView
    filter: dict[str, Any]
    orderBy: str
    format: str
    url: str | None
    urlExpiresDateTime: str | None
    nextSince: str | None
    createdDateTime: str
    endedDateTime: str | None
    error: ExportErrorView | None


def export_view(seen: SeenExport, translate: Translate) -> ExportView:
    """The export as an admin of its partner sees it."""
    export, link = seen.export, seen.link
    following = export.next_since
    return {
        "id": export.id,
        "state": seen.state,
        "progress": {"rows": seen.rows, "total": seen.total},
        "filter": _filter_view(export.filter),
        "orderBy": f"{export.order.field} {'desc' if export.order.descending else 'asc'}",
        "format": export.format,
        "url": link.url if link else None,
        "urlExpiresDateTime": stamp(link.until) if link else None,
        "nextSince": since_tokens.make(following, export.partner_id, export.filter, export.person)
        if following
        else None,
        "createdDateTime": stamp(export.created_at),
        "endedDateTime": _stamp(export.ended_at),
        "error": {"code": export.error, "message": translate(ERRORS[export.error])} if export.error else None,
    }


def _filter_view(wanted: LeadFilter) -> dict[str, Any]:
    """What was asked for, by the API's names; parts that do not restrict are left out."""
    found: dict[str, Any] = {}
    for item in fields(wanted):
        value = getattr(wanted, item.name)
        if isinstance(value, frozenset):
            value = sorted(value)
        elif isinstance(value, datetime):
            value = stamp(value)
        if value:
            found[to_camel(item.name)] = value
    return found


class CheckView(TypedDict):
    """One health check."""

    name: str
    healthy: bool


class HealthView(TypedDict):
    """Whether the system can do its work."""

    status: str
    version: str
    checks: list[CheckView]
    waiting: dict[str, int]
    overdueSeconds: dict[str, int]
    oldestUndeliveredSeconds: int


def health_view(health: Health) -> HealthView:
    """The health as anyone may see it."""
    return {
        "status": "healthy" if health.healthy else "degraded",
        "version": VERSION,
        "checks": [{"name": name, "healthy": good} for name, good in health.checks.items()],
        "waiting": dict(health.waiting),
        "overdueSeconds": {kind: int(behind.total_seconds()) for kind, behind in health.overdue.items()},
        "oldestUndeliveredSeconds": int(health.undelivered.total_seconds()),
    }
