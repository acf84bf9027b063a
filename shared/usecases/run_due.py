"""Does what is due: reads the agenda, lets time be recorded, takes the hints away last (A1–A3; DESIGN.md, Agenda).

A run costs what is due, never what is stored. It stops at its budget and goes on in the next run. A hint that fails is
put off for longer each time, and never holds up the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.deadlines import Hint, hints
from shared.domain.errors import Unavailable
from shared.domain.lifecycle import settle
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.answer_lead import ByTime, record_time

log = logging.getLogger(__name__)

PAGE = 1_000
"""Hints read in one request; the most that storage gives."""
TOGETHER = 25
"""Leads recorded in one transaction: four operations each, of a hundred."""
PUT_OFF_FIRST, PUT_OFF_MOST = timedelta(minutes=5), timedelta(hours=6)
PUT_OFF_SOON = timedelta(seconds=5)
"""After a fault of storage or a lost race: both are often over in a moment."""
ALERT_AFTER, ALERT_AFTER_SOON = 3, 7
"""Failures of one hint from which on the log says so as an error; either is after some five minutes at least."""


@dataclass(frozen=True)
class Ran:
    """What a run did: hints handled, those that failed, and whether the budget ended it before the work did."""

    done: int = 0
    failed: int = 0
    unfinished: bool = False


async def run_due(*, ports: Ports, kind: str, at: datetime, budget: Budget, decided: ByTime = settle) -> Ran:
    """Handle the hints of one kind (`expire`, `cool`, `archive`, `remind`) that are due at `at`; raises Unavailable."""

    async def handle(some: Sequence[DueHint]) -> int:
        return await _handle(ports, some, at, decided)

    return await work_through(ports=ports, kind=kind, at=at, budget=budget, grouped=_together, handle=handle)


async def work_through(
    *,
    ports: Ports,
    kind: str,
    at: datetime,
    budget: Budget,
    grouped: Callable[[Sequence[DueHint]], Sequence[Sequence[DueHint]]],
    handle: Callable[[Sequence[DueHint]], Awaitable[int]],
) -> Ran:
    """Handle what is due in groups; `handle` takes hints away or puts them off, and gives how many failed."""
    done = failed = 0
    more = True
    while more and budget.allows(done + failed):
        # A hint that failed is put off beyond `at`, so each page is work not yet tried.
        top = min(PAGE, budget.rows - done - failed)
        page = await ports.agenda.due(kind, at, top)
        more = len(page) == top
        for some in grouped(page):
            if not budget.allows(done + failed):
                return Ran(done, failed, unfinished=True)
            failures = await handle(some)
            failed += failures
            done += len(some) - failures
    return Ran(done, failed, unfinished=more)


async def run_each(
    *,
    ports: Ports,
    kind: str,
    at: datetime,
    budget: Budget,
    at_once: int,
    act: Callable[[DueHint], Awaitable[None]],
) -> Ran:
    """Let `act` handle each hint that is due, so many at once; one that it fails on holds up no other."""

    async def succeeds(late: DueHint) -> bool:
        try:
            await act(late)
            await ports.agenda.remove([late.hint])
        except Exception as problem:  # noqa: BLE001 - what is wrong with one holds up no other
            await put_off(ports, late, problem, at)
            return False
        return True

    async def handle(some: Sequence[DueHint]) -> int:
        return (await asyncio.gather(*map(succeeds, some))).count(False)

    def grouped(page: Sequence[DueHint]) -> list[Sequence[DueHint]]:
        return [page[n : n + at_once] for n in range(0, len(page), at_once)]

    return await work_through(ports=ports, kind=kind, at=at, budget=budget, grouped=grouped, handle=handle)


def _together(page: Sequence[DueHint]) -> list[list[DueHint]]:
    """One partner's hints at a time, in the order they are due, as many as go into one transaction."""
    by_partner: dict[str, list[DueHint]] = {}
    for late in page:
        by_partner.setdefault(late.hint.partner_id, []).append(late)
    return [mine[n : n + TOGETHER] for mine in by_partner.values() for n in range(0, len(mine), TOGETHER)]


async def _handle(ports: Ports, some: Sequence[DueHint], at: datetime, decided: ByTime) -> int:
    """Record, then take the hints away; the number of those that failed."""
    lead_ids = list(dict.fromkeys(late.hint.lead_id for late in some))
    partner_id = some[0].hint.partner_id
    recorded = await record_time(ports=ports, partner_id=partner_id, lead_ids=lead_ids, at=at, decided=decided)
    # A hint may be found before its lead's deadline; then the lead keeps one that is right.
    await ports.agenda.put([hint for lead in recorded.leads for hint in hints(lead) if _is_early(hint, some)])
    await ports.agenda.remove([late.hint for late in some if late.hint.lead_id not in recorded.failures])
    failed = [late for late in some if late.hint.lead_id in recorded.failures]
    for late in failed:
        await put_off(ports, late, recorded.failures[late.hint.lead_id], at)
    return len(failed)


def _is_early(needed: Hint, some: Sequence[DueHint]) -> bool:
    return any(late.hint.key == needed.key and late.hint.kind == needed.kind for late in some)


async def put_off(ports: Ports, late: DueHint, problem: Exception, at: datetime) -> None:
    """Leave a hint that failed alone for a while, longer each time, and say so; loudly when it goes on."""
    # Ten doublings are past the most; a hint may fail for years. A fault of storage, or a race, is often over soon.
    soon = isinstance(problem, Unavailable | LostRace)
    wait = min((PUT_OFF_SOON if soon else PUT_OFF_FIRST) * 2 ** min(late.tries, 14 if soon else 10), PUT_OFF_MOST)
    await ports.agenda.put_off(late, at + wait)
    level = logging.ERROR if late.tries + 1 >= (ALERT_AFTER_SOON if soon else ALERT_AFTER) else logging.WARNING
    log.log(
        level,
        "What was due could not be done.",
        extra={
            "event": "agenda.hint_failed",
            "kind": late.hint.kind,
            "partner": late.hint.partner_id,
            "subject": late.hint.lead_id,
            "tries": late.tries + 1,
            "cause": late.cause,
            "problem": type(problem).__name__,
        },
    )
