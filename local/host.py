"""Serves an app's functions over HTTP as the Functions host does, with `/admin` and `/dev` beside them."""

import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, request_response
from starlette.staticfiles import StaticFiles

from local.azurite import ROOT
from local.functions import Function, call_event, call_http, request_of, route_of
from local.issuer import Issuer
from local.mail_service import MailService
from local.queues import Queues
from local.timers import Timers
from shared import clock
from shared.domain.permissions import Role

log = logging.getLogger("local.host")
BODY_MAX = 100 * 1024 * 1024
"""The platform's own limit."""
CLOCK_MAX = timedelta(days=36_500)
HELLO = """Partner Leads, local host

  /api/app/                       the workspace page
  /api/…                          the interface; start with GET /api/health
  /docs                           its description as a page, to try it out
  /dev/token?tenant=…&roles=…     a token; /dev/clock reads and moves the app's clock
  /dev/mail                       the mails that were sent, as a page; /dev/mail.json as JSON
  /admin/functions/{name}         POST runs a timer, or a queue function with {"input": "its message"}
  /runtime/webhooks/EventGrid     POST hands events to ?functionName=…

README.md shows the first five minutes.
"""


SIGN_IN = Path(__file__).parent / "sign_in.js"
SWAGGER_UI = ROOT / "node_modules" / "swagger-ui-dist"
DOCS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Partner Leads</title>
<link rel="stylesheet" href="/docs/parts/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/docs/parts/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "PREFIX/openapi.json", dom_id: "#ui", persistAuthorization: true})</script>
</body></html>
"""


LOCAL_ORIGINS = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Pages that a developer serves on this machine, on whatever port."""


class Host:
    """One function app, served."""

    def __init__(
        self,
        functions: Sequence[Function],
        *,
        prefix: str,
        timers: Timers,
        queues: Queues,
        issuer: Issuer,
        mails: MailService,
        data: Path,
        origins: Sequence[str] = (),
    ) -> None:
        self._origins = list(origins)
        self._functions = {function.name: function for function in functions}
        self._routes = [route_of(function) for function in functions if function.is_http]
        self._prefix = "/" + prefix.strip("/")
        self._timers = timers
        self._queues = queues
        self._issuer = issuer
        self._mails = mails
        self._clock_file = data / "clock.json"
        if self._clock_file.exists():
            clock.offset = timedelta(seconds=json.loads(self._clock_file.read_text())["offsetSeconds"])

    def application(self) -> Starlette:
        """The ASGI application."""
        application = Starlette(
            # Neither does the platform answer 405, whatever the method is called.
            exception_handlers={405: _nothing},
            routes=[
                Route("/", self._hello, methods=["GET"]),
                Route("/dev/token", self._token, methods=["GET"]),
                Route("/dev/keys", self._keys, methods=["GET"]),
                Route("/dev/sign-in.js", self._sign_in, methods=["GET"]),
                Route("/dev/clock", self._clock, methods=["GET", "POST"]),
                *self._mails.routes(),
                Route("/docs", self._docs, methods=["GET"]),
                Mount("/docs/parts", StaticFiles(directory=SWAGGER_UI)),
                Route("/runtime/webhooks/EventGrid", self._events, methods=["POST"]),
                Route("/admin/functions/{name}", self._admin, methods=["POST"]),
            ],
        )
        # Whatever the method and the path: a pattern of starlette's own would not match an encoded line break.
        application.router.default = request_response(_logged(self._function))
        # As the platform does by itself for the origins of its list; here any page of this machine is on it.
        application.add_middleware(
            CORSMiddleware,
            allow_origins=self._origins,
            allow_origin_regex=LOCAL_ORIGINS,
            allow_methods=["*"],
            allow_headers=["*"],
            max_age=600,
        )
        return application

    async def _function(self, request: Request) -> Response:
        whole = request.scope["raw_path"].decode("latin-1")
        if whole != self._prefix and not whole.startswith(self._prefix + "/"):
            return Response(status_code=404)
        path = whole[len(self._prefix) :]
        for route in self._routes:
            if request.method not in route.methods:
                continue
            parameters = route.match(path)
            if parameters is not None:
                return await self._call(self._functions[route.function], request, parameters)
        # A wrong method is a 404 too, as on the platform, whose router knows no 405.
        return Response(status_code=404)

    async def _call(self, function: Function, request: Request, parameters: dict[str, str]) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX:
                return Response(status_code=413)
        answer = await call_http(
            function, request_of(request.method, str(request.url), dict(request.headers), parameters, bytes(body))
        )
        headers = dict(answer.headers)
        if answer.mimetype and answer.status_code not in (204, 304) and "content-type" not in headers:
            text = answer.mimetype.startswith("text/")
            headers["content-type"] = f"{answer.mimetype}; charset={answer.charset}" if text else answer.mimetype
        return Response(answer.get_body(), answer.status_code, headers)

    async def _admin(self, request: Request) -> Response:
        """Run a timer or a queue function, wait for it, answer 202 as the platform does, whatever came of it."""
        function = self._functions.get(request.path_params["name"])
        if function is None:
            return Response(status_code=404)
        if function.is_timer:
            await self._timers.fire(function.name)
        elif function.is_queue:
            try:
                text = TypeAdapter(str).validate_python((await request.json())["input"])
            except (ValueError, TypeError, KeyError, RecursionError):
                return _problem('Send {"input": "..."}: the text of the message.')
            await self._queues.run(function.name, text)
        else:
            return _problem(f"{function.name} is neither a timer nor a queue function; call it by its route.")
        return Response(status_code=202)

    async def _events(self, request: Request) -> Response:
        """Hand events to a function, as the platform's Event Grid extension does."""
        function = self._functions.get(request.query_params.get("functionName", ""))
        if function is None or not function.is_event_grid:
            return Response(status_code=404)
        posted = await request.json()
        # CloudEvents come one by one.
        events = posted if isinstance(posted, list) else [posted]
        if request.headers.get("aeg-event-type") == "SubscriptionValidation":
            return JSONResponse({"validationResponse": events[0]["data"]["validationCode"]})
        done = [await call_event(function, event) for event in events]
        return Response(status_code=202 if all(done) else 500)

    async def _token(self, request: Request) -> Response:
        query = request.query_params
        tenant, roles = query.get("tenant", "").strip(), query.get("roles", "").strip()
        if not tenant or not roles:
            return _problem("Name a tenant and roles: /dev/token?tenant=contoso&roles=Leads.Admin&user=ann")
        names = [part.strip() for part in roles.split(",") if part.strip()]
        if unknown := sorted(set(names) - {str(role) for role in Role}):
            return _problem(f"There is no role {', '.join(unknown)}; there are {', '.join(Role)}.")
        token = self._issuer.token(tenant=tenant, roles=names, user=query.get("user") or "ann", at=clock.now())
        return JSONResponse({"token": token})

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(self._issuer.keys())

    async def _sign_in(self, request: Request) -> Response:
        return FileResponse(SIGN_IN, media_type="text/javascript")

    async def _clock(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                step = TypeAdapter(timedelta).validate_python((await request.json())["advance"])
            except (ValueError, TypeError, KeyError, ValidationError, RecursionError):
                return _problem('Send {"advance": "P14DT1S"}: an ISO 8601 duration.')
            if step < timedelta() or step > CLOCK_MAX - clock.offset:
                return _problem(
                    "The clock only moves forward, a hundred years at most; `make clean` sets it right again."
                )
            clock.offset += step
            self._clock_file.write_text(json.dumps({"offsetSeconds": clock.offset.total_seconds()}))
        return JSONResponse({"now": clock.now().isoformat(), "offsetSeconds": clock.offset.total_seconds()})

    async def _docs(self, request: Request) -> Response:
        return HTMLResponse(DOCS.replace("PREFIX", self._prefix))

    async def _hello(self, request: Request) -> Response:
        return PlainTextResponse(HELLO)


async def _nothing(_: Request, __: Exception) -> Response:
    return Response(status_code=404)


def _problem(message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": "invalidRequest", "message": message, "details": []}}, 400)


def _logged(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Log each call by its path alone: keys and tokens stand in the query (S2)."""

    async def logged(request: Request) -> Response:
        began = time.perf_counter()
        response = await handle(request)
        spent = (time.perf_counter() - began) * 1000
        log.info(
            "%s %s %d %.0f ms", request.method, request.scope["raw_path"].decode("latin-1"), response.status_code, spent
        )
        return response

    return logged


def route_prefix(root: Path) -> str:
    """The prefix that host.json sets, or the platform's default."""
    settings: dict[str, Any] = json.loads((root / "host.json").read_text(encoding="utf-8"))
    return str(settings.get("extensions", {}).get("http", {}).get("routePrefix", "api"))
