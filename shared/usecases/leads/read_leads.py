"""Reads one lead with its history (L6, L8, L9, V4); `list_leads` reads many.

What it returns is settled at `at`: no reader ever sees a lead that time has already changed (L6).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import is_redacted, shown, shown_event
from shared.domain.errors import NotFound
from shared.domain.events import Event
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.domain.telling.mails import Mail
from shared.ids import position
from shared.ports.leads import Mark
from shared.ports.ports import Ports

RELATED_MAX = 20
"""Related leads shown with a lead; more would say nothing a list does not say better."""


@dataclass(frozen=True)
class SeenLead:
    """A settled lead with what is this person's own.

    `related` are the same person's other leads, settled and as they may be seen; None where nobody looked, as in lists.
    `warnings` are codes of what an answer says although it succeeded (L4).
    """

    lead: Lead
    mark: Mark
    related: tuple[Lead, ...] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Received and not yet opened by this person (Q6)."""
        return self.lead.status is Status.RECEIVED and not self.mark.opened


async def read_lead(
    *, ports: Ports, partner_id: str, person: str, lead_id: str, at: datetime, peek: bool = False
) -> SeenLead:
    """One lead, which this person has opened from now on unless they `peek` (Q6); raises NotFound."""
    stored, mark = await asyncio.gather(
        ports.leads.get(partner_id, lead_id), ports.marks.get(partner_id, person, lead_id)
    )
    if stored is None:
        raise NotFound
    lead = settle(stored.lead, at).lead
    opened = replace(mark, opened=mark.opened or not peek)
    related, _ = await asyncio.gather(
        related_leads(ports=ports, lead=lead, at=at),
        _mark(ports, partner_id, person, lead_id, mark, opened),
    )
    return SeenLead(lead, opened, related)


async def open_lead(*, ports: Ports, partner_id: str, person: str, lead_id: str) -> None:
    """Mark a lead as opened by this person, again and again if they like (Q6); raises NotFound for no such lead."""
    if await ports.leads.get(partner_id, lead_id) is None:
        raise NotFound
    await ports.marks.put(partner_id, person, lead_id, opened=True)


async def related_leads(*, ports: Ports, lead: Lead, at: datetime) -> tuple[Lead, ...]:
    """The same person's other leads as they are shown at `at`, newest first (V4).

    None where this lead hides who the person is, and none that hides it itself (L9).
    """
    found = () if is_redacted(lead, at) else await ports.leads.related(lead, at, RELATED_MAX)
    if not found:
        return ()
    settled = [settle(other, at).lead for other in await ports.leads.many(lead.partner_id, found)]
    # What storage knows of who may be seen is never too short, and may be too long.
    return tuple(shown(other, at) for other in settled if not is_redacted(other, at))


async def seen_leads(
    ports: Ports, partner_id: str, person: str, leads: Sequence[Lead], marks: Mapping[str, Mark], covered: str | None
) -> tuple[SeenLead, ...]:
    """Leads with this person's marks, which are known up to the position `covered`, None = all of them."""
    # Leads may reach further back than one request for marks; only then are the rest read one by one.
    beyond = [lead.id for lead in leads if covered is not None and position(lead.id) > covered]
    read = await asyncio.gather(*(ports.marks.get(partner_id, person, lead_id) for lead_id in beyond))
    known = {**marks, **dict(zip(beyond, read, strict=True))}
    return tuple(SeenLead(lead, known.get(lead.id, Mark())) for lead in leads)


async def read_history(
    *, ports: Ports, partner_id: str, lead_id: str, below: int | None, top: int, at: datetime
) -> tuple[list[Event], int | None]:
    """A lead's events, newest first, and the number to go on below; None at the end (L8).

    What time has done shows although no timer has recorded it yet (L6); free text is gone where contact details are
    hidden (L9). Raises NotFound.
    """
    stored = await ports.leads.get(partner_id, lead_id)
    if stored is None:
        raise NotFound
    decision = settle(stored.lead, at)
    newest = decision.lead.sequence if below is None else min(below - 1, decision.lead.sequence)
    coming = [event for event in reversed(decision.events) if event.sequence <= newest][:top]
    recorded = min(newest, stored.lead.sequence)
    room = top - len(coming)
    events = coming + (await ports.leads.history(partner_id, lead_id, recorded, room) if room and recorded else [])
    events = [shown_event(event, decision.lead, at) for event in events]
    last = events[-1].sequence if events else 1
    return events, last if last > 1 else None


async def read_mails(
    *, ports: Ports, partner_id: str, lead_id: str, events: Sequence[Event]
) -> Mapping[int, Sequence[Mail]]:
    """The mails about these events, by their number, newest first: to whom, why or why not (N1, L8).

    Where one mail tells of several leads, it is there once it is planned, above the note that the lead waits for it.
    """
    found: dict[int, list[Mail]] = {}
    if events:
        wanted = {event.sequence for event in events}
        for mail in await ports.mails.mails(partner_id, lead_id):
            if mail.sequence in wanted:
                found.setdefault(mail.sequence, []).insert(0, mail)
            if mail.sequence in wanted and mail.gathered:
                told = await ports.mails.mails(partner_id, mail.gathered)
                found[mail.sequence][:0] = [gathering for gathering in reversed(told) if lead_id in gathering.leads]
    return found


async def _mark(ports: Ports, partner_id: str, person: str, lead_id: str, before: Mark, after: Mark) -> None:
    if after != before:
        await ports.marks.put(partner_id, person, lead_id, opened=after.opened)
