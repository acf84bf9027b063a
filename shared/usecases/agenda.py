"""The engine of the agenda: goes through what is due, within a budget, and leaves alone for a while what fails.

A run costs what is due, never what is stored. It stops at its budget and goes on in the next run. A hint that fails is
put off for longer each time, and never holds up the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.agenda import HintKind
from shared.domain.errors import Unavailable
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.rules import Budget

log = logging.getLogger(__name__)

PAGE = 1_000
"""Hints read in one request; the most that storage gives."""
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


async def work_through(
    *,
    ports: Ports,
    kind: HintKind,
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
    kind: HintKind,
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
            "subject": late.hint.subject,
            "tries": late.tries + 1,
            "cause": late.cause,
            "problem": type(problem).__name__,
        },
    )
