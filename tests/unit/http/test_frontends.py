"""What a frontend asks for first: who has signed in (S1), and what codes are called (N4)."""

from typing import Any

import pytest

from tests.in_process import InProcess
from tests.unit.http.conftest import P

CONTOSO = {"id": "contoso", "name": "Contoso", "timeZone": "UTC", "state": "active"}
NOW = "2026-11-21T20:04:27.123Z"


async def me(api: InProcess, roles: str, tenant: str = "contoso", **headers: str) -> Any:
    reply = await api.call("GET", "/me", as_=roles, tenant=tenant, headers=headers)
    assert reply.status == 200
    return reply.json


@pytest.mark.usefixtures("door")
async def test_s1_a_partners_people_learn_who_they_are(api: InProcess) -> None:
    found = await me(api, "Partner.Admin", **{"Accept-Language": "pt"})
    assert found["roles"] == ["Leads.Admin", "Leads.User", "Partner.Admin", "Profile.Admin"]
    assert (found["partner"], found["operator"], found["language"]) == (CONTOSO, False, "pt-BR")
    assert found["now"] == NOW
    assert found["person"]


@pytest.mark.usefixtures("door")
@pytest.mark.parametrize("roles", ["Sender", "Leads.User", "Nothing.OfOurs"])
async def test_any_token_of_a_known_tenant_will_do(api: InProcess, roles: str) -> None:
    found = await me(api, roles)
    assert found["roles"] == [role for role in (roles,) if role != "Nothing.OfOurs"]
    assert (found["partner"], found["operator"]) == (CONTOSO, False)


@pytest.mark.parametrize(("roles", "is_operator"), [("Operator,Sender", True), ("Sender", False)])
async def test_the_operators_people_have_no_partner(api: InProcess, roles: str, is_operator: bool) -> None:
    found = await me(api, roles, "operator")
    assert (found["partner"], found["operator"]) == (None, is_operator)
    assert found["roles"] == roles.split(",")


async def test_a_suspended_partner_is_told_so(api: InProcess, door: str) -> None:
    done = await api.call("PATCH", P, {"state": "suspended"}, as_="Operator", tenant="operator")
    assert done.status == 200
    assert (await me(api, "Leads.User"))["partner"] == CONTOSO | {"state": "suspended"}


async def test_s1_a_tenant_nobody_registered_is_told_what_to_do_and_nothing_else(api: InProcess, door: str) -> None:
    reply = await api.call("GET", "/me", as_="Partner.Admin", tenant="northwind")
    assert reply.status == 403
    assert reply.error["code"] == "accessDenied"
    assert reply.error["message"] == (
        "Your organisation (tenant northwind) is neither the operator nor a partner of this programme;"
        " ask the programme's operator to register it."
    )
    assert set(reply.json) == {"error"}


async def test_without_a_token_there_is_nobody(api: InProcess) -> None:
    assert (await api.call("GET", "/me")).status == 401
    assert (await api.call("GET", "/me", headers={"authorization": "Bearer x"})).status == 401
