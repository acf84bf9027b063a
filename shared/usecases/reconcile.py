"""Finds hints that are missing and writes them again; what is right it only looks at (DESIGN.md, Agenda).

A hint is a function of its lead, so the agenda can always be rebuilt from the leads: after a crash in the wrong moment,
a restored backup, or a mistake by hand. A run ends at its budget and goes on from its bookmark in the next.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.deadlines import Hint
from shared.ports import Budget, Ports

log = logging.getLogger(__name__)
BOOKMARK = "reconcile"
PARTNERS_PAGE, EXPORTS_PAGE = 200, 200
EXPORTS = "exports:"
"""How a place among a partner's exports begins; any other is one among its leads."""


@dataclass(frozen=True)
class Reconciled:
    """What a run looked at, what it wrote again, and whether it is to go on."""

    looked: int = 0
    repaired: int = 0
    unfinished: bool = False


async def reconcile(*, ports: Ports, budget: Budget) -> Reconciled:
    """Look through every partner's waiting leads, exports and oldest unpublished event; raises Unavailable."""
    bookmark = await ports.agenda.bookmark(BOOKMARK)
    # The last partner that is done, the one under way, and how far it is.
    done, current, after = bookmark.split("|", 2) if bookmark else ("", "", "")
    found = Reconciled()
    listed: str | None = done or None
    while True:
        partners, listed = await ports.partners.partners(listed, PARTNERS_PAGE)
        for partner in partners:
            start = after if partner.id == current else ""
            found, rest = await _partner(ports, partner.id, start, found, budget)
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
            return found


async def _partner(
    ports: Ports, partner_id: str, start: str, found: Reconciled, budget: Budget
) -> tuple[Reconciled, str | None]:
    """Look through one partner from `start`; the second value is where to go on, None when it is done."""
    if not start:
        first = await ports.leads.first_announcement(partner_id)
        found = await _repair(ports, partner_id, [first] if first else [], found)
    if not start or start.startswith(EXPORTS):
        export: str | None = start.removeprefix(EXPORTS) or None
        while True:
            exports, export = await ports.exports.page(partner_id, export, EXPORTS_PAGE)
            needed = [hint for one in exports for hint in ports.rules.export.hints(one)]
            found = await _repair(ports, partner_id, needed, found)
            if export is None:
                break
            if not budget.allows(found.looked):
                return found, EXPORTS + export
        start = ""
    place: str | None = start or None
    while True:
        needed, place = await ports.leads.needed_hints(partner_id, place)
        found = await _repair(ports, partner_id, needed, found)
        # A run always comes further, however small its budget is.
        if place is None or not budget.allows(found.looked):
            return found, place


async def _repair(ports: Ports, partner_id: str, needed: Sequence[Hint], found: Reconciled) -> Reconciled:
    """Write those of the hints that are missing."""
    missing = await ports.agenda.missing(needed)
    if missing:
        await ports.agenda.put(missing)
        log.warning(
            "Missing hints were written again.",
            extra={"event": "agenda.repaired", "partner": partner_id, "hints": len(missing)},
        )
    return replace(found, looked=found.looked + len(needed), repaired=found.repaired + len(missing))
