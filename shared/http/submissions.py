"""Takes a submission off a request as it is: what it says, and whether it says anything, is decided further in (I5)."""

from typing import Any

from shared.domain.intake.payload import FORM, MULTIPART, PACKED
from shared.http.bodies import is_compressed, media_type, read_body
from shared.http.calls import Call
from shared.usecases.intake.parcels import Submission

KIND_MAX = 256
SUBMISSIONS = ("application/json", FORM, MULTIPART, "application/xml", "text/plain")


def read_submission(call: Call[Any, Any]) -> Submission:
    """The body with its type, whatever that is called and however it is packed, and the sender's key (V4).

    Raises PayloadTooLarge; InvalidRequest for a body that did not reach us. A key may be anything, since it counts by
    its hash; a blank one is none.
    """
    request = call.request
    body = read_body(request, call.app.settings.body_max_bytes, even_compressed=True)
    kind = media_type(request)
    if kind == MULTIPART:
        # What stands between its fields is said there.
        kind = str(request.headers["content-type"]).strip()
    kind = kind[:KIND_MAX] + (PACKED if is_compressed(request) else "")
    return Submission(body, kind, request.headers.get("idempotency-key", "").strip() or None)
