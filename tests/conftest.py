"""Fixtures: one Azurite in memory for the whole run, tables of its own for every test."""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr

from local.azurite import Azurite
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.exports.blobs import Blobs
from shared.storage.programme import directory_store
from shared.storage.programme.directory_store import BlobDirectory
from shared.storage.tables import Tables, connect

hypothesis_settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite(None) as running:
        yield running


@pytest.fixture
def settings(azurite: Azurite) -> Settings:
    return Settings(
        storage_connection=SecretStr(azurite.connection),
        table_prefix="t" + secrets.token_hex(6),
        public_url="http://localhost:7071/api",
        token_issuer="https://issuer.example/{tid}",
        token_audience="api://partner-leads",
        operator_tenant="operator",
        email_dns=False,
    )


@pytest.fixture
async def files(settings: Settings) -> AsyncIterator[Blobs]:
    made = blobs.connect(settings, backoff_seconds=0)
    await made.create()
    yield made
    await made.close()


@pytest.fixture
async def directory(settings: Settings) -> AsyncIterator[BlobDirectory]:
    made = directory_store.connect(settings, backoff_seconds=0)
    await made.create()
    yield made
    await made.close()


@pytest.fixture
async def tables(settings: Settings) -> AsyncIterator[Tables]:
    made = connect(settings)
    await made.create()
    yield made
    await made.close()
