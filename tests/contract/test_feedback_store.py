"""Feedback by its lead and in one list: the fake does what storage does (M8)."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.contact import ALWAYS
from shared.domain.feedback import TEXT_MAX, Feedback, FeedbackFilter, Rated
from shared.domain.lead import Actor, Offer, Source, Tab
from shared.ids import FEEDBACK_CURSOR, new_lead_id
from shared.ports.errors import LostRace
from shared.ports.feedback import FeedbackStore, Ratings
from tests.builders import ANN, AT, DAY, unique

MINUTE = timedelta(minutes=1)
CRM = Offer("contoso.crm", "Contoso CRM")


def said(partner_id: str, minutes: int = 0, **changes: Any) -> Feedback:
    at = AT + minutes * MINUTE
    made = Feedback(
        partner_id, new_lead_id(Tab.MARKETPLACE, AT), ANN, 4, "Good.", at, at, ALWAYS, Source.APP_SOURCE, CRM
    )
    return replace(made, **changes)


def never() -> bool:
    return False


async def pages(
    store: FeedbackStore, wanted: FeedbackFilter, top: int, is_over: Callable[[], bool] = never
) -> list[Feedback]:
    """Everything that is wanted, page by page."""
    found: list[Feedback] = []
    after = None
    while True:
        page = await store.page(wanted, after, top, is_over)
        assert len(page.items) <= top
        found += page.items
        if page.next is None:
            return found
        assert FEEDBACK_CURSOR.fullmatch(page.next)
        after = page.next


async def test_feedback_is_found_by_person_by_lead_and_in_the_list(feedback: FeedbackStore) -> None:
    mine = unique()
    first = said(mine)
    second = said(mine, 1, lead_id=first.lead_id, by=Actor("person", "bob/\\#?'", "Bob"), rating=1, text=None)
    elsewhere = said(mine, 2, source=None, offer=None)
    for one in (first, second, elsewhere):
        await feedback.put(one, None)
    stored = await feedback.get(mine, first.lead_id, "ann")
    assert stored
    assert stored.feedback == first
    assert await feedback.get(mine, first.lead_id, "eve") is None
    assert await feedback.get(unique(), first.lead_id, "ann") is None
    assert await feedback.of_lead(mine, first.lead_id) == [second, first]
    assert await feedback.of_lead(unique(), first.lead_id) == []
    assert await pages(feedback, FeedbackFilter(partner_id=mine), 50) == [elsewhere, second, first]


@pytest.mark.parametrize("later", [timedelta(), DAY])
async def test_what_is_said_again_takes_the_place_of_what_was(feedback: FeedbackStore, later: timedelta) -> None:
    mine = unique()
    first = said(mine)
    await feedback.put(first, None)
    before = await feedback.get(mine, first.lead_id, "ann")
    second = replace(first, rating=1, text=None, updated_at=AT + later)
    await feedback.put(second, before)
    assert await feedback.of_lead(mine, first.lead_id) == [second]
    assert await pages(feedback, FeedbackFilter(partner_id=mine), 50) == [second]
    # Who has read what is no more loses, and so does who believes that there is nothing.
    for stale in (before, None):
        with pytest.raises(LostRace):
            await feedback.put(replace(first, rating=2), stale)
    assert await pages(feedback, FeedbackFilter(partner_id=mine), 50) == [second]


async def test_of_two_at_once_one_wins_and_the_list_has_that_one(feedback: FeedbackStore) -> None:
    mine = unique()
    first = said(mine)
    two = (first, replace(first, rating=2, updated_at=AT + MINUTE))
    results = await asyncio.gather(*(feedback.put(one, None) for one in two), return_exceptions=True)
    assert sorted(type(one) for one in results if one is not None) == [LostRace]
    (won,) = (one for one, result in zip(two, results, strict=True) if result is None)
    assert await feedback.of_lead(mine, first.lead_id) == await pages(feedback, FeedbackFilter(partner_id=mine), 9)
    assert await feedback.of_lead(mine, first.lead_id) == [won]


async def test_what_was_stored_already_counts_as_stored(feedback: FeedbackStore) -> None:
    one = said(unique())
    await feedback.put(one, None)
    await feedback.put(one, None)
    assert await feedback.of_lead(one.partner_id, one.lead_id) == [one]


async def test_the_longest_text_fits_whatever_it_is_written_in(feedback: FeedbackStore) -> None:
    one = said(unique(), text="\U0001f600" * TEXT_MAX, offer=Offer("x" * 256, "\u0151" * 256))
    await feedback.put(one, None)
    assert await pages(feedback, FeedbackFilter(partner_id=one.partner_id), 9) == [one]


FILTERS: dict[str, tuple[FeedbackFilter, list[int]]] = {
    "all": (FeedbackFilter(), [0, 1, 2, 3, 5]),
    "from": (FeedbackFilter(said_from=AT + 2 * MINUTE), [2, 3, 5]),
    "until": (FeedbackFilter(said_until=AT + 2 * MINUTE), [0, 1, 2]),
    "between": (FeedbackFilter(AT + MINUTE, AT + 3 * MINUTE, ratings=frozenset({1, 2})), [1, 2, 3]),
    "later": (FeedbackFilter(said_from=AT + DAY), []),
    "a source": (FeedbackFilter(sources=frozenset({Source.APP_SOURCE})), [0, 5]),
    "sources": (FeedbackFilter(sources=frozenset({Source.APP_SOURCE, Source.OTHER}), ratings=frozenset({4})), [0]),
    "an id": (FeedbackFilter(offer="CONTOSO.crm"), [0]),
    "a title": (FeedbackFilter(offer="contoso  ERP"), [1]),
    "a quote": (FeedbackFilter(offer="O'Reilly's"), [5]),
    "a part": (FeedbackFilter(offer="contoso"), []),
    "tests": (FeedbackFilter(include_test=True), [0, 1, 2, 3, 4, 5]),
    "much": (FeedbackFilter(include_test=True, offer="contoso crm", ratings=frozenset({5})), [4]),
    "nobody": (FeedbackFilter(partner_id="nobody'"), []),
}


@pytest.mark.parametrize("name", FILTERS)
async def test_every_filter_finds_what_it_takes_page_by_page(feedback: FeedbackStore, name: str) -> None:
    mine = unique()
    wanted, numbers = FILTERS[name]
    wanted = wanted if wanted.partner_id else replace(wanted, partner_id=mine)
    made = [
        said(mine, 0),
        said(mine, 1, rating=1, source=Source.OTHER, offer=Offer(None, "Contoso ERP")),
        said(mine, 2, rating=2, source=None, offer=None),
        said(mine, 3, rating=2, source=Source.AZURE_PORTAL, offer=Offer("contoso.erp", None)),
        said(mine, 4, rating=5, is_test=True),
        said(mine, 5, rating=3, offer=Offer(None, "O'Reilly's")),
        said(unique(), 6),
    ]
    for one in made:
        await feedback.put(one, None)
    expected = [made[n] for n in reversed(numbers)]
    assert [one for one in reversed(made) if wanted.takes(one)] == expected
    for top in (1, 2, 50):
        assert await pages(feedback, wanted, top) == expected
    # To be over changes where a page ends, not what is found in the end.
    assert await pages(feedback, wanted, 2, lambda: True) == expected
    assert [one.rating for one in await rated(feedback.ratings(wanted))] == [one.rating for one in expected]


async def rated(coming: AsyncGenerator[Ratings, None]) -> list[Rated]:
    """All of them; the last says that it is."""
    found: list[Rated] = []
    async with aclosing(coming):
        async for some in coming:
            found += some.rows
            if some.is_last:
                break
        else:
            raise AssertionError("nobody said that it was over")
    return found


async def test_ratings_say_of_which_source_and_offer(feedback: FeedbackStore) -> None:
    mine = unique()
    await feedback.put(said(mine), None)
    await feedback.put(said(mine, 1, source=None, offer=None), None)
    await feedback.put(said(mine, 2, offer=Offer(None, "Contoso ERP")), None)
    assert await rated(feedback.ratings(FeedbackFilter(partner_id=mine))) == [
        Rated(4, "appSource", "", "Contoso ERP"),
        Rated(4, "", "", ""),
        Rated(4, "appSource", "contoso.crm", "Contoso CRM"),
    ]
