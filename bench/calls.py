"""Calls a trigger as the host does; answers are not looked into, as the tests do, which would be measured too."""

import json
from functools import cache
from typing import Any

import azure.functions as func

from local.functions import Function, call_http, request_of
from tests.in_process import InProcess, served

BASE = "http://localhost:7071/api"


class Caller:
    """Calls with one token, signed once, and further headers."""

    def __init__(self, api: InProcess, **headers: str) -> None:
        self._headers = {
            "authorization": f"Bearer {api.token('Leads.Admin')}",
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }

    async def call(self, method: str, path: str, body: bytes = b"") -> func.HttpResponse:
        """The answer; anything but success is a broken benchmark."""
        function, parameters = _served_at(method, path.split("?", maxsplit=1)[0])
        request = request_of(method, BASE + path, self._headers, parameters, body)
        answer = await call_http(function, request)
        if answer.status_code >= 300:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.get_body()[:1_000]!r}")
        return answer


async def register(api: InProcess, partner: str) -> str:
    """Register a partner whose tenant has its own name, with a source; the path of its door."""
    operator: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
    await api.call("PUT", f"/partners/{partner}", {"name": "Contoso", "tenantIds": [partner]}, **operator)
    made = await api.call("POST", f"/partners/{partner}/sources", {"name": "Bench"}, **operator)
    return str(made.json["intakeUrl"].removeprefix(BASE))


def id_of(answer: func.HttpResponse) -> str:
    """The id of what was made."""
    return str(json.loads(answer.get_body())["id"])


@cache
def _served_at(method: str, path: str) -> tuple[Function, dict[str, str]]:
    for route, function in served():
        parameters = route.match(path) if method in route.methods else None
        if parameters is not None:
            return function, parameters
    raise SystemExit(f"no route for {method} {path}")
