"""Q1 to Q5 on ports in memory: tabs, searches that take several pages, orders and their limit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import SortTooLarge, Unavailable
from shared.domain.filters import ListTab
from shared.domain.lead import Status
from shared.domain.ordering import OrderField
from shared.domain.programme.partner import LeadSource
from shared.usecases.leads.favorites import set_favorite
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DAY, submission_body, unique
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import answer, budget, listed, submit

NAMES = ("Gamma", "Beta", "Alpha")
LATER = AT + timedelta(hours=1)


@pytest.fixture
def source() -> LeadSource:
    return LeadSource("0123456789abcdef", unique(), "Marketplace", AT)


async def leads(ports: FakePorts, source: LeadSource, count: int) -> list[str]:
    """Leads of the companies Gamma, Beta, Alpha, Gamma …, newest first."""
    bodies = [submission_body(Title=str(n), Company=f"{NAMES[n % 3]} {n:03d}") for n in range(count)]
    made = [(await submit(ports, source, one, at=AT + timedelta(minutes=n))).lead_id for n, one in enumerate(bodies)]
    return made[::-1]


async def all_pages(ports: FakePorts, source: LeadSource, **asked: Any) -> tuple[list[str], int]:
    """All ids, page by page, and how many pages it took."""
    found: list[str] = []
    after, pages = None, 0
    while True:
        page = await listed(ports, source, LATER, after=after, **asked)
        found += [seen.lead.id for seen in page.leads]
        pages += 1
        assert len(page.leads) <= asked.get("top", 50)
        if page.next is None:
            return found, pages
        after = page.next
        assert pages < 100


@pytest.mark.parametrize("top", [1, 2, 5, 50])
async def test_a_search_goes_on_from_page_to_page(source: LeadSource, top: int) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 9)
    found, _ = await all_pages(ports, source, search="alpha 0", top=top)
    assert found == made[0::3]
    assert (await all_pages(ports, source, search="nothing", top=top)) == ([], 1)


async def test_when_the_budget_is_spent_the_page_is_short_and_the_next_goes_on(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 30)
    page = await listed(ports, source, LATER, search="alpha 0", within=budget(rows=4))
    assert 0 < len(page.leads) <= 2
    assert page.next is not None
    found, pages = await all_pages(ports, source, search="alpha 0", within=budget(rows=4))
    assert found == made[0::3]
    assert pages > 5
    rare, pages = await all_pages(ports, source, customer="gamma 000", within=replace(budget(), spent=lambda: 999.0))
    assert rare == made[-1:]
    assert pages > 10


async def test_favorites_are_searched_and_combined(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 12)
    for lead_id in made[:8]:
        await set_favorite(ports=ports, partner_id=source.partner_id, person="ann", lead_id=lead_id, favorite=True)
    await answer(ports, source, made[0], at=LATER)
    for top in (1, 3, 50):
        found, _ = await all_pages(ports, source, tab=ListTab.FAVORITES, customer="alpha", top=top)
        assert found == [made[0], made[3], made[6]]
        found, _ = await all_pages(
            ports, source, tab=ListTab.FAVORITES, status=frozenset({Status.ACCEPTED}), search="alpha", top=top
        )
        assert found == made[:1]
    page = await listed(ports, source, LATER, tab=ListTab.FAVORITES, order="company")
    assert [seen.lead.customer.company for seen in page.leads] == sorted(
        seen.lead.customer.company or "" for seen in page.leads
    )
    assert all(seen.mark.favorite for seen in page.leads)


@pytest.mark.parametrize("top", [1, 4, 50])
@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize("field", OrderField)
async def test_q4_pages_of_any_order_are_the_whole_in_that_order(
    source: LeadSource, field: OrderField, way: str, top: int
) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 11)
    await answer(ports, source, made[2], at=LATER)
    whole = await listed(ports, source, LATER, order=f"{field} {way}", top=200)
    assert len(whole.leads) == 11
    found, _ = await all_pages(ports, source, order=f"{field} {way}", top=top)
    assert found == [seen.lead.id for seen in whole.leads]
    if field is OrderField.COMPANY:
        names = [seen.lead.customer.company or "" for seen in whole.leads]
        assert names == sorted(names, reverse=way == "desc")
    if field is OrderField.CREATED:
        assert found == (made if way == "desc" else made[::-1])


async def test_q5_an_order_that_takes_too_much_reading_is_refused_and_a_narrower_filter_is_not(
    source: LeadSource,
) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 9)
    for lead_id in made[:3]:
        await answer(ports, source, lead_id, at=LATER)
    with pytest.raises(SortTooLarge):
        await listed(ports, source, LATER, order="company", within=budget(rows=8))
    assert len((await listed(ports, source, LATER, order="company", within=budget(rows=9))).leads) == 9
    with pytest.raises(Unavailable):
        await listed(ports, source, LATER, order="company", within=replace(budget(), spent=lambda: 999.0))
    page = await listed(
        ports, source, LATER, order="company", status=frozenset({Status.ACCEPTED}), within=budget(rows=8)
    )
    assert len(page.leads) == 3
    assert len((await listed(ports, source, LATER, within=budget(rows=1))).leads) == 9


async def test_an_order_of_too_many_leads_is_refused_before_any_is_read(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 9)
    await publish_events(ports=ports, at=LATER, budget=budget())
    within = budget(rows=8)
    received = frozenset({Status.RECEIVED})
    # The timers have not recorded the end of these, and the counts are behind what is answered: both are seen.
    for lead_id in made[:2]:
        await answer(ports, source, lead_id, at=LATER)
    assert len((await listed(ports, source, LATER, order="company", status=received, within=within)).leads) == 7
    expired = await listed(ports, source, AT + 20 * DAY, order="company", status=received, within=within)
    assert expired.leads == ()
    narrow = {"order": "company", "customer": "alpha 00", "within": within}
    ports.leads.is_read = False
    with pytest.raises(SortTooLarge):
        await listed(ports, source, LATER, order="company", within=within)
    assert not ports.leads.is_read
    # Of a narrower filter the counts know nothing.
    with pytest.raises(SortTooLarge):
        await listed(ports, source, LATER, **narrow)
    assert ports.leads.is_read


async def test_every_way_of_listing_knows_what_this_person_has_opened_and_hearted(source: LeadSource) -> None:
    ports = fake_ports()
    made = await leads(ports, source, 3)
    mine = {"ports": ports, "partner_id": source.partner_id, "person": "ann"}
    await read_lead(**mine, lead_id=made[0], at=LATER)
    await set_favorite(**mine, lead_id=made[1], favorite=True)
    ways: list[dict[str, Any]] = [{}, {"search": "northwind"}, {"order": "company"}, {"order": "created asc"}]
    for asked in ways:
        page = await listed(ports, source, LATER, **asked)
        shown = {seen.lead.id: (seen.is_new, seen.mark.favorite) for seen in page.leads}
        if "search" not in asked:
            assert shown == {made[0]: (False, False), made[1]: (True, True), made[2]: (True, False)}
    page = await listed(ports, source, LATER, search="ada")
    assert [(seen.is_new, seen.mark.favorite) for seen in page.leads] == [(False, False), (True, True), (True, False)]


async def test_parts_that_exclude_each_other_read_nothing(source: LeadSource) -> None:
    from shared.domain.listed import FlameState

    ports = fake_ports()
    await leads(ports, source, 2)
    asked = {"flame": frozenset({FlameState.HOT}), "status": frozenset({Status.ARCHIVED})}
    assert (await listed(ports, source, LATER, **asked)).leads == ()
