"""Called by marketplaces and web forms, which hold a URL and nothing else (I1–I5, S2)."""

import azure.functions as func

from shared.domain.errors import AccessDenied, Conflict, PayloadTooLarge, TooManyRequests, Unauthenticated
from shared.domain.intake.payload import is_form
from shared.domain.messages import say
from shared.domain.programme.partner import SourceKind
from shared.http.calls import Call, Html, Response
from shared.http.doors import opened
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.form_answers import answer_visitor
from shared.http.shapes.lead_views import ReceivedView, received_view
from shared.http.shapes.queries import KeyQuery
from shared.http.submissions import SUBMISSIONS, read_submission
from shared.usecases.intake.receive_lead import receive_lead as receive

blueprint = func.Blueprint()


@blueprint.function_name("receive_lead")
@blueprint.route("intake/{sourceId}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(
    status=(201, 200, 303),
    takes=("Idempotency-Key", "x-source-key"),
    headers=("Location",),
    content_types=SUBMISSIONS,
    refuses=(Unauthenticated, AccessDenied, Conflict, TooManyRequests, PayloadTooLarge),
    framed=True,
)
async def receive_lead(call: Call[Nothing, KeyQuery]) -> Response[ReceivedView | Html | None]:
    """Receive a lead through a source; the same submission again answers with the first lead (V4)."""
    source = await opened(call, call.path("sourceId"))
    if source.kind is SourceKind.MARKETPLACE_TABLE:
        raise AccessDenied(say("A source of the kind %(kind)s takes no submissions.", kind=source.kind))
    call.app.limits.intake.take(source.id)
    submission = read_submission(call)
    receiving = receive(ports=call.app.ports, door=source.door(), submission=submission, at=call.at)
    if is_form(submission.content_type):
        return await answer_visitor(call, source, receiving)
    received = await receiving
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201)
