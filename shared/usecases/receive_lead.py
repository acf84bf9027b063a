"""Receives a delivery: one path for every door (SPEC 10, V4, S2).

Decides nothing about a lead itself (that is `domain/receipt.py`); here is the order of steps that loses none: what
cannot be read is parked, what has no partner is held, and for the rest hints first, then one transaction that claims
the delivery, and after a lost race a look at who has it.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared import ids, telemetry
from shared.correlation import new_change
from shared.domain import payload
from shared.domain.countries import country_code
from shared.domain.deadlines import Hint, hints
from shared.domain.errors import Detail, InvalidRequest, Refusal, Unauthenticated, Unavailable
from shared.domain.formats import Reading, Takes, read
from shared.domain.held import Held, HeldState, Reason, refusal_of
from shared.domain.lead import Lead, Status, Tab
from shared.domain.lifecycle import Decision, settle
from shared.domain.partner import Door, LeadSource, accepts
from shared.domain.receipt import Email, Phone, receive
from shared.ports.errors import LostRace
from shared.ports.intake import Sent, StoredHeld
from shared.ports.leads import Delivery, Once
from shared.ports.ports import Ports
from shared.usecases.route_lead import find_place

log = logging.getLogger(__name__)
ATTEMPTS = 5
"""A claim changes hands once a day at most; losing this often means that storage misbehaves."""


@dataclass(frozen=True)
class Delivered:
    """What came through a door: the body as it was sent, and what tells it from every other delivery, where known.

    `key` is the sender's Idempotency-Key; `identity` names a row of a table, whose content may change later (I3).
    """

    body: bytes
    content_type: str = "application/json"
    key: str | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Parcel:
    """A delivery that is being made a lead: its claim (V4), whether that ends by the clock, and what it says.

    `held_at` is when it came, where it had to wait for the operator since.
    """

    door: Door
    delivered: Delivered
    claim: str
    content: str
    is_for_ever: bool
    held_at: datetime | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def is_held(self) -> bool:
        """True when it has waited for the operator."""
        return self.held_at is not None

    @property
    def tab(self) -> Tab:
        """The list its lead will stand in; a sender's door is the only one for qualified leads."""
        return Tab.QUALIFIED if self.door.takes is Takes.QUALIFIED else Tab.MARKETPLACE


@dataclass(frozen=True)
class Received:
    """The answer to a delivery; `duplicate` when an earlier one made the lead. It may still wait for its partner."""

    lead_id: str
    status: Status | HeldState
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


async def receive_lead(*, ports: Ports, door: Door, delivered: Delivered, at: datetime) -> Received:
    """Make a lead of a delivery, or return the one that the same delivery made before (V4).

    What cannot become a lead is parked (I5), then raises InvalidRequest naming every field at fault, or Conflict: the
    idempotency key came with other content before, or the partner's profile is not published (R2).
    """
    outcome = "failed"
    try:
        received = await _receive_lead(ports, door, delivered, at)
        made = "waits" if received.status is HeldState.UNASSIGNED else "made"
        outcome = "repeated" if received.duplicate else made
    except Refusal as refusal:
        outcome = "failed" if isinstance(refusal, Unavailable) else "refused"
        raise
    finally:
        telemetry.INTAKE.add(1, {"door": str(door.takes), "outcome": outcome})
    return received


async def _receive_lead(ports: Ports, door: Door, delivered: Delivered, at: datetime) -> Received:
    try:
        parcel = read_parcel(door, delivered)
    except InvalidRequest as problem:
        await _park(ports, _unread(door, delivered), Reason.UNREADABLE, at, details=problem.details)
        raise
    place = await find_place(ports=ports, door=door, reading=parcel.reading, at=at)
    lead_id = ids.new_lead_id(parcel.tab, _created(parcel.reading, at))
    if door.partner_id is not None:
        if place.reason is None:
            return await deliver(ports=ports, parcel=parcel, partner_id=door.partner_id, lead_id=lead_id, at=at)
        # It may have come while the partner took it.
        first = await ports.leads.once(door.partner_id, parcel.claim)
        if first and not is_outlived(ports, parcel, first.at, at):
            return await _first(ports, parcel, door.partner_id, first, at)
    if place.reason is Reason.PROFILE_NOT_PUBLISHED:
        held = await _park(ports, parcel, place.reason, at, partner_id=place.partner_id)
        raise refusal_of(held)
    noted = await _note(ports, parcel, place.partner_id, place.reason, lead_id, at)
    if noted.state is HeldState.UNASSIGNED or noted.partner_id is None or noted.lead_id is None:
        return Received(noted.lead_id or lead_id, HeldState.UNASSIGNED, duplicate=noted.lead_id != lead_id)
    return await deliver(ports=ports, parcel=parcel, partner_id=noted.partner_id, lead_id=noted.lead_id, at=at)


async def is_known(*, ports: Ports, door: Door, delivered: Delivered) -> bool:
    """True when this row of a table was taken up or parked before (I3): cheaper than finding it out by trying."""
    parcel = _parcel(door, delivered, "")
    if door.partner_id is not None and await ports.leads.once(door.partner_id, parcel.claim):
        return True
    found = await asyncio.gather(*(ports.held.get(_held_id(door, mark)) for mark in _marks(parcel)))
    for held in (one.held for one in found if one):
        # A note of where it goes is written before the lead, so it proves nothing yet.
        if held.state is not HeldState.PLACED or await ports.leads.get(held.partner_id or "", held.lead_id or ""):
            return True
    return False


def _marks(parcel: Parcel) -> tuple[str, str]:
    """What a delivery is noted under (R1), and what it is parked under (I5)."""
    return parcel.claim, ids.digest("parked", parcel.claim, parcel.content)


def read_parcel(door: Door, delivered: Delivered) -> Parcel:
    """The delivery, read; raises InvalidRequest naming every field at fault."""
    value = payload.value_of(delivered.body, delivered.content_type)
    parcel = _parcel(door, delivered, json.dumps(value, sort_keys=True))
    return replace(parcel, reading=read(value, door.takes))


def _unread(door: Door, delivered: Delivered) -> Parcel:
    """The delivery under the claim that it will have once it can be read."""
    try:
        written = json.dumps(payload.value_of(delivered.body, delivered.content_type), sort_keys=True)
    except InvalidRequest:
        written = delivered.body.decode("latin-1")
    return _parcel(door, delivered, written)


def _parcel(door: Door, delivered: Delivered, written: str) -> Parcel:
    content = ids.digest(written)
    if delivered.identity is not None:
        return Parcel(door, delivered, ids.digest(door.id, "row", delivered.identity), "", is_for_ever=True)
    if delivered.key is not None:
        return Parcel(door, delivered, ids.digest(door.id, "key", delivered.key), content, is_for_ever=True)
    return Parcel(door, delivered, ids.digest(door.id, "body", content), content, is_for_ever=False)


def _created(reading: Reading, at: datetime) -> datetime:
    """When the customer asked, as far as the delivery says so; nobody asked in the future."""
    return min(reading.created_at, at) if reading.created_at and reading.created_at >= ids.EPOCH else at


async def deliver(*, ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Received:
    """Make the lead of this id for the partner, unless the same delivery, or this id, has one; park a reused key."""
    door, delivered = parcel.door, parcel.delivered
    received = await _received(ports, parcel, partner_id, lead_id, at)
    lead, change = received.lead, new_change(at)
    announced = (change.announcement(lead.partner_id, lead.id), *hints(lead))
    _, noted, _ = await asyncio.gather(
        ports.agenda.put(announced), _noted(ports, parcel), _note_sent(ports, door, lead.id, partner_id)
    )
    if noted is not None and not is_outlived(ports, parcel, noted.held.first_at, at):
        # It came while the partner was suspended: it waits, or the operator has given it to somebody.
        await _take_back(ports, parcel, lead, announced, None)
        return await _follow(ports, parcel, noted, at)
    delivery = Delivery(delivered.body, delivered.content_type, parcel.claim, parcel.content)
    for _ in range(ATTEMPTS):
        try:
            await ports.leads.add(received, delivery, change)
            return Received(lead.id, lead.status, duplicate=False)
        except LostRace:
            held = await ports.leads.once(partner_id, parcel.claim)
        if held and not is_outlived(ports, parcel, held.at, at):
            await _take_back(ports, parcel, lead, announced, held.lead_id)
            return await _first(ports, parcel, partner_id, held, at)
        # Another attempt may have used this id under another claim.
        if held is None and (stored := await ports.leads.get(partner_id, lead.id)):
            await _take_back(ports, parcel, lead, announced, lead.id)
            return Received(lead.id, settle(stored.lead, at).lead.status, duplicate=True)
        delivery = replace(delivery, replaces=held.tag if held else None)
    await _take_back(ports, parcel, lead, announced, None)
    raise Unavailable


async def _noted(ports: Ports, parcel: Parcel) -> StoredHeld | None:
    """The note of where this delivery went, where only the operator writes one; beside the hints it costs no time."""
    if parcel.door.partner_id is None or parcel.is_held:
        return None
    mark, _ = _marks(parcel)
    return await ports.held.get(_held_id(parcel.door, mark))


async def _note_sent(ports: Ports, door: Door, lead_id: str, partner_id: str) -> None:
    if door.sender_id:
        await ports.sent.put(door.sender_id, Sent(lead_id, partner_id))


async def _follow(ports: Ports, parcel: Parcel, noted: StoredHeld, at: datetime) -> Received:
    """What became of a delivery that had to wait."""
    held = noted.held
    if held.content != parcel.content:
        raise refusal_of(await _park(ports, parcel, Reason.KEY_REUSED, at, partner_id=held.partner_id))
    if held.state is HeldState.UNASSIGNED:
        return Received((await _count(ports, noted, at)).lead_id or "", HeldState.UNASSIGNED, duplicate=True)
    return await _as_it_stands(ports, parcel, held.partner_id or "", held.lead_id or "", at)


async def _received(ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Decision:
    """What becomes of the parcel; checks the contact on the way."""
    reading = parcel.reading
    lists, offers = await ports.partners.contact_lists(at), await ports.listings.offers(partner_id, at)
    country = country_code(reading.country) if reading.country else None
    return receive(
        reading,
        parcel.door,
        lead_id=lead_id,
        partner_id=partner_id,
        offers=offers,
        phone=ports.phones.read(reading.phone, country) if reading.phone else Phone(),
        email=await ports.emails.read(reading.email, lists) if reading.email else Email(),
        windows=ports.rules.windows,
        created_at=ids.created_at(lead_id),
        at=at,
    )


def is_outlived(ports: Ports, parcel: Parcel, first: datetime, at: datetime) -> bool:
    """True when the first such delivery is so long ago that this is another one (V4); a held one came when it came."""
    return not parcel.is_for_ever and (parcel.held_at or at) - first >= ports.rules.duplicate_window


async def _take_back(ports: Ports, parcel: Parcel, lead: Lead, announced: Sequence[Hint], winner: str | None) -> None:
    """Remove what was announced for a lead that is not made; what the winner of the same id needs stays."""
    needed: set[Hint] = set()
    if winner == lead.id and (stored := await ports.leads.get(lead.partner_id, lead.id)):
        needed = set(hints(stored.lead))
    await ports.agenda.remove([one for one in announced if one not in needed])
    if parcel.door.sender_id and winner != lead.id:
        await ports.sent.remove(parcel.door.sender_id, lead.id)


async def _first(ports: Ports, parcel: Parcel, partner_id: str, held: Once, at: datetime) -> Received:
    """The lead that the delivery made the first time, as it stands now."""
    if held.content != parcel.content:
        raise refusal_of(await _park(ports, parcel, Reason.KEY_REUSED, at, partner_id=partner_id))
    return await _as_it_stands(ports, parcel, partner_id, held.lead_id, at)


async def _as_it_stands(ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Received:
    """The answer to a repeat; its sender finds the lead among those it sent."""
    await _note_sent(ports, parcel.door, lead_id, partner_id)
    stored = await ports.leads.get(partner_id, lead_id)
    # Claim and lead are one transaction, but an erased or hand-deleted lead should not make its sender fail for ever.
    status = settle(stored.lead, at).lead.status if stored else Status.ARCHIVED
    return Received(lead_id, status, duplicate=True)


async def _note(
    ports: Ports, parcel: Parcel, partner_id: str | None, reason: Reason | None, lead_id: str, at: datetime
) -> Held:
    """Decide once where a delivery goes and which id its lead has; every later attempt finds the same (DESIGN.md)."""
    state = HeldState.UNASSIGNED if reason else HeldState.PLACED
    mark, _ = _marks(parcel)
    wanted = replace(_held(parcel, mark, state, at), reason=reason, lead_id=lead_id, partner_id=partner_id)
    if state is HeldState.PLACED:
        wanted = replace(wanted, body=b"")
    for _ in range(ATTEMPTS):
        if await ports.held.add(wanted):
            _log_held(wanted)
            return wanted
        there = await ports.held.get(wanted.id)
        if there is None:
            continue
        held = there.held
        if held.state is HeldState.PLACED and is_outlived(ports, parcel, held.first_at, at):
            try:
                return (await ports.held.replace(there, wanted)).held
            except LostRace:
                continue
        if held.content != parcel.content:
            raise refusal_of(await _park(ports, parcel, Reason.KEY_REUSED, at, partner_id=held.partner_id))
        return await _count(ports, there, at) if held.state is HeldState.UNASSIGNED else held
    raise Unavailable


async def _park(
    ports: Ports,
    parcel: Parcel,
    reason: Reason,
    at: datetime,
    *,
    partner_id: str | None = None,
    details: tuple[Detail, ...] = (),
) -> Held:
    """Keep a delivery that cannot become a lead (I5); a repeat is one row."""
    _, mark = _marks(parcel)
    parked = _held(parcel, mark, HeldState.PARKED, at)
    wanted = replace(parked, reason=reason, details=details, partner_id=partner_id)
    for _ in range(ATTEMPTS):
        if await ports.held.add(wanted):
            _log_held(wanted)
            return wanted
        there = await ports.held.get(wanted.id)
        if there is None:
            continue
        held = there.held
        again = replace(wanted, count=held.count + 1)
        if held.state is HeldState.PARKED and held.reason is reason:
            return await _count(ports, there, at)
        if held.state is HeldState.PARKED:
            # Since it was parked something else is in its way.
            again = replace(held, reason=reason, details=details)
        elif not is_outlived(ports, parcel, held.last_at, at):
            return await _count(ports, there, at)
        try:
            return (await ports.held.replace(there, again)).held
        except LostRace:
            continue
    raise Unavailable


def _log_held(held: Held) -> None:
    """Say that something waits for the operator; what is in it stays in storage."""
    if held.state is not HeldState.PLACED:
        log.warning(
            "A delivery waits for the operator.",
            extra={"event": "held.parked", "state": held.state, "reason": held.reason, "source": held.door.by.id},
        )


async def _count(ports: Ports, there: StoredHeld, at: datetime) -> Held:
    """Note a repeat; who loses a race for that has lost a count and nothing else."""
    try:
        again = replace(there.held, count=there.held.count + 1, last_at=max(there.held.last_at, at))
        return (await ports.held.replace(there, again)).held
    except LostRace:
        return there.held


def _held_id(door: Door, mark: str) -> str:
    return f"{door.id}-{mark}"


def _held(parcel: Parcel, mark: str, state: HeldState, at: datetime) -> Held:
    return Held(
        id=_held_id(parcel.door, mark),
        state=state,
        was=state,
        door=parcel.door,
        claim=parcel.claim,
        content=parcel.content,
        content_type=parcel.delivered.content_type,
        first_at=at,
        last_at=at,
        body=parcel.delivered.body,
        size=len(parcel.delivered.body),
        keyed=parcel.is_for_ever,
    )
