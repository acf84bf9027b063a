"""Called by partners' frontends, CRMs and Logic Apps: everything about a partner's leads (L1–L9, Q1–Q6)."""

import asyncio
from dataclasses import replace
from typing import Any

import azure.functions as func

from shared.domain.errors import (
    Conflict,
    InvalidTransition,
    LeadExpired,
    PreconditionFailed,
    PreconditionRequired,
    SortTooLarge,
)
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.permissions import Role
from shared.http.calls import IF_CHANGED, MERGE_PATCH, Call, Response
from shared.http.documents import tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.history_views import EventView, event_view
from shared.http.shapes.lead_requests import (
    ActivityIn,
    AnswerIn,
    CloseAsErrorIn,
    DealIn,
    DeclineIn,
    LeadPatch,
    LoseIn,
    WinIn,
)
from shared.http.shapes.lead_views import LeadView, etag, lead_view
from shared.http.shapes.list_views import FacetsView, LeadPage, SummaryView, facets_view, summary_view
from shared.http.shapes.queries import FacetsQuery, LeadsQuery, PeekQuery
from shared.ids import SEQUENCE
from shared.usecases.leads import answer_lead, counts, facets, favorites, lists, read_leads

blueprint = func.Blueprint()

ADMIN = frozenset({Role.LEADS_ADMIN})
USER = frozenset({Role.LEADS_USER})
LEADS = "partners/{partnerId}/leads"
LEAD = LEADS + "/{leadId}"
ANONYMOUS = func.AuthLevel.ANONYMOUS
REFUSED = (LeadExpired, InvalidTransition, Conflict, PreconditionFailed)
"""What an answer to a lead may come upon (L7)."""


@blueprint.function_name("list_leads")
@blueprint.route(LEADS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, refuses=(SortTooLarge,), **IF_CHANGED)
async def list_leads(call: Call[Nothing, LeadsQuery]) -> Response[LeadPage]:
    """List leads, by default newest first (Q1–Q5); the first page counts all of them where it is asked to (Q6)."""
    order, look = call.query.order_by, _look(call)
    after = call.after(lists.cursors_of(order))
    counts_too = call.query.count and after is None
    is_long = lists.reads_many(look.wanted, order) or (counts_too and facets.reads_many(look.wanted))
    async with call.app.reading(call.partner_id, is_long=is_long) as budget:
        reading = lists.list_leads(look, order=order, after=after, top=call.query.top, budget=budget)
        counting = facets.count_found(look, budget) if counts_too else None
        page, found = await asyncio.gather(reading, counting) if counting else (await reading, None)
    view: LeadPage = {"value": [lead_view(seen, call.caller, call.at, call.translate) for seen in page.leads]}
    if link := call.page(view["value"], page.next).view.get("nextLink"):
        view["nextLink"] = link
    if found:
        view["count"], view["countIsAtLeast"] = found.leads, not found.is_complete
    return Response(view)


# Its name comes before `read_lead`, as that of `count_leads` does.
@blueprint.function_name("count_facets")
@blueprint.route(LEADS + "/facets", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def count_facets(call: Call[Nothing, FacetsQuery]) -> Response[FacetsView]:
    """Count the values that leads of a filter have, to narrow it by (Q3, Q6).

    A field that the filter names is counted as if it did not. Where reading them all takes too long it is not complete,
    and each number is the least that it can be.
    """
    async with call.app.reading(call.partner_id) as budget:
        return Response(facets_view(await facets.count_facets(_look(call), budget)))


# Its name comes before `read_lead`, whose route would take `summary` for an id.
@blueprint.function_name("count_leads")
@blueprint.route(LEADS + "/summary", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, **IF_CHANGED)
async def count_leads(call: Call[Nothing, Nothing]) -> Response[SummaryView]:
    """Count leads by tab and status, for badges (Q6)."""
    found = await counts.count_leads(
        ports=call.app.ports, partner_id=call.partner_id, person=call.caller.person, at=call.at
    )
    return tagged(summary_view(found, call.at))


# Its ETag is the lead's version, for `If-Match`. A heart, a flame or a contact attempt changes what is shown and raises
# no version, so a 304 by that ETag would hide them: a lead is always answered whole.
@blueprint.function_name("read_lead")
@blueprint.route(LEAD, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, headers=("ETag",))
async def read_lead(call: Call[Nothing, PeekQuery]) -> Response[LeadView]:
    """Read one lead; it is no longer new to this person then, unless they only `peek` (Q6)."""
    seen = await read_leads.read_lead(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        lead_id=call.lead_id,
        at=call.at,
        peek=call.query.peek,
    )
    return _lead(call, seen)


@blueprint.function_name("open_lead")
@blueprint.route(LEAD + "/opened", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def open_lead(call: Call[Nothing, Nothing]) -> Response[None]:
    """Mark a lead as opened by this person, who has seen it elsewhere; again is harmless (Q6)."""
    await read_leads.open_lead(
        ports=call.app.ports, partner_id=call.partner_id, person=call.caller.person, lead_id=call.lead_id
    )
    return Response(None)


@blueprint.function_name("read_lead_history")
@blueprint.route(LEAD + "/history", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def read_lead_history(call: Call[Nothing, PageQuery]) -> Response[Page[EventView]]:
    """Read what happened to a lead, newest first (L8)."""
    below = call.after(SEQUENCE)
    events, following = await read_leads.read_history(
        ports=call.app.ports,
        partner_id=call.partner_id,
        lead_id=call.lead_id,
        below=int(below) if below else None,
        top=call.query.top,
        at=call.at,
    )
    mails = await read_leads.read_mails(
        ports=call.app.ports, partner_id=call.partner_id, lead_id=call.lead_id, events=events
    )
    lines = [event_view(event, mails.get(event.sequence, ())) for event in events]
    return call.page(lines, str(following) if following else None)


@blueprint.function_name("accept_lead")
@blueprint.route(LEAD + "/accept", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, refuses=REFUSED, takes=("If-Match",), headers=("ETag",))
async def accept_lead(call: Call[DealIn, Nothing]) -> Response[LeadView]:
    """Accept a lead with its deal; one's own repeat within two minutes is answered as the first was (L1, L7)."""
    return await _answer(call, LeadAction(Action.ACCEPT, deal=call.body.deal()))


@blueprint.function_name("edit_lead")
@blueprint.route(LEAD, methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(
    who=ADMIN,
    active=True,
    content_types=MERGE_PATCH,
    refuses=(*REFUSED, PreconditionRequired),
    takes=("If-Match",),
    headers=("ETag",),
)
async def edit_lead(call: Call[LeadPatch, Nothing]) -> Response[LeadView]:
    """Edit the deal of an accepted lead by a JSON merge patch; needs `If-Match` (L2).

    One's own repeat within two minutes, with the same `If-Match`, is answered as the first was (L7).
    """
    return await _answer(call, LeadAction(Action.EDIT, edits=call.body.deal.edits()))


@blueprint.function_name("decline_lead")
@blueprint.route(LEAD + "/decline", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, refuses=REFUSED, takes=("If-Match",), headers=("ETag",))
async def decline_lead(call: Call[DeclineIn, Nothing]) -> Response[LeadView]:
    """Decline a received lead with a reason; one's own repeat within two minutes is answered as the first (L3, L7)."""
    return await _answer(call, _with_reason(Action.DECLINE, call.body))


@blueprint.function_name("win_lead")
@blueprint.route(LEAD + "/win", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, refuses=REFUSED, takes=("If-Match",), headers=("ETag",))
async def win_lead(call: Call[WinIn, Nothing]) -> Response[LeadView]:
    """Archive an accepted lead as won, with what was won and when: the deal's value and now where it is not said (L4).

    One's own repeat within two minutes is answered as the first was (L7).
    """
    body = call.body
    answer = _with_reason(Action.WIN, body)
    if body.value:
        answer = replace(answer, amount=body.value.amount, currency=body.value.currency)
    return await _answer(call, replace(answer, closed_on=body.closed_date))


@blueprint.function_name("lose_lead")
@blueprint.route(LEAD + "/lose", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, refuses=REFUSED, takes=("If-Match",), headers=("ETag",))
async def lose_lead(call: Call[LoseIn, Nothing]) -> Response[LeadView]:
    """Archive an accepted lead as lost, with a reason (L4).

    One's own repeat within two minutes is answered as the first was (L7).
    """
    return await _answer(call, _with_reason(Action.LOSE, call.body))


@blueprint.function_name("close_lead_as_error")
@blueprint.route(LEAD + "/closeAsError", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, active=True, refuses=REFUSED, takes=("If-Match",), headers=("ETag",))
async def close_lead_as_error(call: Call[CloseAsErrorIn, Nothing]) -> Response[LeadView]:
    """Archive an accepted lead as an error, with a reason (L4).

    One's own repeat within two minutes is answered as the first was (L7).
    """
    return await _answer(call, _with_reason(Action.CLOSE_AS_ERROR, call.body))


@blueprint.function_name("log_activity")
@blueprint.route(LEAD + "/activities", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(201, 200), refuses=(Conflict,), takes=("Idempotency-Key",))
async def log_activity(call: Call[ActivityIn, Nothing]) -> Response[EventView]:
    """Log a contact attempt, in every status; the same `Idempotency-Key` again logs it once (L8)."""
    event, is_new = await answer_lead.log_contact_attempt(
        ports=call.app.ports,
        partner_id=call.partner_id,
        lead_id=call.lead_id,
        activity=call.body.activity(),
        by=call.caller.actor(),
        at=call.at,
        key=call.request.headers.get("idempotency-key", "").strip() or None,
    )
    return Response(event_view(event), 201 if is_new else 200)


@blueprint.function_name("add_favorite")
@blueprint.route(LEAD + "/favorite", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def add_favorite(call: Call[Nothing, Nothing]) -> Response[None]:
    """Mark a lead as a favorite of this person (Q2)."""
    return await _favorite(call, favorite=True)


@blueprint.function_name("remove_favorite")
@blueprint.route(LEAD + "/favorite", methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=USER, status=(204,))
async def remove_favorite(call: Call[Nothing, Nothing]) -> Response[None]:
    """Unmark a lead as a favorite of this person (Q2)."""
    return await _favorite(call, favorite=False)


def _look(call: Call[Nothing, Any]) -> lists.Look:
    return lists.Look(call.app.ports, call.partner_id, call.caller.person, call.query.wanted(), call.at)


def _with_reason(action: Action, body: AnswerIn) -> LeadAction:
    return LeadAction(action, reason=body.reason, notes=body.notes or None)


def _lead(call: Call[Any, Any], seen: read_leads.SeenLead) -> Response[LeadView]:
    return Response(lead_view(seen, call.caller, call.at, call.translate), headers={"ETag": etag(seen.lead)})


async def _answer(call: Call[Any, Nothing], answer: LeadAction) -> Response[LeadView]:
    seen = await answer_lead.answer_lead(
        ports=call.app.ports,
        partner_id=call.partner_id,
        lead_id=call.lead_id,
        answer=answer,
        by=call.caller.actor(),
        versions=call.versions(),
        at=call.at,
    )
    return _lead(call, seen)


async def _favorite(call: Call[Nothing, Nothing], *, favorite: bool) -> Response[None]:
    await favorites.set_favorite(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=call.caller.person,
        lead_id=call.lead_id,
        favorite=favorite,
    )
    return Response(None)
