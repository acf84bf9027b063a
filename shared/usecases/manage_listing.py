"""What a partner publishes: its business profile and its offers (SPEC 1, T5, R1, R2)."""

import logging
from datetime import datetime

from shared.domain.errors import Conflict, NotFound
from shared.domain.messages import say
from shared.domain.offers import OFFERS_MAX, RegisteredOffer
from shared.domain.partner import Partner, PartnerState
from shared.domain.profile import Profile
from shared.ports.ports import Ports

log = logging.getLogger(__name__)


async def read_profile(*, ports: Ports, partner_id: str, at: datetime) -> tuple[Profile, Partner]:
    """The profile with the registration it belongs to; an unpublished one where none was written. Raises NotFound."""
    partner = await _partner(ports, partner_id)
    profile = await ports.listings.profile(partner_id, at, fresh=True)
    return profile or Profile(partner.name), partner


async def put_profile(*, ports: Ports, partner_id: str, profile: Profile, at: datetime) -> tuple[Profile, Partner]:
    """Replace the profile; raises NotFound, or InvalidRequest when it is too large."""
    partner = await _partner(ports, partner_id)
    before = await ports.listings.profile(partner_id, at, fresh=True)
    await ports.listings.put_profile(partner_id, profile, before)
    log.info("Profile stored.", extra={"event": "profile.stored", "partner": partner_id})
    return profile, partner


async def list_offers(*, ports: Ports, partner_id: str, at: datetime) -> list[RegisteredOffer]:
    """A partner's offers by id; raises NotFound."""
    await _partner(ports, partner_id)
    return list((await ports.listings.offers(partner_id, at, fresh=True)).offers)


async def read_offer(*, ports: Ports, partner_id: str, offer_id: str, at: datetime) -> RegisteredOffer:
    """One offer; raises NotFound."""
    found = (await ports.listings.offers(partner_id, at, fresh=True)).find(offer_id, None)
    if found is None:
        raise NotFound
    return found


async def put_offer(*, ports: Ports, partner_id: str, offer: RegisteredOffer, by_operator: bool, at: datetime) -> bool:
    """Register an offer or replace its registration; True when it is new.

    Raises NotFound, or Conflict when another partner has registered it, unless the operator says whose it is; for a
    suspended partner; or at OFFERS_MAX. Leads that came before keep what was known then.
    """
    partner = await _partner(ports, partner_id)
    if partner.state is PartnerState.SUSPENDED and not by_operator:
        raise Conflict("The partner is suspended.")
    offers = await ports.listings.offers(partner_id, at, fresh=True)
    before = offers.find(offer.id, None)
    if before is None and len(offers.offers) >= OFFERS_MAX:
        raise Conflict(say("A partner has at most %(most)d offers.", most=OFFERS_MAX))
    await ports.listings.put_offer(partner_id, offer, before, take_over=by_operator)
    log.info("Offer registered.", extra={"event": "offer.registered", "partner": partner_id})
    return before is None


async def _partner(ports: Ports, partner_id: str) -> Partner:
    partner = await ports.partners.get(partner_id)
    if partner is None:
        raise NotFound
    return partner
