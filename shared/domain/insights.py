"""Insights (M5): a partner's funnel, rates, times and worth over a period, by whatever its leads are told apart by.

A period is days of UTC, and a lead belongs to the day on which its customer asked. So a number is that of the leads
which a list finds between the same days, and of two periods one after the other no lead is in both.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from shared.domain.measures import (
    ANSWERED_IN,
    DECLINED_FOR,
    LOST_FOR,
    OTHER,
    WON_WORTH,
    WORTH,
    Cell,
    Dimension,
    Measure,
    Sums,
    amount_of,
    hours_of,
    together,
)

GROUPS_MAX = 200
"""Groups that are told one by one, the largest; the rest are together in OTHER."""
DAYS_MAX = 1_100
"""Of a period: three years."""
DAYS = 90
"""Of a period where nothing is said."""


class GroupBy(StrEnum):
    """What leads are told apart by."""

    SOURCE = "source"
    COUNTRY = "country"
    OFFER = "offer"
    CALL_TO_ACTION = "callToAction"
    QUALIFICATION = "qualification"
    LOCATION = "location"
    SIZE = "size"
    SEARCH_TERM = "searchTerm"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both within."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of as many days right before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def holds(self, sums: Sums) -> bool:
        """True for the sums of one of its days."""
        return self.first.isoformat() <= sums.day <= self.last.isoformat()


@dataclass(frozen=True)
class Figures:
    """What some leads have come to; all but the last two of leads that wait for an answer.

    `answered_24h` and `answered_72h` are answers within so many hours, the latter with the former.
    Rates are shares of 1, None where there is nothing to share: `acceptance_rate` and `expiry_rate` of those that are
    not waiting any more, `win_rate` of those accepted, `within_24h` and `within_72h` of those answered,
    `closed_within_60_days` of those won or lost. Hours are to the answer; a tenth of them took longer than
    `hours_p90`. Worth is by currency: of all accepted deals as said then, and of what was won.
    """

    received: int = 0
    accepted: int = 0
    declined: int = 0
    expired: int = 0
    won: int = 0
    lost: int = 0
    in_time: int = 0
    stated: int = 0
    answered_24h: int = 0
    answered_72h: int = 0
    acceptance_rate: float | None = None
    expiry_rate: float | None = None
    win_rate: float | None = None
    within_24h: float | None = None
    within_72h: float | None = None
    closed_within_60_days: float | None = None
    hours_median: float | None = None
    hours_p90: float | None = None
    worth: Mapping[str, Decimal] = field(default_factory=dict)
    worth_won: Mapping[str, Decimal] = field(default_factory=dict)
    informational: int = 0
    informational_accepted: int = 0

    @property
    def answered(self) -> int:
        """Accepted or declined, by a person."""
        return self.accepted + self.declined

    @property
    def waiting(self) -> int:
        """Not answered and not expired yet."""
        return self.received - self.answered - self.expired

    @property
    def open_deals(self) -> int:
        """Accepted, and neither won nor lost yet."""
        return self.accepted - self.won - self.lost

    @property
    def is_empty(self) -> bool:
        """True where there was no lead at all."""
        return not self.received and not self.informational


@dataclass(frozen=True)
class Insights:
    """A period with the one before; `groups` are the largest first, months in their order, OTHER last.

    `declined_for` and `lost_for` count reasons (L3, L4), the most frequent first.
    """

    period: Period
    total: Figures
    before: Figures
    declined_for: Mapping[str, int]
    lost_for: Mapping[str, int]
    group_by: GroupBy | None = None
    groups: Sequence[tuple[str, Figures]] = ()


def insights(sums: Iterable[Sums], period: Period, group_by: GroupBy | None = None) -> Insights:
    """The insights of a period, by the sums of its days and of those of the period before."""
    every = list(sums)
    days = [one for one in every if period.holds(one)]
    whole = together(days).get("", Counter())
    before = together(one for one in every if period.before.holds(one)).get("", Counter())
    groups = [] if group_by is None else _groups(days, group_by)
    return Insights(
        period,
        figures(whole),
        figures(before),
        _reasons(whole, DECLINED_FOR),
        _reasons(whole, LOST_FOR),
        group_by,
        [(value, figures(cell)) for value, cell in groups],
    )


def figures(cell: Cell) -> Figures:
    """The figures of the sums in a cell."""
    received, accepted, declined, expired = (
        cell.get(name, 0) for name in (Measure.RECEIVED, Measure.ACCEPTED, Measure.DECLINED, Measure.EXPIRED)
    )
    won, lost = cell.get(Measure.WON, 0), cell.get(Measure.LOST, 0)
    answered, over = accepted + declined, accepted + declined + expired
    in_24h, in_72h = cell.get(Measure.WITHIN_24H, 0), cell.get(Measure.WITHIN_72H, 0)
    spans = {int(name[2:]): count for name, count in cell.items() if name.startswith(ANSWERED_IN)}
    return Figures(
        received=received,
        accepted=accepted,
        declined=declined,
        expired=expired,
        won=won,
        lost=lost,
        in_time=cell.get(Measure.IN_TIME, 0),
        stated=cell.get(Measure.STATED, 0),
        answered_24h=in_24h,
        answered_72h=in_72h,
        acceptance_rate=share(accepted, over),
        expiry_rate=share(expired, over),
        win_rate=share(won, accepted),
        within_24h=share(in_24h, answered),
        within_72h=share(in_72h, answered),
        closed_within_60_days=share(cell.get(Measure.CLOSED_WITHIN_60D, 0), won + lost),
        hours_median=hours_at(spans, 0.5),
        hours_p90=hours_at(spans, 0.9),
        worth=_worth(cell, WORTH),
        worth_won=_worth(cell, WON_WORTH),
        informational=cell.get(Measure.INFORMATIONAL, 0),
        informational_accepted=cell.get(Measure.INFORMATIONAL_ACCEPTED, 0),
    )


def share(some: int, of: int) -> float | None:
    """A share of 1; None of nothing."""
    return some / of if of else None


def hours_at(spans: Mapping[int, int], part: float) -> float | None:
    """The hours within which such a part of the answers came, to some percent: a span is told apart no further."""
    wanted = part * sum(spans.values())
    passed = 0
    for number in sorted(spans):
        if passed + spans[number] >= wanted and spans[number] > 0:
            return hours_of(number + (wanted - passed) / spans[number])
        passed += spans[number]
    return None


def _groups(days: Sequence[Sums], group_by: GroupBy) -> list[tuple[str, Counter[str]]]:
    if group_by is GroupBy.MONTH:
        months: dict[str, Counter[str]] = {}
        for month in sorted({one.day[:7] for one in days}):
            months[month] = together(one for one in days if one.day.startswith(month)).get("", Counter())
        return [(month, cell) for month, cell in months.items() if +cell]
    found = {value: cell for value, cell in together(days, Dimension(group_by)).items() if +cell}
    other = found.pop(OTHER, Counter())
    ordered = sorted(found.items(), key=lambda one: (-_size(one[1]), one[0]))
    for _, cell in ordered[GROUPS_MAX:]:
        other.update(cell)
    return ordered[:GROUPS_MAX] + ([(OTHER, other)] if +other else [])


def _size(cell: Cell) -> int:
    return cell.get(Measure.RECEIVED, 0) + cell.get(Measure.INFORMATIONAL, 0)


def _reasons(cell: Cell, start: str) -> dict[str, int]:
    found = {name.removeprefix(start): count for name, count in cell.items() if name.startswith(start) and count}
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _worth(cell: Cell, start: str) -> dict[str, Decimal]:
    units = {name.removeprefix(start): amount for name, amount in cell.items() if name.startswith(start) and amount}
    return {currency: amount_of(amount, currency) for currency, amount in sorted(units.items())}
