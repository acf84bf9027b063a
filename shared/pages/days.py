"""Days of filters: on the page they are the partner's, as the times that it shows; the interface's are UTC's (Q3)."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.domain.instants import stamp

FROM = ("createdFrom", "updatedFrom")
TO = ("createdTo", "updatedTo")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SMALLEST = timedelta(milliseconds=1)


def read_day(text: str) -> date | None:
    """A bare day such as `2026-11-27`; None for anything else, also a day that no calendar has."""
    written = text.strip()
    try:
        return date.fromisoformat(written) if _DAY.fullmatch(written) else None
    except ValueError:
        return None


def begins(on: date, zone: str) -> datetime:
    """A day's first moment in a zone, in UTC; raises OverflowError at the calendar's ends.

    Where clocks skip midnight the day begins when they do; where they go back to it, the first time counts.
    """
    return datetime.combine(on, time(), ZoneInfo(zone)).astimezone(UTC)


def ends(on: date, zone: str) -> datetime:
    """A day's last millisecond in a zone, in UTC; raises OverflowError at the calendar's ends."""
    return begins(on + timedelta(days=1), zone) - _SMALLEST


def day_of(name: str, at: datetime, zone: str) -> date | None:
    """The day that an instant of this filter stands for: it begins or ends then; None where it is only a time."""
    on = at.astimezone(ZoneInfo(zone)).date()
    bound = begins(on, zone) if name in FROM else ends(on, zone)
    return on if at == bound else None


def as_instants(query: Mapping[str, str], zone: str) -> dict[str, str]:
    """The query with its bare days as instants of the zone; what is no day stays, to be refused where it is read."""
    return {name: _instant(name, value, zone) for name, value in query.items()}


def _instant(name: str, value: str, zone: str) -> str:
    on = read_day(value) if name in (*FROM, *TO) else None
    if on is None:
        return value
    try:
        return stamp(begins(on, zone) if name in FROM else ends(on, zone))
    except OverflowError:
        return value
