"""A partner's standing (M2): how quickly it answers, how honestly it reports, how well what it is sent fits it.

Each part is points by so many leads, smoothed with some leads that did as the programme's usually do: three leads
neither crown nor ruin anybody, and who is new stands where the programme stands. The value is 0 to 1, and 0.5 is usual.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.insights import Figures, Period, figures
from shared.domain.measures import Sums, together

DAYS = 90
SMOOTHED_BY = 10
"""Leads that each part has beside its own."""
WEIGHTS = (0.4, 0.3, 0.3)
"""Of responsiveness, reporting and fit."""
WITHIN_72H, LATER = 0.75, 0.4
"""Points of an answer after 24 hours, and after 72; one within 24 hours has 1, and an expiry none. A decline is one."""
IN_TIME, LATE, STATED = 0.6, 0.3, 0.4
"""Points of an outcome by when it was due, or later; and of one that says for how much and when, as a loss need not."""
USUAL = 0.5


@dataclass(frozen=True)
class Norms:
    """What the programme's partners have on average, each 0 to 1; USUAL until it is known."""

    responsiveness: float = USUAL
    reporting: float = USUAL
    fit: float = USUAL

    @property
    def value(self) -> float:
        """The three together."""
        return _weighted(self.responsiveness, self.reporting, self.fit)


@dataclass(frozen=True)
class Part:
    """Points by so many leads (outcomes, for reporting), and the smoothed `score`, 0 to 1."""

    points: float
    of: int
    score: float


@dataclass(frozen=True)
class Standing:
    """The parts with the numbers they are made of; `overdue` are accepted deals whose outcome nobody has told in time.

    `within_24h`, `within_72h` and `later` are answers, each counted once.
    """

    period: Period
    responsiveness: Part
    reporting: Part
    fit: Part
    value: float
    within_24h: int
    within_72h: int
    later: int
    overdue: int
    figures: Figures


def period(at: datetime) -> Period:
    """The days whose leads count."""
    return Period(at.date() - timedelta(days=DAYS - 1), at.date())


def standing(sums: Iterable[Sums], overdue: int, days: Period, norms: Norms) -> Standing:
    """The standing by the sums of these days, and by how many of their deals' outcomes are overdue."""
    found = figures(together(one for one in sums if days.holds(one)).get("", {}))
    first, second = found.answered_24h, found.answered_72h - found.answered_24h
    later = found.answered - found.answered_72h
    responsiveness = _part(
        first + WITHIN_72H * second + LATER * later, found.answered + found.expired, norms.responsiveness
    )
    outcomes = found.won + found.lost
    told = IN_TIME * found.in_time + LATE * (outcomes - found.in_time) + STATED * (found.stated + found.lost)
    reporting = _part(told, outcomes + overdue, norms.reporting)
    fit = _part(found.accepted + found.won, found.answered + outcomes, norms.fit)
    value = USUAL + _weighted(responsiveness.score, reporting.score, fit.score) - norms.value
    value = min(1.0, max(0.0, value))
    return Standing(days, responsiveness, reporting, fit, value, first, second, later, overdue, found)


def norms_of(standings: Iterable[Standing]) -> Norms:
    """What partners have on average, those with few leads counting less; as usual where there is too little."""
    every = list(standings)

    def mean(parts: Iterable[Part]) -> float:
        known = [(part.points / part.of, min(part.of, SMOOTHED_BY)) for part in parts if part.of]
        weight = sum(of for _, of in known) + SMOOTHED_BY
        return (sum(share * of for share, of in known) + USUAL * SMOOTHED_BY) / weight

    return Norms(
        mean(one.responsiveness for one in every), mean(one.reporting for one in every), mean(one.fit for one in every)
    )


def _part(points: float, of: int, norm: float) -> Part:
    return Part(points, of, (points + SMOOTHED_BY * norm) / (of + SMOOTHED_BY))


def _weighted(responsiveness: float, reporting: float, fit: float) -> float:
    return sum(weight * score for weight, score in zip(WEIGHTS, (responsiveness, reporting, fit), strict=True))
