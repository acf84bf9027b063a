"""Called by whoever looks for a partner: frontends with a token, sites and visitors with a directory's key (M1)."""

from typing import Any

import azure.functions as func

from shared import ids
from shared.domain.errors import AccessDenied, TooManyRequests, Unauthenticated
from shared.domain.messages import say
from shared.domain.programme.partner import LeadSource, SourceKind
from shared.http.calls import IF_CHANGED, Call, Html, Response
from shared.http.doors import opened
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.shapes.directory_views import FoundPartnerView, found_partner_view
from shared.http.shapes.queries import DirectoryPageQuery, DirectoryQuery
from shared.usecases.programme.find_partners import find_partners, read_directory

blueprint = func.Blueprint()
ANONYMOUS = func.AuthLevel.ANONYMOUS
READ = ["GET", "HEAD"]


@blueprint.function_name("search_directory")
@blueprint.route("directory", methods=READ, auth_level=ANONYMOUS)
@endpoint(
    signed_in=True,
    or_key=True,
    takes=("x-source-key", *IF_CHANGED["takes"]),
    headers=IF_CHANGED["headers"],
)
async def search_directory(call: Call[Nothing, DirectoryQuery]) -> Response[Page[FoundPartnerView]]:
    """Find partners for a customer, the best first, each with why it ranks there.

    Whoever has none of the words is left out, and whoever takes no customers of this size; country, languages and
    competencies only rank. Takes a token of anybody's who may sign in, or the key of a source of the kind `directory`.
    """
    if not call.caller.tenant:
        await _opened(call)
    found = await find_partners(ports=call.app.ports, wanted=call.query.wanted(), top=call.query.top, at=call.at)
    return call.page([found_partner_view(one, call.translate) for one in found], None)


@blueprint.function_name("show_directory")
@blueprint.route("directory/page", methods=READ, auth_level=ANONYMOUS)
@endpoint(takes=("x-source-key",), refuses=(Unauthenticated, AccessDenied, TooManyRequests), framed=True)
async def show_directory(call: Call[Nothing, DirectoryPageQuery]) -> Response[Html]:
    """Show the directory as a page for visitors, to be opened or embedded in a frame; it holds no script.

    Each partner that is found has a form that posts an inquiry to the same source.
    """
    from shared.pages import directory  # noqa: PLC0415 - nobody else's cold start waits for templates

    source = await _opened(call)
    ports, wanted = call.app.ports, call.query.wanted()
    found = await find_partners(ports=ports, wanted=wanted, top=call.query.top, at=call.at)
    known = await read_directory(ports=ports, at=call.at)
    html = directory.page(
        call.language, key=call.key, source=source, wanted=wanted, top=call.query.top, found=found, directory=known
    )
    return Response(Html(html), sends_to=directory.sites(source))


async def _opened(call: Call[Any, Any]) -> LeadSource:
    """The directory that the call's key opens, which names its source."""
    source = await opened(call, ids.source_of_key(call.key))
    if source.kind is not SourceKind.DIRECTORY:
        raise AccessDenied(say("Only the key of a source of the kind directory opens the directory."))
    # Searches have a bucket of their own: nobody's inquiry waits for them.
    call.app.limits.intake.take(f"directory|{source.id}")
    return source
