"""A deployment with a further account, which is another Azurite, and instances of its app with caches of their own."""

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from local.azurite import Azurite
from shared import app, clock
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.programme.placement import Placement
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.exports.blobs import AccountBlobs
from shared.storage.programme import directory_store
from shared.storage.tables import Tables, connect
from tests.builders import AT, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers

FURTHER = "data2"
HOOK = "a" * 16


@dataclass
class Watch:
    """The seconds that went by, and those that a test lets pass at once."""

    real: Callable[[], float] = field(default_factory=clock.stopwatch)
    passed: float = 0

    def __call__(self) -> float:
        return self.real() + self.passed

    def now(self) -> datetime:
        """The time of whoever works beside the test, in milliseconds as the clock has it.

        It does not leap: whoever has leased something would lose it in the middle of its work.
        """
        return AT + timedelta(milliseconds=int(1000 * self.real()))

    def leaping(self) -> datetime:
        """The same with what passed at once, for whoever comes after one that was killed and left leases."""
        return self.now() + timedelta(seconds=self.passed)


@dataclass
class Instance:
    """One instance of the app, or whoever else has the tables and files of both accounts."""

    tables: Tables
    files: AccountBlobs
    ports: Ports


@dataclass
class Deployment:
    """What its instances share: the settings, who is told, and the watch."""

    settings: Settings
    stack: AsyncExitStack
    watch: Watch = field(default_factory=Watch)
    receivers: FakeReceivers = field(default_factory=FakeReceivers)
    mailer: FakeMailer = field(default_factory=FakeMailer)

    async def instance(self, **options: Any) -> Instance:
        """A new one; nothing is cached in it."""
        tables = connect(self.settings, backoff_seconds=0.001, watch=self.watch, **options)
        files = blobs.connect(self.settings, backoff_seconds=0, **options)
        assert isinstance(files, AccountBlobs)
        self.stack.push_async_callback(tables.close)
        self.stack.push_async_callback(files.close)
        directory = directory_store.connect(self.settings, backoff_seconds=0, **options)
        self.stack.push_async_callback(directory.close)
        ports = app.build(self.settings, tables, files, directory=directory).ports
        return Instance(tables, files, replace(ports, receivers=self.receivers, mailer=self.mailer))

    async def partner(self, ports: Ports, account: str | None = None) -> LeadSource:
        """A source of a new partner with a webhook and a preferred address."""
        partner_id = unique()
        await ports.partners.put(Partner(partner_id, "Contoso", (), AT, AT, placement=Placement(account)))
        await ports.preferences.put(partner_id, Preferences("lena@contoso.example"))
        hook = Webhook(HOOK, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
        await ports.webhooks.put(partner_id, hook, None)
        return LeadSource(new_source_id(), partner_id, "Marketplace", AT)


async def deploy(settings: Settings, further: Azurite, stack: AsyncExitStack) -> Deployment:
    """A deployment of these settings and a further account, with its tables and containers."""
    connections = SecretStr(json.dumps({FURTHER: further.connection}))
    made = Deployment(settings.model_copy(update={"data_connections": connections}), stack)
    first = await made.instance()
    await first.tables.create()
    await first.files.create()
    return made
