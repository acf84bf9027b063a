"""One partner's rows and files in two storage accounts: copied, compared, deleted (tools/moving.py).

Each pass reads both sides in the order of their keys and writes what differs. One that finds nothing to write has
compared every row, and says how many there were and what they were, as a digest.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient, ContainerClient

from shared.domain.exports.export import Export, ExportState
from shared.storage import codec, keys
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from tools.copy_tables import side_by_side

BATCH, BATCH_BYTES = 100, 3 * 1024 * 1024
"""Of one transaction: the service's own bound, and its 4 MiB with room for what is around the rows."""
Before = Callable[[], Awaitable[None]]
"""Asked before each transaction: whether it may still be made."""
Containers = dict[str | None, ContainerClient]
"""The container of export files in each account, None for the deployment's own."""


@dataclass
class Passed:
    """A pass over one table: rows there, those written and deleted, and the digest of all as they were read."""

    rows: int = 0
    written: int = 0
    deleted: int = 0
    seen: Any = field(default_factory=hashlib.sha256)

    @property
    def is_clean(self) -> bool:
        """True when both sides were the same."""
        return not self.written and not self.deleted

    @property
    def contents(self) -> str:
        """How many rows and what they were, to be compared with another pass's."""
        return f"{self.rows}:{self.seen.hexdigest()}"


def range_of(partner_id: str, name: str) -> str:
    """The condition of a partner's rows in a table; of Favorites each person has a partition."""
    if name == keys.FAVORITES:
        low, high = keys.persons(partner_id)
        return f"PartitionKey gt '{low}' and PartitionKey lt '{high}'"
    return f"PartitionKey eq '{partner_id}'"


async def rows_of(table: Table, condition: str) -> AsyncGenerator[Row, None]:
    """The rows of a range in their order, the next thousand on their way meanwhile."""
    token = None
    asked = asyncio.ensure_future(table.page(condition))
    try:
        while True:
            page = await asked
            token = page.token
            if token is not None:
                asked = asyncio.ensure_future(table.page(condition, token=token))
            for row in page.rows:
                yield row
            if token is None:
                return
    finally:
        asked.cancel()


class Batch:
    """Writes to one table, as many of a partition in a transaction as it takes."""

    def __init__(self, table: Table, before: Before) -> None:
        self._table, self._before = table, before
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
            await self._before()
            await self._table.transact(self._writes)
        self._writes, self._bytes = [], 0


async def copy_rows(
    source: Table, target: Table, condition: str, before: Before, written: Callable[[Row], Awaitable[Row]]
) -> Passed:
    """One pass that makes the range at the target that of the source; `written` gives a row as it is to be there."""
    done, batch = Passed(), Batch(target, before)
    async with (
        aclosing(rows_of(source, condition)) as ours,
        aclosing(rows_of(target, condition)) as others,
        aclosing(side_by_side(ours, others)) as pairs,
    ):
        async for mine, theirs in pairs:
            if mine is None:
                assert theirs is not None
                done.deleted += 1
                await batch.add(Write.delete(theirs))
                continue
            done.rows += 1
            note(done, mine)
            wanted = await written(mine)
            if wanted != theirs:
                done.written += 1
                await batch.add(Write.upsert(wanted))
    await batch.flush()
    return done


def note(done: Passed, row: Any) -> None:
    """Let a row count in the digest, whatever order its columns come in."""
    done.seen.update(json.dumps(row, sort_keys=True, default=bytes.hex).encode())


async def contents(table: Table, condition: str) -> Passed:
    """What is in a range."""
    done = Passed()
    async for row in rows_of(table, condition):
        done.rows += 1
        note(done, row)
    return done


async def delete_rows(table: Table, condition: str, before: Before) -> int:
    """Delete a range; how many rows there were."""
    count, batch = 0, Batch(table, before)
    async for row in rows_of(table, condition):
        count += 1
        await batch.add(Write.delete(row))
    await batch.flush()
    return count


class Files:
    """The files of a partner's exports on their way to another account: those of exports that have succeeded.

    What is still being written stays where it began, for its blocks cannot be read before they are put together; an
    export says where its files are. A file never changes, so each is compared once.
    """

    def __init__(self, containers: Containers, to: str | None) -> None:
        self._containers = containers
        self._to = to
        self._copied: set[str] = set()

    @property
    def count(self) -> int:
        """How many were copied and found the same."""
        return len(self._copied)

    async def moved(self, row: Row) -> Row:
        """The row of an export as it is to be at the target, once its file is there; any other row as it is."""
        if not row["RowKey"].startswith(keys.JOB):
            return row
        export = codec.load(Export, row)
        if export.state is not ExportState.SUCCEEDED or export.data_account == self._to:
            return row
        there = replace(export, data_account=self._to)
        if export.id not in self._copied:
            try:
                await copy_file(self._file(export), self._file(there))
            except ResourceNotFoundError:
                # It is about to be deleted, the file first.
                return row
            self._copied.add(export.id)
        plain = {name: value for name, value in row.items() if name not in codec.DOCS}
        return Row(plain | codec.dump(there), "", None)

    def _file(self, export: Export) -> BlobClient:
        return self._containers[export.data_account].get_blob_client(export.blob.rpartition(":")[2])


class Differs(Exception):
    """A file is another one after it was copied."""


async def copy_file(source: BlobClient, target: BlobClient) -> None:
    """Copy a file and read it again; raises ResourceNotFoundError, Differs."""
    seen = hashlib.sha256()
    found = await source.download_blob()

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in found.chunks():
            seen.update(piece)
            yield piece

    said = found.properties.content_settings
    settings = ContentSettings(content_type=said.content_type, cache_control=said.cache_control)
    await target.upload_blob(pieces(), overwrite=True, content_settings=settings)
    again = hashlib.sha256()
    async for piece in (await target.download_blob()).chunks():
        again.update(piece)
    if again.digest() != seen.digest():
        raise Differs(target.blob_name)


async def delete_files(container: ContainerClient, partner_id: str, kept: set[str]) -> int:
    """Delete the files of a partner's exports but those of the exports in `kept`; how many there were."""
    count = 0
    async for name in container.list_blob_names(name_starts_with=f"{partner_id}/"):
        if name.split("/")[1] not in kept:
            await container.delete_blob(name)
            count += 1
    return count
