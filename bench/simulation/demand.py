"""What comes, minute by minute of a year, at the programme's own size: all of it grows in proportion with the load.

Leads come by the customers' clocks, answers by the partners': a lead's answer is spread over the days after it, and
over the hours in which people work. What time does (cooling, reminders, expiry) comes to the minute so many days later.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from bench.simulation.parameters import Parameters

DAY, WEEK = 24 * 60, 7 * 24 * 60
DAYS = 365
FIRST_DAY = date(2026, 1, 1)
RUSH_MINUTES = range(14 * 60, 16 * 60)

CUSTOMERS = (0.1,) * 6 + (0.3, 0.6) + (1.0,) * 10 + (0.7,) * 4 + (0.4, 0.2)
PEOPLE = (0.0,) * 7 + (0.3, 0.8) + (1.0,) * 3 + (0.6,) + (1.0,) * 4 + (0.5, 0.1) + (0.0,) * 5
"""How busy each hour of a weekday is, by its own clock."""


@dataclass(frozen=True)
class Ledger:
    """What has become of a year's leads by its end."""

    came: float
    accepted: float
    declined: float
    expired: float
    waiting: float
    closed: float


@dataclass(frozen=True)
class Demand:
    """A year in minutes: leads that come, answers and closes by people, transitions that timers record.

    `day_leads` are the same leads by day; `answers` are those of people (accepted, declined) and their closes.
    """

    leads: list[float]
    answers: list[float]
    timed: list[float]
    day_leads: list[float]
    ledger: Ledger

    def events(self, minute: int) -> float:
        """Events that are told, of a minute."""
        return self.leads[minute] + self.answers[minute] + self.timed[minute]


def demand(p: Parameters) -> Demand:
    """The year of a programme that begins empty."""
    leads = _leads(p)
    day_leads = [sum(leads[start : start + DAY]) for start in range(0, DAYS * DAY, DAY)]
    people = _week(p, PEOPLE, p.weekend_people)
    works = [p.weekend_people if _weekday(day) >= 5 else 1.0 for day in range(DAYS)]
    answered_share = p.accepted + p.declined
    answered = _put_off(_spread([n * answered_share for n in day_leads], p.answered_after), works)
    accepted = [n * p.accepted / answered_share for n in answered]
    first, last = p.closed_after_days
    closing = [0.0] * first + [1 / (last - first)] * (last - first)
    closed = _put_off(_spread([n * p.closed for n in accepted], closing), works)
    answers = [0.0] * (DAYS * DAY)
    for day in range(DAYS):
        of_day = [people[minute] for minute in _minutes_of_week(day)]
        whole = sum(of_day)
        for minute, weight in enumerate(of_day):
            answers[day * DAY + minute] = (answered[day] + closed[day]) * weight / whole
    timed, expired = _timed(p, leads)
    came = sum(day_leads)
    waiting = came - sum(answered) - expired
    ledger = Ledger(came, sum(accepted), sum(answered) - sum(accepted), expired, waiting, sum(closed))
    return Demand(leads, answers, timed, day_leads, ledger)


def _leads(p: Parameters) -> list[float]:
    week = _week(p, CUSTOMERS, p.weekend_leads)
    found = [0.0] * (DAYS * DAY)
    for day in range(DAYS):
        tomorrow = FIRST_DAY + timedelta(days=day + p.month_end_days)
        factor = p.month_end_factor if tomorrow.day <= p.month_end_days else 1.0
        begins = day in p.campaign_days and day - 1 not in p.campaign_days
        factor *= p.campaign_factor if day in p.campaign_days else 1.0
        for minute, at in enumerate(_minutes_of_week(day)):
            rush = p.campaign_rush if begins and minute in RUSH_MINUTES else 1.0
            found[day * DAY + minute] = week[at] * factor * rush
    scale = p.leads_a_year / sum(found)
    return [value * scale for value in found]


def timed_shares(p: Parameters) -> list[tuple[int, str, float]]:
    """What time does: days after receipt, which timer records it, and of which share of leads."""
    answered, never = list(accumulate(p.answered_after)), 1 - p.accepted - p.declined

    def unanswered(days: int) -> float:
        return never + (1 - never) * (1 - answered[min(days, len(answered)) - 1])

    cooled = (p.cooling_days, "cool", p.flames * unanswered(p.cooling_days))
    return [cooled, *((days, "remind", unanswered(days)) for days in p.reminder_days), (p.expiry_days, "expire", never)]


def _timed(p: Parameters, leads: list[float]) -> tuple[list[float], float]:
    """Transitions by time, and how many of them are expiries."""
    found, expired = [0.0] * (DAYS * DAY), 0.0
    for days, timer, share in timed_shares(p):
        for minute in range(days * DAY, DAYS * DAY):
            found[minute] += share * leads[minute - days * DAY]
        if timer == "expire":
            expired += share * sum(leads[: (DAYS - days) * DAY])
    return found, expired


def _week(p: Parameters, hours: tuple[float, ...], weekend: float) -> list[float]:
    """How busy each minute of a week is, from Monday in UTC, over all zones."""
    found = [0.0] * WEEK
    for ahead, share in p.zones:
        for minute in range(WEEK):
            there = (minute + ahead * 60) % WEEK
            day = weekend if there // DAY >= 5 else 1.0
            found[minute] += share * day * hours[there % DAY // 60]
    return found


def _weekday(day: int) -> int:
    return (FIRST_DAY + timedelta(days=day)).weekday()


def _minutes_of_week(day: int) -> range:
    start = _weekday(day) * DAY
    return range(start, start + DAY)


def _spread(by_day: list[float], shares: tuple[float, ...] | list[float]) -> list[float]:
    """What each day's amount leads to on the days after it."""
    found = [0.0] * len(by_day)
    for day, amount in enumerate(by_day):
        for later, share in enumerate(shares):
            if day + later < len(found):
                found[day + later] += amount * share
    return found


def _put_off(by_day: list[float], works: list[float]) -> list[float]:
    """The same, of days on which only a part is done, and the rest on the next."""
    left, found = 0.0, []
    for amount, share in zip(by_day, works, strict=True):
        due = left + amount
        found.append(due * share)
        left = due - found[-1]
    return found


@dataclass(frozen=True)
class Sizes:
    """Partners, the largest first: the share of leads of each, and of it and all before it."""

    shares: tuple[float, ...]
    together: tuple[float, ...]

    @classmethod
    def of(cls, p: Parameters) -> "Sizes":
        """By Zipf's law."""
        weights = [1 / rank**p.size_exponent for rank in range(1, p.partners + 1)]
        whole = sum(weights)
        shares = tuple(weight / whole for weight in weights)
        return cls(shares, tuple(accumulate(shares)))

    def pick(self, chance: float) -> int:
        """The partner at a place between 0 and 1."""
        return min(bisect_left(self.together, chance), len(self.shares) - 1)


def mails_of_day(p: Parameters, sizes: Sizes, leads: float, at_once: float) -> tuple[float, float]:
    """Mails one by one about a day's new leads, and digests: a partner has so many of the first, then one digest.

    `leads` are those of the day, of which a share is `mailed`; `at_once` is the threshold.
    """
    mailed = leads * p.mailed
    if not mailed:
        return 0.0, 0.0
    # Shares fall with the rank: those with more than the threshold come first.
    many = bisect_left(sizes.shares, -at_once / mailed, key=lambda share: -share)
    rest = mailed * (1 - (sizes.together[many - 1] if many else 0.0))
    return many * at_once + max(rest, 0.0), float(many)


def kind_of_webhook(p: Parameters, rank: int) -> str:
    """What the partner of a rank (from 0) has: `works`, `fails`, `hangs` or `none`."""
    if rank >= p.partners * p.with_webhook:
        return "none"
    if rank % p.hanging_every == p.hanging_every // 2 + 1:
        return "hangs"
    return "fails" if rank % p.failing_every == p.failing_every // 2 else "works"


def retries(p: Parameters, sizes: Sizes, events: float, kind: str) -> float:
    """Turns a second of lanes whose receiver fails or hangs, at so many events a second of the whole programme."""
    return sum(
        min(events * share * p.attempts, 1 / p.lane_rest_seconds)
        for rank, share in enumerate(sizes.shares)
        if kind_of_webhook(p, rank) == kind
    )
