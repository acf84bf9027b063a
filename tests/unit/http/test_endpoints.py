"""The endpoints on ports in memory: roles, answers, and every documented error."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.domain.errors import Unavailable
from shared.domain.programme.partner import Partner
from shared.http import page_tokens
from shared.usecases.upkeep.health import LATE
from tests.builders import AT, CONTACT_ME, DAY, DEAL_BODY, submission_body
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

NO_LEAD = f"{P}/leads/m{'0' * 28}"
NO_EXPORT = f"{P}/exports/{'0' * 28}"


async def accept(api: InProcess, lead: str, body: Any = DEAL_BODY, **options: Any) -> Reply:
    return await api.call("POST", f"{P}/leads/{lead}/accept", body, as_="Leads.Admin", **options)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}])
async def test_no_token_is_401_and_says_how(api: InProcess, headers: dict[str, str]) -> None:
    reply = await api.call("GET", f"{P}/leads", headers=headers)
    assert (reply.status, reply.error["code"]) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_operator_reads_an_unknown_partner_as_404(api: InProcess) -> None:
    for path in ("/partners/nobody/leads", "/partners/NOBODY/leads", "/partners/a'b/leads", "/partners/nobody"):
        assert (await api.call("GET", path, as_="Operator", tenant="operator")).status == 404


async def test_the_first_five_minutes(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    listed = (await api.call("GET", f"{P}/leads", as_="Leads.User")).json["value"]
    assert [(one["id"], one["isNew"], one["isFavorite"]) for one in listed] == [(lead, True, False)]
    assert (await api.call("PUT", f"{P}/leads/{lead}/favorite", as_="Leads.User")).status == 204
    read = await api.call("GET", f"{P}/leads/{lead}", as_="Leads.User")
    assert (read.json["isFavorite"], read.json["isNew"], read.headers["ETag"]) == (True, False, '"1"')
    assert (read.json["flame"]["state"], read.json["actions"]) == ("hot", [])
    taken = await accept(api, lead)
    assert taken.status == 200
    assert (taken.json["status"], taken.json["flame"], taken.headers["ETag"]) == ("accepted", None, '"2"')
    assert taken.json["eTag"] == '"2"'
    assert taken.json["isFavorite"] is True
    assert taken.json["deal"]["value"] == {"amount": "12000.00", "currency": "EUR"}
    assert taken.json["actions"] == ["edit", "win", "lose", "closeAsError"]
    won = await api.call("POST", f"{P}/leads/{lead}/win", as_="Leads.Admin")
    assert (won.json["status"], won.json["outcome"], won.json["closedDateTime"]) == (
        "archived",
        "won",
        "2026-11-21T20:04:27.123Z",
    )
    history = (await api.call("GET", f"{P}/leads/{lead}/history?top=2", as_="Leads.User")).json
    assert [event["type"] for event in history["value"]] == ["lead.won", "lead.accepted"]
    assert history["value"][1]["by"] == {"kind": "person", "id": "ann", "name": "ann"}
    path = history["nextLink"].removeprefix("http://localhost:7071/api")
    rest = (await api.call("GET", path, as_="Leads.User")).json
    assert [event["sequence"] for event in rest["value"]] == [1]
    assert "nextLink" not in rest
    favorites = (await api.call("GET", f"{P}/leads?tab=favorites", as_="Leads.User")).json["value"]
    assert [one["id"] for one in favorites] == [lead]
    assert (await api.call("DELETE", f"{P}/leads/{lead}/favorite", as_="Leads.User")).status == 204
    assert (await api.call("GET", f"{P}/leads?tab=favorites", as_="Leads.User")).json["value"] == []


async def test_l2_an_edit_is_a_merge_patch_of_the_deal(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    await accept(api, lead, DEAL_BODY | {"notes": "first", "team": [{"name": "Bo"}], "crmId": "7"})

    async def edit(body: Any, tag: str | None, kind: str = "application/merge-patch+json") -> Reply:
        headers = {"content-type": kind} | ({"if-match": tag} if tag else {})
        return await api.call("PATCH", f"{P}/leads/{lead}", body, as_="Leads.Admin", headers=headers)

    assert (await edit({"name": "B"}, None)).error["code"] == "preconditionRequired"
    changed = await edit({"name": "B", "value": {"amount": 5}, "notes": None, "team": []}, '"2"')
    assert changed.status == 200
    deal = changed.json["deal"]
    assert (deal["name"], deal["value"]) == ("B", {"amount": "5", "currency": "EUR"})
    assert (deal["notes"], deal["team"], deal["crmId"]) == (None, [], "7")
    stale = await edit({"name": "C"}, '"2"')
    assert (stale.status, stale.error["code"]) == (412, "preconditionFailed")
    inside = await edit({"deal": {"purchaseTimeframe": "Q2", "purchaseDate": None}}, 'W/"3"', "application/json")
    assert (inside.json["deal"]["purchaseDate"], inside.json["deal"]["purchaseTimeframe"]) == (None, "Q2")
    for body, targets in [
        ({"name": None}, {"deal.name"}),
        ({"value": {"amount": None}}, {"deal.value.amount"}),
        ({"status": "won", "team": None, "value": None}, {"deal.status", "deal.value"}),
        ({"deal": {}, "notes": "x"}, {"notes"}),
        ([], {"deal"}),
    ]:
        refused = await edit(body, "*")
        assert (refused.status, refused.targets) == (400, targets), body
    assert (await edit({"name": "D"}, '"4", "9"', "text/plain")).status == 415


async def test_errors_name_every_field_at_fault(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    body = {
        "name": "n" * 10_000,
        "value": {"amount": "-1", "currency": "EURO"},
        "purchaseDate": 20270131,
        "notes": "a\x00b",
        "crmId": "\ud800",
        "team": [{"email": "bo@contoso.example"}, {"name": "x", "age": 7}],
        "status": "won",
    }
    refused = await accept(api, lead, body)
    assert refused.status == 400
    assert refused.targets == {
        *("name", "value.amount", "value.currency", "purchaseDate", "notes", "crmId"),
        *("team.0.name", "team.1.age", "status"),
    }
    assert (await accept(api, lead, {"name": "x"})).targets == {"value", "purchaseDate"}
    assert "n" * 300 not in refused.text
    too_many = await accept(api, lead, DEAL_BODY | {"team": [{"name": "x"}] * 26})
    assert too_many.targets == {"team"}
    money = {"amount": "NaN", "currency": "XXX"}
    assert (await accept(api, lead, DEAL_BODY | {"value": money})).targets == {"value.amount", "value.currency"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe{}", 400),
        (b'{"name": NaN}', 400),
        (b'{"UserDetails": {"Company": "A"}, "x": 1e999}', 400),
        (b'{"UserDetails": {"Company": "A"}, "x": -1e999}', 400),
        (b"[" * 100_000, 400),
        (b'{"a": ' + b"9" * 5000 + b"}", 400),
        (b'{"name": "' + b"x" * 262_144 + b'"}', 413),
    ],
)
async def test_broken_bodies_get_the_documented_error(api: InProcess, door: str, body: bytes, code: int) -> None:
    lead = await post_lead(api, door)
    headers = {"content-type": "application/json"}
    reply = await accept(api, lead, body, headers=headers)
    assert (reply.status, bool(reply.error["message"])) == (code, True)
    posted = await api.call("POST", door, body, headers=headers)
    assert (posted.status, bool(posted.error["message"])) == (code, True)
    assert len((await api.call("GET", f"{P}/leads", as_="Leads.User")).json["value"]) == 1


async def test_a_chunked_or_compressed_body_is_refused_clearly(api: InProcess, door: str) -> None:
    chunked = await api.call("POST", door, b"", headers={"transfer-encoding": "chunked"})
    assert chunked.status == 400
    assert "Content-Length" in chunked.error["message"]
    packed = {"content-encoding": "gzip", "content-type": "application/json"}
    compressed = await api.call("POST", door, gzip.compress(json.dumps(CONTACT_ME).encode()), headers=packed)
    assert (compressed.status, compressed.error["message"]) == (400, "The body must not be compressed.")
    lead = await post_lead(api, door)
    assert (await accept(api, lead, gzip.compress(b"{}"), headers=packed)).status == 415


@pytest.mark.parametrize(
    "lead",
    ["m" + "0" * 28, "x" * 29, "a'b", "a%2Fb", "%00", "..", "m" + "0" * 27 + "G", "m" + "0" * 29, "%F0%9F%98%80"],
)
async def test_ids_that_are_none_are_404(api: InProcess, door: str, lead: str) -> None:
    for method, path, body in [
        ("GET", "", None),
        ("GET", "/history", None),
        ("PUT", "/favorite", None),
        ("POST", "/accept", DEAL_BODY),
    ]:
        reply = await api.call(method, f"{P}/leads/{lead}{path}", body, as_="Leads.Admin")
        assert (reply.status, reply.error["code"]) == (404, "notFound")


async def test_s2_keys_open_one_source_only_and_say_nothing_else(api: InProcess, door: str) -> None:
    path, _, key = door.partition("?key=")
    other = await api.call("POST", f"{P}/sources", {"name": "Second"}, as_="Operator", tenant="operator")
    for bad in (
        path,
        f"{path}?key=",
        f"{path}?key=wrong",
        f"{path}?key={other.json['key']}",
        f"/intake/{'0' * 16}?key={key}",
    ):
        reply = await api.call("POST", bad, CONTACT_ME)
        assert (reply.status, reply.error["code"]) == (401, "unauthenticated")
    assert (await api.call("POST", path, CONTACT_ME, headers={"x-source-key": key})).status == 201
    more = submission_body(Company="Else")
    assert (await api.call("POST", f"{door}&utm=1", more, headers={"content-type": "text/plain"})).status == 201


async def test_s2_a_rotated_key_works_for_a_day_and_a_deleted_source_not_at_all(api: InProcess, door: str) -> None:
    source = door.split("/")[2].split("?", maxsplit=1)[0]
    operator: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
    rotated = await api.call("POST", f"{P}/sources/{source}/rotate", **operator)
    assert rotated.status == 200
    fresh = rotated.json["intakeUrl"].removeprefix("http://localhost:7071/api")
    assert fresh != door
    assert (await api.call("POST", door, submission_body(Title="1"))).status == 201
    assert (await api.call("POST", fresh, submission_body(Title="2"))).status == 201
    clock.offset = timedelta(days=1)
    assert (await api.call("POST", door, submission_body(Title="3"))).status == 401
    assert (await api.call("POST", fresh, submission_body(Title="4"))).status == 201
    listed = (await api.call("GET", f"{P}/sources", **operator)).json["value"]
    assert [one["id"] for one in listed] == [source]
    assert "key" not in listed[0]
    assert rotated.json["key"] not in str(listed)
    assert (await api.call("POST", f"/partners/else/sources/{source}/rotate", **operator)).status == 404
    assert (await api.call("DELETE", f"{P}/sources/{source}", **operator)).status == 204
    assert (await api.call("DELETE", f"{P}/sources/{source}", **operator)).status == 404
    assert (await api.call("POST", fresh, submission_body(Title="5"))).status == 401


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({}, {"name", "tenantIds"}),
        (
            {"name": " ", "tenantIds": ["a b"], "timeZone": "Mars", "state": "closed"},
            {"name", "tenantIds.0", "timeZone", "state"},
        ),
        ({"name": "x", "tenantIds": "contoso"}, {"tenantIds"}),
        ({"name": "x", "tenantIds": [], "timeZone": "../../etc/passwd"}, {"timeZone"}),
    ],
)
async def test_a_registration_at_fault_names_its_fields(api: InProcess, body: Any, targets: set[str]) -> None:
    reply = await api.call("PUT", "/partners/new", body, as_="Operator", tenant="operator")
    assert (reply.status, reply.targets) == (400, targets)


async def test_a_partner_is_registered_read_replaced_and_listed(api: InProcess) -> None:
    operator: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
    body = {"name": "Fabrikam", "tenantIds": ["T-1", "t-1", "t-2"], "timeZone": "Europe/Budapest"}
    made = await api.call("PUT", "/partners/fabrikam", body, **operator)
    assert (made.status, made.json["tenantIds"], made.json["state"]) == (201, ["t-1", "t-2"], "active")
    again = await api.call("PUT", "/partners/fabrikam", body | {"state": "suspended"}, **operator)
    assert (again.status, again.json["state"]) == (200, "suspended")
    assert (await api.call("GET", "/partners/fabrikam", **operator)).json == again.json
    taken = await api.call("PUT", "/partners/other", {"name": "O", "tenantIds": ["t-2"]}, **operator)
    assert (taken.status, taken.error["code"], taken.targets) == (409, "conflict", {"tenantIds"})
    await api.call("PUT", "/partners/acme", {"name": "A", "tenantIds": []}, **operator)
    first = (await api.call("GET", "/partners?top=1", **operator)).json
    assert [one["id"] for one in first["value"]] == ["acme"]
    rest = (await api.call("GET", first["nextLink"].removeprefix("http://localhost:7071/api"), **operator)).json
    assert [one["id"] for one in rest["value"]] == ["fabrikam"]
    bad = await api.call("PUT", "/partners/Not_an_id", body, **operator)
    assert (bad.status, bad.targets) == (400, {"partnerId"})


async def test_a_kind_of_source_that_is_none_is_refused_with_the_list(api: InProcess, door: str) -> None:
    reply = await api.call("POST", f"{P}/sources", {"name": "x", "kind": "fax"}, as_="Operator", tenant="operator")
    assert reply.targets == {"kind"}
    assert "https" in reply.text


async def test_q5_a_page_token_is_bound_to_its_list_filter_and_person(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    await ports.partners.put(Partner("fabrikam", "Fabrikam", ("fabrikam",), AT, AT))
    for number in range(3):
        await post_lead(api, door, Title=str(number))
    first = (await api.call("GET", f"{P}/leads?top=2&status=received,accepted", as_="Leads.User")).json
    assert len(first["value"]) == 2
    link = first["nextLink"].removeprefix("http://localhost:7071/api")
    rest = (await api.call("GET", link, as_="Leads.User")).json
    assert len(rest["value"]) == 1
    assert "nextLink" not in rest
    token = link.split("pageToken=")[1]
    wrong = [
        (f"{P}/leads?pageToken={token}", "contoso", "ann"),
        (link.replace("received%2Caccepted", "received"), "contoso", "ann"),
        (link, "contoso", "bob"),
        (link.replace("contoso", "fabrikam"), "fabrikam", "ann"),
        (link.replace(token, token[:-3]), "contoso", "ann"),
        (link.replace(token, "%00'"), "contoso", "ann"),
        (f"{P}/leads?pageToken={'A' * 3000}", "contoso", "ann"),
    ]
    for path, tenant, user in wrong:
        reply = await api.call("GET", path, as_="Leads.User", tenant=tenant, user=user)
        assert (reply.status, reply.targets) == (400, {"pageToken"}), path


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("tab=all", "tab"),
        ("status=received,open", "status"),
        ("top=0", "top"),
        ("top=201", "top"),
        ("top=many", "top"),
        ("includeTest=perhaps", "includeTest"),
        ("serach=x", "serach"),
    ],
)
async def test_a_query_at_fault_is_a_400_that_lists_what_is_allowed(
    api: InProcess, door: str, query: str, target: str
) -> None:
    reply = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")
    assert (reply.status, reply.targets) == (400, {target})
    if target in ("tab", "status"):
        assert "'received'" in reply.text or "'marketplace'" in reply.text
    if target == "serach":
        assert "includeTest" in reply.text


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/partners", ["x' or PartitionKey eq 'source", "A", "x" * 65]),
        (f"{P}/leads", ["abc", "0" * 28, "m' or 1 eq 1"]),
        (f"{NO_LEAD}/history", ["abc", "-5", "1_0", "0", "9" * 11]),
    ],
)
async def test_a_forged_page_token_is_no_more_than_a_mistaken_one(
    api: InProcess, door: str, path: str, places: list[str]
) -> None:
    role, tenant = ("Operator", "operator") if path == "/partners" else ("Leads.User", "contoso")
    for place in places:
        token = page_tokens.make(place, path, "", tenant, "ann")
        reply = await api.call("GET", f"{path}?pageToken={token}", as_=role, tenant=tenant)
        assert (reply.status, reply.targets) == (400, {"pageToken"}), place


async def test_a_strange_content_type_loses_no_lead(api: InProcess, door: str) -> None:
    headers = {"content-type": "application/" + "x" * 40_000 + "+json"}
    assert (await api.call("POST", door, submission_body(Title="long"), headers=headers)).status == 201


async def test_q1_tabs_and_t9_test_leads(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    test = await post_lead(api, door, Email="MSFT_TEST_1@test.com")

    async def listed(query: str) -> list[str]:
        found = (await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")).json["value"]
        return sorted(one["id"] for one in found)

    assert await listed("tab=marketplace") == [lead]
    assert await listed("tab=qualified") == []
    assert await listed("includeTest=true") == sorted([lead, test])
    await api.call("PUT", f"{P}/leads/{test}/favorite", as_="Leads.User")
    assert await listed("tab=favorites") == []
    assert await listed("tab=favorites&includeTest=true") == [test]
    assert await listed("tab=favorites&includeTest=true&status=accepted") == []


@pytest.mark.parametrize("seconds", [-1, 0])
async def test_l6_l9_an_expired_lead_is_expired_and_redacted_everywhere(
    api: InProcess, door: str, seconds: int
) -> None:
    lead = await post_lead(api, door, Shoe="42")
    await api.call("PUT", f"{P}/leads/{lead}/favorite", as_="Leads.User")
    clock.offset = 14 * DAY + timedelta(seconds=seconds)
    expired = seconds == 0
    seen = [
        (await api.call("GET", f"{P}/leads/{lead}", as_="Leads.Admin")).text,
        (await api.call("GET", f"{P}/leads", as_="Leads.Admin")).text,
        (await api.call("GET", f"{P}/leads?tab=favorites", as_="Leads.Admin")).text,
        (await api.call("GET", f"{P}/leads?status={'archived' if expired else 'received'}", as_="Leads.Admin")).text,
        (await api.call("GET", f"{P}/leads/{lead}", as_="Operator", tenant="operator")).text,
    ]
    for text in seen:
        assert lead in text
        assert ('"outcome":"expired"' in text) is expired
        for secret in ("Ada", "Berg", "ada.berg", "123 456", "+46812345678", "CTO", "300 users", "Shoe"):
            assert (secret in text) is not expired, secret
        assert "Northwind" in text
        assert '"country":"SE"' in text
    history = (await api.call("GET", f"{P}/leads/{lead}/history", as_="Leads.User")).json["value"]
    types = [event["type"] for event in history]
    assert types == ["lead.expired"] * expired + ["lead.flameCooled", "lead.received"]
    assert history[0]["by"]["kind"] == "timer"
    assert history[0]["at"] == ("2026-12-05T20:04:27.123Z" if expired else "2026-11-24T20:04:27.123Z")
    taken = await accept(api, lead)
    assert taken.status == (409 if expired else 200)
    if expired:
        assert taken.error["code"] == "leadExpired"
        (detail,) = taken.error["details"]
        assert detail["code"] == "lead.expired"
        assert detail["by"] == {"kind": "timer", "id": "expire_leads", "name": None}
        assert detail["at"] == "2026-12-05T20:04:27.123Z"


async def test_t6_a_do_not_contact_lead_shows_no_contact_details(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door, ActionCode="DNC")
    read = (await api.call("GET", f"{P}/leads/{lead}", as_="Leads.Admin")).json
    assert (read["status"], read["doNotContact"], read["actions"]) == ("informational", True, [])
    assert read["customer"]["email"] is None
    assert read["notes"] is None
    refused = await accept(api, lead)
    assert (refused.status, refused.error["code"]) == (409, "invalidTransition")


async def test_l9_a_source_may_reveal_contact_details_on_acceptance_only(api: InProcess, door: str) -> None:
    body = {"name": "Shy", "revealContact": "onAccept"}
    made = await api.call("POST", f"{P}/sources", body, as_="Operator", tenant="operator")
    lead = await post_lead(api, made.json["intakeUrl"].removeprefix("http://localhost:7071/api"))
    assert (await api.call("GET", f"{P}/leads/{lead}", as_="Leads.Admin")).json["customer"]["email"] is None
    assert (await accept(api, lead)).json["customer"]["email"] == "ada.berg@northwind.example"


async def test_l3_a_decline_needs_a_reason_and_l5_archived_is_final(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    path = f"{P}/leads/{lead}"
    assert (await api.call("POST", f"{path}/decline", {}, as_="Leads.Admin")).targets == {"reason"}
    assert (await api.call("POST", f"{path}/decline", {"reason": "other"}, as_="Leads.Admin")).targets == {"notes"}
    done = await api.call("POST", f"{path}/decline", {"reason": "other", "notes": "n"}, as_="Leads.Admin", user="bob")
    assert (done.json["outcome"], done.json["closing"]["reason"], done.json["closing"]["notes"]) == (
        "declined",
        "other",
        "n",
    )
    for action, body in [
        ("accept", DEAL_BODY),
        ("win", {}),
        ("lose", {"reason": "budget"}),
        ("decline", {"reason": "budget"}),
    ]:
        refused = await api.call("POST", f"{path}/{action}", body, as_="Leads.Admin")
        assert (refused.status, refused.error["code"]) == (409, "invalidTransition")
        (detail,) = refused.error["details"]
        assert detail["message"] == "bob, 2026-11-21T20:04:27.123Z"
        assert detail["by"] == {"kind": "person", "id": "bob", "name": "bob"}
        assert detail["at"] == "2026-11-21T20:04:27.123Z"
    assert (await api.call("PUT", f"{path}/favorite", as_="Leads.User")).status == 204


async def test_q6_a_look_leaves_a_lead_new_and_opening_it_does_not(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    path = f"{P}/leads/{lead}"

    async def new_to(user: str) -> set[bool]:
        reads = [f"{P}/leads", f"{P}/leads?search=northwind", f"{path}?peek=true"]
        found = [(await api.call("GET", one, as_="Leads.User", user=user)).json for one in reads]
        summary = (await api.call("GET", f"{P}/leads/summary", as_="Leads.User", user=user)).json
        # Neither lists nor counts nor the notification centre open anything.
        assert (await api.call("GET", f"{P}/notifications", as_="Leads.User", user=user)).json["value"]
        assert (await api.call("GET", f"{path}/history", as_="Leads.User", user=user)).status == 200
        news = [one["isNew"] for one in (*found[0]["value"], *found[1]["value"], found[2])]
        assert len(news) == 3
        return {*news, summary["tabs"]["marketplace"]["new"] == 1}

    for _ in range(2):
        assert await new_to("ann") == {True}
    for _ in range(2):
        assert (await api.call("POST", f"{path}/opened", as_="Leads.User")).status == 204
        assert (await new_to("ann"), await new_to("bob")) == ({False}, {True})
    assert (await api.call("GET", f"{path}?peek=false", as_="Leads.User", user="bob")).json["isNew"] is False
    assert await new_to("bob") == {False}
    assert (await api.call("PUT", f"{path}/favorite", as_="Leads.User", user="eve")).status == 204
    assert (await api.call("POST", f"{path}/opened", as_="Leads.User", user="eve")).status == 204
    seen = (await api.call("GET", f"{path}?peek=true", as_="Leads.User", user="eve")).json
    assert (seen["isFavorite"], seen["isNew"]) == (True, False)
    for query in ("peek=7x", "peak=true"):
        assert (await api.call("GET", f"{path}?{query}", as_="Leads.User")).status == 400
    nobodys = lead[:-1] + ("0" if lead[-1] != "0" else "1")
    for missing in (nobodys, "x"):
        assert (await api.call("POST", f"{P}/leads/{missing}/opened", as_="Leads.User")).status == 404
    assert (await api.call("POST", f"{path}/opened", as_="Leads.User", tenant="fabrikam")).status == 404


async def test_l7_an_answer_that_was_lost_is_given_again_to_whoever_asks_again(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    steps: list[tuple[str, str, Any]] = [
        ("POST", f"{P}/leads/{lead}/accept", DEAL_BODY),
        ("PATCH", f"{P}/leads/{lead}", {"deal": {"notes": "n", "value": {"amount": "1"}}}),
        ("POST", f"{P}/leads/{lead}/lose", {"reason": "other", "notes": "n"}),
    ]
    for version, (method, path, body) in enumerate(steps, 1):
        based_on = {"if-match": f'"{version}"'}
        first = await api.call(method, path, body, as_="Leads.Admin", headers=based_on)
        clock.offset += timedelta(seconds=30)
        again = await api.call(method, path, body, as_="Leads.Admin", headers=based_on)
        assert (first.status, again.status, again.json) == (200, 200, first.json)
        others = await api.call(method, path, body, as_="Leads.Admin", user="bob", headers=based_on)
        assert others.status == (412 if method == "PATCH" else 409)
        assert others.error["details"][0]["by"]["id"] == "ann"
    history = (await api.call("GET", f"{P}/leads/{lead}/history", as_="Leads.User")).json["value"]
    assert [event["type"] for event in history] == ["lead.lost", "lead.updated", "lead.accepted", "lead.received"]


async def test_if_match_is_honoured_where_it_is_sent(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    assert (await accept(api, lead, headers={"if-match": '"9"'})).status == 412
    assert (await accept(api, lead, headers={"if-match": '"1"'})).status == 200
    stale = await api.call("POST", f"{P}/leads/{lead}/win", as_="Leads.Admin", user="bob", headers={"if-match": '"1"'})
    (detail,) = stale.error["details"]
    assert (stale.status, detail["by"]["id"], detail["at"]) == (412, "ann", "2026-11-21T20:04:27.123Z")


async def test_v4_the_same_delivery_again_is_200_with_the_first_id(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    again = await api.call("POST", door, CONTACT_ME)
    assert (again.status, again.json) == (200, {"id": lead, "status": "received", "duplicate": True})
    keyed = await api.call("POST", door, CONTACT_ME, headers={"idempotency-key": "k"})
    assert keyed.status == 201
    other = await api.call("POST", door, submission_body(Title="x"), headers={"idempotency-key": "k"})
    assert (other.status, other.error["code"], other.error["target"]) == (409, "conflict", "Idempotency-Key")
    for none in ("", "  "):
        reply = await api.call("POST", door, CONTACT_ME, headers={"idempotency-key": none})
        assert (reply.status, reply.json["id"]) == (200, lead)
    made = set()
    for odd in ("x" * 256, "x" * 257, "ä"):
        for status in (201, 200):
            reply = await api.call("POST", door, CONTACT_ME, headers={"idempotency-key": odd})
            assert reply.status == status
            made.add(reply.json["id"])
    assert len(made) == 3


async def test_v4_related_leads_link_both_ways(api: InProcess, door: str) -> None:
    first, second = await post_lead(api, door), await post_lead(api, door, Description="again")
    for one, other in ((first, second), (second, first)):
        read = (await api.call("GET", f"{P}/leads/{one}", as_="Leads.User")).json
        assert read["relatedLeads"] == [
            {
                "id": other,
                "createdDateTime": "2026-11-21T20:04:27.123Z",
                "status": "received",
                "company": "Northwind Traders",
            }
        ]
    assert (await accept(api, second)).json["relatedLeads"][0]["id"] == first
    listed = (await api.call("GET", f"{P}/leads", as_="Leads.User")).json["value"]
    assert [one["relatedLeads"] for one in listed] == [None, None]


async def test_a_page_in_a_browser_may_read_the_headers_that_are_documented(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    from_page = {"origin": "https://portal.contoso.example"}
    for path in (f"{P}/leads/{lead}", f"{P}/leads/{lead[:-1]}", "/nowhere"):
        reply = await api.call("GET", path, as_="Leads.User", headers=from_page)
        readable = set(reply.headers["Access-Control-Expose-Headers"].split(", "))
        hidden = {"Cache-Control", "X-Content-Type-Options", "Content-Language", "Vary"}
        assert set(reply.headers) - hidden - {"Access-Control-Expose-Headers"} <= readable
        assert "Access-Control-Allow-Origin" not in reply.headers, "who may ask is the platform's to say"
    assert "Access-Control-Expose-Headers" not in (await api.call("GET", "/health")).headers


async def test_every_answer_carries_a_request_id_and_echoes_the_callers(api: InProcess) -> None:
    ok = await api.call("GET", "/health", headers={"x-ms-client-request-id": "mine"})
    assert ok.json == {
        "status": "healthy",
        "version": "0.1.0",
        "checks": [{"name": name, "healthy": True} for name in ("storage", "delivery", "agenda")],
        "waiting": {"deliveries": 0, "pausedLanes": 0},
        "overdueSeconds": dict.fromkeys(LATE, 0),
        "oldestUndeliveredSeconds": 0,
    }
    assert ok.headers["x-ms-client-request-id"] == "mine"
    ids = {ok.headers["x-ms-request-id"]}
    for bad in ("x" * 129, "a\nb", "ä"):
        reply = await api.call("GET", "/nowhere", headers={"x-ms-client-request-id": bad})
        assert reply.status == 404
        assert "x-ms-client-request-id" not in reply.headers
        ids.add(reply.headers["x-ms-request-id"])
    assert len(ids) == 4


async def test_storage_that_is_down_is_503_with_retry_after(
    api: InProcess, door: str, ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any, **__: Any) -> Any:
        raise Unavailable

    for store, name in ((ports.leads, "get"), (ports.agenda, "put"), (ports.partners, "ping")):
        monkeypatch.setattr(store, name, down)
    for method, path, body in [("GET", NO_LEAD, None), ("POST", door, CONTACT_ME)]:
        reply = await api.call(method, path, body, as_="Leads.Admin")
        assert (reply.status, reply.error["code"], reply.headers["Retry-After"]) == (503, "unavailable", "5")
    health = await api.call("GET", "/health")
    assert (health.status, health.json["status"]) == (503, "degraded")


async def test_a_defect_of_ours_is_500_without_a_stack_and_logs_no_data(
    api: InProcess, door: str, ports: FakePorts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def defect(*_: Any, **__: Any) -> Any:
        raise RuntimeError("ada.berg@northwind.example broke it")

    monkeypatch.setattr(ports.leads, "get", defect)
    reply = await api.call("GET", NO_LEAD, as_="Leads.Admin")
    assert (reply.status, reply.error["code"]) == (500, "internalError")
    assert "Traceback" not in reply.text
    assert "ada.berg" not in reply.text + caplog.text
    (record,) = [one for one in caplog.records if getattr(one, "event", "") == "request.failed"]
    assert "defect" in record.where  # type: ignore[attr-defined] # an extra
    assert record.correlationId == reply.headers["x-ms-request-id"]  # type: ignore[attr-defined] # an extra


@pytest.mark.parametrize("path", ["/contactLists", f"{P}/preferences", f"{P}/profile"])
async def test_a_put_without_a_body_changes_nothing(api: InProcess, door: str, path: str) -> None:
    who = {"as_": "Operator", "tenant": "operator"} if path == "/contactLists" else {"as_": "Partner.Admin"}
    reply = await api.call("PUT", path, **who)  # type: ignore[arg-type] # as they come
    assert (reply.status, reply.error["message"]) == (400, "A PUT needs a body.")


async def test_a_name_that_comes_twice_is_refused(api: InProcess, door: str) -> None:
    body = b'{"digestThreshold": 7, "digestThreshold": 8}'
    reply = await api.call("PUT", f"{P}/preferences", body, as_="Partner.Admin")
    assert (reply.status, reply.error["details"][0]["code"]) == (400, "invalidJson")
    nested = b'{"deal": {"name": "x", "value": {"amount": "1", "amount": "2", "currency": "EUR"}}}'
    headers = {"content-type": "application/json", "If-Match": "*"}
    assert (await api.call("PATCH", NO_LEAD, nested, as_="Leads.Admin", headers=headers)).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("digestThreshold", "7"),
        ("digestThreshold", True),
        ("digestHour", 5.0),
        ("expiryMail", "yes"),
        ("expiryMail", 0),
    ],
)
async def test_json_types_are_meant_as_they_are_written(api: InProcess, door: str, name: str, value: object) -> None:
    reply = await api.call("PUT", f"{P}/preferences", {name: value}, as_="Partner.Admin")
    assert (reply.status, reply.targets) == (400, {name})


@pytest.mark.parametrize("query", ["top=1_0", "top=%201", "top=5.0", "top=1e1", "quality=,,,,", "country=,"])
async def test_a_query_is_read_as_everybody_would(api: InProcess, door: str, query: str) -> None:
    reply = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")
    assert (reply.status, reply.targets) == (400, {query.split("=", maxsplit=1)[0]})


async def test_l8_a_contact_attempt_sent_again_with_its_key_is_logged_once(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    path = f"{P}/leads/{lead}/activities"
    said = {"kind": "call", "text": "Left a message."}

    async def log(body: Any = said, key: str = "k", user: str = "ann") -> Reply:
        return await api.call("POST", path, body, as_="Leads.User", user=user, headers={"Idempotency-Key": key})

    first = await log()
    await log(key="other")
    again = await log()
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json
    other = await log({"kind": "call", "text": "Again."})
    assert (other.status, other.error["target"]) == (409, "Idempotency-Key")
    assert (await log(user="bob")).status == 201, "keys are each person's own"
    assert (await log(key=" ")).status == (await log(key="")).status == 201, "a blank one is none"
    history = (await api.call("GET", f"{P}/leads/{lead}/history", as_="Leads.User")).json["value"]
    assert len([one for one in history if one["type"] == "lead.activityLogged"]) == 5


async def test_a_wrong_method_is_405_and_an_unknown_route_points_to_the_description(api: InProcess) -> None:
    for path, method, allowed in (
        ("/partners/contoso/leads", "DELETE", "GET, HEAD, POST"),
        ("/partners/contoso/preferences", "POST", "GET, HEAD, PATCH, PUT"),
        ("/health", "PUT", "GET, HEAD"),
        ("/Health", "PUT", "GET, HEAD"),
        ("/intake/some", "HEAD", "POST"),
    ):
        reply = await api.call(method, path)
        assert (reply.status, reply.error["code"]) == (405, "methodNotAllowed"), path
        assert (reply.headers["Allow"], reply.error["message"]) == (allowed, f"This route takes {allowed}.")
    for path in ("/nowhere", "/", "/partners/contoso/leeds", "/%00"):
        reply = await api.call("GET", path)
        assert (reply.status, reply.error["code"]) == (404, "notFound"), path
        assert "/openapi.json" in reply.error["message"]
        assert "Allow" not in reply.headers


async def test_head_answers_where_get_does(api: InProcess) -> None:
    for path in ("/health", "/openapi.json"):
        assert (await api.call("HEAD", path)).status == 200
    assert (await api.call("HEAD", "/partners", as_="Operator", tenant="operator")).status == 200
    assert (await api.call("HEAD", "/partners")).status == 401


async def test_l4_a_win_says_what_was_won(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    await api.call("POST", f"{P}/leads/{lead}/accept", DEAL_BODY, as_="Leads.Admin")
    wrong = {"value": {"amount": "-1", "currency": "XXQ"}, "closedDate": "tomorrow", "reason": "budget"}
    refused = await api.call("POST", f"{P}/leads/{lead}/win", wrong, as_="Leads.Admin")
    assert (refused.status, refused.targets) == (400, {"value.amount", "value.currency", "closedDate"})
    body = {"value": {"amount": "11000.50", "currency": "usd"}, "closedDate": "2026-11-21", "notes": "Signed."}
    done = await api.call("POST", f"{P}/leads/{lead}/win", body, as_="Leads.Admin")
    assert done.json["closing"] == {
        "reason": None,
        "notes": "Signed.",
        "value": {"amount": "11000.50", "currency": "USD"},
        "date": "2026-11-21",
        "suggestedPartners": [],
    }
    assert done.json["deal"]["value"] == {"amount": "12000.00", "currency": "EUR"}
