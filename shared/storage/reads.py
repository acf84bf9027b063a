"""Reads single rows, and ranges newest first, which it merges into pages.

A service page may be short or empty and still go on, so a range knows how far it has looked; a merged page ends where
the range that has looked least far ends, which is why one position is enough to go on from in every range.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.storage.errors import is_table_missing, translating
from shared.storage.rest.service import Table, Token
from shared.storage.rest.wire import Row

PAGE_FIRST, PAGE_LEAST, PAGE_MAX = 250, 20, 1_000
"""Rows of one answer of a walk: the first, and the bounds; a thousand is the most that storage gives."""
PAGE_CHARACTERS = 4 * 1024 * 1024
"""What an answer of a walk should hold: a sender decides how large its leads are, and memory must not follow."""
Placed = tuple[str, Any, float]
"""A row with its position, and when it was asked for."""


@dataclass(frozen=True)
class Query:
    """Which rows are looked through, and which of them are wanted."""

    range: str
    wanted: Sequence[str] = ()

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

    def placed(self, position: Callable[[Any], str]) -> "Scan":
        """This scan with the position of every row."""
        if self.reached is not None:
            return replace(self, positions=(before(position({"RowKey": self.reached})),))
        return replace(self, positions=tuple(position(row) for row in self.rows))


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
    table: Table, query: Query | str, top: int, select: Sequence[str], is_over: Callable[[], bool] = lambda: False
) -> Scan:
    """At least one row of the range, or its end, or when time is over how far storage has looked.

    One request, unless the service answers empty pages, as it does when it finds nothing for seconds.
    """
    with translating():
        token = None
        while True:
            page = await table.page(str(query), top, select, token)
            token = page.token
            if page.rows or token is None:
                return Scan(tuple(page.rows), done=token is None)
            if is_over() and isinstance(query, Query) and (reached := await _reached(table, query, token)):
                return Scan((), done=False, reached=reached)


async def _reached(table: Table, query: Query, token: Token) -> str | None:
    """The key that a continuation goes on from: tokens are storage's own, but the next row of all is at theirs."""
    page = await table.page(query.range, 1, ["RowKey"], token)
    return str(page.rows[0]["RowKey"]) if page.rows else None


def before(position: str) -> str:
    """A position just before this one, so that what stands at it is not passed over."""
    return f"{int(position[:-1], 16) - 1:028x}{position[-1]}"


class Range:
    """One range that is walked to its end: rows not yet taken, and the page behind them already on its way.

    Pages grow while their rows are small and shrink when they are large: two pages a range are held at a time.
    """

    def __init__(
        self,
        table: Table,
        query: Query,
        select: Sequence[str],
        position: Callable[[Any], str],
        watch: Callable[[], float],
    ) -> None:
        self._table, self._query, self._select = table, query, select
        self._token: Token | None = None
        self._top = PAGE_FIRST
        self._position = position
        self._watch = watch
        self._rows: list[Placed] = []
        self._reached = ""
        self._done = False
        self._coming = asyncio.ensure_future(self._fetch())

    @property
    def at_end(self) -> bool:
        """True when every row was taken."""
        return self._done and not self._rows

    @property
    def known(self) -> str | None:
        """Up to where this range is known: the last row read or looked at, '' for nothing yet, None at its end."""
        if self._done:
            return None
        return self._rows[-1][0] if self._rows else self._reached

    async def fill(self) -> None:
        """Wait for the next page when nothing is left of the one before; it may turn out empty."""
        if self._rows or self._done:
            return
        self._rows, self._done, self._reached = await self._coming
        if not self._done:
            self._coming = asyncio.ensure_future(self._fetch())
            # Once around, so that the request is on its way while the caller works on these rows.
            await asyncio.sleep(0)

    def take(self, until: str | None) -> list[Placed]:
        """Take the rows up to a position, None for all, each with its own."""
        count = len(self._rows) if until is None else bisect_right(self._rows, until, key=itemgetter(0))
        taken, self._rows = self._rows[:count], self._rows[count:]
        return taken

    async def close(self) -> None:
        """Give up what is on its way."""
        self._coming.cancel()
        # Nobody waits for that page any more, whatever became of it.
        await asyncio.gather(self._coming, return_exceptions=True)

    async def _fetch(self) -> tuple[list[Placed], bool, str]:
        asked = self._watch()
        with translating():
            page = await self._table.page(str(self._query), self._top, self._select, self._token)
            self._token = token = page.token
            rows = [(self._position(row), row, asked) for row in page.rows]
            size = sum(len(text) for row in page.rows for text in row.values() if isinstance(text, str))
            # The next page is asked for with as many rows as fit, going by this one.
            fitting = PAGE_CHARACTERS * len(rows) // max(1, size)
            self._top = max(PAGE_LEAST, min(PAGE_MAX, fitting)) if rows else PAGE_MAX
            reached = await _reached(self._table, self._query, token) if token and not rows else None
            return rows, token is None, before(self._position({"RowKey": reached})) if reached else ""


async def walk(
    ranges: Sequence[Range], after: str | None
) -> AsyncGenerator[tuple[list[tuple[Any, float]], str | None], None]:
    """The rows of all ranges in the order of their positions, batch by batch, with the position covered so far.

    Beside each row stands what the watch said when it was asked for.
    """
    covered = after
    try:
        while not all(walked.at_end for walked in ranges):
            for walked in ranges:
                await walked.fill()
            unknown = [known for walked in ranges if (known := walked.known) is not None]
            until = min(unknown, default=None)
            rows = sorted((row for walked in ranges for row in walked.take(until)), key=itemgetter(0))
            covered = max(covered or "", until or "", rows[-1][0] if rows else "") or None
            yield [(row, asked) for _, row, asked in rows], covered
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
