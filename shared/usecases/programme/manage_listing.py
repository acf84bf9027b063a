"""What a partner publishes: its business profile and its offers (T5, R1, R2)."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.errors import Conflict, Detail, NotFound, PartnerSuspended
from shared.domain.messages import say
from shared.domain.programme.offers import OFFERS_MAX, OfferState, RegisteredOffer, publisher_of
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.profile import Profile
from shared.ports.as_read import AsRead
from shared.ports.ports import Ports
from shared.usecases.intake.route_lead import partners_of_profile, partners_of_title
from shared.usecases.races import until_won
from shared.usecases.side_by_side import side_by_side

log = logging.getLogger(__name__)
AT_ONCE = 8
"""Titles that are looked up side by side; each is cached for a minute."""


@dataclass(frozen=True)
class SeenProfile:
    """A profile (None where none was written) with its partner; `name_is_shared` when another's has the same name."""

    profile: Profile | None
    partner: Partner
    name_is_shared: bool = False


@dataclass(frozen=True)
class SeenOffer:
    """An offer; `title_is_shared` when another partner has registered one of the same title.

    Then a submission that names the title alone waits for the operator, who is told why.
    """

    offer: RegisteredOffer
    title_is_shared: bool = False


async def read_profile(*, ports: Ports, partner_id: str, at: datetime) -> SeenProfile:
    """The profile with the registration it belongs to; raises NotFound."""
    partner = await _partner(ports, partner_id)
    return await _seen_profile(ports, await ports.listings.profile(partner_id, at, fresh=True), partner, at)


async def put_profile(*, ports: Ports, profile: Profile, before: SeenProfile, at: datetime) -> SeenProfile:
    """Replace the profile that was read `before`; raises LostRace, or InvalidRequest when it is too large."""
    partner_id = before.partner.id
    await ports.listings.put_profile(partner_id, profile, before.profile, AsRead(before.profile))
    log.info("Profile stored.", extra={"event": "profile.stored", "partner": partner_id})
    return await _seen_profile(ports, profile, before.partner, at)


async def _seen_profile(ports: Ports, profile: Profile | None, partner: Partner, at: datetime) -> SeenProfile:
    owners = await partners_of_profile(ports, profile.name, at) if profile else []
    return SeenProfile(profile, partner, any(owner != partner.id for owner in owners))


async def list_offers(*, ports: Ports, partner_id: str, at: datetime) -> list[SeenOffer]:
    """A partner's offers by id; raises NotFound."""
    await _partner(ports, partner_id)
    offers = (await ports.listings.offers(partner_id, at, fresh=True)).offers

    async def seen(offer: RegisteredOffer) -> SeenOffer:
        return await _seen_offer(ports, partner_id, offer, at)

    return await side_by_side(seen, offers, AT_ONCE)


async def read_offer(*, ports: Ports, partner_id: str, offer_id: str, at: datetime) -> SeenOffer:
    """One offer; raises NotFound."""
    found = await find_offer(ports=ports, partner_id=partner_id, offer_id=offer_id, at=at)
    if found is None:
        raise NotFound
    return found


async def find_offer(*, ports: Ports, partner_id: str, offer_id: str, at: datetime) -> SeenOffer | None:
    """One offer; None where it was never put."""
    found = (await ports.listings.offers(partner_id, at, fresh=True)).find(offer_id, None)
    return await _seen_offer(ports, partner_id, found, at) if found else None


async def _seen_offer(ports: Ports, partner_id: str, offer: RegisteredOffer, at: datetime) -> SeenOffer:
    owners = await partners_of_title(ports, offer.title, at)
    return SeenOffer(offer, any(owner != partner_id for owner in owners))


async def put_offer(
    *,
    ports: Ports,
    partner_id: str,
    offer: RegisteredOffer,
    before: RegisteredOffer | None,
    by_operator: bool,
    at: datetime,
) -> SeenOffer:
    """Register an offer, or replace the registration that was read `before`; as it is stored.

    A partner registers offers of its own publishers (S6); one whose publisher nobody has waits for the operator, whose
    own word needs nobody's. Raises LostRace, NotFound, PartnerSuspended, or Conflict when the publisher or the offer is
    another partner's, unless the operator says whose it is; or at OFFERS_MAX. Leads that came before keep what was
    known then.
    """
    partner = await _partner(ports, partner_id)
    if partner.state is PartnerState.SUSPENDED and not by_operator:
        raise PartnerSuspended
    offers = await ports.listings.offers(partner_id, at, fresh=True)
    if before is None and len(offers.offers) >= OFFERS_MAX:
        raise Conflict(say("A partner has at most %(most)d offers.", most=OFFERS_MAX))
    state = OfferState.REGISTERED
    if not by_operator and (before is None or not before.is_registered):
        state = await _state_of(ports, partner_id, offer.id, at)
        if state is OfferState.REGISTERED and before is not None and before.state is OfferState.REFUSED:
            # The publisher is the partner's, and the operator said no all the same: that holds until the yes.
            state = OfferState.REFUSED
    stored = replace(offer, state=state)
    await ports.listings.put_offer(partner_id, stored, before, take_over=by_operator, only_if=AsRead(before))
    log.info("Offer stored.", extra={"event": f"offer.{state}", "partner": partner_id})
    # The publisher may have been given to the partner meanwhile, and nobody else would look at this again.
    if state is OfferState.PENDING and await _owner_of_publisher(ports, offer.id, at) == partner_id:
        return await decide_offer(ports=ports, partner_id=partner_id, offer_id=offer.id, yes=True, at=at)
    return await _seen_offer(ports, partner_id, stored, at)


async def _state_of(ports: Ports, partner_id: str, offer_id: str, at: datetime) -> OfferState:
    """What a partner's own word makes of an offer; raises Conflict when it is another's."""
    publisher = publisher_of(offer_id)
    owner = await _owner_of_publisher(ports, offer_id, at)
    if owner == partner_id:
        return OfferState.REGISTERED
    registered = owner or await ports.listings.partner_of_offer(offer_id, at)
    if registered not in (None, partner_id):
        message = (
            say("The publisher %(publisher)s belongs to another partner.", publisher=publisher)
            if owner
            else say("The offer belongs to another partner.")
        )
        raise Conflict(message, details=[Detail("conflict", message, "offerId")])
    return OfferState.PENDING


async def _owner_of_publisher(ports: Ports, offer_id: str, at: datetime) -> str | None:
    publisher = publisher_of(offer_id)
    return await ports.partners.partner_of_publisher(publisher, at, fresh=True) if publisher else None


async def decide_offer(*, ports: Ports, partner_id: str, offer_id: str, yes: bool, at: datetime) -> SeenOffer:
    """The operator's word on an offer: from a yes on it is the partner's, from a no on not. Again is harmless.

    Raises NotFound, or Conflict for a yes to what another partner has registered.
    """
    state = OfferState.REGISTERED if yes else OfferState.REFUSED

    async def decide() -> RegisteredOffer:
        before = (await read_offer(ports=ports, partner_id=partner_id, offer_id=offer_id, at=at)).offer
        decided = replace(before, state=state)
        # Also where it is so already: an attempt that broke off may have left rows behind.
        await ports.listings.put_offer(partner_id, decided, before, only_if=AsRead(before))
        return decided

    decided = await until_won(decide)
    log.info("Offer decided.", extra={"event": f"offer.{state}", "partner": partner_id})
    return await _seen_offer(ports, partner_id, decided, at)


async def approve_publishers(*, ports: Ports, partner: Partner, at: datetime) -> None:
    """Say yes to what waits of the publishers that are the partner's now; another's offer goes on waiting."""
    for offer in (await ports.listings.offers(partner.id, at, fresh=True)).offers:
        if offer.state is OfferState.PENDING and publisher_of(offer.id) in partner.publisher_ids:
            with suppress(Conflict):
                await decide_offer(ports=ports, partner_id=partner.id, offer_id=offer.id, yes=True, at=at)


async def _partner(ports: Ports, partner_id: str) -> Partner:
    partner = await ports.partners.get(partner_id)
    if partner is None:
        raise NotFound
    return partner
