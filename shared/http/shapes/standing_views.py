"""What a partner is shown of its standing (M2)."""

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.standing import WEIGHTS, Part, Standing
from shared.domain.targets import Targets
from shared.http.shapes.insight_views import PeriodView, period_view
from shared.http.shapes.performance_views import TargetView, targets_view


class PartView(TypedDict):
    """One part: points by so many leads, and the smoothed score that they come to, 0 to 1."""

    score: float
    weight: float
    points: float
    of: int


class StandingNumbersView(TypedDict):
    """The numbers that a standing is made of; answers are counted once, by when they came."""

    within24h: int
    within72h: int
    later: int
    expired: int
    accepted: int
    declined: int
    won: int
    lost: int
    outcomesInTime: int
    outcomesStated: int
    outcomesOverdue: int


class StandingView(TypedDict):
    """How a partner stands in customers' searches: 0 to 1, where 0.5 is what partners usually have.

    `targets` are what the programme expects of its partners.
    """

    period: PeriodView
    value: float
    responsiveness: PartView
    reporting: PartView
    fit: PartView
    numbers: StandingNumbersView
    targets: list[TargetView]


def standing_view(standing: Standing, targets: Targets) -> StandingView:
    """A standing as it is answered."""
    found = standing.figures
    weights = zip(WEIGHTS, (standing.responsiveness, standing.reporting, standing.fit), strict=True)
    responsiveness, reporting, fit = (_part(part, weight) for weight, part in weights)
    return {
        "period": period_view(standing.period),
        "value": round(standing.value, 3),
        "responsiveness": responsiveness,
        "reporting": reporting,
        "fit": fit,
        "numbers": {
            "within24h": standing.within_24h,
            "within72h": standing.within_72h,
            "later": standing.later,
            "expired": found.expired,
            "accepted": found.accepted,
            "declined": found.declined,
            "won": found.won,
            "lost": found.lost,
            "outcomesInTime": found.in_time,
            "outcomesStated": found.stated + found.lost,
            "outcomesOverdue": standing.overdue,
        },
        "targets": targets_view(found, targets),
    }


def _part(part: Part, weight: float) -> PartView:
    return {"score": round(part.score, 3), "weight": weight, "points": round(part.points, 2), "of": part.of}
