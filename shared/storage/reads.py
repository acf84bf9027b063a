"""Reads single rows, and ranges newest first, which it merges into pages.

A service page may be short or empty and still go on, so a range knows how far it has looked; a merged page ends where
the range that has looked least far ends, which is why one position is enough to go on from in every range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient

from shared.storage.errors import is_table_missing, translating


@dataclass(frozen=True)
class Scan:
    """Rows of one range in key order; `done` when the range holds no more. `positions` run beside the rows."""

    rows: tuple[Any, ...]
    done: bool
    positions: tuple[str, ...] = ()

    def placed(self, position: Callable[[Any], str]) -> "Scan":
        """The same scan with every row's position."""
        return replace(self, positions=tuple(position(row) for row in self.rows))


async def row(table: TableClient, partition: str, key: str, select: list[str] | None = None) -> Any | None:
    """The row, or None where there is none; a table that is missing is no empty one."""
    with translating():
        try:
            return await table.get_entity(partition, key, select=select)
        except ResourceNotFoundError as error:
            if is_table_missing(error):
                raise
            return None


async def scan(table: TableClient, condition: str, top: int, select: list[str]) -> Scan:
    """At least one row of the range, or its end; one request unless the service answers empty pages."""
    with translating():
        pages = table.query_entities(condition, results_per_page=top, select=select).by_page()
        async for page in pages:
            rows = tuple([row async for row in page])
            # The SDK keeps the token on the iterator and says so nowhere in its types.
            done = not getattr(pages, "continuation_token", None)
            if rows or done:
                return Scan(rows, done)
    return Scan((), done=True)


def merge(scans: Sequence[Scan], top: int) -> tuple[list[Any], str | None]:
    """The first `top` rows by position, one a position, and where to go on; None when every range is at its end."""
    frontier = min((one.positions[-1] for one in scans if not one.done), default=None)
    by_position: dict[str, Any] = {}
    for one in scans:
        # A row that stands in two ranges moved between the reads; the range read last saw it last.
        by_position.update(zip(one.positions, one.rows, strict=True))
    ready = sorted(at for at in by_position if frontier is None or at <= frontier)
    page = ready[:top]
    more = frontier is not None or len(ready) > top
    following = (page[-1] if len(ready) > top else frontier) if more else None
    return [by_position[at] for at in page], following
