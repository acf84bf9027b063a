"""The operator's list of partners in every order, page by page, and what it reads for that (M2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import NotFound, SortTooLarge
from shared.domain.insights import Figures
from shared.domain.partner_order import PartnerField, PartnerOrder
from shared.domain.programme.partner import Partner
from shared.domain.standing import Norms, Standing, period, standing
from shared.ports.outcomes import Lessons
from shared.ports.page import Page
from shared.ports.rules import Budget
from shared.usecases.cursors import CURSOR, cursor_of, key_of
from shared.usecases.outcomes import list_partners as module
from shared.usecases.outcomes.list_partners import SeenPartner, WantedPartners, list_partners, read_partner
from tests.builders import AT
from tests.fakes.ports import FakePorts, fake_ports

LOOKED = AT - timedelta(minutes=20)
PLAIN = standing([], 0, period(AT), Norms())
NO_END = Budget(lambda: 0.0)


def with_rate(rate: float) -> Standing:
    return replace(PLAIN, figures=Figures(acceptance_rate=rate))


async def programme(count: int = 25) -> FakePorts:
    """Partners p00 and on; those of odd numbers are called Fabrikam, and every fifth has no standing yet."""
    ports = fake_ports()
    for number in range(count):
        name = f"Fabrikam {number}" if number % 2 else f"Contoso {number}"
        await ports.partners.put(Partner(f"p{number:02}", name, (), AT, AT))
    rates = {f"p{n:02}": with_rate((n * 7 % count) / count) for n in range(count) if n % 5}
    await ports.outcomes.put_standings(rates)
    await ports.outcomes.put_lessons(Lessons(at=LOOKED))
    return ports


async def pages(ports: FakePorts, wanted: WantedPartners, top: int, budget: Budget = NO_END) -> list[list[SeenPartner]]:
    found: list[list[SeenPartner]] = []
    after: str | None = None
    while not found or after:
        assert after is None or wanted.cursors.fullmatch(after)
        page = await list_partners(ports=ports, wanted=wanted, after=after, top=top, at=AT, budget=budget)
        found.append(list(page.items))
        after = page.next
        assert len(found) < 100
    return found


def ids_of(found: Sequence[Sequence[SeenPartner]]) -> list[str]:
    return [seen.partner.id for page in found for seen in page]


async def test_m2_by_id_each_partner_is_there_once_with_how_it_does() -> None:
    ports = await programme()
    found = await pages(ports, WantedPartners(performance=True), 10)
    assert [len(page) for page in found] == [10, 10, 5]
    assert ids_of(found) == [f"p{number:02}" for number in range(25)]
    first, second = found[0][:2]
    assert first.performance is None
    assert second.performance
    assert (second.performance.standing, second.performance.at) == (ports.outcomes.stood["p01"], LOOKED)
    plain = await pages(ports, WantedPartners(), 25)
    assert [len(page) for page in plain] == [25]
    assert not any(seen.performance for seen in plain[0])


@pytest.mark.parametrize("top", [1, 7, 25, 200])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", [PartnerField.ID, PartnerField.NAME, PartnerField.ACCEPTANCE_RATE])
async def test_m2_every_order_has_each_partner_once_whatever_the_page(
    field: PartnerField, descending: bool, top: int
) -> None:
    ports = await programme()
    order = PartnerOrder(field, descending)
    found = ids_of(await pages(ports, WantedPartners(order=order, performance=True), top))
    assert len(found) == len(set(found)) == 25
    stood = ports.outcomes.stood
    if field is PartnerField.ACCEPTANCE_RATE:
        assert set(found[20:]) == {"p00", "p05", "p10", "p15", "p20"}
        rates = [stood[one].figures.acceptance_rate or 0.0 for one in found[:20]]
        assert rates == sorted(rates, reverse=descending)
    elif field is PartnerField.ID:
        assert found == sorted(found, reverse=descending)
    else:
        assert found[0] == ("p09" if descending else "p00")


@pytest.mark.parametrize("order", [PartnerOrder(), PartnerOrder(PartnerField.ACCEPTANCE_RATE, descending=True)])
async def test_a_search_finds_names_and_ids_in_every_order(order: PartnerOrder) -> None:
    ports = await programme()
    wanted = WantedPartners("fábrikam", order, performance=True)
    found = await pages(ports, wanted, 5)
    assert sorted(ids_of(found)) == [f"p{number:02}" for number in range(1, 25, 2)]
    assert [len(page) for page in found] == [5, 5, 2]
    assert {seen.partner.id for page in found for seen in page if not seen.performance} == {"p05", "p15"}
    assert ids_of(await pages(ports, WantedPartners("contoso p04", order), 5)) == ["p04"]
    assert ids_of(await pages(ports, WantedPartners("nobody", order), 5)) == []


async def test_a_search_ends_where_a_page_is_full_and_where_its_budget_is_spent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ports = await programme()
    monkeypatch.setattr(module, "READ_AT_ONCE", 4)
    short = Budget(lambda: 0.0, rows=4)
    found = await pages(ports, WantedPartners("p24"), 5, short)
    assert [ids_of([page]) for page in found] == [[], [], [], [], [], [], ["p24"]]
    found = await pages(ports, WantedPartners("p"), 2, short)
    assert ids_of(found) == [f"p{number:02}" for number in range(25)]
    # The last of all may fill a page, after which there is none.
    assert len(await pages(ports, WantedPartners("contoso"), 13)) == 1


async def test_an_order_holds_no_more_than_a_page_and_reads_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    monkeypatch.setattr(module, "READ_AT_ONCE", 4)
    monkeypatch.setattr(module, "SORTED_HELD", 3)
    wanted = WantedPartners(order=PartnerOrder(PartnerField.ACCEPTANCE_RATE, descending=True), performance=True)
    whole = await pages(await programme(), wanted, 10)
    assert await pages(ports, wanted, 10) == whole


async def test_too_many_partners_are_put_in_no_order_but_listed_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    monkeypatch.setattr(module, "SORTED_MAX", 24)
    with pytest.raises(SortTooLarge):
        await pages(ports, WantedPartners(order=PartnerOrder(PartnerField.NAME)), 10)
    assert len(ids_of(await pages(ports, WantedPartners(performance=True), 10))) == 25
    monkeypatch.setattr(module, "SORTED_MAX", 25)
    assert len(ids_of(await pages(ports, WantedPartners(order=PartnerOrder(PartnerField.NAME)), 10))) == 25


async def test_standings_are_read_only_where_they_are_shown_or_ordered_by(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = await programme()
    asked: list[Any] = []
    read = ports.outcomes.standings_between

    async def told(first: str, last: str) -> dict[str, Standing]:
        asked.append((first, last))
        return await read(first, last)

    monkeypatch.setattr(ports.outcomes, "standings_between", told)
    await pages(ports, WantedPartners(), 10)
    await pages(ports, WantedPartners(order=PartnerOrder(PartnerField.NAME)), 50)
    assert asked == []
    await list_partners(ports=ports, wanted=WantedPartners(performance=True), after="p09", top=3, at=AT, budget=NO_END)
    assert asked == [("p10", "p12")]
    found = await list_partners(
        ports=ports,
        wanted=WantedPartners(order=PartnerOrder(PartnerField.OVERDUE)),
        after=None,
        top=3,
        at=AT,
        budget=NO_END,
    )
    assert asked[1:] == [("p00", "p24")]
    assert not any(seen.performance for seen in found.items)


async def test_one_partner_is_read_as_a_list_has_it() -> None:
    ports = await programme()
    seen = await read_partner(ports=ports, partner_id="p01", at=AT)
    assert seen == (await pages(ports, WantedPartners(performance=True), 2))[0][1]
    assert (await read_partner(ports=ports, partner_id="p00", at=AT)).performance is None
    with pytest.raises(NotFound):
        await read_partner(ports=ports, partner_id="nobody", at=AT)


async def test_an_empty_programme_has_an_empty_list() -> None:
    ports = fake_ports()
    for wanted in (WantedPartners(performance=True), WantedPartners("x", PartnerOrder(PartnerField.NAME))):
        empty: Page[SeenPartner] = Page([], None)
        page = await list_partners(ports=ports, wanted=wanted, after=None, top=5, at=AT, budget=NO_END)
        assert (list(page.items), page.next) == empty


def test_a_cursor_is_the_key_it_was_made_of() -> None:
    for key in (("0", "0000000000.500000", "p01"), ("1", "åäö", "x")):
        assert CURSOR.fullmatch(cursor_of(key))
        assert key_of(cursor_of(key)) == key
    assert key_of("x") is None
    assert key_of("eyJhIjoxfQ") is None
