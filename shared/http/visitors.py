"""Answers to the visitors of web forms, who read pages and no JSON."""

from collections.abc import Awaitable
from html import escape
from typing import Any

import azure.functions as func

from shared.domain.errors import Conflict, InvalidRequest, Refusal
from shared.domain.partner import LeadSource
from shared.domain.payload import is_form
from shared.http.calls import Answer, Call, Html
from shared.http.lead_views import ReceivedView, received_view
from shared.texts import Translate
from shared.usecases.receive_lead import Received


async def answer_visitor(
    call: Call[Any, Any], source: LeadSource, receiving: Awaitable[Received]
) -> Answer[ReceivedView | Html | None]:
    """What a form's sender gets: its source's own page, else a page of ours where a browser shows it, else JSON.

    What was parked has arrived too, so its visitor is sent on as well, with `received=unread`.
    """
    try:
        received = await receiving
    except (InvalidRequest, Conflict) as refusal:
        if source.redirect_url:
            return Answer(None, 303, headers={"Location": _with(source.redirect_url, "received=unread")})
        if not shows_pages(call.request):
            raise
        told = call.translate("Your message has arrived. Somebody will read it.")
        status = 409 if isinstance(refusal, Conflict) else 400
        return Answer(small_page(call.language, call.translate("Thank you"), told), status)
    if source.redirect_url:
        return Answer(None, 303, headers={"Location": source.redirect_url})
    if shows_pages(call.request):
        told = call.translate("Your message has arrived.")
        warnings = "".join(f"<p>{escape(call.translate(one.message))}</p>" for one in received.warnings)
        return Answer(small_page(call.language, call.translate("Thank you"), told, warnings), 200)
    return Answer(received_view(received, call.translate), 200 if received.duplicate else 201)


def shows_pages(request: func.HttpRequest) -> bool:
    """True where a browser shows what we answer: after a link or a form. A script that sends one asks for no page."""
    by_itself = request.method == "GET" or is_form(request.headers.get("content-type", ""))
    return by_itself and "text/html" in request.headers.get("accept", "").lower()


def refused_page(language: str, translate: Translate, refusal: Refusal) -> Html:
    """What a person reads where a program gets an error."""
    return small_page(language, translate("That did not work"), translate(refusal.message))


def small_page(language: str, title: str, text: str, more: str = "") -> Html:
    """A heading and a sentence, and `more` HTML below; readable on a phone, in light and dark."""
    style = (
        "<style>:root{color-scheme:light dark}"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:32em;margin:4em auto;padding:0 1em;overflow-wrap:anywhere}"
        "button{font:inherit;padding:.5em 1em}</style>"
    )
    viewport = '<meta name="viewport" content="width=device-width,initial-scale=1">'
    head = f'<meta charset="utf-8">{viewport}<title>{escape(title)}</title>{style}'
    body = f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</main>"
    return Html(f'<!doctype html><html lang="{language}"><head>{head}</head><body>{body}</body></html>')


def _with(url: str, name: str) -> str:
    """The URL with one more name in its query, and otherwise byte for byte as it is."""
    page, mark, fragment = url.partition("#")
    return f"{page}{'&' if '?' in page else '?'}{name}{mark}{fragment}"
