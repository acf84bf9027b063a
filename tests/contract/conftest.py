"""Every port twice: in memory and on Azurite, so that the fakes cannot lie."""

import pytest

from shared.ports import (
    Agenda,
    ExportStore,
    FileStore,
    HeldStore,
    LeadStore,
    ListingStore,
    MarketplaceTables,
    MarkStore,
    PartnerStore,
    SentStore,
)
from shared.storage.agenda import TableAgenda
from shared.storage.export_store import TableExportStore
from shared.storage.held_store import TableHeldStore
from shared.storage.lead_store import TableLeadStore
from shared.storage.listing_store import TableListingStore
from shared.storage.mark_store import TableMarkStore
from shared.storage.marketplace_tables import StorageMarketplaceTables
from shared.storage.partner_store import TablePartnerStore
from shared.storage.sent_store import TableSentStore
from tests.fakes import (
    FakeAgenda,
    FakeExportStore,
    FakeFileStore,
    FakeHeldStore,
    FakeLeadStore,
    FakeListingStore,
    FakeMarkStore,
    FakePartnerStore,
    FakeSentStore,
    FakeTables,
)


@pytest.fixture(params=["fake", "azurite"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def leads(kind: str, request: pytest.FixtureRequest) -> LeadStore:
    return FakeLeadStore() if kind == "fake" else TableLeadStore(request.getfixturevalue("tables"))


@pytest.fixture
def agenda(kind: str, request: pytest.FixtureRequest) -> Agenda:
    return FakeAgenda() if kind == "fake" else TableAgenda(request.getfixturevalue("tables"))


@pytest.fixture
def exports(kind: str, request: pytest.FixtureRequest) -> ExportStore:
    return FakeExportStore() if kind == "fake" else TableExportStore(request.getfixturevalue("tables"))


@pytest.fixture
def store_of_files(kind: str, request: pytest.FixtureRequest) -> FileStore:
    if kind == "fake":
        return FakeFileStore()
    made: FileStore = request.getfixturevalue("files")
    return made


@pytest.fixture
def marks(kind: str, request: pytest.FixtureRequest) -> MarkStore:
    return FakeMarkStore() if kind == "fake" else TableMarkStore(request.getfixturevalue("tables"))


@pytest.fixture
def partners(kind: str, request: pytest.FixtureRequest) -> PartnerStore:
    return FakePartnerStore() if kind == "fake" else TablePartnerStore(request.getfixturevalue("tables"))


@pytest.fixture
def listings(kind: str, request: pytest.FixtureRequest) -> ListingStore:
    return FakeListingStore() if kind == "fake" else TableListingStore(request.getfixturevalue("tables"))


@pytest.fixture
def held(kind: str, request: pytest.FixtureRequest) -> HeldStore:
    return FakeHeldStore() if kind == "fake" else TableHeldStore(request.getfixturevalue("tables"))


@pytest.fixture
def sent(kind: str, request: pytest.FixtureRequest) -> SentStore:
    return FakeSentStore() if kind == "fake" else TableSentStore(request.getfixturevalue("tables"))


@pytest.fixture
def marketplace_tables(kind: str, request: pytest.FixtureRequest) -> MarketplaceTables:
    return FakeTables() if kind == "fake" else StorageMarketplaceTables(request.getfixturevalue("tables"))
