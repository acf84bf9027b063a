"""Two instances on one storage, each with caches and connections of its own that can fail, and the world around them.

Storage is Azurite through the real clients; receivers and the mail service are in memory, since they are not ours.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr

from shared import app
from shared.clock import real_now
from shared.domain.agenda import HintKind
from shared.domain.errors import Refusal, Unavailable
from shared.domain.intake.receipt import Email
from shared.domain.intake.reoffer import Reoffer
from shared.domain.lead import Validity
from shared.domain.lifecycle import remind
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Profile
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.exports.blobs import Blobs
from shared.storage.programme import directory_store
from shared.storage.programme.directory_store import BlobDirectory
from shared.storage.tables import Tables, connect
from shared.usecases.exports.run_exports import run_exports
from shared.usecases.intake.ingest_table import ingest_tables
from shared.usecases.intake.parked_input import forget_dismissed
from shared.usecases.leads.pass_on import pass_on_leads
from shared.usecases.leads.recheck_contacts import recheck_contacts
from shared.usecases.leads.record_due import run_due
from shared.usecases.outcomes.learn import learn_outcomes
from shared.usecases.programme.refresh_directory import refresh_directory
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.send_digests import send_digests
from shared.usecases.upkeep.reconcile import reconcile
from tests.builders import AT, unique
from tests.exports import stopping
from tests.fakes.checks import FakeEmails
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.steps import budget
from tests.transports import WAYS, FaultyTransport

HOOK, URL = "a" * 16, "https://crm.example/hook"
T = TypeVar("T")


@dataclass(frozen=True)
class Trouble:
    """Storage fails the n-th call of a step, in one way; or the instance dies there, and starts anew."""

    way: str
    failing: int
    dies: bool


class Instance:
    """One process of the app, as far as storage can tell."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.transport = FaultyTransport(lambda *_: False, WAYS[0])
        options: dict[str, Any] = {"transport": self.transport}
        self.tables = connect(settings, backoff_seconds=0.001, **options)
        self._files = blobs.connect(settings, backoff_seconds=0, **options)
        self._directory = directory_store.connect(settings, backoff_seconds=0, **options)
        self.start()

    @property
    def stores(self) -> tuple[Tables, Blobs, BlobDirectory]:
        """What is to be made and closed."""
        return self.tables, self._files, self._directory

    def start(self, **world: Any) -> None:
        """Begin with nothing known, as a process does; `world` is what it meets outside."""
        ports = app.build(self._settings, self.tables, self._files, directory=self._directory).ports
        # An export of a few leads has several blocks.
        export = replace(ports.rules.export, block_bytes=1_500)
        self.ports: Ports = replace(ports, rules=replace(ports.rules, export=export), **world)


class Checks(FakeEmails):
    """Finds nothing out about addresses while name servers do not answer (V1)."""

    answers = True

    async def read(self, written: str, lists: ContactLists) -> Email:
        self.found = Email(Validity.VALID) if self.answers else Email(Validity.UNKNOWN, ask_again=True)
        return await super().read(written, lists)


class Deployment:
    """Storage and two instances on it, for one course of things after the other."""

    def __init__(self, connection: str) -> None:
        self.settings = Settings(
            storage_connection=SecretStr(connection),
            table_prefix="m" + secrets.token_hex(6),
            public_url="http://localhost:7071/api",
            token_issuer="https://issuer.example/{tid}",
            token_audience="api://partner-leads",
            operator_tenant="operator",
            operator_mail="operator@programme.example",
            email_dns=False,
            mails_per_minute=10_000,
            mails_per_hour=100_000,
        )
        self.instances = [Instance(self.settings) for _ in range(2)]

    async def create(self) -> None:
        """Make tables and containers."""
        for store in self.instances[0].stores:
            await store.create()

    async def close(self) -> None:
        """Close the connections."""
        for one in self.instances:
            for store in one.stores:
                await store.close()


Timer = Callable[[Ports, datetime], Awaitable[object]]


def _due(kind: HintKind, **more: Any) -> Timer:
    return lambda ports, at: run_due(ports=ports, kind=kind, at=at, budget=budget(), **more)


TIMERS: dict[str, Timer] = {
    "expire_leads": _due(HintKind.EXPIRE),
    "cool_flames": _due(HintKind.COOL),
    "archive_leads": _due(HintKind.ARCHIVE),
    "send_reminders": _due(HintKind.REMIND, decided=remind),
    "recheck_contacts": lambda ports, at: recheck_contacts(ports=ports, at=at, budget=budget()),
    "deliver_events": lambda ports, at: deliver_events(ports=ports, now=lambda: at, budget=budget()),
    "send_digests": lambda ports, at: send_digests(ports=ports, at=at, budget=budget()),
    # Of a budget that ends within it, so that exports are under way while leads change.
    "run_exports": lambda ports, at: run_exports(ports=ports, at=at, budget=stopping(12)),
    "ingest_marketplace_table": lambda ports, at: ingest_tables(
        ports=ports, at=at, storage_now=real_now(), budget=budget()
    ),
    "reconcile": lambda ports, at: _reconcile(ports, at),  # noqa: PLW0108 - it stands below
    "pass_on_leads": lambda ports, at: _pass_on(ports, at),  # noqa: PLW0108 - as above
    "learn_outcomes": lambda ports, at: learn_outcomes(ports=ports, at=at, budget=budget()),
    "refresh_directory": lambda ports, _: refresh_directory(ports=ports, storage_now=real_now(), budget=budget()),
}
"""As in functions/timers.py, by their names."""


WHOSE = {
    HintKind.EXPIRE: "expire_leads",
    HintKind.COOL: "cool_flames",
    HintKind.ARCHIVE: "archive_leads",
    HintKind.REMIND: "send_reminders",
    HintKind.RECHECK: "recheck_contacts",
    HintKind.PUBLISH: "deliver_events",
    HintKind.DELIVER: "deliver_events",
    HintKind.DIGEST: "send_digests",
    HintKind.REOFFER: "pass_on_leads",
    HintKind.EXPORT: "run_exports",
}
"""The timer that does what a hint of the kind is for."""


async def _reconcile(ports: Ports, at: datetime) -> None:
    await reconcile(ports=ports, at=at, budget=budget())
    await forget_dismissed(ports=ports, at=at)


async def _pass_on(ports: Ports, at: datetime) -> None:
    if ports.rules.reoffer is not Reoffer.OFF:
        await pass_on_leads(ports=ports, at=at, budget=budget())


@dataclass
class System:
    """One partner of a deployment with its doors, and what it meets outside."""

    deployment: Deployment
    partner: str = field(default_factory=lambda: unique("model"))
    receivers: FakeReceivers = field(default_factory=FakeReceivers)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    emails: Checks = field(default_factory=Checks)

    def __post_init__(self) -> None:
        self.door = LeadSource(new_source_id(), self.partner, "Marketplace", AT)
        self.form = LeadSource(new_source_id(), self.partner, "Form", AT, kind=SourceKind.FORM)
        self.programme = LeadSource(new_source_id(), None, "Programme", AT)
        name = "Mp" + self.door.id
        self.table = LeadSource(
            new_source_id(), self.partner, "Table", AT, kind=SourceKind.MARKETPLACE_TABLE, table_name=name
        )
        for one in self.deployment.instances:
            one.start(**self._world)

    @property
    def _world(self) -> dict[str, Any]:
        return {"receivers": self.receivers, "mailer": self.mailer, "emails": self.emails}

    @property
    def tables(self) -> Tables:
        """Storage as it is."""
        return self.deployment.instances[0].tables

    @property
    def ports(self) -> Ports:
        """The first instance's, to look at what is there."""
        return self.deployment.instances[0].ports

    @property
    def offer(self) -> str:
        """The title of the partner's offer."""
        return f"Offer of {self.partner}"

    async def begin(self) -> None:
        """Register the partner, its doors, its profile, its offer, its webhook and where it is mailed."""
        ports, tenants = self.ports, (f"t-{self.partner}",)
        await ports.partners.put(Partner(self.partner, "Contoso", tenants, AT, AT))
        for source in (self.door, self.form, self.programme, self.table):
            await ports.partners.put_source(source)
        await ports.listings.put_profile(self.partner, Profile(self.partner, published=True), None)
        await ports.listings.put_offer(self.partner, RegisteredOffer(f"{self.partner}.crm", self.offer), None)
        await ports.preferences.put(self.partner, Preferences("lena@contoso.example", digest_threshold=3))
        hook = Webhook(HOOK, URL, EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
        await ports.webhooks.put(self.partner, hook, None)
        await self.tables.foreign(self.table.table_name or "").create_table()

    async def row(self, key: str, columns: dict[str, Any]) -> None:
        """A marketplace writes a row to the partner's table."""
        await self.tables.foreign(self.table.table_name or "").create_entity(columns | {"RowKey": key})

    async def by(self, number: int, call: Callable[[Ports], Awaitable[T]], trouble: Trouble | None) -> T | Refusal:
        """What one instance answers to a call, or the refusal; nothing else may be raised, whatever storage does."""
        instance = self.deployment.instances[number]
        if trouble:
            instance.transport.aim(trouble.failing, trouble.way, for_good=trouble.dies)
        try:
            return await call(instance.ports)
        except Refusal as refusal:
            return refusal
        finally:
            instance.transport.armed = False
            if trouble and trouble.dies:
                instance.start(**self._world)

    async def timer(self, number: int, name: str, at: datetime, trouble: Trouble | None = None) -> None:
        """Run a timer; one that breaks off for want of storage comes again."""
        answer = await self.by(number, lambda ports: TIMERS[name](ports, at), trouble)
        assert not isinstance(answer, Refusal) or (trouble and isinstance(answer, Unavailable)), answer

    async def due(self, at: datetime) -> list[str]:
        """The timers that have something to do, put off or not; none when all of it is done, and all of it is told."""
        # What is told later than now is told within a day: a receiver is left alone for half of one at most.
        until = {HintKind.DELIVER: at + timedelta(days=1)}
        oldest = await asyncio.gather(*(self.ports.agenda.oldest(kind, until.get(kind, at)) for kind in WHOSE))
        return list(dict.fromkeys(timer for timer, found in zip(WHOSE.values(), oldest, strict=True) if found))

    async def end(self) -> None:
        """Leave nothing that the next course of things would look at."""
        await self.tables.sdk(keys.LOOKUP).delete_entity(keys.PARTNER, self.partner)
        for source in (self.door, self.form, self.programme, self.table):
            await self.ports.partners.delete_source(source)
