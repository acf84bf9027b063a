"""The one place that reads the clock; everything below a trigger gets `at` as an argument.

`offset` is moved by the local host only (`POST /dev/clock`).
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

offset = timedelta()


def now() -> datetime:
    """The time in UTC, cut to the millisecond, which is what storage and the API keep."""
    at = datetime.now(UTC) + offset
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def real_now() -> datetime:
    """The time in UTC that nobody has moved: what storage holds a link's end against."""
    return datetime.now(UTC)


def stopwatch() -> Callable[[], float]:
    """Starts a watch; call it for the seconds since then, which no change of the clock touches."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
