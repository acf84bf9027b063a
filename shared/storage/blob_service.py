"""Opens Blob Storage: the one place that says how long it is waited for, and who signs in.

The client takes 200 ms to import, so it is loaded where the first blob is asked for and not at a cold start.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline.transport import AioHttpTransport

from shared.settings import Settings
from shared.storage.tables import identity

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient, BlobServiceClient


def opened(
    settings: Settings, connection: str | None, account: str | None, transport: Any, backoff_seconds: int
) -> "BlobServiceClient":
    """One account's service, by its connection string or else by name with the app's identity."""
    from azure.storage.blob.aio import BlobServiceClient, LinearRetry  # noqa: PLC0415 - see the module's docstring

    options: dict[str, Any] = {
        "transport": transport or AioHttpTransport(use_env_settings=False, connection_timeout=5, read_timeout=60),
        "retry_policy": LinearRetry(backoff=backoff_seconds, retry_total=3, random_jitter_range=0),
    }
    if connection:
        return BlobServiceClient.from_connection_string(connection, **options)
    endpoint = f"https://{account}.blob.core.windows.net"
    return BlobServiceClient(endpoint, credential=identity(settings), **options)


class Container:
    """One container, over one connection pool that opens at the first use and belongs to the running event loop."""

    def __init__(self, open_service: "Callable[[], BlobServiceClient]", container: str) -> None:
        self._open_service = open_service
        self._container = container
        self._opened: BlobServiceClient | None = None

    async def create(self) -> None:
        """Create the container if it is missing; in Azure the template declares it instead."""
        try:
            await self._service.create_container(self._container)
        except ResourceExistsError:
            return

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    @property
    def _service(self) -> "BlobServiceClient":
        if self._opened is None:
            self._opened = self._open_service()
        return self._opened

    def _blob(self, name: str) -> "BlobClient":
        return self._service.get_blob_client(self._container, name)
