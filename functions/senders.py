"""Called by those who send qualified leads: marketing employees, sellers, other partners (I4)."""

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict, PayloadTooLarge, TooManyRequests
from shared.domain.intake.held import HeldState
from shared.domain.permissions import Role
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.lead_views import ReceivedView, received_view
from shared.http.shapes.list_views import SentLeadView, sent_lead_view
from shared.http.shapes.submission_shapes import QualifiedLead
from shared.http.submissions import SUBMISSIONS, read_submission
from shared.usecases.intake import sent_leads

blueprint = func.Blueprint()

SENDER = frozenset({Role.SENDER})
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("send_lead")
@blueprint.route("partners/{partnerId}/leads", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(
    who=SENDER,
    every_partner=True,
    status=(201, 200),
    takes=("Idempotency-Key",),
    headers=("Location",),
    content_types=SUBMISSIONS,
    submission=QualifiedLead,
    refuses=(Conflict, TooManyRequests, PayloadTooLarge),
)
async def send_lead(call: Call[Nothing, Nothing]) -> Response[ReceivedView]:
    """Send a qualified lead to any partner; the same submission again answers with the first lead (I4, V4)."""
    call.app.limits.intake.take(ids.sender_id(call.caller.tenant, call.caller.client or call.caller.person))
    received = await sent_leads.send_lead(
        ports=call.app.ports,
        partner_id=call.partner_id,
        caller=call.caller,
        submission=read_submission(call),
        at=call.at,
    )
    # What waits for the operator has no place among the sent ones yet.
    is_lead = received.status is not HeldState.UNASSIGNED
    where = {"Location": f"{call.app.settings.public_url}/sentLeads/{received.lead_id}"} if is_lead else {}
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201, where)


@blueprint.function_name("list_sent_leads")
@blueprint.route("sentLeads", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=SENDER)
async def list_sent_leads(call: Call[Nothing, PageQuery]) -> Response[Page[SentLeadView]]:
    """List the leads one has sent, newest first, with what became of them."""
    leads, following = await sent_leads.list_sent(
        ports=call.app.ports, caller=call.caller, after=call.after(ids.POSITION), top=call.query.top, at=call.at
    )
    return call.page([sent_lead_view(lead) for lead in leads], following)


@blueprint.function_name("read_sent_lead")
@blueprint.route("sentLeads/{leadId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=SENDER)
async def read_sent_lead(call: Call[Nothing, Nothing]) -> Response[SentLeadView]:
    """Read what became of one lead that one has sent."""
    lead = await sent_leads.read_sent(ports=call.app.ports, caller=call.caller, lead_id=call.lead_id, at=call.at)
    return Response(sent_lead_view(lead))
