"""What the operator does with submissions that wait: look, send again, assign (I5, R1).

Both verbs decide the lead's id and partner once, by the held submission's tag, before they make the lead: done again,
or twice at once, they make the same lead.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared import ids
from shared.domain.errors import Conflict, Detail, InvalidRequest, NotFound, Refusal
from shared.domain.instants import stamp
from shared.domain.intake.held import DISMISSED_KEPT, Held, HeldState, Reason, refusal_of
from shared.domain.lifecycle import settle
from shared.domain.messages import say
from shared.domain.programme.partner import PartnerState
from shared.ids import inverted_time
from shared.ports.errors import LostRace
from shared.ports.intake import EVERY, HeldCounts, Only, StoredHeld
from shared.ports.ports import Ports
from shared.usecases.intake.parcels import Parcel, Submission, is_outlived, read_parcel
from shared.usecases.intake.receive_lead import Received, make_lead
from shared.usecases.intake.route_lead import Route, check_route, find_route
from shared.usecases.races import until_won
from shared.usecases.side_by_side import side_by_side

log = logging.getLogger(__name__)


BULK_MAX = 100
"""Submissions that one request may act on."""
AT_ONCE = 8
"""How many of them are worked on side by side."""


@dataclass(frozen=True)
class HeldPage:
    """Submissions that wait, newest first; `next` is the cursor to go on from, None at the end.

    `counts` are of everything in that state, whatever is asked for; only the first page has them.
    """

    held: tuple[Held, ...]
    next: str | None
    counts: HeldCounts | None = None


@dataclass(frozen=True)
class Done:
    """What became of one of several: what was received, or why not; neither where there is nothing to say."""

    held_id: str
    received: Received | None = None
    refusal: Refusal | None = None


async def list_held(*, ports: Ports, state: HeldState, after: str | None, top: int, only: Only = EVERY) -> HeldPage:
    """A page of the submissions that wait for this."""
    if after is not None:
        found, following = await ports.held.page(state, after, top, only)
        return HeldPage(tuple(found), following)
    (found, following), counts = await asyncio.gather(ports.held.page(state, after, top, only), ports.held.count(state))
    return HeldPage(tuple(found), following, counts)


async def dismiss(*, ports: Ports, held_id: str, at: datetime) -> None:
    """Make nothing of a parked submission: it leaves the list, and goes after DISMISSED_KEPT. Again is harmless.

    Raises NotFound; Conflict for one that is a lead or waits for a partner by now.
    """

    async def leave() -> None:
        stored = await _stored(ports, held_id, HeldState.PARKED)
        if stored.held.state is HeldState.DISMISSED:
            return
        if stored.held.state is not HeldState.PARKED:
            raise Conflict("It is not parked any more.", target="state")
        await ports.held.replace(stored, replace(stored.held, state=HeldState.DISMISSED, dismissed_at=at))
        log.info("A parked submission was dismissed.", extra={"event": "held.dismissed", "held": held_id})

    await until_won(leave)


async def forget_dismissed(*, ports: Ports, at: datetime, most: int = 1_000) -> int:
    """Delete what was dismissed DISMISSED_KEPT ago, at most so many; how many."""
    cursor: str | None = f"{inverted_time(at - DISMISSED_KEPT)}|"
    done = 0
    while cursor is not None and done < most:
        page, cursor = await ports.held.page(HeldState.DISMISSED, cursor, BULK_MAX)
        for held in page:
            stored = await ports.held.get(held.id)
            if stored is None or stored.held.state is not HeldState.DISMISSED:
                continue
            with suppress(LostRace):
                await ports.held.delete(stored)
                done += 1
    return done


async def each(held_ids: Sequence[str], act: Callable[[str], Awaitable[Received | None]]) -> list[Done]:
    """Do the same with several, each by itself; what is refused for one holds up no other."""

    async def done(held_id: str) -> Done:
        try:
            return Done(held_id, await act(held_id))
        except Refusal as refusal:
            return Done(held_id, refusal=refusal)

    return await side_by_side(done, dict.fromkeys(held_ids), AT_ONCE)


async def read_held(*, ports: Ports, held_id: str, state: HeldState) -> Held:
    """One of them, also one that has its lead by now; raises NotFound."""
    return (await _stored(ports, held_id, state)).held


async def replay(*, ports: Ports, held_id: str, body: object | None, at: datetime) -> Received:
    """Send a parked submission again, as it was or with a corrected body (a text, or a JSON value).

    Raises NotFound; InvalidRequest or Conflict while it still cannot become a lead, which leaves it where it is.
    """

    async def send() -> Received:
        stored = await _stored(ports, held_id, HeldState.PARKED)
        held = stored.held
        if held.state is HeldState.PLACED:
            return await _done(ports, held, at)
        if held.state is HeldState.UNASSIGNED:
            return Received(held.lead_id or "", HeldState.UNASSIGNED, duplicate=True)
        parcel = _again(held, body)
        route = (
            await check_route(ports=ports, partner_id=held.partner_id, reading=parcel.reading, at=at)
            if held.assigned
            else await find_route(ports=ports, door=held.door, reading=parcel.reading, at=at)
        )
        if route.reason is Reason.PROFILE_NOT_PUBLISHED:
            raise refusal_of(replace(held, reason=route.reason))
        if route.reason is not None:
            return await _leave_unassigned(ports, stored, parcel, route)
        return await _make(ports, stored, parcel, route.partner_id or "", at)

    return await until_won(send)


async def assign(*, ports: Ports, held_id: str, partner_id: str, at: datetime) -> Received:
    """Give an unassigned submission to a partner; its deadlines start now (R1).

    Raises NotFound; InvalidRequest for an unknown partner; Conflict for a suspended one, for one that takes no profile
    inquiries, and when it was given to another.
    """

    async def give() -> Received:
        stored = await _stored(ports, held_id, HeldState.UNASSIGNED)
        held = stored.held
        partner = await ports.partners.get(partner_id) if ids.PARTNER_ID.fullmatch(partner_id) else None
        if partner is None:
            message = say("There is no such partner.")
            raise InvalidRequest(message, details=[Detail("invalidValue", message, "partnerId")])
        taken = held.state is HeldState.PLACED or held.assigned
        if taken and held.partner_id != partner_id:
            raise Conflict(say("It was assigned to %(partner)s before.", partner=held.partner_id), target="partnerId")
        if held.state is HeldState.PLACED:
            return await _done(ports, held, at)
        if partner.state is PartnerState.SUSPENDED:
            raise Conflict("The partner is suspended.", target="partnerId")
        parcel = _again(held, None)
        if already := await _already(ports, stored, parcel, at):
            return already
        route = await check_route(ports=ports, partner_id=partner_id, reading=parcel.reading, at=at)
        if route.reason is not None:
            raise refusal_of(replace(held, reason=route.reason))
        return await _make(ports, stored, parcel, partner_id, at)

    return await until_won(give)


async def _already(ports: Ports, stored: StoredHeld, parcel: Parcel, at: datetime) -> Received | None:
    """The lead that the same submission made at its own partner, while that was not suspended; None when it did not."""
    home = parcel.door.partner_id
    once = await ports.leads.once(home, parcel.claim) if home else None
    if home is None or once is None or is_outlived(ports, parcel, once.at, at) or once.content != parcel.content:
        return None
    placed = replace(
        stored.held, state=HeldState.PLACED, lead_id=once.lead_id, partner_id=home, body=b"", assigned=True
    )
    await ports.held.replace(stored, placed)
    return await _done(ports, placed, at)


async def _make(ports: Ports, stored: StoredHeld, parcel: Parcel, partner_id: str, at: datetime) -> Received:
    """Decide on lead and partner, make the lead, and take the submission out of its list."""
    held = stored.held
    lead_id = held.lead_id or ids.new_lead_id(parcel.tab, at)
    if not held.assigned:
        decided = replace(held, lead_id=lead_id, partner_id=partner_id, assigned=True)
        stored = await ports.held.replace(stored, decided)
    received = await make_lead(ports=ports, parcel=parcel, partner_id=partner_id, lead_id=lead_id, at=at)
    placed = replace(stored.held, state=HeldState.PLACED, lead_id=received.lead_id, body=b"", details=())
    await ports.held.replace(stored, placed)
    log.info(
        "A submission that waited has its lead.",
        extra={"event": "held.placed", "held": held.id, "partner": partner_id, "lead": received.lead_id},
    )
    return received


async def _leave_unassigned(ports: Ports, stored: StoredHeld, parcel: Parcel, route: Route) -> Received:
    """A parked submission can be read now, but nobody takes it: it goes on waiting, for a partner."""
    lead_id = stored.held.lead_id or ids.new_lead_id(parcel.tab, stored.held.first_at)
    waiting = replace(
        stored.held,
        state=HeldState.UNASSIGNED,
        was=HeldState.UNASSIGNED,
        was_parked=True,
        reason=route.reason,
        details=route.details,
        lead_id=lead_id,
        partner_id=route.partner_id,
        claim=parcel.claim,
        content=parcel.content,
        keyed=parcel.is_for_ever,
        content_type=parcel.submission.content_type,
        body=parcel.submission.body,
    )
    await ports.held.replace(stored, waiting)
    return Received(lead_id, HeldState.UNASSIGNED, duplicate=False)


async def _done(ports: Ports, held: Held, at: datetime) -> Received:
    """The lead that it has become."""
    stored = await ports.leads.get(held.partner_id or "", held.lead_id or "")
    if stored is None:
        raise NotFound
    return Received(stored.lead.id, settle(stored.lead, at).lead.status, duplicate=True)


async def _stored(ports: Ports, held_id: str, state: HeldState) -> StoredHeld:
    """The held submission if it waits for this, or has waited for it."""
    stored = await ports.held.get(held_id) if ids.HELD_ID.fullmatch(held_id) else None
    if stored is None or not (stored.held.was is state or (state is HeldState.PARKED and stored.held.was_parked)):
        raise NotFound
    return stored


def _again(held: Held, body: object | None) -> Parcel:
    """The submission once more; raises InvalidRequest while it cannot be read.

    As it was, it keeps its claim, so that a sender who tries again after a release meets the same lead. Corrected, or
    where its key is another submission's, it has a claim of its own. Raises Conflict where its customer was erased.
    """
    if held.erased_at:
        text = say(
            "The submission was erased on %(when)s, since its customer asked for that.", when=stamp(held.erased_at)
        )
        raise Conflict(text, target="state")
    if body is None:
        submission = Submission(held.body, held.content_type)
    elif isinstance(body, str):
        submission = Submission(body.encode("utf-8", "surrogatepass"), held.content_type)
    else:
        submission = Submission(json.dumps(body).encode("utf-8"))
    parcel = replace(read_parcel(held.door, submission), held_at=held.first_at)
    if body is None and not held.is_corrected:
        claim = held.claim if held.keyed else parcel.claim
        # What is told by its identity has no content to be told by (I3).
        return replace(parcel, claim=claim, content=held.content and parcel.content, is_for_ever=held.keyed)
    # Of the same bytes parked again another time, each is a submission of its own.
    return replace(parcel, claim=ids.digest("replayed", held.id, stamp(held.first_at)), is_for_ever=True)
