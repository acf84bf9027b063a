"""The preferences' form: what it sends back is what was there (N1, N4)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from shared import clock
from shared.ports.telling import BOUNCED, UNSUBSCRIBED
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P
from tests.unit.pages.visiting import World, said, show

STOCKHOLM = "Europe/Stockholm"


async def registered(ports: FakePorts, zone: str = STOCKHOLM) -> None:
    """The registration's zone is another."""
    partner = await ports.partners.known("contoso", clock.now())
    assert partner
    await ports.partners.put(replace(partner, time_zone=zone))


async def put(api: InProcess, **wishes: Any) -> Any:
    reply = await api.call("PUT", f"{P}/preferences", wishes, as_="Leads.Admin")
    assert reply.status == 200, reply.text
    return reply.json


def zones(reply: Reply) -> list[tuple[str, str, bool]]:
    """The choices of the time zone: what is sent, what is read, whether it is chosen."""
    (field,) = re.findall(r'<select name="timeZone" data-as="null">(.*?)</select>', reply.text)
    found = re.findall(r"<option ?([^>]*)>([^<]*)</option>", field)
    assert len(found) == field.count("<option")
    return [("" if 'value=""' in marks else text, text, "selected" in marks) for marks, text in found]


def chosen(reply: Reply) -> str:
    """What a save sends: the marked choice, else the first, as browsers do; an empty one as null."""
    choices = zones(reply)
    return next((value for value, _, on in choices if on), choices[0][0])


async def test_a_partner_that_put_no_zone_keeps_none_when_it_saves(
    api: InProcess, world: World, ports: FakePorts
) -> None:
    await registered(ports)
    for before in (None, {"digestHour": 8}):
        if before:
            await put(api, **before)
        reply = await show(api, "preferences")
        assert chosen(reply) == ""
        assert zones(reply)[0] == ("", f"as registered: {STOCKHOLM}", False)
    assert (await put(api, timeZone=None))["timeZone"] == STOCKHOLM
    stored = await ports.preferences.get("contoso")
    assert stored
    assert stored.time_zone is None


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "UTC", "CET", "Etc/GMT+5", "EST5EDT", STOCKHOLM])
async def test_a_zone_that_was_put_is_chosen_also_where_it_is_no_place(
    api: InProcess, world: World, ports: FakePorts, zone: str
) -> None:
    await registered(ports)
    await put(api, timeZone=zone)
    reply = await show(api, "preferences")
    assert chosen(reply) == zone
    assert [value for value, _, on in zones(reply) if on] == [zone]
    assert [value for value, _, _ in zones(reply)].count(zone) == 1
    assert zones(reply)[0][0] == ""


async def test_why_an_address_is_not_mailed_is_said_in_words(api: InProcess, world: World, ports: FakePorts) -> None:
    await ports.preferences.add_unwanted("contoso", "no@contoso.example", UNSUBSCRIBED)
    await ports.preferences.add_unwanted("contoso", "gone@contoso.example", BOUNCED)
    text = said(await show(api, "preferences", headers={"accept-language": "de"}))
    assert "no@contoso.example Möchte keine E-Mails mehr" in text
    assert "unsubscribed" not in text
    assert "bounced" not in text
