"""Load, decide, commit; and again after a lost race (L7)."""

import pytest

from shared.domain.agenda import Change
from shared.domain.errors import InvalidTransition, NotFound, PreconditionRequired, Unavailable
from shared.domain.lead import Status
from shared.domain.lifecycle import REPEAT_WITHIN, Action, LeadAction, decide
from shared.domain.programme.partner import LeadSource
from shared.usecases.leads.answer_lead import ATTEMPTS
from tests.builders import ANN, AT, DEAL, a_lead
from tests.fakes.ports import FakePorts
from tests.steps import answer, submit


async def test_a_lost_race_is_decided_again_on_the_fresh_lead(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    ports.leads.lose_next_commits = 3
    assert (await answer(ports, source, lead)).lead.status is Status.ACCEPTED


async def test_races_without_end_are_told_as_unavailable_and_keep_their_hint(
    ports: FakePorts, source: LeadSource
) -> None:
    lead = (await submit(ports, source)).lead_id
    before = set(ports.agenda.hints)
    ports.leads.lose_next_commits = ATTEMPTS
    with pytest.raises(Unavailable):
        await answer(ports, source, lead)
    assert [hint.kind for hint in ports.agenda.hints - before] == ["publish"]


async def test_a_refused_answer_takes_its_hint_back(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    await answer(ports, source, lead)
    before = set(ports.agenda.hints)
    with pytest.raises(InvalidTransition):
        await answer(ports, source, lead)
    with pytest.raises(NotFound):
        await answer(ports, source, a_lead().id)
    with pytest.raises(PreconditionRequired):
        await answer(ports, source, lead, LeadAction(Action.EDIT, edits={"name": "B"}))
    unchanged = LeadAction(Action.EDIT, edits={"name": DEAL.name})
    await answer(ports, source, lead, unchanged, versions=frozenset({"2"}))
    assert ports.agenda.hints == before


async def test_l7_a_repeat_commits_nothing_takes_its_hint_back_and_says_what_the_first_said(
    ports: FakePorts, source: LeadSource
) -> None:
    lead = (await submit(ports, source)).lead_id
    await answer(ports, source, lead)
    lost = LeadAction(Action.LOSE, reason="noResponse")
    first = await answer(ports, source, lead, lost, versions=frozenset({"2"}))
    before, commits = set(ports.agenda.hints), ports.leads.commits
    again = await answer(ports, source, lead, lost, versions=frozenset({"2"}), at=AT + REPEAT_WITHIN)
    assert again == first
    assert again.warnings == ("fewContactAttempts",)
    assert (ports.agenda.hints, ports.leads.commits) == (before, commits)


async def test_the_loser_decides_on_what_the_winner_left(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id
    stored = await ports.leads.get(source.partner_id, lead)
    assert stored is not None
    real_get = ports.leads.get

    async def get_then_lose(partner_id: str, lead_id: str) -> object:
        found = await real_get(partner_id, lead_id)
        ports.leads.get = real_get  # type: ignore[method-assign] # the race is lost once
        await ports.leads.commit(
            [(stored, decide(stored.lead, LeadAction(Action.ACCEPT, deal=DEAL), at=AT, by=ANN))], Change("other", AT)
        )
        return found

    ports.leads.get = get_then_lose  # type: ignore[method-assign, assignment] # somebody is faster
    with pytest.raises(InvalidTransition) as refused:
        await answer(ports, source, lead, LeadAction(Action.DECLINE, reason="budget"))
    assert refused.value.details[0].code == "lead.accepted"


async def test_what_was_done_is_done_even_if_related_leads_cannot_be_read(ports: FakePorts, source: LeadSource) -> None:
    lead = (await submit(ports, source)).lead_id

    async def down(*_: object) -> list[str]:
        raise Unavailable

    ports.leads.related = down  # type: ignore[method-assign] # only the look at related leads fails
    seen = await answer(ports, source, lead)
    assert (seen.lead.status, seen.related) == (Status.ACCEPTED, None)
