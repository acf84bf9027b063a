"""Finds hints that are missing and writes them again; what is right it only looks at (storage.md, Agenda).

It also moves what another number of shards has left behind. A hint is a function of its lead, so the agenda can always
be rebuilt from the leads: after a crash in the wrong moment, a restored backup, or a mistake by hand. A run ends at its
budget and goes on from its bookmark in the next.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.agenda import Hint
from shared.domain.errors import Unavailable
from shared.domain.exports.export import Export
from shared.domain.telling.dispatch import MAIL_FIRST, MAIL_LATER, DispatchState, deliver_hint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.telling.publish import digest_hint

log = logging.getLogger(__name__)
REPORTED_WITHIN = timedelta(days=3)
"""Reports of mails come within a day, and are sent again for one more; where nobody sends any, none is waited for."""
BOOKMARK = "reconcile"
PARTNERS_PAGE, EXPORTS_PAGE, MOVED_AT_ONCE = 200, 200, 1_000
LATE = timedelta(minutes=10)
"""How long something may have been due before it looks forgotten: runs are seconds apart."""
EXPORTS = "exports:"
"""How a cursor among a partner's exports begins; any other is one among its leads."""


@dataclass(frozen=True)
class Reconciled:
    """What a run looked at, what it wrote again, what it moved to other shards, whom it could not look at.

    `unfinished` = it is to go on.
    """

    looked: int = 0
    repaired: int = 0
    moved: int = 0
    skipped: int = 0
    unfinished: bool = False


async def reconcile(*, ports: Ports, at: datetime, budget: Budget) -> Reconciled:
    """Look through every partner's leads, exports, unpublished events, lanes and mail days; raises Unavailable.

    First of all hints are moved, and each counts as looked at. A partner whose account is out of reach, or which is
    just being moved, is left to the next run.
    """
    await ports.mails.forget_origins(at - REPORTED_WITHIN)
    bookmark = (await ports.agenda.bookmark(BOOKMARK)).place
    # The last partner that is done, the one under way, and how far it is.
    done, current, after = bookmark.split("|", 2) if bookmark else ("", "", "")
    moved = await _move(ports, at, budget)
    found = Reconciled(looked=moved, moved=moved)
    listed: str | None = done or None
    while True:
        partners, listed = await ports.partners.partners(listed, PARTNERS_PAGE)
        for partner in partners:
            start = after if partner.id == current else ""
            rest = None
            try:
                if not start:
                    await _told(ports, partner.id, at)
                found, rest = await _partner(ports, partner.id, start, found, budget)
            except Unavailable:
                found = replace(found, skipped=found.skipped + 1)
            if rest is not None:
                await ports.agenda.set_bookmark(BOOKMARK, f"{done}|{partner.id}|{rest}")
                return replace(found, unfinished=True)
            done = partner.id
            if not budget.allows(found.looked):
                await ports.agenda.set_bookmark(BOOKMARK, f"{done}||")
                return replace(found, unfinished=True)
        if listed is None:
            if bookmark:
                await ports.agenda.set_bookmark(BOOKMARK, "")
            return replace(found, unfinished=found.skipped > 0)


async def _move(ports: Ports, at: datetime, budget: Budget) -> int:
    """Bring hints to the shards of now; how many it moved."""
    moved = 0
    while budget.allows(moved):
        some = await ports.agenda.move(at, MOVED_AT_ONCE)
        moved += some
        if some < MOVED_AT_ONCE:
            break
    return moved


async def _told(ports: Ports, partner_id: str, at: datetime) -> None:
    """Have every lane looked at that waits for nothing, and every mail day that is over and open.

    A lane's hint is not a function of what waits in it, so one is written wherever something could go now: who looks
    there in vain does no harm.
    """
    late = at - LATE
    hints: list[Hint] = [digest_hint(partner_id, day) for day in await ports.mails.open_days(partner_id, late)]
    destinations = [stored.webhook.id for stored in await ports.webhooks.of_partner(partner_id)]
    for destination in (MAIL_FIRST, MAIL_LATER, *destinations):
        page, _ = await ports.lanes.page(partner_id, destination, DispatchState.PENDING, None, 1)
        if page and page[0].at <= late and page[0].is_due(late):
            hints.append(deliver_hint(partner_id, destination, at))
    await ports.agenda.put(hints)


async def _partner(
    ports: Ports, partner_id: str, start: str, found: Reconciled, budget: Budget
) -> tuple[Reconciled, str | None]:
    """Look through one partner from `start`; the second value is where to go on, None when it is done."""
    if not start:
        first = await ports.leads.first_announcement(partner_id)

        async def announced() -> Sequence[Hint]:
            again = await ports.leads.first_announcement(partner_id)
            return [again] if again else []

        found = await _repair(ports, partner_id, [first] if first else [], found, announced)
    if not start or start.startswith(EXPORTS):
        export: str | None = start.removeprefix(EXPORTS) or None
        while True:
            exports, export = await ports.exports.page(partner_id, export, EXPORTS_PAGE)
            needed = [hint for kept in exports for hint in ports.rules.export.hints(kept)]
            found = await _repair(ports, partner_id, needed, found, partial(_exports_need, ports, partner_id, exports))
            if export is None:
                break
            if not budget.allows(found.looked):
                return found, EXPORTS + export
        start = ""
    cursor: str | None = start or None
    while True:
        began = cursor
        needed, cursor = await ports.leads.needed_hints(partner_id, began)
        found = await _repair(ports, partner_id, needed, found, partial(_leads_need, ports, partner_id, began))
        # A run always comes further, however small its budget is.
        if cursor is None or not budget.allows(found.looked):
            return found, cursor


async def _exports_need(ports: Ports, partner_id: str, exports: Sequence[Export]) -> Sequence[Hint]:
    again = await asyncio.gather(*(ports.exports.get(partner_id, kept.id) for kept in exports))
    return [hint for stored in again if stored for hint in ports.rules.export.hints(stored.export)]


async def _leads_need(ports: Ports, partner_id: str, began: str | None) -> Sequence[Hint]:
    return (await ports.leads.needed_hints(partner_id, began))[0]


async def _repair(
    ports: Ports,
    partner_id: str,
    needed: Sequence[Hint],
    found: Reconciled,
    again: Callable[[], Awaitable[Sequence[Hint]]],
) -> Reconciled:
    """Write those of the hints that are missing, if they are needed still when one looks `again`.

    What was answered since it was read needs its hint no more, and is nothing to warn of.
    """
    missing = await ports.agenda.missing(needed)
    if missing:
        still = set(await again())
        missing = [hint for hint in missing if hint in still]
    if missing:
        await ports.agenda.put(missing)
        log.warning(
            "Missing hints were written again.",
            extra={"event": "agenda.repaired", "partner": partner_id, "hints": len(missing)},
        )
    return replace(found, looked=found.looked + len(needed), repaired=found.repaired + len(missing))
