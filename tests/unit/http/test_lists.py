"""Lists, counts and contact attempts through the routes: names, values, tokens, and what nobody may see."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared import app, clock
from shared.http.shapes.queries import LeadFilterIn
from shared.http.turns import Turns
from shared.ports.rules import ListRules
from tests.builders import DAY, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.filters import NOBODYS
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead


async def leads(api: InProcess, query: str = "", **options: Any) -> Reply:
    return await api.call("GET", f"{P}/leads?{query}" if query else f"{P}/leads", as_="Leads.User", **options)


async def ids(api: InProcess, query: str) -> list[str]:
    reply = await leads(api, query)
    assert reply.status == 200, reply.text
    return [one["id"] for one in reply.json["value"]]


@pytest.fixture
async def two(api: InProcess, door: str) -> tuple[str, str]:
    """A contact-me lead of northwind in Sweden, and an informational one in Germany."""
    first = await post_lead(api, door)
    return first, await post_lead(api, door, ActionCode="INS", Country="Germany", Company="Fabrikam")


QUERIES = {
    "tab=marketplace": {0, 1},
    "tab=qualified": set(),
    "tab=favorites": set(),
    "status=received": {0},
    "status=received,informational": {0, 1},
    "outcome=won": set(),
    "type=offer": {0, 1},
    "type=profile": set(),
    "qualification=customerInquiry,salesQualified": {0, 1},
    "source=appSource": {0, 1},
    "callToAction=getItNow": {1},
    "country=SE": {0},
    "country=Sweden,de": {0, 1},
    "customer=NORTH": {0},
    "search=berg fabrikam": {1},
    "quality=high": {0, 1},
    "quality=unknown,low": set(),
    "emailValidity=unknown": {0, 1},
    "phoneValidity=valid": {0, 1},
    "flame=hot": {0},
    "flame=cooled": set(),
    "offer=contoso crm": {0, 1},
    "reason=budget,No capacity": set(),
    "companySize=10-50": set(),
    "location=HQ": set(),
    "searchTerm=crm": set(),
    "deal=true": set(),
    "deal=false": {0, 1},
    "createdFrom=2026-11-21": {0, 1},
    "createdTo=2026-11-21": {0, 1},
    "createdTo=2026-11-20": set(),
    "createdFrom=2026-11-21T20:04:27.123Z&createdTo=2026-11-21T20:04:27.123Z": {0, 1},
    "createdFrom=2026-11-21T22:04:28%2B01:00": set(),
    "updatedFrom=2026-11-21": {0, 1},
    "updatedFrom=2026-11-21T20:04:27.124Z": set(),
    "updatedTo=2026-11-20": set(),
    "updatedFrom=2026-11-21&updatedTo=2026-11-21T20:04:27.123Z&country=SE": {0},
    "country=SE&status=informational": set(),
    f"id={NOBODYS}": set(),
    "orderBy=company": {0, 1},
    "orderBy=company desc&country=SE": {0},
}


@pytest.mark.parametrize("query", QUERIES)
async def test_q3_every_filter_has_its_name(api: InProcess, two: tuple[str, str], query: str) -> None:
    assert set(await ids(api, query)) == {two[n] for n in QUERIES[query]}


def test_every_filter_of_the_interface_is_tried() -> None:
    tried = {part.split("=")[0] for query in QUERIES for part in query.split("&")}
    named = {one.alias for one in LeadFilterIn.model_fields.values()}
    assert named - tried == {"includeTest"}


@pytest.mark.parametrize(
    ("query", "target", "says"),
    [
        ("city=1", "city", "allowed are"),
        ("status=open", "status", "'received', 'informational', 'accepted', 'archived'"),
        ("status=received,open", "status", "'received'"),
        ("outcome=lost,gone", "outcome", "'declined'"),
        ("flame=warm", "flame", "'hot', 'cooled'"),
        ("reason=price", "reason", "'budget'"),
        ("quality=best", "quality", "'high'"),
        ("emailValidity=good", "emailValidity", "'spam'"),
        ("phoneValidity=spam", "phoneValidity", "'unknown'"),
        ("country=Atlantis", "country", "ISO 3166"),
        ("createdFrom=yesterday", "createdFrom", "2026-11-21"),
        ("createdTo=2026-13-01", "createdTo", ""),
        ("createdFrom=20261121", "createdFrom", "2026-11-21"),
        ("createdFrom=0001-01-01T00:00:00%2B14:00", "createdFrom", ""),
        ("createdFrom=1969-12-31", "createdFrom", "1970"),
        ("updatedFrom=now", "updatedFrom", "2026-11-21"),
        ("id=m12", "id", "no lead's id"),
        ("id=m" + "0" * 28, "id", "no lead's id"),
        ("id=" + ",".join([NOBODYS] * 201), "id", "200"),
        ("orderBy=size", "orderBy", "dealValue"),
        ("search=" + "x" * 300, "search", "256"),
        ("includeTest=maybe", "includeTest", ""),
        ("top=0", "top", ""),
    ],
)
async def test_what_is_unknown_is_refused_with_what_is_allowed(
    api: InProcess, door: str, query: str, target: str, says: str
) -> None:
    reply = await leads(api, query)
    assert reply.status == 400
    assert reply.targets == {target}
    assert says in reply.text


async def test_every_fault_of_a_query_is_named_at_once(api: InProcess, door: str) -> None:
    reply = await leads(api, "status=open&flame=warm&city=1&orderBy=x")
    assert reply.targets == {"status", "flame", "city", "orderBy"}


@pytest.mark.parametrize(
    "order", ["", "orderBy=company", "search=ada", "orderBy=created asc", "search=ada&tab=marketplace"]
)
async def test_q5_next_links_lead_through_every_list_and_belong_to_it(api: InProcess, door: str, order: str) -> None:
    for n in range(5):
        await post_lead(api, door, Title=str(n), Company=f"C{n % 2}")
    everything = await ids(api, order)
    found: list[str] = []
    reply = await leads(api, f"{order}&top=2" if order else "top=2")
    token = ""
    while True:
        found += [one["id"] for one in reply.json["value"]]
        if "nextLink" not in reply.json:
            break
        link = reply.json["nextLink"].removeprefix("http://localhost:7071/api")
        token = link.split("pageToken=")[1].split("&")[0]
        reply = await api.call("GET", link, as_="Leads.User")
    assert found == everything
    assert len(set(found)) == 5
    for other in ("status=received", "orderBy=country", "tab=favorites"):
        refused = await leads(api, f"{other}&top=2&pageToken={token}")
        assert (refused.status, refused.targets) == (400, {"pageToken"})
    assert (await leads(api, f"{order}&pageToken={token[:-4]}AAAA".lstrip("&"))).status == 400


async def test_q6_the_summary_counts_by_tab_and_status(api: InProcess, two: tuple[str, str]) -> None:
    async def summary(user: str = "ann") -> Any:
        reply = await api.call("GET", f"{P}/leads/summary", as_="Leads.User", user=user)
        assert reply.status == 200
        return {name: count for name, count in reply.json.items() if name != "now"}

    nothing = {"received": 0, "accepted": 0, "informational": 0, "archived": 0, "new": 0}
    marketplace = {"received": 1, "accepted": 0, "informational": 1, "archived": 0, "new": 1}
    expected = {"tabs": {"marketplace": marketplace, "qualified": nothing}, "favorites": 0, "hot": 1}
    assert await summary() == expected
    await api.call("GET", f"{P}/leads/{two[0]}", as_="Leads.User")
    await api.call("PUT", f"{P}/leads/{two[1]}/favorite", as_="Leads.User")
    assert await summary() == {
        "tabs": {"marketplace": {**marketplace, "new": 0}, "qualified": nothing},
        "favorites": 1,
        "hot": 1,
    }
    assert await summary("bob") == expected
    await api.call("POST", f"{P}/leads/{two[0]}/accept", DEAL_BODY, as_="Leads.Admin")
    assert (await summary("bob"))["tabs"]["marketplace"] == {**nothing, "accepted": 1, "informational": 1}


async def facets(api: InProcess, query: str = "") -> Any:
    reply = await api.call("GET", f"{P}/leads/facets?{query}", as_="Leads.User")
    assert reply.status == 200, reply.text
    return reply.json


async def test_q3_the_facets_are_the_values_in_use_by_the_names_of_the_filter(
    api: InProcess, two: tuple[str, str]
) -> None:
    found = await facets(api)
    assert (found["count"], found["isComplete"]) == (2, True)
    assert set(found["facets"]) <= {one.alias for one in LeadFilterIn.model_fields.values()}
    offer = {"value": "Contoso CRM", "title": "Contoso CRM", "count": 2}
    assert found["facets"] == {
        "status": [{"value": "informational", "count": 1}, {"value": "received", "count": 1}],
        "outcome": [],
        "type": [{"value": "offer", "count": 2}],
        "qualification": [{"value": "customerInquiry", "count": 2}],
        "source": [{"value": "appSource", "count": 2}],
        "callToAction": [{"value": "contactMe", "count": 1}, {"value": "getItNow", "count": 1}],
        "country": [{"value": "DE", "count": 1}, {"value": "SE", "count": 1}],
        "quality": [{"value": "high", "count": 2}],
        "emailValidity": [{"value": "unknown", "count": 2}],
        "phoneValidity": [{"value": "valid", "count": 2}],
        "flame": [{"value": "hot", "count": 1}],
        "reason": [],
        "companySize": [],
        "location": [],
        "searchTerm": [],
        "offer": [offer],
    }


@pytest.mark.parametrize("query", QUERIES)
async def test_the_facets_and_the_count_take_the_lists_filters(
    api: InProcess, two: tuple[str, str], query: str
) -> None:
    if "orderBy" not in query:
        assert (await facets(api, query))["count"] == len(QUERIES[query])
    page = (await leads(api, f"{query}&count=true")).json
    assert (page["count"], page["countIsAtLeast"]) == (len(QUERIES[query]), False)


async def test_a_field_that_the_filter_names_is_not_narrowed_by_it(api: InProcess, two: tuple[str, str]) -> None:
    found = await facets(api, "country=SE")
    assert found["count"] == 1
    assert found["facets"]["country"] == [{"value": "DE", "count": 1}, {"value": "SE", "count": 1}]
    assert found["facets"]["status"] == [{"value": "received", "count": 1}]


async def test_facets_know_no_order_no_page_and_no_stranger(api: InProcess, two: tuple[str, str]) -> None:
    route = f"{P}/leads/facets"
    refused = await api.call("GET", f"{route}?orderBy=company&top=2&status=open", as_="Leads.User")
    assert (refused.status, refused.targets) == (400, {"orderBy", "top", "status"})
    assert (await api.call("GET", route, as_="Operator", tenant="operator")).json["count"] == 2
    assert (await api.call("GET", route, as_="Sender")).status == 403
    assert (await api.call("GET", route, as_="Leads.User", tenant="fabrikam")).status == 404


@pytest.mark.parametrize("query", ["country=SE", "status=received", "search=northwind", "country=SE&orderBy=company"])
async def test_the_first_page_alone_counts_and_only_where_it_is_asked_to(api: InProcess, door: str, query: str) -> None:
    for n in range(5):
        await post_lead(api, door, Title=str(n))
    assert not {"count", "countIsAtLeast"} & set((await leads(api, f"{query}&top=2")).json)
    assert not {"count", "countIsAtLeast"} & set((await leads(api, f"{query}&top=2&count=false")).json)
    first = (await leads(api, f"{query}&top=2&count=true")).json
    assert (first["count"], first["countIsAtLeast"], len(first["value"])) == (5, False, 2)
    link = first["nextLink"].removeprefix("http://localhost:7071/api")
    second = (await api.call("GET", link, as_="Leads.User")).json
    assert (set(second), len(second["value"])) == ({"value", "nextLink"}, 2)
    # Whether it counts is no part of what a page goes on in.
    other = (await api.call("GET", link.replace("count=true", "count=false"), as_="Leads.User")).json
    assert other["value"] == second["value"]


async def test_where_the_budget_ends_the_count_is_at_least_and_the_facets_say_so(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    for n in range(7):
        await post_lead(api, door, Title=str(n))
    rules = replace(ports.rules, lists=ListRules(scan_leads=4))
    current = app.current()
    app.use(replace(current, ports=replace(ports, rules=rules)))
    page = (await leads(api, "country=SE&count=true")).json
    assert (page["count"], page["countIsAtLeast"], len(page["value"])) == (4, True, 7)
    found = await facets(api, "search=northwind")
    assert (found["count"], found["isComplete"]) == (4, False)
    assert found["facets"]["country"] == [{"value": "SE", "count": 4}]
    by_status = (await leads(api, "status=received&count=true")).json
    assert (by_status["count"], by_status["countIsAtLeast"]) == (7, False)


async def test_l8_a_contact_attempt_is_logged_in_every_status_and_changes_no_version(
    api: InProcess, two: tuple[str, str]
) -> None:
    lead = f"{P}/leads/{two[0]}"

    async def log(kind: str, text: str | None = "Left a message.") -> Reply:
        return await api.call("POST", f"{lead}/activities", {"kind": kind, "text": text}, as_="Leads.User")

    async def attempts() -> Any:
        return (await api.call("GET", lead, as_="Leads.User")).json["contactAttempts"]

    assert await attempts() == {"count": 0, "last": None}
    first = await log("call")
    assert first.status == 201
    assert await attempts() == {"count": 1, "last": first.json["at"]}
    assert first.json["type"] == "lead.activityLogged"
    assert (first.json["from"], first.json["to"]) == ("received", "received")
    assert first.json["by"] == {"kind": "person", "id": "ann", "name": "ann"}
    assert first.json["changes"] == {
        "activity.kind": {"from": None, "to": "call"},
        "activity.text": {"from": None, "to": "Left a message."},
    }
    assert (await api.call("GET", lead, as_="Leads.User")).headers["ETag"] == '"1"'
    await api.call("POST", f"{lead}/accept", DEAL_BODY, as_="Leads.Admin")
    assert (await log("meeting")).status == 201
    won = await api.call("POST", f"{lead}/win", as_="Leads.Admin", headers={"If-Match": '"2"'})
    assert won.status == 200
    clock.offset = DAY
    assert (await log("note", None)).status == 201
    assert await attempts() == {"count": 3, "last": "2026-11-22T20:04:27.123Z"}
    (listed,) = [
        one for one in (await api.call("GET", f"{P}/leads", as_="Leads.User")).json["value"] if one["id"] == two[0]
    ]
    assert listed["contactAttempts"] == await attempts()
    history = (await api.call("GET", f"{lead}/history", as_="Leads.User")).json["value"]
    assert [one["type"].removeprefix("lead.") for one in history] == [
        *("activityLogged", "won", "activityLogged", "accepted", "activityLogged", "received"),
    ]
    for body, targets in (
        ({"kind": "fax"}, {"kind"}),
        ({}, {"kind"}),
        ({"kind": "call", "text": "x" * 9_000, "to": 1}, {"text", "to"}),
    ):
        refused = await api.call("POST", f"{lead}/activities", body, as_="Leads.User")
        assert (refused.status, refused.targets) == (400, targets)


async def test_l4_lost_for_want_of_an_answer_hardly_asked_for_succeeds_with_a_warning(
    api: InProcess, door: str
) -> None:
    async def lose(attempts: int, reason: str) -> list[str]:
        lead = f"{P}/leads/{await post_lead(api, door, Title=f'{attempts} {reason}')}"
        await api.call("POST", f"{lead}/accept", DEAL_BODY, as_="Leads.Admin")
        for _ in range(attempts):
            await api.call("POST", f"{lead}/activities", {"kind": "call", "text": "No answer."}, as_="Leads.User")
        reply = await api.call("POST", f"{lead}/lose", {"reason": reason}, as_="Leads.Admin")
        assert (reply.status, reply.json["outcome"]) == (200, "lost")
        assert all(one["message"] for one in reply.json["warnings"])
        return [one["code"] for one in reply.json["warnings"]]

    assert await lose(0, "noResponse") == ["fewContactAttempts"]
    assert await lose(2, "noResponse") == ["fewContactAttempts"]
    assert await lose(3, "noResponse") == []
    assert await lose(0, "budget") == []


SECRETS = ("Ada", "Berg", "ada.berg@northwind.example", "+46", "rollout", "secret of the call", "Procurement")


@pytest.mark.parametrize("way", ["expired", "do not contact"])
async def test_l9_no_route_shows_contact_details_where_they_are_hidden(
    api: InProcess, door: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dnc = way == "do not contact"
    lead = await post_lead(api, door, ActionCode="DNC" if dnc else "PLT", Campaign="secret of the call")
    path = f"{P}/leads/{lead}"
    await api.call("PUT", f"{path}/favorite", as_="Leads.Admin")
    logged = await api.call(
        "POST", f"{path}/activities", {"kind": "call", "text": "Ada: secret of the call"}, as_="Leads.Admin"
    )
    said = {"rating": 2, "text": "Ada Berg: secret of the call"}
    told = await api.call("POST", f"{path}/feedback", said, as_="Leads.Admin")
    shown = await api.call("GET", path, as_="Leads.Admin")
    assert ("secret of the call" in logged.text) is ("secret of the call" in told.text) is not dnc
    assert ("ada.berg" in shown.text) is not dnc
    if not dnc:
        monkeypatch.setattr(clock, "offset", 14 * DAY)
    late = await api.call("POST", f"{path}/activities", {"kind": "note", "text": "Ada Berg"}, as_="Leads.Admin")
    answers = [late]
    for method, route, body in (
        ("GET", path, None),
        ("GET", f"{path}?peek=true", None),
        ("POST", f"{path}/opened", None),
        ("GET", f"{path}/feedback", None),
        ("POST", f"{path}/feedback", {**said, "rating": 3}),
        ("GET", f"{path}/history", None),
        ("GET", f"{P}/leads", None),
        ("GET", f"{P}/leads?tab=favorites", None),
        ("GET", f"{P}/leads?status=archived,informational", None),
        ("GET", f"{P}/leads?orderBy=company", None),
        ("GET", f"{P}/leads?search=northwind", None),
        ("GET", f"{P}/leads/summary", None),
        ("GET", f"{P}/notifications", None),
        ("GET", f"{P}/leads/facets", None),
        ("GET", f"{P}/leads?count=true&country=SE", None),
        ("POST", f"{path}/accept", DEAL_BODY),
        ("POST", f"{path}/decline", {"reason": "budget"}),
        ("POST", f"{P}/exports", {"filter": {"tab": "favorites"}}),
        ("POST", f"{P}/exports", {"format": "jsonl"}),
        ("GET", f"{P}/exports", None),
    ):
        answers.append(await api.call(method, route, body, as_="Leads.Admin"))
    answers.append(await api.call("GET", "/feedback", as_="Operator", tenant="operator"))
    assert answers[-1].json["value"][0]["isTextHidden"] is True
    files = app.current().ports.files
    texts = [reply.text for reply in answers] + [content.decode() for content in files.files.values()]
    assert len(files.files) == 2
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, text
    assert any("northwind" in text.lower() for text in texts), "the company stays"
    for query in ("search=ada", "customer=berg", "search=rollout", "search=ada.berg@northwind.example"):
        assert await ids(api, query) == []
        assert (await facets(api, query))["count"] == 0
        assert (await leads(api, f"{query}&count=true")).json["count"] == 0


async def test_every_route_that_shows_leads_is_walked_above() -> None:
    """A new route that shows a lead must be added to the walk."""
    from tests.in_process import served

    about = ("lead", "export", "facet")
    about_leads = {function.name for _, function in served() if any(word in function.name for word in about)}
    assert about_leads == {
        *(
            "receive_lead",
            "list_leads",
            "count_leads",
            "count_facets",
            "read_lead",
            "open_lead",
            "edit_lead",
            "accept_lead",
        ),
        *("decline_lead", "win_lead", "lose_lead", "close_lead_as_error", "read_lead_history", "start_export"),
        *("list_exports", "read_export", "cancel_export", "link_export", "read_lead_feedback"),
        # A sender's own, which show nothing of a customer.
        *("send_lead", "list_sent_leads", "read_sent_lead"),
    }


async def test_tokens_and_deadlines_follow_one_clock(api: InProcess, two: tuple[str, str]) -> None:
    clock.offset = timedelta(hours=72)
    try:
        assert await ids(api, "flame=hot") == []
        assert await ids(api, "flame=cooled") == [two[0]]
    finally:
        clock.offset = timedelta()


@pytest.mark.parametrize(
    "query", ["?search=berg", "?customer=north", "?orderBy=company", "?search=a&count=true", "/facets"]
)
async def test_s3_a_long_read_waits_for_its_turn_and_is_told_where_none_comes(
    api: InProcess, two: tuple[str, str], query: str
) -> None:
    turns = app.current().limits.reads = Turns(at_once=1, patience_seconds=0)
    async with turns.of("northwind"):
        refused = await api.call("GET", f"{P}/leads{query}", as_="Leads.User")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "5")
        assert refused.json["error"]["code"] == "tooManyRequests"
        for light in ("", "?country=SE", "?count=true", "/summary", f"/{two[0]}"):
            assert (await api.call("GET", f"{P}/leads{light}", as_="Leads.User")).status == 200
    assert (await api.call("GET", f"{P}/leads{query}", as_="Leads.User")).status == 200
