"""Connects to Table Storage: by identity in Azure, by connection string on Azurite."""

import logging
from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.settings import Settings
from shared.storage import keys

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

# A request must be answered while its caller still waits, so a dead storage is told after seconds, not minutes.
RETRIES = {"retry_total": 3, "retry_connect": 2, "retry_read": 2, "retry_status": 3}


class Tables:
    """The tables of one deployment, over one connection pool that belongs to the running event loop."""

    def __init__(self, service: TableServiceClient, prefix: str = "") -> None:
        self._service = service
        self._prefix = prefix
        self._clients: dict[str, TableClient] = {}

    def __getitem__(self, name: str) -> TableClient:
        if name not in self._clients:
            self._clients[name] = self._service.get_table_client(self._prefix + name)
        return self._clients[name]

    def foreign(self, name: str) -> TableClient:
        """A table of the same account that is somebody else's; never written to."""
        return self._service.get_table_client(name)

    def owns(self, name: str) -> bool:
        """True for one of the deployment's own tables."""
        return name.casefold() in {(self._prefix + one).casefold() for one in keys.TABLES}

    async def create(self) -> None:
        """Create what is missing; in Azure the template declares the tables instead."""
        for name in keys.TABLES:
            await self._service.create_table_if_not_exists(self._prefix + name)

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()


def connect(settings: Settings, *, transport: Any = None, backoff_seconds: float = 0.2) -> Tables:
    """The deployment's tables; tests pass a transport that fails or counts, and wait less before a retry."""
    # The SDK logs every request with its address at INFO.
    logging.getLogger("azure").setLevel(logging.WARNING)
    options: dict[str, Any] = {
        # Reading proxies from the environment costs a millisecond a call, and storage is never behind one.
        "transport": transport or AioHttpTransport(use_env_settings=False, connection_timeout=5, read_timeout=15),
        **RETRIES,
        "retry_backoff_factor": backoff_seconds,
        "retry_backoff_max": 2,
    }
    if settings.storage_connection:
        text = settings.storage_connection.get_secret_value()
        return Tables(TableServiceClient.from_connection_string(text, **options), settings.table_prefix)
    endpoint = f"https://{settings.storage_account}.table.core.windows.net"
    return Tables(TableServiceClient(endpoint, credential=identity(settings), **options), settings.table_prefix)


def identity(settings: Settings) -> "ManagedIdentityCredential":
    """The app's identity in Azure, which storage knows it by."""
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - 190 ms of import, only needed in Azure

    return ManagedIdentityCredential(client_id=settings.identity_client_id)
