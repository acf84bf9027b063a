"""Preferences, notification centre, unsubscribing and webhooks through the routes (N1–N7, S1)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared import app, clock
from shared.domain.telling.unsubscribe import make_token
from shared.domain.telling.webhooks import WebhookState
from shared.http.rate_limit import REMEMBERED_SECONDS
from shared.usecases.telling.deliver import deliver_events
from tests.builders import DAY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.steps import budget
from tests.unit.http.conftest import P, post_lead

BASE = "http://localhost:7071/api"
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
HOOK: dict[str, Any] = {"notificationUrl": "https://crm.example/hook", "events": ["lead.received", "lead.won"]}


async def subscribe(api: InProcess, **changes: Any) -> Reply:
    return await api.call("POST", f"{P}/webhooks", HOOK | changes, as_="Leads.Admin")


async def deliver(ports: FakePorts) -> None:
    await deliver_events(ports=ports, now=clock.now, budget=budget())


async def test_preferences_have_defaults_and_are_what_was_put(api: InProcess, door: str) -> None:
    found = await api.call("GET", f"{P}/preferences", as_="Profile.Admin")
    defaults = {
        "preferredEmail": None,
        "preferredLanguage": None,
        "timeZone": "UTC",
        "digestThreshold": 10,
        "digestHour": 0,
        "mailKinds": ["contactMe", "profile"],
        "expiryMail": True,
        "monthlyMail": True,
        "mutedAddresses": [],
        "unsubscribed": [],
    }
    assert found.json == defaults
    wishes = defaults | {
        "preferredEmail": "a@contoso.example",
        "timeZone": "Europe/Stockholm",
        "mailKinds": ["qualified"],
    }
    for as_ in ("Profile.Admin", "Leads.Admin", "Partner.Admin"):
        assert (await api.call("PUT", f"{P}/preferences", wishes, as_=as_)).json == wishes
    assert (await api.call("GET", f"{P}/preferences", **OPERATOR)).json == wishes


async def test_preferences_name_every_fault_and_know_their_own(api: InProcess, door: str) -> None:
    broken = {
        "preferredEmail": "x",
        "preferredLanguage": "!",
        "timeZone": "../etc",
        "digestThreshold": -1,
        "digestHour": 24,
        "mailKinds": ["all"],
        "mutedAddresses": ["y"],
        "extra": 1,
    }
    reply = await api.call("PUT", f"{P}/preferences", broken, as_="Profile.Admin")
    assert (reply.status, reply.targets) == (
        400,
        {*(set(broken) - {"mailKinds", "mutedAddresses"}), "mailKinds.0", "mutedAddresses.0"},
    )
    assert (await api.call("PUT", f"{P}/preferences", {}, as_="Leads.User")).status == 403
    assert (await api.call("PUT", f"{P}/preferences", {}, **OPERATOR)).status == 403
    assert (await api.call("GET", f"{P}/preferences", as_="Profile.Admin", tenant="fabrikam")).status == 404


async def test_n5_notifications_stand_open_ones_first_and_are_dismissed_by_oneself(api: InProcess, door: str) -> None:
    lead = await post_lead(api, door)
    clock.offset = DAY
    other = await post_lead(api, door, Title="x")

    async def listed(user: str = "ann", query: str = "") -> Any:
        return (await api.call("GET", f"{P}/notifications{query}", as_="Leads.User", user=user)).json

    found = (await listed())["value"]
    assert [(one["kind"], one["leadId"]) for one in found] == [
        ("contactOverdue", lead),
        ("hotLead", other),
        ("hotLead", lead),
    ]
    assert found[0]["link"] == f"{BASE}/app/leads/{found[0]['leadId']}"
    first = found[0]
    path = f"{P}/notifications/{first['id']}/dismiss"
    assert (await api.call("POST", path, as_="Leads.User")).status == 204
    mine = (await listed())["value"]
    assert ([one["dismissed"] for one in mine], mine[-1]["id"]) == ([False, False, True], first["id"])
    assert not any(one["dismissed"] for one in (await listed("bob"))["value"])
    page = await listed(query="?top=2")
    rest = (await api.call("GET", page["nextLink"].removeprefix(BASE), as_="Leads.User")).json
    assert [one["id"] for one in page["value"] + rest["value"]] == [one["id"] for one in mine]
    for nobody in ("x", f"newLead-{lead}-9", "dismissed|x"):
        for verb in ("dismiss", "restore"):
            assert (await api.call("POST", f"{P}/notifications/{nobody}/{verb}", as_="Leads.User")).status == 404
    for _ in range(2):
        assert (await api.call("POST", path.replace("dismiss", "restore"), as_="Leads.User")).status == 204
        assert [one["id"] for one in (await listed())["value"]] == [one["id"] for one in found]
    assert (await api.call("POST", path, as_="Leads.User")).status == 204
    clock.offset = timedelta(days=14)
    assert lead not in [one["leadId"] for one in (await listed())["value"]]
    # The undo of a moment ago works although what it is about has gone meanwhile; a second one finds nothing.
    assert (await api.call("POST", path.replace("dismiss", "restore"), as_="Leads.User")).status == 204
    assert (await api.call("POST", path.replace("dismiss", "restore"), as_="Leads.User")).status == 404


async def test_n5_many_are_dismissed_and_restored_and_the_open_ones_counted(api: InProcess, door: str) -> None:
    for number in range(5):
        await post_lead(api, door, Title=str(number))

    async def listed(query: str = "", user: str = "ann") -> tuple[int, list[str]]:
        found = (await api.call("GET", f"{P}/notifications{query}", as_="Leads.User", user=user)).json
        return found["openCount"], [one["id"] for one in found["value"]]

    async def change(verb: str, ids: Any, user: str = "ann") -> int:
        return (await api.call("POST", f"{P}/notifications/{verb}", {"ids": ids}, as_="Leads.User", user=user)).status

    count, ids = await listed()
    assert (count, len(ids)) == (5, 5)
    for _ in range(2):
        assert await change("dismiss", [*ids[:3], ids[0], "newLead-m1-0", "x"]) == 204
        assert await listed("?top=1") == (2, [ids[3]])
    assert await listed("?state=open") == (2, ids[3:])
    count, gone = await listed("?state=dismissed")
    assert (count, set(gone)) == (2, set(ids[:3]))
    assert (await listed(user="bob"))[0] == 5
    first = (await api.call("GET", f"{P}/notifications?state=dismissed&top=2", as_="Leads.User")).json
    second = (await api.call("GET", first["nextLink"].removeprefix(BASE), as_="Leads.User")).json
    assert [one["id"] for one in first["value"] + second["value"]] == gone
    assert (second["openCount"], "nextLink" in second) == (2, False)
    assert await change("restore", ids, user="bob") == 204
    assert (await listed())[0] == 2
    for _ in range(2):
        assert await change("restore", [ids[0], ids[4], "x"]) == 204
        assert (await listed())[0] == 3
    # None of those that were named and are not there was written down.
    assert await app.current().ports.preferences.dismissed("contoso", "ann") == set(ids[1:3])
    for verb in ("dismiss", "restore"):
        for wrong in (
            [],
            ["a|b"],
            [1],
            [""],
            ["x" * 121],
            [f"newLead-m{number}-0" for number in range(201)],
            "x",
            None,
        ):
            assert await change(verb, wrong) == 400, wrong
        for who in ({"as_": "Sender"}, OPERATOR):
            assert (await api.call("POST", f"{P}/notifications/{verb}", {"ids": ids}, **who)).status == 403
    assert (await api.call("GET", f"{P}/notifications?state=all", as_="Leads.User")).status == 400


async def test_n5_a_notification_names_whom_its_lead_is_about_as_far_as_it_may_be_seen(
    api: InProcess, door: str
) -> None:
    body = {"name": "Shy", "revealContact": "onAccept"}
    shy = (await api.call("POST", f"{P}/sources", body, **OPERATOR)).json["intakeUrl"].removeprefix(BASE)
    open_lead, hidden = await post_lead(api, door), await post_lead(api, shy)
    made = (await subscribe(api, validation="none")).json
    ports = app.current().ports
    (stored,) = await ports.webhooks.of_partner("contoso")
    off = replace(stored.webhook, state=WebhookState.DISABLED, disabled_at=clock.now())
    await ports.webhooks.put("contoso", off, stored)
    found = (await api.call("GET", f"{P}/notifications", as_="Leads.User")).json["value"]
    about = {one["leadId"]: one["lead"] for one in found}
    assert about == {
        open_lead: {"company": "Northwind Traders", "name": "Ada Berg", "country": "SE"},
        hidden: {"company": "Northwind Traders", "name": None, "country": "SE"},
        None: None,
    }
    assert made["id"] in next(one["link"] for one in found if one["leadId"] is None)


async def test_n3_a_link_asks_and_a_button_acts(api: InProcess, door: str) -> None:
    token = make_token("contoso", "<b>lena@contoso.example", "key")
    asked = await api.call("GET", f"/unsubscribe?token={token}&utm_source=mail")
    assert (asked.status, asked.headers["X-Frame-Options"]) == (200, "DENY")
    assert "&lt;b&gt;lena@contoso.example" in asked.text
    assert "no-referrer" in asked.headers["Referrer-Policy"]
    muted = (await api.call("GET", f"{P}/preferences", as_="Profile.Admin")).json["mutedAddresses"]
    assert muted == []
    for _ in range(2):
        one_click = {"content-type": "application/x-www-form-urlencoded"}
        done = await api.call("POST", f"/unsubscribe?token={token}", b"List-Unsubscribe=One-Click", headers=one_click)
        assert done.status == 200
    muted = (await api.call("GET", f"{P}/preferences", as_="Profile.Admin")).json["mutedAddresses"]
    assert muted == ["<b>lena@contoso.example"]
    for bad in ("x", token[:-1], ""):
        for method in ("GET", "POST"):
            assert (await api.call(method, f"/unsubscribe?token={bad}")).status == 400


async def test_w1_a_webhook_is_subscribed_shown_once_and_deleted(api: InProcess, door: str) -> None:
    made = await subscribe(api)
    assert made.status == 201
    assert made.json["secret"].startswith("whsec_")
    where = made.headers["Location"]
    assert where == f"{BASE}/partners/contoso/webhooks/{made.json['id']}"
    shown = await api.call("GET", where.removeprefix(BASE), as_="Leads.Admin")
    assert shown.json == {key: value for key, value in made.json.items() if key != "secret"}
    assert (shown.json["state"], shown.json["format"]) == ("pending", "standard")
    again = await subscribe(api, events=["lead.won"], validation="none")
    assert (again.status, "secret" in again.json, again.headers["Location"]) == (200, False, where)
    assert (again.json["state"], again.json["events"]) == ("active", ["lead.won"])
    assert (await api.call("GET", f"{P}/webhooks", **OPERATOR)).json["value"] == [again.json]
    rotated = await api.call("POST", f"{where.removeprefix(BASE)}/rotate", as_="Leads.Admin")
    assert rotated.json["secret"] != made.json["secret"]
    assert (await api.call("DELETE", where.removeprefix(BASE), as_="Leads.Admin")).status == 204
    assert (await api.call("GET", where.removeprefix(BASE), as_="Leads.Admin")).status == 404


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({}, {"notificationUrl", "events"}),
        (HOOK | {"events": []}, {"events"}),
        (HOOK | {"events": ["lead.born"]}, {"events"}),
        (HOOK | {"notificationUrl": "http://crm.example"}, {"notificationUrl"}),
        (HOOK | {"format": "xml", "validation": "maybe", "extra": 1}, {"format", "validation", "extra"}),
        (HOOK | {"format": "marketplace"}, {"events"}),
    ],
)
async def test_w1_a_subscription_names_every_fault(
    api: InProcess, door: str, body: dict[str, Any], targets: set[str]
) -> None:
    reply = await api.call("POST", f"{P}/webhooks", body, as_="Leads.Admin")
    assert (reply.status, reply.targets) == (400, targets)


async def test_w1_webhooks_are_the_leads_admins_alone(api: InProcess, door: str) -> None:
    made = (await subscribe(api)).json
    hook = f"{P}/webhooks/{made['id']}"
    for method, path in (
        ("GET", f"{P}/webhooks"),
        ("GET", hook),
        ("DELETE", hook),
        ("POST", f"{hook}/test"),
        ("POST", f"{hook}/rotate"),
        ("POST", f"{hook}/enable"),
        ("GET", f"{hook}/deliveries"),
        ("POST", f"{hook}/deliveries/resend"),
        ("POST", f"{hook}/deliveries/x/resend"),
    ):
        assert (await api.call(method, path, as_="Leads.User,Profile.Admin")).status == 403
        assert (await api.call(method, path, as_="Leads.Admin", tenant="fabrikam")).status == 404
        missing = path.replace(made["id"], "f" * 16)
        if missing != path:
            assert (await api.call(method, missing, as_="Leads.Admin")).status == 404


async def test_w2_the_delivery_log_shows_what_was_tried_and_sends_again(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    from shared.ports.delivery import ReceiverReply

    made = (await subscribe(api, validation="none")).json
    hook = f"{P}/webhooks/{made['id']}"
    ports.receivers.answers[HOOK["notificationUrl"]] = [ReceiverReply(500, "down", 12)]
    lead = await post_lead(api, door)
    sent = await api.call("POST", f"{hook}/test", as_="Leads.Admin")
    assert (sent.status, sent.json["type"], sent.json["state"]) == (202, "webhook.test", "pending")
    await deliver(ports)
    found = (await api.call("GET", f"{hook}/deliveries", as_="Leads.Admin")).json["value"]
    states = {one["type"]: one["state"] for one in found}
    assert sorted(states.values()) == ["delivered", "pending"]
    failed = next(one for one in found if one["state"] == "pending")
    assert failed["attempts"] == [{"at": "2026-11-21T20:04:27.123Z", "status": 500, "durationMs": 12, "answer": "down"}]
    assert failed["nextAttempt"] > "2026-11-21T20:04:30"
    again = await api.call("POST", f"{hook}/deliveries/{failed['eventId']}/resend", as_="Leads.Admin")
    assert (again.status, again.json["nextAttempt"]) == (202, None)
    await deliver(ports)
    first = (await api.call("GET", f"{hook}/deliveries?top=1", as_="Leads.Admin")).json
    second = (await api.call("GET", first["nextLink"].removeprefix(BASE), as_="Leads.Admin")).json
    assert {one["state"] for one in first["value"] + second["value"]} == {"delivered"}
    assert {one["leadId"] for one in first["value"] + second["value"]} == {lead, None}
    assert (await api.call("POST", f"{hook}/deliveries/resend", as_="Leads.Admin")).json == {"resent": 0}
    assert (await api.call("POST", f"{hook}/deliveries/x/resend", as_="Leads.Admin")).status == 404


async def test_health_shows_what_waits_and_is_degraded_when_it_waits_too_long(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    made = (await subscribe(api, validation="none")).json
    await deliver(ports)
    await api.call("POST", f"{P}/webhooks/{made['id']}/test", as_="Leads.Admin")
    found = await api.call("GET", "/health")
    assert (found.status, found.json["waiting"]) == (200, {"deliveries": 1, "pausedLanes": 0})
    clock.offset = timedelta(minutes=15)
    found = await api.call("GET", "/health")
    assert (found.status, found.json["status"]) == (503, "degraded")
    assert found.json["oldestUndeliveredSeconds"] == 15 * 60
    assert [one["healthy"] for one in found.json["checks"]] == [True, False, True]
    await deliver(ports)
    clock.offset += timedelta(seconds=REMEMBERED_SECONDS)
    assert (await api.call("GET", "/health")).status == 200


async def test_health_shows_how_far_the_agenda_is_behind(api: InProcess, door: str, ports: FakePorts) -> None:
    await post_lead(api, door)
    await deliver(ports)
    for hours, status in ((0, 200), (14 * 24 + 0.5, 200), (14 * 24 + 1, 503)):
        clock.offset = timedelta(hours=hours)
        for kind in ("cool", "remind", "deliver"):
            due = await ports.agenda.due(kind, clock.now(), 10)
            await ports.agenda.remove([late.hint for late in due])
        found = await api.call("GET", "/health")
        assert found.status == status, found.text
    assert found.json["overdueSeconds"]["expire"] == 3600
    # Putting it off hides it from the timer, and from nobody else.
    (late,) = await ports.agenda.due("expire", clock.now(), 10)
    await ports.agenda.put_off(late, clock.now() + timedelta(days=1))
    clock.offset += timedelta(seconds=REMEMBERED_SECONDS)
    assert (await api.call("GET", "/health")).json["overdueSeconds"]["expire"] == 3600 + REMEMBERED_SECONDS


async def test_l8_mails_stand_in_the_history_beside_their_event(api: InProcess, door: str, ports: FakePorts) -> None:
    lead = await post_lead(api, door)
    await deliver(ports)
    lines = (await api.call("GET", f"{P}/leads/{lead}/history", as_="Leads.User")).json["value"]
    (line,) = lines
    assert (line["type"], line["sequence"]) == ("lead.received", 1)
    assert [(one["state"], one["problem"]) for one in line["mails"]] == [("skipped", "noAddress")]


async def test_w5_a_subscription_brings_what_its_receiver_needs_and_shows_no_secret(api: InProcess, door: str) -> None:
    headers = {"Authorization": "Bearer s3cret-value", "X-Tenant": "contoso"}
    fields = {"last_name": "lastName", "oid": "=00D5e"}
    said = {"events": ["lead.received"], "format": "fields", "fields": fields, "fieldsAs": "form", "onlyValid": True}
    made = await subscribe(api, **said, headers=headers)
    assert made.status == 201, made.text
    shown = {"fields": fields, "fieldsAs": "form", "onlyValid": True, "headers": ["Authorization", "X-Tenant"]}
    assert made.json | shown == made.json
    path = f"{P}/webhooks/{made.json['id']}"
    for reply in (made, await subscribe(api, **said), await api.call("GET", path, as_="Leads.Admin")):
        assert "s3cret" not in reply.text
        assert reply.json["headers"] == ["Authorization", "X-Tenant"]
    for bad, target in (
        ({"headers": {"Host": "x"}}, "headers.Host.[key]"),
        ({"headers": {"webhook-id": "x"}}, "headers.webhook-id.[key]"),
        ({"headers": {"X-A": "a\r\nB: c"}}, "headers.X-A"),
        ({"fields": {"a": "deal"}}, "fields.a"),
        ({"fields": {}}, None),
        ({"format": "standard"}, None),
    ):
        reply = await subscribe(api, **(said | bad))
        assert (reply.status, reply.targets) == (400, {target}), reply.text


async def test_w5_a_preset_is_a_crms_mapping_to_which_ones_own_fields_are_added(api: InProcess, door: str) -> None:
    said = {"events": ["lead.received"], "preset": "salesforce", "fields": {"oid": "=00D", "00N5e": "id|=none"}}
    made = await subscribe(api, **said)
    assert made.status == 201, made.text
    assert (made.json["format"], made.json["preset"], made.json["fieldsAs"]) == ("fields", "salesforce", "form")
    assert made.json["fields"]["last_name"] == "lastName|name|company|email|=Unknown"
    assert made.json["fields"]["00N5e"] == "id|=none"
    assert made.json["onlyValid"] is True
    again = await subscribe(api, **said | {"fieldsAs": "form", "fields": {"oid": "=00D", "a": "lastName | name"}})
    assert again.json["fields"]["a"] == "lastName|name"
    changed = await subscribe(api, **said | {"onlyValid": False, "fields": {"oid": "=00D", "last_name": "name"}})
    assert (changed.json["onlyValid"], changed.json["fields"]["last_name"]) == (False, "name")
    for bad, target in (
        ({"fields": {}}, "fields"),
        ({"fields": None}, "fields"),
        ({"preset": "sugar"}, "preset"),
        ({"format": "marketplace"}, None),
        ({"fieldsAs": "json"}, "fieldsAs"),
        ({"events": ["lead.won"]}, "events"),
        ({"fields": {"oid": "id|deal"}}, "fields.oid"),
        ({"fields": {"oid": ""}}, "fields.oid"),
        ({"fields": {"oid": "="}}, "fields"),
        ({"fields": {"oid": "=a|lastName"}}, "fields.oid"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers"),
    ):
        reply = await subscribe(api, **(said | bad))
        assert reply.status == 400, bad
        assert target in reply.targets, reply.text
