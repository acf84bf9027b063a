"""Receives a submission: one path for every door (I1–I5, V4, S2).

Decides nothing about a lead itself (that is `domain/intake/receipt.py`); here is the order of steps that loses none:
what cannot be read is parked, what has no partner is held, and for the rest hints first, then one transaction that
claims the submission, and after a lost race a look at who has it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared import ids, telemetry
from shared.correlation import new_change
from shared.domain.agenda import Hint
from shared.domain.countries import country_code
from shared.domain.deadlines import hints
from shared.domain.errors import Detail, InvalidRequest, Refusal, Unauthenticated, Unavailable
from shared.domain.intake.formats import Reading
from shared.domain.intake.held import HeldState, Reason, refusal_of
from shared.domain.intake.receipt import Arrival, Email, Phone, receive
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import Decision, settle
from shared.domain.likelihood import Learned
from shared.domain.programme.partner import Door, LeadSource, accepts
from shared.ports.errors import LostRace
from shared.ports.intake import Sent, StoredHeld
from shared.ports.leads import Once, Submitted
from shared.ports.ports import Ports
from shared.usecases.intake.hold_submission import count_repeat, held_id, note, park
from shared.usecases.intake.parcels import (
    Parcel,
    Submission,
    is_outlived,
    marks,
    parcel_of,
    read_parcel,
    unread,
)
from shared.usecases.intake.route_lead import find_route
from shared.usecases.races import ATTEMPTS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Received:
    """The answer to a submission; `duplicate` when an earlier one made the lead. It may still wait for its partner.

    `warnings` tell the sender what of it was not taken.
    """

    lead_id: str
    status: Status | HeldState
    duplicate: bool
    warnings: tuple[Detail, ...] = ()


def wrong_key() -> Unauthenticated:
    """What whoever has no key of a source is told, whether the source exists or not (S2)."""
    return Unauthenticated("The source's key is missing, wrong or no longer valid.")


async def open_door(*, ports: Ports, source_id: str, key: str, at: datetime) -> LeadSource:
    """The source that the key opens; raises Unauthenticated, and tells nobody whether the source exists (S2)."""
    if ids.SOURCE_ID.fullmatch(source_id) and key:
        hashed = ids.key_hash(key)
        # A refusal reads afresh first, so that a key works everywhere from the moment it was shown.
        for fresh in (False, True):
            source = await ports.partners.source(source_id, at, fresh=fresh)
            if source and accepts(source, hashed, at):
                return source
    raise wrong_key()


async def receive_lead(*, ports: Ports, door: Door, submission: Submission, at: datetime) -> Received:
    """Make a lead of a submission, or return the one that the same submission made before (V4).

    What cannot become a lead is parked (I5), then raises InvalidRequest naming every field at fault, or Conflict: the
    idempotency key came with other content before, or the partner's profile is not published (R2).
    """
    outcome = "failed"
    try:
        received = await _receive_lead(ports, door, submission, at)
        made = "waits" if received.status is HeldState.UNASSIGNED else "made"
        outcome = "repeated" if received.duplicate else made
    except Refusal as refusal:
        outcome = "failed" if isinstance(refusal, Unavailable) else "refused"
        raise
    finally:
        telemetry.INTAKE.add(1, {"door": str(door.takes), "outcome": outcome})
    return received


async def _receive_lead(ports: Ports, door: Door, submission: Submission, at: datetime) -> Received:
    try:
        parcel = read_parcel(door, submission)
    except InvalidRequest as problem:
        await park(ports, unread(door, submission), Reason.UNREADABLE, at, details=problem.details)
        raise
    return replace(await _routed(ports, parcel, at), warnings=parcel.reading.warnings)


async def _routed(ports: Ports, parcel: Parcel, at: datetime) -> Received:
    """Find the submission's partner, and make the lead there or let it wait."""
    door = parcel.door
    route = await find_route(ports=ports, door=door, reading=parcel.reading, at=at)
    lead_id = ids.new_lead_id(parcel.tab, _created(parcel.reading, at))
    if door.partner_id is not None:
        if route.reason is None:
            return await make_lead(ports=ports, parcel=parcel, partner_id=door.partner_id, lead_id=lead_id, at=at)
        # It may have come while the partner took it.
        first = await ports.leads.once(door.partner_id, parcel.claim)
        if first and not is_outlived(ports, parcel, first.at, at):
            return await _first(ports, parcel, door.partner_id, first, at)
    if route.reason is Reason.PROFILE_NOT_PUBLISHED:
        held = await park(ports, parcel, route.reason, at, partner_id=route.partner_id)
        raise refusal_of(held)
    noted = await note(ports, parcel, route, lead_id, at)
    if noted.state is HeldState.UNASSIGNED or noted.partner_id is None or noted.lead_id is None:
        return Received(noted.lead_id or lead_id, HeldState.UNASSIGNED, duplicate=noted.lead_id != lead_id)
    return await make_lead(ports=ports, parcel=parcel, partner_id=noted.partner_id, lead_id=noted.lead_id, at=at)


async def is_known(*, ports: Ports, door: Door, submission: Submission) -> bool:
    """True when this row of a table was taken up or parked before (I3): cheaper than finding it out by trying."""
    parcel = parcel_of(door, submission, "")
    if door.partner_id is not None and await ports.leads.once(door.partner_id, parcel.claim):
        return True
    found = await asyncio.gather(*(ports.held.get(held_id(door, mark)) for mark in marks(parcel)))
    for held in (stored.held for stored in found if stored):
        # A note of where it goes is written before the lead, so it proves nothing yet.
        if held.state is not HeldState.PLACED or await ports.leads.get(held.partner_id or "", held.lead_id or ""):
            return True
    return False


def _created(reading: Reading, at: datetime) -> datetime:
    """When the customer asked, as far as the submission says so; nobody asked in the future."""
    return min(reading.created_at, at) if reading.created_at and reading.created_at >= ids.EPOCH else at


async def make_lead(*, ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Received:
    """Make the lead of this id for the partner, unless the same submission, or this id, has one; park a reused key."""
    door, submission = parcel.door, parcel.submission
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
    submitted = Submitted(submission.body, submission.content_type, parcel.claim, parcel.content)
    for _ in range(ATTEMPTS):
        try:
            await ports.leads.add(received, submitted, change)
            ports.wakeups.partner(partner_id)
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
        submitted = replace(submitted, replaces=held.tag if held else None)
    await _take_back(ports, parcel, lead, announced, None)
    raise Unavailable


async def _noted(ports: Ports, parcel: Parcel) -> StoredHeld | None:
    """The note of where this submission went, where only the operator writes one; beside the hints it costs no time."""
    if parcel.door.partner_id is None or parcel.is_held:
        return None
    mark, _ = marks(parcel)
    return await ports.held.get(held_id(parcel.door, mark))


async def _note_sent(ports: Ports, door: Door, lead_id: str, partner_id: str) -> None:
    if door.sender_id:
        await ports.sent.put(door.sender_id, Sent(lead_id, partner_id))


async def _follow(ports: Ports, parcel: Parcel, noted: StoredHeld, at: datetime) -> Received:
    """What became of a submission that had to wait."""
    held = noted.held
    if held.content != parcel.content:
        raise refusal_of(await park(ports, parcel, Reason.KEY_REUSED, at, partner_id=held.partner_id))
    if held.state is HeldState.UNASSIGNED:
        return Received((await count_repeat(ports, noted, at)).lead_id or "", HeldState.UNASSIGNED, duplicate=True)
    return await _as_it_stands(ports, parcel, held.partner_id or "", held.lead_id or "", at)


async def _received(ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Decision:
    """What becomes of the parcel; checks the contact on the way."""
    reading = parcel.reading
    lists, offers = await ports.partners.contact_lists(at), await ports.listings.offers(partner_id, at)
    # T7: the country given with the consent comes first, for the number too.
    named = (country_code(written) for written in (reading.agreed_country, reading.country) if written)
    country = next((code for code in named if code), None)
    arrival = Arrival(
        partner_id,
        lead_id,
        ids.created_at(lead_id),
        at,
        phone=ports.phones.read(reading.phone, country) if reading.phone else Phone(),
        email=await ports.emails.read(reading.email, lists) if reading.email else Email(),
        offers=offers,
        windows=ports.rules.windows,
        learned=await _learned(ports, at),
    )
    return receive(reading, parcel.door, arrival)


async def _learned(ports: Ports, at: datetime) -> Learned:
    """What became of earlier leads (V3); a lead that comes does not wait for it."""
    try:
        return (await ports.outcomes.lessons(at)).learned
    except Unavailable:
        log.warning("Nothing is known of earlier leads.", extra={"event": "intake.no_lessons"})
        return Learned()


async def _take_back(ports: Ports, parcel: Parcel, lead: Lead, announced: Sequence[Hint], winner: str | None) -> None:
    """Remove what was announced for a lead that is not made; what the winner of the same id needs stays."""
    needed: set[Hint] = set()
    if winner == lead.id and (stored := await ports.leads.get(lead.partner_id, lead.id)):
        needed = set(hints(stored.lead))
    await ports.agenda.remove([hint for hint in announced if hint not in needed])
    if parcel.door.sender_id and winner != lead.id:
        await ports.sent.remove(parcel.door.sender_id, lead.id)


async def _first(ports: Ports, parcel: Parcel, partner_id: str, held: Once, at: datetime) -> Received:
    """The lead that the submission made the first time, as it stands now."""
    if held.content != parcel.content:
        raise refusal_of(await park(ports, parcel, Reason.KEY_REUSED, at, partner_id=partner_id))
    return await _as_it_stands(ports, parcel, partner_id, held.lead_id, at)


async def _as_it_stands(ports: Ports, parcel: Parcel, partner_id: str, lead_id: str, at: datetime) -> Received:
    """The answer to a repeat; its sender finds the lead among those it sent."""
    await _note_sent(ports, parcel.door, lead_id, partner_id)
    stored = await ports.leads.get(partner_id, lead_id)
    # Claim and lead are one transaction, but an erased or hand-deleted lead should not make its sender fail for ever.
    status = settle(stored.lead, at).lead.status if stored else Status.ARCHIVED
    return Received(lead_id, status, duplicate=True)
