"""What a partner publishes: its business profile and its offers (SPEC 1, T5, R1, R2)."""

import logging
from datetime import datetime

from shared.domain.errors import Conflict, NotFound, PartnerSuspended
from shared.domain.messages import say
from shared.domain.offers import OFFERS_MAX, RegisteredOffer
from shared.domain.partner import Partner, PartnerState
from shared.domain.profile import Profile
from shared.ports.as_read import AsRead
from shared.ports.ports import Ports

log = logging.getLogger(__name__)


async def read_profile(*, ports: Ports, partner_id: str, at: datetime) -> tuple[Profile | None, Partner]:
    """The profile with the registration it belongs to; None where none was written. Raises NotFound."""
    partner = await _partner(ports, partner_id)
    return await ports.listings.profile(partner_id, at, fresh=True), partner


async def put_profile(*, ports: Ports, partner_id: str, profile: Profile, before: Profile | None) -> None:
    """Replace the profile that was read `before`; raises LostRace, or InvalidRequest when it is too large."""
    await ports.listings.put_profile(partner_id, profile, before, AsRead(before))
    log.info("Profile stored.", extra={"event": "profile.stored", "partner": partner_id})


async def list_offers(*, ports: Ports, partner_id: str, at: datetime) -> list[RegisteredOffer]:
    """A partner's offers by id; raises NotFound."""
    await _partner(ports, partner_id)
    return list((await ports.listings.offers(partner_id, at, fresh=True)).offers)


async def read_offer(*, ports: Ports, partner_id: str, offer_id: str, at: datetime) -> RegisteredOffer:
    """One offer; raises NotFound."""
    found = await find_offer(ports=ports, partner_id=partner_id, offer_id=offer_id, at=at)
    if found is None:
        raise NotFound
    return found


async def find_offer(*, ports: Ports, partner_id: str, offer_id: str, at: datetime) -> RegisteredOffer | None:
    """One offer; None where it is not registered."""
    return (await ports.listings.offers(partner_id, at, fresh=True)).find(offer_id, None)


async def put_offer(
    *,
    ports: Ports,
    partner_id: str,
    offer: RegisteredOffer,
    before: RegisteredOffer | None,
    by_operator: bool,
    at: datetime,
) -> None:
    """Register an offer, or replace the registration that was read `before`.

    Raises LostRace, NotFound, PartnerSuspended, or Conflict when another partner has registered it, unless the
    operator says whose it is; or at OFFERS_MAX. Leads that came before keep what was known then.
    """
    partner = await _partner(ports, partner_id)
    if partner.state is PartnerState.SUSPENDED and not by_operator:
        raise PartnerSuspended
    offers = await ports.listings.offers(partner_id, at, fresh=True)
    if before is None and len(offers.offers) >= OFFERS_MAX:
        raise Conflict(say("A partner has at most %(most)d offers.", most=OFFERS_MAX))
    await ports.listings.put_offer(partner_id, offer, before, take_over=by_operator, only_if=AsRead(before))
    log.info("Offer registered.", extra={"event": "offer.registered", "partner": partner_id})


async def _partner(ports: Ports, partner_id: str) -> Partner:
    partner = await ports.partners.get(partner_id)
    if partner is None:
        raise NotFound
    return partner
