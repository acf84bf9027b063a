"""Reads single rows, and ranges newest first, which it merges into pages.

A service page may be short or empty and still go on, so a range knows how far it has looked; a merged page ends where
the range that has looked least far ends, which is why one position is enough to go on from in every range.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise, repeat
from operator import attrgetter, itemgetter
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.storage import keys
from shared.storage.errors import is_table_missing, translating
from shared.storage.rest.service import RowPage, Table, Token
from shared.storage.rest.wire import Row

PAGE_FIRST, PAGE_LEAST, PAGE_MAX = 250, 20, 1_000
"""Rows of one answer of a walk: the first, and the bounds; a thousand is the most that storage gives."""
PAGE_BYTES, NARROW_BYTES = 4 * 1024 * 1024, 1024 * 1024
"""What an answer of a walk should hold: a sender decides how large its leads are, and memory must not follow.

Of few columns less, so that taking an answer apart holds up nobody for long.
"""
WIDTH = 2
"""Requests of one range that are under way side by side where few columns are read.

More find things sooner where storage has room for them, and keep others' requests waiting where it answers one by one.
Pages of 250 rows keep them waiting for half as long and cost twice the CPU.
"""
FILLED = 0.8
"""How full the page of a part of a range should be, going by those before it: an overfull one costs one more."""
Positions = Callable[[Sequence[str]], list[str]]
"""The positions of rows, by their keys: one call for a page, since a search asks for ten thousand."""
Placed = tuple[str, Any, float]
"""A row with its position, and what the watch said when it was asked for."""


@dataclass(frozen=True)
class Query:
    """Which rows of a partition are looked through, between two keys, and which of them are wanted."""

    partition: str
    low: str
    high: str
    wanted: Sequence[str] = ()

    @property
    def range(self) -> str:
        """The condition of what is looked through."""
        return f"PartitionKey eq '{self.partition}' and RowKey gt '{self.low}' and RowKey lt '{self.high}'"

    def __str__(self) -> str:
        return " and ".join((self.range, *self.wanted))


@dataclass(frozen=True)
class Scan:
    """Rows of one range in key order; `done` when the range holds no more. `positions` run beside the rows.

    `reached` is the key of the row that is looked at next, where storage was asked for it.
    """

    rows: tuple[Any, ...]
    done: bool
    positions: tuple[str, ...] = ()
    reached: str | None = None

    def placed(self, positions: "Positions") -> "Scan":
        """This scan with the position of every row, by its key."""
        if self.reached is not None:
            return replace(self, positions=(before(*positions([self.reached])),))
        return replace(self, positions=tuple(positions(keys_of(self.rows))))


def key_of(row: Any) -> str:
    """The key of a row, or of a struct of its columns."""
    return str(row["RowKey"] if isinstance(row, dict) else row.row_key)


def keys_of(rows: Sequence[Any]) -> list[str]:
    """The keys of rows that are all of one kind, as `key_of` tells them."""
    tell = itemgetter("RowKey") if rows and isinstance(rows[0], dict) else attrgetter("row_key")
    return list(map(tell, rows))


async def row(table: Table, partition: str, key: str, select: Sequence[str] = ()) -> Row | None:
    """The row, or None where there is none; a table that is missing is no empty one."""
    with translating():
        try:
            return await table.get(partition, key, select)
        except ResourceNotFoundError as error:
            if is_table_missing(error):
                raise
            return None


async def starting(table: Table, partition: str, start: str, select: Sequence[str] = ()) -> list[Row]:
    """All rows of a partition whose keys begin so, in their order."""
    condition = f"PartitionKey eq '{partition}' and RowKey gt '{start}' and RowKey lt '{start}~'"
    with translating():
        return await table.rows(condition, select)


async def scan(
    table: Table,
    query: Query | str,
    top: int,
    select: Sequence[str],
    is_over: Callable[[], bool] = lambda: False,
    kind: type[Any] | None = None,
) -> Scan:
    """At least one row of the range, or its end, or when time is over how far storage has looked.

    Rows, or structs of a kind. One request, unless the service answers empty pages, as it does when it finds nothing
    for seconds.
    """
    with translating():
        token = None
        while True:
            page = await _page(table, str(query), top, select, token, kind)
            token = page.token
            if page.rows or token is None:
                return Scan(tuple(page.rows), done=token is None)
            if is_over() and isinstance(query, Query) and (reached := await _reached(table, query, token)):
                return Scan((), done=False, reached=reached)


async def _page(
    table: Table, query: str, top: int, select: Sequence[str], token: Token | None, kind: type[Any] | None
) -> RowPage[Any]:
    if kind is None:
        return await table.page(query, top, select, token)
    return await table.page_of(kind, query, top, select, token)


async def _reached(table: Table, query: Query, token: Token) -> str | None:
    """The key that a continuation goes on from: tokens are storage's own, but the next row of all is at theirs."""
    page = await table.page(query.range, 1, ["RowKey"], token)
    return str(page.rows[0]["RowKey"]) if page.rows else None


def before(position: str) -> str:
    """A position just before this one, so that what stands at it is not passed over."""
    return f"{int(position[:-1], 16) - 1:028x}{position[-1]}"


@dataclass(frozen=True)
class Reading:
    """How the rows of ranges are read: these columns, as structs of a kind or else as rows.

    `watch` gives the time that is noted beside each row. `width` requests of a range are under way side by side.
    """

    table: Table
    select: Sequence[str]
    watch: Callable[[], float] = lambda: 0.0
    kind: type[Any] | None = None
    width: int = 1

    async def page(self, query: Query, top: int, token: Token | None) -> RowPage[Any]:
        """One answer."""
        return await _page(self.table, str(query), top, self.select, token, self.kind)

    def fitting(self, page: RowPage[Any]) -> int:
        """How many rows the next page should have, going by this one."""
        most = PAGE_BYTES if self.width == 1 else NARROW_BYTES
        return max(PAGE_LEAST, min(PAGE_MAX, most * len(page.rows) // max(1, page.size))) if page.rows else PAGE_MAX


@dataclass(frozen=True)
class _Answer:
    page: RowPage[Any]
    rows: list[Placed]
    reached: str


@dataclass
class _Part:
    """A request that is under way; `is_cut` when what is left behind its answer is asked for already."""

    query: Query
    coming: "asyncio.Task[_Answer]"
    is_cut: bool = False

    @property
    def goes_on(self) -> bool:
        """True once rows came, and there are more behind them."""
        if not self.coming.done() or self.coming.cancelled() or self.coming.exception():
            return False
        answer = self.coming.result()
        return len(answer.rows) > 1 and answer.page.token is not None


class Range:
    """One range of leads that is walked to its end: rows not yet taken, and the pages behind them already on their way.

    Pages grow while their rows are small and shrink when they are large. One page is on its way at a time; or several,
    from the third on: keys begin with times, so what is left of the range is cut where pages should end, going by how
    many leads there were in a time. The last part always reaches to the range's end.
    """

    def __init__(self, query: Query, reading: Reading, positions: Positions) -> None:
        self._reading = reading
        self._positions = positions
        self._top = PAGE_FIRST
        self._rows: list[Placed] = []
        self._reached = ""
        self._pages = 0
        self._parts = deque([self._ask(query)])

    @property
    def at_end(self) -> bool:
        """True when every row was taken."""
        return not self._parts and not self._rows

    @property
    def known(self) -> str | None:
        """Up to where this range is known: the last row read or looked at, '' for nothing yet, None at its end."""
        if not self._parts:
            return None
        return self._rows[-1][0] if self._rows else self._reached

    async def fill(self) -> None:
        """Wait for the next page when nothing is left of the one before; it may turn out empty."""
        while self._parts and not self._rows:
            part = self._parts[0]
            answer = await part.coming
            self._pages += 1
            self._top = self._reading.fitting(answer.page)
            self._rows, self._reached = answer.rows, answer.reached
            self._ask_ahead()
            self._parts.popleft()
            goes_on = answer.page.token is not None and not part.is_cut
            if goes_on:
                self._parts.appendleft(self._ask(part.query, answer.page.token))
            # Once around, so that requests are on their way while the caller works on these rows.
            await asyncio.sleep(0)
            if goes_on:
                return

    def take(self, until: str | None) -> list[Placed]:
        """Take the rows up to a position, None for all, each with its own."""
        count = len(self._rows) if until is None else bisect_right(self._rows, until, key=itemgetter(0))
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    async def close(self) -> None:
        """Give up what is on its way."""
        for part in self._parts:
            part.coming.cancel()
        # Nobody waits for those pages any more, whatever became of them.
        await asyncio.gather(*(part.coming for part in self._parts), return_exceptions=True)

    def _ask_ahead(self) -> None:
        """Cut what is left behind the last part, once that has come and half of those ahead of it are done with."""
        last, width = self._parts[-1], self._reading.width
        room = width - len(self._parts) + 1
        if self._pages < 2 or width == 1 or room < width // 2 or not last.goes_on:
            return
        rows = last.coming.result().rows
        low, high = key_of(rows[-1][1]), last.query.high
        lasted = keys.milliseconds_between(key_of(rows[0][1]), low)
        step = int(lasted / len(rows) * self._top * FILLED) + 1
        bounds = [bound for n in range(1, room) if low < (bound := keys.older(low, n * step)) < high]
        last.is_cut = True
        for begins, ends in pairwise(dict.fromkeys([low, *bounds, high])):
            self._parts.append(self._ask(replace(last.query, low=begins, high=ends)))

    def _ask(self, query: Query, token: Token | None = None) -> _Part:
        return _Part(query, asyncio.ensure_future(self._answer(query, token)))

    async def _answer(self, query: Query, token: Token | None) -> _Answer:
        asked = self._reading.watch()
        with translating():
            page = await self._reading.page(query, self._top, token)
            rows = list(zip(self._positions(keys_of(page.rows)), page.rows, repeat(asked), strict=False))
            reached = await _reached(self._reading.table, query, page.token) if page.token and not rows else None
            return _Answer(page, rows, before(*self._positions([reached])) if reached else "")


async def walk(ranges: Sequence[Range], after: str | None) -> AsyncGenerator[tuple[list[Placed], str | None], None]:
    """The rows of all ranges in the order of their positions, batch by batch, with the position covered so far."""
    covered = after
    try:
        while not all(walked.at_end for walked in ranges):
            for walked in ranges:
                await walked.fill()
            unknown = [known for walked in ranges if (known := walked.known) is not None]
            until = min(unknown, default=None)
            rows = sorted(chain.from_iterable(walked.take(until) for walked in ranges), key=itemgetter(0))
            covered = max(covered or "", until or "", rows[-1][0] if rows else "") or None
            yield rows, covered
    finally:
        for walked in ranges:
            await walked.close()


def merge(scans: Sequence[Scan], top: int) -> tuple[list[Any], str | None]:
    """The first `top` rows by position, one a position, and where to go on; None when every range is at its end."""
    # Where a range gave no row, it was looked through up to its one position.
    frontier = min((found.positions[-1] for found in scans if not found.done), default=None)
    by_position: dict[str, Any] = {}
    for found in scans:
        # A row that stands in two ranges moved between the reads; the range read last saw it last.
        by_position.update(zip(found.positions, found.rows, strict=False))
    ready = sorted(at for at in by_position if frontier is None or at <= frontier)
    page = ready[:top]
    more = frontier is not None or len(ready) > top
    following = (page[-1] if len(ready) > top else frontier) if more else None
    return [by_position[at] for at in page], following
