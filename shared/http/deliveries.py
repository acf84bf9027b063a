"""Takes a delivery off a request as it is: what it says, and whether it says anything, is decided further in (I5)."""

from typing import Any

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.messages import say
from shared.domain.payload import PACKED
from shared.http.bodies import is_compressed, media_type, read_body
from shared.http.calls import Call
from shared.usecases.parcels import Delivered

KIND_MAX = 256
DELIVERIES = ("application/json", "application/x-www-form-urlencoded", "application/xml", "text/plain")


def read_delivery(call: Call[Any, Any]) -> Delivered:
    """The body with its type, whatever that is called and however it is packed, and the sender's key (V4).

    Raises PayloadTooLarge; InvalidRequest for a key that no sender means, or a body that did not reach us.
    """
    request = call.request
    body = read_body(request, call.app.settings.body_max_bytes, even_compressed=True)
    kind = media_type(request)[:KIND_MAX] + (PACKED if is_compressed(request) else "")
    key: str | None = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        message = say("The key must be 1 to 255 printable ASCII characters.")
        raise InvalidRequest(message, details=[Detail("invalidValue", message, "Idempotency-Key")])
    return Delivered(body, kind, key)
