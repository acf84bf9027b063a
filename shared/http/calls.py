"""One request, checked, and what its handler says; the contract between an endpoint and whoever describes it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NewType, TypeVar, get_args
from urllib.parse import urlencode

import azure.functions as func
from pydantic import BaseModel

from shared import ids
from shared.domain.errors import NotFound, Refusal
from shared.domain.permissions import Caller, Role
from shared.http import etags, page_tokens
from shared.http.answers import language_of
from shared.http.pages import Page, PageQuery
from shared.http.running import App
from shared.texts import Translate, translator

B = TypeVar("B", bound=BaseModel)
Q = TypeVar("Q", bound=BaseModel)
V = TypeVar("V")
Html = NewType("Html", str)
"""A page for people."""


class Csv(str):
    """A table for a spreadsheet, in UTF-8."""

    __slots__ = ()


class Svg(str):
    """A picture."""

    __slots__ = ()


FILES: Mapping[type[str], str] = {Csv: "text/csv", Svg: "image/svg+xml"}
"""What is answered as it is, with its media type."""
ANYONE: frozenset[Role] = frozenset()
JSON = ("application/json",)
IF_CHANGED: Mapping[str, Any] = {"takes": ("If-None-Match",), "headers": ("ETag",)}
"""What a read says of itself whose ETag changes with anything that it shows: who has it already gets a 304.

The ETag is that of the answer's bytes where the handler gives none.
"""
MERGE_PATCH = ("application/merge-patch+json", "application/json")


@dataclass(frozen=True)
class Response(Generic[V]):
    """What a handler says: a view, None for no body, or a page for people; with the contract's first status if none.

    `sends_to` are further sites that a page's forms may end at.
    """

    view: V
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sends_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """What an endpoint promises; the API descriptions are made from it."""

    who: frozenset[Role]
    signed_in: bool
    reads: bool
    every_partner: bool
    active: bool
    submission: type[BaseModel] | None
    body: type[BaseModel]
    query: type[BaseModel]
    content_types: tuple[str, ...]
    view: Any
    status: tuple[int, ...]
    takes: tuple[str, ...]
    headers: tuple[str, ...]
    refuses: tuple[type[Refusal], ...]
    or_key: bool
    framed: bool

    @property
    def takes_token(self) -> bool:
        """True where a caller has to say who it is."""
        return bool(self.who) or self.signed_in

    @property
    def if_changed(self) -> bool:
        """True for IF_CHANGED."""
        return "If-None-Match" in self.takes

    @property
    def has_pages(self) -> bool:
        """True where people read what is answered."""
        return Html in (self.view, *get_args(self.view))


def given_key(request: func.HttpRequest) -> str:
    """The source's key in a header, for whoever can keep it out of the URL, else in the URL; '' for none (S2)."""
    return str(request.headers.get("x-source-key") or request.params.get("key") or "")


@dataclass(frozen=True)
class Call(Generic[B, Q]):
    """One request, checked."""

    request: func.HttpRequest
    at: datetime
    app: App
    caller: Caller
    body: B
    query: Q

    @property
    def language(self) -> str:
        """The language of N4 that the caller wants to read."""
        return language_of(self.request)

    @property
    def translate(self) -> Translate:
        """Says a text in it."""
        return translator(self.language)

    @property
    def key(self) -> str:
        """The source's key that was sent, '' where there is none."""
        return given_key(self.request)

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
        wanted = sorted((k, v) for k, v in self.request.params.items() if k not in ("top", "pageToken", "count"))
        return (self._route(), urlencode(wanted), self.caller.tenant, self.caller.person)

    def after(self, cursor: re.Pattern[str]) -> str | None:
        """The cursor that the page token names, of the form that the list's cursors have; None on the first page."""
        token = self.query.page_token if isinstance(self.query, PageQuery) else None
        return page_tokens.read(token, cursor, *self.scope) if token else None

    def page(self, value: list[V], cursor: str | None) -> Response[Page[V]]:
        """A page of a list with the link to go on after `cursor`; None = this is the end, which has no link."""
        if cursor is None:
            return Response({"value": value})
        params = dict(self.request.params) | {"pageToken": page_tokens.make(cursor, *self.scope)}
        return Response(
            {"value": value, "nextLink": f"{self.app.settings.public_url}{self._route()}?{urlencode(params)}"}
        )

    def versions(self) -> frozenset[str] | None:
        """The versions that `If-Match` names; None when there is no such header."""
        return etags.named(self.request.headers.get("if-match"))

    def _route(self) -> str:
        path = self.request.url.split("?", 1)[0].split("://", 1)[-1]
        return "/" + path.split("/", 2)[2] if path.count("/") > 1 else "/"


Handler = Callable[[Call[B, Q]], Awaitable[Response[V]]]
