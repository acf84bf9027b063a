"""The mail day (N2): from one digest hour to the next in the partner's time zone; which leads are mailed one by one."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo


@dataclass(frozen=True)
class MailDay:
    """One day of a partner: `key` is the local date it begins on, `ends` when its digest is due (UTC).

    `total` counts the leads that are mailed about, `held` those that wait for the digest. A closed day takes no more.
    """

    key: str
    ends: datetime
    total: int = 0
    held: int = 0
    closed: bool = False
    tag: str = ""


def day_of(at: datetime, zone: tzinfo, digest_hour: int) -> MailDay:
    """The day that `at` belongs to; hours that a change of the clocks skips or repeats are counted once."""
    local = at.astimezone(zone)
    begins = local.date() if local.hour >= digest_hour else local.date() - timedelta(days=1)
    ends = _instant(begins + timedelta(days=1), digest_hour, zone)
    # Where the clocks go back over the digest hour, the hour comes twice: the day ends at the first.
    while ends <= at:
        begins += timedelta(days=1)
        ends = _instant(begins + timedelta(days=1), digest_hour, zone)
    return MailDay(begins.isoformat(), ends)


def _instant(day: object, hour: int, zone: tzinfo) -> datetime:
    # An hour that does not exist that day is read with the offset before the change, so it lies just behind the gap.
    local = datetime.fromisoformat(f"{day}T{hour:02d}:00:00").replace(tzinfo=zone)
    return local.astimezone(UTC)


def next_day(day: MailDay, zone: tzinfo, digest_hour: int) -> MailDay:
    """The day after one that is closed: always a later one, whatever hour and zone were when that one began."""
    found = day_of(day.ends, zone, digest_hour)
    while found.key <= day.key:
        found = day_of(found.ends, zone, digest_hour)
    return found


def counted(day: MailDay, threshold: int) -> tuple[MailDay, bool]:
    """The day with one lead more, and whether that one goes out by itself."""
    single = day.total < threshold
    return replace(day, total=day.total + 1, held=day.held + (not single)), single
