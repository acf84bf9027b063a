"""Advice on the page: a card above the profile's form, and rows of the notification centre (M6, U1)."""

from typing import Any

from shared.domain.advice import Page
from shared.domain.permissions import Role
from shared.domain.telling.preferences import Preferences
from shared.pages.index import SCREENS
from shared.pages.views.advice import MAY_OPEN
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P
from tests.unit.pages.visiting import PROFILE, parsed, said, show

HOSTILE = '<img src=x onerror="alert(1)">'
PLACES = [{**PROFILE["locations"][0]}, {"name": HOSTILE, "country": "DE", "address": None, "contacts": []}]


async def put_profile(api: InProcess, **changes: Any) -> None:
    assert (await api.call("PUT", f"{P}/profile", {**PROFILE, **changes}, as_="Profile.Admin")).status == 200


def links(reply: Reply) -> list[str]:
    return [found["href"] for tag, found in parsed(reply.text) if tag == "a"]


async def test_m6_what_has_nothing_to_mend_shows_no_card(api: InProcess, door: str) -> None:
    await put_profile(api)
    reply = await show(api, "profile")
    assert "Advice" not in said(reply)
    assert links(reply) == []


async def test_m6_the_profile_shows_advice_with_links_to_its_fields(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    await put_profile(api, keywords=[], locations=PLACES)
    await ports.preferences.put("contoso", Preferences("all@contoso.example"))
    await ports.preferences.add_unwanted("contoso", "all@contoso.example", "bounced")
    reply = await show(api, "profile")
    assert "Location without a contact : The location <img" in said(reply)
    assert HOSTILE not in reply.text
    assert links(reply) == [
        "/api/app/preferences",
        "/api/app/profile#location-2",
        "/api/app/profile#keywords",
    ]
    ids = [found["id"] for _, found in parsed(reply.text) if "id" in found]
    assert len(set(ids)) == len(ids)
    assert {"location-1", "location-2", "keywords", "published", "companySizes", "description", "locations"} <= set(ids)


async def test_m6_whoever_may_not_open_the_profile_is_told_without_a_link(api: InProcess, door: str) -> None:
    await put_profile(api, locations=PLACES)
    for roles, expected in (("Leads.User", []), ("Profile.Admin", ["/api/app/profile#location-2"])):
        reply = await show(api, "notifications", as_=roles)
        assert "Location without a contact" in said(reply)
        assert links(reply) == expected
        assert any(tag == "button" and found.get("data-do") == "dismiss" for tag, found in parsed(reply.text))


def test_u1_advice_leads_to_screens_that_its_reader_may_open() -> None:
    by_path = {one.route.function: one.who for one in SCREENS}
    assert {page: by_path[page] for page in Page} == MAY_OPEN
    assert Role.LEADS_USER in MAY_OPEN[Page.LEADS]
