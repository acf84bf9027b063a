"""What every lead store does (`LeadStore`)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.agenda import Change, Hint, HintKind
from shared.domain.deadlines import hints
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.intake.receipt import Phone
from shared.domain.lead import Lead, Reveal, Status, Tab, Validity
from shared.domain.lifecycle import Action, Decision, LeadAction, decide, settle
from shared.ids import position
from shared.ports.errors import LostRace
from shared.ports.leads import LeadQuery, LeadStore
from tests.builders import ANN, AT, DAY, DEAL, a_lead, received, submitted, unique
from tests.contract.conftest import Telling

ACCEPT = LeadAction(Action.ACCEPT, deal=DEAL)


async def store(leads: LeadStore, decision: Decision) -> Lead:
    await leads.add(decision, submitted(), Change("change", AT))
    return decision.lead


async def test_a_lead_comes_back_as_it_was_stored(leads: LeadStore) -> None:
    strange = {"Campaign": {"deep": [1, 2.5, None, "ü", "𝄞"]}}
    decision = received(unique(), Company="Žižkov 𝄞 GmbH", Description="a\nb", **strange)
    lead = await store(leads, decision)
    stored = await leads.get(lead.partner_id, lead.id)
    assert stored is not None
    assert stored.lead == lead


async def test_a_missing_lead_is_none_and_another_partners_is_missing(leads: LeadStore) -> None:
    lead = await store(leads, received(unique()))
    assert await leads.get(unique(), lead.id) is None
    assert await leads.get(lead.partner_id, a_lead().id) is None


async def test_v4_a_claim_is_taken_once(leads: LeadStore) -> None:
    first, second = received(partner := unique()), received(partner)
    claimed = submitted("same")
    await leads.add(first, claimed, Change("one", AT))
    with pytest.raises(LostRace):
        await leads.add(second, claimed, Change("two", AT))
    held = await leads.once(partner, claimed.once)
    assert held is not None
    assert (held.lead_id, held.at, held.content) == (first.lead.id, AT, claimed.content)
    assert await leads.get(partner, second.lead.id) is None
    assert await leads.once(partner, submitted("other").once) is None


async def test_v4_the_same_lead_again_by_another_attempt_is_a_lost_race(leads: LeadStore) -> None:
    decision = received(unique())
    claimed = submitted("same")
    await leads.add(decision, claimed, Change("one", AT))
    for again in (claimed, submitted("other")):
        with pytest.raises(LostRace):
            await leads.add(decision, again, Change("two", AT))
    events = await leads.history(decision.lead.partner_id, decision.lead.id, 10, 10)
    assert len(events) == 1
    stored = await leads.get(decision.lead.partner_id, decision.lead.id)
    assert stored is not None
    assert stored.lead == decision.lead


async def test_a_commit_on_a_lead_that_is_not_there_is_a_lost_race(leads: LeadStore) -> None:
    lead = await store(leads, received(unique()))
    stored = await leads.get(lead.partner_id, lead.id)
    assert stored is not None
    nobodys = received(unique()).lead
    decision = decide(nobodys, ACCEPT, at=AT, by=ANN)
    with pytest.raises(LostRace):
        await leads.commit([(replace(stored, lead=nobodys), decision)], Change("one", AT))


async def test_v4_an_outlived_claim_is_taken_over_once(leads: LeadStore) -> None:
    first, second, third = received(partner := unique()), received(partner), received(partner)
    claimed = submitted("same")
    await leads.add(first, claimed, Change("one", AT))
    held = await leads.once(partner, claimed.once)
    assert held is not None
    again = submitted("same", replaces=held.tag)
    await leads.add(second, again, Change("two", AT))
    with pytest.raises(LostRace):
        await leads.add(third, again, Change("three", AT))
    taken = await leads.once(partner, claimed.once)
    assert taken is not None
    assert taken.lead_id == second.lead.id


async def test_a_commit_on_a_lead_that_changed_is_a_lost_race_and_leaves_nothing(leads: LeadStore) -> None:
    lead = await store(leads, received(unique()))
    stored = await leads.get(lead.partner_id, lead.id)
    assert stored is not None
    accepted = decide(lead, ACCEPT, at=AT, by=ANN)
    declined = decide(lead, LeadAction(Action.DECLINE, reason="budget"), at=AT, by=ANN)
    await leads.commit([(stored, accepted)], Change("one", AT))
    with pytest.raises(LostRace):
        await leads.commit([(stored, declined)], Change("two", AT))
    now = await leads.get(lead.partner_id, lead.id)
    assert now is not None
    assert now.lead == accepted.lead
    assert [event.type for event in await leads.history(lead.partner_id, lead.id, 10, 10)] == [
        "lead.accepted",
        "lead.received",
    ]


async def test_the_first_event_of_a_commit_says_which_hints_nobody_needs_any_more(
    telling: Telling,
) -> None:
    leads, tallies = telling.leads, telling.tallies
    lead = await store(leads, received(unique()))
    stored = await leads.get(lead.partner_id, lead.id)
    assert stored is not None
    late = AT + 4 * DAY
    spent = [*hints(lead), Hint(HintKind.EXPIRE, AT, lead.partner_id, "another lead")]
    await leads.commit([(stored, decide(lead, ACCEPT, at=late, by=ANN))], Change("one", late), spent)
    events, _ = await tallies.pending(lead.partner_id, None, 10)
    found = {event.type: set(event.spent) for event in events}
    assert found == {"lead.received": set(), "lead.flameCooled": set(hints(lead)), "lead.accepted": set()}


async def test_history_is_read_backwards_in_pieces(leads: LeadStore) -> None:
    lead = await store(leads, received(unique()))
    answers = [
        ACCEPT,
        *(LeadAction(Action.EDIT, edits={"name": f"Deal {n}"}) for n in range(5)),
        LeadAction(Action.WIN),
    ]
    for answer in answers:
        stored = await leads.get(lead.partner_id, lead.id)
        assert stored is not None
        await leads.commit([(stored, decide(stored.lead, answer, at=AT, by=ANN))], Change("change", AT))
    newest = await leads.history(lead.partner_id, lead.id, 8, 3)
    assert [event.sequence for event in newest] == [8, 7, 6]
    assert newest[1].changes == {"deal.name": {"from": "Deal 3", "to": "Deal 4"}}
    assert [event.sequence for event in await leads.history(lead.partner_id, lead.id, 2, 3)] == [2, 1]


async def test_pages_are_newest_first_over_both_tabs_and_go_on_where_they_end(leads: LeadStore) -> None:
    partner = unique()
    made = [
        await store(leads, received(partner, AT + timedelta(seconds=n), tab=[Tab.MARKETPLACE, Tab.QUALIFIED][n % 2]))
        for n in range(7)
    ]
    expected = [lead.id for lead in reversed(made)]
    for top in (1, 2, 3, 7, 50):
        found: list[str] = []
        after = None
        while True:
            page = await leads.page(LeadQuery(partner, AT + DAY, after=after, top=top))
            assert len(page.leads) <= top
            found += [lead.id for lead in page.leads]
            after = page.next
            if after is None:
                break
        assert found == expected
    only = await leads.page(LeadQuery(partner, AT + DAY, LeadFilter(ListTab.QUALIFIED)))
    assert [lead.id for lead in only.leads] == [one for one in expected if one[0] == "q"]


STATUSES: list[frozenset[Status]] = [
    frozenset(),
    *(frozenset({one}) for one in Status),
    frozenset({Status.RECEIVED, Status.ACCEPTED}),
    frozenset({Status.INFORMATIONAL, Status.RECEIVED}),
    frozenset({Status.ARCHIVED, Status.ACCEPTED}),
    frozenset(Status),
]


@pytest.mark.parametrize("statuses", STATUSES, ids=lambda found: "+".join(sorted(found)) or "all")
async def test_l6_a_status_filter_judges_by_the_clock_alone(leads: LeadStore, statuses: frozenset[Status]) -> None:
    partner = unique()
    mix = [
        await store(leads, received(partner, AT)),
        await store(leads, received(partner, AT, ActionCode="INS")),
        await store(leads, received(partner, AT, ActionCode="DNC")),
        await store(leads, received(partner, AT + 3 * DAY)),
        await store(leads, received(partner, AT, Email="MSFT_TEST_1@test.com")),
    ]
    taken = await store(leads, received(partner, AT))
    stored = await leads.get(partner, taken.id)
    assert stored is not None
    accepted = decide(taken, ACCEPT, at=AT, by=ANN)
    await leads.commit([(stored, accepted)], Change("change", AT))
    mix.append(accepted.lead)
    ages = mix[1].ages_at
    assert ages is not None
    for at in (AT, AT + 14 * DAY - DAY / 86400, AT + 14 * DAY, AT + 17 * DAY, ages - DAY / 86400, ages, ages + DAY):
        for tests in (False, True):
            page = await leads.page(LeadQuery(partner, at, LeadFilter(status=statuses, include_test=tests)))
            expected = [
                lead
                for lead in sorted(mix, key=lambda one: position(one.id))
                if (tests or not lead.is_test) and (not statuses or settle(lead, at).lead.status in statuses)
            ]
            assert [lead.id for lead in page.leads] == [lead.id for lead in expected]
            assert page.next is None


async def test_many_reads_what_there_is_in_the_order_asked(leads: LeadStore) -> None:
    partner = unique()
    one, two = await store(leads, received(partner)), await store(leads, received(partner))
    found = await leads.many(partner, [two.id, a_lead().id, one.id])
    assert found == [two, one]


async def test_v4_related_leads_are_those_of_the_email_else_of_the_phone(leads: LeadStore) -> None:
    partner, phone = unique(), Phone(Validity.VALID, "+46812345678")
    first = await store(leads, received(partner, AT, phone=phone))
    second = await store(leads, received(partner, AT + DAY, Email="ADA.BERG@northwind.example "))
    third = await store(leads, received(partner, AT + DAY / 2, phone=phone, Email="else@northwind.example"))
    fourth = await store(leads, received(partner, AT + DAY / 4, phone=phone, Email=""))
    assert await leads.related(first, AT + DAY, 20) == [second.id]
    assert await leads.related(second, AT + DAY, 20) == [first.id]
    assert await leads.related(third, AT + DAY, 20) == []
    assert await leads.related(fourth, AT + DAY, 20) == [third.id, first.id]
    assert await leads.related(fourth, AT + DAY, 1) == [third.id]


async def test_l9_related_leads_leave_out_what_nobody_may_see(leads: LeadStore) -> None:
    partner = unique()
    hidden = await store(leads, received(partner, AT, reveal=Reveal.ON_ACCEPT))
    await store(leads, received(partner, AT, ActionCode="DNC"))
    await store(leads, received(partner, AT, FirstName="MSFT_TEST_1"))
    expiring = await store(leads, received(partner, AT))
    newest = await store(leads, received(partner, AT + 10 * DAY))
    assert await leads.related(newest, AT + 14 * DAY - DAY / 86400, 20) == [expiring.id]
    assert await leads.related(newest, AT + 14 * DAY, 20) == []
    for lead in (hidden, expiring):
        stored = await leads.get(partner, lead.id)
        assert stored is not None
        await leads.commit([(stored, decide(lead, ACCEPT, at=AT, by=ANN))], Change("change", AT))
    assert set(await leads.related(newest, AT + 100 * DAY, 20)) == {hidden.id, expiring.id}


async def test_several_leads_are_committed_together_or_not_at_all(leads: LeadStore) -> None:
    partner = unique()
    made = [await store(leads, received(partner, AT)) for _ in range(3)]
    read = [await leads.get(partner, lead.id) for lead in made]
    late = AT + 20 * DAY
    decided = [(one, settle(one.lead, late)) for one in read if one is not None]
    await leads.commit(decided[:1], Change("one", late))
    with pytest.raises(LostRace):
        await leads.commit(decided, Change("two", late))
    assert [(await leads.history(partner, lead.id, 9, 9))[0].type for lead in made] == [
        "lead.expired",
        "lead.received",
        "lead.received",
    ]
    await leads.commit(decided[1:], Change("three", late))
    for lead in made:
        (expired, *_) = await leads.history(partner, lead.id, 9, 9)
        assert (expired.type, expired.at, expired.notify) == ("lead.expired", AT + 14 * DAY, "operator")


async def test_the_hints_that_waiting_leads_need_are_found_from_storage(leads: LeadStore) -> None:
    partner = unique()
    made = [
        await store(leads, received(partner, AT)),
        await store(leads, received(partner, AT, ActionCode="")),
        await store(leads, received(partner, AT, ActionCode="INS")),
        await store(leads, received(partner, AT, Email="MSFT_TEST_1@test.com")),
    ]
    taken = await store(leads, received(partner, AT))
    stored = await leads.get(partner, taken.id)
    assert stored is not None
    await leads.commit([(stored, decide(taken, ACCEPT, at=AT, by=ANN))], Change("accept", AT))
    found: list[Hint] = []
    place = None
    while True:
        some, place = await leads.needed_hints(partner, place)
        found += some
        if place is None:
            break
    assert set(found) == {hint for lead in made for hint in hints(lead)}
    assert len(found) == 6


async def test_the_oldest_event_that_nobody_has_taken_names_its_announcement(leads: LeadStore) -> None:
    partner = unique()
    assert await leads.first_announcement(partner) is None
    first = received(partner, AT)
    await leads.add(first, submitted(), Change("first", AT + DAY / 1000))
    await leads.add(received(partner, AT + DAY), submitted(), Change("second", AT + DAY))
    assert await leads.first_announcement(partner) == Hint(
        HintKind.PUBLISH, AT + DAY / 1000, partner, first.lead.id, "first"
    )
