"""Finds the partner a delivery is for (R1), and whether that partner takes it (R2)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared import ids
from shared.domain.formats import Reading
from shared.domain.held import Reason
from shared.domain.lead import LeadType
from shared.domain.partner import Door, PartnerState
from shared.domain.text import folded
from shared.ports.ports import Ports


@dataclass(frozen=True)
class Place:
    """Where a delivery goes; with a reason it cannot go there now, and without a partner nowhere."""

    partner_id: str | None
    reason: Reason | None = None


async def find_place(*, ports: Ports, door: Door, reading: Reading, at: datetime) -> Place:
    """The door's partner, else the one that registered the offer, else the one whose profile is named.

    What several partners claim is nobody's: the operator decides. All reads are cached.
    """
    partner_id = door.partner_id or await _by_offer(ports, reading, at) or await _by_profile(ports, reading, at)
    return await check_place(ports=ports, partner_id=partner_id, reading=reading, at=at)


async def check_place(*, ports: Ports, partner_id: str | None, reading: Reading, at: datetime) -> Place:
    """Whether the partner takes the delivery (R2)."""
    if partner_id is None:
        return Place(None, Reason.OFFER_UNKNOWN)
    partner = await ports.partners.known(partner_id, at)
    if partner and partner.state is PartnerState.SUSPENDED:
        # A refusal reads afresh first, as the one below does.
        partner = await ports.partners.get(partner_id)
    if partner and partner.state is PartnerState.SUSPENDED:
        return Place(partner_id, Reason.PARTNER_SUSPENDED)
    if reading.type is LeadType.PROFILE and not await _is_published(ports, partner_id, at):
        return Place(partner_id, Reason.PROFILE_NOT_PUBLISHED)
    return Place(partner_id)


async def _is_published(ports: Ports, partner_id: str, at: datetime) -> bool:
    # A refusal reads afresh first: the profile may be published a second ago, through another instance.
    for fresh in (False, True):
        profile = await ports.listings.profile(partner_id, at, fresh=fresh)
        if profile and profile.published:
            return True
    return False


async def _by_offer(ports: Ports, reading: Reading, at: datetime) -> str | None:
    if reading.offer_id and (owner := await ports.listings.partner_of_offer(reading.offer_id, at)):
        return owner
    if not reading.offer_title:
        return None
    owners = await ports.listings.partners_of_title(reading.offer_title, at)

    async def has_it(partner_id: str) -> bool:
        for fresh in (False, True):
            offers = await ports.listings.offers(partner_id, at, fresh=fresh)
            if offers.find(None, reading.offer_title):
                return True
        return False

    return await _only(owners, has_it)


async def _by_profile(ports: Ports, reading: Reading, at: datetime) -> str | None:
    """The partner of this id, else the only one whose profile has this name."""
    name = reading.profile
    if not name:
        return None
    if ids.PARTNER_ID.fullmatch(name) and await ports.partners.known(name, at):
        return name

    async def has_it(partner_id: str) -> bool:
        profile = await ports.listings.profile(partner_id, at, fresh=True)
        return profile is not None and folded(profile.name) == folded(name)

    return await _only(await ports.listings.partners_of_profile(name, at), has_it)


async def _only(partner_ids: Sequence[str], has_it: Callable[[str], Awaitable[bool]]) -> str | None:
    """The one partner of these that really has it; None for none or several."""
    found = [one for one in partner_ids if await has_it(one)]
    return found[0] if len(found) == 1 else None
