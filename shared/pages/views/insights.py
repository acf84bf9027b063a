"""A period's insights: its funnel, the time to answers, groups and reasons, and the form above them (M5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from shared.domain.insights import DAYS, Figures, GroupBy, Insights, Period
from shared.http.shapes.insight_queries import ChartKind
from shared.pages.charts import Bar, Chart
from shared.pages.views import figures, groups
from shared.pages.views.figures import Cell, Table, Tile
from shared.pages.views.filters import Link
from shared.pages.words import Words

ALWAYS = (GroupBy.COUNTRY, GroupBy.SOURCE)
"""What leads are told apart by whatever is chosen."""
CHOSEN = GroupBy.MONTH
"""What they are told apart by, too, where nothing is."""


@dataclass(frozen=True)
class Choice:
    """The days and the groups that may be chosen, and those that are."""

    presets: tuple[Link, ...]
    first: str
    last: str
    groups: tuple[tuple[str, str], ...]
    group_by: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All figures of a period; `leads` is the list of its leads, `sheet` where the interface has the groups as CSV.

    `name` begins the names of files.
    """

    days: str
    compared: str
    leads: str
    sheet: str
    name: str
    is_empty: bool
    funnel: Table
    rest: Table
    tiles: tuple[Tile, ...]
    answers: Table
    groups: tuple[Table, ...]
    reasons: tuple[Table, ...]
    informational: str
    informational_leads: str


def choice_of(period: Period, group_by: GroupBy | None, today: date, words: Words) -> Choice:
    """The form above the figures, `today` being the day of UTC."""
    kept = {"groupBy": str(group_by)} if group_by else {}
    presets = tuple(
        Link(text, urlencode({"from": one.first, "to": one.last, **kept}), one == period)
        for text, one in _presets(today, words)
    )
    offered = tuple((str(one), text) for one, text in groups.headings(words).items())
    return Choice(presets, str(period.first), str(period.last), offered, str(group_by or CHOSEN))


def report_of(found: Mapping[GroupBy, Insights], chosen: GroupBy, words: Words) -> Report:
    """The figures, told apart by each of these."""
    one = found[chosen]
    period, total, listed = one.period, one.total, figures.leads(one.period)
    asked = {"from": period.first, "to": period.last, "groupBy": str(chosen), "format": "csv"}
    return Report(
        days=figures.days(period, words),
        compared=words.say("Compared with %(days)s", days=figures.days(period.before, words)),
        leads=urlencode(listed),
        sheet="/insights?" + urlencode(asked),
        name=f"insights-{period.first}-{period.last}",
        is_empty=total.is_empty,
        funnel=_funnel(one, words),
        rest=_rest(one, words),
        tiles=_tiles(one, words),
        answers=_answers(one, words),
        groups=tuple(groups.table_of(insights, group_by, words) for group_by, insights in found.items()),
        reasons=figures.present(_reasons(one, words)),
        informational=_informational(total, words),
        informational_leads=urlencode({"status": "informational", **listed}),
    )


def chart_of(picture: ChartKind, found: Insights, words: Words) -> Chart:
    """The picture of one figure."""
    days, total = figures.days(found.period, words), found.total
    if picture.group_by:
        bars = groups.bars_of(found, words)
        return Chart(f"{groups.headings(words)[picture.group_by]}, {days}", bars, *groups.key(words))
    if picture is ChartKind.TIME_TO_ANSWER:
        spans = _spans(total, words)
        bars = tuple(Bar(name, count, figures.with_share(count, part, words)) for name, count, part in spans)
        return Chart(f"{words.say('Time to answer')}, {days}", bars)
    stages = (
        (words.say("Received"), total.received, None),
        (words.say("Accepted"), total.accepted, total.acceptance_rate),
        (words.say("Won"), total.won, total.win_rate),
    )
    bars = tuple(Bar(name, count, figures.with_share(count, rate, words)) for name, count, rate in stages)
    return Chart(f"{words.say('From received to won')}, {days}", bars)


def _presets(today: date, words: Words) -> Iterable[tuple[str, Period]]:
    for days in (30, DAYS, 365):
        yield words.say("Last %(days)s days", days=words.number(days)), Period(today - timedelta(days=days - 1), today)
    month = today.replace(day=1)
    end = month - timedelta(days=1)
    yield words.say("This month"), Period(month, today)
    yield words.say("Last month"), Period(end.replace(day=1), end)


def _funnel(found: Insights, words: Words) -> Table:
    now, before, listed = found.total, found.before, figures.leads(found.period)
    accepted = won = Cell(())
    if now.acceptance_rate is not None:
        text = words.say("%(share)s of those that no longer wait", share=words.share(now.acceptance_rate))
        accepted = Cell((text,), changed=figures.share_changed(now.acceptance_rate, before.acceptance_rate, words))
    if now.win_rate is not None:
        text = words.say("%(share)s of those accepted", share=words.share(now.win_rate))
        won = Cell((text,), changed=figures.share_changed(now.win_rate, before.win_rate, words))
    worth = Cell(figures.worth(now.worth, before.worth, words))
    worth_won = Cell(figures.worth(now.worth_won, before.worth_won, words))
    stages: tuple[tuple[str, int, int, Mapping[str, str] | None, Cell, Cell], ...] = (
        (words.say("Received"), now.received, before.received, figures.received(listed), Cell(()), Cell(())),
        (words.say("Accepted"), now.accepted, before.accepted, {"deal": "true", **listed}, accepted, worth),
        (words.say("Won"), now.won, before.won, {"outcome": "won", **listed}, won, worth_won),
    )
    rows = [
        (name, count, (figures.number(count, query, words), _changed(count, earlier, words), rate, amounts))
        for name, count, earlier, query, rate, amounts in stages
    ]
    return Table(
        "funnel",
        words.say("From received to won"),
        (words.say("Leads"), words.say("Change"), words.say("Rate"), words.say("Worth")),
        figures.lines(rows),
        picture=figures.picture_of(ChartKind.FUNNEL, found.period),
    )


def _rest(found: Insights, words: Words) -> Table:
    """Where the leads are that were not won."""
    now, before, listed = found.total, found.before, figures.leads(found.period)
    places = (
        (words.say("Waiting for an answer"), now.waiting, before.waiting, {"status": "received"}),
        (words.say("Open deals"), now.open_deals, before.open_deals, {"status": "accepted"}),
        (words.say("Lost"), now.lost, before.lost, {"outcome": "lost"}),
        (words.say("Declined"), now.declined, before.declined, {"outcome": "declined"}),
        (words.say("Expired without an answer"), now.expired, before.expired, {"outcome": "expired"}),
    )
    rows = [
        (
            name,
            count,
            (
                figures.number(count, {**query, **listed}, words),
                _changed(count, earlier, words),
                Cell((figures.share(count, now.received, words),)),
            ),
        )
        for name, count, earlier, query in places
    ]
    columns = words.say("Leads"), words.say("Change"), words.say("Of all received")
    return Table("rest", words.say("Where the others are"), columns, figures.lines(rows))


def _tiles(found: Insights, words: Words) -> tuple[Tile, ...]:
    now, before = found.total, found.before
    hours = (
        (words.say("Half are answered within"), now.hours_median, before.hours_median),
        (words.say("Nine of ten are answered within"), now.hours_p90, before.hours_p90),
    )
    shares = (
        (words.say("Answered within 24 hours"), now.within_24h, before.within_24h),
        (words.say("Answered within 72 hours"), now.within_72h, before.within_72h),
    )
    return (
        *(
            Tile(name, figures.said(this, words.hours), figures.hours_changed(this, that, words))
            for name, this, that in hours
        ),
        *(
            Tile(name, figures.said(this, words.share), figures.share_changed(this, that, words))
            for name, this, that in shares
        ),
    )


def _answers(found: Insights, words: Words) -> Table:
    rows = [
        (name, count, (figures.number(count, None, words), Cell((figures.said(part, words.share),))))
        for name, count, part in _spans(found.total, words)
    ]
    return Table(
        "answers",
        words.say("Time to answer"),
        (words.say("Leads"), words.say("Share")),
        figures.lines(rows),
        picture=figures.picture_of(ChartKind.TIME_TO_ANSWER, found.period),
    )


def _spans(total: Figures, words: Words) -> list[tuple[str, int, float | None]]:
    """Leads by when they were answered, those that never were at the end, with their shares of all of these."""
    counts = (
        (words.say("Within 24 hours"), total.answered_24h),
        (words.say("24 to 72 hours"), total.answered_72h - total.answered_24h),
        (words.say("Later"), total.answered - total.answered_72h),
        (words.say("Never: expired"), total.expired),
    )
    over = total.answered + total.expired
    return [(name, count, count / over if over else None) for name, count in counts]


def _reasons(found: Insights, words: Words) -> Iterable[Table]:
    listed = figures.leads(found.period)
    every = (
        ("declined-for", words.say("Why leads were declined"), "declined", found.declined_for),
        ("lost-for", words.say("Why deals were lost"), "lost", found.lost_for),
    )
    for code, title, outcome, counts in every:
        total = sum(counts.values())
        rows = [
            (
                words.label("reasons", reason),
                count,
                (
                    figures.number(count, {"outcome": outcome, "reason": reason, **listed}, words),
                    Cell((figures.share(count, total, words),)),
                ),
            )
            for reason, count in counts.items()
        ]
        yield Table(code, title, (words.say("Leads"), words.say("Share")), figures.lines(rows))


def _informational(total: Figures, words: Words) -> str:
    if not total.informational:
        return ""
    text = words.say(
        "For information alone: %(count)s. Nobody has to answer these, and they stand in no other figure.",
        count=words.number(total.informational),
    )
    if not total.informational_accepted:
        return text
    more = words.say("Accepted all the same: %(count)s.", count=words.number(total.informational_accepted))
    return f"{text} {more}"


def _changed(count: int, earlier: int, words: Words) -> Cell:
    return Cell((figures.changed(count, earlier, words),))
