"""Stands in for Communication Services: takes what the real SDK sends, checks its signature, keeps the mails.

Like the service it knows a repeat of a request for five minutes by its repeatability id, and then forgets the
operation. It reports what became of a mail as Event Grid does, again and again until the report is taken. An address
that begins with `bounce` takes no mail, which it says at once; of `late-bounce…` it finds that out later.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

PATH = ""
"""At the root: the SDK signs the endpoint as if it were a host, so it may hold no path."""
KEY = base64.b64encode(b"the local mail service's own key").decode()
REMEMBERED_SECONDS = 300
CLOCKS_DIFFER_SECONDS = 300
KEPT = 1_000
REPORTED = "Microsoft.Communication.EmailDeliveryReportReceived"
REPORT_SECONDS, REPORTS_MAX = 0.5, 60
STYLE = """<style>
:root { color-scheme: light dark }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 80em; padding: 1em }
article { border-top: 1px solid #8888; padding: .5em 0 1.5em }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em }
dd { margin: 0; overflow-wrap: anywhere }
.parts { display: flex; flex-wrap: wrap; gap: 1em }
iframe { flex: 1 1 20em; height: 32em; border: 1px solid #8888 }
pre { flex: 1 1 20em; max-height: 32em; margin: 0; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
</style>"""


class MailService:
    """The mails of one local host, the newest `kept`; each is a line of `file`, so that a restart loses none."""

    def __init__(
        self,
        file: Path,
        now: Callable[[], datetime],
        seconds: Callable[[], float],
        reports_to: str | None = None,
        kept: int = KEPT,
    ) -> None:
        self._kept = kept
        self._file, self._now, self._seconds, self._reports_to = file, now, seconds, reports_to
        self._reporting: set[asyncio.Task[None]] = set()
        # Whoever was killed while it wrote left the beginning of a line, without an end.
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        self.mails: list[dict[str, Any]] = [json.loads(line) for line in lines if line.endswith("\n")][-kept:]
        self._write_anew()
        self.busy_until = 0.0
        self._operations: dict[str, tuple[float, str, str]] = {}

    def routes(self) -> list[Route]:
        """Where the SDK and a developer find it."""
        return [
            Route(f"{PATH}/emails:send", self._send, methods=["POST"]),
            Route(f"{PATH}/emails/operations/{{id}}", self._status, methods=["GET"]),
            Route("/dev/mail", self._list, methods=["GET"]),
            Route("/dev/mail.json", self._list, methods=["GET"]),
            Route("/dev/mail/{id}", self._show, methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        body = await request.body()
        if problem := self._unsigned(request, body):
            return _error(401, "Denied", problem)
        if self._seconds() < self.busy_until:
            wait = str(int(self.busy_until - self._seconds()) + 1)
            return _error(429, "TooManyRequests", "Too many mails.", {"Retry-After": wait})
        message = json.loads(body)
        addresses = [recipient["address"] for recipient in message["recipients"]["to"]]
        if not all(address.isascii() and "@" in address for address in addresses):
            return _error(400, "InvalidRecipient", "An address is not valid.")
        operation = request.headers.get("operation-id") or str(uuid.uuid4())
        repeat = request.headers.get("repeatability-request-id") or operation
        self._forget()
        known = {repeatable for _, repeatable, _ in self._operations.values()}
        if repeat not in known:
            bounced = any(address.startswith("bounce") for address in addresses)
            self._operations[operation] = (self._seconds(), repeat, "Failed" if bounced else "Succeeded")
            if not bounced:
                late = any(address.startswith("late-bounce") for address in addresses)
                if not late:
                    self._keep(operation, addresses, message)
                self._report(operation, addresses[0], "Bounced" if late else "Delivered")
        where = f"{request.url.scheme}://{request.url.netloc}{PATH}/emails/operations/{operation}"
        answer = {"id": operation, "status": "Running"}
        return JSONResponse(answer, 202, {"Operation-Location": where, "Retry-After": "1"})

    async def _status(self, request: Request) -> Response:
        if problem := self._unsigned(request, b""):
            return _error(401, "Denied", problem)
        self._forget()
        known = self._operations.get(request.path_params["id"])
        if known is None:
            return _error(404, "NotFound", "There is no such operation.")
        answer: dict[str, Any] = {"id": request.path_params["id"], "status": known[2]}
        if known[2] == "Failed":
            answer["error"] = {"code": "EmailDroppedAllRecipientsSuppressed", "message": "The address is suppressed."}
        return JSONResponse(answer)

    async def _list(self, request: Request) -> Response:
        """The mails, newest first: a page for a browser, JSON for everybody else."""
        if request.url.path.endswith(".json") or "text/html" not in request.headers.get("accept", ""):
            return JSONResponse({"value": self.mails[::-1]})
        return HTMLResponse(_page(self.mails[::-1]))

    async def _show(self, request: Request) -> Response:
        found = next((mail for mail in self.mails if mail["id"] == request.path_params["id"]), None)
        return HTMLResponse(found["html"]) if found else PlainTextResponse("There is no such mail.", 404)

    def _report(self, operation: str, address: str, status: str) -> None:
        if self._reports_to is not None:
            task = asyncio.create_task(self._deliver(operation, address, status))
            self._reporting.add(task)
            task.add_done_callback(self._reporting.discard)

    async def _deliver(self, operation: str, address: str, status: str) -> None:
        data = {"messageId": operation, "recipient": address, "status": status}
        event = {"id": str(uuid.uuid4()), "eventType": REPORTED, "data": data, "dataVersion": "1.0"}
        headers = {"aeg-event-type": "Notification"}
        # It goes to this machine; for each client httpx would read the certificates of the whole world.
        async with httpx.AsyncClient(verify=False) as client:  # noqa: S501 - it does not speak TLS
            for _ in range(REPORTS_MAX):
                await asyncio.sleep(REPORT_SECONDS)
                try:
                    answer = await client.post(self._reports_to or "", json=[event], headers=headers, timeout=30)
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    return

    def _keep(self, operation: str, addresses: list[str], message: dict[str, Any]) -> None:
        content = message["content"]
        mail = {
            "id": str(uuid.uuid4()),
            "operationId": operation,
            "to": addresses,
            "replyTo": [address["address"] for address in message.get("replyTo", ())],
            "headers": message.get("headers", {}),
            "subject": content["subject"],
            "text": content["plainText"],
            "html": content["html"],
            "receivedDateTime": self._now().isoformat().replace("+00:00", "Z"),
        }
        self.mails.append(mail)
        del self.mails[: -self._kept]
        self._written += 1
        if self._written > 2 * self._kept:
            self._write_anew()
            return
        with self._file.open("a") as file:
            file.write(json.dumps(mail) + "\n")

    def _write_anew(self) -> None:
        """Leave out what is kept no longer."""
        whole = self._file.with_suffix(".new")
        whole.write_text("".join(json.dumps(mail) + "\n" for mail in self.mails))
        whole.replace(self._file)
        self._written = len(self.mails)

    def _forget(self) -> None:
        limit = self._seconds() - REMEMBERED_SECONDS
        self._operations = {name: operation for name, operation in self._operations.items() if operation[0] > limit}

    def _unsigned(self, request: Request, body: bytes) -> str | None:
        """What is wrong with a request's signature; None when nothing is."""
        headers = request.headers
        date, digest = headers.get("x-ms-date", ""), headers.get("x-ms-content-sha256", "")
        if digest != base64.b64encode(hashlib.sha256(body).digest()).decode():
            return "The content's hash is another one."
        try:
            apart = abs(parsedate_to_datetime(date).timestamp() - self._seconds())
        except (TypeError, ValueError):
            return "The date cannot be read."
        if apart > CLOCKS_DIFFER_SECONDS:
            return "The date is too far from now."
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        signed = f"{request.method}\n{where}\n{date};{headers.get('host', '')};{digest}"
        made = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
        wanted = (
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" + base64.b64encode(made).decode()
        )
        return None if hmac.compare_digest(wanted, headers.get("authorization", "")) else "The signature is wrong."


def _page(mails: Sequence[dict[str, Any]]) -> str:
    """All mails with their headers and both parts; each HTML part in a frame that runs nothing."""
    shown = "".join(
        f"<article><h2>{escape(mail['subject'])}</h2>"
        f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in _heads(mail))}</dl>"
        f'<p><a href="/dev/mail/{mail["id"]}">alone</a></p>'
        f'<div class="parts"><iframe sandbox title="HTML part" srcdoc="{escape(mail["html"])}"></iframe>'
        f"<pre>{escape(mail['text'])}</pre></div></article>"
        for mail in mails
    )
    told = f"Mails, newest first: {len(mails)}" if mails else "No mail was sent yet"
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Mails</title>{STYLE}"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><h1>{told}</h1>{shown}</body></html>"


def _heads(mail: dict[str, Any]) -> list[tuple[str, str]]:
    told = [
        ("To", ", ".join(mail["to"])),
        ("Reply-To", ", ".join(mail.get("replyTo", ()))),
        ("Received", mail["receivedDateTime"]),
    ]
    return [(name, str(value)) for name, value in (*told, *mail.get("headers", {}).items()) if value]


def connection(base_url: str) -> str:
    """The connection string of the service."""
    return f"endpoint={base_url}{PATH};accesskey={KEY}"


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
