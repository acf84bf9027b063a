"""Called by partners' frontends to say what a lead was worth, and by the operator to read it (M8)."""

import asyncio

import azure.functions as func

from shared.domain.permissions import Role
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.feedback_shapes import (
    FeedbackIn,
    FeedbackPageView,
    GivenFeedbackView,
    LeadFeedbackView,
    feedback_view,
    given_view,
    lead_feedback_view,
    sums_view,
)
from shared.http.shapes.queries import FeedbackQuery
from shared.ids import FEEDBACK_CURSOR
from shared.usecases.outcomes import feedback

blueprint = func.Blueprint()

USER, OPERATOR = frozenset({Role.LEADS_USER}), frozenset({Role.OPERATOR})
ANONYMOUS = func.AuthLevel.ANONYMOUS
OF_LEAD = "partners/{partnerId}/leads/{leadId}/feedback"


@blueprint.function_name("give_feedback")
@blueprint.route(OF_LEAD, methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(201, 200))
async def give_feedback(call: Call[FeedbackIn, Nothing]) -> Response[GivenFeedbackView]:
    """Say how good a lead is, in every status; said again it takes the place of what the same person said (M8)."""
    given = await feedback.give_feedback(
        ports=call.app.ports,
        partner_id=call.partner_id,
        lead_id=call.lead_id,
        rating=call.body.rating,
        text=call.body.text or None,
        by=call.caller.actor(),
        at=call.at,
    )
    return Response(given_view(given), 201 if given.is_new else 200)


@blueprint.function_name("read_lead_feedback")
@blueprint.route(OF_LEAD, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def read_lead_feedback(call: Call[Nothing, Nothing]) -> Response[LeadFeedbackView]:
    """Read what one has said of a lead oneself; the operator reads what everybody has (M8)."""
    is_own = call.caller.partner_id == call.partner_id
    found = await feedback.feedback_of(
        ports=call.app.ports,
        partner_id=call.partner_id,
        lead_id=call.lead_id,
        person=call.caller.person if is_own else None,
        at=call.at,
    )
    return Response(lead_feedback_view(found))


@blueprint.function_name("list_feedback")
@blueprint.route("feedback", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_feedback(call: Call[Nothing, FeedbackQuery]) -> Response[FeedbackPageView]:
    """List what all partners' people say of leads, newest first; the first page adds it up by source and offer (M8)."""
    wanted, after, ports = call.query.wanted(), call.after(FEEDBACK_CURSOR), call.app.ports
    # Whoever adds up reads much: one of the operator's people at a time.
    async with call.app.reading("", is_long=after is None) as budget:
        reading = feedback.list_feedback(
            ports=ports, wanted=wanted, after=after, top=call.query.top, at=call.at, budget=budget
        )
        adding_up = None if after else feedback.sum_feedback(ports=ports, wanted=wanted, budget=budget)
        page, sums = await asyncio.gather(reading, adding_up) if adding_up else (await reading, None)
    view: FeedbackPageView = {"value": [feedback_view(one) for one in page.items]}
    if link := call.page(view["value"], page.next).view.get("nextLink"):
        view["nextLink"] = link
    if sums is not None:
        view["sums"] = sums_view(sums)
    return Response(view)
