"""Lanes, mail days, mail records, preferences and webhooks: the fakes do what storage does (N1–N7)."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.domain.agenda import Change
from shared.domain.events import EventType
from shared.domain.lifecycle import Action, LeadAction, decide
from shared.domain.measures import Sums, added, outcome_due
from shared.domain.notify import MailKind
from shared.domain.tally import Tally, moved
from shared.domain.telling.dispatch import Attempt, Dispatch, DispatchState, Lane
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailNotice, MailOrigin, MailState
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.telling import BOUNCED, Follows, StoredWebhook, Wishes, Work
from tests.builders import ANN, AT, DAY, DEAL, a_lead, received, submitted, unique
from tests.contract.conftest import Telling

LEAD = a_lead().id
ATTEMPT = Attempt(AT, 500, 12, "no\n" + "ä" * 2000)


def dispatch(n: int = 0, lead_id: str = LEAD) -> Dispatch:
    return Dispatch("lead.received", AT + timedelta(seconds=n), lead_id, n + 1)


async def test_a_fresh_lane_is_free_and_of_two_workers_one_has_it(telling: Telling) -> None:
    mine, dest = unique(), new_source_id()
    lane = await telling.lanes.lane(mine, dest)
    assert lane == Lane()
    held = await telling.lanes.save(mine, dest, lane.taken("a", AT))
    with pytest.raises(LostRace):
        await telling.lanes.save(mine, dest, lane.taken("b", AT))
    assert await telling.lanes.lane(mine, dest) == held
    assert (held.is_free("a", AT), held.is_free("b", AT), held.is_free("b", AT + DAY)) == (True, False, True)
    again = await telling.lanes.save(mine, dest, held.left())
    assert again.is_free("b", AT)


async def test_what_waits_comes_in_its_order_page_by_page_and_moves_when_it_is_taken(telling: Telling) -> None:
    mine, dest = unique(), new_source_id()
    made = [dispatch(n) for n in range(5)]
    for one in (*made[::-1], made[0]):
        await telling.lanes.add(mine, dest, one)
    first, origin = await telling.lanes.page(mine, dest, DispatchState.PENDING, None, 3)
    rest, end = await telling.lanes.page(mine, dest, DispatchState.PENDING, origin, 3)
    assert (first + rest, end) == (made, None)
    failed = made[0].failed(ATTEMPT, 0.5, None)
    taken = [one.succeeded(replace(ATTEMPT, at=AT + timedelta(minutes=n))) for n, one in enumerate(made[1:3])]
    parked = replace(made[3], state=DispatchState.PARKED, ended_at=AT)
    lane = await telling.lanes.save(
        mine, dest, Lane(), [(made[0], failed), *zip(made[1:3], taken, strict=True), (made[3], parked)]
    )
    assert (await telling.lanes.page(mine, dest, DispatchState.PENDING, None, 9))[0] == [failed, made[4]]
    assert (await telling.lanes.page(mine, dest, DispatchState.DELIVERED, None, 9))[0] == taken[::-1]
    assert (await telling.lanes.page(mine, dest, DispatchState.PARKED, None, 9))[0] == [parked]
    for one in (failed, *taken, parked, made[4]):
        assert await telling.lanes.get(mine, dest, one.id) == one
    assert await telling.lanes.get(mine, dest, dispatch(9).id) is None
    assert await telling.lanes.get(mine, dest, "no id") is None
    with pytest.raises(LostRace):
        await telling.lanes.save(mine, dest, lane, [(made[1], taken[0])])
    assert await telling.lanes.lane(mine, dest) == lane, "all or nothing"
    await telling.lanes.save(mine, dest, lane, [(parked, parked.again()), (taken[0], taken[0].again())])
    pending, _ = await telling.lanes.page(mine, dest, DispatchState.PENDING, None, 9)
    assert [one.order for one in pending] == [one.order for one in (failed, made[1], made[3], made[4])]


async def test_a_lane_is_read_with_the_first_that_wait_in_it(telling: Telling) -> None:
    mine, dest = unique(), new_source_id()
    assert await telling.lanes.look(mine, dest, 3) == (Lane(), ([], None))
    made = [dispatch(n) for n in range(5)]
    for one in made:
        await telling.lanes.add(mine, dest, one)
    await telling.lanes.add(mine, new_source_id(), dispatch(9))
    fresh, (found, _) = await telling.lanes.look(mine, dest, 9)
    assert (fresh, found) == (Lane(), made)
    held = await telling.lanes.save(mine, dest, fresh.taken("a", AT))
    lane, (first, after) = await telling.lanes.look(mine, dest, 3)
    assert (lane, first) == (held, made[:3])
    rest, end = await telling.lanes.page(mine, dest, DispatchState.PENDING, after, 3)
    assert (rest, end) == (made[3:], None)
    lane, page = await telling.lanes.look(mine, dest, 5)
    assert (lane, page) == (held, (made, None))


async def test_mails_end_with_their_lane_or_not_at_all(telling: Telling) -> None:
    mine, dest = unique(), "mail0"
    base = Mail(MailNotice.NEW_LEAD, LEAD, 1, 0, "lena@contoso.example", "sv", "profile", MailState.SENDING, AT)
    one, two = await telling.mails.write(mine, [base, replace(base, number=1)])
    assert [replace(mail, tag="") for mail in (one, two)] == [base, replace(base, number=1)]
    waiting = dispatch()
    await telling.lanes.add(mine, dest, waiting)
    ended = waiting.succeeded(ATTEMPT)
    reported = await telling.mails.put(mine, two.ended(MailState.FAILED, AT, "Bounced"))
    done = [one.ended(MailState.DELIVERED, AT), two.ended(MailState.DELIVERED, AT)]
    with pytest.raises(LostRace):
        await telling.lanes.save(mine, dest, Lane(), [(waiting, ended)], done)
    with pytest.raises(LostRace):
        await telling.mails.write(mine, [replace(base, number=2), replace(base, number=1)])
    assert await telling.mails.mails(mine, LEAD) == [one, reported]
    assert (await telling.lanes.look(mine, dest, 9)) == (Lane(), ([waiting], None))
    lane = await telling.lanes.save(mine, dest, Lane(), [(waiting, ended)], [done[0], replace(base, number=2)])
    found = await telling.mails.mails(mine, LEAD)
    assert [(mail.number, mail.state) for mail in found] == [(0, "delivered"), (1, "failed"), (2, "sending")]
    assert (await telling.lanes.look(mine, dest, 9)) == (lane, ([], None))


async def test_a_day_may_be_closed_from_the_beginning_once(telling: Telling) -> None:
    mine, day = unique(), MailDay("2026-10-01.month", AT)
    told = Dispatch("mail.month", AT, day.subject, 0)
    await telling.mails.close(mine, day, "mail1", told)
    stored = await telling.mails.day(mine, day.key)
    assert stored is not None
    assert (stored.closed, stored.ends) == (True, AT)
    assert await telling.mails.open_days(mine, AT + DAY) == []
    await telling.mails.close(mine, day, "mail1", replace(told, at=AT + DAY))
    assert (await telling.lanes.page(mine, "mail1", DispatchState.PENDING, None, 9))[0] == [told]


async def test_a_relay_reads_counts_days_and_events_at_once(telling: Telling) -> None:
    partner = unique()
    assert await telling.tallies.work(partner, "2026-11-20", 5) == Work(Tally(), {}, Page([], None), {}, "2026-11-20")
    for n in range(4):
        await telling.leads.add(received(partner, AT + timedelta(seconds=n)), submitted(str(n)), Change(f"c{n}", AT))
    events, _ = await telling.tallies.pending(partner, None, 9)
    days = tuple(MailDay(key, AT) for key in ("2026-11-18", "2026-11-20", "2026-11-21.warned", "2026-11-22"))
    await telling.tallies.take(partner, events[:1], Tally(), Tally(moved({}, events[:1])), Follows(days=days))
    work = await telling.tallies.work(partner, "2026-11-20", 5)
    assert (work.tally, work.events) == (await telling.tallies.read(partner), Page(events[1:], None))
    assert work.days == {day.key: await telling.mails.day(partner, day.key) for day in days[1:]}
    few = await telling.tallies.work(partner, "2026-11-21", 2)
    assert (few.tally, few.events.items, few.events.next is None) == (work.tally, events[1:3], False)
    assert set(few.days) == {"2026-11-21.warned", "2026-11-22"}


async def test_a_relay_finds_events_behind_however_many_days(telling: Telling) -> None:
    partner = unique()
    for n in range(2):
        await telling.leads.add(received(partner, AT + timedelta(seconds=n)), submitted(str(n)), Change(f"c{n}", AT))
    events, _ = await telling.tallies.pending(partner, None, 9)
    days = tuple(MailDay(f"2026-10-{day:02}", AT) for day in range(1, 31))
    await telling.tallies.take(partner, events[:1], Tally(), Tally(moved({}, events[:1])), Follows(days=days))
    work = await telling.tallies.work(partner, "2026-10-01", 1)
    assert (work.tally, work.events) == (await telling.tallies.read(partner), Page(events[1:], None))


async def test_sums_are_written_with_the_events_that_move_them(telling: Telling) -> None:
    """M5: what a change makes of the sums comes with its event, and is added once."""
    partner, old = unique(), AT - 9 * DAY
    for n, at in enumerate((AT, old)):
        await telling.leads.add(received(partner, at), submitted(str(n)), Change(f"c{n}", AT))
    events, _ = await telling.tallies.pending(partner, None, 9)
    assert [[one.day for one in event.counts] for event in events] == [["2026-11-12"], ["2026-11-21"]]
    work = await telling.tallies.work(partner, "2026-11-19", 9)
    assert (work.sums, work.events.items) == ({}, events)
    sums = [added(Sums(one.day), [one]) for event in events for one in event.counts]
    await telling.tallies.take(partner, events, Tally(), Tally(moved({}, events)), Follows(sums=tuple(sums)))
    stored = await telling.tallies.sums(partner, ["2026-11-12", "2026-11-13", "2026-11-21"])
    assert {day: replace(one, tag="") for day, one in stored.items()} == {one.day: one for one in sums}
    assert (await telling.tallies.work(partner, "2026-11-19", 9)).sums == {"2026-11-21": stored["2026-11-21"]}
    assert (await telling.tallies.work(partner, "2026-11-19", 9)).days == {}
    assert await telling.mails.open_days(partner, AT + 99 * DAY) == []
    between = await telling.tallies.sums_between(partner, "2026-11-12", "2026-11-21")
    assert between == [stored["2026-11-12"], stored["2026-11-21"]]
    assert await telling.tallies.sums_between(partner, "2026-11-13", "2026-11-20") == []
    assert await telling.tallies.sums_between(partner, "2026-11-12", "2026-11-20") == between[:1]


async def test_sums_that_somebody_has_moved_meanwhile_are_not_written(telling: Telling) -> None:
    partner = unique()
    await telling.leads.add(received(partner), submitted(), Change("c", AT))
    events, _ = await telling.tallies.pending(partner, None, 9)
    sums = added(Sums("2026-11-21"), events[0].counts)
    stale = Follows(sums=(replace(sums, tag="W/\"datetime'2026-11-21T00%3A00%3A00.0000000Z'\""),))
    with pytest.raises(LostRace):
        await telling.tallies.take(partner, events, Tally(), Tally(moved({}, events)), stale)
    assert (await telling.tallies.pending(partner, None, 9))[0] == events
    await telling.tallies.take(partner, events, Tally(), Tally(moved({}, events)), Follows(sums=(sums,)))
    await telling.leads.add(received(partner), submitted(), Change("d", AT))
    events, _ = await telling.tallies.pending(partner, None, 9)
    tally = await telling.tallies.read(partner)
    with pytest.raises(LostRace):
        # As if nothing had been counted yet.
        await telling.tallies.take(partner, events, tally, tally, Follows(sums=(sums,)))


async def test_m2_deals_are_overdue_when_nobody_has_told_their_outcome_in_time(telling: Telling) -> None:
    partner = unique()
    changes = [Action.ACCEPT, Action.ACCEPT, Action.DECLINE]
    leads = []
    for n, (action, test) in enumerate(zip([*changes, Action.ACCEPT], [False, False, False, True], strict=True)):
        names = {"FirstName": "MSFT_TEST_", "LastName": "MSFT_TEST_"} if test else {}
        new = received(partner, AT + timedelta(seconds=n), **names)
        await telling.leads.add(new, submitted(str(n)), Change(f"c{n}", AT))
        stored = await telling.leads.get(partner, new.lead.id)
        assert stored is not None
        reason = "budget" if action is Action.DECLINE else None
        deal = None if reason else replace(DEAL, purchase_date=date(2026, 12, 1 + n))
        made = decide(stored.lead, LeadAction(action, deal, reason=reason), at=AT + DAY, by=ANN)
        await telling.leads.commit([(stored, made)], Change(f"d{n}", AT))
        leads.append(made.lead)
    due = outcome_due(leads[0])
    assert due is not None
    assert await telling.tallies.overdue_outcomes(partner, due) == []
    assert await telling.tallies.overdue_outcomes(partner, due + DAY / 2) == [leads[0].id]
    assert sorted(await telling.tallies.overdue_outcomes(partner, due + 9 * DAY)) == sorted(one.id for one in leads[:2])
    assert await telling.tallies.overdue_outcomes(partner, due + 9 * DAY, (AT + DAY).date()) == []
    assert len(await telling.tallies.overdue_outcomes(partner, due + 9 * DAY, AT.date())) == 2
    stored = await telling.leads.get(partner, leads[0].id)
    assert stored is not None
    won = decide(stored.lead, LeadAction(Action.WIN), at=AT + 2 * DAY, by=ANN)
    await telling.leads.commit([(stored, won)], Change("e", AT))
    assert await telling.tallies.overdue_outcomes(partner, due + 9 * DAY) == [leads[1].id]


async def test_a_partners_wishes_are_read_at_once(telling: Telling) -> None:
    partner = unique()
    assert await telling.preferences.wishes(partner) == Wishes(None, (), {})
    await telling.preferences.put(partner, Preferences("lena@contoso.example"))
    hooks = [Webhook(new_source_id(), f"https://crm.example/{n}", (), AT - n * DAY) for n in range(2)]
    for hook in hooks:
        await telling.webhooks.put(partner, hook, None)
    await telling.preferences.add_unwanted(partner, "max@contoso.example", "unsubscribed")
    await telling.preferences.dismiss(partner, "ann", ["one"])
    found = await telling.preferences.wishes(partner)
    assert found.preferences == Preferences("lena@contoso.example")
    assert list(found.webhooks) == await telling.webhooks.of_partner(partner)
    assert found.unwanted == await telling.preferences.unwanted(partner) == {"max@contoso.example": "unsubscribed"}


async def test_the_relay_writes_what_follows_with_the_events_or_not_at_all(telling: Telling) -> None:
    decision = received(unique())
    mine, dest = decision.lead.partner_id, new_source_id()
    from shared.domain.agenda import Change

    await telling.leads.add(decision, submitted(), Change("c", AT, "the request"))
    (event,), _ = await telling.tallies.pending(mine, None, 10)
    assert (event.type, event.notify, event.sequence, event.at) == (EventType.RECEIVED, "contactMe", 1, AT)
    assert event.change == Change("c", AT, "the request")
    one = Dispatch(event.type, event.at, event.lead_id, event.sequence, cause=event.change.cause)
    day = MailDay("2026-11-21", AT + DAY, total=1, held=1)
    mail = Mail(
        MailNotice.NEW_LEAD, event.lead_id, 1, 0, "", "en", "nobody", MailState.SKIPPED, AT, gathered=day.subject
    )
    follows = Follows(((dest, one), ("mail0", one)), (day,), ((day.key, event.lead_id),), (mail,))
    before = await telling.tallies.read(mine)
    after = Tally(moved(before.counts, [event]))
    await telling.tallies.take(mine, [event], before, after, follows)
    for where in (dest, "mail0"):
        assert (await telling.lanes.page(mine, where, DispatchState.PENDING, None, 9))[0] == [one]
    stored = await telling.mails.day(mine, day.key)
    assert stored is not None
    assert replace(stored, tag="") == day
    assert await telling.mails.held(mine, day.key) == [event.lead_id]
    assert [replace(one, tag="") for one in await telling.mails.mails(mine, event.lead_id)] == [mail]
    with pytest.raises(LostRace):
        await telling.tallies.take(mine, [event], before, after, follows)


async def test_a_day_is_closed_once_with_its_digest(telling: Telling) -> None:
    decision = received(unique())
    mine = decision.lead.partner_id
    from shared.domain.agenda import Change

    await telling.leads.add(decision, submitted(), Change("c", AT))
    (event,), _ = await telling.tallies.pending(mine, None, 10)
    day = MailDay("2026-11-21", AT + DAY, total=1, held=1)
    before = await telling.tallies.read(mine)
    await telling.tallies.take(mine, [event], before, Tally(moved({}, [event])), Follows(days=(day,)))
    assert await telling.mails.open_days(mine, AT + DAY - timedelta(seconds=1)) == []
    (stored,) = await telling.mails.open_days(mine, AT + DAY)
    digest = Dispatch("mail.digest", day.ends, "day20261121", 0)
    with pytest.raises(LostRace):
        await telling.mails.close(mine, replace(stored, tag='W/"other"'), "mail1", digest)
    await telling.mails.close(mine, stored, "mail1", digest)
    assert await telling.mails.open_days(mine, AT + 2 * DAY) == []
    closed = await telling.mails.day(mine, day.key)
    assert closed is not None
    assert closed.closed
    assert (await telling.lanes.page(mine, "mail1", DispatchState.PENDING, None, 9))[0] == [digest]
    assert await telling.mails.day(mine, "2026-11-22") is None


async def test_mails_are_planned_once_and_put_by_whoever_read_them_last(telling: Telling) -> None:
    mine = unique()
    plan = [
        Mail(MailNotice.NEW_LEAD, LEAD, 1, n, f"{n}@contoso.example", "sv", "profile", MailState.PLANNED, AT)
        for n in range(3)
    ]
    assert await telling.mails.mails(mine, LEAD, 1) == []
    await telling.mails.write(mine, plan)
    with pytest.raises(LostRace):
        await telling.mails.write(mine, plan[:1])
    stored = await telling.mails.mails(mine, LEAD, 1)
    assert [replace(one, tag="") for one in stored] == plan
    sending = await telling.mails.put(mine, replace(stored[0], state=MailState.SENDING, first_sent=AT))
    with pytest.raises(LostRace):
        await telling.mails.put(mine, stored[0])
    again = await telling.mails.put(mine, sending.ended(MailState.DELIVERED, AT))
    await telling.mails.put(mine, replace(plan[0], sequence=2))
    assert await telling.mails.mails(mine, LEAD, 1) == [again, *stored[1:]]
    assert len(await telling.mails.mails(mine, LEAD)) == 4
    assert await telling.mails.mails(mine, a_lead().id) == []


async def test_an_operation_of_the_mail_service_leads_to_its_mail_until_it_is_reported(telling: Telling) -> None:
    origin = MailOrigin(unique(), "mail1", "lead.received", AT, LEAD, 1, sent=AT, cause="the request")
    operation = unique()
    assert await telling.mails.origin(operation) is None
    for _ in range(2):
        await telling.mails.note_origins({operation: origin})
    assert await telling.mails.origin(operation) == origin
    for _ in range(2):
        await telling.mails.forget_origin(operation)
    assert await telling.mails.origin(operation) is None
    for days in range(3):
        await telling.mails.note_origins({f"{operation}-{days}": replace(origin, sent=AT + days * DAY)})
    assert await telling.mails.forget_origins(AT + 2 * DAY) == 2
    assert await telling.mails.origin(f"{operation}-2") is not None
    assert await telling.mails.forget_origins(AT + 2 * DAY) == 0


async def test_n3_a_bounce_takes_no_unsubscriptions_place_and_is_forgiven_alone(telling: Telling) -> None:
    partner = unique()
    await telling.preferences.add_unwanted(partner, "lena@contoso.example", "unsubscribed")
    for address in ("Lena@contoso.example", "max@contoso.example"):
        await telling.preferences.add_unwanted(partner, address, "bounced")
    found = {"lena@contoso.example": "unsubscribed", "max@contoso.example": "bounced"}
    assert await telling.preferences.unwanted(partner) == found
    for address in (*found, "nobody@contoso.example"):
        await telling.preferences.forgive_bounce(partner, address)
    assert await telling.preferences.unwanted(partner) == {"lena@contoso.example": "unsubscribed"}
    await telling.preferences.add_unwanted(partner, "max@contoso.example", "bounced")
    await telling.preferences.add_unwanted(partner, "max@contoso.example", "unsubscribed")
    assert (await telling.preferences.unwanted(partner))["max@contoso.example"] == "unsubscribed"


async def test_preferences_and_addresses_that_want_nothing(telling: Telling) -> None:
    mine = unique()
    assert await telling.preferences.get(mine) is None
    wishes = Preferences("a@b.example", "sv", "Europe/Stockholm", 3, 7, (MailKind.QUALIFIED,), False, ("c@d.example",))
    await telling.preferences.put(mine, wishes)
    assert await telling.preferences.get(mine) == wishes
    assert await telling.preferences.unwanted(mine) == {}
    await telling.preferences.add_unwanted(mine, "Lena@Contoso.example", "unsubscribed")
    await telling.preferences.add_unwanted(mine, "lena@contoso.example", "bounced")
    assert await telling.preferences.unwanted(mine) == {"lena@contoso.example": "unsubscribed"}


async def test_webhooks_are_put_by_whoever_read_them_last(telling: Telling) -> None:
    mine = unique()
    made = [
        Webhook(new_source_id(), f"https://crm.example/{n}", ("lead.won",), AT + n * DAY, secrets=(Secret("whsec_x"),))
        for n in range(3)
    ]
    stored = [await telling.webhooks.put(mine, one, None) for one in made[::-1]]
    assert [one.webhook for one in await telling.webhooks.of_partner(mine)] == made
    with pytest.raises(LostRace):
        await telling.webhooks.put(mine, made[0], None)
    active = replace(made[2], state=WebhookState.ACTIVE)
    new = await telling.webhooks.put(mine, active, stored[0])
    assert await telling.webhooks.get(mine, active.id) == new == StoredWebhook(active, new.tag)
    with pytest.raises(LostRace):
        await telling.webhooks.put(mine, made[2], stored[0])
    for _ in range(2):
        await telling.webhooks.delete(mine, active.id)
    assert await telling.webhooks.get(mine, active.id) is None
    with pytest.raises(LostRace):
        await telling.webhooks.put(mine, active, new)


async def test_each_person_dismisses_for_itself(telling: Telling) -> None:
    mine = unique()
    for _ in range(2):
        await telling.preferences.dismiss(mine, "ann/å", ["newLead-m1-0"])
    assert await telling.preferences.dismissed(mine, "ann/å") == {"newLead-m1-0"}
    assert await telling.preferences.dismissed(mine, "ann") == frozenset()
    assert await telling.preferences.restore(mine, "ann", ["newLead-m1-0"]) == 0
    assert await telling.preferences.dismissed(mine, "ann/å") == {"newLead-m1-0"}


async def test_n5_many_are_dismissed_and_restored_together(telling: Telling) -> None:
    mine, preferences = unique(), telling.preferences
    # More than one transaction takes, and one of them twice.
    many = [f"newLead-m{number}-0" for number in range(205)]
    await preferences.dismiss(mine, "ann", [*many, many[0]])
    await preferences.dismiss(mine, "bob", many[:1])
    await preferences.dismiss(mine, "ann", [])
    assert await preferences.dismissed(mine, "ann") == set(many)
    assert await preferences.restore(mine, "ann", [*many[1:], many[1], "newLead-x-0", "'|/"]) == 204
    assert await preferences.dismissed(mine, "ann") == {many[0]}
    assert await preferences.restore(mine, "ann", many) == 1
    assert await preferences.restore(mine, "ann", many) == 0
    assert (await preferences.dismissed(mine, "ann"), await preferences.dismissed(mine, "bob")) == (set(), {many[0]})


async def test_n5_what_is_restored_twice_at_once_is_restored(telling: Telling) -> None:
    mine, preferences = unique(), telling.preferences
    many = [f"newLead-m{number}-0" for number in range(20)]
    await preferences.dismiss(mine, "ann", many)
    await asyncio.gather(*(preferences.restore(mine, "ann", some) for some in (many, many[5:], many[:15])))
    assert await preferences.dismissed(mine, "ann") == set()


async def test_the_deployments_secret_is_one(telling: Telling) -> None:
    assert await telling.partners.signing_key() == await telling.others.signing_key()


async def test_preferences_are_replaced_only_as_they_were_read(telling: Telling) -> None:
    mine, first, second = unique(), Preferences("a@contoso.example"), Preferences("b@contoso.example")
    with pytest.raises(LostRace):
        await telling.preferences.put(mine, first, AsRead(second))
    await telling.preferences.put(mine, first, AsRead(None))
    for read in (AsRead(None), AsRead(second)):
        with pytest.raises(LostRace):
            await telling.preferences.put(mine, second, read)
    await telling.preferences.put(mine, second, AsRead(first))
    assert await telling.preferences.get(mine) == second


async def test_n3_an_address_is_mailed_again_when_somebody_says_so(telling: Telling) -> None:
    mine, preferences = unique(), telling.preferences
    assert not await preferences.resume(mine, "lena@contoso.example", "ann", AT)
    for why in ("unsubscribed", BOUNCED):
        await preferences.add_unwanted(mine, "Lena@contoso.example", why)
        assert await preferences.unwanted(mine) == {"lena@contoso.example": why}
        assert await preferences.resume(mine, "lena@Contoso.example", "ann", AT)
        assert await preferences.unwanted(mine) == {}
        assert not await preferences.resume(mine, "lena@contoso.example", "ann", AT)
