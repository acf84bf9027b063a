"""The edge of the page: who asks for which screen, and an answer of HTML always, refusals too.

A screen is a function that reads through the use cases and says which template shows it. It changes nothing: what a
person does on a page goes to the same JSON routes that partners' own frontends call (docs/workspace.md).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import azure.functions as func
from pydantic import BaseModel

from shared.domain.errors import AccessDenied, Detail, InternalError, NotFound, Refusal
from shared.domain.permissions import Caller, Role, must_belong, must_have
from shared.domain.programme.partner import Partner
from shared.http import compression, etags, problems
from shared.http.answers import VARY, language_of
from shared.http.bodies import validated
from shared.http.endpoint import log_defect
from shared.http.routes import Route, parse
from shared.http.running import App
from shared.ids import LEAD_ID
from shared.pages.days import as_instants
from shared.pages.rendering import render
from shared.pages.words import Words
from shared.texts import translator

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class AnyVisit:
    """One request for a screen, by somebody who may see it: the operator, unless a partner's people are working."""

    app: App
    caller: Caller
    at: datetime
    language: str
    path: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def zone(self) -> str:
        """The time zone of days and times."""
        return "UTC"

    @cached_property
    def words(self) -> Words:
        """How to say things to this reader."""
        return Words(self.language, self.zone, self.at)

    def asked(self, model: type[M]) -> M:
        """What the address asks for; its days are of the visit's zone, as are the times that are shown.

        Names that are not ours are dropped: addresses of pages gather them (`utm_…`).
        """
        known = {found.alias or name for name, found in model.model_fields.items()}
        query = as_instants({k: v for k, v in self.query.items() if k in known}, self.zone)
        return model.model_validate(validated(model, query, "query"))


@dataclass(frozen=True)
class Visit(AnyVisit):
    """One by a partner's people."""

    partner: Partner

    @property
    def zone(self) -> str:
        """That of the partner's registration."""
        return self.partner.time_zone

    @property
    def partner_id(self) -> str:
        """The partner whose people are working."""
        return self.partner.id

    @property
    def lead_id(self) -> str:
        """The lead in the address; raises NotFound for what is no lead id."""
        lead_id = self.path.get("leadId", "")
        if not LEAD_ID.fullmatch(lead_id):
            raise NotFound
        return lead_id

    @property
    def is_leads_admin(self) -> bool:
        """True for whoever may answer leads."""
        return Role.LEADS_ADMIN in self.caller.roles


@dataclass(frozen=True)
class Shown:
    """A template with what it shows."""

    template: str
    view: object


@dataclass(frozen=True)
class Text:
    """A screen that is one text."""

    text: str


V = TypeVar("V", bound=AnyVisit)


@dataclass(frozen=True)
class Screen(Generic[V]):
    """Where a screen is, who may see it (one of these roles), and what shows it."""

    route: Route
    who: frozenset[Role]
    show: Callable[[V], Awaitable[Shown]]


def screen(path: str, show: Callable[[V], Awaitable[Shown]], *who: Role) -> Screen[V]:
    """A screen below `/ui/`, for people with one of these roles."""
    return Screen(parse(path, ["GET", "HEAD"], path), frozenset(who), show)


@dataclass(frozen=True)
class Screens:
    """Every screen, by whose it is; of an address the first that matches is shown."""

    partners: tuple[Screen[Visit], ...]
    operators: tuple[Screen[AnyVisit], ...]


@dataclass(frozen=True)
class Problem:
    """What a refusal shows."""

    code: str
    status: int
    message: str
    request_id: str
    details: tuple[str, ...]


FRAGMENT = "default-src 'none'; frame-ancestors 'none'"
"""A fragment opened by itself runs nothing and loads nothing."""


async def answer(req: func.HttpRequest, app: App, screens: Screens, at: datetime, request_id: str) -> func.HttpResponse:
    """The screen that the request asks for, or why not; HTML whatever happens."""
    language = language_of(req)
    try:
        shown, words = await _shown(req, app, screens, at, language)
        return _html(
            req, request_id, 200, render(shown.template, language, view=shown.view, words=words, root=_root(req))
        )
    except Refusal as refusal:
        return _refused(req, refusal, language, request_id)
    except Exception as problem:  # noqa: BLE001 - a page answers whatever happens
        log_defect(req, request_id, problem)
        return _refused(req, InternalError(), language, request_id)


def _refused(req: func.HttpRequest, refusal: Refusal, language: str, request_id: str) -> func.HttpResponse:
    status = problems.STATUS[refusal.code]
    body = problems.body_of(refusal, translator(language))["error"]
    details = tuple(reason["message"] for reason in body["details"])
    view = Problem(refusal.code, status, body["message"], request_id, details)
    headers = {"x-ms-error-code": refusal.code}
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    return _html(req, request_id, status, render("problem.html", language, view=view, root=_root(req)), headers)


def _html(
    req: func.HttpRequest, request_id: str, status: int, html: str, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    body = html.encode()
    sent = {
        "x-ms-request-id": request_id,
        "Cache-Control": "no-store",
        "Content-Language": language_of(req),
        "Content-Security-Policy": FRAGMENT,
        "ETag": etags.of_bytes(body),
        "Referrer-Policy": "no-referrer",
        "Vary": VARY,
        "X-Content-Type-Options": "nosniff",
        **(headers or {}),
    }
    if status == HTTPStatus.OK and etags.names(req.headers.get("if-none-match"), sent["ETag"]):
        return func.HttpResponse(status_code=304, headers=sent)
    packed, how = compression.packed(req.headers.get("accept-encoding"), body)
    return func.HttpResponse(packed, status_code=status, headers={**sent, **how}, mimetype="text/html")


async def _shown(req: func.HttpRequest, app: App, screens: Screens, at: datetime, language: str) -> tuple[Shown, Words]:
    caller = await app.verifier.caller(req.headers.get("authorization"), at)
    app.limits.persons.take(f"{caller.tenant}|{caller.person or caller.client}")
    if caller.partner_id:
        app.limits.partners.take(caller.partner_id)
    must_belong(caller)
    wanted, query = str(req.route_params.get("path", "")), dict(req.params)
    if caller.partner_id is None:
        operators, path = _found(wanted, screens.operators, screens.partners)
        if operators is None:
            raise AccessDenied("This screen is for partners' people.")
        _must_see(caller, operators)
        seen = AnyVisit(app, caller, at, language, path, query)
        return await operators.show(seen), seen.words
    where, path = _found(wanted, screens.partners, screens.operators)
    if where is None:
        raise AccessDenied("This screen is for the programme's operator.")
    _must_see(caller, where)
    partner = await app.ports.partners.known(caller.partner_id, at)
    if partner is None:
        raise NotFound
    visit = Visit(app, caller, at, language, path, query, partner)
    return await where.show(visit), visit.words


def _must_see(caller: Caller, where: Screen[V]) -> None:
    """Raise AccessDenied unless the screen is open to the caller; it says who could open it."""
    try:
        must_have(caller, where.who)
    except AccessDenied as refusal:
        whom = "Roles are given by the administrator of your organisation's sign-in, in Microsoft Entra."
        raise AccessDenied(refusal.message, details=[Detail("accessDenied", whom)]) from refusal


def _found(
    wanted: str, screens: tuple[Screen[V], ...], others: tuple[Screen[Any], ...]
) -> tuple[Screen[V] | None, Mapping[str, str]]:
    """The screen at an address with the parts of its path, None where only others have one; raises NotFound."""
    for one in screens:
        path = one.route.match(wanted)
        if path is not None:
            return one, path
    if any(one.route.match(wanted) is not None for one in others):
        return None, {}
    raise NotFound


def _root(req: func.HttpRequest) -> str:
    """What stands before every address of the page, as the request came: `/api`."""
    path = "/" + str(req.url).split("://", 1)[-1].partition("/")[2]
    return path.partition("/ui/")[0]
