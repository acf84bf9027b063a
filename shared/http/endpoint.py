"""The edge around every HTTP trigger: who may call, what the body is, and an answer of the documented shape always.

`endpoint` turns a handler of ours into the plain `async def (req, context)` that the Functions worker accepts. The
order is: caller, role and partner, body size and type, body, handler. The handler holds no `try`: errors are translated
here.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, cast, get_args, get_type_hints

import azure.functions as func
from pydantic import BaseModel

from shared import clock, correlation, ids, telemetry
from shared.domain.errors import InternalError, NotFound, PartnerSuspended, Refusal
from shared.domain.permissions import Caller, Role, may_enter, must_belong, must_have
from shared.domain.programme.partner import PartnerState
from shared.http import running
from shared.http.answers import file_of, language_of, page_of_html, refused, response
from shared.http.bodies import checked_body, validated
from shared.http.calls import ANYONE, FILES, JSON, B, Call, Contract, Handler, Q, Response, V, given_key
from shared.http.problems import STATUS
from shared.http.running import App
from shared.http.visitors import refused_page, shows_pages
from shared.texts import translator

log = logging.getLogger(__name__)
Trigger = Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]


def endpoint(
    *,
    who: frozenset[Role] = ANYONE,
    signed_in: bool = False,
    reads: bool = False,
    every_partner: bool = False,
    active: bool = False,
    submission: type[BaseModel] | None = None,
    content_types: tuple[str, ...] = JSON,
    status: tuple[int, ...] = (200,),
    takes: tuple[str, ...] = (),
    headers: tuple[str, ...] = (),
    refuses: tuple[type[Refusal], ...] = (),
    or_key: bool = False,
    framed: bool = False,
) -> Callable[[Handler[B, Q, V]], Trigger]:
    """Make a trigger of a handler.

    `who`: roles of which one is needed, ANYONE for a route that takes no token, or, where `signed_in`, anyone's of a
    tenant that is the operator's or a partner's. `reads`: the operator may too.
    `every_partner`: the partner in the route need not be the caller's. `active`: not while that is suspended.
    `or_key`: whoever sends a source's key needs no token; what the key opens is for the handler to see.
    `framed`: other sites may show its pages in a frame: they only take what a visitor writes.
    `submission`: what a body that is read whatever it is should look like.
    The handler's annotation `Call[Body, Query]` says what body and query are validated into (`Nothing` is not
    even read), and `Response[View]` what it answers. The rest is for the description of the interface: `status` with
    the usual one first, request headers it `takes`, `headers` of its own, and what it `refuses` beyond the obvious.
    """

    def wrap(handler: Handler[B, Q, V]) -> Trigger:
        called, answered = get_type_hints(handler).values()
        (body, query), (view,) = get_args(called), get_args(answered)
        contract = Contract(
            who,
            signed_in,
            reads,
            every_partner,
            active,
            submission,
            body,
            query,
            content_types,
            view,
            status,
            takes,
            headers,
            refuses,
            or_key,
            framed,
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
        if type(answer.view) in FILES:
            kind = FILES[type(answer.view)]
            return file_of(req, request_id, kind, answer.view, answer.headers, if_changed=contract.if_changed)
        if isinstance(answer.view, str):
            return page_of_html(
                req, request_id, answer.view, code, framed_by=_frames(contract), sends_to=answer.sends_to
            )
        return response(req, request_id, code, answer.view, answer.headers, if_changed=contract.if_changed)
    except Refusal as refusal:
        if contract.has_pages and shows_pages(req):
            language = language_of(req)
            html = refused_page(language, translator(language), refusal)
            return page_of_html(req, request_id, html, STATUS[refusal.code], framed_by=_frames(contract))
        return refused(req, request_id, refusal)
    except Exception as problem:  # noqa: BLE001 - the endpoint answers whatever happens
        log_defect(req, request_id, problem)
        return refused(req, request_id, InternalError())


def _frames(contract: Contract) -> str:
    return running.current().settings.frame_ancestors if contract.framed else ""


async def _run(req: func.HttpRequest, contract: Contract, handler: Handler[Any, Any, Any]) -> Response[Any]:
    at = clock.now()
    current = running.current()
    caller = await _enter(req, contract, current, at)
    query = validated(contract.query, dict(req.params), "query")
    body = checked_body(req, contract, current.settings.body_max_bytes)
    return await handler(Call(req, at, current, caller, body, query))


async def _enter(req: func.HttpRequest, contract: Contract, current: App, at: datetime) -> Caller:
    """The caller, if the route is open to them."""
    if not contract.takes_token or (contract.or_key and given_key(req) and "authorization" not in req.headers):
        return Caller(tenant="", person="")
    caller = await current.verifier.caller(req.headers.get("authorization"), at)
    current.limits.persons.take(f"{caller.tenant}|{caller.person or caller.client}")
    if caller.partner_id:
        current.limits.partners.take(caller.partner_id)
    partner_id = req.route_params.get("partnerId")
    if Role.OPERATOR not in contract.who:
        # Before anything is said about the partner: strangers must not find out who is one.
        must_belong(caller)
    if not contract.who:
        # Signed in is enough.
        pass
    elif partner_id is None or contract.every_partner:
        must_have(caller, contract.who)
    else:
        may_enter(caller, partner_id, contract.who, reads=contract.reads)
    if partner_id is not None and (contract.every_partner or (contract.reads and caller.partner_id != partner_id)):
        known = ids.PARTNER_ID.fullmatch(partner_id) and await current.ports.partners.known(partner_id, at)
        if not known:
            raise NotFound
    if contract.active and partner_id is not None:
        await _must_be_active(current, partner_id, at)
    return caller


async def _must_be_active(current: App, partner_id: str, at: datetime) -> None:
    """Raise PartnerSuspended; a refusal reads afresh first, so that a partner works on from the moment it may."""
    known = await current.ports.partners.known(partner_id, at)
    if known and known.state is PartnerState.SUSPENDED:
        known = await current.ports.partners.get(partner_id)
    if known and known.state is PartnerState.SUSPENDED:
        raise PartnerSuspended


def log_defect(req: func.HttpRequest, request_id: str, problem: Exception) -> None:
    """Where it broke, without the exception's message, which may hold a customer's data (S3)."""
    frames = traceback.extract_tb(problem.__traceback__)
    log.error(
        "A request failed on our side.",
        extra={
            "event": "request.failed",
            "correlationId": request_id,
            "method": req.method,
            "problem": type(problem).__name__,
            "where": " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:])),
        },
    )
