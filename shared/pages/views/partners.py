"""How partners do, as the operator reads it: a row for each in the list, and everything of one (M2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from babel.units import format_unit

from shared.domain.instants import stamp
from shared.domain.partner_order import PartnerField, PartnerOrder
from shared.domain.programme.partner import PartnerState
from shared.domain.targets import Target, Targets, judged, status_of
from shared.http.shapes.insight_views import FiguresView, figures_view
from shared.pages.views.filters import Sorted
from shared.pages.views.standing import DASH, SIGNS, Fact, Goal, facts_of, goal_of, percent, points
from shared.pages.words import Words
from shared.usecases.outcomes.list_partners import Performance, SeenPartner

NAMES = ("search", "orderBy")
"""What of an address makes the list."""
RISING = (PartnerField.ID, PartnerField.NAME, PartnerField.HOURS_TO_ANSWER_MEDIAN)
"""What a first click sorts upward; everything else begins with the most."""
COLUMNS = (
    PartnerField.NAME,
    PartnerField.STANDING,
    PartnerField.RECEIVED,
    PartnerField.ACCEPTANCE_RATE,
    PartnerField.EXPIRY_RATE,
    PartnerField.WIN_RATE,
    PartnerField.CLOSED_WITHIN_60_DAYS,
    PartnerField.HOURS_TO_ANSWER_MEDIAN,
    PartnerField.OVERDUE,
)


@dataclass(frozen=True)
class Column:
    """A column of the list."""

    name: str
    heading: Sorted


@dataclass(frozen=True)
class Choice:
    """An order that can be chosen where there are no headings."""

    value: str
    label: str
    current: bool


@dataclass(frozen=True)
class Cell:
    """One value of a row; `label` stands before it where rows are cards.

    `status` and `sign` are the words and the sign of what it says of a target.
    """

    column: str
    label: str
    text: str
    status: str | None = None
    sign: str | None = None


@dataclass(frozen=True)
class Row:
    """One partner."""

    id: str
    name: str
    suspended: str | None
    status: str
    sign: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Partner:
    """Everything of one partner; the lists are empty until somebody has looked."""

    id: str
    name: str
    suspended: str | None
    status: str
    sign: str
    as_of: str | None
    goals: tuple[Goal, ...]
    standing: tuple[Fact, ...]
    figures: tuple[Fact, ...]


def columns(here: Mapping[str, str], order: PartnerOrder, words: Words) -> tuple[Column, ...]:
    """The columns; a click on one sorts by it, another turns the order round."""
    return tuple(Column(field, _heading(here, order, field, words)) for field in COLUMNS)


def choices(order: PartnerOrder, words: Words) -> tuple[Choice, ...]:
    """What the list can be ordered by, each the way it would begin with, and the one that it has."""
    return tuple(
        Choice(
            _written(order if order.field is field else PartnerOrder(field, field not in RISING)),
            words.label("partnerOrders", field),
            order.field is field,
        )
        for field in PartnerField
    )


def row_of(seen: SeenPartner, targets: Targets, words: Words) -> Row:
    """A partner's row."""
    status, sign = _status(seen.performance, targets, words)
    return Row(
        id=seen.partner.id,
        name=seen.partner.name,
        suspended=_suspended(seen, words),
        status=status,
        sign=sign,
        cells=tuple(_cells(seen.performance, targets, words)),
    )


def partner_of(seen: SeenPartner, targets: Targets, words: Words) -> Partner:
    """Everything of one."""
    status, sign = _status(seen.performance, targets, words)
    found = seen.performance
    return Partner(
        id=seen.partner.id,
        name=seen.partner.name,
        suspended=_suspended(seen, words),
        status=status,
        sign=sign,
        as_of=as_of(found, words) if found else None,
        goals=tuple(goal_of(one, words) for one in judged(found.standing.figures, targets)) if found else (),
        standing=facts_of(found.standing, words) if found else (),
        figures=_figures(figures_view(found.standing.figures), found, words) if found else (),
    )


def as_of(performance: Performance, words: Words) -> str | None:
    """When somebody last looked at all partners, in words; None while the first look goes on."""
    if performance.at is None:
        return None
    return words.say("As of %(when)s (UTC), of leads of the 90 days before.", when=words.moment(stamp(performance.at)))


def _suspended(seen: SeenPartner, words: Words) -> str | None:
    is_suspended = seen.partner.state is PartnerState.SUSPENDED
    return words.label("partnerStates", seen.partner.state) if is_suspended else None


def _status(performance: Performance | None, targets: Targets, words: Words) -> tuple[str, str]:
    if performance is None:
        return words.say("Not known yet"), "unsure"
    status = status_of(judged(performance.standing.figures, targets))
    return words.label("performanceStatuses", status), SIGNS[status]


def _heading(here: Mapping[str, str], order: PartnerOrder, field: PartnerField, words: Words) -> Sorted:
    is_now = order.field is field
    descending = not order.descending if is_now else field not in RISING
    query = urlencode({**here, "orderBy": _written(PartnerOrder(field, descending))})
    direction = ("descending" if order.descending else "ascending") if is_now else "none"
    return Sorted(words.label("partnerOrders", field), query, direction)


def _written(order: PartnerOrder) -> str:
    return f"{order.field} {'desc' if order.descending else 'asc'}"


def _cells(performance: Performance | None, targets: Targets, words: Words) -> list[Cell]:
    each = {one.target: one for one in judged(performance.standing.figures, targets)} if performance else {}
    found = []
    for field in COLUMNS[1:]:
        label = words.label("partnerOrders", field)
        if str(field) in list(Target):
            one = each.get(Target(field))
            text = percent(one.rate, words) if one else DASH
            # Of nothing a dash says enough.
            is_share = one is not None and one.rate is not None
            said = (words.label("targetStatuses", one.status), SIGNS[one.status]) if one and is_share else (None, None)
            found.append(Cell(field, label, text, *said))
        else:
            found.append(Cell(field, label, _number(field, performance, words) if performance else DASH))
    return found


def _number(field: PartnerField, performance: Performance, words: Words) -> str:
    standing = performance.standing
    if field is PartnerField.STANDING:
        return points(standing.value, words)
    if field is PartnerField.HOURS_TO_ANSWER_MEDIAN:
        return hours(standing.figures.hours_median, words)
    return words.number(standing.figures.received if field is PartnerField.RECEIVED else standing.overdue)


def _figures(view: FiguresView, performance: Performance, words: Words) -> tuple[Fact, ...]:
    figures = performance.standing.figures
    worth = " + ".join(words.money(amount, currency) for currency, amount in view["wonValue"].items())
    return (
        Fact(words.say("Received"), words.number(figures.received)),
        Fact(words.say("Waiting"), words.number(figures.waiting)),
        Fact(words.label("statuses", "accepted"), words.number(figures.accepted)),
        Fact(words.label("outcomes", "declined"), words.number(figures.declined)),
        Fact(words.label("outcomes", "expired"), words.number(figures.expired)),
        Fact(words.label("outcomes", "won"), words.number(figures.won)),
        Fact(words.label("outcomes", "lost"), words.number(figures.lost)),
        Fact(words.say("Answered within 24 hours"), percent(figures.within_24h, words)),
        Fact(words.say("Answered within 72 hours"), percent(figures.within_72h, words)),
        Fact(words.label("partnerOrders", PartnerField.HOURS_TO_ANSWER_MEDIAN), hours(figures.hours_median, words)),
        Fact(words.say("Worth of what was won"), worth or DASH),
    )


def hours(count: float | None, words: Words) -> str:
    """Hours, a dash where there are none."""
    return DASH if count is None else format_unit(round(count, 1), "hour", "short", locale=words.locale)
