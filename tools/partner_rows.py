"""One partner's rows in two storage accounts: copied, compared, deleted (tools/moving.py).

A pass reads both sides in the order of their keys and writes what differs. It reads rows in full, or their keys and
ETags alone and in full only those that were not found the same before in just these versions. So a pass that finds
nothing to do has every row the same, and says how many there were and in which versions, as a digest.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from shared.storage import keys, reads
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from tools.copy_tables import side_by_side
from tools.fence import Batch, Fence, is_fence

VERSION = ("PartitionKey", "RowKey", "Timestamp")
"""What is read of a row to know its ETag, which storage makes of the time."""
AT_ONCE, ROWS_AT_ONCE = 32, 1_000
"""Requests for rows in full that are under way side by side, and how many rows they are for."""
GAP = 10
"""Rows that stand no further apart are read in one request, with those between them: what is new stands together."""


@dataclass
class Passed:
    """A pass over one table: rows there, those written, deleted and not yet looked at, the digest of all versions."""

    rows: int = 0
    written: int = 0
    deleted: int = 0
    unread: int = 0
    seen: Any = field(default_factory=hashlib.sha256)

    @property
    def is_clean(self) -> bool:
        """True when both sides were the same."""
        return self.work == 0

    @property
    def work(self) -> int:
        """How many were not the same."""
        return self.written + self.deleted + self.unread

    @property
    def contents(self) -> str:
        """How many rows and which versions, to be compared with another pass's: whatever is written has a new one."""
        return f"{self.rows}:{self.seen.hexdigest()}"

    def note(self, row: Row) -> None:
        """Let a row count."""
        self.rows += 1
        self.seen.update(_text(row))


class Compared:
    """Pairs of rows that were read in full and found the same, by their versions: 90 bytes each."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def add(self, mine: Row, theirs: Row) -> None:
        """Note that both were the same."""
        self._known.add(_digest(mine, theirs))

    def has(self, mine: Row, theirs: Row) -> bool:
        """True when just these versions were the same."""
        return _digest(mine, theirs) in self._known


def _text(row: Row) -> bytes:
    if not row.tag:
        raise ValueError("a row without its version")
    return f"{row['PartitionKey']}\n{row['RowKey']}\n{row.tag}\n".encode()


def _digest(mine: Row, theirs: Row) -> bytes:
    return hashlib.blake2b(_text(mine) + theirs.tag.encode(), digest_size=16).digest()


class Rows:
    """What becomes of rows on their way: nothing. tools/partner_files.py has files beside them."""

    async def moved(self, row: Row) -> Row:
        """A row as it is to be at the target."""
        return row

    async def gone(self, row: Row) -> None:
        """Before a row is deleted at the target, since it is gone where it was."""


def range_of(partner_id: str, name: str) -> str:
    """The condition of a partner's rows in a table; of Favorites each person has a partition."""
    if name == keys.FAVORITES:
        low, high = keys.persons(partner_id)
        return f"PartitionKey gt '{low}' and PartitionKey lt '{high}'"
    return f"PartitionKey eq '{partner_id}'"


async def rows_of(table: Table, condition: str, select: Sequence[str] = ()) -> AsyncGenerator[Row, None]:
    """The rows of a range in their order, the next thousand on their way meanwhile."""
    token = None
    asked = asyncio.ensure_future(table.page(condition, select=select))
    try:
        while True:
            page = await asked
            token = page.token
            if token is not None:
                asked = asyncio.ensure_future(table.page(condition, select=select, token=token))
            for row in page.rows:
                yield row
            if token is None:
                return
    finally:
        asked.cancel()


class Copying:
    """One pass that makes a range behind a fence that of the `source`; raises Refused when somebody else writes there.

    `compared` says which rows need not be read in full, and learns which are the same; without it every row is read.
    """

    def __init__(self, source: Table, fence: Fence, rows: Rows, compared: Compared, *, in_full: bool) -> None:
        self._source, self._target = source, fence.table
        self._fence, self._batch = fence, Batch(fence)
        self._rows = rows
        self._compared = compared
        self._select = () if in_full else VERSION
        self._later: list[list[Pair]] = []
        self._done = Passed()

    async def copy(self, condition: str) -> Passed:
        """Go through the range."""
        async with (
            aclosing(rows_of(self._source, condition, self._select)) as ours,
            aclosing(rows_of(self._target, condition, self._select)) as others,
            aclosing(side_by_side(ours, others)) as pairs,
            aclosing(fenced(self._fence, self._done, pairs)) as found,
        ):
            async for mine, theirs in found:
                await self._pair(mine, theirs)
        await self._read_in_full()
        await self._batch.flush()
        return self._done

    async def _pair(self, mine: Row | None, theirs: Row | None) -> None:
        if mine is None:
            assert theirs is not None
            self._done.deleted += 1
            await self._rows.gone(theirs)
            await self._batch.add(Write.delete(theirs, theirs.tag))
            return
        self._done.note(mine)
        if not self._select:
            await self._compare(mine, theirs)
        elif theirs is None or not self._compared.has(mine, theirs):
            await self._look_later(Pair(self._done.rows, mine, theirs))

    async def _look_later(self, pair: "Pair") -> None:
        last = self._later[-1][-1] if self._later else None
        if last and last.partition == pair.partition and pair.number - last.number <= GAP:
            self._later[-1].append(pair)
        else:
            self._later.append([pair])
        if len(self._later) > AT_ONCE or sum(map(len, self._later)) == ROWS_AT_ONCE:
            await self._read_in_full()

    async def _read_in_full(self) -> None:
        later, self._later = self._later, []
        for found in await asyncio.gather(*map(self._in_full, later)):
            for pair, mine, theirs in found:
                if mine is None or mine.tag != pair.mine.tag:
                    # It was changed since its key was read, so the digest is of what is no more.
                    self._done.unread += 1
                if mine is not None:
                    await self._compare(mine, theirs)

    async def _in_full(self, pairs: list["Pair"]) -> list[tuple["Pair", Row | None, Row | None]]:
        mine, theirs = await asyncio.gather(*(_between(table, pairs) for table in (self._source, self._target)))
        return [(pair, mine.get(pair.key), theirs.get(pair.key)) for pair in pairs]

    async def _compare(self, mine: Row, theirs: Row | None) -> None:
        wanted = await self._rows.moved(mine)
        if theirs is not None and wanted == theirs:
            self._compared.add(mine, theirs)
            return
        self._done.written += 1
        await self._batch.add(Write.insert(wanted) if theirs is None else Write.replace(wanted, theirs.tag))


@dataclass(frozen=True)
class Pair:
    """The keys and versions of a row on both sides; its `number` is its place in the range."""

    number: int
    mine: Row
    theirs: Row | None

    @property
    def partition(self) -> str:
        """Its partition."""
        return str(self.mine["PartitionKey"])

    @property
    def key(self) -> str:
        """Its key in that."""
        return str(self.mine["RowKey"])


async def _between(table: Table, pairs: list[Pair]) -> dict[str, Row]:
    """The rows from the first of these to the last in full, by their keys."""
    partition, first, last = pairs[0].partition, pairs[0].key, pairs[-1].key
    if first == last:
        row = await reads.row(table, partition, first)
        return {first: row} if row is not None else {}
    condition = f"PartitionKey eq '{partition}' and RowKey ge '{keys.quoted(first)}'"
    condition += f" and RowKey le '{keys.quoted(last)}'"
    return {row["RowKey"]: row async for row in rows_of(table, condition)}


async def fenced(
    fence: Fence, done: Passed, pairs: AsyncGenerator[tuple[Row | None, Row | None], None]
) -> AsyncGenerator[tuple[Row | None, Row | None], None]:
    """The pairs of partitions that a run has fenced in before they were read; another pass reads the others."""
    too_late = ""
    async for mine, theirs in pairs:
        row = mine or theirs
        assert row is not None
        partition = row["PartitionKey"]
        if not fence.has(partition):
            await fence.take(partition)
            too_late = partition
        if is_fence(row):
            continue
        if partition == too_late:
            done.unread += 1
        else:
            yield mine, theirs


async def contents(table: Table, condition: str) -> Passed:
    """What is in a range."""
    done = Passed()
    async for row in rows_of(table, condition, VERSION):
        if not is_fence(row):
            done.note(row)
    return done


async def delete_rows(fence: Fence, condition: str) -> Passed:
    """One pass that deletes a range behind a fence; raises Refused when somebody else writes there."""

    async def alone() -> AsyncGenerator[tuple[Row | None, Row | None], None]:
        async for row in rows_of(fence.table, condition, VERSION):
            yield None, row

    done, batch = Passed(), Batch(fence)
    async with aclosing(alone()) as rows, aclosing(fenced(fence, done, rows)) as found:
        async for _, row in found:
            assert row is not None
            done.deleted += 1
            await batch.add(Write.delete(row, row.tag))
    await batch.flush()
    return done
