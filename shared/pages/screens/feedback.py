"""What the reader has said of a lead, by itself, to stand in its place on the lead's page (M8)."""

from dataclasses import dataclass

from shared.domain.lead import Lead
from shared.pages.views.feedback import FeedbackBox, box_of
from shared.pages.visits import Shown, Visit
from shared.usecases.leads import read_leads
from shared.usecases.outcomes.feedback import own_feedback


@dataclass(frozen=True)
class OneBox:
    """The place by itself."""

    feedback: FeedbackBox


async def show_feedback(visit: Visit) -> Shown:
    """The place as it is now; the lead is not opened by that."""
    seen = await read_leads.read_lead(
        ports=visit.app.ports,
        partner_id=visit.partner_id,
        person=visit.caller.person,
        lead_id=visit.lead_id,
        at=visit.at,
        peek=True,
    )
    return Shown("leads/feedback.html", OneBox(await feedback_box(visit, seen.lead)))


async def feedback_box(visit: Visit, lead: Lead) -> FeedbackBox:
    """The place on the page of a settled lead."""
    own = await own_feedback(ports=visit.app.ports, lead=lead, person=visit.caller.person, at=visit.at)
    return box_of(lead.id, own, visit.words)
