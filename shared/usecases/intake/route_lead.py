"""Finds the partner a submission is for (R1), and whether that partner takes it (R2)."""

from dataclasses import dataclass
from datetime import datetime

from shared import ids
from shared.domain.errors import Detail
from shared.domain.intake.formats import Reading
from shared.domain.intake.held import Reason
from shared.domain.lead import LeadType
from shared.domain.messages import say
from shared.domain.programme.offers import OfferState, publisher_of
from shared.domain.programme.partner import Door, PartnerState, Takes
from shared.domain.text import folded
from shared.ports.ports import Ports


@dataclass(frozen=True)
class Route:
    """Where a submission goes; with a reason, and what the operator is told of it, it cannot go there now.

    Without a partner it goes nowhere.
    """

    partner_id: str | None
    reason: Reason | None = None
    details: tuple[Detail, ...] = ()


async def find_route(*, ports: Ports, door: Door, reading: Reading, at: datetime) -> Route:
    """The door's partner, else the offer's, by its id or its publisher, else by its title, else the profile's.

    An id is worth more than a title: a publisher's offer is its partner's whoever has a title like it, and nobody's
    where the operator has refused it to that partner (S6). What several partners claim is nobody's: the operator
    decides. All reads are cached.
    """
    by_id = await _by_id(ports, reading.offer_id, at) if reading.offer_id and not door.partner_id else None
    if by_id and by_id.reason:
        return by_id
    partner_id = door.partner_id or (by_id.partner_id if by_id else None)
    claimed: list[Detail] = []
    ways = (("offerTitle", _by_title), ("profile", _by_profile))
    # What a visitor of the directory sends goes to the profile that was found there, whatever else it names.
    for target, find in ways[1:] if door.takes is Takes.PROFILES else ways:
        if partner_id is not None:
            break
        found = await find(ports, reading, at)
        if len(found) > 1:
            # Who takes no leads has nothing to say in it.
            found = [owner for owner in found if not await _is_suspended(ports, owner, at)] or found
        if len(found) == 1:
            partner_id = found[0]
        elif found:
            told = say("It is claimed by several: %(partners)s.", partners=", ".join(found))
            claimed.append(Detail("claimedBySeveral", told, target))
    if partner_id is None and claimed:
        return Route(None, Reason.CLAIMED_BY_SEVERAL, tuple(claimed))
    return await check_route(ports=ports, partner_id=partner_id, reading=reading, at=at)


async def check_route(*, ports: Ports, partner_id: str | None, reading: Reading, at: datetime) -> Route:
    """Whether the partner takes the submission (R2)."""
    if partner_id is None:
        return Route(None, Reason.OFFER_UNKNOWN)
    partner = await ports.partners.known(partner_id, at)
    if partner and partner.state is PartnerState.SUSPENDED:
        # A refusal reads afresh first, as the one below does.
        partner = await ports.partners.get(partner_id)
    if partner and partner.state is PartnerState.SUSPENDED:
        return Route(partner_id, Reason.PARTNER_SUSPENDED)
    if reading.type is LeadType.PROFILE and not await _is_published(ports, partner_id, at):
        return Route(partner_id, Reason.PROFILE_NOT_PUBLISHED)
    return Route(partner_id)


async def _is_suspended(ports: Ports, partner_id: str, at: datetime) -> bool:
    partner = await ports.partners.known(partner_id, at)
    return partner is not None and partner.state is PartnerState.SUSPENDED


async def _is_published(ports: Ports, partner_id: str, at: datetime) -> bool:
    # A refusal reads afresh first: the profile may be published a second ago, through another instance.
    for fresh in (False, True):
        profile = await ports.listings.profile(partner_id, at, fresh=fresh)
        if profile and profile.published:
            return True
    return False


async def _by_id(ports: Ports, offer_id: str, at: datetime) -> Route | None:
    """Where the offer's id says that it goes: to who registered it, else to whose publisher it names (S6)."""
    if owner := await ports.listings.partner_of_offer(offer_id, at):
        return Route(owner)
    publisher = publisher_of(offer_id)
    owner = await ports.partners.partner_of_publisher(publisher, at) if publisher else None
    if owner is None:
        return None
    # A refusal reads afresh before it counts.
    for fresh in (False, True):
        if (await ports.listings.offers(owner, at, fresh=fresh)).state_of(offer_id) is not OfferState.REFUSED:
            return Route(owner)
    told = say("The operator has refused the offer to %(partner)s, whose publisher it names.", partner=owner)
    return Route(None, Reason.OFFER_UNKNOWN, (Detail("offerRefused", told, "offerId"),))


async def _by_title(ports: Ports, reading: Reading, at: datetime) -> list[str]:
    """The partners that have registered an offer of this title."""
    return await partners_of_title(ports, reading.offer_title, at) if reading.offer_title else []


async def partners_of_title(ports: Ports, title: str, at: datetime) -> list[str]:
    """The partners that have registered an offer of this title, without letter case."""

    async def has_it(partner_id: str) -> bool:
        for fresh in (False, True):
            if (await ports.listings.offers(partner_id, at, fresh=fresh)).claims(folded(title)):
                return True
        return False

    async def owns_it(partner_id: str) -> bool:
        offers = (await ports.listings.offers(partner_id, at)).claiming(folded(title))
        return any([await ports.listings.partner_of_offer(offer.id, at) == partner_id for offer in offers])

    found = [one for one in await ports.listings.partners_of_title(title, at) if await has_it(one)]
    # A take-over that broke off leaves two with the same offer; it is one's.
    return [owner for owner in found if len(found) == 1 or await owns_it(owner)]


async def _by_profile(ports: Ports, reading: Reading, at: datetime) -> list[str]:
    """The partner of this id, else those whose profile has this name."""
    name = reading.profile
    if not name:
        return []
    if ids.PARTNER_ID.fullmatch(name) and await ports.partners.known(name, at):
        return [name]
    return await partners_of_profile(ports, name, at)


async def partners_of_profile(ports: Ports, name: str, at: datetime) -> list[str]:
    """The partners whose profile has this name, without letter case."""
    named: dict[str, bool] = {}
    for partner_id in await ports.listings.partners_of_profile(name, at):
        profile = await ports.listings.profile(partner_id, at, fresh=True)
        if profile is not None and folded(profile.name) == folded(name):
            named[partner_id] = profile.published
    # Nobody can mean one that nobody sees, where another is to be seen.
    return [owner for owner, is_published in named.items() if is_published] or list(named)
