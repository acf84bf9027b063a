"""Files in Blob Storage: blocks, and the one place that decides how a link is signed (X1–X5).

The blob client takes 200 ms to import, so it is loaded at the first export and not at a cold start.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from shared import clock
from shared.domain.errors import Unavailable
from shared.ports.errors import FileGone
from shared.ports.exports import Link
from shared.settings import Settings
from shared.storage import blob_service, keys
from shared.storage.errors import is_unavailable

if TYPE_CHECKING:
    from azure.storage.blob import UserDelegationKey
    from azure.storage.blob.aio import BlobServiceClient

log = logging.getLogger(__name__)

_GONE = frozenset({"BlobNotFound", "InvalidBlockList"})
CLOCK_SKEW = timedelta(minutes=15)
"""How far storage's clock may be behind ours when a delegation key begins."""
DELEGATION_LASTS = timedelta(hours=24)
"""A delegation key may live for seven days; a day bounds what a stolen one is good for."""


class Blobs(blob_service.Container):
    """`FileStore` on Azure Blob Storage, over one connection pool that belongs to the running event loop."""

    def __init__(
        self,
        open_service: "Callable[[], BlobServiceClient]",
        container: str,
        link_lasts: timedelta,
        real_now: Callable[[], datetime] = clock.real_now,
    ) -> None:
        super().__init__(open_service, container)
        self._link_lasts = link_lasts
        self._real_now = real_now
        self._delegation: tuple[UserDelegationKey, datetime] | None = None
        self._delegating = asyncio.Lock()

    async def stage(self, name: str, block: str, content: bytes) -> None:
        with _translating():
            await self._blob(name).stage_block(block, content, length=len(content))

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        """A block that was taken into the file before is found there again."""
        from azure.storage.blob import BlobBlock, ContentSettings  # noqa: PLC0415 - see the module's docstring

        with _translating():
            await self._blob(name).commit_block_list(
                [BlobBlock(block) for block in blocks],
                content_settings=ContentSettings(content_type=media_type, cache_control="no-store"),
            )

    async def read(self, name: str, offset: int, length: int) -> bytes:
        with _translating():
            try:
                piece = await self._blob(name).download_blob(offset=offset, length=length)
                return await piece.readall()
            except HttpResponseError as error:
                if error.status_code == 416:
                    return b""
                raise

    async def delete(self, name: str) -> None:
        with _translating():
            try:
                await self._blob(name).delete_blob()
            except ResourceNotFoundError:
                return

    async def wipe(self, name: str) -> None:
        """Blocks that were never put together are a blob's too, for a week: it is made of none, then deleted."""
        with _translating():
            await self._blob(name).commit_block_list([])
        await self.delete(name)

    async def link(self, name: str, file_name: str) -> Link:
        """Signed with the account key where there is one (Azurite), else by user delegation."""
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas  # noqa: PLC0415 - as above

        service = self._service
        until = (self._real_now() + self._link_lasts).replace(microsecond=0)
        key = getattr(service.credential, "account_key", None)
        signed_with = {"account_key": key} if key else {"user_delegation_key": await self._delegation_key(until)}
        signature = generate_blob_sas(
            str(service.account_name),
            self._container,
            name,
            permission=BlobSasPermissions(read=True),
            expiry=until,
            # Azurite serves plain http on loopback; anything else is https.
            protocol="https" if service.scheme == "https" else "https,http",
            content_disposition=f'attachment; filename="{file_name}"',
            **signed_with,
        )
        return Link(f"{self._blob(name).url}?{signature}", until)

    async def _delegation_key(self, until: datetime) -> "UserDelegationKey":
        """A key that outlives the link; one request a day, however many links are asked for."""
        async with self._delegating:
            if self._delegation is None or self._delegation[1] < until:
                now = self._real_now()
                ends = now + DELEGATION_LASTS
                with _translating():
                    self._delegation = await self._service.get_user_delegation_key(now - CLOCK_SKEW, ends), ends
            return self._delegation[0]


@contextmanager
def _translating() -> Iterator[None]:
    """Raise the port's error in place of the SDK's; a missing container is a defect of the deployment's set-up."""
    try:
        yield
    except AzureError as error:
        code = getattr(error, "error_code", None)
        if code in _GONE:
            raise FileGone from error
        if is_unavailable(error) or code == "ContainerNotFound":
            raise Unavailable from error
        raise


class AccountBlobs:
    """`FileStore` over several accounts: a name that begins with one of theirs and a colon is of a file in it."""

    def __init__(self, own: Blobs, accounts: Mapping[str, Blobs]) -> None:
        self._own = own
        self._accounts = accounts

    def within(self, account: str | None) -> Blobs:
        """The files of one account, None for the deployment's own; raises Unavailable when there is no such account."""
        if account is not None and account not in self._accounts:
            log.error(
                "A file is in an account that the settings do not name.",
                extra={"event": "storage.no_such_account", "account": account},
            )
            raise Unavailable
        return self._own if account is None else self._accounts[account]

    async def create(self) -> None:
        """Create the containers that are missing."""
        for files in (self._own, *self._accounts.values()):
            await files.create()

    async def close(self) -> None:
        """Close the connections."""
        for files in (self._own, *self._accounts.values()):
            await files.close()

    async def stage(self, name: str, block: str, content: bytes) -> None:
        files, name = self._found(name)
        await files.stage(name, block, content)

    async def put_together(self, name: str, blocks: Sequence[str], media_type: str) -> None:
        files, name = self._found(name)
        await files.put_together(name, blocks, media_type)

    async def read(self, name: str, offset: int, length: int) -> bytes:
        files, name = self._found(name)
        return await files.read(name, offset, length)

    async def delete(self, name: str) -> None:
        files, name = self._found(name)
        await files.delete(name)

    async def wipe(self, name: str) -> None:
        files, name = self._found(name)
        await files.wipe(name)

    async def link(self, name: str, file_name: str) -> Link:
        files, name = self._found(name)
        return await files.link(name, file_name)

    def _found(self, name: str) -> tuple[Blobs, str]:
        account, _, path = name.rpartition(":")
        return self.within(account or None), path


def connect(settings: Settings, *, transport: Any = None, backoff_seconds: int = 1) -> Blobs | AccountBlobs:
    """The deployment's files; tests pass a transport that fails or counts, and wait less before a retry."""
    container = settings.table_prefix.lower() + keys.EXPORT_FILES

    def files(connection: str | None, account: str | None) -> Blobs:
        def open_service() -> "BlobServiceClient":
            return blob_service.opened(settings, connection, account, transport, backoff_seconds)

        return Blobs(open_service, container, timedelta(minutes=settings.export_link_minutes))

    text = settings.storage_connection.get_secret_value() if settings.storage_connection else None
    own = files(text, settings.storage_account)
    further = {name: files(connection, name) for name, connection in settings.further_accounts.items()}
    return AccountBlobs(own, further) if further else own
