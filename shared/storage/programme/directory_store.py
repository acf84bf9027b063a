"""The directory in Blob Storage: one blob that searches are answered from, and one that only its refresh reads.

Each instance keeps the directory in memory and asks once a minute whether there is another one, by its ETag.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
)

from shared.domain.errors import Unavailable
from shared.domain.programme.directory import Directory
from shared.ports.errors import LostRace
from shared.ports.programme import ProfilesRead, StoredDirectory
from shared.settings import Settings
from shared.storage import blob_service, keys
from shared.storage.cache import CACHE_FOR
from shared.storage.errors import is_unavailable
from shared.storage.programme import snapshot

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobServiceClient

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kept:
    """What this instance has in memory; `tag` '' where there is nothing."""

    directory: Directory | None = None
    tag: str = ""


class _AsKnownError(Exception):
    """What is stored is what is in memory."""


class BlobDirectory(blob_service.Container):
    """`DirectoryStore` on Azure Blob Storage, in the deployment's own account."""

    def __init__(self, open_service: "Callable[[], BlobServiceClient]", container: str) -> None:
        super().__init__(open_service, container)
        self._kept = _Kept()
        self._asked: datetime | None = None
        self._asking = asyncio.Lock()

    async def current(self, at: datetime) -> Directory | None:
        """Whoever asks while another one is asking has what was there; the first waits."""
        if self._is_old(at) and not (self._asked and self._asking.locked()):
            async with self._asking:
                if self._is_old(at):
                    await self._look(at)
        return self._kept.directory

    def _is_old(self, at: datetime) -> bool:
        return self._asked is None or not self._asked <= at < self._asked + CACHE_FOR

    async def _look(self, at: datetime) -> None:
        try:
            await self._load()
        except Unavailable:
            if self._kept.directory is None:
                raise
            log.warning("The directory could not be read anew.", extra={"event": "directory.stale"})
        self._asked = at

    async def stored(self) -> StoredDirectory | None:
        await self._load()
        return StoredDirectory(self._kept.directory, self._kept.tag) if self._kept.directory else None

    async def put(self, directory: Directory, before: StoredDirectory | None) -> None:
        content = await asyncio.to_thread(snapshot.packed, directory)
        # Bytes of another version stand in nobody's way.
        unread = self._kept.tag if self._kept.directory is None else ""
        tag = before.tag if before else unread
        self._kept = _Kept(directory, await self._write(keys.DIRECTORY, content, tag or None))

    async def read_profiles(self) -> ProfilesRead:
        found = await self._read(keys.DIRECTORY_READ, "")
        return ProfilesRead(snapshot.unpacked_times(found[0]), found[1]) if found else ProfilesRead({})

    async def note_read(self, times: Mapping[str, datetime], before: ProfilesRead) -> None:
        await self._write(keys.DIRECTORY_READ, snapshot.packed_times(times), before.tag)

    async def _load(self) -> None:
        """Have in memory what is stored."""
        try:
            found = await self._read(keys.DIRECTORY, self._kept.tag)
        except _AsKnownError:
            return
        # Others have their turn meanwhile, as far as Python's own lock lets them.
        self._kept = _Kept(await asyncio.to_thread(snapshot.unpacked, found[0]), found[1]) if found else _Kept()

    async def _read(self, name: str, known: str) -> tuple[bytes, str] | None:
        """A blob with its tag, None where there is none; raises _AsKnownError where it is the known one."""
        unless: dict[str, Any] = {"etag": known, "match_condition": MatchConditions.IfModified} if known else {}
        with _translating():
            try:
                piece = await self._blob(name).download_blob(**unless)
                return await piece.readall(), str(piece.properties.etag)
            except HttpResponseError as error:
                if error.status_code == 304:
                    raise _AsKnownError from None
                if getattr(error, "error_code", None) == "BlobNotFound":
                    return None
                raise

    async def _write(self, name: str, content: bytes, tag: str | None) -> str:
        """Write a blob over the one of this tag, or where there is none; its new tag. Raises LostRace."""
        only: dict[str, Any] = {"etag": tag, "match_condition": MatchConditions.IfNotModified} if tag else {}
        with _translating():
            written = await self._blob(name).upload_blob(content, overwrite=tag is not None, **only)
        return str(written["etag"])


@contextmanager
def _translating() -> Iterator[None]:
    """Raise the port's error in place of the SDK's; a missing container is a defect of the deployment's set-up."""
    try:
        yield
    except (ResourceExistsError, ResourceModifiedError) as error:
        raise LostRace from error
    except AzureError as error:
        if is_unavailable(error) or getattr(error, "error_code", None) == "ContainerNotFound":
            raise Unavailable from error
        raise


def connect(settings: Settings, *, transport: Any = None, backoff_seconds: int = 1) -> BlobDirectory:
    """The deployment's directory; tests pass a transport that fails or counts, and wait less before a retry."""
    text = settings.storage_connection.get_secret_value() if settings.storage_connection else None

    def open_service() -> "BlobServiceClient":
        return blob_service.opened(settings, text, settings.storage_account, transport, backoff_seconds)

    return BlobDirectory(open_service, settings.table_prefix.lower() + keys.DIRECTORY_FILES)
