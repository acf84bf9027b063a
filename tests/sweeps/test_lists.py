"""Lists and counts on Azurite while leads arrive, move and expire (Q5, Q6, L6, L9)."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.agenda import Change
from shared.domain.errors import Refusal
from shared.domain.events import Event, EventType
from shared.domain.filters import LeadFilter
from shared.domain.lead import Outcome, Status, Tab
from shared.domain.lifecycle import Action, Decision, LeadAction, settle
from shared.domain.listed import FlameState
from shared.domain.listed import listed as listed_values
from shared.domain.ordering import Order, OrderField, sort_key
from shared.domain.programme.partner import LeadSource, Partner
from shared.ids import inverted_time, position
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.storage import keys, reads
from shared.storage.leads import lead_store
from shared.storage.tables import Tables
from shared.usecases.exports.write_export import WALK, write
from shared.usecases.leads import lists
from shared.usecases.leads.counts import count_leads
from shared.usecases.telling.publish import publish_events
from tests import invariants
from tests.builders import AT, DAY, SOURCE, submission_body, submitted
from tests.exports import SPENT, again, ask, ids_of, stored
from tests.filters import filters, leads_of_every_kind
from tests.integration.conftest import Connect
from tests.steps import all_leads, answer, budget, listed, run_timers, submit
from tests.transports import EmptyPages, RoundTrips, together

LATER = AT + timedelta(hours=1)
FILTERS: list[dict[str, Any]] = [
    {},
    {"status": frozenset({Status.RECEIVED, Status.ACCEPTED})},
    {"status": frozenset({Status.RECEIVED})},
    {"status": frozenset({Status.ACCEPTED, Status.INFORMATIONAL})},
    {"status": frozenset({Status.ARCHIVED})},
    {"outcome": frozenset({Outcome.WON, Outcome.EXPIRED})},
    {"country": frozenset({"SE"}), "status": frozenset({Status.RECEIVED, Status.ACCEPTED})},
    {"flame": frozenset({FlameState.HOT})},
    {"search": "northwind"},
    {"updated_from": AT + 14 * DAY},
    {"customer": "ada", "status": frozenset({Status.RECEIVED, Status.ACCEPTED})},
]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("number", range(len(FILTERS)))
async def test_q5_a_lead_that_stays_in_the_filter_is_neither_skipped_nor_repeated(
    ports: Ports, source: LeadSource, number: int, seed: int
) -> None:
    chance, asked = random.Random(seed), FILTERS[number]
    wanted = LeadFilter(**asked)
    codes = ["PLT", "PLT", "INS", ""]
    bodies = [submission_body(Title=str(n), ActionCode=codes[n % 4]) for n in range(24)]
    made = [(await submit(ports, source, body, at=AT + timedelta(seconds=n))).lead_id for n, body in enumerate(bodies)]
    at = AT + 14 * DAY - timedelta(seconds=20)
    stayed: set[str] | None = None
    found: list[str] = []

    async def inside() -> set[str]:
        settled = [settle(lead, at).lead for lead in await all_leads(ports, source, at)]
        return {lead.id for lead in settled if wanted.matches(lead, at)}

    after = None
    while True:
        now = await inside()
        stayed = now if stayed is None else stayed & now
        within = budget(rows=chance.choice([1, 5, 10_000]))
        page = await listed(ports, source, at, after=after, top=chance.choice([1, 3, 7]), within=within, **asked)
        found += [seen.lead.id for seen in page.leads]
        assert all(wanted.matches(seen.lead, at) for seen in page.leads)
        if page.next is None:
            break
        after = page.next
        at += timedelta(seconds=chance.choice([0, 1, 5]))
        for lead_id in chance.sample(made, 2):
            what = chance.choice([Action.ACCEPT, Action.WIN, LeadAction(Action.DECLINE, reason="budget")])
            with suppress(Refusal):
                await answer(ports, source, lead_id, what, at=at)
        await submit(ports, source, submission_body(Title=f"new {at} {chance.random()}"), at=at)
        if chance.random() < 0.3:
            await run_timers(ports, at)
    stayed &= await inside()
    assert len(found) == len(set(found))
    assert stayed <= set(found)


async def counted(ports: Ports, source: LeadSource, at: datetime) -> dict[tuple[Tab, Status], int]:
    found = await count_leads(ports=ports, partner_id=source.partner_id, person="ann", at=at)
    return {place: count for place, count in found.leads.items() if count}


async def recounted(ports: Ports, source: LeadSource, at: datetime) -> dict[tuple[Tab, Status], int]:
    """The same from the leads themselves."""
    found: dict[tuple[Tab, Status], int] = {}
    for lead in await all_leads(ports, source, at):
        if not lead.is_test:
            place = Tab(lead.id[0]), lead.status
            found[place] = found.get(place, 0) + 1
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_q6_counts_are_those_of_the_leads_at_every_moment(
    ports: Ports, tables: Tables, source: LeadSource, seed: int
) -> None:
    chance = random.Random(seed)
    made: list[str] = []
    at = AT
    for step in range(25):
        at += timedelta(days=chance.choice([0, 0, 1, 5, 40]))
        for _ in range(chance.randint(0, 3)):
            body = submission_body(
                Title=f"{step} {chance.random()}", ActionCode=chance.choice(["PLT", "INS", "DNC", ""])
            )
            if chance.random() < 0.1:
                body["UserDetails"]["FirstName"] = "MSFT_TEST_A"
            made.append((await submit(ports, source, body, at=at)).lead_id)
        for lead_id in chance.sample(made, min(len(made), 2)):
            what = chance.choice([Action.ACCEPT, Action.WIN, LeadAction(Action.DECLINE, reason="budget")])
            with suppress(Refusal):
                await answer(ports, source, lead_id, what, at=at)
        if chance.random() < 0.3:
            await run_timers(ports, at)
        if chance.random() < 0.4:
            await publish_events(ports=ports, at=at, budget=budget(rows=chance.choice([1, 1_000])))
        assert await counted(ports, source, at) == await recounted(ports, source, at)
    await publish_events(ports=ports, at=at, budget=budget())
    rows = await invariants.all_rows(tables, keys.LEADS)
    assert not [key for key in rows if "/out|" in key]
    assert await counted(ports, source, at) == await recounted(ports, source, at)
    await invariants.check(tables, source.partner_id)


async def test_q6_two_relays_and_writers_at_once_count_everything_once(
    ports: Ports, tables: Tables, source: LeadSource
) -> None:
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(30)]

    async def relay() -> object:
        return await publish_events(ports=ports, at=LATER, budget=budget())

    outcomes = await together(
        relay(),
        relay(),
        relay(),
        *(answer(ports, source, lead_id, at=LATER) for lead_id in made[:15]),
        *(submit(ports, source, submission_body(Title=f"more {n}"), at=LATER) for n in range(10)),
        *(counted(ports, source, LATER) for _ in range(10)),
    )
    assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
    for counts in outcomes[-10:]:
        assert isinstance(counts, dict)
        assert 30 <= sum(counts.values()) <= 40
    await publish_events(ports=ports, at=LATER + DAY, budget=budget())
    expected = {(Tab.MARKETPLACE, Status.RECEIVED): 25, (Tab.MARKETPLACE, Status.ACCEPTED): 15}
    assert await counted(ports, source, LATER) == expected
    await invariants.check(tables, source.partner_id)


async def test_counting_reads_nothing_of_the_archive(connected: Connect, ports: Ports, source: LeadSource) -> None:
    async def requests() -> int:
        trips = RoundTrips()
        other = await connected(transport=trips)
        trips.reset()
        await counted(other, source, LATER)
        return trips.requests

    await submit(ports, source)
    await publish_events(ports=ports, at=LATER, budget=budget())
    before = await requests()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(60)]
    await asyncio.gather(
        *(answer(ports, source, one, LeadAction(Action.DECLINE, reason="budget"), at=LATER) for one in made)
    )
    await publish_events(ports=ports, at=LATER, budget=budget())
    # The counts, twice, and what they are made of; and a fresh instance looks whether further accounts are in use.
    assert await requests() == before == 8


async def test_a_partner_that_was_registered_and_nothing_more_has_zeros(ports: Ports, source: LeadSource) -> None:
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    found = await count_leads(ports=ports, partner_id=source.partner_id, person="ann", at=AT)
    assert set(found.leads.values()) == {0}
    assert len(found.leads) == len(Tab) * len(Status)


async def test_q5_pages_of_any_search_and_order_are_those_of_reading_everything(
    ports: Ports, tables: Tables, source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where ranges take many requests, side by side, and hits stand apart or together."""
    for name, value in (("PAGE_FIRST", 4), ("PAGE_LEAST", 3), ("PAGE_MAX", 5)):
        monkeypatch.setattr(reads, name, value)
    monkeypatch.setattr(lead_store, "NEAR", 2)
    partner = source.partner_id or ""
    chance = random.Random(7)
    made = [
        replace(lead, id=f"{lead.id[0]}{inverted_time(at)}{chance.getrandbits(64):016x}", created_at=at)
        for _ in range(5)
        for lead in leads_of_every_kind(partner)
        for at in (lead.created_at - timedelta(seconds=chance.choice([1, 60, 3_600]) * chance.randint(0, 500)),)
    ]
    for lead in made:
        event = Event(1, EventType.RECEIVED, lead.created_at, SOURCE, None, lead.status)
        await ports.leads.add(Decision(lead, (event,)), submitted(), Change("change", AT))
    examples: list[tuple[LeadFilter, datetime, str, int]] = []
    times = [LATER, AT + 3 * DAY, AT + 14 * DAY, AT + 200 * DAY]

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        st.just(LeadFilter()) | filters,
        st.sampled_from([None, "north", "rollout", "ada", "ang-006", "zzz"]),
        st.sampled_from(times),
        st.sampled_from(["created", "created asc", *OrderField, *(f"{field} desc" for field in OrderField)]),
        st.sampled_from([1, 3, 50]),
    )
    def collect(wanted: LeadFilter, search: str | None, at: datetime, order: str, top: int) -> None:
        examples.append((replace(wanted, search=search), at, order, top))

    collect()
    hits = 0
    for wanted, at, text, top in examples:
        order = Order.read(text)
        settled = [settle(lead, at).lead for lead in made]
        taken = [lead for lead in settled if wanted.matches(lead, at)]
        taken.sort(key=lambda lead: sort_key(listed_values(lead), order, position(lead.id)), reverse=order.descending)
        expected = [lead.id for lead in taken]
        if order.is_newest_first:
            expected.sort(key=position)
        found: list[str] = []
        after = None
        while True:
            look = lists.Look(ports, partner, "ann", wanted, at)
            page = await lists.list_leads(look, order=order, after=after, top=top, budget=budget())
            if not order.is_newest_first or (page.next is not None and wanted.is_textual):
                assert len(page.leads) == min(top, len(expected) - len(found)), "pages are full"
            found += [seen.lead.id for seen in page.leads]
            after = page.next
            if after is None or len(found) > 12:
                break
        assert found == expected[: len(found)], (wanted.canonical, at, text, top)
        assert after is not None or found == expected
        hits += len(found)
    assert hits > 200


@pytest.mark.parametrize("looks", [1, 4, 7])
async def test_where_storage_finds_nothing_for_long_a_page_ends_and_the_next_goes_on(
    connected: Connect, ports: Ports, source: LeadSource, looks: int
) -> None:
    bodies = [submission_body(Title=str(n), Country="Iceland" if n in (3, 17) else "Sweden") for n in range(20)]
    made = [(await submit(ports, source, body, at=AT + timedelta(seconds=n))).lead_id for n, body in enumerate(bodies)]
    expected = [made[17], made[3]]
    transport = EmptyPages(looks, "country")
    slow = await connected(transport=transport)
    country = frozenset({"IS"})
    # In time, the whole is looked through for one page; out of time, each page ends where storage has looked.
    page = await listed(slow, source, LATER, country=country)
    assert [seen.lead.id for seen in page.leads] == expected[:1]
    for asked in ({"country": country}, {"country": country, "search": "northwind"}):
        found: list[str] = []
        after, pages = None, 0
        while True:
            out_of_time = Budget(lambda: 9.0, seconds=5)
            page = await listed(slow, source, LATER, after=after, within=out_of_time, **asked)
            found += [seen.lead.id for seen in page.leads]
            pages += 1
            if page.next is None:
                break
            assert page.next != after
            after = page.next
        assert found == expected
        assert pages >= 16 // looks
    # At least one in each walk; more where the next page was asked for ahead.
    assert transport.empty >= 2


async def test_an_export_that_finds_nothing_for_long_keeps_what_it_has_looked_through(
    connected: Connect, ports: Ports, source: LeadSource
) -> None:
    bodies = [submission_body(Title=str(n), Country="Iceland" if n == 2 else "Sweden") for n in range(20)]
    made = [(await submit(ports, source, body, at=AT + timedelta(seconds=n))).lead_id for n, body in enumerate(bodies)]
    slow = await connected(transport=EmptyPages(4, "country"))
    seen = await ask(slow, source, LATER, within=SPENT, country=frozenset({"IS"}))
    places = []
    while not seen.export.has_ended:
        last = await ports.exports.last(seen.export, WALK)
        places.append(last.cursor if last else None)
        await write(ports=slow, stored=await stored(ports, seen), at=LATER, budget=SPENT)
        seen = await again(slow, seen)
    assert len(places) >= 3
    assert len(set(places)) == len(places), "every run came further"
    assert await ids_of(ports.files, seen) == [made[2]]
