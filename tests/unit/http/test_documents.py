"""Settings documents: ETags, If-Match, and merge patches that change one thing and undo no other."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared import app
from shared.domain.programme.partner import Partner
from shared.domain.programme.placement import Placement
from shared.domain.telling.unsubscribe import make_token
from shared.http.documents import merged
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from tests.builders import AT
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
PROFILE: dict[str, Any] = {"as_": "Profile.Admin"}
PATCHED = {"content-type": "application/merge-patch+json"}


async def documents(api: InProcess) -> list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Every settings document: where it is, who changes it, what is put, and one thing that changes."""
    made = await api.call("POST", f"{P}/sources", {"name": "Form", "kind": "form"}, **OPERATOR)
    programme = await api.call("POST", "/sources", {"name": "All"}, **OPERATOR)
    offer = {"title": "CRM", "callToAction": "freeTrial"}
    assert (await api.call("PUT", f"{P}/offers/contoso.crm", offer, **OPERATOR)).status == 201
    return [
        (P, OPERATOR, {"name": "Contoso", "tenantIds": ["contoso"]}, {"name": "Contoso AB"}),
        (f"{P}/preferences", PROFILE, {}, {"digestHour": 7}),
        (f"{P}/profile", PROFILE, {"name": "Contoso", "keywords": ["crm"]}, {"published": True}),
        ("/contactLists", OPERATOR, {"blockedDomains": ["fabrikam.example"]}, {"allowedAddresses": ["a@b.example"]}),
        (f"{P}/offers/contoso.crm", OPERATOR, offer, {"title": "CRM 2"}),
        (f"{P}/sources/{made.json['id']}", OPERATOR, {}, {"redirectUrl": "https://contoso.example/thanks"}),
        (f"/sources/{programme.json['id']}", OPERATOR, {}, {"name": "Every offer"}),
    ]


async def test_a_document_has_an_etag_and_is_changed_only_as_it_was_read(api: InProcess, door: str) -> None:
    for path, who, put, change in await documents(api):
        read = await api.call("GET", path, **who)
        tag = read.headers["ETag"]
        assert (await api.call("GET", path, **who)).headers["ETag"] == tag
        changed = await api.call("PATCH", path, change, headers={**PATCHED, "If-Match": tag}, **who)
        assert changed.status == 200, changed.text
        assert changed.headers["ETag"] != tag
        expected = read.json | change
        assert {**changed.json, "updatedDateTime": ""} == {**expected, "updatedDateTime": ""}, path
        stale = await api.call("PATCH", path, change, headers={**PATCHED, "If-Match": f'W/{tag}, "x"'}, **who)
        assert (stale.status, stale.error["code"]) == (412, "preconditionFailed")
        assert stale.error["details"][0]["target"] == "If-Match"
        fresh = (await api.call("GET", path, **who)).headers["ETag"]
        assert fresh == changed.headers["ETag"]
        for header in ("*", fresh, f'"x", {fresh}'):
            assert (await api.call("PATCH", path, {}, headers={**PATCHED, "If-Match": header}, **who)).status == 200
            fresh = (await api.call("GET", path, **who)).headers["ETag"]
        if "sources" not in path:
            refused = await api.call("PUT", path, put, headers={"If-Match": tag}, **who)
            assert refused.status == 412
            replaced = await api.call("PUT", path, put, headers={"If-Match": fresh}, **who)
            assert replaced.status == 200, replaced.text
            assert replaced.headers["ETag"] == (await api.call("GET", path, **who)).headers["ETag"]


async def test_a_patch_names_its_faults_as_a_put_does(api: InProcess, door: str) -> None:
    bad: dict[str, Any] = {"name": None, "tenantIds": "x", "colour": 1, "timeZone": "Nowhere/Land"}
    reply = await api.call("PATCH", P, bad, headers=PATCHED, **OPERATOR)
    assert (reply.status, reply.targets) == (400, {"name", "tenantIds", "colour", "timeZone"})
    for body in (b"[]", b"1", b"", b"null"):
        assert (await api.call("PATCH", P, body, headers=PATCHED, **OPERATOR)).status == (200 if body == b"" else 400)
    assert (await api.call("PATCH", "/partners/nobody", {"name": "x"}, headers=PATCHED, **OPERATOR)).status == 404
    assert (await api.call("PATCH", f"{P}/offers/no.offer", {"title": "x"}, headers=PATCHED, **OPERATOR)).status == 404
    assert (await api.call("PATCH", P, {"name": "x"}, as_="Partner.Admin")).status == 403
    assert (
        await api.call("PUT", f"{P}/offers/no.offer", {"title": "x"}, headers={"If-Match": "*"}, **OPERATOR)
    ).status == 412


async def test_a_rename_wakes_up_no_suspended_partner(api: InProcess, door: str) -> None:
    suspended = await api.call("PATCH", P, {"state": "suspended"}, headers=PATCHED, **OPERATOR)
    assert suspended.json["state"] == "suspended"
    renamed = await api.call("PUT", P, {"name": "Contoso AB", "tenantIds": ["contoso"]}, **OPERATOR)
    assert (renamed.json["name"], renamed.json["state"]) == ("Contoso AB", "suspended")
    patched = await api.call("PATCH", P, {"name": "Contoso", "state": None}, headers=PATCHED, **OPERATOR)
    assert patched.json["state"] == "suspended"
    assert (await api.call("PATCH", P, {"state": "active"}, headers=PATCHED, **OPERATOR)).json["state"] == "active"


async def test_an_account_is_said_at_the_first_registration_and_never_again(api: InProcess, ports: FakePorts) -> None:
    body = {"name": "Contoso", "tenantIds": ["contoso"]}
    alone = await api.call("PUT", P, body | {"dataAccount": "leadsd2"}, **OPERATOR)
    assert (alone.status, alone.targets) == (400, {"dataAccount"})
    assert "no further accounts" in alone.text
    two = replace(ports, rules=replace(ports.rules, data_accounts=("leadsd2", "leadsd3")))
    app.use(replace(app.current(), ports=two))
    wrong = await api.call("PUT", P, body | {"dataAccount": "leadsd4"}, **OPERATOR)
    assert (wrong.status, wrong.targets) == (400, {"dataAccount"})
    assert "leadsd2, leadsd3" in wrong.text
    made = await api.call("PUT", P, body | {"dataAccount": "leadsd2"}, **OPERATOR)
    assert (made.status, made.json["dataAccount"]) == (201, "leadsd2")
    # Not named, or named again, it stays; also where the settings have forgotten it since.
    app.use(replace(app.current(), ports=ports))
    for method, change in (("PUT", body), ("PUT", body | {"dataAccount": "leadsd2"}), ("PATCH", {"dataAccount": None})):
        stays = await api.call(method, P, change, **OPERATOR)
        assert (stays.status, stays.json["dataAccount"]) == (200, "leadsd2")
    for method in ("PUT", "PATCH"):
        moved = await api.call(method, P, body | {"dataAccount": "leadsd3"}, **OPERATOR)
        assert (moved.status, moved.targets) == (400, {"dataAccount"})
        assert "tools.move_partner" in moved.text


async def test_a_registration_is_changed_while_its_partner_is_moved_and_the_move_goes_on(
    api: InProcess, ports: FakePorts
) -> None:
    moving = Placement(moves=3).announced("leadsd2")
    await ports.partners.put(Partner("contoso", "Contoso", ("contoso",), AT, AT, placement=moving))
    renamed = await api.call("PUT", P, {"name": "Contoso AB", "tenantIds": ["contoso"]}, **OPERATOR)
    assert (renamed.status, renamed.json["dataAccount"]) == (200, None)
    stored = await ports.partners.get("contoso")
    assert (stored.name, stored.placement) == ("Contoso AB", moving)


async def test_what_never_changes_of_a_source_is_refused(api: InProcess, door: str) -> None:
    made = await api.call("POST", f"{P}/sources", {"name": "Form", "kind": "form"}, **OPERATOR)
    path = f"{P}/sources/{made.json['id']}"
    reply = await api.call("PATCH", path, {"kind": "https"}, headers=PATCHED, **OPERATOR)
    assert (reply.status, reply.targets) == (400, {"kind"})
    assert (await api.call("GET", path, as_="Partner.Admin")).status == 403
    url = str(made.json["intakeUrl"]).partition("/api")[2]
    assert (await api.call("PATCH", path, {"name": "Form 2"}, headers=PATCHED, **OPERATOR)).json["name"] == "Form 2"
    posted = await api.call("POST", url, {"company": "F", "share": "perhaps"})
    assert posted.status == 400, "its key goes on working"


async def test_the_time_zone_of_the_registration_is_not_frozen_by_a_patch(api: InProcess, door: str) -> None:
    await api.call("PATCH", f"{P}/preferences", {"digestHour": 7}, headers=PATCHED, **PROFILE)
    await api.call("PATCH", P, {"timeZone": "Europe/Budapest"}, headers=PATCHED, **OPERATOR)
    shown = (await api.call("GET", f"{P}/preferences", **PROFILE)).json
    assert (shown["timeZone"], shown["digestHour"]) == ("Europe/Budapest", 7)


async def test_changes_at_the_same_time_undo_each_other_not(api: InProcess, door: str) -> None:
    changes: list[dict[str, Any]] = [{"digestHour": 7}, {"digestThreshold": 3}, {"preferredLanguage": "sv"}]

    async def change(one: dict[str, Any]) -> Reply:
        return await api.call("PATCH", f"{P}/preferences", one, headers=PATCHED, **PROFILE)

    assert {one.status for one in await asyncio.gather(*(change(one) for one in changes))} == {200}
    shown = (await api.call("GET", f"{P}/preferences", **PROFILE)).json
    assert (shown["digestHour"], shown["digestThreshold"], shown["preferredLanguage"]) == (7, 3, "sv")


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        (["a"], {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, ["c"], ["c"]),
    ],
)
def test_a_merge_patch_is_rfc_7396s(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


async def test_n3_who_unsubscribed_is_shown_and_may_come_back(api: InProcess, ports: Ports, door: str) -> None:
    await post_lead(api, door)
    token = make_token("contoso", "lena@contoso.example", await ports.partners.signing_key())
    asked = await api.call("GET", f"/unsubscribe?token={token}")
    assert "about leads of Contoso?" in asked.text
    done = await api.call("POST", f"/unsubscribe?token={token}", b"x")
    assert "gets no more mails about leads of Contoso." in done.text
    path = f"{P}/preferences"
    unwanted = [{"address": "lena@contoso.example", "why": "unsubscribed"}]
    assert (await api.call("GET", path, **PROFILE)).json["unsubscribed"] == unwanted
    assert f"?token={token.replace('=', '%3D')}&amp;again=true" in done.text
    again = await api.call("POST", f"/unsubscribe?token={token}&again=true", b"x")
    assert "lena@contoso.example gets mails about leads of Contoso." in again.text
    assert (await api.call("GET", path, **PROFILE)).json["unsubscribed"] == []
    await api.call("POST", f"/unsubscribe?token={token}", b"x")
    said = {"address": "Lena@Contoso.example"}
    assert (await api.call("POST", f"{path}/unmute", said, **PROFILE)).status == 403
    mailed = await api.call("POST", f"{path}/unmute", said, as_="Leads.Admin")
    assert (mailed.status, mailed.json["unsubscribed"]) == (200, [])
    assert (await api.call("POST", f"{path}/unmute", said, as_="Leads.Admin")).status == 404


async def test_n3_what_a_patch_does_not_name_is_neither_judged_nor_lost(
    api: InProcess, ports: Ports, door: str
) -> None:
    path = f"{P}/preferences"
    muted = {"mutedAddresses": ["own@contoso.example"]}
    assert (await api.call("PUT", path, muted, **PROFILE)).status == 200
    await ports.preferences.add_unwanted("contoso", "own@contoso.example", "unsubscribed")
    await ports.preferences.add_unwanted("contoso", "a b@contoso.local", "bounced")
    for n in range(705):
        await ports.preferences.add_unwanted("contoso", f"n{n}@contoso.example", "unsubscribed")
    patched = await api.call("PATCH", path, {"digestHour": 7}, headers=PATCHED, **PROFILE)
    assert (patched.status, patched.json["digestHour"], len(patched.json["unsubscribed"])) == (200, 7, 707)
    shown = (await api.call("GET", path, **PROFILE)).json
    assert (await api.call("PUT", path, shown, **PROFILE)).status == 200
    for address in ("a b@contoso.local", "own@contoso.example"):
        assert (await api.call("POST", f"{path}/unmute", {"address": address}, as_="Leads.Admin")).status == 200
    after = (await api.call("GET", path, **PROFILE)).json["mutedAddresses"]
    assert "own@contoso.example" in after, "what the partner had muted itself stays muted"
    assert "a b@contoso.local" not in after


async def test_n3_saying_the_same_at_once_is_no_defect(
    api: InProcess, ports: Ports, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume, races = ports.preferences.resume, [LostRace(), LostRace()]

    async def racing(*said: Any) -> bool:
        if races:
            raise races.pop()
        return await resume(*said)

    monkeypatch.setattr(ports.preferences, "resume", racing)
    await ports.preferences.add_unwanted("contoso", "lena@contoso.example", "unsubscribed")
    path = f"{P}/preferences/unmute"
    assert (await api.call("POST", path, {"address": "lena@contoso.example"}, as_="Leads.Admin")).status == 200
    races.append(LostRace())
    token = make_token("contoso", "lena@contoso.example", await ports.partners.signing_key())
    assert (await api.call("POST", f"/unsubscribe?token={token}&again=true", b"x")).status == 200


@pytest.mark.parametrize("depth", [100, 900, 920, 930, 935, 937, 940, 960, 5_000])
async def test_a_patch_of_any_depth_is_answered(api: InProcess, door: str, depth: int) -> None:
    body = ('{"unsubscribed": ' + '{"a":' * depth + "1" + "}" * depth + "}").encode()
    reply = await api.call("PATCH", f"{P}/preferences", body, headers=PATCHED, **PROFILE)
    assert reply.status in (200, 400)
