"""A partner's people: noticed where the page and frontends ask who it is, listed for those who administer (S1)."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.domain.errors import Unavailable
from tests.builders import DAY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.unit.http.conftest import P
from tests.unit.pages.visiting import show

PEOPLE = f"{P}/people"
ADMIN: dict[str, Any] = {"as_": "Leads.Admin"}
SEEN = "2026-11-21T20:04:27.123Z"


async def people(api: InProcess, **as_: Any) -> list[dict[str, Any]]:
    reply = await api.call("GET", PEOPLE, **(as_ or ADMIN))
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json["value"]
    return found


async def test_s1_who_asks_who_it_is_is_one_of_the_partners_people(api: InProcess, door: str) -> None:
    assert await people(api) == []
    await api.call("GET", "/me", as_="Partner.Admin", headers={"Accept-Language": "pt"})
    assert await people(api) == [
        {
            "id": "ann",
            "name": "ann",
            "email": "ann@contoso.example",
            "roles": ["Leads.Admin", "Leads.User", "Partner.Admin", "Profile.Admin"],
            "language": "pt-BR",
            "firstSeenDateTime": SEEN,
            "lastSeenDateTime": SEEN,
            "notSeenSince": None,
        }
    ]


async def test_s1_so_is_who_opens_the_page_and_nobody_else(api: InProcess, door: str) -> None:
    await show(api, "leads", as_="Leads.User")
    await api.call("GET", "/me", as_="Sender")
    await api.call("GET", "/me", as_="Operator", tenant="operator")
    assert await people(api) == []
    await show(api, "top", as_="Leads.User")
    assert [one["roles"] for one in await people(api)] == [["Leads.User"]]


async def test_s1_what_changes_is_seen_on_the_next_day_and_who_is_away_is_shown_as_such(
    api: InProcess, door: str
) -> None:
    await api.call("GET", "/me", as_="Partner.Admin")
    clock.offset += timedelta(hours=1)
    await api.call("GET", "/me", as_="Leads.User")
    assert "Partner.Admin" in (await people(api))[0]["roles"], "once a day is enough"
    clock.offset += DAY
    await api.call("GET", "/me", as_="Leads.User")
    (found,) = await people(api)
    assert (found["roles"], found["firstSeenDateTime"]) == (["Leads.User"], SEEN)
    clock.offset += 90 * DAY
    (found,) = await people(api)
    assert found["notSeenSince"] == found["lastSeenDateTime"] == "2026-11-22T21:04:27.123Z"


async def test_s1_people_are_listed_for_who_administers_and_for_no_other_partner(api: InProcess, door: str) -> None:
    await api.call("GET", "/me", as_="Leads.User")
    for roles in ("Leads.Admin", "Profile.Admin", "Partner.Admin"):
        assert len(await people(api, as_=roles)) == 1
    assert len(await people(api, as_="Operator", tenant="operator")) == 1
    assert (await api.call("GET", PEOPLE, as_="Leads.User")).status == 403
    assert (await api.call("GET", PEOPLE)).status == 401
    assert (await api.call("GET", PEOPLE, as_="Leads.Admin", tenant="fabrikam")).status == 404
    own = await api.call("GET", "/partners/fabrikam/people", as_="Leads.Admin", tenant="fabrikam")
    assert own.json["value"] == []


async def test_who_has_signed_in_does_not_hear_that_storage_is_away(
    api: InProcess, door: str, ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(ports.people, "put", away)
    assert (await api.call("GET", "/me", as_="Leads.User")).status == 200
    assert await people(api) == []
