"""Pages for people who see what we answer in a browser: visitors of web forms, and whoever follows a mail's link."""

from html import escape

import azure.functions as func

from shared.domain.errors import Refusal
from shared.domain.intake.payload import is_form
from shared.http.calls import Html
from shared.texts import Translate


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
