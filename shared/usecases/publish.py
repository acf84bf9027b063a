"""The relay: takes a partner's events in their order and writes what follows (DESIGN.md, How a change travels).

One transaction deletes the events and writes their consequences, so each happens exactly once, however often a run
breaks off or two run at once. So far that is the count of leads (Q6).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.errors import Unavailable
from shared.domain.tally import Tally, moved
from shared.ports import Budget, DueHint, LostRace, Ports
from shared.usecases.run_due import PAGE, put_off

log = logging.getLogger(__name__)

KIND = "publish"
TOGETHER = 90
"""Events taken in one transaction: a hundred operations, with room for what follows from them."""
EMPTY_AFTER = timedelta(minutes=2)
"""When a hint without an event goes: its writer must be gone by then (`reconcile` finds what a frozen one commits)."""
ATTEMPTS = 5


@dataclass(frozen=True)
class Published:
    """What a run did: events taken, partners that failed, and whether work is left."""

    events: int = 0
    failed: int = 0
    unfinished: bool = False


async def publish_events(*, ports: Ports, at: datetime, budget: Budget) -> Published:
    """Take the events of every partner that has a hint due at `at`; raises Unavailable."""
    done = Published()
    tried: set[str] = set()
    while True:
        page = await ports.agenda.due(KIND, at, PAGE)
        by_partner: dict[str, list[DueHint]] = {}
        for late in page:
            by_partner.setdefault(late.hint.partner_id, []).append(late)
        # Hints too young to go are there again; a partner has its turn once a run.
        waiting = [partner for partner in by_partner if partner not in tried]
        if not waiting:
            return done
        for partner_id in waiting:
            if not budget.allows(done.events):
                return replace(done, unfinished=True)
            tried.add(partner_id)
            done = await _partner(ports, partner_id, by_partner[partner_id], at, budget, done)


async def _partner(
    ports: Ports, partner_id: str, hints: Sequence[DueHint], at: datetime, budget: Budget, done: Published
) -> Published:
    """Take one partner's events, then its hints; what is wrong with one partner holds up no other."""
    try:
        more = True
        while more and budget.allows(done.events):
            taken, more = await _take(ports, partner_id)
            done = replace(done, events=done.events + taken)
        if more:
            return replace(done, unfinished=True)
        await ports.agenda.remove([late.hint for late in hints if late.hint.due <= at - EMPTY_AFTER])
    except Unavailable:
        raise
    except Exception as problem:  # noqa: BLE001 - see the docstring
        for late in hints:
            await put_off(ports, late, problem, at)
        return replace(done, failed=done.failed + 1)
    return done


async def _take(ports: Ports, partner_id: str) -> tuple[int, bool]:
    """Take the oldest events with what follows from them; how many, and whether there are more."""
    for _ in range(ATTEMPTS):
        before = await ports.tallies.read(partner_id)
        events, following = await ports.tallies.pending(partner_id, None, TOGETHER)
        if not events:
            return 0, False
        try:
            await ports.tallies.take(partner_id, events, before, Tally(moved(before.counts, events)))
        except LostRace:
            # Another relay was faster, or this one without hearing of it: the events that are left tell.
            continue
        await ports.agenda.remove([event.hint for event in events])
        return len(events), following is not None
    raise Unavailable
