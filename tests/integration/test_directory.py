"""The directory on Azurite: what a refresh and a search cost, and what failing storage does to them (M1)."""

import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from shared import clock
from shared.domain.errors import Unavailable
from shared.domain.programme.directory import Directory, Wanted
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.profile import Profile
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import keys
from shared.storage.programme import directory_store, snapshot
from shared.storage.programme.directory_store import BlobDirectory
from shared.usecases.programme.find_partners import find_partners
from shared.usecases.programme.refresh_directory import OVERLAP, Refreshed, refresh_directory
from tests.builders import AT
from tests.integration.conftest import Connect
from tests.steps import budget
from tests.transports import BEFORE, BREAKS, FaultyTransport, RoundTrips, nth, worth_failing

MINUTE = timedelta(minutes=1)


async def listed(ports: Ports, *names: str) -> None:
    for name in names:
        await ports.partners.put(Partner(name, name.title(), (), AT, AT))
        await ports.listings.put_profile(name, Profile(name.title(), published=True, keywords=("crm",)), None)


async def refresh(ports: Ports, after: timedelta = timedelta()) -> Refreshed:
    return await refresh_directory(ports=ports, storage_now=clock.real_now() + after, budget=budget())


async def found(ports: Ports, minutes: int = 0) -> list[str]:
    told = await find_partners(ports=ports, wanted=Wanted("crm"), top=50, at=AT + minutes * MINUTE)
    return [one.entry.name for one in told]


@pytest.mark.usefixtures("tables")
async def test_what_a_refresh_and_a_search_cost(connected: Connect) -> None:
    trips = RoundTrips()
    ports = await connected(transport=trips)
    await listed(ports, *(f"p{n}" for n in range(20)))
    trips.reset()
    await refresh(ports)
    # Registrations, what was written, standings, two blobs; the profiles; two blobs are written.
    assert trips.requests == 5 + 20 + 2
    assert trips.sequential <= 10
    trips.reset()
    later = OVERLAP + MINUTE
    # Read again once, now that every write must be over.
    await refresh(ports, later)
    assert trips.requests == 5 + 20 + 1
    trips.reset()
    assert await refresh(ports, later + MINUTE) == Refreshed()
    assert trips.requests == 5
    trips.reset()
    for minutes in (0, 0, 0):
        assert len(await found(ports, minutes)) == 20
    # Once a minute, and the answer is that nothing has changed.
    assert trips.requests == 1
    assert len(await found(ports, 1)) == 20
    assert trips.requests == 2


@pytest.mark.usefixtures("tables")
async def test_other_instances_see_it_a_minute_later_at_most(connected: Connect) -> None:
    one, other = await connected(), await connected()
    await listed(one, "alpha")
    await refresh(one)
    assert await found(other) == ["Alpha"]
    alpha = await one.partners.get("alpha")
    assert alpha is not None
    await one.partners.put(replace(alpha, state=PartnerState.SUSPENDED))
    await refresh(one)
    assert await found(other) == ["Alpha"]
    assert await found(other, 1) == []


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(("way", "for_good"), BREAKS)
async def test_whichever_call_of_a_refresh_fails_the_next_run_has_it_right(
    connected: Connect, way: str, *, for_good: bool
) -> None:
    ports = await connected()
    await listed(ports, "alpha", "beta")
    for failing in range(50):
        # One comes and the other goes, each time.
        name, gone = ("alpha", "beta") if failing % 2 else ("beta", "alpha")
        await listed(ports, name)
        await ports.listings.put_profile(gone, Profile("Gone"), None)
        transport = FaultyTransport(
            nth(failing, for_good=for_good), way, worth_failing(way, for_good=for_good, loses=lambda *_: False)
        )
        faulty = await connected(transport=transport)
        transport.armed = True
        with suppress(Unavailable):
            await refresh(faulty)
        await refresh(ports)
        assert await found(await connected()) == [name.title()]
        if transport.calls <= failing:
            break
    # Two writes, and the reads before them, if those may fail, too.
    assert (2 if way != BEFORE else 6) <= failing < 40


async def test_who_has_a_directory_goes_on_with_it_while_storage_is_silent(
    settings: Settings, directory: BlobDirectory
) -> None:
    transport = FaultyTransport(nth(0, for_good=True), BEFORE)
    mine = directory_store.connect(settings, transport=transport, backoff_seconds=0)
    try:
        transport.armed = True
        with pytest.raises(Unavailable):
            await mine.current(AT)
        transport.armed = False
        await directory.put(Directory.of([], {}), None)
        known = await mine.current(AT)
        assert known is not None
        transport.armed = True
        assert await mine.current(AT + MINUTE) is known
    finally:
        await mine.close()


async def test_a_missing_container_is_no_empty_directory(settings: Settings) -> None:
    mine = directory_store.connect(settings, backoff_seconds=0)
    try:
        with pytest.raises(Unavailable):
            await mine.current(AT)
    finally:
        await mine.close()


async def test_bytes_of_another_version_are_written_anew(directory: BlobDirectory) -> None:
    await directory.put(Directory.of([], {}), None)
    other = zlib.compress(msgspec.msgpack.encode({"version": snapshot.VERSION + 1, "entries": "who knows"}))
    blob = directory._blob(keys.DIRECTORY)
    await blob.upload_blob(other, overwrite=True)
    assert await directory.stored() is None
    assert await directory.current(AT) is None
    await directory.put(Directory.of([], {}), None)
    assert await directory.stored() is not None
