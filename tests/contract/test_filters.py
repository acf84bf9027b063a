"""Q3 on every lead store: what storage selects and the filter judges is what the filter alone would have taken."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.agenda import Change
from shared.domain.events import Event, EventType
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Decision, settle
from shared.domain.listed import listed
from shared.domain.ordering import Order, OrderField, sort_key
from shared.domain.telling.recommendations import recommended, standing
from shared.ids import position
from shared.ports.leads import TOGETHER, LeadQuery, LeadStore
from tests.builders import AT, DAY, SOURCE, a_lead, submitted, unique
from tests.filters import NOBODYS, SINGLE, filters, leads_of_every_kind, moments

HOUR = timedelta(hours=1)


async def fill(leads: LeadStore, partner: str) -> list[Lead]:
    made = leads_of_every_kind(partner)
    for lead in made:
        event = Event(1, EventType.RECEIVED, lead.created_at, SOURCE, None, lead.status)
        await leads.add(Decision(lead, (event,)), submitted(), Change("change", AT))
    return made


async def taken(leads: LeadStore, query: LeadQuery, *, by_pages: bool) -> list[str]:
    """The ids that the store gives and the filter takes, in their order, each page from where the last one ended."""
    found: list[str] = []

    def judge(some: object) -> None:
        assert isinstance(some, (list, tuple))
        settled = (settle(lead, query.at).lead for lead in some)
        found.extend(lead.id for lead in settled if query.filter.matches(lead, query.at))

    if not by_pages:
        async for walked in leads.walk(query):
            assert len(walked.leads) <= walked.looked <= TOGETHER
            judge([lead for lead, _ in walked.leads])
        return found
    after: str | None = None
    while True:
        page = await leads.page(LeadQuery(query.partner_id, query.at, query.filter, after, 3))
        judge(page.leads)
        if page.next is None:
            return found
        after = page.next


async def surveyed(leads: LeadStore, query: LeadQuery) -> list[str]:
    """The ids of the values that the store gives, which nobody judges again."""
    return [values.id async for some in leads.survey(query) for values in some.leads]


def naive(made: list[Lead], wanted: LeadFilter, at: datetime) -> list[str]:
    settled = (settle(lead, at).lead for lead in made)
    return sorted((lead.id for lead in settled if wanted.matches(lead, at)), key=position)


async def test_every_single_filter_selects_what_it_should_at_every_deadline(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    times = [AT + HOUR, *moments(made[0]), *moments(made[6])]
    for wanted in (*SINGLE, LeadFilter()):
        # Each filter at three of the times, all of them in turn.
        for at in times[SINGLE.index(wanted) % 3 :: 3] if wanted in SINGLE else times:
            expected = naive(made, wanted, at)
            assert await taken(leads, LeadQuery(partner, at, wanted), by_pages=False) == expected, wanted.canonical
            assert await surveyed(leads, LeadQuery(partner, at, wanted)) == expected, wanted.canonical
            if not wanted.is_textual:
                assert await taken(leads, LeadQuery(partner, at, wanted), by_pages=True) == expected, wanted.canonical


async def test_leads_that_are_named_by_their_ids_are_found_and_no_others(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    # Neighbours in time on both sides, one of another status than asked for, one that is nobody's.
    named = frozenset({made[2].id, made[5].id, made[13].id, NOBODYS})
    for wanted in (LeadFilter(id=named), LeadFilter(id=named, status=frozenset({Status.ARCHIVED}))):
        expected = naive(made, wanted, AT + HOUR)
        assert len(expected) == (3 if not wanted.status else 2)
        for by_pages in (False, True):
            assert await taken(leads, LeadQuery(partner, AT + HOUR, wanted), by_pages=by_pages) == expected


async def test_filters_combine(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    times = [AT + HOUR, *moments(made[0]), AT + 200 * DAY]
    examples: list[tuple[LeadFilter, datetime]] = []

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(filters, st.sampled_from(times))
    def collect(wanted: LeadFilter, at: datetime) -> None:
        examples.append((wanted, at))

    collect()
    hits = 0
    for wanted, at in examples:
        if not wanted.statuses:
            continue
        expected = naive(made, wanted, at)
        hits += bool(expected)
        for top in (1, 50):
            query = LeadQuery(partner, at, wanted, top=top)
            assert await taken(leads, query, by_pages=False) == expected, wanted.canonical
        assert await surveyed(leads, query) == expected, wanted.canonical
    assert hits >= 10


@pytest.mark.parametrize("statuses", ["", "received", "informational"])
async def test_the_creation_time_bounds_the_range_to_the_millisecond(leads: LeadStore, statuses: str) -> None:
    partner = unique()
    made = await fill(leads, partner)
    status = frozenset(lead.status for lead in made if lead.status == statuses)
    millisecond = timedelta(milliseconds=1)
    for lead in made[::4]:
        for begins, ends in (
            (lead.created_at, None),
            (lead.created_at + millisecond, None),
            (None, lead.created_at),
            (None, lead.created_at - millisecond),
            (lead.created_at, lead.created_at),
        ):
            wanted = LeadFilter(status=status, created_from=begins, created_to=ends)
            expected = naive(made, wanted, AT + HOUR)
            for by_pages in (True, False):
                found = await taken(leads, LeadQuery(partner, AT + HOUR, wanted), by_pages=by_pages)
                assert found == expected


async def test_of_a_search_those_leads_come_that_have_its_words_and_all_are_counted(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    for search, at in (("rollout", AT + HOUR), ("ada", AT + HOUR), ("ada", AT + 20 * DAY), ("zzz", AT + HOUR)):
        query = LeadQuery(partner, at, LeadFilter(search=search))
        walked = [one async for one in leads.walk(query)]
        looked_through = naive(made, LeadFilter(), at)
        assert sum(one.looked for one in walked) == len(looked_through)
        assert [lead.id for one in walked for lead, _ in one.leads] == naive(made, query.filter, at)
        assert walked[-1].covered in (position(looked_through[-1]), None)
        survey = [one async for one in leads.survey(query)]
        assert sum(one.looked for one in survey) == len(looked_through)


@pytest.mark.parametrize("days", [0, 20])
async def test_words_are_found_in_texts_too_long_for_a_column(leads: LeadStore, days: int) -> None:
    partner, at = unique(), AT + days * DAY
    long = "\ufdfa" * 2_000
    bodies = ("short", long + " needle", "needle", long)
    made = [replace(a_lead(partner, AT + n * HOUR), notes=text) for n, text in enumerate(bodies)]
    for lead in made:
        event = Event(1, EventType.RECEIVED, lead.created_at, SOURCE, None, lead.status)
        await leads.add(Decision(lead, (event,)), submitted(), Change("change", AT))
    for search, found in (("needle", (2, 1)), ("northwind", (3, 2, 1, 0)), ("other", ())):
        query = LeadQuery(partner, at, LeadFilter(search=search))
        # Notes are hidden once a lead has expired; the company stays.
        expected = [made[n].id for n in found if search == "northwind" or not days]
        assert await taken(leads, query, by_pages=False) == await surveyed(leads, query) == expected


async def test_q4_values_put_leads_into_every_order(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    for at in (AT + HOUR, AT + 3 * DAY, AT + 14 * DAY + HOUR, AT + 200 * DAY):
        settled = {lead.id: listed(settle(lead, at).lead) for lead in made}
        for field in OrderField:
            order = Order(field)
            query = LeadQuery(partner, at, LeadFilter(include_test=True))
            values = [one async for some in leads.survey(query, field) for one in some.leads]
            assert len(values) == len(made)
            for one in values:
                place = position(one.id)
                assert sort_key(one, order, place) == sort_key(settled[one.id], order, place)


async def test_n5_open_leads_stand_as_recommendations_see_them(leads: LeadStore) -> None:
    partner = unique()
    made = await fill(leads, partner)
    wanted = LeadFilter(status=frozenset({Status.RECEIVED, Status.ACCEPTED}))
    for at in (AT + HOUR, AT + 8 * DAY, AT + 14 * DAY + 4 * HOUR / 60, AT + 30 * DAY):
        found = [one async for some in leads.standings(LeadQuery(partner, at, wanted)) for one in some]
        by_id = {lead.id: lead for lead in made}
        assert [one.lead_id for one in found] == naive(made, wanted, at)
        for one in found:
            assert recommended(one, at) == recommended(standing(by_id[one.lead_id]), at)


async def test_a_filter_that_can_match_nothing_finds_nothing(leads: LeadStore) -> None:
    partner = unique()
    await fill(leads, partner)
    wanted = LeadFilter(ListTab.QUALIFIED, search="nothing of this kind")
    assert await taken(leads, LeadQuery(partner, AT, wanted), by_pages=False) == []
