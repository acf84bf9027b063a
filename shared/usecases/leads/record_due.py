"""Records what time has done to leads: what is due, in transactions; takes the hints away last (A1–A3)."""

from collections.abc import Sequence
from datetime import datetime

from shared.domain.agenda import Hint, HintKind
from shared.domain.deadlines import hints
from shared.domain.lifecycle import settle
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import Ran, put_off, work_through
from shared.usecases.leads.answer_lead import ByTime, record_time

TOGETHER = 25
"""Leads recorded in one transaction: four operations each, of a hundred."""


async def run_due(*, ports: Ports, kind: HintKind, at: datetime, budget: Budget, decided: ByTime = settle) -> Ran:
    """Handle the hints of one kind (`expire`, `cool`, `archive`, `remind`) that are due at `at`; raises Unavailable."""

    async def handle(some: Sequence[DueHint]) -> int:
        return await _handle(ports, some, at, decided)

    return await work_through(ports=ports, kind=kind, at=at, budget=budget, grouped=_together, handle=handle)


def _together(page: Sequence[DueHint]) -> list[list[DueHint]]:
    """One partner's hints at a time, in the order they are due, as many as go into one transaction."""
    by_partner: dict[str, list[DueHint]] = {}
    for late in page:
        by_partner.setdefault(late.hint.partner_id, []).append(late)
    return [mine[n : n + TOGETHER] for mine in by_partner.values() for n in range(0, len(mine), TOGETHER)]


async def _handle(ports: Ports, some: Sequence[DueHint], at: datetime, decided: ByTime) -> int:
    """Record, then take the hints away; the number of those that failed."""
    lead_ids = list(dict.fromkeys(late.hint.subject for late in some))
    partner_id = some[0].hint.partner_id
    recorded = await record_time(ports=ports, partner_id=partner_id, lead_ids=lead_ids, at=at, decided=decided)
    # A hint may be found before its lead's deadline; then the lead keeps one that is right.
    await ports.agenda.put([hint for lead in recorded.leads for hint in hints(lead) if _is_early(hint, some)])
    await ports.agenda.remove([late.hint for late in some if late.hint.subject not in recorded.failures])
    failed = [late for late in some if late.hint.subject in recorded.failures]
    for late in failed:
        await put_off(ports, late, recorded.failures[late.hint.subject], at)
    return len(failed)


def _is_early(needed: Hint, some: Sequence[DueHint]) -> bool:
    return any(late.hint.subject == needed.subject and late.hint.kind == needed.kind for late in some)
