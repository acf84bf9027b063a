"""Bodies of requests: their size, type and form, and the model they are checked by."""

import azure.functions as func
from pydantic import BaseModel, ValidationError

from shared.domain.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from shared.domain.intake import payload
from shared.domain.messages import say
from shared.http import problems
from shared.http.calls import Contract
from shared.http.fields import Nothing


def read_body(req: func.HttpRequest, limit: int, *, even_compressed: bool = False) -> bytes:
    """The body's bytes; raises PayloadTooLarge, or InvalidRequest for what the platform does not hand on."""
    body = req.get_body()
    if len(body) > limit:
        raise PayloadTooLarge(say("The body is larger than %(limit)d bytes.", limit=limit))
    if not body and "chunked" in req.headers.get("transfer-encoding", "").lower():
        raise InvalidRequest("Send a Content-Length: a chunked body does not reach the function.")
    if not even_compressed and is_compressed(req):
        raise UnsupportedMediaType("The body must not be compressed.")
    return body


def is_compressed(req: func.HttpRequest) -> bool:
    """True when the body came with a content encoding."""
    return req.headers.get("content-encoding", "identity").lower() not in ("", "identity")


def media_type(req: func.HttpRequest) -> str:
    """The content type without its parameters, in lower case."""
    return str(req.headers.get("content-type", "")).split(";")[0].strip().lower()


def checked_body(req: func.HttpRequest, contract: Contract, limit: int) -> BaseModel:
    """The body as the endpoint's model; raises a refusal that names every fault."""
    if contract.body is Nothing:
        return Nothing()
    raw = read_body(req, limit)
    if raw and media_type(req) not in (*contract.content_types, ""):
        raise UnsupportedMediaType(say("The content type must be %(types)s.", types=", ".join(contract.content_types)))
    if not raw and req.method == "PUT":
        # An empty body would put the defaults in the place of everything.
        raise InvalidRequest("A PUT needs a body.")
    return validated(contract.body, payload.json_value(raw, once=True) if raw else {}, "body")


def validated(model: type[BaseModel], value: object, where: str) -> BaseModel:
    """A value as a model; `where` it stands, `body` or `query`, is said in the InvalidRequest."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise problems.invalid(error, model, where) from error
