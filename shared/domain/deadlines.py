"""The rules of time (A1–A5): when a lead expires, cools and ages, and the hints that remind a timer of it.

Deadlines are fixed on the lead at receipt; a deadline has passed when now ≥ it (L6).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.agenda import Hint, HintKind
from shared.domain.lead import Lead, Status


@dataclass(frozen=True)
class Windows:
    """How long things last; the deployment's settings (A1–A5)."""

    expiry: timedelta = timedelta(days=14)
    flame: timedelta = timedelta(hours=72)
    informational_months: int = 6


RECHECKS = (timedelta(hours=1), timedelta(hours=5), timedelta(hours=18))
"""V1: what lies between the tries to check an e-mail address that could not be checked at receipt: a day in all."""


REMINDERS = (timedelta(days=7), timedelta(days=2), timedelta(days=1))
"""A1: how long before its expiry a lead is warned of; days 7, 12 and 13 of 14."""
MAILED_REMINDER = 2
"""Which of them is mailed: the second, on day 12."""


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


def due_times(lead: Lead) -> dict[HintKind, datetime]:
    """When to look at a lead, by the kind of hint: a function of the lead, so that the agenda can be rebuilt."""
    times = {
        HintKind.EXPIRE if lead.status is Status.RECEIVED else HintKind.ARCHIVE: deadline(lead),
        HintKind.COOL: cools_at(lead),
        HintKind.RECHECK: rechecks_at(lead),
        HintKind.REMIND: reminds_at(lead),
    }
    return {kind: due for kind, due in times.items() if due}


def hints(lead: Lead) -> tuple[Hint, ...]:
    """The hints a lead needs as it stands."""
    return tuple(Hint(kind, due, lead.partner_id, lead.id) for kind, due in due_times(lead).items())
