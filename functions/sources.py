"""Called by the operator: the doors that leads come through, a partner's and the programme's (S2, R1)."""

from dataclasses import replace

import azure.functions as func

from shared.domain.errors import Conflict, PreconditionFailed
from shared.domain.permissions import Role
from shared.domain.programme.partner import LeadSource
from shared.http.calls import IF_CHANGED, MERGE_PATCH, Call, Response
from shared.http.documents import DOCUMENT, given, store, tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.shapes.partner_requests import SourceIn, SourcePatch
from shared.http.shapes.programme_views import KeyedSourceView, SourceView, keyed_source_view, source_view
from shared.usecases.programme import manage_partner

blueprint = func.Blueprint()

OPERATOR = frozenset({Role.OPERATOR})
SOURCES = "partners/{partnerId}/sources"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("add_source")
@blueprint.route(SOURCES, methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201,), refuses=(Conflict,))
async def add_source(call: Call[SourceIn, Nothing]) -> Response[KeyedSourceView]:
    """Open a source; its key is shown this once (S2)."""
    return await _add_source(call, call.partner_id)


@blueprint.function_name("list_sources")
@blueprint.route(SOURCES, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, reads=True)
async def list_sources(call: Call[Nothing, Nothing]) -> Response[Page[SourceView]]:
    """List a partner's sources without their keys."""
    return await _list_sources(call, call.partner_id)


@blueprint.function_name("rotate_source")
@blueprint.route(SOURCES + "/{sourceId}/rotate", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def rotate_source(call: Call[Nothing, Nothing]) -> Response[KeyedSourceView]:
    """Give a source a new key; the old one works for a day more (S2)."""
    return await _rotate_source(call, call.partner_id)


@blueprint.function_name("delete_source")
@blueprint.route(SOURCES + "/{sourceId}", methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(204,))
async def delete_source(call: Call[Nothing, Nothing]) -> Response[None]:
    """Close a source; its keys stop working."""
    return await _delete_source(call, call.partner_id)


@blueprint.function_name("add_programme_source")
@blueprint.route("sources", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(201,), refuses=(Conflict,))
async def add_programme_source(call: Call[SourceIn, Nothing]) -> Response[KeyedSourceView]:
    """Open a source of the programme's own, whose leads are routed (R1); its key is shown this once."""
    return await _add_source(call, None)


@blueprint.function_name("list_programme_sources")
@blueprint.route("sources", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_programme_sources(call: Call[Nothing, Nothing]) -> Response[Page[SourceView]]:
    """List the programme's sources without their keys."""
    return await _list_sources(call, None)


@blueprint.function_name("rotate_programme_source")
@blueprint.route("sources/{sourceId}/rotate", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def rotate_programme_source(call: Call[Nothing, Nothing]) -> Response[KeyedSourceView]:
    """Give a source of the programme's a new key; the old one works for a day more (S2)."""
    return await _rotate_source(call, None)


@blueprint.function_name("delete_programme_source")
@blueprint.route("sources/{sourceId}", methods=["DELETE"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, status=(204,))
async def delete_programme_source(call: Call[Nothing, Nothing]) -> Response[None]:
    """Close a source of the programme's; its keys stop working."""
    return await _delete_source(call, None)


async def _add_source(call: Call[SourceIn, Nothing], partner_id: str | None) -> Response[KeyedSourceView]:
    keyed = await manage_partner.add_source(
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
    return Response(keyed_source_view(keyed, call.app.settings.public_url))


async def _list_sources(call: Call[Nothing, Nothing], partner_id: str | None) -> Response[Page[SourceView]]:
    sources = await call.app.ports.partners.sources(partner_id)
    return call.page([source_view(source) for source in sources], None)


async def _rotate_source(call: Call[Nothing, Nothing], partner_id: str | None) -> Response[KeyedSourceView]:
    keyed = await manage_partner.rotate_key(
        ports=call.app.ports, partner_id=partner_id, source_id=call.path("sourceId"), at=call.at
    )
    return Response(keyed_source_view(keyed, call.app.settings.public_url))


async def _delete_source(call: Call[Nothing, Nothing], partner_id: str | None) -> Response[None]:
    await manage_partner.delete_source(
        ports=call.app.ports, partner_id=partner_id, source_id=call.path("sourceId"), at=call.at
    )
    return Response(None)


@blueprint.function_name("read_source")
@blueprint.route(SOURCES + "/{sourceId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, reads=True, **IF_CHANGED)
async def read_source(call: Call[Nothing, Nothing]) -> Response[SourceView]:
    """Read one source without its keys."""
    return await _read_source(call, call.partner_id)


@blueprint.function_name("patch_source")
@blueprint.route(SOURCES + "/{sourceId}", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, content_types=MERGE_PATCH, refuses=(PreconditionFailed,), **DOCUMENT)
async def patch_source(call: Call[SourcePatch, Nothing]) -> Response[SourceView]:
    """Change what is named of a source, by a JSON merge patch; its keys go on working."""
    return await _patch_source(call, call.partner_id)


@blueprint.function_name("read_programme_source")
@blueprint.route("sources/{sourceId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, **IF_CHANGED)
async def read_programme_source(call: Call[Nothing, Nothing]) -> Response[SourceView]:
    """Read one source of the programme's without its keys."""
    return await _read_source(call, None)


@blueprint.function_name("patch_programme_source")
@blueprint.route("sources/{sourceId}", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, content_types=MERGE_PATCH, refuses=(PreconditionFailed,), **DOCUMENT)
async def patch_programme_source(call: Call[SourcePatch, Nothing]) -> Response[SourceView]:
    """Change what is named of a source of the programme's, by a JSON merge patch; its keys go on working."""
    return await _patch_source(call, None)


async def _read_source(call: Call[Nothing, Nothing], partner_id: str | None) -> Response[SourceView]:
    source = await manage_partner.read_source(
        ports=call.app.ports, partner_id=partner_id, source_id=call.path("sourceId"), at=call.at
    )
    return _source(source)


async def _patch_source(call: Call[SourcePatch, Nothing], partner_id: str | None) -> Response[SourceView]:
    ports, source_id = call.app.ports, call.path("sourceId")

    async def write(before: LeadSource) -> LeadSource:
        body: SourceIn = given(call, source_view(before))
        changed = replace(
            before,
            name=body.name,
            kind=body.kind,
            listing_source=body.listing_source,
            reveal=body.reveal_contact,
            table_name=body.table_name,
            redirect_url=body.redirect_url,
        )
        return await manage_partner.change_source(ports=ports, source=before, changed=changed)

    return _source(
        await store(
            call,
            read=lambda: manage_partner.read_source(
                ports=ports, partner_id=partner_id, source_id=source_id, at=call.at
            ),
            view=source_view,
            write=write,
        )
    )


def _source(source: LeadSource) -> Response[SourceView]:
    return tagged(source_view(source))
