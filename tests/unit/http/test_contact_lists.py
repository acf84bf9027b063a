"""V1: the operator's lists through the routes, and what they do to a lead."""

from typing import Any

import pytest

from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}


async def put(api: InProcess, body: Any) -> Reply:
    return await api.call("PUT", "/contactLists", body, **OPERATOR)


async def test_lists_are_put_read_and_applied_to_what_comes_then(api: InProcess, door: str) -> None:
    empty = {"blockedAddresses": [], "blockedDomains": [], "allowedAddresses": [], "allowedDomains": []}
    assert (await api.call("GET", "/contactLists", **OPERATOR)).json == empty
    before = await post_lead(api, door)
    body = {"blockedDomains": ["Northwind.example.", "münchen.de"], "blockedAddresses": ["Eve@Fabrikam.example"]}
    stored = {**empty, "blockedDomains": ["northwind.example", "xn--mnchen-3ya.de"]}
    stored["blockedAddresses"] = ["eve@fabrikam.example"]
    reply = await put(api, body)
    assert (reply.status, reply.json) == (200, stored)
    assert (await api.call("GET", "/contactLists", **OPERATOR)).json == stored
    after = await post_lead(api, door, Title="later")
    found = {}
    for lead_id in (before, after):
        shown = (await api.call("GET", f"{P}/leads/{lead_id}", as_="Leads.User")).json
        kinds = [one["kind"] for one in shown["alerts"]]
        found[lead_id] = (shown["emailValidity"], shown["quality"]["level"], "spamEmail" in kinds)
    assert found == {before: ("unknown", "high", False), after: ("spam", "low", True)}
    for query, expected in (("emailValidity=spam", after), ("quality=high", before)):
        listed = (await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")).json["value"]
        assert [one["id"] for one in listed] == [expected]


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({"blockedDomains": ["nowhere"]}, {"blockedDomains.0"}),
        ({"blockedDomains": ["a b.example", "ok.example", "x@y.example"]}, {"blockedDomains.0", "blockedDomains.2"}),
        ({"allowedAddresses": ["ada"], "blockedAddresses": [7]}, {"allowedAddresses.0", "blockedAddresses.0"}),
        ({"blocked": []}, {"blocked"}),
    ],
)
async def test_every_entry_at_fault_is_named(api: InProcess, body: Any, targets: set[str]) -> None:
    reply = await put(api, body)
    assert (reply.status, reply.targets) == (400, targets)


async def test_lists_that_do_not_fit_are_refused_whole(api: InProcess) -> None:
    many = [f"{'x' * 50}{n:05d}.{'y' * 60}.example" for n in range(1_700)]
    reply = await put(api, {"blockedDomains": many})
    assert (reply.status, reply.error["code"]) == (413, "payloadTooLarge")
    assert (await api.call("GET", "/contactLists", **OPERATOR)).json["blockedDomains"] == []
