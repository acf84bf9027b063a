"""Connects to Table Storage: by identity in Azure, by connection string on Azurite."""

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableClient, TableServiceClient
from pydantic import SecretStr

from shared.settings import Settings
from shared.storage import keys

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

# A request must be answered while its caller still waits, so a dead storage is told after seconds, not minutes.
RETRIES = {"retry_total": 3, "retry_connect": 2, "retry_read": 2, "retry_status": 3}


class Tables:
    """The tables of one deployment, over connection pools that belong to the running event loop.

    `marketplaces` is the account of other people's tables, where that is not the deployment's own.
    """

    def __init__(
        self, service: TableServiceClient, prefix: str = "", marketplaces: TableServiceClient | None = None
    ) -> None:
        self._service = service
        self._prefix = prefix
        self._marketplaces = marketplaces
        self._clients: dict[str, TableClient] = {}

    def __getitem__(self, name: str) -> TableClient:
        if name not in self._clients:
            self._clients[name] = self._service.get_table_client(self._prefix + name)
        return self._clients[name]

    def foreign(self, name: str) -> TableClient:
        """A table that is somebody else's; never written to."""
        return (self._marketplaces or self._service).get_table_client(name)

    def owns(self, name: str) -> bool:
        """True where that name in the marketplaces' account is one of the deployment's own tables."""
        own = {(self._prefix + table).casefold() for table in keys.TABLES}
        return name.casefold() in own and (self._marketplaces or self._service).url == self._service.url

    async def create(self) -> None:
        """Create what is missing; in Azure the template declares the tables instead."""
        for name in keys.TABLES:
            await self._service.create_table_if_not_exists(self._prefix + name)

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()
        if self._marketplaces:
            await self._marketplaces.close()


def connect(settings: Settings, *, transport: Any = None, backoff_seconds: float = 0.2) -> Tables:
    """The deployment's tables; tests pass a transport that fails or counts, and wait less before a retry."""

    def account(connection: SecretStr | None, name: str | None) -> TableServiceClient:
        options: dict[str, Any] = {
            # Reading proxies from the environment costs a millisecond a call, and storage is never behind one.
            "transport": transport or AioHttpTransport(use_env_settings=False, connection_timeout=5, read_timeout=15),
            **RETRIES,
            "retry_backoff_factor": backoff_seconds,
            "retry_backoff_max": 2,
        }
        if connection:
            return TableServiceClient.from_connection_string(connection.get_secret_value(), **options)
        endpoint = f"https://{name}.table.core.windows.net"
        return TableServiceClient(endpoint, credential=identity(settings), **options)

    other = settings.marketplace_connection, settings.marketplace_account
    own = account(settings.storage_connection, settings.storage_account)
    return Tables(own, settings.table_prefix, account(*other) if any(other) else None)


def identity(settings: Settings) -> "ManagedIdentityCredential":
    """The app's identity in Azure, which storage knows it by."""
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - 190 ms of import, only needed in Azure

    return ManagedIdentityCredential(client_id=settings.identity_client_id)
