"""The files of one partner's exports in two storage accounts: copied, compared, deleted (tools/moving.py)."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient, ContainerClient

from shared.domain.exports.export import Export, ExportState
from shared.storage import codec, keys
from shared.storage.rest.wire import Row
from tools.fence import Before
from tools.partner_rows import Rows

Containers = dict[str | None, ContainerClient]
"""The container of export files in each account, None for the deployment's own."""


class Files(Rows):
    """The files of a partner's exports on their way `to` an account; each is copied before the row that says so.

    An export that has not succeeded stays where its files are. A file never changes, so each is compared once.
    """

    def __init__(self, containers: Containers, partner_id: str, to: str | None) -> None:
        self._containers = containers
        self._partner_id = partner_id
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

    async def gone(self, row: Row) -> None:
        """Delete what was copied of an export whose row goes at the target, since the export has gone where it was."""
        if row["RowKey"].startswith(keys.JOB):
            export_id = row["RowKey"].removeprefix(keys.JOB)
            await _delete(self._containers[self._to], f"{self._partner_id}/{export_id}/")
            self._copied.discard(export_id)


class Differs(Exception):
    """A file is another one than a moment before."""


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


async def delete_files(container: ContainerClient, partner_id: str, kept: set[str], before: Before) -> int:
    """Delete the files of a partner's exports but those of the exports in `kept`; how many there were.

    `before` is asked before each, and a file that was written anew meanwhile stays; raises Differs.
    """
    count = 0
    async for blob in container.list_blobs(name_starts_with=f"{partner_id}/"):
        if blob.name.split("/")[1] in kept:
            continue
        await before()
        try:
            await container.delete_blob(blob.name, etag=blob.etag, match_condition=MatchConditions.IfNotModified)
        except ResourceModifiedError as problem:
            raise Differs(blob.name) from problem
        except ResourceNotFoundError:
            continue
        count += 1
    return count


async def _delete(container: ContainerClient, start: str) -> None:
    async for name in container.list_blob_names(name_starts_with=start):
        with suppress(ResourceNotFoundError):
            await container.delete_blob(name)
