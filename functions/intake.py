"""Called by marketplaces and web forms, which hold a URL and nothing else (I1–I5, S2)."""

import azure.functions as func

from shared import ids
from shared.domain.errors import AccessDenied, Conflict, PayloadTooLarge, TooManyRequests, Unauthenticated
from shared.domain.intake.payload import is_form
from shared.domain.messages import say
from shared.domain.programme.partner import LeadSource, SourceKind
from shared.http.calls import Call, Html, Response
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.shapes.form_answers import answer_visitor
from shared.http.shapes.lead_views import ReceivedView, received_view
from shared.http.shapes.queries import KeyQuery
from shared.http.submissions import SUBMISSIONS, read_submission
from shared.usecases.intake.receive_lead import open_door, wrong_key
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
)
async def receive_lead(call: Call[Nothing, KeyQuery]) -> Response[ReceivedView | Html | None]:
    """Receive a lead through a source; the same submission again answers with the first lead (V4)."""
    key = call.request.headers.get("x-source-key") or call.query.key or ""
    source = await _open(call, call.path("sourceId"), key)
    if source.kind not in (SourceKind.HTTPS, SourceKind.FORM):
        raise AccessDenied(say("A source of the kind %(kind)s takes no submissions.", kind=source.kind))
    call.app.limits.intake.take(source.id)
    submission = read_submission(call)
    receiving = receive(ports=call.app.ports, door=source.door(), submission=submission, at=call.at)
    if is_form(submission.content_type):
        return await answer_visitor(call, source, receiving)
    received = await receiving
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201)


async def _open(call: Call[Nothing, KeyQuery], source_id: str, key: str) -> LeadSource:
    """The source that the key opens; a key that was wrong a moment ago is refused without asking storage again."""
    tried = ids.digest(source_id, key)
    if call.app.limits.wrong_keys.recent(tried):
        raise wrong_key()
    try:
        return await open_door(ports=call.app.ports, source_id=source_id, key=key, at=call.at)
    except Unauthenticated:
        call.app.limits.wrong_keys.note(tried, answer=True)
        raise
