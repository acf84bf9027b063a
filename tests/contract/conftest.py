"""Every port in memory and on Azurite, so that the fakes cannot lie; there by key, and by identity as in Azure.

And a third time with partners' rows in an account of their own, each of them as if it were just being moved.
"""

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from local.azurite import MARKETPLACE, Azurite
from shared.domain.programme.placement import Placement
from shared.ports.agenda import Agenda
from shared.ports.erasures import ErasureStore
from shared.ports.exports import ExportStore, FileStore
from shared.ports.feedback import FeedbackStore
from shared.ports.intake import HeldStore, MarketplaceTables, SentStore
from shared.ports.leads import LeadStore, MarkStore
from shared.ports.outcomes import OutcomeStore
from shared.ports.programme import DirectoryStore, ListingStore, PartnerStore, PeopleStore
from shared.ports.telling import LaneStore, MailStore, PreferenceStore, TallyStore, WebhookStore
from shared.settings import Settings
from shared.storage import keys
from shared.storage.agenda import TableAgenda
from shared.storage.exports.export_store import TableExportStore
from shared.storage.intake.held_store import TableHeldStore
from shared.storage.intake.marketplace_tables import StorageMarketplaceTables
from shared.storage.intake.sent_store import TableSentStore
from shared.storage.leads.lead_store import TableLeadStore
from shared.storage.leads.mark_store import TableMarkStore
from shared.storage.outcomes.feedback_store import TableFeedbackStore
from shared.storage.outcomes.outcome_store import TableOutcomeStore
from shared.storage.placements import Known, Placements
from shared.storage.programme import directory_store
from shared.storage.programme.listing_store import TableListingStore
from shared.storage.programme.partner_store import TablePartnerStore
from shared.storage.programme.people_store import TablePeopleStore
from shared.storage.tables import Tables, connect
from shared.storage.telling.lane_store import TableLaneStore
from shared.storage.telling.mail_store import TableMailStore
from shared.storage.telling.preference_store import TablePreferenceStore
from shared.storage.telling.tally_store import TableTallyStore
from shared.storage.telling.webhook_store import TableWebhookStore
from shared.storage.upkeep.erasure_store import TableErasureStore
from tests.azurite_by_identity import account, start
from tests.fakes.agenda import FakeAgenda
from tests.fakes.exports import FakeExportStore, FakeFileStore
from tests.fakes.feedback import FakeFeedbackStore
from tests.fakes.intake import FakeHeldStore, FakeSentStore, FakeTables
from tests.fakes.leads import FakeLeadStore, FakeMarkStore
from tests.fakes.outcomes import FakeOutcomeStore
from tests.fakes.ports import fake_ports
from tests.fakes.programme import FakeDirectoryStore, FakeListingStore, FakePartnerStore, FakePeopleStore

SHARDS = 5


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Files and marketplaces' tables are read by the SDKs, whose ways to sign in are not ours to prove.

    The agenda is tried with one shard and with several.
    """
    if "kind" in metafunc.fixturenames:
        by_sdk = {"store_of_files", "marketplace_tables", "directories"} & set(metafunc.fixturenames)
        more = ["shards"] if "agenda" in metafunc.fixturenames else []
        signed_in = [] if by_sdk else ["identity", "moving"]
        metafunc.parametrize("kind", ["fake", "azurite", *signed_in, *more])


@pytest.fixture(scope="session")
def azurite_by_identity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Azurite, Path]]:
    running, cert_file = start(tmp_path_factory.mktemp("certificate"))
    with running:
        yield running, cert_file


@pytest.fixture
async def tables_by_identity(azurite_by_identity: tuple[Azurite, Path]) -> AsyncIterator[Tables]:
    prefix = "t" + secrets.token_hex(6)
    by_key = Tables(account(*azurite_by_identity, by_key=True), prefix)
    await by_key.create()
    await by_key.close()
    made = Tables(account(*azurite_by_identity, by_key=False), prefix)
    yield made
    await made.close()


class Moving(Placements):
    """Whoever it is, its rows are on the way from the further account, so that every answer is looked after."""

    async def read(self, partner_id: str) -> Known:
        return Known(Placement("data2").announced(None), 0)


@pytest.fixture
async def tables_moving(azurite: Azurite, settings: Settings) -> AsyncIterator[Tables]:
    further = SecretStr(json.dumps({"data2": azurite.connection_of(MARKETPLACE)}))
    made = connect(settings.model_copy(update={"data_connections": further}))
    made.placements = Moving(made[keys.LOOKUP], lambda: 0)
    await made.create()
    yield made
    await made.close()


TABLES = {"azurite": "tables", "shards": "tables", "identity": "tables_by_identity", "moving": "tables_moving"}


def real(kind: str, request: pytest.FixtureRequest) -> Tables:
    """The tables that a store works on, where it is no fake."""
    made: Tables = request.getfixturevalue(TABLES[kind])
    return made


@pytest.fixture
def leads(kind: str, request: pytest.FixtureRequest) -> LeadStore:
    return FakeLeadStore() if kind == "fake" else TableLeadStore(real(kind, request))


@pytest.fixture
def agenda(kind: str, request: pytest.FixtureRequest) -> Agenda:
    if kind == "fake":
        return FakeAgenda()
    return TableAgenda(real(kind, request), SHARDS if kind == "shards" else 1)


@pytest.fixture
def exports(kind: str, request: pytest.FixtureRequest) -> ExportStore:
    return FakeExportStore() if kind == "fake" else TableExportStore(real(kind, request))


@pytest.fixture
def outcomes(kind: str, request: pytest.FixtureRequest) -> OutcomeStore:
    return FakeOutcomeStore() if kind == "fake" else TableOutcomeStore(real(kind, request))


@pytest.fixture
def feedback(kind: str, request: pytest.FixtureRequest) -> FeedbackStore:
    return FakeFeedbackStore() if kind == "fake" else TableFeedbackStore(real(kind, request))


@pytest.fixture
def store_of_files(kind: str, request: pytest.FixtureRequest) -> FileStore:
    if kind == "fake":
        return FakeFileStore()
    made: FileStore = request.getfixturevalue("files")
    return made


@pytest.fixture
def marks(kind: str, request: pytest.FixtureRequest) -> MarkStore:
    return FakeMarkStore() if kind == "fake" else TableMarkStore(real(kind, request))


@pytest.fixture
def partners(kind: str, request: pytest.FixtureRequest) -> PartnerStore:
    return FakePartnerStore() if kind == "fake" else TablePartnerStore(real(kind, request))


@pytest.fixture
def people(kind: str, request: pytest.FixtureRequest) -> PeopleStore:
    return FakePeopleStore() if kind == "fake" else TablePeopleStore(real(kind, request))


@pytest.fixture
def listings(kind: str, request: pytest.FixtureRequest) -> ListingStore:
    return FakeListingStore() if kind == "fake" else TableListingStore(real(kind, request))


@pytest.fixture
async def directories(kind: str, settings: Settings) -> AsyncIterator[DirectoryStore]:
    if kind == "fake":
        yield FakeDirectoryStore()
        return
    made = directory_store.connect(settings, backoff_seconds=0)
    await made.create()
    yield made
    await made.close()


@pytest.fixture
def held(kind: str, request: pytest.FixtureRequest) -> HeldStore:
    return FakeHeldStore() if kind == "fake" else TableHeldStore(real(kind, request))


@pytest.fixture
def sent(kind: str, request: pytest.FixtureRequest) -> SentStore:
    return FakeSentStore() if kind == "fake" else TableSentStore(real(kind, request))


@pytest.fixture
def marketplace_tables(kind: str, request: pytest.FixtureRequest) -> MarketplaceTables:
    return FakeTables() if kind == "fake" else StorageMarketplaceTables(request.getfixturevalue("tables"))


@pytest.fixture
async def apart(azurite: Azurite, settings: Settings) -> AsyncIterator[Tables]:
    """Tables where those of marketplaces are in an account of their own."""
    other = SecretStr(azurite.connection_of(MARKETPLACE))
    made = connect(settings.model_copy(update={"marketplace_connection": other}))
    await made.create()
    yield made
    await made.close()


@dataclass(frozen=True)
class Telling:
    """The stores that a relay and its workers share; `others` is a second instance's."""

    leads: LeadStore
    tallies: TallyStore
    lanes: LaneStore
    mails: MailStore
    webhooks: WebhookStore
    preferences: PreferenceStore
    partners: PartnerStore
    others: PartnerStore
    erasures: ErasureStore


@pytest.fixture
def telling(kind: str, request: pytest.FixtureRequest) -> Telling:
    if kind == "fake":
        ports = fake_ports()
        return Telling(
            ports.leads,
            ports.tallies,
            ports.lanes,
            ports.mails,
            ports.webhooks,
            ports.preferences,
            ports.partners,
            ports.partners,
            ports.erasures,
        )
    tables = real(kind, request)
    return Telling(
        TableLeadStore(tables),
        TableTallyStore(tables),
        TableLaneStore(tables),
        TableMailStore(tables),
        TableWebhookStore(tables),
        TablePreferenceStore(tables),
        TablePartnerStore(tables),
        TablePartnerStore(tables),
        TableErasureStore(tables),
    )
