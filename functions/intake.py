"""Called by marketplaces and web forms, which hold a URL and nothing else (SPEC 10, S2)."""

import azure.functions as func

from shared.domain.errors import AccessDenied, Conflict, PayloadTooLarge, TooManyRequests, Unauthenticated
from shared.domain.messages import say
from shared.domain.partner import SourceKind
from shared.domain.payload import is_form
from shared.http.calls import Answer, Call, Html
from shared.http.deliveries import DELIVERIES, read_delivery
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.lead_views import ReceivedView, received_view
from shared.http.queries import KeyQuery
from shared.http.visitors import answer_visitor
from shared.usecases.receive_lead import open_door
from shared.usecases.receive_lead import receive_lead as receive

blueprint = func.Blueprint()


@blueprint.function_name("receive_lead")
@blueprint.route("intake/{sourceId}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(
    status=(201, 200, 303),
    takes=("Idempotency-Key", "x-source-key"),
    headers=("Location",),
    content_types=DELIVERIES,
    refuses=(Unauthenticated, AccessDenied, Conflict, TooManyRequests, PayloadTooLarge),
)
async def receive_lead(call: Call[Nothing, KeyQuery]) -> Answer[ReceivedView | Html | None]:
    """Receive a lead through a source; the same delivery again answers with the first lead (V4)."""
    key = call.request.headers.get("x-source-key") or call.query.key or ""
    source = await open_door(ports=call.app.ports, source_id=call.path("sourceId"), key=key, at=call.at)
    if source.kind not in (SourceKind.HTTPS, SourceKind.FORM):
        raise AccessDenied(say("A source of the kind %(kind)s takes no deliveries.", kind=source.kind))
    call.app.intake.take(source.id)
    delivered = read_delivery(call)
    receiving = receive(ports=call.app.ports, door=source.door(), delivered=delivered, at=call.at)
    if is_form(delivered.content_type):
        return await answer_visitor(call, source, receiving)
    received = await receiving
    return Answer(received_view(received, call.translate), 200 if received.duplicate else 201)
