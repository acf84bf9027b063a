"""Both ways of telling, event by event."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.simulation.arrivals import Arrival, Load
from bench.simulation.by_queues import by_queues
from bench.simulation.by_timer import by_timer
from bench.simulation.demand import Sizes
from bench.simulation.parameters import Parameters
from bench.simulation.telling import Told, lane_limit
from bench.simulation.year import Programme, group_of

P = Parameters()
SIZES = Sizes.of(P)
WAYS = [by_timer, by_queues]
Way = Callable[[Parameters, Sizes, Load], Told]


def steady(rate: float, seconds: float = 1_800, p: Parameters = P) -> Load:
    return Load.steady(p, SIZES, rate, seconds, timed=0.35, new=0.31)


def mean(told: Told) -> float:
    return sum(told.lags) / len(told.lags)


def test_an_event_told_by_a_timer_by_hand() -> None:
    """It waits for the run at ten seconds; then the look, its partner's relay, and the webhook's turn."""
    told = by_timer(P, SIZES, Load(60.0, [Arrival(3.0, 0, mailed=False)], []))
    look = P.look_cpu + 2 * P.round_trip
    relay = P.relay_cpu + P.relay_event_cpu + P.relay_trips * P.round_trip
    turn = P.lane_cpu + P.lane_event_cpu + P.call_cpu + (P.lane_trips + 1) * P.round_trip + P.reply_seconds
    assert told.lags == [pytest.approx(7.0 + look + relay + turn)]
    # Runs at 0, 10 … 60; only the second found something.
    assert told.executions == 7
    assert told.requests == pytest.approx(
        6 + P.look_requests + P.relay_requests + P.lane_requests + P.lane_event_requests
    )


def test_an_event_told_by_queues_by_hand() -> None:
    """Each queue is looked at as long pauses say, since nothing had come before."""
    p = replace(P, poll_least_seconds=2.0, poll_most_seconds=2.0)
    told = by_queues(p, SIZES, Load(60.0, [Arrival(3.0, 0, mailed=False)], []))
    relayed = 4.0 + p.invoke_cpu + p.relay_cpu + p.relay_event_cpu + p.put_cpu + p.relay_trips * p.round_trip
    assert 4.0 < relayed < 6.0
    turn = p.invoke_cpu + p.lane_cpu + p.lane_event_cpu + p.call_cpu
    turn += (p.lane_trips + 1) * p.round_trip + p.reply_seconds
    assert told.lags == [pytest.approx(6.0 + turn - 3.0)]
    assert (told.tell_messages, told.lane_messages) == (1, 1)


@pytest.mark.parametrize("way", WAYS)
def test_every_event_is_told_or_left(way: Way) -> None:
    """All partners have a webhook that works: no event ends otherwise."""
    p = replace(P, with_webhook=1.0, failing_every=10_000, hanging_every=20_000)
    busy = steady(20.0, 600, p)
    told = way(p, SIZES, busy)
    assert told.came == len(busy.events)
    assert len(told.lags) + told.left == told.came
    assert min(told.lags) > 0
    # With a quiet time behind them, nothing is left.
    told = way(p, SIZES, Load(1_200.0, busy.events, busy.retries))
    assert (len(told.lags), told.left) == (len(busy.events), 0)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_gives_the_same(way: Way) -> None:
    assert way(P, SIZES, steady(5.0, 600)) == way(P, SIZES, steady(5.0, 600))
    other = replace(P, seed=1)
    assert way(P, SIZES, steady(5.0, 600)).lags != way(other, SIZES, steady(5.0, 600, other)).lags


def test_lag_by_a_timer_grows_with_the_load() -> None:
    lags = [mean(by_timer(P, SIZES, steady(rate, 900))) for rate in (1.0, 10.0, 60.0)]
    assert lags == sorted(lags)
    assert lags[-1] > 5 * lags[0]


def test_lag_by_queues_grows_with_the_load_once_instances_are_full() -> None:
    """A message takes 25 ms of the only instance's core, so forty a second are too many."""
    p = replace(P, tell_instances=1, lane_instances=1, invoke_cpu=0.02)
    lags = [mean(by_queues(p, SIZES, steady(rate, 300, p))) for rate in (10.0, 30.0, 60.0)]
    assert lags == sorted(lags)
    assert lags[-1] > 5 * lags[0]


def test_more_come_than_a_timer_tells() -> None:
    assert by_timer(P, SIZES, steady(10.0)).keeps_up
    assert not by_timer(P, SIZES, steady(500.0, 600)).keeps_up


def test_a_relay_of_several_partners_at_once_is_faster() -> None:
    together = replace(P, relays_at_once=8)
    assert mean(by_timer(together, SIZES, steady(30.0, 600))) < 0.7 * mean(by_timer(P, SIZES, steady(30.0, 600)))


def test_what_hangs_delays_nobody_but_keeps_a_run_under_way() -> None:
    alone = by_timer(P, SIZES, Load(60.0, [Arrival(3.0, 0, mailed=False)], []))
    beside = by_timer(P, SIZES, Load(60.0, [Arrival(3.0, 0, mailed=False)], [(1.0, "hangs")]))
    assert beside.billed > alone.billed + P.hang_seconds - 2
    assert beside.lags == pytest.approx(alone.lags, abs=0.1)


def test_one_webhook_takes_four_at_a_time() -> None:
    assert lane_limit(replace(P, calls_at_once=4, round_trip=0.05, reply_seconds=0.2)) == pytest.approx(16.0)


def test_a_year_late_by_what_does_not_keep_up(programme: Programme) -> None:
    """Every working day more come than a capacity of little over the mean; at a hundred times it nothing waits."""
    mean_rate = sum(programme.rates) / len(programme.rates)
    tight, _ = programme.lag_and_use("timer", 1.0, mean_rate * 1.05)
    wide, _ = programme.lag_and_use("timer", 1.0, mean_rate * 100)
    assert wide.late == 0
    assert tight.late > 0.3
    assert tight.quantiles[1] > 3_600 > wide.quantiles[2]
    assert list(tight.quantiles) == sorted(tight.quantiles)


@pytest.mark.parametrize("way", ["timer", "queues"])
def test_groups_of_minutes_say_what_the_hour_says_event_by_event(programme: Programme, way: str) -> None:
    by_groups, by_events = programme.hour(way, 1.0)
    assert by_groups[0] == pytest.approx(by_events[0], rel=0.3)
    assert by_groups[1] == pytest.approx(by_events[1], rel=0.3)


def test_groups_by_rate() -> None:
    assert [group_of(rate) for rate in (0.0, 0.01, 0.05, 0.075, 0.1125)] == [-1, 0, 0, 1, 2]
