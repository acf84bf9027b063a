"""Receives a delivery: one path for every door (SPEC 10, V4, S2).

Decides nothing about a lead itself (that is `domain/receipt.py`); here is the order of steps that loses none: hints
first, then one transaction that claims the delivery, and after a lost race a look at who has it.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from shared import ids
from shared.domain.countries import country_code
from shared.domain.deadlines import Change, hints
from shared.domain.errors import Conflict, InternalError, Unauthenticated, Unavailable
from shared.domain.formats import Reading, read_marketplace
from shared.domain.lead import Actor, Status, Tab, Validity
from shared.domain.lifecycle import Decision, settle
from shared.domain.partner import LeadSource, accepts
from shared.domain.receipt import Phone, receive_marketplace
from shared.ports import Delivery, LostRace, Once, Ports

ATTEMPTS = 5
"""A claim changes hands once a day at most; losing this often means that storage misbehaves."""


@dataclass(frozen=True)
class Received:
    """The answer to a delivery; `duplicate` when an earlier one made the lead."""

    lead_id: str
    status: Status
    duplicate: bool


async def open_door(*, ports: Ports, source_id: str, key: str, at: datetime) -> LeadSource:
    """The source that the key opens; raises Unauthenticated, and tells nobody whether the source exists (S2)."""
    if ids.SOURCE_ID.fullmatch(source_id) and key:
        hashed = ids.key_hash(key)
        # A refusal reads afresh first, so that a key works everywhere from the moment it was shown.
        for fresh in (False, True):
            source = await ports.partners.source(source_id, at, fresh=fresh)
            if source and accepts(source, hashed, at):
                return source
    raise Unauthenticated("The source's key is missing, wrong or no longer valid.")


async def receive_lead(
    *,
    ports: Ports,
    source: LeadSource,
    body: bytes,
    content_type: str,
    parsed: object,
    idempotency_key: str | None,
    at: datetime,
) -> Received:
    """Make a lead of a delivery, or return the one that the same delivery made before (V4).

    `body` is kept whole, `parsed` is its JSON. Raises InvalidRequest naming every field at fault, or Conflict when the
    idempotency key came with other content before.
    """
    reading = read_marketplace(parsed)
    content = ids.digest(json.dumps(parsed, sort_keys=True))
    claim = ids.digest(source.id, "key", idempotency_key) if idempotency_key else ids.digest(source.id, "body", content)
    lead_id, change = ids.new_lead_id(Tab.MARKETPLACE, at), Change(ids.new_change_id(), at)
    lists = await ports.partners.contact_lists(at)
    email = await ports.emails.read(reading.email, lists) if reading.email else Validity.UNKNOWN
    received = _receive(ports, source, reading, email, lead_id, at)
    lead = received.lead
    announced = (change.announcement(lead.partner_id, lead.id), *hints(lead))
    await ports.agenda.put(announced)
    delivery = Delivery(body, content_type, claim, content)
    for _ in range(ATTEMPTS):
        try:
            await ports.leads.add(received, delivery, change)
            return Received(lead.id, lead.status, duplicate=False)
        except LostRace:
            held = await ports.leads.once(lead.partner_id, claim)
        if held is None:
            delivery = replace(delivery, replaces=None)
        elif idempotency_key is None and at - held.at >= ports.rules.duplicate_window:
            delivery = replace(delivery, replaces=held.tag)
        else:
            await ports.agenda.remove(announced)
            return await _first(ports, lead.partner_id, held, content, at)
    await ports.agenda.remove(announced)
    raise Unavailable


async def _first(ports: Ports, partner_id: str, held: Once, content: str, at: datetime) -> Received:
    """The lead that the delivery made the first time, as it stands now."""
    if held.content != content:
        raise Conflict("The idempotency key was used before with other content.", target="Idempotency-Key")
    stored = await ports.leads.get(partner_id, held.lead_id)
    if stored is None:
        # Claim and lead are written in one transaction, so this cannot be; and no sender can mend it.
        raise InternalError
    return Received(held.lead_id, settle(stored.lead, at).lead.status, duplicate=True)


def _receive(
    ports: Ports, source: LeadSource, reading: Reading, email: Validity, lead_id: str, at: datetime
) -> Decision:
    country = country_code(reading.country) if reading.country else None
    return receive_marketplace(
        reading,
        lead_id=lead_id,
        partner_id=source.partner_id,
        source=Actor("source", source.id, source.name),
        reveal=source.reveal,
        phone=ports.phones.read(reading.phone, country) if reading.phone else Phone(),
        email=email,
        windows=ports.rules.windows,
        at=at,
    )
