"""Messages begin what is told; whatever becomes of them, everything is told once, in order and by everybody's share."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Unavailable
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.dispatch import MAIL_FIRST, deliver_hint
from shared.domain.telling.mails import MailState
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ports.delivery import Packet, ReceiverReply
from shared.ports.rules import Rules
from shared.usecases.telling import wake
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.mail_quota import QUOTA, MailQuota
from shared.usecases.telling.wake import (
    LANES_AT_ONCE,
    LANES_OF_ONE,
    TRIES_MAX,
    WAITING_OF_ONE,
    Desk,
    tell_lane,
    tell_partner,
)
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import AT, DAY, submission_body, unique
from tests.fakes.delivery import FakeReceivers
from tests.fakes.ports import FakePorts, fake_ports
from tests.messages import Platform, told
from tests.steps import answer, budget, run_timers, submit

URL = "https://crm.example/hook"
HOOK = "a" * 16
SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=30)


async def subscribed(ports: FakePorts, partner: str, *hooks: str) -> str:
    """A partner with webhooks, each under a URL of its own."""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
    for hook in hooks or (HOOK,):
        url = f"{URL}/{partner}/{hook}"
        webhook = Webhook(hook, url, EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
        await ports.webhooks.put(partner, webhook, None)
    return partner


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    return await subscribed(ports, source.partner_id or "")


def of(source: LeadSource, partner: str) -> LeadSource:
    return replace(source, id=unique()[:16].ljust(16, "0"), partner_id=partner)


def bodies(ports: FakePorts) -> list[Any]:
    return [json.loads(packet.body) for _, _, packet in ports.receivers.taken]


def hints(ports: FakePorts) -> list[Hint]:
    """Those of the lanes that were woken since this was asked last."""
    return [said for _, (_, said, _) in ports.wakeups.taken() if not isinstance(said, str)]


def lanes_said(ports: FakePorts) -> list[tuple[str, timedelta]]:
    return [(said.subject, after) for after, (_, said, _) in ports.wakeups.said if not isinstance(said, str)]


async def test_n1_a_lead_is_told_by_the_messages_of_its_arrival_alone(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    platform = await told(ports, AT)
    assert [body["type"] for body in bodies(ports)] == ["lead.received"]
    assert [letter.to for letter in ports.mailer.sent.values()] == ["leads@contoso.example"]
    await answer(ports, source, made.lead_id, at=AT + SECOND)
    # The mail is followed to its end by messages too.
    platform.at = AT + SECOND
    await platform.run(AT + DAY)
    assert [body["type"] for body in bodies(ports)] == ["lead.received", "lead.accepted"]
    assert not {hint.kind for hint in ports.agenda.hints} & {HintKind.PUBLISH, HintKind.DELIVER}


async def test_whatever_changes_a_lead_says_so(ports: FakePorts, source: LeadSource, partner: str) -> None:
    made = await submit(ports, source)
    assert ports.wakeups.taken() == [(timedelta(), ("tell", partner, 0))]
    again = await submit(ports, source)
    assert (again.duplicate, ports.wakeups.taken()) == (True, []), "nothing was committed"
    await answer(ports, source, made.lead_id)
    assert ports.wakeups.taken() == [(timedelta(), ("tell", partner, 0))]
    await submit(ports, source, submission_body(Title="unanswered"), at=AT + SECOND)
    ports.wakeups.taken()
    await run_timers(ports, AT + 15 * DAY)
    assert set(ports.wakeups.taken()) == {(timedelta(), ("tell", partner, 0))}


async def test_a_lane_is_woken_when_what_waits_in_it_is_there_and_its_hint_too(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    await tell_partner(ports=ports, desk=Desk(), partner_id=partner, now=lambda: AT, budget=budget())
    assert {(MAIL_FIRST, timedelta()), (HOOK, timedelta())} <= set(lanes_said(ports))
    assert {deliver_hint(partner, HOOK, AT), deliver_hint(partner, MAIL_FIRST, AT)} <= ports.agenda.hints
    _, waiting = await ports.lanes.look(partner, HOOK, 10)
    assert len(waiting.items) == 1


async def test_messages_that_come_again_do_nothing_again(ports: FakePorts, source: LeadSource, partner: str) -> None:
    await submit(ports, source)
    platform = Platform(ports, AT, doubled=1.0)
    await platform.run(AT + DAY)
    assert len(bodies(ports)) == len(ports.mailer.sent) == ports.mailer.count == 1


async def test_what_messages_missed_a_timer_does_once_they_had_their_time(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    ports.wakeups.taken()
    for seconds, done in ((0, 0), (29, 0), (31, 1)):
        at = AT + seconds * SECOND
        await deliver_events(ports=ports, now=lambda at=at: at, budget=budget(), patience=PATIENCE)
        assert len(bodies(ports)) == done


async def test_w2_a_receiver_that_fails_is_tried_again_by_a_message_of_that_time(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    ports.receivers.answers[f"{URL}/{partner}/{HOOK}"] = [ReceiverReply(503, "busy", 1)] * 2
    await submit(ports, source)
    platform = await told(ports, AT)
    assert bodies(ports) == []
    await platform.run(AT + DAY)
    assert len(bodies(ports)) == 1
    assert platform.at == AT + DAY


async def test_w2_messages_for_a_receiver_that_is_left_alone_do_not_breed(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    ports.receivers.answers[f"{URL}/{partner}/{HOOK}"] = [ReceiverReply(500, "down", 1)] * 1_000
    platform = Platform(ports, AT)
    for number in range(40):
        await submit(ports, source, submission_body(Title=str(number)), at=AT + number * SECOND)
        await platform.run(AT + number * SECOND)
    before = platform.handled
    await platform.run(AT + timedelta(hours=1))
    # A try each few minutes at the most, however many events wait.
    assert platform.handled - before < 60
    assert len(ports.receivers.calls) < 60


async def test_a_lane_of_another_instance_is_asked_for_again_and_then_left_to_it(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    await tell_partner(ports=ports, desk=Desk(), partner_id=partner, now=lambda: AT, budget=budget())
    lane = await ports.lanes.lane(partner, HOOK)
    held = await ports.lanes.save(partner, HOOK, replace(lane, holder="other", leased_until=AT + 60 * SECOND))
    hint, said = deliver_hint(partner, HOOK, AT), []
    ports.wakeups.taken()
    for tries in range(TRIES_MAX + 1):
        await tell_lane(ports=ports, desk=Desk(), hint=hint, now=lambda: AT, tries=tries)
        said += ports.wakeups.taken()
    assert [(after, tries) for after, (_, _, tries) in said] == [(SECOND, 1), (2 * SECOND, 2), (4 * SECOND, 3)]
    assert bodies(ports) == []
    assert hint in ports.agenda.hints, "whoever has the lane may die over it"
    await ports.lanes.save(partner, HOOK, held.left())
    await deliver_events(ports=ports, now=lambda: AT + 61 * SECOND, budget=budget(), patience=PATIENCE)
    assert len(bodies(ports)) == 1


class Hanging(FakeReceivers):
    """Receivers that answer when they are let; `under_way` are the partners whose calls wait."""

    def __init__(self) -> None:
        super().__init__()
        self.let, self.under_way = asyncio.Event(), list[str]()

    async def send(self, url: str, message_id: str, packet: Packet, secrets: Any) -> ReceiverReply:
        if "/hang" in url:
            self.under_way.append(url.split("/")[-2])
            await self.let.wait()
        return await super().send(url, message_id, packet, secrets)


async def test_w3_no_partner_has_more_places_than_its_share_and_others_wait_for_none(
    ports: FakePorts, source: LeadSource
) -> None:
    receivers = Hanging()
    ports = replace(ports, receivers=receivers)
    hogs = [await subscribed(ports, f"hang{unique()}", *(f"{n:016x}" for n in range(50))) for _ in range(2)]
    third = await subscribed(ports, unique())
    desk = Desk()

    async def lanes(partner: str) -> list[asyncio.Task[None]]:
        await submit(ports, of(source, partner))
        await tell_partner(ports=ports, desk=desk, partner_id=partner, now=lambda: AT, budget=budget())
        hints = [
            said for _, (queue, said, _) in ports.wakeups.taken() if queue == "lanes" and not isinstance(said, str)
        ]
        return [asyncio.create_task(tell_lane(ports=ports, desk=desk, hint=hint, now=lambda: AT)) for hint in hints]

    working = [task for hog in hogs for task in await lanes(hog)]
    for _ in range(200):
        await asyncio.sleep(0)
    # Their lanes of mail have a place as well.
    assert {receivers.under_way.count(hog) for hog in hogs} <= {LANES_OF_ONE - 1, LANES_OF_ONE}
    # Those that found no place come again in a second.
    again = [(after, message[2]) for after, message in ports.wakeups.taken() if message[2]]
    assert set(again) == {(SECOND, 1)}
    assert len(again) >= 2 * (50 - LANES_OF_ONE - WAITING_OF_ONE)
    assert len(again) <= 2 * (51 - LANES_OF_ONE)
    await asyncio.gather(*await lanes(third))
    assert [body["data"]["partnerId"] for body in bodies(ports)] == [third]
    receivers.let.set()
    await asyncio.gather(*working)
    # Those that waited here went as soon as there was a place.
    done = Counter(url.split("/")[-2] for url, *_ in receivers.taken)
    assert all(done[hog] >= LANES_OF_ONE - 1 + WAITING_OF_ONE for hog in hogs)


def test_w3_past_the_places_of_all_whoever_has_none_has_one() -> None:
    desk = Desk()
    with_places = [desk.lane((f"p{n // LANES_OF_ONE}", str(n))) for n in range(LANES_AT_ONCE)]
    for place in with_places:
        place.__enter__()
    assert [desk.has_place(partner) for partner in ("p0", "p3", "new")] == [False, False, True]
    with desk.lane(("new", "x")):
        assert not desk.has_place("new")
    with_places[0].__exit__(None, None, None)
    assert not desk.has_place("p3")
    for place in with_places[1:]:
        place.__exit__(None, None, None)
    assert desk.has_place("p3")


async def test_what_comes_while_a_lane_is_worked_on_is_worked_on_next(ports: FakePorts, source: LeadSource) -> None:
    receivers = Hanging()
    ports = replace(ports, receivers=receivers)
    partner = await subscribed(ports, f"hang{unique()}")
    source, desk = of(source, partner), Desk()

    async def told_of(title: str) -> asyncio.Task[None]:
        await submit(ports, source, submission_body(Title=title))
        await tell_partner(ports=ports, desk=desk, partner_id=partner, now=lambda: AT, budget=budget())
        [hint] = [
            said for _, (_, said, _) in ports.wakeups.taken() if not isinstance(said, str) and said.subject == HOOK
        ]
        return asyncio.create_task(tell_lane(ports=ports, desk=desk, hint=hint, now=lambda: AT))

    first = await told_of("first")
    for _ in range(20):
        await asyncio.sleep(0)
    second = await told_of("second")
    await second
    assert bodies(ports) == []
    receivers.let.set()
    await first
    assert len(bodies(ports)) == 2
    assert not [hint for hint in ports.agenda.hints if hint.subject == HOOK]


async def test_w2_a_lane_that_is_closed_later_than_its_message_comes_is_woken_again(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    """One event is refused and waits; then the receiver is down, and the message for the first finds it closed."""
    url = f"{URL}/{partner}/{HOOK}"
    ports.receivers.answers[url] = [ReceiverReply(200, "", 1), ReceiverReply(400, "no", 1)]
    platform = Platform(ports, AT)
    for number in range(2):
        await submit(ports, source, submission_body(Title=str(number)), at=AT)
    await platform.run(AT)
    for seconds in range(1, 30):
        at = AT + seconds * SECOND
        if seconds in (2, 4):
            ports.receivers.answers[url] = [ReceiverReply(500, "down", 1)]
            await submit(ports, source, submission_body(Title=f"later {seconds}"), at=at)
        await platform.run(at)
    await platform.run(AT + timedelta(hours=1))
    assert len(bodies(ports)) == 4


async def test_a_turn_that_fails_comes_again_and_so_does_what_was_handed_over_meanwhile(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    looks = ports.lanes.look
    failing = [True]

    async def look(partner_id: str, destination: str, top: int) -> Any:
        if destination == HOOK and failing:
            failing.clear()
            # While it fails, another message is handed to this worker.
            await tell_lane(ports=ports, desk=platform.desk, hint=deliver_hint(partner, HOOK, AT), now=lambda: AT)
            raise Unavailable
        return await looks(partner_id, destination, top)

    ports.lanes.look = look  # type: ignore[method-assign] # to fail once
    await submit(ports, source)
    platform = Platform(ports, AT)
    await platform.run(AT + 10 * SECOND)
    assert len(bodies(ports)) == 1
    assert not [hint for hint in ports.agenda.hints if hint.subject == HOOK]


async def test_two_messages_of_a_partner_at_once_are_one_look_and_one_more(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)
    desk, looks = Desk(), list[None]()
    work = ports.tallies.work

    async def counted(*args: Any) -> Any:
        looks.append(None)
        await asyncio.sleep(0)
        return await work(*args)

    ports.tallies.work = counted  # type: ignore[method-assign] # to count
    tell = {"ports": ports, "desk": desk, "partner_id": partner, "now": lambda: AT, "budget": budget()}
    done = await asyncio.gather(*(tell_partner(**tell) for _ in range(5)))
    assert [taken.events for taken in done] == [1, 0, 0, 0, 0]
    assert len(looks) == 2


async def test_a_fault_of_storage_leaves_it_to_the_next_message(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await submit(ports, source)

    async def broken(*_: Any) -> Any:
        raise Unavailable

    preferences = ports.preferences.wishes
    ports.preferences.wishes = broken  # type: ignore[method-assign] # to fail
    desk = Desk()
    with pytest.raises(Unavailable):
        await tell_partner(ports=ports, desk=desk, partner_id=partner, now=lambda: AT, budget=budget())
    ports.preferences.wishes = preferences  # type: ignore[method-assign] # back
    await told(ports, AT)
    assert len(bodies(ports)) == 1


@hypothesis_settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.4]))
async def test_w3_lost_doubled_and_late_messages_lose_double_and_disorder_nothing(
    seed: int, lost: float, doubled: float
) -> None:
    """Leads come and are answered, receivers fail, two instances take messages, the timers come each minute."""
    chance = random.Random(seed)
    ports = fake_ports(Rules(operator_mail="operator@programme.example"))
    source = LeadSource("0" * 16, unique(), "Marketplace", AT)
    partner = await subscribed(ports, source.partner_id or "")
    instances = [Platform(ports, AT, chance=chance, lost=lost, doubled=doubled) for _ in range(2)]
    at: datetime = AT
    for number in range(30):
        at += timedelta(seconds=chance.choice([0, 1, 7, 40]))
        received = [row.lead.id for row in ports.leads.rows.values() if row.lead.status == "received"]
        if chance.random() < 0.3:
            some = [ReceiverReply(chance.choice([200, 500, 429, None]), "", 1) for _ in range(3)]
            ports.receivers.answers[f"{URL}/{partner}/{HOOK}"] = some
        if received and chance.random() < 0.4:
            await answer(ports, source, chance.choice(received), at=at)
        else:
            await submit(ports, source, submission_body(Company=str(number)), at=at)
        for instance in instances:
            instance.at = max(instance.at, at)
        await chance.choice(instances).run(at)
        if chance.random() < 0.3:
            await deliver_events(ports=ports, now=lambda at=at: at, budget=budget(), patience=PATIENCE)
    ports.receivers.answers.clear()
    for hours in range(1, 40):
        late = at + timedelta(hours=hours)
        for instance in instances:
            await instance.run(late)
        await deliver_events(ports=ports, now=lambda late=late: late, budget=budget(), patience=PATIENCE)
    for row in ports.leads.rows.values():
        numbers = [body["sequence"] for body in bodies(ports) if body["data"]["id"] == row.lead.id]
        assert numbers == list(range(1, row.lead.sequence + 1)), "once, in order"
    assert ports.mailer.count == len(ports.mailer.sent)
    ends = [mail.state for mail in ports.mails.records.values()]
    assert (len(ends), set(ends) <= {MailState.DELIVERED, MailState.SKIPPED}) == (len(ports.leads.rows), True)
    assert not {hint.kind for hint in ports.agenda.hints} & {HintKind.PUBLISH, HintKind.DELIVER}
    found = await reconcile(ports=ports, at=at + 2 * DAY, budget=budget())
    assert found.repaired == 0


async def test_n6_instances_together_mail_no_more_than_the_service_takes() -> None:
    ports = fake_ports(Rules(mails_per_minute=10, mails_per_hour=1_000))
    quotas = [MailQuota(ports) for _ in range(8)]

    async def asked(quota: MailQuota) -> list[datetime | None]:
        quota.expect(3)
        return [await quota.take(AT, bulk=False) for _ in range(3)]

    told_when = [when for answers in await asyncio.gather(*map(asked, quotas)) for when in answers]
    assert told_when.count(None) <= 10
    later = [when for when in told_when if when is not None]
    assert len(set(later)) >= len(later) // 2, "not all come for the same token"
    for quota in quotas:
        await quota.give_back(AT)
    left = (await ports.agenda.bookmark(QUOTA)).place
    assert f"minute={10 - told_when.count(None)}.000" in left


async def test_n6_whoever_is_a_moment_behind_fills_in_no_time_twice() -> None:
    ports, sent = fake_ports(Rules(mails_per_minute=30, mails_per_hour=1_000)), 0
    for step in range(600):
        for behind in (0.0, 0.5):
            quota = MailQuota(ports)
            sent += await quota.take(AT + (step * 0.1 - behind) * SECOND, bulk=False) is None
    # The bucket as it was, and what came in a minute.
    assert sent <= 60


async def test_n6_a_hold_promises_nothing_of_the_time_until_it_ends() -> None:
    ports = fake_ports(Rules(mails_per_minute=30, mails_per_hour=1_000))
    for _ in range(29):
        assert await MailQuota(ports).take(AT, bulk=False) is None
    holding = MailQuota(ports)
    holding.expect(1)
    assert await holding.take(AT, bulk=False) is None
    await holding.hold(AT, AT + 30 * SECOND)
    later = [await MailQuota(ports).take(AT + 30 * SECOND, bulk=False) for _ in range(30)]
    assert later.count(None) == 15


async def test_n6_one_lane_that_asks_again_and_again_costs_others_little() -> None:
    ports = fake_ports(Rules(mails_per_minute=30, mails_per_hour=1_000))
    for _ in range(130):
        await MailQuota(ports).take(AT, bulk=False)
    when = await MailQuota(ports).take(AT + SECOND, bulk=False)
    assert when is not None
    assert when < AT + 60 * SECOND
    assert await MailQuota(ports).take(AT + 10 * 60 * SECOND, bulk=False) is None
    assert "waiting=0.000" in (await ports.agenda.bookmark(QUOTA)).place


async def test_n6_what_the_service_said_to_one_instance_holds_for_the_others() -> None:
    ports = fake_ports()
    await MailQuota(ports).hold(AT, AT + 60 * SECOND)
    other = MailQuota(ports)
    assert await other.take(AT, bulk=False) == AT + 60 * SECOND
    assert await other.take(AT + 61 * SECOND, bulk=False) is None


async def test_n6_a_quota_that_nobody_can_read_is_a_full_one() -> None:
    ports = fake_ports()
    await ports.agenda.set_bookmark(QUOTA, "29.000 99.000 2026-11-21T00:00:00+00:00")
    assert await MailQuota(ports).take(AT, bulk=False) is None


async def test_n1_bulk_actions_of_a_lead_wake_its_partner_once_more(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    made = await submit(ports, source)
    await told(ports, AT)
    for action in (Action.ACCEPT, Action.WIN):
        await answer(ports, source, made.lead_id, action, at=AT + SECOND)
    await told(ports, AT + SECOND)
    assert [body["type"] for body in bodies(ports)] == ["lead.received", "lead.accepted", "lead.won"]


def test_pauses_grow_to_a_bound() -> None:
    assert [wake._pause(tries) for tries in (0, 1, 2, 3, 4, 50)] == [n * SECOND for n in (1, 2, 4, 8, 8, 8)]
