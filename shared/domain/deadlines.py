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


RECHECK, REMIND = "recheck", "remind"
RECHECKS = (timedelta(hours=1), timedelta(hours=5), timedelta(hours=18))
"""V1: what lies between the tries to check an e-mail address that could not be checked at receipt: a day in all."""


REMINDERS = (timedelta(days=7), timedelta(days=2), timedelta(days=1))
"""A1: how long before its expiry a lead is warned of; days 7, 12 and 13 of 14."""
MAILED_REMINDER = 2
"""Which of them is mailed: the second, on day 12."""


@dataclass(frozen=True)
class Hint:
    """A row of the agenda: at `due`, look at what `key` names. May be stale, may never be missing (design.md)."""

    kind: str
    due: datetime
    key: str

    @property
    def partner_id(self) -> str:
        """The partner whose lead the key names."""
        return self.key.split("|")[0]

    @property
    def lead_id(self) -> str:
        """The lead that the key names."""
        return self.key.split("|")[1]


@dataclass(frozen=True)
class Change:
    """One attempt to change leads: its name, by which its own commit is known again, when it was made, and by what.

    `cause` is the correlation id of a request or of a timer's run; '' = not known.
    """

    id: str
    at: datetime
    cause: str = ""

    def announcement(self, partner_id: str, lead_id: str) -> Hint:
        """The hint that must be durable before the change is: look for its events."""
        return Hint("publish", self.at, f"{partner_id}|{lead_id}|{self.id}")


def stamp(at: datetime) -> str:
    """The one written form of an instant in UTC, in the API and in keys: `2026-11-21T20:04:27.123Z`; sorts as time."""
    # A page of fifty leads writes 250 of these.
    date_and_time = (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % date_and_time  # noqa: UP031 - half the cost of the others


def stamped(at: datetime | None) -> str | None:
    """An instant as it is written, or None where there is none."""
    return stamp(at) if at else None


def add_months(at: datetime, months: int) -> datetime:
    """The same day and time so many calendar months later, clamped to the month's end (A3)."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def deadline(lead: Lead) -> datetime | None:
    """When the lead's status ends by itself: expiry while received (A1), ageing while informational (A3)."""
    if lead.status is Status.RECEIVED:
        return lead.expires_at
    return lead.ages_at if lead.status is Status.INFORMATIONAL else None


def cools_at(lead: Lead) -> datetime | None:
    """When the flame cools (A2); None when it does not burn or has cooled."""
    if lead.status is not Status.RECEIVED or lead.flame_cooled or lead.flame_until is None:
        return None
    # Where the deployment's expiry is the shorter one, a lead expires hot: what has ended cannot cool.
    return None if lead.expires_at and lead.expires_at <= lead.flame_until else lead.flame_until


def next_recheck(after: datetime, done: int) -> datetime | None:
    """When the e-mail is to be checked again after so many tries, the last one at `after`; None when it is enough."""
    return after + RECHECKS[done] if done < len(RECHECKS) else None


def rechecks_at(lead: Lead) -> datetime | None:
    """When the lead's e-mail is checked again (V1); never once it is archived."""
    return None if lead.status is Status.ARCHIVED else lead.recheck_at


def reminds_at(lead: Lead) -> datetime | None:
    """When the partner is next warned that the lead expires (A1); None when nobody is waited for, or often enough."""
    if lead.status is not Status.RECEIVED or lead.expires_at is None or lead.reminded >= len(REMINDERS):
        return None
    return lead.expires_at - REMINDERS[lead.reminded]


def reminders_before(expires_at: datetime, at: datetime) -> int:
    """How many of the warnings are over at `at`: none of them is raised later."""
    return sum(expires_at - ahead <= at for ahead in REMINDERS)


def due_times(lead: Lead) -> dict[str, datetime]:
    """When to look at a lead, by the kind of hint: a function of the lead, so that the agenda can be rebuilt."""
    times = {
        "expire" if lead.status is Status.RECEIVED else "archive": deadline(lead),
        "cool": cools_at(lead),
        RECHECK: rechecks_at(lead),
        REMIND: reminds_at(lead),
    }
    return {kind: due for kind, due in times.items() if due}


def hints(lead: Lead) -> tuple[Hint, ...]:
    """The hints a lead needs as it stands."""
    return tuple(Hint(kind, due, f"{lead.partner_id}|{lead.id}") for kind, due in due_times(lead).items())
