"""Called by frontends before anything else: who has signed in, and what codes are called."""

import azure.functions as func

from shared.http.calls import IF_CHANGED, Call, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.frontend_views import MeView, VocabularyView, me_view, vocabulary_view
from shared.usecases.programme.people import notice_person

blueprint = func.Blueprint()
ANONYMOUS = func.AuthLevel.ANONYMOUS
FOR_AN_HOUR = "public, max-age=3600"
"""Nothing personal is in it, and it changes with a deployment only."""


@blueprint.function_name("me")
@blueprint.route("me", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(signed_in=True)
async def me(call: Call[Nothing, Nothing]) -> Response[MeView]:
    """Say who has signed in, with which roles and for which partner (S1)."""
    partner_id = call.caller.partner_id
    partner = await call.app.ports.partners.known(partner_id, call.at) if partner_id else None
    await notice_person(ports=call.app.ports, caller=call.caller, language=call.language, at=call.at)
    return Response(me_view(call.caller, partner, call.language, call.at))


@blueprint.function_name("vocabulary")
@blueprint.route("vocabulary", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(**IF_CHANGED)
async def vocabulary(call: Call[Nothing, Nothing]) -> Response[VocabularyView]:
    """Say what each code is called in the reader's language (N4)."""
    return Response(vocabulary_view(call.language), headers={"Cache-Control": FOR_AN_HOUR})
