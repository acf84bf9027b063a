"""Counts of what a list finds and of the values in use there (Q3, Q6), against the list itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.agenda import Change
from shared.domain.events import Event, EventType
from shared.domain.facets import FACETS, NAMES, VALUES_MAX, FacetValue
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Level, Offer, Source, Status
from shared.domain.lifecycle import Decision, settle
from shared.domain.listed import FlameState
from shared.domain.ordering import Order
from shared.domain.programme.partner import LeadSource
from shared.domain.text import folded
from shared.ports.leads import TOGETHER
from shared.ports.rules import Budget
from shared.usecases.leads.facets import Facets, Found, count_facets, count_found
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.lists import Look, list_leads
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DAY, SOURCE, a_lead, submission_body, submitted, unique
from tests.fakes.ports import FakePorts, fake_ports
from tests.filters import SETS, leads_of_every_kind
from tests.steps import answer, budget, submit

LATER = AT + timedelta(hours=1)


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)


async def fill(ports: FakePorts, leads: list[Lead]) -> None:
    for lead in leads:
        event = Event(1, EventType.RECEIVED, lead.created_at, SOURCE, None, lead.status)
        await ports.leads.add(Decision(lead, (event,)), submitted(), Change("change", AT))


def look(ports: FakePorts, source: LeadSource, /, at: datetime = LATER, **changes: Any) -> Look:
    return Look(ports, source.partner_id or "", "ann", LeadFilter(**changes), at)


async def facets(ports: FakePorts, source: LeadSource, within: Budget | None = None, /, **changes: Any) -> Facets:
    return await count_facets(look(ports, source, **changes), within or budget(rows=10_000))


async def found(ports: FakePorts, source: LeadSource, within: Budget | None = None, /, **changes: Any) -> Found:
    return await count_found(look(ports, source, **changes), within or budget(rows=10_000))


async def listed(ports: FakePorts, source: LeadSource, /, **changes: Any) -> list[Lead]:
    page = await list_leads(look(ports, source, **changes), order=Order(), after=None, top=200, budget=budget())
    assert page.next is None
    return [seen.lead for seen in page.leads]


FILTERS: list[dict[str, Any]] = [
    {},
    {"status": frozenset({Status.RECEIVED})},
    {"tab": ListTab.MARKETPLACE, "status": frozenset({Status.RECEIVED, Status.ARCHIVED})},
    {"tab": ListTab.QUALIFIED},
    {"country": frozenset({"SE"}), "status": frozenset({Status.ACCEPTED, Status.RECEIVED})},
    {"country": frozenset({"SE"}), "source": frozenset({Source.APP_SOURCE}), "quality": frozenset({Level.HIGH})},
    {"flame": frozenset({FlameState.HOT})},
    {"offer": "Contoso CRM"},
    {"search": "rollout", "country": frozenset({"DE", "SE"})},
    {"include_test": True},
    {"updated_from": AT + timedelta(minutes=4)},
    {"status": frozenset({Status.ARCHIVED}), "flame": frozenset({FlameState.HOT})},
]


@pytest.mark.parametrize("at", [LATER, AT + 3 * DAY, AT + 14 * DAY])
@pytest.mark.parametrize("number", range(len(FILTERS)))
async def test_q3_each_value_is_counted_as_often_as_the_list_finds_it(
    source: LeadSource, number: int, at: datetime
) -> None:
    ports, asked = fake_ports(), FILTERS[number]
    made = leads_of_every_kind(source.partner_id or "")
    await fill(ports, made)
    counted = await facets(ports, source, at=at, **asked)
    assert counted.is_complete
    leads = len(await listed(ports, source, at=at, **asked))
    assert (counted.leads, await found(ports, source, at=at, **asked)) == (leads, Found(leads))
    for name in FACETS:
        told = {one.value: one.count for one in counted.values[name]}
        if name == "offer":
            continue
        others = {part: value for part, value in asked.items() if part != name}
        wider = await listed(ports, source, at=at, **others)
        values = [value for lead in wider if (value := FACETS[name](lead)) is not None]
        flat = {str(one) for value in values for one in ((value,) if isinstance(value, str) else value)}
        assert set(map(folded, told)) == set(map(folded, flat)), name
        assert set(told) <= flat, name
        for value, count in told.items():
            one = await listed(ports, source, at=at, **others, **{name: value if name in NAMES else frozenset({value})})
            assert len(one) == count, (name, value)


async def test_every_part_of_a_filter_with_fixed_values_is_a_facet() -> None:
    assert set(FACETS) == {*SETS - {"id"}, *NAMES}


async def test_values_come_most_frequent_first_then_by_value_and_a_hundred_at_most(source: LeadSource) -> None:
    ports = fake_ports()
    partner = source.partner_id or ""
    names = ["b", "b", "c", "c", "a", *(f"x{n:03d}" for n in range(120))]
    await fill(
        ports,
        [
            replace(a_lead(partner, AT + timedelta(seconds=n)), offer=Offer(f"contoso.{name}", name.upper()))
            for n, name in enumerate(names)
        ],
    )
    offers = (await facets(ports, source)).values["offer"]
    assert len(offers) == VALUES_MAX
    assert offers[:4] == (
        FacetValue("contoso.b", 2, "B"),
        FacetValue("contoso.c", 2, "C"),
        FacetValue("contoso.a", 1, "A"),
        FacetValue("contoso.x000", 1, "X000"),
    )


async def test_an_offer_counts_under_its_id_as_the_newest_lead_writes_it_else_under_its_title(
    source: LeadSource,
) -> None:
    ports = fake_ports()
    offers = [Offer("contoso.crm", "Old title"), Offer("Contoso.CRM", "New title"), Offer(None, "Ångström"), None]
    offers += [Offer(None, "angstrom"), Offer(None, None)]
    partner = source.partner_id or ""
    made = [replace(a_lead(partner, AT + timedelta(seconds=n)), offer=one) for n, one in enumerate(offers)]
    await fill(ports, made)
    expected = (FacetValue("Contoso.CRM", 2, "New title"), FacetValue("angstrom", 2, "angstrom"))
    assert (await facets(ports, source)).values["offer"] == expected
    for one in expected:
        assert len(await listed(ports, source, offer=one.value)) == one.count
    narrowed = await facets(ports, source, offer="contoso.crm")
    assert (narrowed.leads, narrowed.values["offer"]) == (2, expected)


async def test_favorites_are_counted_without_hearts_that_were_taken_back(source: LeadSource) -> None:
    ports = fake_ports()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(4)]
    for lead_id in made[:3]:
        await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead_id, favorite=True)
    await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=made[0], favorite=False)
    await answer(ports, source, made[1], at=LATER)
    counted = await facets(ports, source, tab=ListTab.FAVORITES, status=frozenset({Status.RECEIVED}))
    assert counted.leads == 1
    assert counted.values["status"] == (FacetValue("accepted", 1), FacetValue("received", 1))
    assert (await found(ports, source, tab=ListTab.FAVORITES)).leads == 2


@pytest.mark.parametrize("relayed", [True, False])
async def test_tab_and_status_are_counted_without_reading_a_lead(source: LeadSource, relayed: bool) -> None:
    ports = fake_ports()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(5)]
    await submit(ports, source, submission_body(FirstName="MSFT_TEST_A"))
    await answer(ports, source, made[0], at=LATER)
    if relayed:
        await publish_events(ports=ports, at=LATER, budget=budget())
    none = budget(rows=0)
    for at, received in ((LATER, 4), (AT + 14 * DAY, 0)):
        for status, leads in ((Status.RECEIVED, received), (Status.ACCEPTED, 1), (Status.ARCHIVED, 4 - received)):
            assert await found(ports, source, none, at=at, status=frozenset({status})) == Found(leads)
        assert await found(ports, source, none, at=at, tab=ListTab.MARKETPLACE) == Found(5)
        assert await found(ports, source, none, at=at, tab=ListTab.QUALIFIED) == Found(0)
    counted = await facets(ports, source, none, status=frozenset({Status.RECEIVED}))
    assert counted.leads == 4
    assert counted.values["status"] == (FacetValue("received", 4), FacetValue("accepted", 1))
    assert (counted.is_complete, counted.values["country"]) == (False, ())
    assert (await found(ports, source, include_test=True)).leads == 6


async def test_when_the_budget_ends_every_number_is_the_least_that_it_can_be(source: LeadSource) -> None:
    ports = fake_ports()
    ports.leads.batch = 1
    for n in range(9):
        await submit(ports, source, submission_body(Title=str(n), Country="Sweden" if n % 3 else "Germany"))
    asked = {"search": "northwind", "country": frozenset({"SE"})}
    whole = await facets(ports, source, **asked)
    assert (whole.leads, whole.is_complete) == (6, True)
    assert whole.values["country"] == (FacetValue("SE", 6), FacetValue("DE", 3))
    seen = set()
    for rows in range(16):
        counted = await facets(ports, source, budget(rows=rows), **asked)
        numbers = {one.value: one.count for one in counted.values["country"]}
        assert numbers.get("SE", 0) == counted.leads <= 6
        assert numbers.get("DE", 0) <= 3
        # The six that are found, then the nine that are found in any country.
        assert counted.is_complete == (rows >= 6 + 9)
        counts = await found(ports, source, budget(rows=rows), **asked)
        assert counts.is_complete == (rows >= 6)
        assert counts.leads >= min(rows, 6)
        seen.add(counted.leads)
    assert len(seen) > 2
    slow = replace(budget(), spent=lambda: 999.0)
    counts = await found(ports, source, slow, **asked)
    assert (0 < counts.leads < 6, counts.is_complete) == (True, False)


async def test_of_a_large_list_so_much_is_read_as_the_budget_has(source: LeadSource) -> None:
    ports = fake_ports()
    ports.leads.batch = 400
    partner = source.partner_id or ""
    await fill(ports, [replace(a_lead(partner, AT + timedelta(seconds=n)), location=str(n)) for n in range(1_200)])
    asked, within = {"search": "northwind"}, budget(rows=1_000)
    counts = await found(ports, source, within, **asked)
    assert (counts.is_complete, counts.looked) == (False, counts.leads)
    assert 1_000 <= counts.leads < 1_000 + TOGETHER
    counted = await facets(ports, source, within, **asked)
    assert (counted.leads, counted.is_complete) == (counts.leads, False)
    assert counted.values["country"] == (FacetValue("SE", counts.leads),)
    assert await found(ports, source, budget(rows=1_200), **asked) == Found(1_200)


async def test_l9_what_is_hidden_is_not_counted_by(source: LeadSource) -> None:
    ports = fake_ports()
    await submit(ports, source)
    hidden = {"search": "ada", "country": frozenset({"SE"})}
    assert (await facets(ports, source, **hidden)).leads == 1
    after = await facets(ports, source, at=AT + 14 * DAY, **hidden)
    assert (after.leads, set(after.values.values())) == (0, {()})
    assert (await found(ports, source, at=AT + 14 * DAY, **hidden)).leads == 0


def test_settled_leads_are_counted_as_the_list_shows_them() -> None:
    lead = settle(a_lead(), AT + 3 * DAY).lead
    assert FACETS["flame"](lead) == "cooled"
    assert FACETS["outcome"](settle(lead, AT + 14 * DAY).lead) == "expired"
