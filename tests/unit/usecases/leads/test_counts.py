"""Q6 and the relay on ports in memory: counts that cannot drift."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Unavailable
from shared.domain.lead import Status, Tab
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource
from shared.domain.tally import Tally
from shared.usecases.leads.counts import Counts, count_leads
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DAY, submission_body, unique
from tests.fakes.ports import FakePorts, fake_ports
from tests.fakes.telling import FakeTallyStore
from tests.steps import answer, budget, run_timers, submit

LATER = AT + timedelta(hours=1)


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)


async def counts(ports: FakePorts, source: LeadSource, at: object = LATER, person: str = "ann") -> Counts:
    return await count_leads(ports=ports, partner_id=source.partner_id, person=person, at=at)  # type: ignore[arg-type] # a time


def marketplace(found: Counts) -> dict[str, int]:
    return {
        str(status): found.leads[Tab.MARKETPLACE, status] for status in Status if found.leads[Tab.MARKETPLACE, status]
    }


async def relay(ports: FakePorts, at: object = LATER) -> int:
    return (await publish_events(ports=ports, at=at, budget=budget())).events  # type: ignore[arg-type] # a time


@pytest.mark.parametrize("relayed", ["never", "in between", "at the end"])
async def test_counts_are_exact_however_far_the_relay_is(source: LeadSource, relayed: str) -> None:
    ports = fake_ports()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(4)]
    await submit(ports, source, submission_body(ActionCode="INS"))
    await submit(ports, source, submission_body(FirstName="MSFT_TEST_A"))
    if relayed == "in between":
        assert await relay(ports) == 6
    await answer(ports, source, made[0], at=LATER)
    await answer(ports, source, made[1], at=LATER)
    await answer(ports, source, made[1], Action.WIN, at=LATER)
    await answer(ports, source, made[2], LeadAction(Action.DECLINE, reason="budget"), at=LATER)
    if relayed != "never":
        assert await relay(ports) == (4 if relayed == "in between" else 10)
    found = await counts(ports, source)
    assert marketplace(found) == {"received": 1, "accepted": 1, "informational": 1, "archived": 2}
    assert set(found.leads.values()) == {0, 1, 2}
    assert found.hot == 1


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize("timers", [False, True])
async def test_l6_time_counts_with_timers_off_and_on(source: LeadSource, relayed: bool, timers: bool) -> None:
    ports = fake_ports()
    for n in range(2):
        await submit(ports, source, submission_body(Title=str(n)))
    await submit(ports, source, submission_body(ActionCode="INS"))
    second = timedelta(seconds=1)
    for at, expected, hot in (
        (AT + 3 * DAY - second, {"received": 2, "informational": 1}, 2),
        (AT + 3 * DAY, {"received": 2, "informational": 1}, 0),
        (AT + 14 * DAY - second, {"received": 2, "informational": 1}, 0),
        (AT + 14 * DAY, {"archived": 2, "informational": 1}, 0),
        (AT + 181 * DAY, {"archived": 3}, 0),
    ):
        if timers:
            await run_timers(ports, at)
        if relayed:
            await relay(ports, at)
        found = await counts(ports, source, at)
        assert (marketplace(found), found.hot) == (expected, hot)
        assert found.new[Tab.MARKETPLACE] == expected.get("received", 0)


async def test_new_is_what_this_person_has_not_opened_and_favorites_are_ones_own(source: LeadSource) -> None:
    ports = fake_ports()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(3)]
    test = (await submit(ports, source, submission_body(FirstName="MSFT_TEST_A"))).lead_id
    await read_lead(ports=ports, partner_id=source.partner_id, person="ann", lead_id=made[0], at=LATER)
    for lead_id in (made[1], made[2], test):
        await set_favorite(ports=ports, partner_id=source.partner_id, person="bob", lead_id=lead_id, favorite=True)
    await set_favorite(ports=ports, partner_id=source.partner_id, person="bob", lead_id=made[2], favorite=False)
    ann, bob = await counts(ports, source), await counts(ports, source, person="bob")
    assert (ann.new[Tab.MARKETPLACE], ann.favorites) == (2, 0)
    assert (bob.new[Tab.MARKETPLACE], bob.favorites) == (3, 1)
    await answer(ports, source, made[1], at=LATER)
    assert (await counts(ports, source)).new[Tab.MARKETPLACE] == 1


async def test_the_relay_takes_each_event_once_with_its_hint(source: LeadSource) -> None:
    ports = fake_ports()
    for n in range(100):
        await submit(ports, source, submission_body(Title=str(n)))
    assert await relay(ports) == 100
    assert await relay(ports) == 0
    assert not [hint for hint in ports.agenda.hints if hint.kind == "publish"]
    # Ten bring a mail's row each, the others a place in the digest and the note of it: as many as fit together.
    assert ports.tallies.taken == 4


async def test_the_relay_takes_what_an_answered_lead_needs_no_more_with_the_events_hint(source: LeadSource) -> None:
    ports = fake_ports()
    answered, waits = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(2)]
    await relay(ports)
    needed = {hint for hint in ports.agenda.hints if hint.subject == waits}
    assert {hint.kind for hint in ports.agenda.hints if hint.subject == answered} == {"expire", "cool", "remind"}
    await answer(ports, source, answered, at=LATER)
    assert len([hint for hint in ports.agenda.hints if hint.subject == answered]) == 4
    await relay(ports)
    assert {hint for hint in ports.agenda.hints if hint.kind != "deliver"} == needed
    assert await run_timers(ports, AT + 20 * DAY, ["expire", "cool", "remind"]) == 3, "those of the other lead alone"


async def test_a_hint_without_an_event_goes_after_ten_minutes(source: LeadSource) -> None:
    ports = fake_ports()
    hint = Hint(HintKind.PUBLISH, AT, source.partner_id, "m1", "change")
    await ports.agenda.put([hint])
    assert await relay(ports, AT + timedelta(minutes=9, seconds=59)) == 0
    assert await ports.agenda.missing([hint]) == []
    assert await relay(ports, AT + timedelta(minutes=10)) == 0
    assert await ports.agenda.missing([hint]) == [hint]


async def test_a_partner_that_cannot_be_counted_is_put_off_and_holds_up_nobody(source: LeadSource) -> None:
    ports = fake_ports()
    other = replace(source, partner_id=unique())
    for one in (source, other):
        await submit(ports, one)
    ports.tallies.poisoned.add(source.partner_id)
    done = await publish_events(ports=ports, at=LATER, budget=budget())
    assert (done.events, done.failed) == (1, 1)
    assert marketplace(await counts(ports, source)) == {"received": 1}
    ports.tallies.poisoned.clear()
    assert await relay(ports, LATER) == 0
    assert await relay(ports, LATER + timedelta(minutes=5)) == 1


async def test_a_run_out_of_budget_leaves_the_hints_of_what_is_left(source: LeadSource) -> None:
    ports = fake_ports()
    for n in range(200):
        await submit(ports, source, submission_body(Title=str(n), ActionCode="INS"))
    first = await publish_events(ports=ports, at=LATER, budget=budget(rows=90))
    # Whole transactions, of 47 events with a note each.
    assert (first.events, first.unfinished) == (94, True)
    assert marketplace(await counts(ports, source)) == {"informational": 200}
    assert await relay(ports) == 106


async def test_counts_that_never_stand_still_are_unavailable_and_not_wrong(source: LeadSource) -> None:
    ports = fake_ports()
    await submit(ports, source)

    class Restless(FakeTallyStore):
        async def read(self, partner_id: str) -> Tally:
            self.taken += 1
            return Tally(tag=str(self.taken))

    with pytest.raises(Unavailable):
        await counts(replace(ports, tallies=Restless(ports.leads, ports.lanes, ports.mails)), source)
