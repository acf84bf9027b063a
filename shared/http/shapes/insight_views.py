"""What a partner is shown of what its leads have come to (M5)."""

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.exports.csv_cells import defuse
from shared.domain.insights import Figures, Insights, Period
from shared.domain.measures import OTHER


class PeriodView(TypedDict):
    """Days of UTC, the first and the last within."""

    firstDay: str
    lastDay: str


class FiguresView(TypedDict):
    """What some leads have come to; rates are shares of 1, `null` where there is nothing to share.

    `acceptanceRate` and `expiryRate` are of leads that do not wait any more, `winRate` of those accepted, `within24h`
    and `within72h` of those answered, `closedWithin60Days` of those won or lost; hours are to the answer.
    Informational leads stand apart from all of it.
    """

    received: int
    waiting: int
    accepted: int
    declined: int
    expired: int
    won: int
    lost: int
    acceptanceRate: float | None
    expiryRate: float | None
    winRate: float | None
    within24h: float | None
    within72h: float | None
    closedWithin60Days: float | None
    hoursToAnswerMedian: float | None
    hoursToAnswerP90: float | None
    acceptedValue: dict[str, str]
    wonValue: dict[str, str]
    informational: int
    informationalAccepted: int


class GroupView(TypedDict):
    """The leads with one value of what they are told apart by; `value` is `null` where they have none.

    `isOther` says that these are all others together, and has no value either.
    """

    value: str | None
    isOther: bool
    figures: FiguresView


class BeforeView(TypedDict):
    """The period of as many days right before."""

    period: PeriodView
    figures: FiguresView


class InsightsView(TypedDict):
    """A partner's insights of a period."""

    period: PeriodView
    groupBy: str | None
    total: FiguresView
    before: BeforeView
    declinedFor: dict[str, int]
    lostFor: dict[str, int]
    value: list[GroupView]


def insights_view(insights: Insights) -> InsightsView:
    """The insights as they are answered."""
    return {
        "period": period_view(insights.period),
        "groupBy": insights.group_by,
        "total": figures_view(insights.total),
        "before": {"period": period_view(insights.period.before), "figures": figures_view(insights.before)},
        "declinedFor": dict(insights.declined_for),
        "lostFor": dict(insights.lost_for),
        "value": [
            {
                "value": value or None if value != OTHER else None,
                "isOther": value == OTHER,
                "figures": figures_view(one),
            }
            for value, one in insights.groups
        ],
    }


def figures_view(figures: Figures) -> FiguresView:
    """Figures as they are answered; shares and hours have as many digits as they are good for."""
    return {
        "received": figures.received,
        "waiting": figures.waiting,
        "accepted": figures.accepted,
        "declined": figures.declined,
        "expired": figures.expired,
        "won": figures.won,
        "lost": figures.lost,
        "acceptanceRate": _rounded(figures.acceptance_rate, 4),
        "expiryRate": _rounded(figures.expiry_rate, 4),
        "winRate": _rounded(figures.win_rate, 4),
        "within24h": _rounded(figures.within_24h, 4),
        "within72h": _rounded(figures.within_72h, 4),
        "closedWithin60Days": _rounded(figures.closed_within_60_days, 4),
        "hoursToAnswerMedian": _rounded(figures.hours_median, 1),
        "hoursToAnswerP90": _rounded(figures.hours_p90, 1),
        "acceptedValue": _money(figures.worth),
        "wonValue": _money(figures.worth_won),
        "informational": figures.informational,
        "informationalAccepted": figures.informational_accepted,
    }


def insights_sheet(insights: Insights) -> str:
    """The groups as CSV (RFC 4180), the total last; each currency has two columns of its own. No cell is run (X2)."""
    named = insights.group_by or "all"
    rows = [(value if value != OTHER else "other", one) for value, one in insights.groups]
    rows.append(("total", insights.total))
    accepted, won = (_currencies(getattr(one, name) for _, one in rows) for name in ("worth", "worth_won"))
    plain = [name for name in FiguresView.__annotations__ if name not in ("acceptedValue", "wonValue")]
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow([named, *plain, *(f"acceptedValue{one}" for one in accepted), *(f"wonValue{one}" for one in won)])
    for value, one in rows:
        view: Mapping[str, object] = figures_view(one)
        cells = ["" if view[name] is None else view[name] for name in plain]
        worth = [one.worth.get(currency, "") for currency in accepted]
        worth += [one.worth_won.get(currency, "") for currency in won]
        sheet.writerow([defuse(value), *cells, *worth])
    return "\ufeff" + written.getvalue()


def _currencies(worths: Iterable[Mapping[str, Decimal]]) -> list[str]:
    return sorted({currency for worth in worths for currency in worth})


def period_view(period: Period) -> PeriodView:
    """A period as it is answered."""
    return {"firstDay": str(period.first), "lastDay": str(period.last)}


def _money(worth: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: str(amount) for currency, amount in worth.items()}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
