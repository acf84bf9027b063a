"""Answers to the visitors of web forms, who read pages and no JSON."""

from collections.abc import Awaitable
from html import escape
from typing import Any

from shared.domain.errors import Conflict, InvalidRequest
from shared.domain.programme.partner import LeadSource
from shared.http.calls import Call, Html, Response
from shared.http.shapes.lead_views import ReceivedView, received_view
from shared.http.visitors import shows_pages, small_page
from shared.usecases.intake.receive_lead import Received


async def answer_visitor(
    call: Call[Any, Any], source: LeadSource, receiving: Awaitable[Received]
) -> Response[ReceivedView | Html | None]:
    """What a form's sender gets: its source's own page, else a page of ours where a browser shows it, else JSON.

    What was parked has arrived too, so its visitor is sent on as well, with `received=unread`.
    """
    try:
        received = await receiving
    except (InvalidRequest, Conflict) as refusal:
        if source.redirect_url:
            return Response(None, 303, headers={"Location": _with(source.redirect_url, "received=unread")})
        if not shows_pages(call.request):
            raise
        told = call.translate("Your message has arrived. Somebody will read it.")
        status = 409 if isinstance(refusal, Conflict) else 400
        return Response(small_page(call.language, call.translate("Thank you"), told), status)
    if source.redirect_url:
        return Response(None, 303, headers={"Location": source.redirect_url})
    if shows_pages(call.request):
        told = call.translate("Your message has arrived.")
        warnings = "".join(f"<p>{escape(call.translate(warning.message))}</p>" for warning in received.warnings)
        return Response(small_page(call.language, call.translate("Thank you"), told, warnings), 200)
    return Response(received_view(received, call.translate), 200 if received.duplicate else 201)


def _with(url: str, name: str) -> str:
    """The URL with one more name in its query, and otherwise byte for byte as it is."""
    page, mark, fragment = url.partition("#")
    return f"{page}{'&' if '?' in page else '?'}{name}{mark}{fragment}"
