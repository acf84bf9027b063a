"""Knows a partner's people by their having signed in."""

import logging
from collections.abc import Sequence
from datetime import datetime

from shared.domain.errors import Unavailable
from shared.domain.people import THEIRS, Person, noticed
from shared.domain.permissions import Caller
from shared.ports.ports import Ports

log = logging.getLogger(__name__)


async def notice_person(*, ports: Ports, caller: Caller, language: str, at: datetime) -> None:
    """Remember that one of a partner's people is here, at most once a day; whoever asks does not wait for storage."""
    if caller.partner_id is None or not caller.roles & THEIRS:
        return
    try:
        before = await ports.people.person(caller.partner_id, caller.person, at)
        if person := noticed(caller, language, before, at):
            await ports.people.put(caller.partner_id, person)
    except Unavailable:
        # Tomorrow, or at the next look: nobody who has signed in should hear of it.
        log.warning("Somebody was not noticed.", extra={"event": "person.unnoticed", "partner": caller.partner_id})


async def list_people(*, ports: Ports, partner_id: str) -> Sequence[Person]:
    """The partner's people, who was seen last first; raises Unavailable."""
    return sorted(await ports.people.people(partner_id), key=lambda one: (one.last_seen, one.id), reverse=True)
