"""Called by frontends before anything else: who has signed in."""

import azure.functions as func

from shared.http.calls import Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.frontend_views import MeView, me_view

blueprint = func.Blueprint()
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("me")
@blueprint.route("me", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(signed_in=True)
async def me(call: Call[Nothing, Nothing]) -> Response[MeView]:
    """Say who has signed in, with which roles and for which partner (S1)."""
    partner_id = call.caller.partner_id
    partner = await call.app.ports.partners.known(partner_id, call.at) if partner_id else None
    return Response(me_view(call.caller, partner, call.language, call.at))
