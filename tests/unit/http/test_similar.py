"""A partner reads which earlier deals a lead is like (M4)."""

from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from tests.builders import DEAL_BODY
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead

ADMIN: dict[str, Any] = {"as_": "Leads.Admin"}
USER: dict[str, Any] = {"as_": "Leads.User"}


async def a_deal(api: InProcess, door: str, company: str) -> str:
    lead = await post_lead(api, door, Company=company, Email=f"{company}@northwind.example")
    assert (await api.call("POST", f"{P}/leads/{lead}/accept", DEAL_BODY, **ADMIN)).status == 200
    return lead


async def some(api: InProcess, door: str) -> tuple[str, str, str]:
    """A deal that was won, an open one, and a lead after both."""
    won = await a_deal(api, door, "adatum")
    clock.offset = timedelta(days=3)
    said = {"value": {"amount": "14500.00", "currency": "EUR"}}
    assert (await api.call("POST", f"{P}/leads/{won}/win", said, **ADMIN)).status == 200
    still = await a_deal(api, door, "fabrikam")
    clock.offset = timedelta(days=4)
    return won, still, await post_lead(api, door, Company="litware", Email="l@litware.example")


async def test_m4_similar_deals_are_answered_with_outcome_value_days_and_reasons(api: InProcess, door: str) -> None:
    won, still, lead = await some(api, door)
    found = (await api.call("GET", f"{P}/leads/{lead}/similar", **USER)).json
    assert list(found) == ["value"]
    first, second = found["value"]
    assert [first["lead"]["id"], second["lead"]["id"]] == [still, won], "as alike, the newest first"
    assert [first["daysToClose"], second["daysToClose"]] == [None, 3]
    assert [first["lead"]["outcome"], second["lead"]["outcome"]] == [None, "won"]
    assert second["lead"]["closing"]["value"] == {"amount": "14500.00", "currency": "EUR"}
    assert first["lead"]["deal"]["value"] == DEAL_BODY["value"]
    assert second["likeness"] == first["likeness"] == 0.92, "a size is not told"
    assert second["reasons"] == ["need", "offer", "country", "callToAction", "source"]
    assert {"rollout", "users"} & set(second["words"])
    assert set(second["lead"]) == set((await api.call("GET", f"{P}/leads", **USER)).json["value"][0])
    assert second["lead"]["relatedLeads"] is None
    less = (await api.call("GET", f"{P}/leads/{lead}/similar?top=1", **USER)).json
    assert [one["lead"]["id"] for one in less["value"]] == [still]
    assert (await api.call("GET", f"{P}/leads/{won}/similar", **USER)).json == {"value": []}


async def test_m4_the_same_again_is_a_304_until_a_deal_ends(api: InProcess, door: str) -> None:
    _, still, lead = await some(api, door)
    path = f"{P}/leads/{lead}/similar"
    tag = (await api.call("GET", path, **USER)).headers["ETag"]
    assert (await api.call("GET", path, headers={"If-None-Match": tag}, **USER)).status == 304
    await api.call("POST", f"{P}/leads/{still}/lose", {"reason": "budget"}, **ADMIN)
    assert (await api.call("GET", path, headers={"If-None-Match": tag}, **USER)).status == 200


@pytest.mark.parametrize("query", ["top=0", "top=21", "top=five", "top=5&country=SE"])
async def test_m4_a_wrong_question_is_refused(api: InProcess, door: str, query: str) -> None:
    lead = await post_lead(api, door)
    reply = await api.call("GET", f"{P}/leads/{lead}/similar?{query}", **USER)
    assert (reply.status, len(reply.json["error"]["details"])) == (400, 1)


async def test_m4_nobody_reads_anothers(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    path = f"leads/{lead}/similar"
    assert (await api.call("GET", f"{P}/{path}")).status == 401
    assert (await api.call("GET", f"{P}/{path}", as_="Sender", tenant="contoso")).status == 403
    assert (await api.call("GET", f"/partners/fabrikam/{path}", **USER)).status == 404
    assert (await api.call("GET", f"/partners/fabrikam/{path}", as_="Leads.User", tenant="fabrikam")).status == 404
    assert (await api.call("GET", f"{P}/leads/nothing/similar", **USER)).status == 404
    assert (await api.call("GET", f"{P}/{path}", as_="Operator", tenant="operator")).status == 200
