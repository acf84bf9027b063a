"""Called by the operator: a person's data is erased everywhere (S4)."""

from urllib.parse import parse_qsl, urlsplit

import azure.functions as func

from shared import clock
from shared.domain.errors import NotFound, TooManyRequests
from shared.domain.permissions import Role
from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.erasure_shapes import (
    ErasureIn,
    ErasureListedView,
    ErasureQuery,
    ErasureView,
    erasure_listed_view,
    erasure_view,
)
from shared.ids import ERASURE_ID
from shared.ports.rules import Budget
from shared.usecases.upkeep import erase

blueprint = func.Blueprint()

OPERATOR = frozenset({Role.OPERATOR})
ANONYMOUS = func.AuthLevel.ANONYMOUS
BEGIN_SECONDS, PREVIEW_SECONDS = 5, 30
"""How long a request works on an erasure before the timer goes on, or looks at what one would find."""
POLL_SECONDS = "30"
"""How often to ask."""


@blueprint.function_name("start_erasure")
@blueprint.route("erasures", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(
    who=OPERATOR,
    status=(202, 200),
    headers=("Operation-Location", "Retry-After"),
    refuses=(TooManyRequests,),
)
async def start_erasure(call: Call[ErasureIn, ErasureQuery]) -> Response[ErasureView]:
    """Erase a person everywhere, or the customer of one lead; with `dryRun` only say what would go (S4)."""
    ports, by = call.app.ports, call.caller.actor()
    wanted = call.body.wanted(ports.phones)
    if call.query.dry_run or _names_dry_run(call.request.url):
        async with call.app.reading("", is_long=True):
            budget = Budget(clock.stopwatch(), seconds=PREVIEW_SECONDS)
            found = await erase.preview_erasure(ports=ports, wanted=wanted, by=by, at=call.at, budget=budget)
        return Response(erasure_view(found, dry=True), 200)
    budget = Budget(clock.stopwatch(), seconds=BEGIN_SECONDS)
    seen = await erase.ask_for_erasure(ports=ports, wanted=wanted, by=by, at=call.at, budget=budget)
    url = f"{call.app.settings.public_url}/erasures/{seen.erasure.id}"
    return Response(erasure_view(seen), headers={"Operation-Location": url, "Retry-After": POLL_SECONDS})


def _names_dry_run(url: str) -> bool:
    """True for a `?dryRun` without a value, which hosts leave out of a query: nobody means to erase by it."""
    return ("dryRun", "") in parse_qsl(urlsplit(url).query, keep_blank_values=True)


@blueprint.function_name("list_erasures")
@blueprint.route("erasures", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_erasures(call: Call[Nothing, PageQuery]) -> Response[Page[ErasureListedView]]:
    """List erasures, newest first; they are kept for good (S4)."""
    found, following = await erase.list_erasures(ports=call.app.ports, after=call.after(ERASURE_ID), top=call.query.top)
    return call.page([erasure_listed_view(one) for one in found], following)


@blueprint.function_name("read_erasure")
@blueprint.route("erasures/{erasureId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, headers=("Retry-After",))
async def read_erasure(call: Call[Nothing, Nothing]) -> Response[ErasureView]:
    """Read how far an erasure is, and what it found (S4)."""
    erasure_id = call.path("erasureId")
    if not ERASURE_ID.fullmatch(erasure_id):
        raise NotFound
    seen = await erase.read_erasure(ports=call.app.ports, erasure_id=erasure_id)
    return Response(erasure_view(seen), headers={} if seen.erasure.has_ended else {"Retry-After": POLL_SECONDS})
