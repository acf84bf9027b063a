"""Deadlines hold whatever timers, crashes and clocks do (A1, A2, A3, L6)."""

import inspect
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.agenda import Hint, HintKind
from shared.domain.errors import Refusal, Unavailable
from shared.domain.events import Event
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.programme.partner import LeadSource, Partner
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.usecases.agenda import ALERT_AFTER, put_off
from shared.usecases.leads.record_due import run_due
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import ANN, AT, DAY, DEAL, a_lead, submission_body, unique
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import TIMERS, answer, budget, run_timers, submit


def leads_of(ports: FakePorts) -> dict[str, Lead]:
    return {lead_id: row.lead for (_, lead_id), row in ports.leads.rows.items()}


async def test_a1_what_is_due_is_recorded_at_its_deadline_and_its_hint_goes(
    ports: FakePorts, source: LeadSource
) -> None:
    early = (await submit(ports, source)).lead_id
    late = (await submit(ports, source, submission_body(Title="x"), at=AT + DAY)).lead_id
    assert (await run_due(ports=ports, kind="expire", at=AT + 14 * DAY, budget=budget())).done == 1
    stored = leads_of(ports)
    assert (stored[early].outcome, stored[early].closed_at) == ("expired", AT + 14 * DAY)
    assert stored[late].status is Status.RECEIVED
    left = {(hint.kind, hint.subject) for hint in ports.agenda.hints if hint.kind != "publish"}
    assert left == {("cool", early), ("expire", late), ("cool", late), ("remind", early), ("remind", late)}
    assert await run_timers(ports, AT + 14 * DAY) == 2
    assert await run_timers(ports, AT + 14 * DAY) == 0


async def test_each_recorded_change_is_announced_before(ports: FakePorts, source: LeadSource) -> None:
    await submit(ports, source)
    before = set(ports.agenda.hints)
    await run_timers(ports, AT + 20 * DAY)
    (publish,) = ports.agenda.hints - before
    assert (publish.kind, publish.due) == ("publish", AT + 20 * DAY)


async def test_a_run_stops_at_its_budget_and_the_next_goes_on(ports: FakePorts, source: LeadSource) -> None:
    for number in range(70):
        await submit(ports, source, submission_body(Title=str(number)))
    at = AT + 14 * DAY
    first = await run_due(ports=ports, kind="expire", at=at, budget=budget(rows=50))
    assert (first.done, first.unfinished) == (50, True)
    second = await run_due(ports=ports, kind="expire", at=at, budget=budget(rows=50))
    assert (second.done, second.unfinished) == (20, False)
    nothing = await run_due(ports=ports, kind="cool", at=at, budget=budget(seconds=0))
    assert (nothing.done, nothing.unfinished) == (0, True)


async def test_one_lead_that_cannot_be_recorded_holds_up_nobody(
    ports: FakePorts, source: LeadSource, caplog: pytest.LogCaptureFixture
) -> None:
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(30)]
    ports.leads.poisoned = {made[7]}
    at = AT + 14 * DAY
    with caplog.at_level(logging.WARNING):
        ran = await run_due(ports=ports, kind="expire", at=at, budget=budget())
        assert (ran.done, ran.failed) == (29, 1)
        stored = leads_of(ports)
        assert [one for one in made if stored[one].status is Status.RECEIVED] == [made[7]]
        assert (await run_due(ports=ports, kind="expire", at=at, budget=budget())).failed == 0
        for _ in range(ALERT_AFTER):
            at += DAY
            ran = await run_due(ports=ports, kind="expire", at=at, budget=budget())
            assert (ran.done, ran.failed) == (0, 1)
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING] * 2 + [logging.ERROR] * 2
    ports.leads.poisoned = set()
    assert (await run_due(ports=ports, kind="expire", at=at + DAY, budget=budget())).done == 1


async def test_leads_that_do_not_fit_together_go_in_several_commits(ports: FakePorts, source: LeadSource) -> None:
    for number in range(25):
        await submit(ports, source, submission_body(Title=str(number)))
    ports.leads.together_most = 4
    assert (await run_due(ports=ports, kind="expire", at=AT + 14 * DAY, budget=budget())).done == 25
    assert {lead.outcome for lead in leads_of(ports).values()} == {"expired"}
    assert ports.leads.commits == 7


async def test_a_lost_race_in_a_bulk_is_decided_anew(ports: FakePorts, source: LeadSource) -> None:
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(5)]
    real = ports.leads.commit

    async def somebody_is_faster(decided: Any, change: Any) -> None:
        ports.leads.commit = real  # type: ignore[method-assign] # one race only
        await answer(ports, source, made[2], at=AT + 14 * DAY - DAY / 86_400)
        raise LostRace

    ports.leads.commit = somebody_is_faster  # type: ignore[method-assign] # the first bulk
    ran = await run_due(ports=ports, kind="expire", at=AT + 14 * DAY, budget=budget())
    assert (ran.done, ran.failed) == (5, 0)
    stored = leads_of(ports)
    assert [stored[one].status for one in made] == [Status.ARCHIVED] * 2 + [Status.ACCEPTED] + [Status.ARCHIVED] * 2


async def test_a_hint_that_fails_for_years_is_still_put_off(ports: FakePorts) -> None:
    hint = Hint(HintKind.EXPIRE, AT, "contoso", "m1")
    await ports.agenda.put([hint])
    for tries in (0, 39, 100_000):
        await put_off(ports, DueHint(hint, tries), ValueError(), AT)
        assert await ports.agenda.due("expire", AT, 9) == []


async def test_a_hint_without_a_lead_or_without_need_is_taken_away(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    await answer(ports, source, lead)
    await ports.agenda.put([Hint(HintKind.ARCHIVE, AT, source.partner_id, a_lead().id)])
    await run_timers(ports, AT + 20 * DAY, [*TIMERS, "remind"])
    assert {hint.kind for hint in ports.agenda.hints} == {"publish"}
    assert leads_of(ports)[lead].status is Status.ACCEPTED


async def test_a_hint_found_early_is_written_again_at_the_leads_deadline(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    right = {hint for hint in ports.agenda.hints if hint.kind == "expire"}
    await ports.agenda.remove(list(right))
    await ports.agenda.put([Hint(HintKind.EXPIRE, AT + DAY, source.partner_id, lead)])
    assert (await run_due(ports=ports, kind="expire", at=AT + 2 * DAY, budget=budget())).done == 1
    assert {hint for hint in ports.agenda.hints if hint.kind == "expire"} == right


class Crash:
    """Counts down to the call that fails."""

    def __init__(self, after: int, before: bool) -> None:
        self._left, self.before = after, before

    def now(self) -> bool:
        self._left -= 1
        return self._left == -1


class Crashing:
    """A port whose n-th call fails, before or after it took effect."""

    def __init__(self, port: Any, crash: Crash) -> None:
        self._port, self._crash = port, crash

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*arguments: Any, **named: Any) -> Any:
            fails = self._crash.now()
            if fails and self._crash.before:
                raise Unavailable
            result = await method(*arguments, **named)
            if fails:
                raise Unavailable
            return result

        return call


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.sampled_from(TIMERS)),
        st.tuples(st.just("crash"), st.sampled_from(TIMERS), st.integers(0, 6), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 40 * 24 * 3600)),
        st.tuples(st.just("accept"), st.integers(0, 3)),
        st.tuples(st.just("decline"), st.integers(0, 3)),
        st.tuples(st.just("forget"), st.integers(0, 9)),
        st.tuples(st.just("reconcile")),
    ),
    max_size=25,
)
ANSWERS = {
    "accept": LeadAction(Action.ACCEPT, deal=DEAL),
    "decline": LeadAction(Action.DECLINE, reason="budget"),
}


class World:
    """What is stored, beside what the rules say of each lead by the clock alone."""

    def __init__(self) -> None:
        self.ports = fake_ports()
        self.source = LeadSource("0123456789abcdef", unique(), "Marketplace", AT)
        self.at = AT
        self.model: dict[str, tuple[Lead, list[Event]]] = {}

    async def begin(self) -> None:
        await self.ports.partners.put(Partner(self.source.partner_id, "Contoso", (), AT, AT))
        for number, code in enumerate(("PLT", "", "INS", "DNC")):
            body = submission_body(ActionCode=code)
            lead_id = (await submit(self.ports, self.source, body, at=AT + timedelta(hours=number))).lead_id
            self.model[lead_id] = leads_of(self.ports)[lead_id], []

    async def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("run", kind):
                await run_timers(self.ports, self.at, [kind])
            case ("crash", kind, after, before):
                await self.crash(kind, Crash(after, before))
            case ("wait", seconds):
                self.at += timedelta(seconds=seconds)
            case ("forget", number):
                left = sorted(self.ports.agenda.hints, key=lambda hint: (hint.kind, hint.subject))
                await self.ports.agenda.remove(left[number : number + 1])
            case ("reconcile",):
                await reconcile(ports=self.ports, at=AT, budget=budget())
            case (action, number):
                await self.answer(ANSWERS[action], list(self.model)[number])

    async def crash(self, kind: str, crash: Crash) -> None:
        broken = replace(
            self.ports,
            leads=Crashing(self.ports.leads, crash),  # type: ignore[arg-type] # stands in for the store
            agenda=Crashing(self.ports.agenda, crash),  # type: ignore[arg-type] # stands in for the agenda
        )
        try:
            await run_due(ports=broken, kind=kind, at=self.at, budget=budget())
        except Unavailable:
            return

    async def answer(self, what: LeadAction, lead_id: str) -> None:
        lead, events = self.model[lead_id]
        try:
            decision = decide(lead, what, at=self.at, by=ANN)
        except Refusal as refusal:
            with pytest.raises(type(refusal)):
                await answer(self.ports, self.source, lead_id, what, at=self.at)
            return
        await answer(self.ports, self.source, lead_id, what, at=self.at)
        self.model[lead_id] = decision.lead, [*events, *decision.events]

    async def end(self, at: Any) -> None:
        await reconcile(ports=self.ports, at=AT, budget=budget())
        while await run_timers(self.ports, at):
            pass
        for lead_id, (lead, events) in self.model.items():
            decision = settle(lead, at)
            assert leads_of(self.ports)[lead_id] == decision.lead
            _received, *recorded = self.ports.leads.histories[self.source.partner_id, lead_id]
            assert recorded == [*events, *decision.events]


@settings(max_examples=150)
@given(steps=STEPS, last=st.sampled_from([timedelta(), DAY, 20 * DAY, 400 * DAY]))
async def test_l6_for_any_order_of_timers_crashes_and_clock_jumps_the_outcome_is_the_rules(
    steps: list[tuple[Any, ...]], last: timedelta
) -> None:
    world = World()
    await world.begin()
    for step in steps:
        await world.step(step)
    await world.end(world.at + last)
