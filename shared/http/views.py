"""What callers are shown: allow-lists of their own, never the stored record minus something (API.md, Shapes).

`lead_view` is the one place that decides what a viewer of a lead sees (L9).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from shared.domain.contact import is_redacted
from shared.domain.deadlines import stamp
from shared.domain.events import Event
from shared.domain.lead import Deal, Lead
from shared.domain.lifecycle import allowed_actions
from shared.domain.notices import Alert, alerts, flame
from shared.domain.partner import LeadSource, Partner
from shared.domain.permissions import Caller, Role
from shared.ids import created_at
from shared.usecases.manage_partner import KeyedSource
from shared.usecases.read_leads import SeenLead

Time = Annotated[datetime, PlainSerializer(stamp, return_type=str)]


class View(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, serialize_by_alias=True)

    def json_text(self) -> str:
        """The answer's body."""
        return self.model_dump_json()


T = TypeVar("T")


class Page(View, Generic[T]):
    """A page of a list; the end is where `nextLink` is absent."""

    value: list[T]
    next_link: str | None = None

    def json_text(self) -> str:
        """The answer's body, without `nextLink` at the end."""
        return self.model_dump_json(exclude=set() if self.next_link else {"next_link"})


class ReceivedView(View):
    """The answer to a delivery."""

    id: str
    status: str
    duplicate: bool


class OfferView(View):
    """The offer a lead came from."""

    id: str | None
    title: str | None


class CustomerView(View):
    """The company and person; contact details are null where they are hidden."""

    company: str | None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    phone_e164: str | None = None
    country: str | None
    country_text: str | None
    title: str | None = None
    size: str | None


class FlameView(View):
    """Whether a waiting customer is still hot (A2)."""

    state: str
    until: Time
    message: str


class AlertView(View):
    """One thing to know about a lead."""

    kind: str
    message: str


class QualityView(View):
    """How good the contact is, with the reasons (V3)."""

    level: str
    reasons: list[str]


class RelatedView(View):
    """Another lead of the same person."""

    id: str
    created_date_time: Time


class ConsentView(View):
    """What the customer agreed to."""

    share: bool
    contact: bool
    at: Time
    country: str | None


class MoneyView(View):
    """An amount of money; the amount is a decimal text."""

    amount: str
    currency: str


class TeamMemberView(View):
    """One of the partner's people on the deal."""

    name: str
    email: str | None
    phone: str | None


class DealView(View):
    """What the partner says of the lead."""

    name: str
    value: MoneyView
    purchase_date: date | None
    purchase_timeframe: str | None
    notes: str | None
    crm_id: str | None
    campaign_id: str | None
    team: list[TeamMemberView]


class ClosingView(View):
    """Why a person ended the lead."""

    reason: str | None
    notes: str | None
    suggested_partners: list[str] = []


class LeadView(View):
    """A lead as its viewer may see it; `relatedLeads` is null in lists, where it is not looked up."""

    id: str
    partner_id: str
    type: str | None
    qualification: str
    status: str
    outcome: str | None
    source: str | None
    source_text: str | None
    call_to_action: str | None
    action_code: str | None
    offer: OfferView | None
    location: str | None
    customer: CustomerView
    notes: str | None
    contact_requested: bool
    flame: FlameView | None
    email_validity: str
    phone_validity: str
    quality: QualityView
    alerts: list[AlertView]
    actions: list[str]
    do_not_contact: bool
    is_test: bool
    is_favorite: bool
    is_new: bool
    related_leads: list[RelatedView] | None
    consent: ConsentView
    additional_fields: dict[str, Any]
    deal: DealView | None
    closing: ClosingView | None
    sender: None = None
    warnings: list[str] = []
    created_date_time: Time
    updated_date_time: Time
    expiration_date_time: Time | None
    accepted_date_time: Time | None
    closed_date_time: Time | None
    erased_date_time: Time | None
    e_tag: str


def etag(lead: Lead) -> str:
    """The lead's ETag: its version, which only transitions and edits raise."""
    return f'"{lead.version}"'


def lead_view(seen: SeenLead, caller: Caller, at: datetime, *, in_list: bool = False) -> LeadView:
    """The lead as this caller may see it at `at` (L9, T6)."""
    lead = seen.lead
    hidden = is_redacted(lead, at)
    customer = lead.customer
    burning = flame(lead, at)
    person: dict[str, Any] = (
        {}
        if hidden
        else {
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "email": customer.email,
            "phone": customer.phone,
            "phone_e164": customer.phone_e164,
            "title": customer.title,
        }
    )
    return LeadView(
        id=lead.id,
        partner_id=lead.partner_id,
        type=lead.type,
        qualification=lead.qualification,
        status=lead.status,
        outcome=lead.outcome,
        source=lead.source,
        source_text=lead.source_text,
        call_to_action=lead.call_to_action,
        action_code=lead.action_code,
        offer=OfferView(id=lead.offer.id, title=lead.offer.title) if lead.offer else None,
        location=lead.location,
        customer=CustomerView(
            company=customer.company,
            country=customer.country,
            country_text=customer.country_text,
            size=customer.size,
            **person,
        ),
        notes=None if hidden else lead.notes,
        contact_requested=lead.contact_requested,
        flame=_flame_view(lead, burning),
        email_validity=lead.email_validity,
        phone_validity=lead.phone_validity,
        quality=QualityView(level=lead.quality.level, reasons=list(lead.quality.reasons)),
        alerts=[AlertView(kind=one.kind, message=one.message) for one in alerts(lead, at)],
        actions=[str(action) for action in allowed_actions(lead)] if Role.LEADS_ADMIN in caller.roles else [],
        do_not_contact=lead.do_not_contact,
        is_test=lead.is_test,
        is_favorite=seen.mark.favorite,
        is_new=seen.is_new,
        related_leads=None
        if in_list
        else [RelatedView(id=one, created_date_time=created_at(one)) for one in seen.related],
        consent=ConsentView(**vars(lead.consent)),
        additional_fields={} if hidden else dict(lead.additional_fields),
        deal=_deal_view(lead.deal, hidden) if lead.deal else None,
        closing=ClosingView(reason=lead.closing.reason, notes=None if hidden else lead.closing.notes)
        if lead.closing
        else None,
        created_date_time=lead.created_at,
        updated_date_time=lead.updated_at,
        expiration_date_time=lead.expires_at,
        accepted_date_time=lead.accepted_at,
        closed_date_time=lead.closed_at,
        erased_date_time=lead.erased_at,
        e_tag=etag(lead),
    )


def _flame_view(lead: Lead, burning: Alert | None) -> FlameView | None:
    if burning is None or lead.flame_until is None:
        return None
    state = "hot" if burning.kind == "flameHot" else "cooled"
    return FlameView(state=state, until=lead.flame_until, message=burning.message)


def _deal_view(deal: Deal, hidden: bool) -> DealView:
    return DealView(
        name=deal.name,
        value=MoneyView(amount=f"{deal.amount:f}", currency=deal.currency),
        purchase_date=deal.purchase_date,
        purchase_timeframe=deal.purchase_timeframe,
        notes=None if hidden else deal.notes,
        crm_id=deal.crm_id,
        campaign_id=deal.campaign_id,
        team=[TeamMemberView(**vars(one)) for one in deal.team],
    )


class ActorView(View):
    """Who did something."""

    kind: str
    id: str
    name: str | None


class EventView(View):
    """One line of a lead's history."""

    sequence: int
    type: str
    at: Time
    by: ActorView
    from_: Annotated[str | None, Field(alias="from")]
    to: str
    changes: dict[str, Any]


def event_view(event: Event) -> EventView:
    """The event, as redacted as it comes."""
    return EventView(
        sequence=event.sequence,
        type=event.type,
        at=event.at,
        by=ActorView(**vars(event.by)),
        from_=event.from_status,
        to=event.to_status,
        changes=dict(event.changes),
    )


class PartnerView(View):
    """A partner's registration."""

    id: str
    name: str
    tenant_ids: list[str]
    time_zone: str
    state: str
    operator_contact: str | None
    competencies: list[str]
    endorsements: list[str]
    created_date_time: Time
    updated_date_time: Time


def partner_view(partner: Partner) -> PartnerView:
    """The registration as the operator sees it."""
    return PartnerView(
        id=partner.id,
        name=partner.name,
        tenant_ids=list(partner.tenant_ids),
        time_zone=partner.time_zone,
        state=partner.state,
        operator_contact=partner.operator_contact,
        competencies=list(partner.competencies),
        endorsements=list(partner.endorsements),
        created_date_time=partner.created_at,
        updated_date_time=partner.updated_at,
    )


class KeyView(View):
    """A key that works, never the key itself; `until` is null for the newest."""

    until: Time | None


class SourceView(View):
    """A source without its keys."""

    id: str
    name: str
    kind: str
    listing_source: str
    reveal_contact: str
    keys: list[KeyView]
    created_date_time: Time


class KeyedSourceView(SourceView):
    """A source with its new key, shown this once, and the URL to hand to the sender."""

    key: str
    intake_url: str


def source_view(source: LeadSource) -> SourceView:
    """The source as the operator sees it."""
    return SourceView(**_source_fields(source))


def keyed_source_view(keyed: KeyedSource, base_url: str) -> KeyedSourceView:
    """The source with its new key."""
    url = f"{base_url}/intake/{keyed.source.id}?key={keyed.key}"
    return KeyedSourceView(**_source_fields(keyed.source), key=keyed.key, intake_url=url)


def _source_fields(source: LeadSource) -> Mapping[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "listing_source": source.listing_source,
        "reveal_contact": source.reveal,
        "keys": [KeyView(until=key.until) for key in source.keys],
        "created_date_time": source.created_at,
    }


class CheckView(View):
    """One health check."""

    name: str
    healthy: bool


class HealthView(View):
    """Whether the system can do its work."""

    status: str
    version: str
    checks: list[CheckView]
