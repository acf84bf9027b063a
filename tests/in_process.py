"""Calls the function app's triggers in this process, routed as the host routes them."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.functions import Function, call_http, load, request_of, route_of
from local.issuer import Issuer
from local.routes import Route
from shared import clock


@cache
def served() -> list[tuple[Route, Function]]:
    """The app's HTTP functions with their routes; the app can be indexed only once a process."""
    return [(route_of(one), one) for one in load() if one.is_http]


@dataclass(frozen=True)
class Reply:
    """An answer, with its JSON."""

    status: int
    headers: dict[str, str]
    text: str

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
        assert all(set(one) <= {"code", "message", "target"} for one in found["details"])
        return found

    @property
    def targets(self) -> set[str | None]:
        """The fields that the error names."""
        return {one.get("target") for one in self.error["details"]}


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
        for route, function in served():
            parameters = route.match(path.split("?", maxsplit=1)[0]) if method in route.methods else None
            if parameters is not None:
                request = request_of(method, f"http://localhost:7071/api{path}", sent, parameters, raw)
                answer = await call_http(function, request)
                return Reply(answer.status_code, dict(answer.headers), answer.get_body().decode("utf-8"))
        raise AssertionError(f"no route for {method} {path}")
