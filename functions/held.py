"""Called by the operator: submissions that wait, because they cannot be read or have no partner (I5, R1)."""

from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict
from shared.domain.intake.held import HeldState
from shared.domain.permissions import Role
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.held_requests import AssignIn, AssignManyIn, HeldIdsIn, ParkedQuery, ReplayIn, UnassignedQuery
from shared.http.shapes.lead_views import ReceivedView, received_view
from shared.http.shapes.programme_views import (
    DoneManyView,
    HeldPageView,
    HeldView,
    done_view,
    held_counts_view,
    held_view,
)
from shared.ports.intake import Only
from shared.usecases.intake import parked_input
from shared.usecases.intake.receive_lead import Received

blueprint = func.Blueprint()

OPERATOR = frozenset({Role.OPERATOR})
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("list_parked")
@blueprint.route("parked", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_parked(call: Call[Nothing, ParkedQuery]) -> Response[HeldPageView]:
    """List submissions that could not become leads, newest first; the first page counts all of them (I5)."""
    return await _list_held(call, HeldState(call.query.state))


@blueprint.function_name("read_parked")
@blueprint.route("parked/{heldId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def read_parked(call: Call[Nothing, Nothing]) -> Response[HeldView]:
    """Read a parked submission with its whole body."""
    return await _read_held(call, HeldState.PARKED)


@blueprint.function_name("replay_parked")
@blueprint.route("parked/{heldId}/replay", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201, 200), refuses=(Conflict,))
async def replay_parked(call: Call[ReplayIn, Nothing]) -> Response[ReceivedView]:
    """Submit a parked submission again, as it was or corrected; done again, it answers with the same lead (I5)."""
    received = await parked_input.replay(
        ports=call.app.ports, held_id=call.path("heldId"), body=call.body.body, at=call.at
    )
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201)


@blueprint.function_name("dismiss_parked")
@blueprint.route("parked/{heldId}/dismiss", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(204,), refuses=(Conflict,))
async def dismiss_parked(call: Call[Nothing, Nothing]) -> Response[None]:
    """Dismiss a parked submission: it leaves the list, and can be brought back by a replay for thirty days."""
    await parked_input.dismiss(ports=call.app.ports, held_id=call.path("heldId"), at=call.at)
    return Response(None)


@blueprint.function_name("replay_many_parked")
@blueprint.route("parked/replay", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def replay_many_parked(call: Call[HeldIdsIn, Nothing]) -> Response[DoneManyView]:
    """Submit up to a hundred parked submissions again, with a result for each (I5)."""

    async def act(held_id: str) -> Received:
        return await parked_input.replay(ports=call.app.ports, held_id=held_id, body=None, at=call.at)

    return await _each(call, act)


@blueprint.function_name("dismiss_many_parked")
@blueprint.route("parked/dismiss", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def dismiss_many_parked(call: Call[HeldIdsIn, Nothing]) -> Response[DoneManyView]:
    """Dismiss up to a hundred parked submissions, with a result for each."""

    async def act(held_id: str) -> None:
        await parked_input.dismiss(ports=call.app.ports, held_id=held_id, at=call.at)

    return await _each(call, act)


@blueprint.function_name("assign_many_unassigned")
@blueprint.route("unassigned/assign", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def assign_many_unassigned(call: Call[AssignManyIn, Nothing]) -> Response[DoneManyView]:
    """Give up to a hundred waiting submissions to a partner, with a result for each (R1)."""

    async def act(held_id: str) -> Received:
        partner_id = call.body.partner_id
        return await parked_input.assign(ports=call.app.ports, held_id=held_id, partner_id=partner_id, at=call.at)

    return await _each(call, act)


async def _each(call: Call[Any, Nothing], act: Callable[[str], Awaitable[Received | None]]) -> Response[DoneManyView]:
    done = await parked_input.each(call.body.ids, act)
    return Response({"value": [done_view(result, call.translate) for result in done]})


@blueprint.function_name("list_unassigned")
@blueprint.route("unassigned", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_unassigned(call: Call[Nothing, UnassignedQuery]) -> Response[HeldPageView]:
    """List submissions that have no partner, newest first; the first page counts all of them (R1, R2)."""
    return await _list_held(call, HeldState.UNASSIGNED)


@blueprint.function_name("read_unassigned")
@blueprint.route("unassigned/{heldId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def read_unassigned(call: Call[Nothing, Nothing]) -> Response[HeldView]:
    """Read a submission that waits for its partner, with its whole body."""
    return await _read_held(call, HeldState.UNASSIGNED)


@blueprint.function_name("assign_unassigned")
@blueprint.route("unassigned/{heldId}/assign", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201, 200), refuses=(Conflict,))
async def assign_unassigned(call: Call[AssignIn, Nothing]) -> Response[ReceivedView]:
    """Give a waiting submission to a partner; its deadlines start now (R1)."""
    received = await parked_input.assign(
        ports=call.app.ports, held_id=call.path("heldId"), partner_id=call.body.partner_id, at=call.at
    )
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201)


async def _list_held(call: Call[Nothing, Any], state: HeldState) -> Response[HeldPageView]:
    only = Only(call.query.reason, call.query.partner_id)
    page = await parked_input.list_held(
        ports=call.app.ports, state=state, after=call.after(ids.HELD_CURSOR), top=call.query.top, only=only
    )
    view: HeldPageView = {"value": [held_view(held) for held in page.held]}
    if link := call.page(view["value"], page.next).view.get("nextLink"):
        view["nextLink"] = link
    if page.counts is not None:
        view["counts"] = held_counts_view(page.counts)
    return Response(view)


async def _read_held(call: Call[Nothing, Nothing], state: HeldState) -> Response[HeldView]:
    held = await parked_input.read_held(ports=call.app.ports, held_id=call.path("heldId"), state=state)
    return Response(held_view(held, whole=True))
