"""The simulation's mechanics against what theory and a pencil say."""

import random
from collections.abc import Callable

import pytest

from bench.simulation.queueing import (
    Clock,
    Group,
    Instance,
    Work,
    busy_share,
    erlang_c,
    fluid,
    mean_wait_mg1,
    mean_wait_mmc,
    next_poll,
    weighted_quantiles,
)

MANY = 40_000


def served(servers: int, rate: float, service: Callable[[random.Random], float]) -> list[tuple[float, float, float]]:
    """When each of many that come at random came, was begun and was done, with one at a time on each instance."""
    chance, clock = random.Random(7), Clock()
    found: list[tuple[float, float, float]] = []

    def begin(came: float, began: float) -> Work:
        return Work(service(chance), 0.0, lambda ended: found.append((came, began, ended)))

    group = Group[float](clock, begin, slots=1, most=servers, instances=[Instance() for _ in range(servers)])
    at = 0.0
    for _ in range(MANY):
        at += chance.expovariate(rate)
        clock.at(at, lambda: group.put(clock.now))
    clock.run()
    assert len(found) == group.messages == MANY
    return found


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.6), (3, 2.1), (8, 6.4)])
def test_waits_are_those_of_m_m_c(servers: int, rate: float) -> None:
    found = served(servers, rate, lambda chance: chance.expovariate(1.0))
    waited = sum(began - came for came, began, _ in found) / MANY
    assert waited == pytest.approx(mean_wait_mmc(rate, 1.0, servers), rel=0.1)
    share = sum(began - came > 1e-9 for came, began, _ in found) / MANY
    assert share == pytest.approx(erlang_c(servers, rate), rel=0.05)


def test_waits_are_those_of_m_g_1() -> None:
    """Four of five take half a second, the fifth three."""
    found = served(1, 0.7, lambda chance: 0.5 if chance.random() < 0.8 else 3.0)
    waited = sum(began - came for came, began, _ in found) / MANY
    assert waited == pytest.approx(mean_wait_mg1(0.7, 1.0, 0.8 * 0.25 + 0.2 * 9), rel=0.1)


def test_littles_law_holds() -> None:
    """How many are there on the average, looked at from outside at even times, is the rate by the time each stays."""
    rate = 2.1
    found = served(3, rate, lambda chance: chance.expovariate(1.0))
    last = max(ended for *_, ended in found)
    moments = [last * (n + 0.5) / 20_000 for n in range(20_000)]
    changes = sorted([(came, 1) for came, *_ in found] + [(ended, -1) for *_, ended in found])
    there = seen = at = 0
    for moment in moments:
        while at < len(changes) and changes[at][0] <= moment:
            there += changes[at][1]
            at += 1
        seen += there
    stayed = sum(ended - came for came, _, ended in found) / MANY
    assert seen / len(moments) == pytest.approx(MANY / last * stayed, rel=0.02)


def test_erlang_c_by_hand() -> None:
    assert erlang_c(1, 0.3) == pytest.approx(0.3)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(2, 2.0) == 1.0
    assert mean_wait_mmc(0.5, 1.0, 1) == pytest.approx(1.0)
    assert mean_wait_mg1(0.5, 1.0, 1.0) == pytest.approx(0.5)


def test_a_fluid_queue_by_hand() -> None:
    assert fluid([5, 30, 10, 0, 20], 12) == [0, 18, 16, 4, 12]


def test_a_fluid_queue_is_what_is_left_of_many_one_by_one() -> None:
    """Twelve a second come for a minute where ten are done, then five: 120 are left, and 24 seconds later none."""
    clock, left = Clock(), []
    group = Group[None](clock, lambda *_: Work(0.1, 0.0, lambda _: None), slots=1, most=1, instances=[Instance()])
    for n in range(720):
        clock.at(n / 12, lambda: group.put(None))
    for n in range(300):
        clock.at(60 + n / 5, lambda: group.put(None))
    for second in (60, 72, 90):
        clock.run(second)
        left.append(len(group.queue))
    assert left == [pytest.approx(level, abs=2) for level in (120, 60, 0)]


@pytest.mark.parametrize(("now", "looked"), [(0.05, 0.1), (0.2, 0.3), (1.0, 1.5), (1.6, 3.1), (4.0, 5.1), (5.2, 7.1)])
def test_an_empty_queue_is_looked_at_ever_more_rarely(now: float, looked: float) -> None:
    """After a tenth of a second, then two, four, eight, sixteen, and every two seconds from then on."""
    assert next_poll(0.0, now, 0.1, 2.0) == pytest.approx(looked)


def test_what_overlaps_is_billed_once_and_a_second_at_the_least() -> None:
    instance = Instance()
    instance.bill(10.0, 10.2, 1.0, 0.1)
    assert instance.billed == pytest.approx(1.0)
    instance.bill(10.5, 10.7, 1.0, 0.1)
    assert instance.billed == pytest.approx(1.5)
    instance.bill(20.0, 22.34, 1.0, 0.1)
    assert instance.billed == pytest.approx(1.5 + 2.4)


def test_a_core_works_on_one_after_the_other() -> None:
    instance = Instance()
    assert [instance.compute(0.0, 2.0), instance.compute(1.0, 2.0), instance.compute(9.0, 1.0)] == [2.0, 4.0, 10.0]
    assert instance.worked == 5.0


def test_instances_come_by_steps_and_go_when_nobody_wants_them() -> None:
    clock = Clock()
    group = Group[int](
        clock,
        lambda *_: Work(0.0, 100.0, lambda _: None),
        slots=10,
        most=9,
        step=4,
        cold=3.0,
        kept=2,
        kept_last=4,
        instances=[Instance()],
    )
    for n in range(120):
        clock.at(0.0, lambda n=n: group.put(n))
    counts = []
    for decision in range(1, 14):
        clock.run(30.0 * decision)
        group.scale()
        counts.append(len(group.instances))
    # Twelve would be wanted at first; those who began at 33 s are done at 133 s, and the last at 200 s or so.
    assert counts[:3] == [5, 9, 9]
    assert counts[-1] == 0
    assert 1 in counts
    assert not group.queue


def test_a_share_of_time_is_busy() -> None:
    assert busy_share(0.0, 1.0) == 0.0
    assert busy_share(1.0, 1.0) == pytest.approx(0.632, abs=0.001)


def test_quantiles_by_weight() -> None:
    values = [(3.0, 1.0), (1.0, 6.0), (2.0, 3.0)]
    assert weighted_quantiles(values, [0.5, 0.6, 0.61, 0.95]) == [1.0, 1.0, 2.0, 3.0]
    assert weighted_quantiles([], [0.5]) == [0.0]
