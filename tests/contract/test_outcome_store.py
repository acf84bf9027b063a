"""Standings, years and lessons: the fake does what storage does (M2, M6, V3)."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.advice import EACH_MAX, PLACES_MAX, Declined, Quiet, Slow, Year
from shared.domain.likelihood import KINDS_MAX, OFFERS_MAX, Ended, Learned, offer_key
from shared.domain.standing import Norms, Standing, period, standing
from shared.ports.outcomes import Lessons, OutcomeStore
from tests.builders import AT, unique

ONE = standing([], 3, period(AT), Norms())


async def test_lessons_are_empty_before_the_first_and_then_what_was_written(outcomes: OutcomeStore) -> None:
    assert await outcomes.lessons(AT) == Lessons()
    wanted = Lessons(
        Learned(Ended(9, 3, 2, 5), {"SE/appSource/contactMe/contact/whole": Ended(5, 2, 2, 3)}), Norms(0.7), AT
    )
    await outcomes.put_lessons(wanted)
    assert await outcomes.lessons(AT + timedelta(minutes=20)) == wanted


async def test_lessons_of_any_size_can_be_written(outcomes: OutcomeStore) -> None:
    kinds = {
        f"{n:02}/azureMarketplace/contactMe/contact/{n}": Ended(10**6, 10**5, 999, 10**5) for n in range(KINDS_MAX)
    }
    offers = {offer_key(str(n)): Ended(10**6, 10**5, 1, 10**5) for n in range(OFFERS_MAX)}
    wanted = Lessons(Learned(Ended(10**9, 10**8, 20_000, 10**6), kinds, offers))
    await outcomes.put_lessons(wanted)
    assert await outcomes.lessons(AT + timedelta(minutes=20)) == wanted


async def test_a_look_that_broke_off_goes_on_from_what_it_knew(outcomes: OutcomeStore) -> None:
    assert await outcomes.under_way() == Learned()
    await outcomes.put_under_way(Learned(Ended(1, 1, 1, 1)))
    assert await outcomes.under_way() == Learned(Ended(1, 1, 1, 1))
    assert await outcomes.lessons(AT) == Lessons()


async def test_standings_are_written_together_and_read_alone_or_all(outcomes: OutcomeStore) -> None:
    names = [unique() for _ in range(130)]
    written: dict[str, Standing] = {name: replace(ONE, overdue=n, value=n / 129) for n, name in enumerate(names)}
    await outcomes.put_standings(written)
    await outcomes.put_standings({names[0]: ONE})
    written[names[0]] = ONE
    assert {name: one for name, one in (await outcomes.standings()).items() if name in written} == written
    values = {name: one for name, one in (await outcomes.standing_values()).items() if name in written}
    assert values == {name: round(one.value * 100) / 100 for name, one in written.items()}
    assert await outcomes.standings_of([*names[:2], "nobody"]) == {name: written[name] for name in names[:2]}
    await outcomes.put_standings({})


async def test_standings_are_read_in_the_order_of_partners_too(outcomes: OutcomeStore) -> None:
    first = unique()
    names = [f"{first}-{n:04}" for n in range(1_100)]
    written = {name: replace(ONE, overdue=n) for n, name in enumerate(names)}
    await outcomes.put_standings(written)
    for low, high in ((0, 0), (3, 1_050), (0, 1_099)):
        wanted = {name: written[name] for name in names[low : high + 1]}
        assert await outcomes.standings_between(names[low], names[high]) == wanted
    assert await outcomes.standings_between(f"{first}-x", f"{first}-y") == {}


async def test_m6_a_year_is_what_was_written_last(outcomes: OutcomeStore) -> None:
    one, other = unique(), unique()
    assert await outcomes.year(one, AT) == Year()
    full = Year(
        leads=10**6,
        places={f"{n} {'ö' * 75}": 10**5 for n in range(PLACES_MAX)},
        slow=Slow(10, 4, 99),
        terms=tuple(Declined(f"{n} {'漢' * 75}", 12, 8) for n in range(EACH_MAX)),
        sizes=(Declined("5001+", 12, 8),),
        quiet=tuple(Quiet(f"2026-{month:02}", 9, 90, 40) for month in range(1, 12)),
    )
    for wanted in (full, Year(leads=1)):
        await outcomes.put_year(one, wanted)
        assert await outcomes.year(one, AT) == wanted
        assert await outcomes.year(one, AT + timedelta(minutes=20)) == wanted
    assert await outcomes.year(other, AT) == Year()
