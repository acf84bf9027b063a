"""The relay: takes a partner's events in their order and writes what follows (DESIGN.md, How a change travels).

One transaction deletes the events and writes their consequences, so each happens exactly once, however often a run
breaks off or two run at once. So far that is the count of leads (Q6).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.deadlines import Hint
from shared.domain.tally import Pending, Tally, moved
from shared.ports import Budget, DueHint, LostRace, Ports
from shared.usecases.run_due import PAGE, put_off

KIND = "publish"
TOGETHER = 90
"""Events taken in one transaction: a hundred operations, with room for what follows from them."""
EMPTY_AFTER = timedelta(minutes=10)
"""When a hint without an event goes: a timer announces by the time its run began, and a run may last four minutes.

`reconcile` finds what a writer commits that was frozen for longer.
"""
ATTEMPTS = 5


@dataclass(frozen=True)
class Published:
    """What a run did: events taken, partners that failed, and whether work is left."""

    events: int = 0
    failed: int = 0
    unfinished: bool = False


async def publish_events(*, ports: Ports, at: datetime, budget: Budget) -> Published:
    """Take the events of every partner with a hint due at `at`; raises Unavailable when the agenda is out of reach."""
    done = Published()
    tried: set[str] = set()
    failures: dict[str, Exception] = {}
    progress = True
    while progress:
        progress = False
        by_partner: dict[str, list[DueHint]] = {}
        for late in await ports.agenda.due(KIND, at, PAGE):
            by_partner.setdefault(late.hint.partner_id, []).append(late)
        for partner_id, hints in by_partner.items():
            # Hints too young to go are there again; a partner has its turn once a run.
            if partner_id not in tried:
                if not budget.allows(done.events):
                    return replace(done, failed=len(failures), unfinished=True)
                tried.add(partner_id)
                progress = True
                try:
                    done = await _partner(ports, partner_id, hints, at, budget, done)
                except Exception as problem:  # noqa: BLE001 - what is wrong with one partner holds up no other
                    failures[partner_id] = problem
            if partner_id in failures:
                # All of its hints, page by page, or they would stand before everybody else's.
                progress = True
                for late in hints:
                    await put_off(ports, late, failures[partner_id], at)
    return replace(done, failed=len(failures))


async def _partner(
    ports: Ports, partner_id: str, hints: Sequence[DueHint], at: datetime, budget: Budget, done: Published
) -> Published:
    """Take one partner's events, then its hints: the events of one change may stand far apart."""
    taken: list[Hint] = []
    more = True
    while more and budget.allows(done.events):
        events, more = await _take(ports, partner_id)
        taken += [event.hint for event in events]
        done = replace(done, events=done.events + len(events))
        if more and not events:
            break
    if more:
        return replace(done, unfinished=True)
    await ports.agenda.remove([*taken, *(late.hint for late in hints if late.hint.due <= at - EMPTY_AFTER)])
    return done


async def _take(ports: Ports, partner_id: str) -> tuple[list[Pending], bool]:
    """Take the oldest events with what follows from them; which, and whether there are more."""
    for _ in range(ATTEMPTS):
        before = await ports.tallies.read(partner_id)
        events, following = await ports.tallies.pending(partner_id, None, TOGETHER)
        if not events:
            return [], False
        try:
            await ports.tallies.take(partner_id, events, before, Tally(moved(before.counts, events)))
        except LostRace:
            # Another relay was faster, or this one without hearing of it: the events that are left tell.
            continue
        return events, following is not None
    # Whoever is so much faster does the work.
    return [], True
