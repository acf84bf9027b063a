"""Brings the directory's snapshot up to date (M1).

Registrations are read whole, a thousand in a request; of profiles only those that may have changed: storage says when
each was last begun to be written. A run reads so many of them at most, the longest unread first, and writes what it has
found, so the next one goes on where it stopped.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import texts
from shared.domain.country_names import CODES
from shared.domain.programme.directory import NEUTRAL, Directory, Entry, entry_of
from shared.domain.programme.partner import Partner
from shared.domain.programme.profile import Profile
from shared.domain.telling.preferences import LANGUAGES
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.side_by_side import side_by_side

log = logging.getLogger(__name__)
PAGE = 1_000
AT_ONCE = 16
PROFILES_MAX = 2_000
"""Profiles that one run reads: some seconds, and what a run that breaks off may lose."""
OVERLAP = timedelta(minutes=10)
"""How long a profile may be on its way after it was begun to be written, with the difference of two clocks."""
READ_ANEW = timedelta(hours=12)
"""After this a profile is read whatever is known: one that was put back from a copy, say."""


@dataclass(frozen=True)
class Refreshed:
    """What a run did: profiles it read and could not read, whether the directory is another one, and work is left."""

    read: int = 0
    failed: int = 0
    changed: bool = False
    unfinished: bool = False


async def refresh_directory(*, ports: Ports, storage_now: datetime, budget: Budget) -> Refreshed:
    """Read what may have changed, and store the directory if it has; `storage_now` is real time.

    Whoever was faster has done it, and what is left then is the next run's. Raises Unavailable.
    """
    stored, before, written, values = await asyncio.gather(
        ports.directory.stored(),
        ports.directory.read_profiles(),
        ports.listings.profiles_written(),
        ports.outcomes.standing_values(),
    )
    # Whoever is suspended is forgotten, and read anew when it is not any more.
    partners = {one.id: one for one in await _partners(ports) if one.id in written and one.is_active}
    known = {entry.partner_id: entry for entry in (stored.directory.entries if stored else ())}
    asked = [one for one in partners if _may_have_changed(before.times.get(one), written[one], storage_now)]
    asked.sort(key=lambda one: before.times.get(one) or datetime.min.replace(tzinfo=storage_now.tzinfo))
    found = await _profiles(ports, asked[:PROFILES_MAX], budget)
    done = Refreshed(len(found), failed=sum(one is None for one in found.values()))
    done = replace(done, unfinished=len(found) < len(asked))
    entries = [
        replace(entry, standing=values.get(one.id, NEUTRAL))
        for one in partners.values()
        if (entry := _entry(one, known.get(one.id), found.get(one.id)))
    ]
    times = {one: at for one, at in before.times.items() if one in partners}
    times |= {one: storage_now for one, read in found.items() if read is not None}
    try:
        if stored is None or entries != list(stored.directory.entries):
            # Some seconds for thousands of profiles, in which others have their turn.
            directory = await asyncio.to_thread(Directory.of, entries, names_of_countries())
            await ports.directory.put(directory, stored)
            done = replace(done, changed=True)
        if times != before.times:
            await ports.directory.note_read(times, before)
    except LostRace:
        return replace(done, changed=False, unfinished=True)
    return done


@dataclass(frozen=True)
class _Read:
    """A profile as it was read; None where there is none."""

    profile: Profile | None


def _may_have_changed(read_at: datetime | None, written_at: datetime, now: datetime) -> bool:
    return read_at is None or read_at < written_at + OVERLAP or read_at < now - READ_ANEW


def _entry(partner: Partner, known: Entry | None, read: _Read | None) -> Entry | None:
    """The partner's entry, by what was read of it now, else by what was known."""
    if read is not None:
        return entry_of(partner, read.profile)
    return known and replace(known, competencies=partner.competencies, endorsements=partner.endorsements)


async def _partners(ports: Ports) -> list[Partner]:
    """All registrations by id."""
    found: list[Partner] = []
    after: str | None = None
    while True:
        page = await ports.partners.partners(after, PAGE)
        found += page.items
        if page.next is None:
            return found
        after = page.next


async def _profiles(ports: Ports, partner_ids: list[str], budget: Budget) -> dict[str, _Read | None]:
    """The profiles of these partners as far as the budget goes; None for one that could not be read."""
    found: dict[str, _Read | None] = {}

    async def read(partner_id: str) -> None:
        if not budget.allows(len(found)):
            return
        try:
            found[partner_id] = _Read(await ports.listings.stored_profile(partner_id))
        except Exception as problem:  # noqa: BLE001 - what is wrong with one profile holds up no other
            # Its rows may just be moved to another account: what is known of it stays.
            found[partner_id] = None
            log.warning(
                "A profile could not be read; the next run tries again.",
                extra={"event": "directory.unread", "partner": partner_id, "problem": type(problem).__name__},
            )

    await side_by_side(read, partner_ids, AT_ONCE)
    return found


def names_of_countries() -> Mapping[str, str]:
    """What each country is called in any of N4's languages, in one text, so that a search finds it in each."""
    named = [texts.countries(language) for language in LANGUAGES]
    return {code: " , ".join(dict.fromkeys(names.get(code, "") for names in named)) for code in CODES}
