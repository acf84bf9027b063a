"""The mail day (N2): from one digest hour to the next in the partner's time zone; which leads are mailed one by one.

What is told of several leads in one mail has a day of its own: new leads beyond the threshold, leads that expire soon
(A1), and leads that have expired and whose operator is told (N6).
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum


class Gathering(StrEnum):
    """What one mail about several leads of a day is about; its value begins the subject that records name."""

    NEW = "day"
    EXPIRED = "expired"
    WARNED = "warned"
    MONTH = "month"
    """No leads, but what those of a month have come to; its day is the month's first."""

    @property
    def event(self) -> str:
        """The type of the event that such a mail follows from, in its lane."""
        return GATHERED_EVENTS[self]


GATHERED_EVENTS = {
    Gathering.NEW: "mail.digest",
    Gathering.EXPIRED: "mail.expired",
    Gathering.WARNED: "mail.expiresSoon",
    Gathering.MONTH: "mail.month",
}


@dataclass(frozen=True)
class MailDay:
    """One day of a partner: `key` is the local date it begins on, with what is gathered where that is not new leads.

    `ends` is when its digest is due (UTC); `total` counts the leads that are mailed about, `held` those that wait for
    the digest. A closed day takes no more; one of warnings is closed at once, since its mail goes at its first.
    """

    key: str
    ends: datetime
    total: int = 0
    held: int = 0
    closed: bool = False
    tag: str = ""

    @property
    def gathering(self) -> Gathering:
        """What it gathers."""
        return Gathering(self.key[11:] or Gathering.NEW)

    @property
    def subject(self) -> str:
        """What its mail and the mail's records are about, in place of a lead's id: `day20261121`."""
        return self.gathering + self.key[:10].replace("-", "")


def key_of(begins: str, gathering: Gathering) -> str:
    """A day's key: `2026-11-21`, `2026-11-21.expired`."""
    return begins if gathering is Gathering.NEW else f"{begins}.{gathering}"


def key_of_subject(subject: str) -> str:
    """The key of the day behind a subject."""
    digits = subject[-8:]
    return key_of(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}", Gathering(subject[:-8]))


def day_of(at: datetime, zone: tzinfo, digest_hour: int, gathering: Gathering = Gathering.NEW) -> MailDay:
    """The day that `at` belongs to; hours that a change of the clocks skips or repeats are counted once."""
    local = at.astimezone(zone)
    begins = local.date() if local.hour >= digest_hour else local.date() - timedelta(days=1)
    ends = _instant(begins + timedelta(days=1), digest_hour, zone)
    # Where the clocks go back over the digest hour, the hour comes twice: the day ends at the first.
    while ends <= at:
        begins += timedelta(days=1)
        ends = _instant(begins + timedelta(days=1), digest_hour, zone)
    return MailDay(key_of(begins.isoformat(), gathering), ends)


def _instant(day: object, hour: int, zone: tzinfo) -> datetime:
    # An hour that does not exist that day is read with the offset before the change, so it lies just behind the gap.
    local = datetime.fromisoformat(f"{day}T{hour:02d}:00:00").replace(tzinfo=zone)
    return local.astimezone(UTC)


def next_day(day: MailDay, zone: tzinfo, digest_hour: int) -> MailDay:
    """The day after one that is closed: always a later one, whatever hour and zone were when that one began."""
    found = day_of(day.ends, zone, digest_hour, day.gathering)
    while found.key <= day.key:
        found = day_of(found.ends, zone, digest_hour, day.gathering)
    return found


def counted(day: MailDay, threshold: int) -> tuple[MailDay, bool]:
    """The day with one lead more, and whether that one goes out by itself."""
    single = day.total < threshold
    return replace(day, total=day.total + 1, held=day.held + (not single)), single
