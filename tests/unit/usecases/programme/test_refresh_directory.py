"""The directory follows registrations and profiles, reading only what may have changed (M1)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.errors import Unavailable
from shared.domain.programme.directory import Wanted
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.profile import Profile
from shared.domain.standing import Norms, period, standing
from shared.ports.errors import LostRace
from shared.usecases.programme.find_partners import find_partners
from shared.usecases.programme.refresh_directory import (
    OVERLAP,
    PROFILES_MAX,
    READ_ANEW,
    Refreshed,
    refresh_directory,
)
from tests.builders import AT
from tests.fakes.ports import FakePorts
from tests.steps import budget

MINUTE = timedelta(minutes=1)
LATER = AT + OVERLAP + MINUTE


async def listed(ports: FakePorts, *names: str, at: datetime = AT) -> None:
    """Partners with a published profile each, written at this time."""
    for name in names:
        await ports.partners.put(Partner(name, name, (), AT, AT))
        await written(ports, name, Profile(name.title(), published=True, keywords=("crm",)), at)


async def written(ports: FakePorts, name: str, profile: Profile, at: datetime) -> None:
    await ports.listings.put_profile(name, profile, None)
    ports.listings.written[name] = at


async def refresh(ports: FakePorts, at: datetime = LATER, rows: int = 20_000) -> Refreshed:
    return await refresh_directory(ports=ports, storage_now=at, budget=budget(rows=rows))


async def found(ports: FakePorts, text: str | None = "crm") -> list[str]:
    told = await find_partners(ports=ports, wanted=Wanted(text), top=50, at=AT)
    return [one.entry.name for one in told]


@pytest.fixture
def reads(ports: FakePorts, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose profiles were read since this was last emptied."""
    seen: list[str] = []
    read = ports.listings.stored_profile

    async def watched(partner_id: str) -> Profile | None:
        seen.append(partner_id)
        return await read(partner_id)

    monkeypatch.setattr(ports.listings, "stored_profile", watched)
    return seen


async def test_published_profiles_are_found_after_a_refresh(ports: FakePorts) -> None:
    await listed(ports, "beta", "alpha")
    assert await found(ports) == []
    assert await refresh(ports) == Refreshed(read=2, changed=True)
    assert await found(ports) == ["Alpha", "Beta"]


async def test_what_has_not_changed_is_neither_read_nor_written_again(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, "alpha", "beta")
    await refresh(ports)
    reads.clear()
    before = ports.directory.read
    assert await refresh(ports, LATER + MINUTE) == Refreshed()
    assert (reads, ports.directory.puts, ports.directory.read) == ([], 1, before)


async def test_a_changed_profile_is_read_until_its_write_must_be_over(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, "alpha", "beta")
    await refresh(ports)
    reads.clear()
    # It was begun, and is not there yet when the next run reads it.
    ports.listings.written["alpha"] = LATER
    await refresh(ports, LATER + MINUTE)
    ports.listings.profiles["alpha"] = Profile("Alpha Ltd", published=True, keywords=("crm",))
    assert (await refresh(ports, LATER + OVERLAP)).changed
    assert await found(ports) == ["Alpha Ltd", "Beta"]
    assert set(reads) == {"alpha"}
    reads.clear()
    await refresh(ports, LATER + OVERLAP + MINUTE)
    assert reads == []


async def test_an_old_reading_is_made_anew(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, "alpha")
    await refresh(ports)
    # Put back from a copy, without anybody having begun to write it.
    ports.listings.profiles["alpha"] = Profile("Alpha Ltd", published=True, keywords=("crm",))
    await refresh(ports, LATER + READ_ANEW)
    assert await found(ports) == ["Alpha"]
    await refresh(ports, LATER + READ_ANEW + MINUTE)
    assert await found(ports) == ["Alpha Ltd"]


async def test_who_is_suspended_or_withdraws_its_profile_is_gone_and_comes_back(ports: FakePorts) -> None:
    await listed(ports, "alpha", "beta")
    await refresh(ports)
    alpha = ports.partners.registered["alpha"]
    await ports.partners.put(replace(alpha, state=PartnerState.SUSPENDED))
    await written(ports, "beta", Profile("Beta", published=False), LATER)
    assert (await refresh(ports, LATER + MINUTE)).changed
    assert await found(ports, None) == []
    await ports.partners.put(alpha)
    await written(ports, "beta", Profile("Beta", published=True), LATER + MINUTE)
    await refresh(ports, LATER + 2 * MINUTE)
    assert await found(ports, None) == ["Alpha", "Beta"]


async def test_what_the_operator_confirms_follows_without_reading_profiles(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, "alpha")
    await refresh(ports)
    reads.clear()
    await ports.partners.put(replace(ports.partners.registered["alpha"], competencies=("Payroll",)))
    assert (await refresh(ports, LATER + MINUTE)).changed
    assert reads == []
    assert await found(ports, "payroll") == ["Alpha"]


async def test_standing_follows_by_hundredths_without_reading_profiles(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, "alpha", "beta")
    await refresh(ports)
    reads.clear()
    assert await found(ports) == ["Alpha", "Beta"]
    stands = standing((), 0, period(AT), Norms())
    await ports.outcomes.put_standings({"beta": replace(stands, value=0.80123)})
    assert (await refresh(ports, LATER + MINUTE)).changed
    assert await found(ports) == ["Beta", "Alpha"]
    await ports.outcomes.put_standings({"beta": replace(stands, value=0.80321)})
    assert not (await refresh(ports, LATER + 2 * MINUTE)).changed
    assert reads == []


async def test_a_partner_without_a_registration_or_a_profile_is_nobody(ports: FakePorts) -> None:
    await ports.partners.put(Partner("alpha", "Alpha", (), AT, AT))
    await written(ports, "ghost", Profile("Ghost", published=True), AT)
    ports.listings.written["alpha"] = AT
    assert await refresh(ports) == Refreshed(read=1, changed=True)
    assert await found(ports, None) == []
    assert set(ports.directory.read.times) == {"alpha"}


async def test_a_run_reads_so_many_and_the_next_goes_on(ports: FakePorts, reads: list[str]) -> None:
    names = [f"partner-{n:04}" for n in range(PROFILES_MAX + 5)]
    await listed(ports, *names)
    first = await refresh(ports)
    assert (first.read, first.unfinished) == (PROFILES_MAX, True)
    reads.clear()
    second = await refresh(ports, LATER + MINUTE)
    assert (second.read, second.unfinished) == (5, False)
    assert len(ports.directory.kept.directory.entries) == len(names)


async def test_a_run_whose_budget_is_spent_writes_what_it_has(ports: FakePorts, reads: list[str]) -> None:
    await listed(ports, *(f"p{n}" for n in range(40)))
    runs = 1
    while (await refresh(ports, LATER + runs * MINUTE, rows=10)).unfinished:
        runs += 1
        assert runs < 10
    assert runs > 1
    assert len(await found(ports)) == 40


async def test_what_cannot_be_read_stays_as_it_was_known(ports: FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    await listed(ports, "alpha", "beta")
    await refresh(ports)
    await written(ports, "alpha", Profile("Alpha Ltd", published=True, keywords=("crm",)), LATER)
    await written(ports, "beta", Profile("Beta Ltd", published=True, keywords=("crm",)), LATER)
    read = ports.listings.stored_profile

    async def moving(partner_id: str) -> Profile | None:
        if partner_id == "alpha":
            raise Unavailable
        return await read(partner_id)

    with monkeypatch.context() as patch:
        patch.setattr(ports.listings, "stored_profile", moving)
        assert await refresh(ports, LATER + MINUTE) == Refreshed(read=2, failed=1, changed=True)
    assert await found(ports) == ["Alpha", "Beta Ltd"]
    await refresh(ports, LATER + 2 * MINUTE)
    assert await found(ports) == ["Alpha Ltd", "Beta Ltd"]


async def test_who_loses_the_race_leaves_the_rest_to_the_next_run(
    ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listed(ports, "alpha")

    async def lost(*_: object) -> None:
        raise LostRace

    with monkeypatch.context() as patch:
        patch.setattr(ports.directory, "put", lost)
        assert await refresh(ports) == Refreshed(read=1, unfinished=True)
    # Nothing is noted as read that nobody has kept.
    assert ports.directory.read.times == {}
    await refresh(ports)
    assert await found(ports) == ["Alpha"]


async def test_a_search_before_the_first_refresh_finds_nobody(ports: FakePorts) -> None:
    assert await found(ports, None) == []
