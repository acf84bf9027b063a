"""Connects to Table Storage: by identity in Azure, by connection string on Azurite."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from azure.core.credentials import AzureSasCredential
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, AzureSasCredentialPolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.utils import parse_connection_string
from pydantic import SecretStr

from shared import clock
from shared.domain.errors import Unavailable
from shared.domain.programme.partner import Partner
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.placements import PartnerTable, Placements
from shared.storage.rest.service import Table, TableService
from shared.storage.rest.shared_key import SharedKey
from shared.storage.rest.wire import Row

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient, TableServiceClient
    from azure.identity.aio import ManagedIdentityCredential

# A request must be answered while its caller still waits, so a dead storage is told after seconds, not minutes.
RETRIES = {"retry_total": 3, "retry_connect": 2, "retry_read": 2, "retry_status": 3}
SCOPE = "https://storage.azure.com/.default"
NONE: Mapping[str, "Account"] = MappingProxyType({})
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """One account, by its connection string or else by name with the app's identity; both clients share `transport`."""

    connection: str | None
    name: str | None
    identity: "ManagedIdentityCredential | None"
    transport: Any
    retries: dict[str, Any]

    @cached_property
    def service(self) -> TableService:
        """Our own client, for all that happens often (decision 16)."""
        return TableService(self._endpoint, self._policy(), self.transport, self.retries)

    @cached_property
    def sdk(self) -> "TableServiceClient":
        """The SDK's client, for what is rare: tables are created, and those of others read."""
        # 100 ms of import, which only these need.
        from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415

        options = {"transport": self.transport, **self.retries}
        if self.connection:
            return TableServiceClient.from_connection_string(self.connection, **options)
        return TableServiceClient(self._endpoint, credential=self.identity, **options)

    @property
    def _endpoint(self) -> str:
        said = self._said
        if "tableendpoint" in said:
            return said["tableendpoint"].rstrip("/")
        suffix = said.get("endpointsuffix", "core.windows.net")
        return f"https://{said.get('accountname', self.name)}.table.{suffix}"

    @property
    def _said(self) -> Mapping[str, str]:
        return parse_connection_string(self.connection) if self.connection else {}

    def _policy(self) -> Any:
        said = self._said
        if "accountkey" in said:
            return SharedKey(said["accountname"], said["accountkey"])
        if "sharedaccesssignature" in said:
            return AzureSasCredentialPolicy(AzureSasCredential(said["sharedaccesssignature"]))
        if self.identity is None:
            raise ValueError("The connection string of storage names no key.")
        return AsyncBearerTokenCredentialPolicy(self.identity, SCOPE)

    async def close(self) -> None:
        """Close the connections."""
        await self.service.close()


class Tables:
    """The tables of one deployment, over connection pools that belong to the running event loop.

    `marketplaces` is the account of other people's tables, where that is not the deployment's own. `data_accounts` are
    further ones, in which partners' rows may be; `watch` tells how old what is known of that is, in seconds.
    """

    def __init__(
        self,
        account: Account,
        prefix: str = "",
        marketplaces: Account | None = None,
        data_accounts: Mapping[str, Account] = NONE,
        watch: Callable[[], float] | None = None,
    ) -> None:
        self._account = account
        self._prefix = prefix
        self._marketplaces = marketplaces
        self._data_accounts = data_accounts
        self._tables: dict[tuple[str | None, str], Table] = {}
        self.placements = Placements(self[keys.LOOKUP], watch or clock.stopwatch(), in_use=bool(data_accounts))

    def __getitem__(self, name: str) -> Table:
        """A table in the deployment's own account: what is the programme's, and no partner's."""
        return self.within(None, name)

    def of(self, partner_id: str, name: str) -> Table:
        """A partner's rows of one of keys.OF_PARTNERS, in the account that its registration names."""
        return PartnerTable(partner_id, self.placements, lambda account: self.within(account, name))

    async def account_of(self, partner_id: str) -> str | None:
        """The account of what a partner is to have next, None for the deployment's own; as it was last known."""
        return (await self.placements.guess(partner_id)).placement.account

    async def registration(self, partner_id: str) -> Row | None:
        """The row of a partner's registration, read afresh; raises Unavailable where settings forgot its account."""
        row = await self.placements.registration(partner_id)
        if row is not None and not self._data_accounts:
            # Who asks for the registration learns at once what others do within a minute.
            self.within(codec.load(Partner, row).placement.account, keys.LEADS)
        return row

    def within(self, account: str | None, name: str) -> Table:
        """A table in one account, None for the deployment's own; raises Unavailable when there is no such account."""
        if (account, name) not in self._tables:
            there = self._account if account is None else self._data_accounts.get(account)
            if there is None:
                log.error(
                    "A registration names an account that the settings do not.",
                    extra={"event": "storage.no_such_account", "account": account},
                )
                raise Unavailable
            self._tables[account, name] = Table(there.service, self._prefix + name)
        return self._tables[account, name]

    def sdk(self, name: str) -> "TableClient":
        """The SDK's client of one of the tables, for set-up, tools and comparisons."""
        return self._account.sdk.get_table_client(self._prefix + name)

    def foreign(self, name: str) -> "TableClient":
        """A table that is somebody else's; never written to."""
        return (self._marketplaces or self._account).sdk.get_table_client(name)

    def owns(self, name: str) -> bool:
        """True where that name in the marketplaces' account is one of the deployment's own tables."""
        own = {(self._prefix + table).casefold() for table in keys.TABLES}
        there = self._marketplaces or self._account
        return name.casefold() in own and there.service.endpoint == self._account.service.endpoint

    async def create(self) -> None:
        """Create what is missing; in Azure the template declares the tables instead."""
        for name in keys.TABLES:
            await self._account.sdk.create_table_if_not_exists(self._prefix + name)
        for account in self._data_accounts.values():
            for name in keys.OF_PARTNERS:
                await account.sdk.create_table_if_not_exists(self._prefix + name)

    async def close(self) -> None:
        """Close the connections."""
        for account in (self._account, self._marketplaces, *self._data_accounts.values()):
            if account:
                await account.close()


def connect(
    settings: Settings,
    *,
    transport: Any = None,
    backoff_seconds: float = 0.2,
    watch: Callable[[], float] | None = None,
) -> Tables:
    """The deployment's tables; tests pass a transport that fails or counts, a watch, and wait less before a retry."""

    def account(connection: str | None, name: str | None) -> Account:
        return Account(
            connection=connection,
            name=name,
            identity=None if connection else identity(settings),
            # Reading proxies from the environment costs a millisecond a call, and storage is never behind one.
            transport=transport or AioHttpTransport(use_env_settings=False, connection_timeout=5, read_timeout=15),
            retries={**RETRIES, "retry_backoff_factor": backoff_seconds, "retry_backoff_max": 2},
        )

    other = _text(settings.marketplace_connection), settings.marketplace_account
    own = account(_text(settings.storage_connection), settings.storage_account)
    further = {name: account(connection, name) for name, connection in settings.further_accounts.items()}
    return Tables(own, settings.table_prefix, account(*other) if any(other) else None, further, watch)


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def identity(settings: Settings) -> "ManagedIdentityCredential":
    """The app's identity in Azure, which storage knows it by."""
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - 190 ms of import, only needed in Azure

    return ManagedIdentityCredential(client_id=settings.identity_client_id)
