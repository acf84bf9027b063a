"""Called by the operator: partners, sources, deliveries that wait, and block lists (SPEC 9)."""

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict, Detail, InvalidRequest
from shared.domain.held import HeldState
from shared.domain.messages import say
from shared.domain.partner import Partner
from shared.domain.permissions import Role
from shared.http.calls import Answer, Call
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.held_requests import AssignIn, ReplayIn
from shared.http.lead_views import ReceivedView, received_view
from shared.http.pages import Page
from shared.http.partner_requests import ContactListsIn, PartnerIn, SourceIn
from shared.http.programme_views import (
    ContactListsView,
    HeldView,
    KeyedSourceView,
    PartnerView,
    SourceView,
    contact_lists_view,
    held_view,
    keyed_source_view,
    partner_view,
    source_view,
)
from shared.http.queries import PageQuery
from shared.usecases import contact_lists as listing
from shared.usecases import manage_partner as managing
from shared.usecases import parked_input as holding

blueprint = func.Blueprint()

OPERATOR = frozenset({Role.OPERATOR})
SOURCES = "partners/{partnerId}/sources"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("put_partner")
@blueprint.route("partners/{partnerId}", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(200, 201), refuses=(Conflict,))
async def put_partner(call: Call[PartnerIn, Nothing]) -> Answer[PartnerView]:
    """Register a partner or replace its registration."""
    partner_id, given = call.path("partnerId"), call.body
    if not ids.PARTNER_ID.fullmatch(partner_id):
        message = say("A partner id is 1 to 64 of the characters a-z, 0-9 and -.")
        raise InvalidRequest(message, details=[Detail("invalidValue", message, "partnerId")])
    partner = Partner(
        id=partner_id,
        name=given.name,
        tenant_ids=tuple(given.tenant_ids),
        created_at=call.at,
        updated_at=call.at,
        time_zone=given.time_zone,
        state=given.state,
        operator_contact=given.operator_contact,
        competencies=tuple(given.competencies),
        endorsements=tuple(given.endorsements),
    )
    stored, is_new = await managing.put_partner(ports=call.app.ports, partner=partner)
    return Answer(partner_view(stored), 201 if is_new else 200)


@blueprint.function_name("get_partner")
@blueprint.route("partners/{partnerId}", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def get_partner(call: Call[Nothing, Nothing]) -> Answer[PartnerView]:
    """Read a partner's registration."""
    return Answer(partner_view(await managing.get_partner(ports=call.app.ports, partner_id=call.partner_id)))


@blueprint.function_name("list_partners")
@blueprint.route("partners", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_partners(call: Call[Nothing, PageQuery]) -> Answer[Page[PartnerView]]:
    """List partners by id."""
    partners, following = await call.app.ports.partners.partners(call.after(ids.PARTNER_ID), call.query.top)
    return call.page([partner_view(one) for one in partners], following)


@blueprint.function_name("add_source")
@blueprint.route(SOURCES, methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201,), refuses=(Conflict,))
async def add_source(call: Call[SourceIn, Nothing]) -> Answer[KeyedSourceView]:
    """Open a source; its key is shown this once (S2)."""
    return await _add_source(call, call.partner_id)


@blueprint.function_name("list_sources")
@blueprint.route(SOURCES, methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, reads=True)
async def list_sources(call: Call[Nothing, Nothing]) -> Answer[Page[SourceView]]:
    """List a partner's sources without their keys."""
    return await _list_sources(call, call.partner_id)


@blueprint.function_name("rotate_source")
@blueprint.route(SOURCES + "/{sourceId}/rotate", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def rotate_source(call: Call[Nothing, Nothing]) -> Answer[KeyedSourceView]:
    """Give a source a new key; the old one works for a day more (S2)."""
    return await _rotate_source(call, call.partner_id)


@blueprint.function_name("delete_source")
@blueprint.route(SOURCES + "/{sourceId}", methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(204,))
async def delete_source(call: Call[Nothing, Nothing]) -> Answer[None]:
    """Close a source; its keys stop working."""
    return await _delete_source(call, call.partner_id)


@blueprint.function_name("add_programme_source")
@blueprint.route("sources", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201,), refuses=(Conflict,))
async def add_programme_source(call: Call[SourceIn, Nothing]) -> Answer[KeyedSourceView]:
    """Open a source of the programme's own, whose leads are routed (R1); its key is shown this once."""
    return await _add_source(call, None)


@blueprint.function_name("list_programme_sources")
@blueprint.route("sources", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_programme_sources(call: Call[Nothing, Nothing]) -> Answer[Page[SourceView]]:
    """List the programme's sources without their keys."""
    return await _list_sources(call, None)


@blueprint.function_name("rotate_programme_source")
@blueprint.route("sources/{sourceId}/rotate", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def rotate_programme_source(call: Call[Nothing, Nothing]) -> Answer[KeyedSourceView]:
    """Give a source of the programme's a new key; the old one works for a day more (S2)."""
    return await _rotate_source(call, None)


@blueprint.function_name("delete_programme_source")
@blueprint.route("sources/{sourceId}", methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(204,))
async def delete_programme_source(call: Call[Nothing, Nothing]) -> Answer[None]:
    """Close a source of the programme's; its keys stop working."""
    return await _delete_source(call, None)


async def _add_source(call: Call[SourceIn, Nothing], partner_id: str | None) -> Answer[KeyedSourceView]:
    keyed = await managing.add_source(
        ports=call.app.ports,
        partner_id=partner_id,
        name=call.body.name,
        kind=call.body.kind,
        listing_source=call.body.listing_source,
        reveal=call.body.reveal_contact,
        table_name=call.body.table_name,
        redirect_url=call.body.redirect_url,
        at=call.at,
    )
    return Answer(keyed_source_view(keyed, call.app.settings.public_url))


async def _list_sources(call: Call[Nothing, Nothing], partner_id: str | None) -> Answer[Page[SourceView]]:
    sources = await call.app.ports.partners.sources(partner_id)
    return call.page([source_view(one) for one in sources], None)


async def _rotate_source(call: Call[Nothing, Nothing], partner_id: str | None) -> Answer[KeyedSourceView]:
    keyed = await managing.rotate_key(
        ports=call.app.ports, partner_id=partner_id, source_id=call.path("sourceId"), at=call.at
    )
    return Answer(keyed_source_view(keyed, call.app.settings.public_url))


async def _delete_source(call: Call[Nothing, Nothing], partner_id: str | None) -> Answer[None]:
    await managing.delete_source(
        ports=call.app.ports, partner_id=partner_id, source_id=call.path("sourceId"), at=call.at
    )
    return Answer(None)


@blueprint.function_name("list_parked")
@blueprint.route("parked", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_parked(call: Call[Nothing, PageQuery]) -> Answer[Page[HeldView]]:
    """List deliveries that could not become leads, newest first (I5)."""
    return await _list_held(call, HeldState.PARKED)


@blueprint.function_name("read_parked")
@blueprint.route("parked/{heldId}", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def read_parked(call: Call[Nothing, Nothing]) -> Answer[HeldView]:
    """Read one of them with its whole body."""
    return await _read_held(call, HeldState.PARKED)


@blueprint.function_name("replay_parked")
@blueprint.route("parked/{heldId}/replay", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201, 200), refuses=(Conflict,))
async def replay_parked(call: Call[ReplayIn, Nothing]) -> Answer[ReceivedView]:
    """Deliver it again, as it was or with a corrected body; done again, it answers with the same lead (I5)."""
    received = await holding.replay(ports=call.app.ports, held_id=call.path("heldId"), body=call.body.body, at=call.at)
    return Answer(received_view(received, call.translate), 200 if received.duplicate else 201)


@blueprint.function_name("list_unassigned")
@blueprint.route("unassigned", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_unassigned(call: Call[Nothing, PageQuery]) -> Answer[Page[HeldView]]:
    """List deliveries that have no partner, newest first (R1, R2)."""
    return await _list_held(call, HeldState.UNASSIGNED)


@blueprint.function_name("read_unassigned")
@blueprint.route("unassigned/{heldId}", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def read_unassigned(call: Call[Nothing, Nothing]) -> Answer[HeldView]:
    """Read one of them with its whole body."""
    return await _read_held(call, HeldState.UNASSIGNED)


@blueprint.function_name("assign_unassigned")
@blueprint.route("unassigned/{heldId}/assign", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201, 200), refuses=(Conflict,))
async def assign_unassigned(call: Call[AssignIn, Nothing]) -> Answer[ReceivedView]:
    """Give it to a partner; its deadlines start now (R1)."""
    received = await holding.assign(
        ports=call.app.ports, held_id=call.path("heldId"), partner_id=call.body.partner_id, at=call.at
    )
    return Answer(received_view(received, call.translate), 200 if received.duplicate else 201)


async def _list_held(call: Call[Nothing, PageQuery], state: HeldState) -> Answer[Page[HeldView]]:
    page = await holding.list_held(
        ports=call.app.ports, state=state, after=call.after(ids.HELD_PLACE), top=call.query.top
    )
    return call.page([held_view(one) for one in page.held], page.next)


async def _read_held(call: Call[Nothing, Nothing], state: HeldState) -> Answer[HeldView]:
    held = await holding.read_held(ports=call.app.ports, held_id=call.path("heldId"), state=state)
    return Answer(held_view(held, whole=True))


@blueprint.function_name("get_contact_lists")
@blueprint.route("contactLists", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def get_contact_lists(call: Call[Nothing, Nothing]) -> Answer[ContactListsView]:
    """Read the block and allow lists (V1)."""
    return Answer(contact_lists_view(await listing.read_contact_lists(ports=call.app.ports, at=call.at)))


@blueprint.function_name("put_contact_lists")
@blueprint.route("contactLists", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def put_contact_lists(call: Call[ContactListsIn, Nothing]) -> Answer[ContactListsView]:
    """Replace the block and allow lists (V1)."""
    lists = call.body.lists()
    await listing.put_contact_lists(ports=call.app.ports, lists=lists)
    return Answer(contact_lists_view(lists))
