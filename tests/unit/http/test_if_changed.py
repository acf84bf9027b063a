"""Whoever has an answer already is told so without a body (RFC 9110, 13.1.2), and never what would hide a change."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.http import etags
from tests.builders import DEAL_BODY
from tests.in_process import InProcess, Reply, contracted
from tests.unit.http.conftest import P, post_lead

USER: dict[str, Any] = {"as_": "Leads.User"}
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}


async def read(api: InProcess, path: str, *, known: str = "", method: str = "GET", **who: Any) -> Reply:
    headers = {"If-None-Match": known} if known else {}
    return await api.call(method, path, headers=headers | who.pop("headers", {}), **who)


@pytest.mark.parametrize("path", [f"{P}/leads", f"{P}/leads?status=received&top=1", f"{P}/leads/summary"])
async def test_a_poll_costs_a_body_only_when_something_has_changed(api: InProcess, door: str, path: str) -> None:
    lead = await post_lead(api, door)
    await post_lead(api, door, Company="Second")
    tag = (await read(api, path, **USER)).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = await read(api, path, known=known, **USER)
        assert (same.status, same.text, same.headers["ETag"]) == (304, "", tag)
        assert "x-ms-request-id" in same.headers
        assert same.headers["Cache-Control"] == "no-store"
    assert (await read(api, path, known=tag, method="HEAD", **USER)).status == 304
    assert (await read(api, path, known='"x"', **USER)).status == 200
    await api.call("POST", f"{P}/leads/{lead}/accept", DEAL_BODY, as_="Leads.Admin")
    changed = await read(api, path, known=tag, **USER)
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


async def test_the_clock_alone_changes_no_counts_but_a_flame_that_cools_does(api: InProcess, door: str) -> None:
    await post_lead(api, door)
    first = await read(api, f"{P}/leads/summary", **USER)
    clock.offset = timedelta(hours=1)
    later = await read(api, f"{P}/leads/summary", **USER)
    assert (first.json["now"], later.json["now"]) == ("2026-11-21T20:04:27.123Z", "2026-11-21T21:04:27.123Z")
    assert (await read(api, f"{P}/leads/summary", known=first.headers["ETag"], **USER)).status == 304
    clock.offset = timedelta(hours=73)
    assert (await read(api, f"{P}/leads/summary", known=first.headers["ETag"], **USER)).status == 200


async def test_a_heart_is_seen_in_a_list_and_in_the_lead(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    one, every = f"{P}/leads/{lead}", f"{P}/leads"
    # Reading it makes it no longer new.
    first = await read(api, one, **USER)
    tag = (await read(api, every, **USER)).headers["ETag"]
    await api.call("PUT", f"{one}/favorite", **USER)
    hearted = await read(api, one, known=first.headers["ETag"], **USER)
    assert hearted.headers["ETag"] == first.headers["ETag"], "it is for If-Match"
    assert (hearted.status, hearted.json["isFavorite"]) == (200, True)
    assert (await read(api, every, known=tag, **USER)).status == 200


async def test_settings_are_read_again_only_when_they_have_changed(api: InProcess, door: str) -> None:
    made = await api.call("POST", f"{P}/sources", {"name": "Form", "kind": "form"}, **OPERATOR)
    for path in (P, f"{P}/preferences", "/contactLists", f"{P}/sources/{made.json['id']}"):
        tag = (await read(api, path, **OPERATOR)).headers["ETag"]
        assert (await read(api, path, known=tag, **OPERATOR)).status == 304
    changed = await api.call("PATCH", P, {"name": "Contoso AB"}, **OPERATOR)
    assert (await read(api, P, known=changed.headers["ETag"], **OPERATOR)).status == 304


async def test_what_others_do_is_seen_though_it_changes_no_etag(api: InProcess, door: str) -> None:
    offer = {"title": "CRM", "callToAction": "freeTrial"}
    mine, its = f"{P}/offers/contoso.crm", "/partners/fabrikam/offers/fabrikam.crm"
    assert (await api.call("PUT", mine, offer, **OPERATOR)).status == 201
    tag = (await read(api, mine, **OPERATOR)).headers["ETag"]
    assert (await api.call("PUT", its, offer, **OPERATOR)).status == 201
    again = await read(api, mine, known=tag, **OPERATOR)
    assert (again.status, again.headers["ETag"], again.json["titleIsShared"]) == (200, tag, True)


async def test_the_vocabulary_of_another_language_is_another_one(api: InProcess) -> None:
    tag = (await read(api, "/vocabulary", headers={"Accept-Language": "hu"})).headers["ETag"]
    assert not tag.startswith("W/")
    same = await read(api, "/vocabulary", known=tag, headers={"Accept-Language": "hu"})
    assert (same.status, same.text) == (304, "")
    assert same.headers["Cache-Control"] == "public, max-age=3600"
    assert "Accept-Language" in same.headers["Vary"]
    assert (await read(api, "/vocabulary", known=tag, headers={"Accept-Language": "it"})).status == 200


async def test_an_error_is_told_whatever_the_caller_knows(api: InProcess, door: str) -> None:
    for path, status in ((f"{P}/leads?status=open", 400), ("/partners/fabrikam/leads", 404)):
        assert (await read(api, path, known="*", **USER)).status == status


def test_only_reads_that_say_so_answer_304() -> None:
    said = {function.name: route for route, function, contract in contracted() if contract.if_changed}
    assert set(said) == {
        *("list_leads", "count_leads", "vocabulary", "get_partner", "get_contact_lists", "get_preferences"),
        *("read_source", "read_programme_source", "get_insights", "get_standing", "search_directory", "list_partners"),
        *("find_similar_deals", "get_advice", "get_insights_chart"),
    }
    assert {method for route in said.values() for method in route.methods} == {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ("*", True),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", W/"a"', True),
        ('"b"', False),
        ('"A"', False),
    ],
)
def test_an_etag_is_named_strongly_or_weakly(header: str | None, expected: bool) -> None:
    assert etags.names(header, '"a"') is expected
