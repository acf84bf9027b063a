"""Called by marketplaces, which hold a URL and nothing else (SPEC 10, S2)."""

import azure.functions as func

from shared.domain.errors import Detail, InvalidRequest, UnsupportedMediaType
from shared.http.endpoint import Answer, Call, endpoint, media_type, read_body, read_json
from shared.http.queries import KeyQuery
from shared.http.requests import Nothing
from shared.http.views import received_view
from shared.usecases.receive_lead import open_door
from shared.usecases.receive_lead import receive_lead as receive

blueprint = func.Blueprint()

# Marketplaces are sloppy about the type of a JSON body; a form is another format.
READABLE = ("application/json", "text/json", "text/plain", "application/octet-stream", "")


@blueprint.function_name("receive_lead")
@blueprint.route("intake/{sourceId}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@endpoint(query=KeyQuery)
async def receive_lead(call: Call[Nothing, KeyQuery]) -> Answer:
    """Receive a lead through a source; the same delivery again answers with the first lead (V4)."""
    key = call.request.headers.get("x-source-key") or call.query.key or ""
    source = await open_door(ports=call.app.ports, source_id=call.path("sourceId"), key=key, at=call.at)
    body = read_body(call.request, call.app.settings.body_max_bytes)
    kind = media_type(call.request)
    if kind not in READABLE and not kind.endswith("+json"):
        raise UnsupportedMediaType("The body must be JSON (application/json).")
    received = await receive(
        ports=call.app.ports,
        source=source,
        body=body,
        content_type=kind[:256],
        parsed=read_json(body),
        idempotency_key=_idempotency_key(call),
        at=call.at,
    )
    return Answer(received_view(received), 200 if received.duplicate else 201)


def _idempotency_key(call: Call[Nothing, KeyQuery]) -> str | None:
    key: str | None = call.request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        message = "The key must be 1 to 255 printable ASCII characters."
        raise InvalidRequest(message, details=[Detail("invalidValue", message, "Idempotency-Key")])
    return key
