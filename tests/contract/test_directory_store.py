"""What every directory store does: a snapshot that races decide about, and when profiles were last read for it."""

from datetime import timedelta

import pytest

from shared import clock
from shared.domain.programme.directory import Directory, Entry, Place, Wanted
from shared.domain.programme.profile import CompanySize, Profile
from shared.ports.errors import LostRace
from shared.ports.programme import DirectoryStore, ListingStore
from tests.builders import AT, unique

FULL = Entry(
    "contoso",
    "Contoso",
    "CRM für Händler",
    ("crm",),
    (CompanySize.SMALL, CompanySize.LARGEST),
    (Place("HQ", "SE", "Stockholm"), Place("Büro", "DE")),
    ("sv", "de"),
    ("CRM",),
    ("Partner of the year",),
    0.75,
)
MINUTE = timedelta(minutes=1)


def of(*entries: Entry) -> Directory:
    return Directory.of(entries, {"SE": "Sweden , Sverige"})


async def test_a_directory_is_read_as_it_was_stored(directories: DirectoryStore) -> None:
    assert await directories.current(AT) is None
    assert await directories.stored() is None
    await directories.put(of(FULL, Entry("fabrikam", "Fabrikam")), None)
    stored = await directories.stored()
    assert stored is not None
    assert list(stored.directory.entries) == [FULL, Entry("fabrikam", "Fabrikam")]
    for words in ("crm", "sverige", "handler", "partner of the year", "nothing"):
        assert stored.directory.find(Wanted(words), 9) == of(FULL, Entry("fabrikam", "Fabrikam")).find(
            Wanted(words), 9
        ), words


async def test_an_empty_directory_is_one(directories: DirectoryStore) -> None:
    await directories.put(of(), None)
    stored = await directories.stored()
    assert stored is not None
    assert stored.directory.find(Wanted(), 9) == []


async def test_of_two_refreshes_one_wins(directories: DirectoryStore) -> None:
    await directories.put(of(FULL), None)
    with pytest.raises(LostRace):
        await directories.put(of(), None)
    stored = await directories.stored()
    await directories.put(of(), stored)
    with pytest.raises(LostRace):
        await directories.put(of(FULL), stored)
    left = await directories.stored()
    assert left is not None
    assert list(left.directory.entries) == []


async def test_what_was_put_is_current_a_minute_later(directories: DirectoryStore) -> None:
    await directories.put(of(), None)
    assert await directories.current(AT) is not None
    stored = await directories.stored()
    await directories.put(of(FULL), stored)
    for at in (AT + MINUTE, AT - MINUTE):
        found = await directories.current(at)
        assert found is not None
        assert list(found.entries) == [FULL]


async def test_when_profiles_were_read_is_known_again(directories: DirectoryStore) -> None:
    before = await directories.read_profiles()
    assert before.times == {}
    await directories.note_read({"contoso": AT}, before)
    with pytest.raises(LostRace):
        await directories.note_read({}, before)
    now = await directories.read_profiles()
    assert now.times == {"contoso": AT}
    await directories.note_read({"fabrikam": AT + MINUTE}, now)
    with pytest.raises(LostRace):
        await directories.note_read({}, now)
    assert (await directories.read_profiles()).times == {"fabrikam": AT + MINUTE}


async def test_a_profile_that_is_written_says_when(listings: ListingStore) -> None:
    mine, other = unique(), unique()
    assert mine not in await listings.profiles_written()
    began = clock.real_now() - MINUTE
    await listings.put_profile(mine, Profile("Contoso"), None)
    first = (await listings.profiles_written())[mine]
    assert began < first < clock.real_now() + MINUTE
    renamed = Profile("Contoso Ltd", published=True)
    await listings.put_profile(mine, renamed, Profile("Contoso"))
    written = await listings.profiles_written()
    assert written[mine] > first
    assert other not in written
    assert await listings.stored_profile(mine) == renamed
    assert await listings.stored_profile(other) is None
