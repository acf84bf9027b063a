"""How a partner does, as it and the operator are shown it: its figures, and the programme's targets (M2)."""

from typing import NotRequired, cast

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.insights import Figures
from shared.domain.instants import stamped
from shared.domain.targets import Judged, Targets, judged, status_of
from shared.http.shapes.enumerations import BoundText, PerformanceStatusText, TargetStatusText, TargetText
from shared.http.shapes.insight_views import FiguresView, PeriodView, figures_view, period_view
from shared.http.shapes.programme_views import PartnerView, partner_view
from shared.usecases.outcomes.list_partners import Performance, SeenPartner


class TargetView(TypedDict):
    """One target: `rate` is `count` of `of` leads, held to `target` from the side that `bound` says."""

    name: TargetText
    status: TargetStatusText
    rate: float | None
    target: float
    bound: BoundText
    count: int
    of: int


class PerformanceView(TypedDict):
    """How a partner does, as the last look at all partners found it."""

    asOfDateTime: str | None
    period: PeriodView
    status: PerformanceStatusText
    standing: float
    overdue: int
    figures: FiguresView
    targets: list[TargetView]


class ListedPartnerView(PartnerView):
    """A partner's registration and, where it was asked for, how the partner does; null until somebody has looked."""

    performance: NotRequired[PerformanceView | None]


def targets_view(figures: Figures, targets: Targets) -> list[TargetView]:
    """The targets as they are answered."""
    return [_target(one) for one in judged(figures, targets)]


def performance_view(performance: Performance, targets: Targets) -> PerformanceView:
    """A performance as it is answered."""
    standing = performance.standing
    return {
        "asOfDateTime": stamped(performance.at),
        "period": period_view(standing.period),
        "status": status_of(judged(standing.figures, targets)),
        "standing": round(standing.value, 3),
        "overdue": standing.overdue,
        "figures": figures_view(standing.figures),
        "targets": targets_view(standing.figures, targets),
    }


def listed_partner_view(seen: SeenPartner, targets: Targets | None) -> ListedPartnerView:
    """A partner as a list has it; `targets` None where nobody asked how it does."""
    view = partner_view(seen.partner)
    if targets is None:
        return cast("ListedPartnerView", view)
    return {**view, "performance": performance_view(seen.performance, targets) if seen.performance else None}


def _target(one: Judged) -> TargetView:
    return {
        "name": one.target,
        "status": one.status,
        "rate": None if one.rate is None else round(one.rate, 4),
        "target": one.wanted,
        "bound": one.bound,
        "count": one.count,
        "of": one.of,
    }
