"""A run's row in each partition that it writes, so that nothing of an earlier run takes effect later (decision 19)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from azure.core.exceptions import AzureError

from shared.storage.errors import is_race
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write

KEY = "!moving"
"""Ahead of all keys of a partner's rows, and in no range that anybody reads but those of a person's marks, where it is
of no lead: should one ever stay, it is in nobody's way."""
BATCH, BATCH_BYTES = 99, 3 * 1024 * 1024
"""Of one transaction beside the fence's row: the service's own bound, and its 4 MiB with room for what is around the
rows."""
AT_ONCE = 32
Before = Callable[[], Awaitable[None]]
"""Asked before each transaction: whether it may still be made."""


def is_fence(row: Mapping[str, Any]) -> bool:
    """True of a row that is a run's and no partner's."""
    return bool(row["RowKey"] == KEY)


class Fence:
    """The rows of one run in one table, by partition; each transaction changes the one of its partition.

    A run may be suspended between its looking whether it may go on and its writing. The run that comes after it takes
    its fence before it reads, so whatever the earlier one had read by then it writes on condition of a row that is no
    more as it was. Whoever takes a fence looks after it whether it may still go on, or it could be the later one.
    """

    def __init__(self, table: Table, run_id: str, before: Before) -> None:
        self.table = table
        self.before = before
        self._run_id = run_id
        self._tags: dict[str, str] = {}
        self._held: set[str] = set()

    def has(self, partition: str) -> bool:
        """True when this run may write there, as far as it knows."""
        return partition in self._held

    async def take(self, partition: str) -> None:
        """From now on nobody else's transactions take effect there; what was read before does not count."""
        self._tags[partition] = await self.table.write(Write.upsert(self._row(partition)))
        await self.before()
        self._held.add(partition)

    def lose(self) -> None:
        """Take all anew: what was refused may have been written by an attempt whose answer was lost."""
        self._held.clear()

    async def transact(self, writes: Sequence[Write]) -> None:
        """Write to one partition; raises Refused where anything is not as it was read."""
        partition = writes[0].row["PartitionKey"]
        await self.before()
        mine = Write.replace(self._row(partition), self._tags[partition])
        self._tags[partition] = (await self.table.transact([mine, *writes]))[0]

    async def drop(self) -> None:
        """Take the rows away; from here on nothing of this run takes effect either, however late it arrives."""
        self._held.clear()
        taken = sorted(self._tags)
        for start in range(0, len(taken), AT_ONCE):
            await asyncio.gather(*map(self._drop, taken[start : start + AT_ONCE]))

    async def _drop(self, partition: str) -> None:
        try:
            await self.table.write(Write.delete(self._row(partition), self._tags[partition]))
        except AzureError as problem:
            # Another run's by now, or gone.
            if not is_race(problem):
                raise
        del self._tags[partition]

    def _row(self, partition: str) -> dict[str, str]:
        return {"PartitionKey": partition, "RowKey": KEY, "by": self._run_id}


class Batch:
    """Writes behind a fence, as many of a partition in a transaction as it takes."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._writes: list[Write] = []
        self._bytes = 0

    async def add(self, write: Write) -> None:
        """Write it with others, at the latest when `flush` is called."""
        size = len(write.body())
        other = self._writes and self._writes[0].row["PartitionKey"] != write.row["PartitionKey"]
        if other or len(self._writes) == BATCH or self._bytes + size > BATCH_BYTES:
            await self.flush()
        self._writes.append(write)
        self._bytes += size

    async def flush(self) -> None:
        """Write what is left."""
        if self._writes:
            await self._fence.transact(self._writes)
        self._writes, self._bytes = [], 0
