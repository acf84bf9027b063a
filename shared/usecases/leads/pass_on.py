"""Gives leads that were declined, or have expired, to the next best partner (M7).

Where one goes is recorded on it first, with the id that it will have there, so whoever goes on after a crash makes the
same lead, and makes it once.
"""

import json
from datetime import datetime

from shared.correlation import new_change
from shared.domain.agenda import HintKind
from shared.domain.deadlines import hints
from shared.domain.events import EventType
from shared.domain.intake.reoffer import as_received, may_go_on, passed_on
from shared.domain.lead import Lead, Outcome, Passed, Tab
from shared.domain.notify import CUSTOMER
from shared.domain.programme.suggestions import suggested
from shared.domain.telling.dispatch import MAIL_LATER, Dispatch, deliver_hint
from shared.ids import digest, new_lead_id
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.ports.leads import StoredLead, Submitted
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import Ran, run_each

AT_ONCE = 10
HISTORY = 50
"""Newest events among which the decline is looked for; contact attempts may have been logged since."""


async def pass_on_leads(*, ports: Ports, at: datetime, budget: Budget) -> Ran:
    """Look at each lead that has ended and may go on; raises Unavailable when the agenda is out of reach."""

    async def act(late: DueHint) -> None:
        await _pass_on(ports, late.hint.partner_id, late.hint.subject, at)

    return await run_each(ports=ports, kind=HintKind.REOFFER, at=at, budget=budget, at_once=AT_ONCE, act=act)


async def _pass_on(ports: Ports, partner_id: str, lead_id: str, at: datetime) -> None:
    stored = await ports.leads.get(partner_id, lead_id)
    if stored is None:
        return
    # It is looked at because its end was recorded.
    lead, to = stored.lead, stored.lead.passed_on
    if to is None and (to := await _next(ports, lead, at)):
        await _record(ports, stored, to, at)
    if to is not None:
        await _give(ports, lead, to)
    elif lead.outcome is Outcome.DECLINED:
        await _tell_customer(ports, lead, at)


async def _next(ports: Ports, lead: Lead, at: datetime) -> Passed | None:
    """Who is to have the lead; None where it stays where it is."""
    if not may_go_on(lead, ports.rules.reoffer):
        return None
    source = await ports.partners.source(lead.source_id, at)
    if source is None or source.partner_id is not None:
        # The partner's own, not the programme's.
        return None
    had_it = frozenset(passed.partner_id for passed in lead.passed_from)
    found = suggested(await ports.directory.current(at), lead, had_it)
    return Passed(found[0].partner_id, new_lead_id(Tab(lead.id[0]), at), at) if found else None


async def _record(ports: Ports, stored: StoredLead, to: Passed, at: datetime) -> None:
    """Note where it goes; raises LostRace when the lead was changed meanwhile, and is looked at anew soon."""
    lead, change = stored.lead, new_change(at)
    await ports.agenda.put([change.announcement(lead.partner_id, lead.id)])
    await ports.leads.commit([(stored, passed_on(lead, to, at))], change)
    ports.wakeups.partner(lead.partner_id)


async def _give(ports: Ports, lead: Lead, to: Passed) -> None:
    """Make the lead at the next partner, unless that was done."""
    received = as_received(lead, to, ports.rules.windows)
    new, change = received.lead, new_change(to.at)
    if await ports.leads.get(new.partner_id, new.id) is not None:
        return
    await ports.agenda.put([change.announcement(new.partner_id, new.id), *hints(new)])
    told = {"passedFrom": {"partnerId": lead.partner_id, "leadId": lead.id}}
    claim = digest("passed", lead.partner_id, lead.id)
    submitted = Submitted(json.dumps(told).encode(), "application/json", claim, digest("passed", lead.id))
    try:
        await ports.leads.add(received, submitted, change)
    except LostRace:
        if await ports.leads.get(new.partner_id, new.id) is None:
            raise
    ports.wakeups.partner(new.partner_id)


async def _tell_customer(ports: Ports, lead: Lead, at: datetime) -> None:
    """L3: nobody else has it, so the customer hears of the decline now, which waited for that."""
    events = await ports.leads.history(lead.partner_id, lead.id, lead.sequence, HISTORY)
    declined = next((event for event in events if event.type is EventType.DECLINED), None)
    if declined is None or declined.notify != CUSTOMER or lead.is_test:
        return
    hint = deliver_hint(lead.partner_id, MAIL_LATER, at)
    dispatch = Dispatch(declined.type, declined.at, lead.id, declined.sequence)
    await ports.agenda.put([hint])
    await ports.lanes.add(lead.partner_id, MAIL_LATER, dispatch)
    ports.wakeups.lane(hint)
