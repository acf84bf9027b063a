"""Q3 on every lead store: what storage selects and the filter judges is what the filter alone would have taken."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.agenda import Change
from shared.domain.events import Event, EventType
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Decision, settle
from shared.ids import position
from shared.ports.leads import LeadQuery, LeadStore
from tests.builders import AT, DAY, SOURCE, submitted, unique
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
            judge([lead for lead, _ in walked.leads])
        return found
    after: str | None = None
    while True:
        page = await leads.page(LeadQuery(query.partner_id, query.at, query.filter, after, 3))
        judge(page.leads)
        if page.next is None:
            return found
        after = page.next


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
        assert await taken(leads, LeadQuery(partner, at, wanted), by_pages=False) == expected, wanted.canonical
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


async def test_a_filter_that_can_match_nothing_finds_nothing(leads: LeadStore) -> None:
    partner = unique()
    await fill(leads, partner)
    wanted = LeadFilter(ListTab.QUALIFIED, search="nothing of this kind")
    assert await taken(leads, LeadQuery(partner, AT, wanted), by_pages=False) == []
