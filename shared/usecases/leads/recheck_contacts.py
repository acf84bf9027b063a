"""Checks e-mail addresses again that could not be checked at receipt (V1): three tries over a day."""

from datetime import datetime

from shared.correlation import new_change
from shared.domain.agenda import HintKind
from shared.domain.deadlines import hints, rechecks_at
from shared.domain.lifecycle import recheck, settle
from shared.domain.programme.contact_lists import ContactLists
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import Ran, run_each
from shared.usecases.races import until_won

TOGETHER = 10
"""Addresses asked about at once: name servers are slow, and they are somebody else's."""


async def recheck_contacts(*, ports: Ports, at: datetime, budget: Budget) -> Ran:
    """Handle the hints that are due at `at`; raises Unavailable when the agenda is out of reach."""
    lists = await ports.partners.contact_lists(at)

    async def check(late: DueHint) -> None:
        await _check(ports, late, lists, at)

    return await run_each(ports=ports, kind=HintKind.RECHECK, at=at, budget=budget, at_once=TOGETHER, act=check)


async def _check(ports: Ports, late: DueHint, lists: ContactLists, at: datetime) -> None:
    async def check() -> None:
        stored = await ports.leads.get(late.hint.partner_id, late.hint.subject)
        if stored is None or not stored.lead.customer.email:
            return
        due = rechecks_at(settle(stored.lead, at).lead)
        if due is None or due != late.hint.due:
            # Archived, checked already, or to be checked another time, of which it has a hint.
            return
        found = await ports.emails.read(stored.lead.customer.email, lists)
        decision = recheck(stored.lead, found.validity, ask_again=found.ask_again, at=at)
        change = new_change(at)
        announced = [change.announcement(stored.lead.partner_id, stored.lead.id)] if decision.events else []
        needed = set(hints(decision.lead)) - set(hints(stored.lead))
        await ports.agenda.put([*announced, *needed])
        await ports.leads.commit([(stored, decision)], change)
        ports.wakeups.partner(stored.lead.partner_id)

    await until_won(check)
