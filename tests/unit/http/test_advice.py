"""A partner reads what it should mend, and finds it in its notification centre (M6, N5)."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.domain.advice import Mend, Page
from shared.http.shapes.advice_views import mend_link
from shared.settings import Settings
from shared.usecases.outcomes.learn import learn_outcomes
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DAY, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.steps import budget
from tests.unit.http.conftest import P, post_lead
from tests.unit.pages.visiting import PROFILE

ADMIN: dict[str, Any] = {"as_": "Leads.Admin"}
USER: dict[str, Any] = {"as_": "Leads.User"}
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
ADVICE = f"{P}/advice"
BASE = "http://localhost:7071/api"
BERLIN = {"name": "Berlin", "country": "DE", "address": None, "contacts": []}


async def put_profile(api: InProcess, **changes: Any) -> None:
    profile = {**PROFILE, "locations": [*PROFILE["locations"], BERLIN], **changes}
    assert (await api.call("PUT", f"{P}/profile", profile, as_="Profile.Admin")).status == 200


async def told(api: InProcess, **as_: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.call("GET", ADVICE, **(as_ or USER))).json["value"]
    return found


async def noticed(api: InProcess, user: str = "ann") -> list[dict[str, Any]]:
    found = (await api.call("GET", f"{P}/notifications?top=200", user=user, **USER)).json
    assert found["openCount"] == sum(not one["dismissed"] for one in found["value"])
    return [one for one in found["value"] if one["kind"] == "advice"]


async def overdue(api: InProcess, door: str) -> str:
    """A deal whose outcome should have been told; its id."""
    lead = await post_lead(api, door)
    deal = {**DEAL_BODY, "purchaseDate": str(AT.date())}
    assert (await api.call("POST", f"{P}/leads/{lead}/accept", deal, **ADMIN)).status == 200
    clock.offset = 20 * DAY
    return lead


async def test_m6_nothing_to_mend_is_an_empty_list(api: InProcess, door: str) -> None:
    assert (await api.call("GET", ADVICE, **USER)).json == {"value": []}
    assert await noticed(api) == []


async def test_m6_each_piece_has_its_number_and_a_link_to_what_mends_it(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    await put_profile(api, keywords=[])
    await overdue(api, door)
    await ports.preferences.add_unwanted("contoso", "lena@contoso.example", "bounced")
    assert await told(api) == [
        {
            "code": "contactBounced",
            "message": "lena@contoso.example takes no mail. Locations with this contact: 1.",
            "numbers": {"locations": 1},
            "subject": "lena@contoso.example",
            "link": f"{BASE}/app/profile#location-1",
        },
        {
            "code": "locationWithoutContact",
            "message": "The location Berlin has no contact with an e-mail address. "
            "Leads through it in twelve months: 0.",
            "numbers": {"leads": 0},
            "subject": "Berlin",
            "link": f"{BASE}/app/profile#location-2",
        },
        {
            "code": "outcomesOverdue",
            "message": "The outcome of 1 deals is overdue: say whether they were won.",
            "numbers": {"deals": 1},
            "subject": None,
            "link": f"{BASE}/app/leads?status=accepted",
        },
        {
            "code": "noKeywords",
            "message": "Keywords: 0. Searches find the profile by its other texts alone.",
            "numbers": {"keywords": 0},
            "subject": None,
            "link": f"{BASE}/app/profile#keywords",
        },
    ]
    german = await api.call("GET", ADVICE, headers={"accept-language": "de"}, **USER)
    assert german.json["value"][3]["message"].startswith("Stichwörter: 0. ")
    assert "northwind" not in german.text.casefold(), "no customer has a part in it"


async def test_m6_what_was_mended_is_told_no_more(api: InProcess, door: str, ports: FakePorts) -> None:
    await put_profile(api)
    lead = await overdue(api, door)
    assert [one["code"] for one in await told(api)] == ["locationWithoutContact", "outcomesOverdue"]
    assert len(await noticed(api)) == 2
    await put_profile(api, locations=PROFILE["locations"])
    assert (await api.call("POST", f"{P}/leads/{lead}/win", {}, **ADMIN)).status == 200
    assert await told(api) == await noticed(api) == []


async def test_m6_the_same_again_is_a_304(api: InProcess, door: str) -> None:
    await put_profile(api)
    tag = (await api.call("GET", ADVICE, **USER)).headers["ETag"]
    assert (await api.call("GET", ADVICE, headers={"If-None-Match": tag}, **USER)).status == 304
    await put_profile(api, keywords=[])
    assert (await api.call("GET", ADVICE, headers={"If-None-Match": tag}, **USER)).status == 200


async def test_m6_nobody_reads_anothers(api: InProcess, door: str) -> None:
    await put_profile(api)
    for roles in (USER, {"as_": "Profile.Admin"}, OPERATOR):
        assert [one["code"] for one in await told(api, **roles)] == ["locationWithoutContact"]
    assert (await api.call("GET", "/partners/fabrikam/advice", **USER)).status == 404
    assert (await api.call("GET", ADVICE)).status == 401
    assert (await api.call("GET", ADVICE, as_="Sender", tenant="contoso")).status == 403


async def test_m6_advice_is_a_notification_that_each_dismisses_for_the_month(api: InProcess, door: str) -> None:
    await put_profile(api)
    lead = await post_lead(api, door)
    (one,) = await noticed(api)
    assert (one["leadId"], one["lead"], one["dueDateTime"]) == (None, None, None)
    assert one["title"].startswith("The location Berlin has no contact")
    assert one["link"] == f"{BASE}/app/profile#location-2"
    assert one["createdDateTime"] == "2026-11-01T00:00:00.000Z"
    every = (await api.call("GET", f"{P}/notifications", **USER)).json
    assert [found["leadId"] for found in every["value"]] == [lead, None], "leads come first"
    path = f"{P}/notifications/{one['id']}"
    assert (await api.call("POST", f"{path}/dismiss", **USER)).status == 204
    assert [found["dismissed"] for found in await noticed(api)] == [True]
    assert [found["dismissed"] for found in await noticed(api, "bob")] == [False]
    clock.offset = 9 * DAY
    assert [found["dismissed"] for found in await noticed(api)] == [True]
    clock.offset = 10 * DAY
    assert [found["dismissed"] for found in await noticed(api)] == [False], "it stands in December, too"
    assert (await api.call("POST", f"{path}/restore", **USER)).status == 204


async def test_m6_the_centre_goes_by_what_the_last_look_at_the_year_has_found(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    await put_profile(api, published=False, locations=PROFILE["locations"])
    await post_lead(api, door)
    await publish_events(ports=ports, at=AT + timedelta(minutes=1), budget=budget())
    assert [one["code"] for one in await told(api)] == ["notPublished"]
    assert await noticed(api) == []
    await learn_outcomes(ports=ports, at=AT + timedelta(minutes=2), budget=budget())
    (one,) = await noticed(api)
    assert one["title"].endswith("Leads in twelve months: 1.")


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("", f"{BASE}/app/leads?status=accepted"),
        ("https://crm.example/{partnerId}/leads", "https://crm.example/contoso/leads?status=accepted"),
        ("https://crm.example/?partner={partnerId}", "https://crm.example/?partner=contoso&status=accepted"),
    ],
)
def test_m6_a_list_of_a_frontend_of_ones_own_is_asked_with_the_same_filter(
    in_memory: Settings, page: str, link: str
) -> None:
    settings = in_memory.model_copy(update={"leads_url": page or None})
    assert mend_link(Mend(Page.LEADS, "status=accepted"), "contoso", settings) == link
    assert mend_link(Mend(Page.PREFERENCES), "contoso", settings) == f"{BASE}/app/preferences"
