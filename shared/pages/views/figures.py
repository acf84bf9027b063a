"""Figures as people read them: numbers, shares and worth, what has changed, and the list behind a number (M5).

What a table says is what its bars show: a picture has its text beside it, or is it. A list finds what its filter says
now, so a number has a link where a filter means the same leads, and none where there is no such filter.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from urllib.parse import urlencode

from shared.domain.insights import Period
from shared.domain.instants import stamp
from shared.http.shapes.insight_queries import ChartKind
from shared.pages.charts import widths
from shared.pages.words import Words

NOTHING = "–"
"""Where there is nothing to say."""
SAME_WITHIN = 0.1
"""Of hours: answers are counted in spans, so they are good to a tenth, and what is less is no change."""


@dataclass(frozen=True)
class Cell:
    """Texts, one below the other, and what has changed since; `query` is the list behind the first."""

    texts: tuple[str, ...]
    query: str | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A row: its name, its bar and its cells. The bar is `some` percent long, and up to `whole` in the paler colour.

    `is_theirs` where the name is not one of ours.
    """

    name: str
    some: float
    cells: tuple[Cell, ...]
    whole: float = 0
    is_theirs: bool = False


@dataclass(frozen=True)
class Table:
    """A figure: `code` names it in the page, `key` what the two colours of its bars are.

    `more` are rows that are a click away, `picture` is where the interface draws it, None where it does not.
    """

    code: str
    title: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    more: tuple[Line, ...] = ()
    picture: str | None = None
    key: tuple[str, str] | None = None


@dataclass(frozen=True)
class Tile:
    """One figure by itself, with what has changed since."""

    name: str
    text: str
    changed: tuple[str, ...]


def lines(rows: Sequence[tuple[str, int, tuple[Cell, ...]]]) -> tuple[Line, ...]:
    """Rows of a name, a count that is their bar, and cells."""
    lengths = widths([count for _, count, _ in rows])
    return tuple(Line(name, length, cells) for (name, _, cells), length in zip(rows, lengths, strict=True))


def leads(period: Period) -> dict[str, str]:
    """The list of a period's leads: its days are UTC's, and bare ones of an address would be the partner's."""
    return {
        "createdFrom": stamp(datetime.combine(period.first, time(), UTC)),
        "createdTo": stamp(datetime.combine(period.last, time(23, 59, 59, 999_000), UTC)),
    }


def received(within: Mapping[str, str]) -> dict[str, str]:
    """The list of those that somebody has to answer, or had to."""
    return {"status": "received,accepted,archived", **within}


def picture_of(picture: ChartKind, period: Period) -> str:
    """Where the interface draws it, below the partner."""
    asked = {"kind": str(picture), "from": str(period.first), "to": str(period.last)}
    return "/insights/chart.svg?" + urlencode(asked)


def days(period: Period, words: Words) -> str:
    """A period in words."""
    return f"{words.day(period.first)} – {words.day(period.last)}"


def number(count: int, query: Mapping[str, str] | None, words: Words) -> Cell:
    """A number with the list behind it, where there is one and something in it."""
    return Cell((words.number(count),), urlencode(query) if count and query is not None else None)


def said(value: float | None, say: Callable[[float], str]) -> str:
    """What `say` makes of a value, a dash of none."""
    return NOTHING if value is None else say(value)


def share(count: int, of: int, words: Words) -> str:
    """The share of a count."""
    return said(count / of if of else None, words.share)


def with_share(count: int, part: float | None, words: Words) -> str:
    """A count and its share as one text."""
    return words.number(count) if part is None else f"{words.number(count)} · {words.share(part)}"


def worth(now: Mapping[str, Decimal], before: Mapping[str, Decimal], words: Words) -> tuple[str, ...]:
    """Each currency by itself: there are no exchange rates here."""
    return tuple(_worth(currency, now, before, words) for currency in sorted({*now, *before}))


def _worth(currency: str, now: Mapping[str, Decimal], before: Mapping[str, Decimal], words: Words) -> str:
    text = words.money(str(now.get(currency, Decimal())), currency)
    if currency not in before:
        return text
    earlier = words.money(str(before[currency]), currency)
    return words.say("%(now)s (before: %(before)s)", now=text, before=earlier)


def changed(now: int, before: int, words: Words) -> str:
    """What became of a count."""
    return _moved(now - before, words.number(abs(now - before)), words.number(before), words)


def share_changed(now: float | None, before: float | None, words: Words) -> tuple[str, ...]:
    """What became of a share, in points of a hundred; nothing where there is nothing to compare."""
    if now is None or before is None:
        return ()
    points = round(100 * now) - round(100 * before)
    text = words.say("1 point") if abs(points) == 1 else words.say("%(count)s points", count=words.number(abs(points)))
    return (_moved(points, text, words.share(before), words),)


def hours_changed(now: float | None, before: float | None, words: Words) -> tuple[str, ...]:
    """What became of a time in hours; nothing where there is nothing to compare."""
    if now is None or before is None:
        return ()
    is_same = abs(now - before) < SAME_WITHIN * max(now, before)
    change = 0 if is_same else now - before
    return (_moved(change, words.hours(abs(change)), words.hours(before), words),)


def _moved(change: float, by: str, before: str, words: Words) -> str:
    if not change:
        return words.say("as before")
    if change > 0:
        return words.say("+%(by)s, up from %(before)s", by=by, before=before)
    return words.say("−%(by)s, down from %(before)s", by=by, before=before)


def present(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Those that have rows."""
    return tuple(table for table in tables if table.lines)
