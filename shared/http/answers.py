"""Answers of the documented shape, in the caller's language."""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import azure.functions as func
import msgspec

from shared.domain.errors import MethodNotAllowed, Refusal, Unauthenticated
from shared.http import compression, etags, problems
from shared.texts import accepted, translator

EXPOSED = ", ".join(
    (
        *("ETag", "Location", "Operation-Location", "Retry-After", "WWW-Authenticate"),
        *("x-ms-request-id", "x-ms-client-request-id", "x-ms-error-code"),
    )
)
VARY = "Accept-Language, Accept-Encoding, Origin"
"""What every answer with a body follows; where a page comes from decides what it is shown of the headers."""


def refused(req: func.HttpRequest, request_id: str, refusal: Refusal) -> func.HttpResponse:
    """The error body of a refusal, with the headers that belong to it."""
    headers = {"x-ms-error-code": refusal.code}
    if isinstance(refusal, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="partner-leads"'
    if isinstance(refusal, MethodNotAllowed):
        headers["Allow"] = refusal.allowed
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    status = problems.STATUS[refusal.code]
    return response(req, request_id, status, problems.body_of(refusal, translator(language_of(req))), headers)


_STYLE = re.compile("<style>(.*?)</style>", re.DOTALL)


def page_of_html(
    req: func.HttpRequest,
    request_id: str,
    html: str,
    status: int,
    *,
    framed_by: str = "",
    sends_to: tuple[str, ...] = (),
) -> func.HttpResponse:
    """A page that runs nothing, and tells no other site where it was (its address is a token).

    It is framed by nobody but `framed_by`, a list of sources. Styles are files of ours, or known by their hash. Its
    forms end here, or at the sites that `sends_to` names.
    """
    styles = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(html))
    rules = (
        "default-src 'none'",
        "img-src 'self'",
        " ".join(("style-src 'self'", *(f"'sha256-{base64.b64encode(one).decode()}'" for one in styles))),
        " ".join(("form-action 'self'", *sends_to)),
        "base-uri 'none'",
        "frame-ancestors " + (framed_by or "'none'"),
    )
    headers = {
        "x-ms-request-id": request_id,
        "Cache-Control": "no-store",
        "Content-Security-Policy": "; ".join(rules),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        **({} if framed_by else {"X-Frame-Options": "DENY"}),
        "Vary": VARY,
    }
    text, how = compression.packed(req.headers.get("accept-encoding"), html.encode())
    return func.HttpResponse(text, status_code=status, headers={**headers, **how}, mimetype="text/html")


def response(
    req: func.HttpRequest,
    request_id: str,
    status: int,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str],
    *,
    if_changed: bool = False,
) -> func.HttpResponse:
    """An answer with the headers that every one has; None = no body.

    With `if_changed` it has an ETag, and is a 304 for whoever has read what it names (`If-None-Match`).
    """
    common = _common(req, request_id)
    if body is None:
        return func.HttpResponse(status_code=status, headers=common | dict(headers))
    return _sent(req, status, common, headers, msgspec.json.encode(body), "application/json", if_changed=if_changed)


def file_of(
    req: func.HttpRequest,
    request_id: str,
    kind: str,
    text: str,
    headers: Mapping[str, str],
    *,
    if_changed: bool = False,
) -> func.HttpResponse:
    """What is no JSON, as it is; `kind` is its media type. See `response`."""
    return _sent(req, 200, _common(req, request_id), headers, text.encode(), kind, if_changed=if_changed)


def _common(req: func.HttpRequest, request_id: str) -> dict[str, str]:
    common = {"x-ms-request-id": request_id, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if req.headers.get("origin"):
        # A browser hides every other header from the page that asked, whatever the platform's CORS allows.
        common["Access-Control-Expose-Headers"] = EXPOSED
    client_id = req.headers.get("x-ms-client-request-id", "")
    if client_id and len(client_id) <= 128 and client_id.isascii() and client_id.isprintable():
        common["x-ms-client-request-id"] = client_id
    return common


def _sent(
    req: func.HttpRequest,
    status: int,
    common: dict[str, str],
    headers: Mapping[str, str],
    text: bytes,
    kind: str,
    *,
    if_changed: bool,
) -> func.HttpResponse:
    common |= {"Content-Language": language_of(req), "Vary": VARY}
    if if_changed:
        common["ETag"] = headers.get("ETag") or etags.of_bytes(text)
        if etags.names(req.headers.get("if-none-match"), common["ETag"]):
            return func.HttpResponse(status_code=304, headers=common | dict(headers))
    text, how = compression.packed(req.headers.get("accept-encoding"), text)
    sent = {**common, **how, **headers}
    return func.HttpResponse(text, status_code=status, headers=sent, mimetype=kind)


def language_of(req: func.HttpRequest) -> str:
    """The language of N4 that the caller wants to read."""
    return accepted(req.headers.get("accept-language"))
