"""Subscriptions get everything, in order for each lead, and nobody waits for anybody else (W1 to W3, W5)."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from shared.domain.errors import Conflict, InvalidRequest, NotFound, Unavailable
from shared.domain.intake import payload
from shared.domain.intake.codes import is_test
from shared.domain.intake.formats import read
from shared.domain.intake.payload import FORM
from shared.domain.lead import Reveal
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.dispatch import Dispatch, DispatchState, deliver_hint
from shared.domain.telling.retry import DELAYS, GIVE_UP_AFTER
from shared.domain.telling.webhooks import (
    EVENTS,
    FIELDS,
    SUBSCRIPTIONS_MAX,
    FieldsAs,
    Webhook,
    WebhookFormat,
    WebhookState,
)
from shared.http.shapes.packets import _told
from shared.ports.delivery import ReceiverReply
from shared.usecases.telling import deliver, deliver_webhook, manage_webhooks
from shared.usecases.telling.deliver import LANES_AT_ONCE, LANES_MOST, deliver_events, fairly
from tests.builders import AT, DAY, a_lead, submission_body
from tests.fakes.delivery import FakeReceivers
from tests.fakes.ports import FakePorts
from tests.steps import answer, budget, submit

URL, OTHER = "https://crm.example/hook", "https://flow.example/start"
DOWN = ReceiverReply(500, "down", 1)


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    return source.partner_id


async def subscribe(ports: FakePorts, partner: str, url: str = URL, **changes: Any) -> manage_webhooks.Subscribed:
    named: dict[str, Any] = {
        "events": EVENTS,
        "format_": WebhookFormat.STANDARD,
        "validated": True,
        "owner": "o@c.example",
    }
    return await manage_webhooks.subscribe(ports=ports, partner_id=partner, url=url, at=AT, **(named | changes))


async def run(ports: FakePorts, at: datetime = AT) -> None:
    await deliver_events(ports=ports, now=lambda: at, budget=budget())


def receivers(ports: FakePorts) -> FakeReceivers:
    return ports.receivers


def taken(ports: FakePorts, url: str = URL) -> list[Any]:
    return [json.loads(packet.body) for where, _, packet in receivers(ports).taken if where == url]


async def log(ports: FakePorts, partner: str, hook: Webhook, at: datetime = AT) -> list[Dispatch]:
    found, _ = await manage_webhooks.list_deliveries(
        ports=ports, partner_id=partner, webhook_id=hook.id, after=None, top=100, at=at
    )
    return found


async def test_w1_every_subscription_gets_the_events_it_asked_for(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner)
    await subscribe(ports, partner, OTHER, events=("lead.won", "lead.received"))
    made = await submit(ports, source)
    for action in (Action.ACCEPT, Action.WIN):
        await answer(ports, source, made.lead_id, action)
    await run(ports)
    assert [one["type"] for one in taken(ports)] == ["lead.received", "lead.accepted", "lead.won"]
    assert [one["type"] for one in taken(ports, OTHER)] == ["lead.received", "lead.won"]
    body = taken(ports)[0]
    assert set(body) == {"type", "timestamp", "sequence", "by", "changes", "link", "data"}
    assert body["link"] == f"https://leads.programme.example/{body['data']['partnerId']}/{body['data']['id']}"
    assert not {"isFavorite", "isNew"} & set(body["data"]), "nothing personal of nobody"
    assert body["by"]["kind"] == "source"
    assert body["data"]["contactAttempts"] == {"count": 0, "last": None}
    accepted = taken(ports)[1]
    assert accepted["by"] == {"kind": "person", "id": "ann", "name": "Ann"}
    assert accepted["changes"]["deal.amount"] == {"from": None, "to": "12000.00"}
    assert (body["sequence"], body["data"]["id"], body["data"]["customer"]["firstName"]) == (1, made.lead_id, "Ada")
    await run(ports, AT + DAY)
    assert len(receivers(ports).calls) == 5, "each once"


async def test_t9_test_leads_go_to_webhooks_flagged_and_l9_holds_when_sent(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner)
    await submit(ports, source, submission_body(FirstName="MSFT_TEST_1"))
    await submit(ports, source, submission_body(ActionCode="DNC"))
    await submit(ports, source, submission_body(Title="late"))
    await run(ports, AT + 15 * DAY)
    by_test = {one["data"]["isTest"]: one["data"] for one in taken(ports) if one["type"] == "lead.received"}
    assert set(by_test) == {True, False}
    hidden = [one["data"] for one in taken(ports) if not one["data"]["isTest"]]
    assert all(one["customer"]["email"] is None and one["notes"] is None for one in hidden)


async def test_w3_events_of_a_lead_come_in_order_and_a_failing_one_holds_up_only_its_own(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner)
    first = await submit(ports, source)
    second = await submit(ports, source, submission_body(Title="x"), at=AT + timedelta(seconds=1))
    await answer(ports, source, first.lead_id, at=AT + timedelta(seconds=2))
    receivers(ports).answers[URL] = [DOWN]
    at = AT + timedelta(seconds=3)
    await run(ports, at)
    assert [(one["type"], one["data"]["id"]) for one in taken(ports)] == [("lead.received", second.lead_id)]
    await run(ports, at + DELAYS[0] * 1.2)
    assert [one["type"] for one in taken(ports)] == ["lead.received", "lead.received", "lead.accepted"]
    ids = [message for _, message in receivers(ports).calls]
    assert ids[0] == ids[2], "a repeat has the same id"


async def test_a_receiver_that_was_down_for_an_hour_gets_everything_in_order(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    made = [await submit(ports, source, submission_body(Title=str(n)), at=AT + timedelta(seconds=n)) for n in range(20)]
    receivers(ports).answers[URL] = [DOWN] * 10_000
    for minute in range(60):
        await run(ports, AT + timedelta(minutes=minute))
    down = len(receivers(ports).calls)
    assert down < 150, "who is down is left alone"
    for lead in made:
        await answer(ports, source, lead.lead_id, at=AT + timedelta(minutes=59))
    receivers(ports).answers.clear()
    for minute in range(60, 180):
        await run(ports, AT + timedelta(minutes=minute))
    found = [(one["data"]["id"], one["type"]) for one in taken(ports)]
    assert len(found) == 40
    for lead in made:
        assert [kind for lead_id, kind in found if lead_id == lead.lead_id] == ["lead.received", "lead.accepted"]
    assert {one.state for one in await log(ports, partner, hook)} == {DispatchState.DELIVERED}


async def test_w2_after_three_days_an_event_is_parked_and_can_be_sent_again(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await submit(ports, source)
    receivers(ports).answers[URL] = [DOWN] * 10_000
    at = AT
    while at < AT + GIVE_UP_AFTER + DAY / 2:
        await run(ports, at)
        at += timedelta(minutes=10)
    (parked,) = await log(ports, partner, hook)
    assert (parked.state, parked.attempts[-1].status) == (DispatchState.PARKED, 500)
    assert 10 <= len(parked.attempts) <= 20
    receivers(ports).answers.clear()
    assert await manage_webhooks.resend_parked(ports=ports, partner_id=partner, webhook_id=hook.id, at=at) == 1
    await run(ports, at)
    (done,) = await log(ports, partner, hook)
    assert done.state is DispatchState.DELIVERED
    again = await manage_webhooks.resend(ports=ports, partner_id=partner, webhook_id=hook.id, event_id=done.id, at=at)
    assert again.id == done.id
    await run(ports, at)
    assert len(taken(ports)) == 2
    with pytest.raises(NotFound):
        await manage_webhooks.resend(ports=ports, partner_id=partner, webhook_id=hook.id, event_id="x", at=at)


async def test_w2_a_subscription_that_fails_for_five_days_is_disabled_and_its_owner_told(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [DOWN] * 100_000
    at = AT
    for n in range(6 * 24 * 2):
        if n % 24 == 0:
            await submit(ports, source, submission_body(Title=str(n)), at=at)
        await run(ports, at)
        at += timedelta(minutes=30)
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.DISABLED
    assert stored.disabled_at is not None
    assert timedelta(days=5) <= stored.disabled_at - AT < timedelta(days=5, hours=13)
    (mail,) = await ports.mails.mails(partner, hook.id)
    assert (mail.to, mail.notice) == ("o@c.example", "webhookDisabled")
    # What waited still does; what comes now is not queued.
    waits = len([one for one in await log(ports, partner, hook) if one.state is DispatchState.PENDING])
    await submit(ports, source, submission_body(Title="while disabled"), at=at)
    await run(ports, at)
    assert len([one for one in await log(ports, partner, hook) if one.state is DispatchState.PENDING]) == waits > 0
    receivers(ports).answers.clear()
    await manage_webhooks.enable(ports=ports, partner_id=partner, webhook_id=hook.id, at=at)
    await run(ports, at + DAY)
    assert not [one for one in await log(ports, partner, hook) if one.state is DispatchState.PENDING]


async def test_w2_idle_weeks_between_two_failures_are_no_failing(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    for n in range(3):
        at = AT + n * 8 * DAY
        receivers(ports).answers[URL] = [DOWN] * 100
        await submit(ports, source, submission_body(Title=str(n)), at=at)
        await run(ports, at)
        lane = await ports.lanes.lane(partner, hook.id)
        assert lane.failing_since is not None
        assert lane.failing_since >= at
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.ACTIVE


async def test_each_time_it_is_disabled_its_owner_is_told_and_subscribing_again_forgives(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    for n in range(2):
        at = AT + n * DAY
        receivers(ports).answers[URL] = [ReceiverReply(410, "gone", 1)]
        await submit(ports, source, submission_body(Title=str(n)), at=at)
        await run(ports, at)
        again = await subscribe(ports, partner)
        assert again.webhook.state is WebhookState.ACTIVE
        lane = await ports.lanes.lane(partner, hook.id)
        assert (lane.failures, lane.failing_since) == (0, None)
        stored = await ports.webhooks.get(partner, hook.id)
        assert stored is not None
        await run(ports, at + timedelta(hours=1))
    assert len(await ports.mails.mails(partner, hook.id)) == 2


async def test_w2_gone_disables_at_once(ports: FakePorts, source: LeadSource, partner: str) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [ReceiverReply(410, "gone", 1)]
    await submit(ports, source)
    await run(ports)
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.DISABLED


async def test_retry_after_is_honoured(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await subscribe(ports, partner)
    receivers(ports).answers[URL] = [ReceiverReply(429, "", 1, timedelta(hours=2))]
    await submit(ports, source)
    await run(ports)
    await run(ports, AT + timedelta(hours=1, minutes=59))
    assert taken(ports) == []
    await run(ports, AT + timedelta(hours=2))
    assert len(taken(ports)) == 1


async def test_w1_a_pending_one_is_validated_first_and_its_events_wait(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner, validated=False)).webhook
    assert hook.state is WebhookState.PENDING
    await submit(ports, source)
    receivers(ports).answers[URL] = [ReceiverReply(404, "not yet", 1)]
    await run(ports)
    assert (len(receivers(ports).calls), taken(ports)) == (1, [])
    await run(ports, AT + timedelta(minutes=1))
    assert [one["type"] for one in taken(ports)] == ["webhook.validation", "lead.received"]
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.ACTIVE


async def test_the_same_url_again_replaces_its_events_enables_it_and_shows_no_secret(
    ports: FakePorts, partner: str
) -> None:
    first = await subscribe(ports, partner)
    stored = await ports.webhooks.get(partner, first.webhook.id)
    assert stored is not None
    await ports.webhooks.put(partner, replace(stored.webhook, state=WebhookState.DISABLED), stored)
    again = await subscribe(ports, partner, events=("lead.won",))
    assert (again.webhook.id, again.secret, again.is_new) == (first.webhook.id, None, False)
    assert (again.webhook.events, again.webhook.state) == (("lead.won",), WebhookState.ACTIVE)
    assert first.secret is not None
    assert first.secret.startswith("whsec_")
    assert again.webhook.secrets == first.webhook.secrets


@pytest.mark.parametrize(
    ("url", "changes", "targets"),
    [
        ("http://crm.example", {"events": ()}, {"notificationUrl", "events"}),
        (URL, {"events": ("lead.received", "lead.born")}, {"events"}),
        (URL, {"events": ("lead.received", "lead.won"), "format_": WebhookFormat.CRM_FORM}, {"events"}),
    ],
)
async def test_a_subscription_names_every_fault(
    ports: FakePorts, partner: str, url: str, changes: dict[str, Any], targets: set[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await subscribe(ports, partner, url, **changes)
    assert {one.target for one in refused.value.details} == targets


async def test_a_partner_has_at_most_fifty(ports: FakePorts, partner: str) -> None:
    for n in range(SUBSCRIPTIONS_MAX):
        await subscribe(ports, partner, f"{URL}/{n}")
    with pytest.raises(Conflict):
        await subscribe(ports, partner)
    await subscribe(ports, partner, f"{URL}/0")


async def test_fifty_subscriptions_of_one_event_fit_into_its_transaction(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    for n in range(SUBSCRIPTIONS_MAX):
        await subscribe(ports, partner, f"{URL}/{n}")
    for n in range(5):
        await submit(ports, source, submission_body(Title=str(n)))
    await run(ports)
    assert len(receivers(ports).taken) == 5 * SUBSCRIPTIONS_MAX


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(ports: FakePorts, partner: str) -> None:
    from shared.domain.telling.webhooks import signing

    first = await subscribe(ports, partner)
    made = await manage_webhooks.rotate_secret(ports=ports, partner_id=partner, webhook_id=first.webhook.id, at=AT)
    assert signing(made.webhook.secrets, AT) == [made.secret, first.secret]
    assert signing(made.webhook.secrets, AT + DAY) == [made.secret]
    for _ in range(5):
        made = await manage_webhooks.rotate_secret(ports=ports, partner_id=partner, webhook_id=first.webhook.id, at=AT)
        assert len(made.webhook.secrets) <= 3


async def test_a_deleted_one_is_sent_nothing_more_and_a_test_event_stands_in_the_log(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await manage_webhooks.send_test(ports=ports, partner_id=partner, webhook_id=hook.id, at=AT)
    await run(ports)
    assert [one["type"] for one in taken(ports)] == ["webhook.test"]
    assert [one.type for one in await log(ports, partner, hook)] == ["webhook.test"]
    await submit(ports, source)
    await manage_webhooks.unsubscribe(ports=ports, partner_id=partner, webhook_id=hook.id)
    await run(ports)
    assert len(taken(ports)) == 1
    assert not [hint for hint in ports.agenda.hints if hint.kind == "deliver"]
    with pytest.raises(NotFound):
        await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)


@pytest.mark.parametrize("format_", [WebhookFormat.MARKETPLACE, WebhookFormat.CRM_FORM])
async def test_w5_what_crms_take_from_marketplaces_makes_the_same_lead_again(
    ports: FakePorts, source: LeadSource, partner: str, format_: WebhookFormat
) -> None:
    await subscribe(ports, partner, events=("lead.received",), format_=format_)
    await submit(ports, source)
    await run(ports)
    ((_, _, packet),) = receivers(ports).taken
    reading = read(payload.value_of(packet.body, packet.content_type))
    assert (reading.first_name, reading.email, reading.company) == (
        *("Ada", "ada.berg@northwind.example"),
        "Northwind Traders",
    )
    assert reading.action_code == "PLT"
    assert reading.notes is not None


async def test_no_destination_slows_another(ports: FakePorts, source: LeadSource, partner: str) -> None:
    """One receiver never answers; the others have everything before it does."""
    import asyncio

    class Hanging(FakeReceivers):
        async def send(self, url: str, *rest: Any) -> ReceiverReply:
            if url == OTHER:
                await asyncio.sleep(1)
                return ReceiverReply(None, "No answer.", 15_000)
            return await super().send(url, *rest)

    hanging = Hanging()
    ports = replace(ports, receivers=hanging)
    await subscribe(ports, partner)
    await subscribe(ports, partner, OTHER)
    await submit(ports, source)
    running = asyncio.create_task(deliver_events(ports=ports, now=lambda: AT, budget=budget()))
    for n in range(30):
        await asyncio.sleep(0.02)
        if n == 5:
            await submit(ports, source, submission_body(Title="while one hangs"))
        if len(hanging.taken) == 2:
            break
    assert len(hanging.taken) == 2
    assert not running.done()
    await running


async def test_w2_one_that_was_enabled_again_is_disabled_again_when_it_goes_on_failing(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [DOWN] * 100_000
    at, states = AT, []
    for n in range(13 * 24):
        if n % 12 == 0:
            await submit(ports, source, submission_body(Title=str(n)), at=at)
        await run(ports, at)
        stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
        if stored.state is WebhookState.DISABLED:
            states.append(at)
            await manage_webhooks.enable(ports=ports, partner_id=partner, webhook_id=hook.id, at=at)
        at += timedelta(hours=1)
    assert len(states) == 2
    assert states[1] - states[0] >= 5 * DAY


# --- A lane's patience ----------------------------------------------------------------------------------------------


async def waiting_events(ports: FakePorts, source: LeadSource, count: int) -> None:
    for n in range(count):
        await submit(ports, source, submission_body(Title=str(n)), at=AT + timedelta(milliseconds=n))


async def test_w2_a_receiver_that_was_down_for_a_minute_is_not_left_alone_for_eight(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await waiting_events(ports, source, 20)
    receivers(ports).answers[URL] = [DOWN] * 10_000
    for second in range(51):
        await run(ports, AT + timedelta(seconds=second))
    lane = await ports.lanes.lane(partner, hook.id)
    assert lane.failures <= 4, "however many fail in one instant, a turn counts once"
    receivers(ports).answers.clear()
    for second in range(51, 200):
        await run(ports, AT + timedelta(seconds=second))
        if len(taken(ports)) == 20:
            break
    assert len(taken(ports)) == 20
    assert (await ports.lanes.lane(partner, hook.id)).failures == 0


async def test_w2_a_turn_of_which_anything_is_taken_is_no_failure(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await waiting_events(ports, source, 12)
    receivers(ports).answers[URL] = [DOWN, DOWN, DOWN, ReceiverReply(200, "", 1), *[DOWN] * 4]
    await run(ports)
    lane = await ports.lanes.lane(partner, hook.id)
    assert (lane.failures, lane.next_at) == (0, None)
    assert len(taken(ports)) == 5


@pytest.mark.parametrize("status", [429, 503])
async def test_w2_retry_after_holds_the_whole_lane_and_is_no_failure(
    ports: FakePorts, source: LeadSource, partner: str, status: int
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await waiting_events(ports, source, 8)
    receivers(ports).answers[URL] = [ReceiverReply(status, "", 1, timedelta(minutes=5))] * 4
    await run(ports)
    calls = len(receivers(ports).calls)
    assert calls <= 4
    lane = await ports.lanes.lane(partner, hook.id)
    assert (lane.failures, lane.failing_since, lane.next_at) == (0, None, AT + timedelta(minutes=5))
    shown = [one.next_at for one in await log(ports, partner, hook)]
    assert min(one for one in shown if one) == AT + timedelta(minutes=5), "the later of the lane's and the event's time"
    assert None not in shown
    await submit(ports, source, submission_body(Title="new"), at=AT + timedelta(minutes=1))
    await run(ports, AT + timedelta(minutes=4))
    assert len(receivers(ports).calls) == calls
    for minute in (5, 6, 8):
        await run(ports, AT + timedelta(minutes=minute))
    assert len(taken(ports)) == 9


@pytest.mark.parametrize("status", [400, 422])
async def test_w2_what_speaks_of_one_event_never_speaks_against_the_lane(
    ports: FakePorts, source: LeadSource, partner: str, status: int
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    await waiting_events(ports, source, 12)
    receivers(ports).answers[URL] = [ReceiverReply(status, "no such field", 1)] * 11
    await run(ports)
    assert len(taken(ports)) == 1
    lane = await ports.lanes.lane(partner, hook.id)
    assert (lane.failures, lane.next_at) == (0, None)


async def test_w2_who_answers_nothing_but_400_for_weeks_is_not_disabled_for_it(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [ReceiverReply(400, "", 1)] * 10_000
    for day in range(8):
        await submit(ports, source, submission_body(Title=str(day)), at=AT + day * DAY)
        for hour in range(0, 24, 3):
            await run(ports, AT + day * DAY + timedelta(hours=hour))
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.ACTIVE
    assert DispatchState.PARKED in {one.state for one in await log(ports, partner, hook)}


async def test_w2_who_hangs_takes_one_place_and_the_others_go_on_past_it(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr(deliver_webhook, "MOMENT_SECONDS", 0)
    release = asyncio.Event()

    class HangsOnce(FakeReceivers):
        first: str | None = None

        async def send(self, url: str, message_id: str, *rest: Any) -> ReceiverReply:
            self.first = self.first or message_id
            if message_id == self.first:
                await release.wait()
            return await super().send(url, message_id, *rest)

    hanging = HangsOnce()
    ports = replace(ports, receivers=hanging)
    await subscribe(ports, partner)
    await waiting_events(ports, source, 30)
    running = asyncio.create_task(deliver_events(ports=ports, now=lambda: AT + DAY / 24, budget=budget()))
    for _ in range(10_000):
        if len(hanging.taken) == 29:
            break
        await asyncio.sleep(0)
    assert len(hanging.taken) == 29
    assert not running.done(), "all but the one that hangs"
    release.set()
    await running
    assert len(hanging.taken) == 30


def test_lanes_are_taken_fairly_among_partners() -> None:
    waiting = [("a", f"{n}") for n in range(60)] + [("b", f"{n}") for n in range(60)] + [("c", "0"), ("c", "1")]
    first = fairly(waiting, [])
    assert len(first) == LANES_AT_ONCE
    assert {("c", "0"), ("c", "1")} <= set(first)
    assert abs(sum(key[0] == "a" for key in first) - sum(key[0] == "b" for key in first)) <= 1
    assert first[:3] == [("a", "0"), ("b", "0"), ("c", "0")]
    full = [(partner, f"{n}") for partner in "ab" for n in range(LANES_AT_ONCE // 2)]
    assert fairly([*waiting, ("d", "0"), ("d", "1")], full) == [("c", "0"), ("d", "0")], (
        "who has none gets one, however busy it is"
    )
    busy = [(f"p{n}", "0") for n in range(LANES_MOST)]
    assert fairly([("x", "0")], busy) == []
    assert fairly([("x", "0"), ("x", "1")], busy[1:]) == [("x", "0")]
    assert fairly([], full) == []


async def test_two_partners_with_dead_receivers_delay_no_third(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    import asyncio

    release = asyncio.Event()

    class Dead(FakeReceivers):
        async def send(self, url: str, *rest: Any) -> ReceiverReply:
            if "dead" in url:
                await release.wait()
                return ReceiverReply(None, "No answer.", 15_000)
            return await super().send(url, *rest)

    dead = Dead()
    ports = replace(ports, receivers=dead)
    for name in ("p-dead-1", "p-dead-2"):
        await ports.partners.put(Partner(name, name, (), AT, AT))
        other = LeadSource(f"{name:0<16}", name, name, AT)
        for n in range(50):
            await subscribe(ports, name, f"https://dead.example/{name}/{n}")
        await submit(ports, other)
    await subscribe(ports, partner)
    running = asyncio.create_task(deliver_events(ports=ports, now=lambda: AT, budget=budget()))
    await asyncio.sleep(0.05)
    await submit(ports, source)
    for _ in range(400):
        if dead.taken:
            break
        await asyncio.sleep(0.005)
    assert len(dead.taken) == 1
    release.set()
    await running


async def test_however_many_lanes_are_due_no_event_is_hidden_and_all_are_worked_on(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "HINTS_AT_ONCE", 2)
    await subscribe(ports, partner)
    await ports.agenda.put([deliver_hint(partner, str(n) * 16, AT - DAY) for n in range(7)])
    for n in range(3):
        await submit(ports, source, submission_body(Title=str(n)))
    done = await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    assert (done.events, done.failed, done.unfinished, len(taken(ports))) == (3, 0, False, 3)
    left = await ports.agenda.due_to_tell(AT, 100)
    assert left == []


async def test_a_run_writes_to_the_agenda_once_what_its_lanes_leave_behind(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await subscribe(ports, partner, f"{URL}/{n}")
    await submit(ports, source)
    writes = []
    change = ports.agenda.change

    async def counted(put: Any, remove: Any) -> None:
        writes.append((len(put), len(remove)))
        await change(put, remove)

    monkeypatch.setattr(ports.agenda, "change", counted)
    await run(ports)
    # The event's hint, and those of three webhooks and a mail lane.
    assert [counts for counts in writes if any(counts)] == [(0, 5)]


async def test_a_short_fault_of_storage_puts_no_lane_off_for_minutes(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner)
    await submit(ports, source)

    class Faulty:
        broken = True

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            if Faulty.broken and name == "look":
                raise Unavailable
            return getattr(self._inner, name)

    faulty: Any = replace(ports, lanes=Faulty(ports.lanes))
    done = await deliver_events(ports=faulty, now=lambda: AT, budget=budget())
    assert done.failed >= 1
    Faulty.broken = False
    await run(faulty, AT + timedelta(seconds=4))
    assert taken(ports) == []
    await run(faulty, AT + timedelta(seconds=6))
    assert len(taken(ports)) == 1


# --- Formats of others ------------------------------------------------------------------------------------------------


def flat(ports: FakePorts) -> list[dict[str, str]]:
    """What was sent, as a form's fields or a flat object."""
    found = []
    for _, _, packet in receivers(ports).taken:
        if packet.content_type == FORM:
            found.append(dict(parse_qsl(packet.body.decode(), keep_blank_values=True)))
        else:
            body = json.loads(packet.body)
            listed = {one["name"]: one["value"] for one in body.pop("fields", ())}
            found.append({**body.pop("UserDetails", {}), **body, **listed})
    return found


@pytest.mark.parametrize("format_", [WebhookFormat.MARKETPLACE, WebhookFormat.CRM_FORM])
async def test_w5_validation_and_test_events_are_a_connection_test_in_the_receivers_own_format(
    ports: FakePorts, partner: str, format_: WebhookFormat
) -> None:
    hook = (await subscribe(ports, partner, events=("lead.received",), format_=format_, validated=False)).webhook
    await run(ports)
    await manage_webhooks.send_test(ports=ports, partner_id=partner, webhook_id=hook.id, at=AT + timedelta(seconds=1))
    await run(ports, AT + timedelta(seconds=2))
    assert [one["FirstName"].startswith("MSFT_TEST_") for one in flat(ports)] == [True, True]
    for _, _, packet in receivers(ports).taken:
        assert packet.content_type == (FORM if format_ is WebhookFormat.CRM_FORM else "application/json")
        reading = read(payload.value_of(packet.body, packet.content_type))
        assert is_test(reading.first_name, reading.email)
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.ACTIVE


async def test_w5_what_a_receiver_has_no_field_for_travels_in_the_description(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner, events=("lead.received",), format_=WebhookFormat.CRM_FORM)
    body = submission_body(Phone="+46 8 123 456 78", Campaign="Spring", Score=7, Lead="m-forged")
    made = await submit(ports, source, body)
    await run(ports)
    (sent,) = flat(ports)
    assert sent["Phone"] == "+46812345678"
    notes, below = sent["Description"].rsplit("\n\n", 1)
    assert notes == body["Description"]
    assert below.splitlines() == [
        f"Lead: {made.lead_id}",
        "Offer: Contoso CRM",
        "Action: PLT",
        "Phone as written: +46 8 123 456 78",
        "Campaign: Spring",
        "Score: 7",
        "Lead (as sent): m-forged",
    ]


@pytest.mark.parametrize("only_valid", [False, True])
async def test_w5_what_is_not_valid_can_be_left_out_and_is_named_then(
    ports: FakePorts, source: LeadSource, partner: str, only_valid: bool
) -> None:
    shape = manage_webhooks.Shape(only_valid=only_valid)
    await subscribe(ports, partner, events=("lead.received",), format_=WebhookFormat.CRM_FORM, shape=shape)
    await submit(ports, source, submission_body(Email="nobody", Phone="08"))
    await run(ports)
    (sent,) = flat(ports)
    assert sent["Email"] == ("" if only_valid else "nobody")
    assert ("E-mail (not valid): nobody" in sent["Description"]) is only_valid


@pytest.mark.parametrize("fields_as", FieldsAs)
async def test_w5_a_mapping_writes_our_fields_under_their_names(
    ports: FakePorts, source: LeadSource, partner: str, fields_as: FieldsAs
) -> None:
    names = {"oid": "=00D5e", "last_name": "lastName", "00N5e": "id", "lead_source": "leadSource", "who": "name"}
    shape = manage_webhooks.Shape(fields=names, fields_as=fields_as, headers={"Authorization": "Bearer s3cret"})
    made = await subscribe(ports, partner, events=("lead.received",), format_=WebhookFormat.FIELDS, shape=shape)
    lead = await submit(ports, source)
    await run(ports)
    assert flat(ports) == [
        {
            "oid": "00D5e",
            "last_name": "Berg",
            "00N5e": lead.lead_id,
            "lead_source": "AppSource (SPZA)-PLT",
            "who": "Ada Berg",
        }
    ]
    ((_, _, packet),) = receivers(ports).taken
    assert packet.headers == {"Authorization": "Bearer s3cret"}
    again = await subscribe(
        ports, partner, events=("lead.received",), format_=WebhookFormat.FIELDS, shape=manage_webhooks.Shape(names)
    )
    assert again.webhook.headers == made.webhook.headers, "they are shown to nobody, so they stay"


def test_every_field_that_a_mapping_may_ask_for_is_told() -> None:
    assert set(_told(a_lead(), only_valid=True)) == set(FIELDS)


async def test_l9_changes_of_a_redacted_lead_hold_no_free_text(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner, events=("lead.declined", "lead.received"))
    made = await submit(ports, source)
    await answer(ports, source, made.lead_id, LeadAction(Action.DECLINE, reason="other", notes="They said no."))
    await run(ports)
    declined = next(one for one in taken(ports) if one["type"] == "lead.declined")
    assert declined["changes"]["closing.notes"]["to"] == "They said no."
    late = await submit(ports, replace(source, reveal=Reveal.ON_ACCEPT), submission_body(Title="hidden"))
    await answer(ports, source, late.lead_id, LeadAction(Action.DECLINE, reason="other", notes="Secret."), at=AT)
    await run(ports, AT + timedelta(seconds=5))
    assert "Secret." not in str([one for one in taken(ports) if one["data"]["id"] == late.lead_id])


async def test_l9_what_a_receiver_said_of_an_expired_lead_is_not_shown(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [ReceiverReply(500, "cannot store ada.berg@northwind.example", 1)]
    await submit(ports, source)
    await run(ports)
    (shown,) = await log(ports, partner, hook)
    assert "ada.berg" in shown.attempts[0].answer
    (late,) = await log(ports, partner, hook, AT + 14 * DAY)
    assert (late.attempts[0].status, late.attempts[0].answer) == (500, "")
    again = await manage_webhooks.resend(
        ports=ports, partner_id=partner, webhook_id=hook.id, event_id=late.id, at=AT + 14 * DAY
    )
    assert again.attempts[0].answer == "", "nor where it is sent again"


@pytest.mark.parametrize("said", [ReceiverReply(429, "", 1, timedelta(seconds=30)), ReceiverReply(422, "", 1)])
async def test_w2_what_failed_long_ago_disables_nobody_who_fails_no_more(
    ports: FakePorts, source: LeadSource, partner: str, said: ReceiverReply
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    receivers(ports).answers[URL] = [DOWN, *[ReceiverReply(422, "", 1)] * 30]
    await submit(ports, source)
    for hour in range(0, 24 * 4, 2):
        await run(ports, AT + timedelta(hours=hour))
    assert (await ports.lanes.lane(partner, hook.id)).failures == 1
    receivers(ports).answers[URL] = [said]
    await submit(ports, source, submission_body(Title="later"), at=AT + 30 * DAY)
    await run(ports, AT + 30 * DAY)
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert stored.state is WebhookState.ACTIVE


async def test_w3_a_resend_meanwhile_makes_nothing_go_twice(
    ports: FakePorts, source: LeadSource, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = (await subscribe(ports, partner)).webhook
    first = await submit(ports, source)
    await run(ports)
    (old,) = await log(ports, partner, hook)
    for n in range(4):
        await submit(ports, source, submission_body(Title=str(n)), at=AT + timedelta(seconds=n + 1))
    at, send, asked = AT + timedelta(minutes=1), receivers(ports).send, []

    async def sending(url: str, message_id: str, packet: Any, secrets: Any) -> ReceiverReply:
        if not asked:
            asked.append(message_id)
            later = at + timedelta(seconds=1)
            await manage_webhooks.resend(ports=ports, partner_id=partner, webhook_id=hook.id, event_id=old.id, at=later)
        return await send(url, message_id, packet, secrets)

    monkeypatch.setattr(receivers(ports), "send", sending)
    for second in (0, 5, 10, 61, 120):
        await run(ports, at + timedelta(seconds=second))
    sent = [one["data"]["id"] for one in taken(ports)]
    assert (sent.count(first.lead_id), len(sent), len(set(sent))) == (2, 6, 5), "the resend, and all others once"
    assert {one.state for one in await log(ports, partner, hook)} == {DispatchState.DELIVERED}


async def test_w1_whoever_refuses_the_validation_is_sent_nothing_and_disabled(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = (await subscribe(ports, partner, validated=False)).webhook
    await submit(ports, source)
    receivers(ports).answers[URL] = [ReceiverReply(400, "", 1)] * 10_000
    for hour in range(0, 24 * 7, 3):
        await run(ports, AT + timedelta(hours=hour))
    stored = await manage_webhooks.read_webhook(ports=ports, partner_id=partner, webhook_id=hook.id)
    assert (stored.state, taken(ports)) == (WebhookState.DISABLED, [])
    receivers(ports).answers.clear()
    at = AT + 8 * DAY
    enabled = await manage_webhooks.enable(ports=ports, partner_id=partner, webhook_id=hook.id, at=at)
    assert enabled.state is WebhookState.PENDING, "enabling is no way around the validation"
    await run(ports, at)
    assert [one["type"] for one in taken(ports)][:2] == ["webhook.validation", "lead.received"]
