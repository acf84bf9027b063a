"""What a frontend asks for first: who has signed in (S1), and what codes are called (N4)."""

import subprocess
import sys
from typing import Any

import pytest

from tests.builders import ROOT
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


async def test_the_vocabulary_says_what_every_code_is_called(api: InProcess) -> None:
    reply = await api.call("GET", "/vocabulary", headers={"Accept-Language": "de"})
    assert (reply.status, reply.headers["Content-Language"]) == (200, "de")
    found = reply.json
    assert found["statuses"][0] == {"code": "received", "label": "Eingegangen"}
    assert found["callsToAction"][0] == {"code": "contactMe", "label": "Kontakt mit mir aufnehmen"}
    assert {"code": "SE", "label": "Schweden"} in found["countries"]
    assert {"code": "SEK", "label": "Schwedische Krone"} in found["currencies"]
    assert found["languages"][-1] == {"code": "pt-BR", "label": "Português (Brasil)"}
    reasons = {one["code"]: one for one in found["reasons"]}
    assert reasons["other"]["actions"] == ["decline", "lose", "closeAsError"]
    assert [code for code, one in reasons.items() if one["needsNotes"]] == ["other"]
    assert reasons["duplicateDeal"] == {
        "code": "duplicateDeal",
        "label": "Wir haben dieses Geschäft schon",
        "actions": ["closeAsError"],
        "needsNotes": False,
    }


async def test_the_vocabulary_is_for_anybody_and_kept_for_an_hour(api: InProcess) -> None:
    english, again, swedish = [
        await api.call("GET", "/vocabulary", headers={"Accept-Language": language}) for language in ("en", "en", "sv")
    ]
    assert english.text == again.text != swedish.text
    assert english.headers["Cache-Control"] == "public, max-age=3600"
    assert "Accept-Language" in english.headers["Vary"]


def test_the_names_of_the_world_are_not_loaded_at_a_cold_start() -> None:
    script = "import sys, function_app; print([name for name in sys.modules if name.startswith('babel')])"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
