"""Every port twice: in memory and on Azurite, so that the fakes cannot lie."""

import pytest

from shared.ports import Agenda, ExportStore, FileStore, LeadStore, MarkStore, PartnerStore
from shared.storage.agenda import TableAgenda
from shared.storage.export_store import TableExportStore
from shared.storage.lead_store import TableLeadStore
from shared.storage.mark_store import TableMarkStore
from shared.storage.partner_store import TablePartnerStore
from tests.fakes import FakeAgenda, FakeExportStore, FakeFileStore, FakeLeadStore, FakeMarkStore, FakePartnerStore


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
