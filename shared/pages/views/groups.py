"""Leads told apart by what they have in common, as a table and as bars (M5)."""

import calendar
from datetime import date

from shared.domain.insights import Figures, GroupBy, Insights, Period
from shared.domain.measures import OTHER, VALUE_CHARACTERS_MAX
from shared.http.shapes.insight_queries import ChartKind
from shared.pages.charts import Bar, widths
from shared.pages.views import figures
from shared.pages.views.figures import Cell, Line, Table
from shared.pages.words import Words

SHOWN_FIRST = 10
"""Groups of a table that are seen at once."""
LISTED = {
    GroupBy.SOURCE: "source",
    GroupBy.COUNTRY: "country",
    GroupBy.OFFER: "offer",
    GroupBy.CALL_TO_ACTION: "callToAction",
    GroupBy.QUALIFICATION: "qualification",
    GroupBy.LOCATION: "location",
    GroupBy.SIZE: "companySize",
    GroupBy.SEARCH_TERM: "searchTerm",
}
"""The filters that find the leads of one group."""
LABELS = {
    GroupBy.SOURCE: "sources",
    GroupBy.CALL_TO_ACTION: "callsToAction",
    GroupBy.QUALIFICATION: "qualifications",
    GroupBy.SIZE: "sizes",
}
THEIRS = (GroupBy.OFFER, GroupBy.LOCATION, GroupBy.SEARCH_TERM, GroupBy.SIZE)
"""Groups whose names are, or may be, other people's words."""


def headings(words: Words) -> dict[GroupBy, str]:
    """What the figures of each are called."""
    return {
        GroupBy.MONTH: words.say("By month"),
        GroupBy.COUNTRY: words.say("By country"),
        GroupBy.SOURCE: words.say("By source"),
        GroupBy.OFFER: words.say("By offer"),
        GroupBy.CALL_TO_ACTION: words.say("By what the customer wants"),
        GroupBy.QUALIFICATION: words.say("By qualification"),
        GroupBy.LOCATION: words.say("By location"),
        GroupBy.SIZE: words.say("By size of the customer"),
        GroupBy.SEARCH_TERM: words.say("By search term"),
    }


def table_of(found: Insights, group_by: GroupBy, words: Words) -> Table:
    """What the leads of each group have come to."""
    groups = _ordered(found)
    lengths = widths([one.received for _, one in groups])
    rows = tuple(_line(found, value, one, length, words) for (value, one), length in zip(groups, lengths, strict=True))
    columns = (
        *(words.say("Received"), words.say("Accepted"), words.say("Acceptance rate"), words.say("Won")),
        *(words.say("Win rate"), words.say("Half answered within"), words.say("Won worth")),
    )
    return Table(
        f"by-{group_by}",
        headings(words)[group_by],
        columns,
        rows[:SHOWN_FIRST],
        rows[SHOWN_FIRST:],
        picture=figures.picture_of(ChartKind.of_groups(group_by), found.period),
        key=key(words),
    )


def bars_of(found: Insights, words: Words) -> tuple[Bar, ...]:
    """How many leads each group has, and how many of these were accepted."""
    return tuple(
        Bar(
            _name(found, value, words),
            one.received,
            figures.with_share(one.received, one.acceptance_rate, words),
            one.accepted,
        )
        for value, one in _ordered(found)
    )


def key(words: Words) -> tuple[str, str]:
    """What the two colours of a bar are."""
    return words.say("Received"), words.say("of these accepted")


def _line(found: Insights, value: str, one: Figures, length: float, words: Words) -> Line:
    within = _filter(found, value)
    received = None if within is None else figures.received(within)
    if found.group_by is GroupBy.SEARCH_TERM and one.expired:
        # What an expired lead was searched by is not to be seen in it (L9), so no list finds it by that.
        received = None
    return Line(
        _name(found, value, words),
        round(length * one.accepted / one.received, 2),
        (
            figures.number(one.received, received, words),
            figures.number(one.accepted, None, words),
            Cell((figures.said(one.acceptance_rate, words.share),)),
            figures.number(one.won, None if within is None else {"outcome": "won", **within}, words),
            Cell((figures.said(one.win_rate, words.share),)),
            Cell((figures.said(one.hours_median, words.hours),)),
            Cell(figures.worth(one.worth_won, {}, words)),
        ),
        length,
        is_theirs=found.group_by in THEIRS and value not in ("", OTHER),
    )


def _ordered(found: Insights) -> list[tuple[str, Figures]]:
    """Groups that have leads in these figures: months as they come, others the most leads first, the rest last."""
    groups = [(value, one) for value, one in found.groups if one.received]
    if found.group_by is GroupBy.MONTH:
        return groups
    return sorted(groups, key=lambda group: (group[0] == OTHER, -group[1].received))


def _name(found: Insights, value: str, words: Words) -> str:
    if value == OTHER:
        return words.say("All others")
    if not value:
        return words.say("Not known")
    if found.group_by is GroupBy.MONTH:
        return words.month(value)
    if found.group_by is GroupBy.COUNTRY:
        return words.country(value)
    return words.label(LABELS[found.group_by], value) if found.group_by in LABELS else value


def _filter(found: Insights, value: str) -> dict[str, str] | None:
    """The list of a group's leads; None where no filter finds them."""
    period = found.period
    if found.group_by is GroupBy.MONTH:
        first = date.fromisoformat(f"{value}-01")
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        return figures.leads(Period(max(first, period.first), min(last, period.last)))
    name = LISTED.get(found.group_by) if found.group_by else None
    # One as long as that may have been cut where it was counted.
    if name is None or value in ("", OTHER) or len(value) >= VALUE_CHARACTERS_MAX:
        return None
    return {name: value, **figures.leads(period)}
