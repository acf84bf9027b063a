"""The one place that reads the clock; everything below a trigger gets `at` as an argument.

`offset` is moved by the local host only (`POST /dev/clock`).
"""

from datetime import UTC, datetime, timedelta

offset = timedelta()


def now() -> datetime:
    """The time in UTC, cut to the millisecond, which is what storage and the API keep."""
    at = datetime.now(UTC) + offset
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
