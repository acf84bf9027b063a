"""Checks e-mail addresses again that could not be checked at receipt (V1): three tries over a day."""

import asyncio
from datetime import datetime

from shared import ids
from shared.domain.contact_lists import ContactLists
from shared.domain.deadlines import RECHECK, Change, hints, rechecks_at
from shared.domain.errors import Unavailable
from shared.domain.lifecycle import recheck, settle
from shared.ports import Budget, DueHint, LostRace, Ports
from shared.usecases.run_due import PAGE, Ran, put_off

TOGETHER = 10
"""Addresses asked about at once: name servers are slow, and they are somebody else's."""
ATTEMPTS = 5


async def recheck_contacts(*, ports: Ports, at: datetime, budget: Budget) -> Ran:
    """Handle the hints that are due at `at`; raises Unavailable when the agenda is out of reach."""
    lists = await ports.partners.contact_lists(at)
    done = failed = 0
    more = True
    while more and budget.allows(done + failed):
        page = await ports.agenda.due(RECHECK, at, min(PAGE, budget.rows - done - failed))
        more = len(page) == min(PAGE, budget.rows - done - failed)
        for start in range(0, len(page), TOGETHER):
            if not budget.allows(done + failed):
                more = True
                break
            some = page[start : start + TOGETHER]
            ended = await asyncio.gather(*(_handle(ports, late, lists, at) for late in some))
            done += sum(ended)
            failed += len(ended) - sum(ended)
    return Ran(done, failed, unfinished=more)


async def _handle(ports: Ports, late: DueHint, lists: ContactLists, at: datetime) -> bool:
    """Check one lead's address; False when that failed, and the hint waits for longer."""
    try:
        await _check(ports, late, lists, at)
        await ports.agenda.remove([late.hint])
    except Exception as problem:  # noqa: BLE001 - what is wrong with one lead holds up no other
        await put_off(ports, late, problem, at)
        return False
    return True


async def _check(ports: Ports, late: DueHint, lists: ContactLists, at: datetime) -> None:
    for _ in range(ATTEMPTS):
        stored = await ports.leads.get(late.hint.partner_id, late.hint.lead_id)
        if stored is None or not stored.lead.customer.email:
            return
        due = rechecks_at(settle(stored.lead, at).lead)
        if due is None or due != late.hint.due:
            # Archived, checked already, or to be checked another time, of which it has a hint.
            return
        found = await ports.emails.read(stored.lead.customer.email, lists)
        decision = recheck(stored.lead, found.validity, ask_again=found.ask_again, at=at)
        change = Change(ids.new_change_id(), at)
        announced = [change.announcement(stored.lead.partner_id, stored.lead.id)] if decision.events else []
        needed = set(hints(decision.lead)) - set(hints(stored.lead))
        await ports.agenda.put([*announced, *needed])
        try:
            await ports.leads.commit([(stored, decision)], change)
        except LostRace:
            continue
        return
    raise Unavailable
