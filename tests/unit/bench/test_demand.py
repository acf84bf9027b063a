"""A year's demand: everybody who comes is accounted for."""

from dataclasses import replace

import pytest

from bench.simulation.demand import (
    DAY,
    DAYS,
    Demand,
    Sizes,
    demand,
    kind_of_webhook,
    mails_of_day,
    retries,
    timed_shares,
)
from bench.simulation.parameters import Parameters
from bench.simulation.year import Programme

P = Parameters()


@pytest.fixture
def year(programme: Programme) -> Demand:
    return programme.demand


def test_every_lead_is_accounted_for(year: Demand) -> None:
    ledger = year.ledger
    assert sum(year.leads) == pytest.approx(P.leads_a_year)
    assert ledger.accepted + ledger.declined + ledger.expired + ledger.waiting == pytest.approx(ledger.came)
    assert 0 < ledger.waiting < sum(year.day_leads[-20:])
    assert sum(year.answers) == pytest.approx(ledger.accepted + ledger.declined + ledger.closed)


def test_who_is_answered_at_once_or_never_waits_as_long_as_it_may() -> None:
    """Counted otherwise than the ledger does: who waits at the end came in the last two weeks and is not answered."""
    year = demand(replace(P, answered_after=(1.0,), weekend_people=1.0))
    never = 1 - P.accepted - P.declined
    assert year.ledger.waiting == pytest.approx(never * sum(year.day_leads[-P.expiry_days :]))


def test_what_time_does_comes_to_the_minute_so_many_days_later(year: Demand) -> None:
    minute = 100 * DAY + 777
    expected = sum(share * year.leads[minute - days * DAY] for days, _, share in timed_shares(P))
    assert year.timed[minute] == pytest.approx(expected)
    assert sum(year.timed[: P.cooling_days * DAY]) == 0


def test_shares_of_what_time_does_by_hand() -> None:
    """Of ten leads six are answered, half of them at once and half on day eight; half have a flame."""
    p = replace(P, accepted=0.6, declined=0.0, flames=0.5, answered_after=(0.5, *(0.0,) * 7, 0.5))
    found = {(timer, days): share for days, timer, share in timed_shares(p)}
    assert found["cool", 3] == pytest.approx(0.35)
    assert found["remind", 7] == pytest.approx(0.7)
    assert found["remind", 12] == found["expire", 14] == pytest.approx(0.4)


def test_campaigns_and_month_ends_are_busier(year: Demand) -> None:
    by_day = year.day_leads
    first = P.campaign_days[0]
    assert by_day[first] > 2.5 * by_day[first - 7]
    # The last of January 2026 is a Saturday.
    assert by_day[30] == pytest.approx(P.month_end_factor * by_day[23])
    assert len(by_day) == DAYS


def test_sizes_by_hand() -> None:
    sizes = Sizes.of(replace(P, partners=3))
    assert sizes.shares == pytest.approx((6 / 11, 3 / 11, 2 / 11))
    assert [sizes.pick(chance) for chance in (0.0, 0.5, 0.6, 0.9, 1.0)] == [0, 0, 1, 2, 2]


def test_mails_of_a_day_by_hand() -> None:
    """Of 220 leads half are mailed: 60, 30 and 20; at 25 a day the first two have a digest."""
    p = replace(P, partners=3, mailed=0.5)
    assert mails_of_day(p, Sizes.of(p), 220, 25) == pytest.approx((25 + 25 + 20, 2))
    assert mails_of_day(p, Sizes.of(p), 220, 1_000) == pytest.approx((110, 0))
    assert mails_of_day(p, Sizes.of(p), 0, 25) == (0, 0)


def test_webhooks_are_the_largest_partners_and_some_do_not_work() -> None:
    kinds = [kind_of_webhook(P, rank) for rank in range(P.partners)]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "none": 3_000,
        "fails": 200,
        "hangs": 40,
        "works": 1_760,
    }
    assert "none" not in kinds[:2_000]


def test_a_dead_receiver_is_tried_so_often_and_never_more_than_its_lane_rests() -> None:
    p = replace(P, partners=10, with_webhook=1.0, attempts=15, lane_rest_seconds=900)
    share = Sizes.of(p).shares[5]
    assert retries(p, Sizes.of(p), 1e-4, "fails") == pytest.approx(1e-4 * share * 15)
    assert retries(p, Sizes.of(p), 100, "fails") == pytest.approx(1 / 900)
