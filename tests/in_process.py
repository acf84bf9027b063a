"""Calls the function app's triggers in this process, routed as the host routes them."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from jsonschema import Draft202012Validator

import function_app  # noqa: F401 - says which functions there are
from functions.descriptions import described
from local.functions import Function, call_http, call_timer, load, request_of, route_of
from local.issuer import Issuer
from shared import clock
from shared.http.calls import Contract
from shared.http.routes import Route


@cache
def functions() -> list[Function]:
    """The app's functions; the app can be indexed only once a process."""
    return load()


@cache
def served() -> list[tuple[Route, Function]]:
    """Those called by HTTP, with their routes."""
    return [(route_of(one), one) for one in functions() if one.is_http]


def contracted() -> Iterator[tuple[Route, Function, Contract]]:
    """Those of the interface; what shows the page promises nothing to programs."""
    for route, function in served():
        contract = getattr(function.call, "contract", None)
        if contract is not None:
            yield route, function, contract


async def fire(timer: str) -> None:
    """Run a timer once."""
    (function,) = (one for one in functions() if one.name == timer)
    await call_timer(function, past_due=False)


STANDARD = {"x-ms-request-id", "Cache-Control", "X-Content-Type-Options", "Content-Language", "Vary"}
STANDARD |= {"x-ms-client-request-id", "x-ms-error-code", "WWW-Authenticate", "Retry-After"}
STANDARD |= {"Content-Encoding", "Access-Control-Expose-Headers"}
PAGE = {"Content-Security-Policy", "Referrer-Policy", "X-Frame-Options"}


@cache
def _answers(method: str, route: str) -> dict[str, Any]:
    method = "GET" if method == "HEAD" else method
    found: dict[str, Any] = described("http://localhost:7071/api")["paths"][f"/{route}"][method.lower()]["responses"]
    return found


@cache
def _shape(method: str, route: str, status: str, kind: str) -> Draft202012Validator:
    shape = _answers(method, route)[status]["content"][kind]["schema"]
    components = described("http://localhost:7071/api")["components"]
    return Draft202012Validator({**shape, "components": components})


_looked_at: set[tuple[str, str, str, int]] = set()


def _as_described(method: str, function: Function, reply: "Reply") -> None:
    """Every answer of every test has a status, headers and a body that the description announces."""
    route = str(function.trigger["route"])
    if "{*" in route:
        return
    status = str(reply.status)
    assert status in _answers(method, route), f"{function.name} is not said to answer {status}"
    answer = _answers(method, route)[status]
    assert set(reply.headers) <= STANDARD | PAGE | set(answer["headers"]), f"{function.name}: a header nobody announced"
    assert bool(reply.text) == ("content" in answer), function.name
    if reply.text:
        assert reply.kind in answer["content"], f"{function.name} is not said to answer {reply.kind}"
    # A large answer that many callers get takes longer to look at than to make.
    known = (method, route, status, hash(reply.text))
    if reply.text and reply.kind == "application/json" and known not in _looked_at:
        _looked_at.add(known)
        faults = list(_shape(method, route, status, "application/json").iter_errors(json.loads(reply.text)))
        assert not faults, f"{function.name} answers otherwise than described: {faults[0].message}"


@dataclass(frozen=True)
class Reply:
    """An answer, with its JSON."""

    status: int
    headers: dict[str, str]
    text: str
    bytes_sent: int
    kind: str
    """The media type."""

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The error of the documented shape."""
        found = self.json["error"]
        assert set(found) <= {"code", "message", "target", "details"}
        assert self.headers["x-ms-error-code"] == found["code"]
        assert found["message"]
        assert all(set(one) <= {"code", "message", "target", "by", "at"} for one in found["details"])
        return found

    @property
    def targets(self) -> set[str | None]:
        """The fields that the error names."""
        return {one.get("target") for one in self.error["details"]}


@lru_cache(maxsize=4_096)
def _found(method: str, path: str) -> tuple[Function, Mapping[str, str]]:
    for route, function in served():
        parameters = route.match(path) if method in route.methods else None
        if parameters is not None:
            return function, parameters
    raise AssertionError(f"no route for {method} {path}")


class InProcess:
    """A caller; `call("GET", "/partners/contoso/leads", as_="Leads.User")`."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    def token(self, roles: str, tenant: str = "contoso", user: str = "ann") -> str:
        """A token of this moment."""
        return self.issuer.token(tenant=tenant, roles=roles.split(","), user=user, at=clock.now())

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        as_: str | None = None,
        tenant: str = "contoso",
        user: str = "ann",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send a request; a body that is no bytes goes as JSON."""
        sent = {"content-type": "application/json"} if body is not None else {}
        if as_ is not None:
            sent["authorization"] = f"Bearer {self.token(as_, tenant, user)}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent |= headers or {}
        function, parameters = _found(method, path.split("?", maxsplit=1)[0])
        answer = await call_http(
            function, request_of(method, f"http://localhost:7071/api{path}", sent, parameters, raw)
        )
        packed = answer.get_body()
        plain = gzip.decompress(packed) if answer.headers.get("Content-Encoding") == "gzip" else packed
        reply = Reply(answer.status_code, dict(answer.headers), plain.decode("utf-8"), len(packed), answer.mimetype)
        _as_described(method, function, reply)
        return reply
