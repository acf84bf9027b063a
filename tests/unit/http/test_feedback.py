"""A partner's person says what a lead was worth, and the operator reads it (M8)."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from tests.builders import DAY, DEAL_BODY
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

USER: dict[str, Any] = {"as_": "Leads.User"}
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}


async def give(api: InProcess, lead: str, rating: Any = 4, text: Any = "They bought.", **options: Any) -> Reply:
    return await api.call("POST", f"{P}/leads/{lead}/feedback", {"rating": rating, "text": text}, **{**USER, **options})


async def read(api: InProcess, query: str = "", **options: Any) -> Any:
    reply = await api.call("GET", f"/feedback{query}", **{**OPERATOR, **options})
    assert reply.status == 200, reply.text
    return reply.json


async def test_m8_what_is_said_is_answered_as_it_stands(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    first = await give(api, lead)
    assert first.status == 201
    assert first.json == {
        "partnerId": "contoso",
        "leadId": lead,
        "rating": 4,
        "text": "They bought.",
        "isTextHidden": False,
        "by": {"kind": "person", "id": "ann", "name": first.json["by"]["name"]},
        "source": "appSource",
        "offer": {"id": None, "title": "Contoso CRM"},
        "isTest": False,
        "createdDateTime": "2026-11-21T20:04:27.123Z",
        "updatedDateTime": "2026-11-21T20:04:27.123Z",
        "replaced": False,
    }
    clock.offset = timedelta(minutes=5)
    same = await give(api, lead)
    assert (same.status, same.json) == (200, first.json)
    second = await give(api, lead, 1, None)
    assert (second.status, second.json["replaced"]) == (200, True)
    assert (second.json["rating"], second.json["text"], second.json["isTextHidden"]) == (1, None, False)
    assert second.json["createdDateTime"] < second.json["updatedDateTime"] == "2026-11-21T20:09:27.123Z"


async def test_m8_everybody_reads_their_own_and_the_operator_all(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    path = f"{P}/leads/{lead}/feedback"
    assert (await api.call("GET", path, **USER)).json == {"value": []}
    await give(api, lead, 5)
    clock.offset = timedelta(minutes=1)
    await give(api, lead, 2, user="bob")
    for user, rating in (("ann", 5), ("bob", 2)):
        (own,) = (await api.call("GET", path, **USER, user=user)).json["value"]
        assert own["rating"] == rating
    everybody = (await api.call("GET", path, **OPERATOR)).json["value"]
    assert [(one["by"]["id"], one["rating"]) for one in everybody] == [("bob", 2), ("ann", 5)]
    # It is nobody else's, and no part of what the lead went through.
    assert (await api.call("GET", path, **USER, tenant="fabrikam")).status == 404
    history = (await api.call("GET", f"{P}/leads/{lead}/history", **USER)).json["value"]
    assert [one["type"] for one in history] == ["lead.received"]


async def test_m8_feedback_is_taken_in_every_status(api: InProcess, door: str) -> None:
    admin: dict[str, Any] = {"as_": "Leads.Admin"}
    lead = await post_lead(api, door)
    tag = (await api.call("GET", f"{P}/leads/{lead}", **USER)).headers["ETag"]
    assert (await give(api, lead, 3)).status == 201
    assert (await api.call("GET", f"{P}/leads/{lead}", **USER)).headers["ETag"] == tag
    assert (await api.call("POST", f"{P}/leads/{lead}/accept", DEAL_BODY, **admin)).status == 200
    assert (await give(api, lead, 4)).status == 200
    assert (await api.call("POST", f"{P}/leads/{lead}/win", {}, **admin)).status == 200
    assert (await give(api, lead, 5)).status == 200
    note = await post_lead(api, door, ActionCode="INS", Company="Fabrikam")
    assert (await give(api, note)).status == 201


async def test_m8_of_an_expired_lead_the_rating_counts_and_the_text_is_hidden(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    await give(api, lead)
    clock.offset = 15 * DAY
    (own,) = (await api.call("GET", f"{P}/leads/{lead}/feedback", **USER)).json["value"]
    (listed,) = (await read(api))["value"]
    for one in (own, listed):
        assert (one["rating"], one["text"], one["isTextHidden"]) == (4, None, True)
    again = await give(api, lead, 1, "Nobody answered.")
    assert (again.status, again.json["text"], again.json["isTextHidden"]) == (200, None, True)


FAULTS: list[tuple[Any, dict[str, str]]] = [
    ({}, {"rating": "required"}),
    ({"rating": None}, {"rating": "invalidType"}),
    ({"rating": 0}, {"rating": "invalidValue"}),
    ({"rating": 6}, {"rating": "invalidValue"}),
    ({"rating": 4.5}, {"rating": "invalidType"}),
    ({"rating": "good"}, {"rating": "invalidType"}),
    ({"rating": True}, {"rating": "invalidType"}),
    ({"rating": 5, "text": "x" * 2_001}, {"text": "tooLong"}),
    ({"rating": 5, "text": "a\x00b"}, {"text": "invalidValue"}),
    ({"rating": 6, "text": 3, "stars": 4}, {"rating": "invalidValue", "text": "invalidType", "stars": "unknownField"}),
]


@pytest.mark.parametrize(("body", "faults"), FAULTS, ids=range(len(FAULTS)))
async def test_m8_every_field_at_fault_is_named(api: InProcess, door: str, body: Any, faults: dict[str, str]) -> None:
    lead = await post_lead(api, door)
    reply = await api.call("POST", f"{P}/leads/{lead}/feedback", body, **USER)
    assert (reply.status, reply.error["code"]) == (400, "invalidRequest")
    assert [(one["target"], one["code"]) for one in reply.error["details"]] == list(faults.items())
    assert (await read(api))["value"] == []


async def test_m8_a_text_of_blanks_is_none_and_lines_stay(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    assert (await give(api, lead, 4, "  \n ")).json["text"] is None
    assert (await give(api, lead, 4, f" one\ntwo{'x' * 1_900}\u200b ")).json["text"].startswith("one\ntwo")


async def test_m8_who_may_do_what(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    for role in ("Leads.Admin", "Partner.Admin", "Profile.Admin", "Leads.User"):
        assert (await give(api, lead, as_=role)).status in (200, 201)
        assert (await api.call("GET", "/feedback", as_=role)).status == 403
    assert (await give(api, lead, as_="Sender")).status == 403
    assert (await give(api, lead, **OPERATOR)).status == 403
    assert (await give(api, lead, tenant="fabrikam")).status == 404
    assert (await give(api, lead, as_=None)).status == 401
    assert (await api.call("GET", "/feedback")).status == 401
    for missing in ("m" + "0" * 28, "none"):
        assert (await give(api, missing)).status == 404
        assert (await api.call("GET", f"{P}/leads/{missing}/feedback", **OPERATOR)).status == 404


async def test_m8_the_operator_lists_filters_and_goes_on(api: InProcess, door: str) -> None:
    leads = [await post_lead(api, door, Company=f"Company {n}") for n in range(3)]
    azure = await post_lead(api, door, Company="Azure", LeadSource="Azure portal", OfferTitle="Contoso ERP")
    for n, lead in enumerate([*leads, azure]):
        clock.offset = n * DAY
        assert (await give(api, lead, n + 1)).status == 201
    assert [one["rating"] for one in (await read(api))["value"]] == [4, 3, 2, 1]
    found, path = [], "/feedback?top=3"
    for size in (3, 1):
        reply = await api.call("GET", path, **OPERATOR)
        assert len(reply.json["value"]) == size
        # Sums are of all pages, so the first says them once.
        assert ("sums" in reply.json) == (path == "/feedback?top=3")
        found += [one["rating"] for one in reply.json["value"]]
        path = reply.json.get("nextLink", "").removeprefix("http://localhost:7071/api")
    assert (found, path) == ([4, 3, 2, 1], "")
    queries = {
        "?from=2026-11-23": [4, 3],
        "?to=2026-11-22": [2, 1],
        "?from=2026-11-22T20:04:27.123Z&to=2026-11-23T20:04:27.123Z": [3, 2],
        "?source=azurePortal": [4],
        "?source=AppSource,AZUREPORTAL&rating=1,4": [4, 1],
        "?offerId=contoso%20erp": [4],
        "?partnerId=contoso&rating=2": [2],
        "?partnerId=fabrikam": [],
        "?rating=%201%20,2": [2, 1],
    }
    for query, ratings in queries.items():
        answer = await read(api, query)
        assert [one["rating"] for one in answer["value"]] == ratings, query
        assert answer["sums"]["count"] == len(ratings)


async def test_m8_sums_say_count_average_and_low_ratings(api: InProcess, door: str) -> None:
    empty = await read(api)
    assert empty == {
        "value": [],
        "sums": {"count": 0, "average": None, "lowRate": None, "isComplete": True, "bySource": [], "byOffer": []},
    }
    for n, rating in enumerate((1, 2, 5)):
        lead = await post_lead(api, door, Company=f"Company {n}", OfferTitle="Contoso ERP" if n else "Contoso CRM")
        await give(api, lead, rating)
    sums = (await read(api))["sums"]
    assert (sums["count"], sums["average"], sums["lowRate"], sums["isComplete"]) == (3, 2.67, 0.6667, True)
    assert sums["bySource"] == [{"source": "appSource", "count": 3, "average": 2.67, "lowRate": 0.6667}]
    assert sums["byOffer"] == [
        {
            "offer": {"id": None, "title": "Contoso ERP"},
            "isOther": False,
            "count": 2,
            "average": 3.5,
            "lowRate": 0.5,
        },
        {"offer": {"id": None, "title": "Contoso CRM"}, "isOther": False, "count": 1, "average": 1.0, "lowRate": 1.0},
    ]


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("rating=6", "rating"),
        ("rating=0", "rating"),
        ("rating=good", "rating"),
        ("rating=,", "rating"),
        ("rating=4.0", "rating"),
        ("from=yesterday", "from"),
        ("from=2026-11-22&to=2026-11-21", "to"),
        ("source=shop", "source"),
        ("includeTest=perhaps", "includeTest"),
        ("top=0", "top"),
        ("stars=4", "stars"),
    ],
)
async def test_m8_a_query_at_fault_is_named(api: InProcess, door: str, query: str, target: str) -> None:
    reply = await api.call("GET", f"/feedback?{query}", **OPERATOR)
    assert (reply.status, reply.targets) == (400, {target})


async def test_m8_a_page_token_is_good_for_its_own_filter_alone(api: InProcess, door: str) -> None:
    for n in range(2):
        await give(api, await post_lead(api, door, Company=f"Company {n}"))
    link = (await read(api, "?top=1"))["nextLink"].removeprefix("http://localhost:7071/api")
    assert (await api.call("GET", f"{link}&rating=4", **OPERATOR)).status == 400


async def test_m8_feedback_of_a_suspended_partner_is_taken(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    body = {"name": "Contoso", "tenantIds": ["contoso"], "state": "suspended"}
    assert (await api.call("PUT", P, body, **OPERATOR)).status == 200
    assert (await give(api, lead)).status == 201


async def test_m8_faults_are_said_in_the_callers_language(api: InProcess, door: str) -> None:
    headers = {"accept-language": "de"}
    reply = await api.call("GET", "/feedback?from=2026-11-22&to=2026-11-21", **OPERATOR, headers=headers)
    assert reply.error["details"][0]["message"] != "The end must not be before the beginning."
