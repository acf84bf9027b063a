"""How long is waited (W2)."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.telling.retry import DELAYS, GIVE_UP_AFTER, lane_waits, next_try
from tests.builders import AT


@given(st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_w2_delays_grow_with_jitter_and_end_after_three_days(jitters: list[float]) -> None:
    at, tries = AT, [AT]
    for failures, jitter in enumerate(jitters, 1):
        following = next_try(AT, failures, at, jitter, None)
        if following is None:
            break
        at = following
        tries.append(at)
    assert tries[-1] == AT + GIVE_UP_AFTER
    assert 12 <= len(tries) <= 20
    for number, (before, after) in enumerate(pairwise(tries[:-1])):
        delay = DELAYS[min(number, len(DELAYS) - 1)]
        assert delay * 0.8 <= after - before <= delay * 1.2
    assert next_try(AT, 1, AT, 0.5, timedelta(hours=5)) == AT + timedelta(hours=5)
    assert next_try(AT, 1, AT, 0.5, timedelta(days=30)) == AT + GIVE_UP_AFTER


def test_w2_a_lane_waits_longer_after_each_failed_turn_in_a_row() -> None:
    waits = [lane_waits(n) for n in range(12)]
    assert waits == sorted(waits)
    assert (waits[0], waits[1], waits[11]) == (timedelta(), timedelta(seconds=5), timedelta(minutes=15))
    assert sum(waits[:4], timedelta()) == timedelta(seconds=50), "who was down for so long hears within half a minute"
