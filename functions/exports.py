"""Called by partners' frontends and CRMs: exports of leads to a file (X1–X5)."""

from dataclasses import replace
from typing import Any

import azure.functions as func

from shared import clock
from shared.domain.errors import Conflict, NotFound, SortTooLarge, TooManyRequests
from shared.domain.permissions import Role
from shared.http import since_tokens
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.export_views import ExportView, export_view
from shared.http.shapes.queries import ExportIn
from shared.ids import EXPORT_ID
from shared.ports.rules import Budget
from shared.usecases.exports import export_leads

blueprint = func.Blueprint()

ADMIN = frozenset({Role.LEADS_ADMIN})
EXPORTS = "partners/{partnerId}/exports"
EXPORT = EXPORTS + "/{exportId}"
ANONYMOUS = func.AuthLevel.ANONYMOUS
POLL_SECONDS = "5"
"""How often to ask."""


@blueprint.function_name("start_export")
@blueprint.route(EXPORTS, methods=["POST"], auth_level=ANONYMOUS)
@endpoint(
    who=ADMIN,
    status=(202,),
    takes=("Accept-Language",),
    headers=("Operation-Location", "Retry-After"),
    refuses=(SortTooLarge, TooManyRequests),
)
async def start_export(call: Call[ExportIn, Nothing]) -> Response[ExportView]:
    """Export leads to a file (X1); small exports are done when this answers."""
    wanted, person = call.body.filter.wanted(), call.caller.person
    since = since_tokens.read(call.body.since, call.partner_id, wanted, person) if call.body.since else None
    seen = await export_leads.start_export(
        ports=call.app.ports,
        partner_id=call.partner_id,
        person=person,
        wanted=wanted,
        order=call.body.order_by,
        layout=call.body.layout(call.translate),
        since=since,
        at=call.at,
        budget=Budget(clock.stopwatch(), seconds=call.app.ports.rules.export.request_seconds),
    )
    url = f"{call.app.settings.public_url}/partners/{call.partner_id}/exports/{seen.export.id}"
    answer = _progress(call, seen)
    return replace(answer, headers={"Operation-Location": url, **answer.headers})


@blueprint.function_name("list_exports")
@blueprint.route(EXPORTS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True)
async def list_exports(call: Call[Nothing, PageQuery]) -> Response[Page[ExportView]]:
    """List the exports that are kept, newest first."""
    exports, following = await export_leads.list_exports(
        ports=call.app.ports, partner_id=call.partner_id, after=call.after(EXPORT_ID), top=call.query.top, at=call.at
    )
    return call.page([export_view(seen, call.translate) for seen in exports], following)


@blueprint.function_name("read_export")
@blueprint.route(EXPORT, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, reads=True, headers=("Retry-After",))
async def read_export(call: Call[Nothing, Nothing]) -> Response[ExportView]:
    """Read how far an export is, with a link once it has succeeded."""
    seen = await export_leads.read_export(
        ports=call.app.ports, partner_id=call.partner_id, export_id=_export_id(call), at=call.at
    )
    return _progress(call, seen)


@blueprint.function_name("cancel_export")
@blueprint.route(EXPORT + "/cancel", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, refuses=(Conflict,))
async def cancel_export(call: Call[Nothing, Nothing]) -> Response[ExportView]:
    """Cancel an export that has not ended."""
    seen = await export_leads.cancel_export(
        ports=call.app.ports, partner_id=call.partner_id, export_id=_export_id(call), at=call.at
    )
    return Response(export_view(seen, call.translate))


@blueprint.function_name("link_export")
@blueprint.route(EXPORT + "/link", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=ADMIN, refuses=(Conflict,))
async def link_export(call: Call[Nothing, Nothing]) -> Response[ExportView]:
    """Get a new link to an export's file."""
    seen = await export_leads.link_export(
        ports=call.app.ports, partner_id=call.partner_id, export_id=_export_id(call), at=call.at
    )
    return Response(export_view(seen, call.translate))


def _progress(call: Call[Any, Any], seen: export_leads.SeenExport) -> Response[ExportView]:
    headers = {} if seen.export.has_ended else {"Retry-After": POLL_SECONDS}
    return Response(export_view(seen, call.translate), headers=headers)


def _export_id(call: Call[Nothing, Nothing]) -> str:
    export_id = call.path("exportId")
    if not EXPORT_ID.fullmatch(export_id):
        raise NotFound
    return export_id
