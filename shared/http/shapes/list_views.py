"""Pages of leads, what senders sent, and counts, as the interface shows them (Q5, Q6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired

from typing_extensions import TypedDict

from shared.domain.facets import FacetValue
from shared.domain.instants import stamp, stamped
from shared.domain.lead import Lead, Status, Tab
from shared.http.shapes.enumerations import OutcomeText, QualificationText, StatusText
from shared.http.shapes.lead_views import LeadView
from shared.usecases.leads.counts import Counts
from shared.usecases.leads.facets import Facets


class LeadPage(TypedDict):
    """A page of leads; the first says how many there are in all where that was asked for."""

    value: list[LeadView]
    nextLink: NotRequired[str]
    count: NotRequired[int]
    countIsAtLeast: NotRequired[bool]


class SentLeadView(TypedDict):
    """What became of a lead that one has sent: dates and ends, nothing of the partner's work (S1)."""

    id: str
    partnerId: str
    qualification: QualificationText
    status: StatusText
    outcome: OutcomeText | None
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
        "expirationDateTime": stamped(lead.expires_at),
        "acceptedDateTime": stamped(lead.accepted_at),
        "closedDateTime": stamped(lead.closed_at),
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
    now: str


def summary_view(counts: Counts, at: datetime) -> SummaryView:
    """The counts as this person sees them at `at`."""
    marketplace, qualified = _tab_view(counts, Tab.MARKETPLACE), _tab_view(counts, Tab.QUALIFIED)
    tabs: TabsView = {"marketplace": marketplace, "qualified": qualified}
    return {"tabs": tabs, "favorites": counts.favorites, "hot": counts.hot, "now": stamp(at)}


def _tab_view(counts: Counts, tab: Tab) -> TabView:
    return {
        "received": counts.leads[tab, Status.RECEIVED],
        "accepted": counts.leads[tab, Status.ACCEPTED],
        "informational": counts.leads[tab, Status.INFORMATIONAL],
        "archived": counts.leads[tab, Status.ARCHIVED],
        "new": counts.new[tab],
    }


class FacetValueView(TypedDict):
    """A value to filter by, and how many leads have it."""

    value: str
    count: int


class OfferFacetView(FacetValueView):
    """An offer to filter by; its id, or its title where it has no id."""

    title: str | None


class FacetFieldsView(TypedDict):
    """The values in use, field by field: at most a hundred each, the most frequent first."""

    status: list[FacetValueView]
    outcome: list[FacetValueView]
    type: list[FacetValueView]
    qualification: list[FacetValueView]
    source: list[FacetValueView]
    callToAction: list[FacetValueView]
    country: list[FacetValueView]
    quality: list[FacetValueView]
    emailValidity: list[FacetValueView]
    phoneValidity: list[FacetValueView]
    flame: list[FacetValueView]
    reason: list[FacetValueView]
    companySize: list[FacetValueView]
    location: list[FacetValueView]
    searchTerm: list[FacetValueView]
    offer: list[OfferFacetView]


class FacetsView(TypedDict):
    """What a list could be narrowed to; not `isComplete` where there may be more of everything (Q3, Q6)."""

    facets: FacetFieldsView
    count: int
    isComplete: bool


def facets_view(facets: Facets) -> FacetsView:
    """The values in use."""
    found = facets.values
    fields: FacetFieldsView = {
        "status": _values(found["status"]),
        "outcome": _values(found["outcome"]),
        "type": _values(found["type"]),
        "qualification": _values(found["qualification"]),
        "source": _values(found["source"]),
        "callToAction": _values(found["call_to_action"]),
        "country": _values(found["country"]),
        "quality": _values(found["quality"]),
        "emailValidity": _values(found["email_validity"]),
        "phoneValidity": _values(found["phone_validity"]),
        "flame": _values(found["flame"]),
        "reason": _values(found["reason"]),
        "companySize": _values(found["company_size"]),
        "location": _values(found["location"]),
        "searchTerm": _values(found["search_term"]),
        "offer": [{"value": one.value, "title": one.title, "count": one.count} for one in found["offer"]],
    }
    return {"facets": fields, "count": facets.leads, "isComplete": facets.is_complete}


def _values(found: Sequence[FacetValue]) -> list[FacetValueView]:
    return [{"value": one.value, "count": one.count} for one in found]
