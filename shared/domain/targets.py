"""The programme's targets (M2): which shares of its leads a partner is expected to accept, to let expire, to win.

Targets are the deployment's settings, and judged by the figures that a standing has, of the last 90 days. Too few leads
say nothing either way, and nobody misses a target by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.insights import Figures

LEAST = 10
"""Leads that a share must be of to be judged."""


class Target(StrEnum):
    """What is expected, each by the figure that says it."""

    ACCEPTED = "acceptanceRate"
    EXPIRED = "expiryRate"
    WON = "winRate"
    CLOSED = "closedWithin60Days"


class TargetStatus(StrEnum):
    """How a partner does by one target."""

    MET = "met"
    MISSED = "missed"
    TOO_FEW = "tooFew"


class PerformanceStatus(StrEnum):
    """How it does by all of them: below where one is missed, on target where one is met and none missed."""

    ON_TARGET = "onTarget"
    BELOW_TARGET = "belowTarget"
    TOO_FEW = "tooFew"


class Bound(StrEnum):
    """From which side a share is to keep to its target."""

    AT_LEAST = "atLeast"
    BELOW = "below"


@dataclass(frozen=True)
class Targets:
    """Shares of 1; of `expired` a partner is to stay below."""

    accepted: float = 0.8
    expired: float = 0.03
    won: float = 0.07
    closed_within_60_days: float = 0.5


@dataclass(frozen=True)
class Judged:
    """One target: `rate` is `count` of `of` leads, None of nothing; `wanted` is what it is held to.

    `of` are leads that do not wait any more for `acceptanceRate` and `expiryRate`, accepted ones for `winRate` (open
    deals, too), deals that were won or lost for `closedWithin60Days`.
    """

    target: Target
    status: TargetStatus
    rate: float | None
    wanted: float
    bound: Bound
    count: int
    of: int


def judged(figures: Figures, targets: Targets) -> tuple[Judged, ...]:
    """Each target in its order."""
    over = figures.answered + figures.expired
    closed = figures.won + figures.lost
    # A share that was made of whole numbers gives them back.
    soon = round((figures.closed_within_60_days or 0) * closed)
    at_least, below = Bound.AT_LEAST, Bound.BELOW
    return (
        _judged(Target.ACCEPTED, figures.acceptance_rate, targets.accepted, at_least, figures.accepted, over),
        _judged(Target.EXPIRED, figures.expiry_rate, targets.expired, below, figures.expired, over),
        _judged(Target.WON, figures.win_rate, targets.won, at_least, figures.won, figures.accepted),
        _judged(Target.CLOSED, figures.closed_within_60_days, targets.closed_within_60_days, at_least, soon, closed),
    )


def status_of(each: Sequence[Judged]) -> PerformanceStatus:
    """How a partner does by all of its targets; too few where none can be judged."""
    found = {one.status for one in each}
    if TargetStatus.MISSED in found:
        return PerformanceStatus.BELOW_TARGET
    return PerformanceStatus.ON_TARGET if TargetStatus.MET in found else PerformanceStatus.TOO_FEW


def _judged(target: Target, rate: float | None, wanted: float, bound: Bound, count: int, of: int) -> Judged:
    if rate is None or of < LEAST:
        status = TargetStatus.TOO_FEW
    else:
        is_met = rate < wanted if bound is Bound.BELOW else rate >= wanted
        status = TargetStatus.MET if is_met else TargetStatus.MISSED
    return Judged(target, status, rate, wanted, bound, count, of)
