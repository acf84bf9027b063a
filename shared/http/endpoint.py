"""The edge around every HTTP trigger: who may call, what the body is, and an answer of the documented shape always.

`endpoint` turns a handler of ours into the plain `async def (req, context)` that the Functions worker accepts. The
order is: caller, role and partner, body size and type, body, handler. The handler holds no `try`: errors are translated
here.
"""

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NewType, TypeVar, cast, get_args, get_type_hints
from urllib.parse import urlencode

import azure.functions as func
import msgspec
from pydantic import BaseModel, ValidationError

from shared import app, clock, correlation, ids, telemetry
from shared.domain import payload
from shared.domain.errors import (
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    Refusal,
    Unauthenticated,
    UnsupportedMediaType,
)
from shared.domain.messages import say
from shared.domain.permissions import Caller, Role, may_enter, must_belong, must_have
from shared.http import page_tokens, problems
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.queries import PageQuery
from shared.texts import Translate, accepted, translator

log = logging.getLogger(__name__)
B = TypeVar("B", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)
V = TypeVar("V")
Html = NewType("Html", str)
"""A page for people."""
ANYONE: frozenset[Role] = frozenset()
EXPOSED = ", ".join(
    (
        *("ETag", "Location", "Operation-Location", "Retry-After", "WWW-Authenticate"),
        *("x-ms-request-id", "x-ms-client-request-id", "x-ms-error-code"),
    )
)
JSON = ("application/json",)
MERGE_PATCH = ("application/merge-patch+json", "application/json")


@dataclass(frozen=True)
class Answer(Generic[V]):
    """What a handler says: a view, None for no body, or a page for people; with the contract's first status if none."""

    view: V
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contract:
    """What an endpoint promises; the API descriptions are made from it."""

    who: frozenset[Role]
    reads: bool
    every_partner: bool
    body: type[BaseModel]
    query: type[BaseModel]
    content_types: tuple[str, ...]
    view: Any
    status: tuple[int, ...]
    takes: tuple[str, ...]
    headers: tuple[str, ...]
    refuses: tuple[type[Refusal], ...]


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """One request, checked."""

    request: func.HttpRequest
    at: datetime
    app: app.App
    caller: Caller
    body: B
    query: Q

    @property
    def language(self) -> str:
        """The language of N4 that the caller wants to read."""
        return _language(self.request)

    @property
    def translate(self) -> Translate:
        """Says a text in it."""
        return translator(self.language)

    def path(self, name: str) -> str:
        """A part of the route."""
        return str(self.request.route_params.get(name, ""))

    @property
    def partner_id(self) -> str:
        """The partner in the route; raises NotFound for what is no partner id."""
        partner_id = self.path("partnerId")
        if not ids.PARTNER_ID.fullmatch(partner_id):
            raise NotFound
        return partner_id

    @property
    def lead_id(self) -> str:
        """The lead in the route; raises NotFound for what is no lead id."""
        lead_id = self.path("leadId")
        if not ids.LEAD_ID.fullmatch(lead_id):
            raise NotFound
        return lead_id

    @property
    def scope(self) -> tuple[str, ...]:
        """What a page token is bound to: the route with its ids, the filter and the person."""
        wanted = sorted((k, v) for k, v in self.request.params.items() if k not in ("top", "pageToken"))
        return (self._route(), urlencode(wanted), self.caller.tenant, self.caller.person)

    def after(self, place: re.Pattern[str]) -> str | None:
        """The place that the page token names, of the form that the list's places have; None on the first page."""
        token = self.query.page_token if isinstance(self.query, PageQuery) else None
        return page_tokens.read(token, place, *self.scope) if token else None

    def page(self, value: list[V], place: str | None) -> Answer[Page[V]]:
        """A page of a list with the link to go on after `place`; None = this is the end, which has no link."""
        if place is None:
            return Answer({"value": value})
        params = dict(self.request.params) | {"pageToken": page_tokens.make(place, *self.scope)}
        return Answer(
            {"value": value, "nextLink": f"{self.app.settings.public_url}{self._route()}?{urlencode(params)}"}
        )

    def versions(self) -> frozenset[str] | None:
        """The versions that `If-Match` names; None when there is no such header."""
        header = self.request.headers.get("if-match")
        if header is None:
            return None
        return frozenset(part.strip().removeprefix("W/").strip('"') for part in header.split(","))

    def _route(self) -> str:
        path = self.request.url.split("?", 1)[0].split("://", 1)[-1]
        return "/" + path.split("/", 2)[2] if path.count("/") > 1 else "/"


Handler = Callable[[Call[B, Q]], Awaitable[Answer[V]]]
Trigger = Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]


def endpoint(
    *,
    who: frozenset[Role] = ANYONE,
    reads: bool = False,
    every_partner: bool = False,
    content_types: tuple[str, ...] = JSON,
    status: tuple[int, ...] = (200,),
    takes: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
    refuses: tuple[type[Refusal], ...] = (),
) -> Callable[[Handler[B, Q, V]], Trigger]:
    """Make a trigger of a handler.

    `who`: roles of which one is needed, ANYONE for a route that takes no token. `reads`: the operator may too.
    `every_partner`: the partner in the route need not be the caller's.
    The handler's annotation `Call[Body, Query]` says what body and query are validated into (`Nothing` is not
    even read), and `Answer[View]` what it answers. The rest is for the description of the interface: `status` with the
    usual one first, request headers it `takes`, answer `headers` of its own, and what it `refuses` beyond the obvious.
    """

    def wrap(handler: Handler[B, Q, V]) -> Trigger:
        called, answered = get_type_hints(handler).values()
        (body, query), (view,) = get_args(called), get_args(answered)
        contract = Contract(
            who, reads, every_partner, body, query, content_types, view, status, takes, headers, refuses
        )

        # The worker compares this signature with the bindings, so no `functools.wraps`.
        async def trigger(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
            with telemetry.operation(handler.__name__, "http", context, **_subject(req)) as span:
                answer = await _answer(req, contract, handler, correlation.current())
                telemetry.answered(span, answer.status_code)
                return answer

        trigger.__name__, trigger.__doc__ = handler.__name__, handler.__doc__
        cast("Any", trigger).contract = contract
        return trigger

    return wrap


def _subject(req: func.HttpRequest) -> dict[str, str]:
    """What the route is about, for the trace; what is no id of ours may be anything, and is left out."""
    partner_id, lead_id = req.route_params.get("partnerId", ""), req.route_params.get("leadId", "")
    found = {"partner": partner_id} if ids.PARTNER_ID.fullmatch(partner_id) else {}
    return found | ({"lead": lead_id} if ids.LEAD_ID.fullmatch(lead_id) else {})


async def _answer(
    req: func.HttpRequest, contract: Contract, handler: Handler[Any, Any, Any], request_id: str
) -> func.HttpResponse:
    """What the caller gets, whatever happens."""
    try:
        answer = await _run(req, contract, handler)
        code = answer.status or contract.status[0]
        if isinstance(answer.view, str):
            return _page(request_id, answer.view, code)
        return _response(req, request_id, code, answer.view, answer.headers)
    except Refusal as refusal:
        return _refused(req, request_id, refusal)
    except Exception as problem:  # noqa: BLE001 - the endpoint answers whatever happens
        _log_defect(req, request_id, problem)
        return _refused(req, request_id, InternalError())


async def _run(req: func.HttpRequest, contract: Contract, handler: Handler[Any, Any, Any]) -> Answer[Any]:
    at = clock.now()
    current = app.current()
    caller = await _enter(req, contract, current, at)
    query = _validated(contract.query, dict(req.params), "query")
    body = _body(req, contract, current.settings.body_max_bytes)
    return await handler(Call(req, at, current, caller, body, query))


async def _enter(req: func.HttpRequest, contract: Contract, current: app.App, at: datetime) -> Caller:
    """The caller, if the route is open to them."""
    if not contract.who:
        return Caller(tenant="", person="")
    caller = await current.verifier.caller(req.headers.get("authorization"), at)
    partner_id = req.route_params.get("partnerId")
    if contract.every_partner:
        # Before anything is said about the partner: strangers must not find out who is one.
        must_belong(caller)
    if partner_id is None or contract.every_partner:
        must_have(caller, contract.who)
    else:
        may_enter(caller, partner_id, contract.who, reads=contract.reads)
    if partner_id is not None and (contract.every_partner or (contract.reads and caller.partner_id != partner_id)):
        known = ids.PARTNER_ID.fullmatch(partner_id) and await current.ports.partners.known(partner_id, at)
        if not known:
            raise NotFound
    return caller


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


def _body(req: func.HttpRequest, contract: Contract, limit: int) -> BaseModel:
    if contract.body is Nothing:
        return Nothing()
    raw = read_body(req, limit)
    if raw and media_type(req) not in (*contract.content_types, ""):
        raise UnsupportedMediaType(say("The content type must be %(types)s.", types=", ".join(contract.content_types)))
    if not raw and req.method == "PUT":
        # An empty body would put the defaults in the place of everything.
        raise InvalidRequest("A PUT needs a body.")
    return _validated(contract.body, payload.json_value(raw, once=True) if raw else {}, "body")


def _validated(model: type[BaseModel], value: object, where: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise problems.invalid(error, model, where) from error


def _refused(req: func.HttpRequest, request_id: str, refusal: Refusal) -> func.HttpResponse:
    headers = {"x-ms-error-code": refusal.code}
    if isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="partner-leads"'
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    status = problems.STATUS[refusal.code]
    return _response(req, request_id, status, problems.body_of(refusal, translator(_language(req))), headers)


def _page(request_id: str, html: str, status: int) -> func.HttpResponse:
    """A page that runs nothing, is framed by nobody, and tells no other site where it was (its address is a token)."""
    headers = {
        "x-ms-request-id": request_id,
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return func.HttpResponse(html, status_code=status, headers=headers, mimetype="text/html")


def _response(
    req: func.HttpRequest, request_id: str, status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str]
) -> func.HttpResponse:
    common = {"x-ms-request-id": request_id, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if req.headers.get("origin"):
        # A browser hides every other header from the page that asked, whatever the platform's CORS allows.
        common["Access-Control-Expose-Headers"] = EXPOSED
    if body is not None:
        common |= {"Content-Language": _language(req), "Vary": "Accept-Language"}
    client_id = req.headers.get("x-ms-client-request-id", "")
    if client_id and len(client_id) <= 128 and client_id.isascii() and client_id.isprintable():
        common["x-ms-client-request-id"] = client_id
    text = None if body is None else msgspec.json.encode(body)
    mimetype = "application/json" if text is not None else None
    return func.HttpResponse(text, status_code=status, headers=common | dict(headers), mimetype=mimetype)


def _language(req: func.HttpRequest) -> str:
    return accepted(req.headers.get("accept-language"))


def _log_defect(req: func.HttpRequest, request_id: str, problem: Exception) -> None:
    """Where it broke, without the exception's message, which may hold a customer's data (S3)."""
    frames = traceback.extract_tb(problem.__traceback__)
    log.error(
        "A request failed on our side.",
        extra={
            "event": "request.failed",
            "correlationId": request_id,
            "method": req.method,
            "problem": type(problem).__name__,
            "where": " < ".join(f"{one.name}:{one.lineno}" for one in reversed(frames[-6:])),
        },
    )
