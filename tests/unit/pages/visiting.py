"""Asks for screens as a browser does and reads what comes; a partner with something on every screen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from shared.pages.index import SCREENS
from tests.builders import DEAL_BODY
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

EVERYBODY = "Leads.Admin,Profile.Admin"
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
HOOK: dict[str, Any] = {"notificationUrl": "https://crm.example/hook", "events": ["lead.received", "lead.won"]}
PROFILE: dict[str, Any] = {
    "name": "Contoso",
    "published": True,
    "description": "We roll out CRM.",
    "keywords": ["crm"],
    "companySizes": ["10-50"],
    "locations": [
        {
            "name": "HQ",
            "country": "SE",
            "address": None,
            "contacts": [{"name": "Lena", "email": "lena@contoso.example", "phone": None, "language": "sv"}],
        }
    ],
}


async def show(api: InProcess, path: str, as_: str | None = EVERYBODY, **options: Any) -> Reply:
    """The screen at a path below `/ui/`."""
    reply = await api.call(options.pop("method", "GET"), f"/ui/{path}", as_=as_, **options)
    assert reply.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["x-ms-request-id"]
    return reply


def said(reply: Reply) -> str:
    """What a person reads: the texts without their marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", reply.text)).split())


@dataclass
class Parsed(HTMLParser):
    """The elements of a fragment with their attributes, as a browser finds them."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))


def parsed(html: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a fragment."""
    found = Parsed()
    found.feed(html)
    found.close()
    return found.elements


@dataclass(frozen=True)
class World:
    """One lead that waits, one that was accepted, an export and a webhook."""

    waiting: str
    accepted: str
    export: str
    webhook: str
    door: str = ""

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Every screen of the index with an address that has something to show."""
        for one in SCREENS:
            name = one.route.function
            of_a_deal = name.rpartition("/")[2] in ("edit", "win", "lose", "closeAsError")
            path = name.replace("{leadId}", self.accepted if of_a_deal else self.waiting)
            yield name, path.replace("{exportId}", self.export).replace("{webhookId}", self.webhook)


async def a_world(api: InProcess, door: str, **changes: Any) -> World:
    """The partner's leads have these changes."""
    waiting = await post_lead(api, door, **changes)
    accepted = await post_lead(api, door, **changes, Campaign="Two")
    lead = f"{P}/leads/{accepted}"
    assert (await api.call("POST", f"{lead}/accept", DEAL_BODY, as_="Leads.Admin")).status == 200
    said = {"kind": "call", "text": str(changes.get("Company", "Left a message."))}
    for one in (waiting, accepted):
        assert (await api.call("POST", f"{P}/leads/{one}/activities", said, as_="Leads.Admin")).status == 201
    export = await api.call("POST", f"{P}/exports", {}, as_="Leads.Admin")
    hook = await api.call("POST", f"{P}/webhooks", HOOK, as_="Leads.Admin")
    assert (await api.call("POST", f"{P}/webhooks/{hook.json['id']}/test", as_="Leads.Admin")).status < 300
    return World(waiting, accepted, str(export.json["id"]), str(hook.json["id"]), door)
