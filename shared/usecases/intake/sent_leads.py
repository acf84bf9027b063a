"""Sends qualified leads and says what became of them (I4)."""

import asyncio
from datetime import datetime

from shared import ids
from shared.domain.errors import NotFound
from shared.domain.lead import Actor, Lead, Sender
from shared.domain.lifecycle import settle
from shared.domain.permissions import Caller, must_belong
from shared.domain.programme.partner import Door, Takes
from shared.ports.intake import Sent
from shared.ports.page import Page
from shared.ports.ports import Ports
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import Received, receive_lead


async def send_lead(*, ports: Ports, partner_id: str, caller: Caller, submission: Submission, at: datetime) -> Received:
    """Send a qualified lead to a partner; as `receive_lead`. Raises AccessDenied for a tenant that is nobody's."""
    must_belong(caller)
    door = Door(
        # V4: one client is one sender, whoever of its people it acts for.
        id=ids.digest("sender", caller.tenant, caller.client or caller.person, partner_id),
        by=Actor("sender", caller.person, caller.name),
        partner_id=partner_id,
        takes=Takes.QUALIFIED,
        sender=Sender("partner", caller.name, caller.email),
        names_sender=caller.is_operators,
        sender_id=ids.sender_id(caller.tenant, caller.person),
    )
    return await receive_lead(ports=ports, door=door, submission=submission, at=at)


async def list_sent(*, ports: Ports, caller: Caller, after: str | None, top: int, at: datetime) -> Page[Lead]:
    """The leads this person has sent, newest first, as they stand at `at`."""
    page, following = await ports.sent.page(ids.sender_id(caller.tenant, caller.person), after, top)
    found = await asyncio.gather(*(_lead(ports, sent, at) for sent in page))
    return Page([lead for lead in found if lead], following)


async def read_sent(*, ports: Ports, caller: Caller, lead_id: str, at: datetime) -> Lead:
    """One of them; raises NotFound for another's."""
    sent = await ports.sent.get(ids.sender_id(caller.tenant, caller.person), lead_id)
    lead = await _lead(ports, sent, at) if sent else None
    if lead is None:
        raise NotFound
    return lead


async def _lead(ports: Ports, sent: Sent, at: datetime) -> Lead | None:
    """The lead; None where a row was written and its lead never was."""
    stored = await ports.leads.get(sent.partner_id, sent.lead_id)
    return settle(stored.lead, at).lead if stored else None
