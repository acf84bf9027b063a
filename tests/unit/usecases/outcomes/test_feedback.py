"""Feedback is given again and again, read by whom it is for, and added up within bounds (M8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import NotFound, Unavailable
from shared.domain.feedback import Feedback, FeedbackFilter, SeenFeedback
from shared.domain.lead import Actor, Reveal
from shared.domain.lifecycle import Action, LeadAction
from shared.domain.programme.partner import LeadSource
from shared.ports.errors import LostRace
from shared.ports.feedback import StoredFeedback
from shared.usecases.outcomes.feedback import feedback_of, give_feedback, list_feedback, own_feedback, sum_feedback
from tests.builders import ANN, AT, DAY, submission_body, unique
from tests.fakes.leads import FakeLeadStore
from tests.fakes.ports import FakePorts
from tests.steps import answer, budget, submit

BOB = Actor("person", "bob", "Bob")


async def a_lead(ports: FakePorts, source: LeadSource, **changes: Any) -> str:
    return (await submit(ports, source, submission_body(Company=unique(), **changes))).lead_id


async def give(
    ports: FakePorts,
    source: LeadSource,
    lead_id: str,
    rating: int = 4,
    text: str | None = "Good.",
    *,
    by: Actor = ANN,
    at: Any = AT,
) -> Any:
    return await give_feedback(
        ports=ports, partner_id=source.partner_id, lead_id=lead_id, rating=rating, text=text, by=by, at=at
    )


async def listed(ports: FakePorts, at: Any = AT, top: int = 50, **wanted: Any) -> list[SeenFeedback]:
    page = await list_feedback(
        ports=ports, wanted=FeedbackFilter(**wanted), after=None, top=top, at=at, budget=budget()
    )
    return page.items


async def test_m8_said_again_it_takes_the_place_and_says_so(ports: FakePorts, source: LeadSource) -> None:
    lead_id = await a_lead(ports, source)
    first = await give(ports, source, lead_id)
    assert (first.is_new, first.replaced) == (True, False)
    same = await give(ports, source, lead_id, at=AT + timedelta(minutes=1))
    assert (same.is_new, same.replaced, same.seen) == (False, False, first.seen)
    other = await give(ports, source, lead_id, 1, None, at=AT + timedelta(minutes=2))
    assert (other.is_new, other.replaced) == (False, True)
    assert [one.feedback.rating for one in await listed(ports)] == [1]
    assert (await give(ports, source, lead_id, by=BOB)).is_new
    named = {"ports": ports, "partner_id": source.partner_id, "lead_id": lead_id, "at": AT}
    assert [one.feedback.by.id for one in await feedback_of(**named, person="ann")] == ["ann"]
    assert [one.feedback.by.id for one in await feedback_of(**named, person=None)] == ["ann", "bob"]
    assert await feedback_of(**named, person="eve") == []


async def test_m8_no_lead_takes_no_feedback(ports: FakePorts, source: LeadSource) -> None:
    with pytest.raises(NotFound):
        await give(ports, source, "m" + "0" * 28)
    with pytest.raises(NotFound):
        await feedback_of(ports=ports, partner_id=source.partner_id, lead_id="m" + "0" * 28, person="ann", at=AT)
    assert ports.feedback.rows == {}


async def test_m8_it_is_no_change_of_the_lead(ports: FakePorts, source: LeadSource) -> None:
    lead_id = await a_lead(ports, source)
    before = await ports.leads.get(source.partner_id, lead_id)
    await give(ports, source, lead_id)
    assert await ports.leads.get(source.partner_id, lead_id) == before


async def test_m8_whoever_loses_a_race_against_itself_says_it_again(ports: FakePorts, source: LeadSource) -> None:
    """Two tabs of one person: the later one takes the other's place."""
    lead_id = await a_lead(ports, source)
    races: Iterator[bool] = iter([True, False, False])
    put = ports.feedback.put

    async def late(feedback: Feedback, before: StoredFeedback | None) -> None:
        if next(races):
            await put(replace(feedback, rating=1), None)
            raise LostRace
        await put(feedback, before)

    ports.feedback.put = late  # type: ignore[method-assign] # somebody else's write comes between
    given = await give(ports, source, lead_id)
    assert (given.is_new, given.replaced, given.seen.feedback.rating) == (False, True, 4)
    assert [one.feedback.rating for one in await listed(ports)] == [4]


DECLINED = LeadAction(Action.DECLINE, reason="budget")


@pytest.mark.parametrize(("what", "is_hidden"), [(None, True), (Action.ACCEPT, False), (DECLINED, False)])
async def test_m8_a_text_hides_with_the_contact_details_of_what_expired(
    ports: FakePorts, source: LeadSource, what: Action | LeadAction | None, is_hidden: bool
) -> None:
    lead_id = await a_lead(ports, source)
    await give(ports, source, lead_id)
    if what:
        await answer(ports, source, lead_id, what)
    late = AT + 15 * DAY
    found = await listed(ports, late)
    found += await feedback_of(ports=ports, partner_id=source.partner_id, lead_id=lead_id, person="ann", at=late)
    assert [(one.feedback.text, one.is_text_hidden) for one in found] == 2 * [
        (None if is_hidden else "Good.", is_hidden)
    ]


async def test_m8_a_text_before_the_accept_comes_with_the_contact_details(ports: FakePorts, source: LeadSource) -> None:
    secret = replace(source, reveal=Reveal.ON_ACCEPT)
    lead_id = await a_lead(ports, secret)
    given = await give(ports, secret, lead_id)
    assert (given.seen.feedback.text, given.seen.is_text_hidden) == (None, True)
    assert (await listed(ports))[0].is_text_hidden
    await answer(ports, secret, lead_id)
    assert (await listed(ports))[0].feedback.text == "Good."


class NoLeads(FakeLeadStore):
    """A store that must not be asked."""

    async def get(self, partner_id: str, lead_id: str) -> Any:
        raise Unavailable


async def test_m8_the_list_asks_no_partner_for_what_is_surely_shown_and_waits_for_none(
    ports: FakePorts, source: LeadSource
) -> None:
    lead_id = await a_lead(ports, source)
    await give(ports, source, lead_id)
    away = replace(ports, leads=NoLeads())
    assert (await listed(away))[0].feedback.text == "Good."
    found = await listed(away, AT + 15 * DAY)
    assert [(one.feedback.rating, one.feedback.text, one.is_text_hidden) for one in found] == [(4, None, True)]


async def test_m8_test_leads_are_listed_where_they_are_asked_for_and_in_no_sum(
    ports: FakePorts, source: LeadSource
) -> None:
    lead_id = await a_lead(ports, source)
    stored = await ports.leads.get(source.partner_id, lead_id)
    assert stored
    ports.leads.rows[source.partner_id, lead_id] = replace(stored, lead=replace(stored.lead, is_test=True))
    await give(ports, source, lead_id)
    assert await listed(ports) == []
    assert [one.feedback.is_test for one in await listed(ports, include_test=True)] == [True]
    summed = await sum_feedback(ports=ports, wanted=FeedbackFilter(include_test=True), budget=budget())
    assert (summed.sums.all.count, summed.is_complete) == (0, True)


async def test_m8_sums_stop_at_their_budget_and_say_so(ports: FakePorts, source: LeadSource) -> None:
    lead_id = await a_lead(ports, source)
    said = (await give(ports, source, lead_id)).seen.feedback
    for n in range(1, 2_500):
        one = replace(said, by=Actor("person", f"p{n}"), rating=1 + n % 5)
        await ports.feedback.put(one, None)
    whole = await sum_feedback(ports=ports, wanted=FeedbackFilter(), budget=budget(rows=10_000))
    assert (whole.sums.all.count, whole.is_complete) == (2_500, True)
    part = await sum_feedback(ports=ports, wanted=FeedbackFilter(), budget=budget(rows=1_500))
    assert (part.sums.all.count, part.is_complete) == (2_000, False)
    late = await sum_feedback(ports=ports, wanted=FeedbackFilter(), budget=budget(seconds=0))
    assert (late.sums.all.count, late.is_complete) == (1_000, False)


async def test_m8_the_page_knows_whether_a_text_would_be_read(ports: FakePorts, source: LeadSource) -> None:
    lead_id = await a_lead(ports, source)
    stored = await ports.leads.get(source.partner_id, lead_id)
    assert stored
    own = await own_feedback(ports=ports, lead=stored.lead, person="ann", at=AT)
    assert (own.seen, own.hides_text) == (None, False)
    assert (await own_feedback(ports=ports, lead=stored.lead, person="ann", at=AT + 15 * DAY)).hides_text
