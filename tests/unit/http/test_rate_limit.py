"""How fast one caller may go on (S3)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import TooManyRequests
from shared.http.rate_limit import CALLERS_MAX, REMEMBERED_SECONDS, Remembered, TokenBuckets


class Watch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def taken(buckets: TokenBuckets, caller: str, tries: int) -> int:
    found = 0
    for _ in range(tries):
        try:
            buckets.take(caller)
        except TooManyRequests:
            continue
        found += 1
    return found


def test_a_burst_then_so_many_a_second_each_caller_alone() -> None:
    watch = Watch()
    buckets = TokenBuckets(50, 200, watch)
    assert taken(buckets, "a", 300) == 200
    assert taken(buckets, "b", 10) == 10
    watch.seconds = 1
    assert taken(buckets, "a", 300) == 50
    watch.seconds = 1000
    assert taken(buckets, "a", 300) == 200


def test_who_is_refused_is_told_when_to_come_again() -> None:
    watch = Watch()
    buckets = TokenBuckets(0.1, 1, watch)
    buckets.take("a")
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("a")
    assert refused.value.retry_after_seconds == 10
    watch.seconds = 10
    buckets.take("a")


def test_callers_do_not_fill_the_memory() -> None:
    buckets = TokenBuckets(1, 1, Watch())
    for n in range(CALLERS_MAX + 10):
        buckets.take(str(n))
    assert len(buckets._buckets) == CALLERS_MAX


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.floats(0.5, 20), st.integers(1, 10))
def test_in_no_time_span_more_than_burst_and_rate_allow(waits: list[float], rate: float, burst: int) -> None:
    watch = Watch()
    buckets = TokenBuckets(rate, burst, watch)
    passed: list[float] = []
    for wait in waits:
        watch.seconds += wait
        passed += [watch.seconds] * taken(buckets, "a", 3)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            span = passed[last] - start
            assert last - first + 1 <= math.floor(burst + span * rate + 1e-6)


async def test_what_anybody_may_ask_for_is_remembered_for_a_moment() -> None:
    watch, asked = Watch(), []
    remembered: Remembered[int] = Remembered(watch)

    async def ask() -> int:
        asked.append(watch.seconds)
        return len(asked)

    assert [await remembered.get("a", ask) for _ in range(3)] == [1, 1, 1]
    assert await remembered.get("b", ask) == 2
    watch.seconds = REMEMBERED_SECONDS
    assert await remembered.get("a", ask) == 3
    for n in range(CALLERS_MAX + 10):
        remembered.note(str(n), n)
    assert len(remembered._known) == CALLERS_MAX
