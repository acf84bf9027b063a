"""Erases a person everywhere (S4), or leads that were kept for long enough (S5).

An erasure is a record with a place, so that whoever comes next goes on where a run broke off. Passes follow each other
until one that began some minutes after the last finding finds nothing: what arrived, was answered or was sent meanwhile
is found by the next.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.erasure import RETENTION, SETTLED, Erasure, ErasureKind, Place, value_of
from shared.domain.errors import Detail, InvalidRequest, NotFound, TooManyRequests, Unavailable
from shared.domain.instants import add_months
from shared.domain.lead import Actor
from shared.domain.messages import say
from shared.domain.programme.partner import Partner
from shared.ids import digest, new_erasure_id
from shared.ports.erasures import StoredErasure
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.side_by_side import side_by_side
from shared.usecases.upkeep.erasure_pass import Pass

log = logging.getLogger(__name__)

UNFINISHED_MAX = 50
"""Erasures that may be under way; each goes through everything."""
SHOWN_MAX = 1_000
"""Leads that an answer names."""
PARTNERS_PAGE, AT_ONCE = 200, 8
BOOKMARK, RETAINED_MAX = "retain", 500
"""Where retention goes on; leads that one erasure of it takes up."""


@dataclass(frozen=True)
class Wanted:
    """What is to be erased; `value` as `Erasure` has it."""

    kind: ErasureKind
    value: str


@dataclass(frozen=True)
class SeenErasure:
    """An erasure with the first of the leads that it is about, each with its partner before it.

    A preview is not `is_complete` where there is more than one request may look at.
    """

    erasure: Erasure
    leads: Sequence[tuple[str, str]] = ()
    is_complete: bool = True


@dataclass(frozen=True)
class RanErasures:
    """What a run did: erasures that were ended, leads that retention took up, and whether work is left."""

    done: int = 0
    failed: int = 0
    retained: int = 0
    unfinished: bool = False


async def ask_for_erasure(*, ports: Ports, wanted: Wanted, by: Actor, at: datetime, budget: Budget) -> SeenErasure:
    """Record an erasure and begin with it; a timer does the rest.

    Raises InvalidRequest for a lead that nobody has, TooManyRequests where too many are under way.
    """
    erasure = await _new(ports, wanted, by, at)
    if len(await ports.erasures.unfinished(UNFINISHED_MAX)) >= UNFINISHED_MAX:
        raise TooManyRequests(say("%(most)d erasures are under way; wait for one of them.", most=UNFINISHED_MAX))
    if wanted.kind is ErasureKind.LEAD:
        await ports.erasures.note(erasure.id, erasure.of_partner or "", [wanted.value])
    stored = await ports.erasures.add(erasure)
    log.warning("An erasure was asked for.", extra={"event": "erasure.asked", "erasure": erasure.id, "by": by.id})
    # It stands, and the timer goes on: who asked need not ask again.
    with suppress(Unavailable, LostRace):
        stored = await _work(ports, stored, at, budget)
    return await _seen(ports, stored.erasure)


async def preview_erasure(*, ports: Ports, wanted: Wanted, by: Actor, at: datetime, budget: Budget) -> SeenErasure:
    """What such an erasure would find now; raises InvalidRequest for a lead that nobody has."""
    erasure = (await _new(ports, wanted, by, at)).begun(at)
    run = Pass(ports, erasure, at, dry=True)
    if wanted.kind is ErasureKind.LEAD:
        run.noted[erasure.of_partner or ""] = {wanted.value}
    place: Place | None = erasure.place
    while place is not None and budget.allows(0):
        place = await run.step(place)
    leads = [(partner_id, one) for partner_id, found in run.noted.items() for one in sorted(found)]
    return SeenErasure(run.erasure, leads[:SHOWN_MAX], is_complete=place is None)


async def read_erasure(*, ports: Ports, erasure_id: str) -> SeenErasure:
    """One erasure; raises NotFound."""
    stored = await ports.erasures.get(erasure_id)
    if stored is None:
        raise NotFound
    return await _seen(ports, stored.erasure)


async def list_erasures(*, ports: Ports, after: str | None, top: int) -> Page[Erasure]:
    """Erasures, newest first."""
    return await ports.erasures.page(after, top)


async def run_erasures(*, ports: Ports, at: datetime, budget: Budget) -> RanErasures:
    """Take up what retention makes due, then go on with every erasure; raises Unavailable."""
    ran = RanErasures(retained=await _retain(ports, at, budget) if ports.rules.retention_months else 0)
    # The oldest first: none waits for those that came later.
    for stored in reversed(await ports.erasures.unfinished(UNFINISHED_MAX)):
        if not budget.allows(0):
            return replace(ran, unfinished=True)
        try:
            now = await _work(ports, stored, at, budget)
        except LostRace:
            # Another host works on it.
            continue
        except Exception as problem:  # noqa: BLE001 - what is wrong with one holds up no other
            log.error(  # noqa: TRY400 - the message may hold a customer's data
                "An erasure could not go on; the next run tries again.",
                extra={"event": "erasure.failed", "erasure": stored.erasure.id, "problem": type(problem).__name__},
            )
            ran = replace(ran, failed=ran.failed + 1)
            continue
        ran = replace(ran, done=ran.done + now.erasure.has_ended)
    return ran


async def _work(ports: Ports, stored: StoredErasure, at: datetime, budget: Budget) -> StoredErasure:
    """Go on with an erasure until it waits, has ended, or the budget is spent; raises LostRace where another does."""
    run: Pass | None = None
    while not stored.erasure.has_ended and budget.allows(0):
        erasure = stored.erasure
        if erasure.pass_began is None:
            if not erasure.may_begin(at):
                break
            erasure = (await _as_meant(ports, erasure)).begun(at)
        if erasure.is_nobodys:
            # Nothing that it took away has come back.
            return await ports.erasures.replace(stored, erasure.ended(at))
        run = Pass(ports, erasure, at) if run is None or run.erasure.value != erasure.value else run
        run.erasure, before = erasure, erasure.found
        place = await run.step(erasure.place)
        erasure = run.erasure
        if erasure.found > before:
            erasure = replace(erasure, settles_at=at + SETTLED)
        if place is not None:
            erasure = replace(erasure, place=place)
        elif erasure.is_last():
            erasure = erasure.ended(at)
        else:
            erasure = replace(erasure, pass_began=None)
        stored = await ports.erasures.replace(stored, erasure)
        if erasure.has_ended:
            log.warning(
                "An erasure is done.",
                extra={"event": "erasure.done", "erasure": erasure.id, "kind": erasure.kind, **dict(erasure.counts)},
            )
    return stored


async def _as_meant(ports: Ports, erasure: Erasure) -> Erasure:
    """The erasure with whom it is about, which one that is done again has forgotten: a lead that came back says it."""
    if not erasure.is_nobodys:
        return erasure
    for partner_id, lead_id in await ports.erasures.notes(erasure.id, SHOWN_MAX):
        stored = await ports.leads.get(partner_id, lead_id)
        value = value_of(erasure.kind, stored.lead.customer) if stored else None
        if value and digest("erased", erasure.kind, value) == erasure.searched:
            return replace(erasure, value=value)
    return erasure


async def _new(ports: Ports, wanted: Wanted, by: Actor, at: datetime) -> Erasure:
    of_partner = None
    if wanted.kind is ErasureKind.LEAD:
        of_partner = await _partner_of(ports, wanted.value)
        if of_partner is None:
            raise InvalidRequest(details=[Detail("invalidValue", say("There is no such lead."), "leadId")])
    searched = digest("erased", wanted.kind, wanted.value)
    return Erasure(new_erasure_id(at), wanted.kind, searched, by, at, wanted.value, of_partner, settles_at=at + SETTLED)


async def _partner_of(ports: Ports, lead_id: str) -> str | None:
    """Who has a lead: its id does not say, so all are asked."""
    after: str | None = None
    while True:
        partners, after = await ports.partners.partners(after, PARTNERS_PAGE)

        async def has_it(partner: Partner) -> bool:
            return await ports.leads.get(partner.id, lead_id) is not None

        found = await side_by_side(has_it, partners, AT_ONCE)
        if any(found):
            return partners[found.index(True)].id
        if after is None:
            return None


async def _seen(ports: Ports, erasure: Erasure) -> SeenErasure:
    return SeenErasure(erasure, await ports.erasures.notes(erasure.id, SHOWN_MAX))


async def _retain(ports: Ports, at: datetime, budget: Budget) -> int:
    """Once a day, look through every partner for leads that were kept for long enough; how many it took up (S5)."""
    day, _, done = (await ports.agenda.bookmark(BOOKMARK)).place.partition("|")
    today = at.date().isoformat()
    if day == today and not done:
        return 0
    after = done if day == today else ""
    before = add_months(at, -(ports.rules.retention_months or 0))
    taken = 0
    while True:
        partners, _ = await ports.partners.partners(after or None, 1)
        if not partners:
            await ports.agenda.set_bookmark(BOOKMARK, today + "|")
            return taken
        if not budget.allows(taken):
            await ports.agenda.set_bookmark(BOOKMARK, f"{today}|{after}")
            return taken
        after = partners[0].id
        cursor: str | None = ""
        while cursor is not None:
            found, cursor = await ports.leads.ended_before(after, before, cursor, RETAINED_MAX)
            if found:
                await _take_up(ports, after, found, at)
                taken += len(found)


async def _take_up(ports: Ports, partner_id: str, lead_ids: Sequence[str], at: datetime) -> None:
    erasure = Erasure(
        new_erasure_id(at), ErasureKind.RETENTION, "", RETENTION, at, of_partner=partner_id, settles_at=at + SETTLED
    )
    await ports.erasures.note(erasure.id, partner_id, lead_ids)
    await ports.erasures.add(erasure)
