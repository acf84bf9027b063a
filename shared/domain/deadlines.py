"""The rules of time (SPEC 4): when a lead expires, cools and ages, and the hints that remind a timer of it.

Deadlines are fixed on the lead at receipt; a deadline has passed when now ≥ it (L6).
"""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.lead import Lead, Status


@dataclass(frozen=True)
class Windows:
    """How long things last; the deployment's settings (SPEC 4)."""

    expiry: timedelta = timedelta(days=14)
    flame: timedelta = timedelta(hours=72)
    informational_months: int = 6


@dataclass(frozen=True)
class Hint:
    """A row of the agenda: at `due`, look at what `key` names. May be stale, may never be missing (DESIGN.md)."""

    kind: str
    due: datetime
    key: str


def stamp(at: datetime) -> str:
    """The one written form of an instant in UTC, in the API and in keys: `2026-11-21T20:04:27.123Z`; sorts as time."""
    # A page of fifty leads writes 250 of these.
    date_and_time = (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % date_and_time  # noqa: UP031 - half the cost of the others


def add_months(at: datetime, months: int) -> datetime:
    """The same day and time so many calendar months later, clamped to the month's end (A3)."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def deadline(lead: Lead) -> datetime | None:
    """When the lead's status ends by itself: expiry while received (A1), ageing while informational (A3)."""
    if lead.status is Status.RECEIVED:
        return lead.expires_at
    return lead.ages_at if lead.status is Status.INFORMATIONAL else None


def hints(lead: Lead) -> tuple[Hint, ...]:
    """The hints a lead needs as it stands: a function of the lead, so that the agenda can be rebuilt."""
    key = f"{lead.partner_id}|{lead.id}"
    found = []
    if lead.status is Status.RECEIVED:
        if lead.expires_at:
            found.append(Hint("expire", lead.expires_at, key))
        if lead.flame_until and not lead.flame_cooled:
            found.append(Hint("cool", lead.flame_until, key))
    elif lead.status is Status.INFORMATIONAL and lead.ages_at:
        found.append(Hint("archive", lead.ages_at, key))
    return tuple(found)
