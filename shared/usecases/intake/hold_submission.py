"""Keeps what cannot become a lead yet: parked, unassigned, or noted with where it goes (I5, R1)."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from shared.domain.errors import Detail
from shared.domain.intake.held import Held, HeldState, Reason, kept_details, refusal_of
from shared.domain.programme.partner import Door
from shared.ports.errors import LostRace
from shared.ports.intake import StoredHeld
from shared.ports.ports import Ports
from shared.usecases.intake.parcels import Parcel, is_outlived, marks
from shared.usecases.intake.route_lead import Route
from shared.usecases.races import until_won

log = logging.getLogger(__name__)


async def note(ports: Ports, parcel: Parcel, route: Route, lead_id: str, at: datetime) -> Held:
    """Decide once where a submission goes and which id its lead has; every later attempt finds the same (design.md)."""
    state = HeldState.UNASSIGNED if route.reason else HeldState.PLACED
    mark, _ = marks(parcel)
    noted = _held(parcel, mark, state, at)
    wanted = replace(noted, reason=route.reason, details=route.details, lead_id=lead_id, partner_id=route.partner_id)
    if state is HeldState.PLACED:
        wanted = replace(wanted, body=b"")

    async def met(there: StoredHeld) -> Held:
        held = there.held
        if held.state is HeldState.PLACED and is_outlived(ports, parcel, held.first_at, at):
            return (await ports.held.replace(there, wanted)).held
        if held.content != parcel.content:
            raise refusal_of(await park(ports, parcel, Reason.KEY_REUSED, at, partner_id=held.partner_id))
        return await count_repeat(ports, there, at) if held.state is HeldState.UNASSIGNED else held

    return await _keep(ports, wanted, met)


async def park(
    ports: Ports,
    parcel: Parcel,
    reason: Reason,
    at: datetime,
    *,
    partner_id: str | None = None,
    details: tuple[Detail, ...] = (),
) -> Held:
    """Keep a submission that cannot become a lead (I5); a repeat is one row."""
    _, mark = marks(parcel)
    parked = _held(parcel, mark, HeldState.PARKED, at)
    details = kept_details(details)
    wanted = replace(parked, reason=reason, details=details, partner_id=partner_id)

    async def met(there: StoredHeld) -> Held:
        held = there.held
        if held.state is HeldState.PARKED and held.reason is not reason:
            # Since it was parked something else is in its way.
            return (await ports.held.replace(there, replace(held, reason=reason, details=details))).held
        if held.state is HeldState.PARKED or not is_outlived(ports, parcel, held.last_at, at):
            return await count_repeat(ports, there, at)
        return (await ports.held.replace(there, replace(wanted, count=held.count + 1))).held

    return await _keep(ports, wanted, met)


async def _keep(ports: Ports, wanted: Held, met: Callable[[StoredHeld], Awaitable[Held]]) -> Held:
    """Write it where nothing stands under its id; otherwise what `met` makes of what does, until nobody is faster."""

    async def keep() -> Held:
        if await ports.held.add(wanted):
            _log_held(wanted)
            return wanted
        there = await ports.held.get(wanted.id)
        if there is None:
            raise LostRace
        return await met(there)

    return await until_won(keep)


def _log_held(held: Held) -> None:
    """Say that something waits for the operator; what is in it stays in storage."""
    if held.state is not HeldState.PLACED:
        log.warning(
            "A submission waits for the operator.",
            extra={"event": "held.parked", "state": held.state, "reason": held.reason, "source": held.door.by.id},
        )


async def count_repeat(ports: Ports, there: StoredHeld, at: datetime) -> Held:
    """Note a repeat; who loses a race for that has lost a count and nothing else."""
    try:
        again = replace(there.held, count=there.held.count + 1, last_at=max(there.held.last_at, at))
        return (await ports.held.replace(there, again)).held
    except LostRace:
        return there.held


def held_id(door: Door, mark: str) -> str:
    """What a submission of this door is kept under."""
    return f"{door.id}-{mark}"


def _held(parcel: Parcel, mark: str, state: HeldState, at: datetime) -> Held:
    return Held(
        id=held_id(parcel.door, mark),
        state=state,
        was=state,
        door=parcel.door,
        claim=parcel.claim,
        content=parcel.content,
        content_type=parcel.submission.content_type,
        first_at=at,
        last_at=at,
        body=parcel.submission.body,
        size=len(parcel.submission.body),
        keyed=parcel.is_for_ever,
    )
