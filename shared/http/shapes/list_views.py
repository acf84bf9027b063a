"""What senders sent, and counts, as the interface shows them (Q6)."""

from datetime import datetime

from typing_extensions import TypedDict

from shared.domain.instants import stamp, stamped
from shared.domain.lead import Lead, Status, Tab
from shared.http.shapes.enumerations import OutcomeText, QualificationText, StatusText
from shared.usecases.leads.counts import Counts


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
