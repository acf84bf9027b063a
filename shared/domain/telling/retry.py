"""When a webhook is tried again (W2): growing, jittered delays over three days, then it is parked."""

from datetime import datetime, timedelta

DELAYS = tuple(
    timedelta(seconds=s)
    for s in (5, 30, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 43200, 43200, 43200, 43200)
)
"""After the first, second … failure."""
GIVE_UP_AFTER = timedelta(days=3)
DISABLE_AFTER = timedelta(days=5)
"""A subscription that has failed for so long is disabled."""
QUIET_FOR = timedelta(days=7)
"""Without an attempt for so long nobody knows how a receiver has been doing: the five days begin anew."""
LANE_DELAYS = tuple(timedelta(seconds=s) for s in (5, 15, 30, 60, 120, 300, 900))
"""How long a lane is left alone after its first, second … turn in a row of which nothing was taken."""
SPEAKS_OF_ONE = frozenset((400, 422))
"""Answers that say something of one event, and nothing of how the receiver is doing."""
BUSY = frozenset((429, 503))
"""Answers that, with `Retry-After`, ask us to stay away for a while: no failure, and it holds for the whole lane."""
JITTER = 0.2


def next_try(first: datetime, failures: int, at: datetime, jitter: float, asked: timedelta | None) -> datetime | None:
    """When to try again after so many failures, the last at `at`; None when it is enough.

    `jitter` is a share between 0 and 1; `asked` is how long the receiver asked us to stay away, honoured up to the end.
    """
    delay = DELAYS[min(failures, len(DELAYS)) - 1] * (1 - JITTER + 2 * JITTER * jitter)
    if asked:
        delay = max(delay, asked)
    last = first + GIVE_UP_AFTER
    if at >= last:
        return None
    return min(at + delay, last)


def lane_waits(failures: int) -> timedelta:
    """How long a destination is left alone after so many failed turns in a row."""
    return LANE_DELAYS[min(failures, len(LANE_DELAYS)) - 1] if failures else timedelta()
