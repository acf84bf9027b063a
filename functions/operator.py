"""Called by the operator: partners and block lists (S1–S6)."""

from typing import Any

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict, Detail, InvalidRequest, PreconditionFailed, SortTooLarge
from shared.domain.messages import say
from shared.domain.permissions import Role
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.placement import Placement
from shared.http.calls import IF_CHANGED, MERGE_PATCH, Call, Response
from shared.http.documents import DOCUMENT, given, store, tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.shapes.partner_requests import ContactListsIn, ContactListsPatch, PartnerIn, PartnerPatch
from shared.http.shapes.performance_views import ListedPartnerView, listed_partner_view
from shared.http.shapes.programme_views import (
    ContactListsView,
    PartnerView,
    contact_lists_view,
    partner_view,
)
from shared.http.shapes.queries import PartnersQuery
from shared.usecases.outcomes.list_partners import list_partners as list_of_partners
from shared.usecases.programme import contact_lists, manage_partner

blueprint = func.Blueprint()

OPERATOR = frozenset({Role.OPERATOR})
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("put_partner")
@blueprint.route("partners/{partnerId}", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(200, 201), refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def put_partner(call: Call[PartnerIn, Nothing]) -> Response[PartnerView]:
    """Register a partner or replace its registration; a `state` or `dataAccount` that is not named stays."""
    return await _store_partner(call)


@blueprint.function_name("patch_partner")
@blueprint.route("partners/{partnerId}", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, content_types=MERGE_PATCH, refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def patch_partner(call: Call[PartnerPatch, Nothing]) -> Response[PartnerView]:
    """Change what is named of a partner's registration, by a JSON merge patch."""
    return await _store_partner(call)


async def _store_partner(call: Call[Any, Nothing]) -> Response[PartnerView]:
    partner_id = call.path("partnerId")
    if not ids.PARTNER_ID.fullmatch(partner_id):
        message = say("A partner id is 1 to 64 of the characters a-z, 0-9 and -.")
        raise InvalidRequest(message, details=[Detail("invalidValue", message, "partnerId")])

    operators = call.app.settings.operator_tenant.lower()

    def view(before: Partner | None) -> PartnerView | None:
        return partner_view(before) if before else None

    async def write(before: Partner | None) -> tuple[Partner, bool]:
        body: PartnerIn = given(call, view(before))
        if operators and operators in body.tenant_ids:
            message = say("The operator's own tenant cannot be a partner's.")
            raise InvalidRequest(details=[Detail("notAllowed", message, "tenantIds")])
        partner = Partner(
            id=partner_id,
            name=body.name,
            tenant_ids=tuple(body.tenant_ids),
            created_at=call.at,
            updated_at=call.at,
            time_zone=body.time_zone,
            state=body.state or (before.state if before else PartnerState.ACTIVE),
            operator_contact=body.operator_contact,
            competencies=tuple(body.competencies),
            endorsements=tuple(body.endorsements),
            publisher_ids=tuple(body.publisher_ids),
            placement=Placement(body.data_account or (before.placement.account if before else None)),
        )
        stored = await manage_partner.put_partner(ports=call.app.ports, partner=partner, before=before, at=call.at)
        return stored, before is None

    stored, is_new = await store(call, read=lambda: call.app.ports.partners.get(partner_id), view=view, write=write)
    return _partner(stored, 201 if is_new else 200)


def _partner(partner: Partner, status: int = 200) -> Response[PartnerView]:
    return tagged(partner_view(partner), status)


@blueprint.function_name("get_partner")
@blueprint.route("partners/{partnerId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, **IF_CHANGED)
async def get_partner(call: Call[Nothing, Nothing]) -> Response[PartnerView]:
    """Read a partner's registration."""
    return _partner(await manage_partner.get_partner(ports=call.app.ports, partner_id=call.partner_id))


@blueprint.function_name("list_partners")
@blueprint.route("partners", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, refuses=(SortTooLarge,), **IF_CHANGED)
async def list_partners(call: Call[Nothing, PartnersQuery]) -> Response[Page[ListedPartnerView]]:
    """List partners, by id unless `orderBy` says otherwise; with `include=performance` how they do, too (M2)."""
    wanted, rules = call.query.wanted(), call.app.ports.rules
    async with call.app.reading(call.caller.tenant, is_long=wanted.reads_many) as budget:
        partners, following = await list_of_partners(
            ports=call.app.ports,
            wanted=wanted,
            after=call.after(wanted.cursors),
            top=call.query.top,
            at=call.at,
            budget=budget,
        )
    targets = rules.targets if wanted.performance else None
    return call.page([listed_partner_view(seen, targets) for seen in partners], following)


@blueprint.function_name("get_contact_lists")
@blueprint.route("contactLists", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, **IF_CHANGED)
async def get_contact_lists(call: Call[Nothing, Nothing]) -> Response[ContactListsView]:
    """Read the block and allow lists (V1)."""
    return _lists(await contact_lists.read_contact_lists(ports=call.app.ports))


@blueprint.function_name("put_contact_lists")
@blueprint.route("contactLists", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, refuses=(PreconditionFailed,), **DOCUMENT)
async def put_contact_lists(call: Call[ContactListsIn, Nothing]) -> Response[ContactListsView]:
    """Replace the block and allow lists (V1)."""
    return await _store_lists(call)


@blueprint.function_name("patch_contact_lists")
@blueprint.route("contactLists", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, content_types=MERGE_PATCH, refuses=(PreconditionFailed,), **DOCUMENT)
async def patch_contact_lists(call: Call[ContactListsPatch, Nothing]) -> Response[ContactListsView]:
    """Replace the block and allow lists that are named, by a JSON merge patch (V1)."""
    return await _store_lists(call)


async def _store_lists(call: Call[Any, Nothing]) -> Response[ContactListsView]:
    ports = call.app.ports

    async def write(before: ContactLists) -> ContactLists:
        body: ContactListsIn = given(call, contact_lists_view(before))
        lists = body.lists()
        await contact_lists.put_contact_lists(ports=ports, lists=lists, before=before)
        return lists

    return _lists(
        await store(
            call, read=lambda: contact_lists.read_contact_lists(ports=ports), view=contact_lists_view, write=write
        )
    )


def _lists(lists: ContactLists) -> Response[ContactListsView]:
    return tagged(contact_lists_view(lists))
