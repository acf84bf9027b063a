"""The use cases on Azurite, with everything that storage can do to them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from local.azurite import Azurite
from shared import app
from shared.domain.programme.partner import LeadSource, Partner
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.exports.blobs import Blobs
from shared.storage.programme import directory_store
from shared.storage.programme.directory_store import BlobDirectory
from shared.storage.tables import Tables, connect
from shared.usecases.programme.manage_partner import add_source
from tests.builders import AT, unique
from tests.integration.further import Deployment, deploy
from tests.integration.moves import Work, worked_on
from tests.integration.receiver import Receiver

Connect = Callable[..., Awaitable[Ports]]


@pytest.fixture
async def ports(settings: Settings, tables: Tables, files: Blobs, directory: BlobDirectory) -> Ports:
    return app.build(settings, tables, files, directory=directory).ports


@pytest.fixture
async def connected(
    settings: Settings, tables: Tables, files: Blobs, directory: BlobDirectory
) -> AsyncIterator[Connect]:
    """Ports on the test's tables with a transport of the test's own."""
    opened: list[Tables | Blobs | BlobDirectory] = []

    async def make(**options: object) -> Ports:
        made = connect(settings, backoff_seconds=0.001, **options)  # type: ignore[arg-type] # passed on as they come
        made_files = blobs.connect(settings, backoff_seconds=0, **options)  # type: ignore[arg-type] # as above
        found = directory_store.connect(settings, backoff_seconds=0, **options)  # type: ignore[arg-type] # as above
        opened.extend((made, made_files, found))
        return app.build(settings, made, made_files, directory=found).ports

    yield make
    for one in opened:
        await one.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    runner = await made.start()
    yield made
    await runner.cleanup()


@pytest.fixture
async def source(ports: Ports) -> LeadSource:
    """A source of a fresh partner."""
    from shared.domain.lead import Reveal, Source
    from shared.domain.programme.partner import SourceKind

    partner = unique()
    await ports.partners.put(Partner(partner, "Contoso", (f"t-{partner}",), AT, AT))
    keyed = await add_source(
        ports=ports,
        partner_id=partner,
        name="Marketplace",
        kind=SourceKind.HTTPS,
        listing_source=Source.APP_SOURCE,
        reveal=Reveal.ALWAYS,
        at=AT,
    )
    return keyed.source


@pytest.fixture(scope="session")
def further_azurite() -> Iterator[Azurite]:
    """Another Azurite, for a further account."""
    with Azurite(None) as running:
        yield running


@pytest.fixture
async def deployment(settings: Settings, further_azurite: Azurite) -> AsyncIterator[Deployment]:
    async with AsyncExitStack() as stack:
        yield await deploy(settings, further_azurite, stack)


@pytest.fixture
async def work(deployment: Deployment) -> Work:
    return await worked_on(deployment)
