"""A range that is read in several parts at once is read whole, once, in its order, with the fewest requests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.lead import Tab
from shared.ids import new_lead_id, position
from shared.storage import keys, reads
from shared.storage.leads.columns import Columns
from shared.storage.reads import Query, Range, Reading, walk
from shared.storage.rest.service import RowPage, Token
from tests.builders import AT


@dataclass
class Stored:
    """Rows of one table in memory: `scans` rows are looked through for an answer, as storage does when it is slow."""

    rows: Sequence[str]
    is_wanted: Callable[[str], bool] = lambda _: True
    scans: int = 1_000
    delays: Sequence[int] = (0,)
    asked: list[Query] = field(default_factory=list)
    under_way: int = 0
    at_once: int = 0

    async def page_of(
        self, kind: type[Columns], condition: str, top: int, select: Sequence[str], token: Token | None
    ) -> RowPage[Columns]:
        raise AssertionError

    async def answer(self, query: Query, top: int, token: Token | None) -> RowPage[Columns]:
        self.asked.append(query)
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        for _ in range(self.delays[len(self.asked) % len(self.delays)]):
            await asyncio.sleep(0)
        self.under_way -= 1
        behind = [key for key in self.rows if query.low < key < query.high and (token is None or key >= token[1])]
        looked = behind[: self.scans]
        found = [key for key in looked if self.is_wanted(key)][:top]
        if len(found) == top:
            looked = looked[: looked.index(found[-1]) + 1]
        rest = behind[len(looked) :]
        return RowPage([Columns(key) for key in found], ("p", rest[0]) if rest else None, 10 * len(found))

    async def page(
        self, condition: str, top: int, select: Sequence[str], token: Token | None
    ) -> RowPage[dict[str, str]]:
        """What `_reached` asks: the next row of all."""
        assert token is not None
        return RowPage([{"RowKey": key} for key in self.rows if key >= token[1]][:1], None, 0)


class Small(Reading):
    """Reads of a few rows."""

    async def page(self, query: Query, top: int, token: Token | None) -> RowPage[Columns]:
        return await self.table.answer(query, top, token)  # type: ignore[attr-defined] # rows in memory

    def fitting(self, page: RowPage[Columns]) -> int:
        return 5


def row_keys(times: Sequence[int], tab: Tab) -> list[str]:
    return sorted(keys.lead(new_lead_id(tab, AT - timedelta(milliseconds=at))) for at in times)


def place(row_key: str) -> str:
    return position(keys.lead_of(row_key))


def places(row_keys: Sequence[str]) -> list[str]:
    return list(map(place, row_keys))


async def walked(stores: dict[Tab, Stored], width: int) -> list[str]:
    """The positions that a walk gives; each batch ends where it says."""
    ranges = [
        Range(Query("p", f"lead|{tab}", f"lead|{tab}~"), Small(stored, [], kind=Columns, width=width), places)  # type: ignore[arg-type] # rows in memory
        for tab, stored in stores.items()
    ]
    found: list[str] = []
    async for rows, covered in walk(ranges, None):
        found += [place(row.row_key) for _, row, _ in rows]
        assert not found or covered is None or found[-1] <= covered
    return found


# Times in bursts and with gaps, so that guesses at how many leads come in a time are wrong.
bursts = st.lists(
    st.tuples(st.integers(0, 10**11), st.integers(0, 40), st.sampled_from([0, 1, 1_000, 10**7])), max_size=6
).map(lambda made: [begin + n * apart for begin, count, apart in made for n in range(count)])


@settings(max_examples=300, deadline=None)
@given(
    bursts,
    bursts,
    st.sampled_from([1, 2, 4]),
    st.sampled_from([1, 3, 1_000]),
    st.integers(1, 5),
    st.lists(st.integers(0, 6), min_size=1, max_size=5),
)
def test_every_lead_comes_once_in_its_order(
    offers: list[int], qualified: list[int], width: int, scans: int, share: int, delays: list[int]
) -> None:
    both = {Tab.MARKETPLACE: row_keys(offers, Tab.MARKETPLACE), Tab.QUALIFIED: row_keys(qualified, Tab.QUALIFIED)}

    def is_wanted(key: str) -> bool:
        return int(key[-4:], 16) % share == 0

    stores = {tab: Stored(rows, is_wanted, scans, delays) for tab, rows in both.items()}
    expected = sorted(place(key) for rows in both.values() for key in rows if is_wanted(key))
    assert asyncio.run(walked(stores, width)) == expected
    for stored in stores.values():
        assert stored.at_once <= width


@pytest.mark.parametrize(("width", "most", "at_once"), [(1, 201, 1), (4, 270, 4)])
async def test_even_ranges_are_cut_where_pages_end(
    monkeypatch: pytest.MonkeyPatch, width: int, most: int, at_once: int
) -> None:
    monkeypatch.setattr(reads, "PAGE_FIRST", 5)
    stored = Stored(row_keys(range(0, 10**7, 10**4), Tab.MARKETPLACE), delays=(3,))
    assert len(await walked({Tab.MARKETPLACE: stored}, width)) == 1_000
    assert len(stored.asked) <= most
    assert stored.at_once == at_once


async def test_whoever_stops_after_the_first_page_has_asked_for_one_more_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reads, "PAGE_FIRST", 5)
    stored = Stored(row_keys(range(0, 10**6, 10**3), Tab.MARKETPLACE))
    reading = Small(stored, [], kind=Columns, width=4)  # type: ignore[arg-type] # rows in memory
    one = Range(Query("p", "lead|m", "lead|m~"), reading, places)
    await one.fill()
    assert len(one.take(None)) == 5
    assert len(stored.asked) == 2
    await one.close()


def test_a_bound_stands_between_the_leads_of_two_times() -> None:
    first, *_, last = made = row_keys(range(0, 5_000, 1_000), Tab.QUALIFIED)
    assert keys.milliseconds_between(first, last) == 4_000
    bounds = [keys.older(first, n * 1_000) for n in range(1, 5)]
    assert sorted([*made, *bounds]) == [one for pair in zip(made, [*bounds, ""], strict=True) for one in pair if one]
    ages = [keys.older(first, years * 366 * 86_400_000) for years in (1, 50, 60, 10_000)]
    assert all(earlier <= later for earlier, later in pairwise(ages))
    assert ages[-1] < "lead|q~"
