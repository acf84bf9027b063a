"""Answers a lead: one path for every action, load → decide → commit (L1–L7).

After a lost race the action is decided again on the fresh lead; the old decision is never sent again.
"""

import asyncio
from datetime import datetime

from shared.domain.deadlines import Hint
from shared.domain.errors import NotFound, PreconditionRequired, Refusal, Unavailable
from shared.domain.lead import Actor
from shared.domain.lifecycle import Action, Answer, decide
from shared.ids import new_change_id
from shared.ports import LostRace, Ports
from shared.usecases.read_leads import SeenLead, related_leads

ATTEMPTS = 8
"""Each lost race means that somebody else changed the lead, which a life cycle allows a few times at most."""


async def answer_lead(
    *,
    ports: Ports,
    partner_id: str,
    lead_id: str,
    answer: Answer,
    by: Actor,
    versions: frozenset[str] | None,
    at: datetime,
) -> SeenLead:
    """Do what the answer says and return the lead as it is then.

    `versions` are those the caller has read; None = not said. Raises NotFound, PreconditionRequired (an edit must say
    them, L7) and what `decide` raises.
    """
    if answer.action is Action.EDIT and versions is None:
        raise PreconditionRequired
    change = new_change_id()
    announced = [Hint("publish", at, f"{partner_id}|{lead_id}|{change}")]
    # The hint must be durable before what it announces; beside the first reads it costs no time.
    _, stored, mark = await asyncio.gather(
        ports.agenda.put(announced),
        ports.leads.get(partner_id, lead_id),
        ports.marks.get(partner_id, by.id, lead_id),
    )
    try:
        for _ in range(ATTEMPTS):
            if stored is None:
                raise NotFound
            decision = decide(stored.lead, answer, at=at, by=by, versions=versions)
            if not decision.events:
                await ports.agenda.remove(announced)
                return SeenLead(decision.lead, mark, await related_leads(ports=ports, lead=decision.lead, at=at))
            try:
                _, related = await asyncio.gather(
                    ports.leads.commit(stored, decision, change),
                    related_leads(ports=ports, lead=decision.lead, at=at),
                )
                return SeenLead(decision.lead, mark, related)
            except LostRace:
                stored = await ports.leads.get(partner_id, lead_id)
    except Refusal as refusal:
        # Where storage gave no answer the change may stand all the same, so that hint must stay.
        if not isinstance(refusal, Unavailable):
            await ports.agenda.remove(announced)
        raise
    raise Unavailable
