"""Called by a partner's own people about the partner itself: its business profile and its offers."""

import azure.functions as func

from shared.domain.errors import Conflict, NotFound
from shared.domain.offers import OFFER_ID
from shared.domain.permissions import Role
from shared.http.calls import Answer, Call
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.partner_requests import OfferIn, ProfileIn
from shared.http.programme_views import ProfileView, RegisteredOfferView, offer_view, profile_view
from shared.usecases import manage_listing as managing

blueprint = func.Blueprint()

PROFILE_ADMIN = frozenset({Role.PROFILE_ADMIN})
OFFERS_ADMIN = frozenset({Role.OPERATOR, Role.PARTNER_ADMIN})
PROFILE = "partners/{partnerId}/profile"
OFFERS = "partners/{partnerId}/offers"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("get_profile")
@blueprint.route(PROFILE, methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, reads=True)
async def get_profile(call: Call[Nothing, Nothing]) -> Answer[ProfileView]:
    """Read the business profile; an unpublished one where none was written."""
    profile, partner = await managing.read_profile(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return Answer(profile_view(profile, partner))


@blueprint.function_name("put_profile")
@blueprint.route(PROFILE, methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, refuses=(Conflict,))
async def put_profile(call: Call[ProfileIn, Nothing]) -> Answer[ProfileView]:
    """Replace the business profile."""
    profile, partner = await managing.put_profile(
        ports=call.app.ports, partner_id=call.partner_id, profile=call.body.profile(), at=call.at
    )
    return Answer(profile_view(profile, partner))


@blueprint.function_name("list_offers")
@blueprint.route(OFFERS, methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, reads=True)
async def list_offers(call: Call[Nothing, Nothing]) -> Answer[Page[RegisteredOfferView]]:
    """List the registered offers by id."""
    offers = await managing.list_offers(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return call.page([offer_view(one) for one in offers], None)


@blueprint.function_name("get_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["GET"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, reads=True)
async def get_offer(call: Call[Nothing, Nothing]) -> Answer[RegisteredOfferView]:
    """Read one registered offer."""
    offer = await managing.read_offer(
        ports=call.app.ports, partner_id=call.partner_id, offer_id=_offer_id(call), at=call.at
    )
    return Answer(offer_view(offer))


@blueprint.function_name("put_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, status=(200, 201), refuses=(Conflict,))
async def put_offer(call: Call[OfferIn, Nothing]) -> Answer[RegisteredOfferView]:
    """Register an offer with its title and call to action, or replace them (T5)."""
    offer = call.body.offer(_offer_id(call))
    is_new = await managing.put_offer(
        ports=call.app.ports,
        partner_id=call.partner_id,
        offer=offer,
        by_operator=Role.OPERATOR in call.caller.roles,
        at=call.at,
    )
    return Answer(offer_view(offer), 201 if is_new else 200)


def _offer_id(call: Call[OfferIn, Nothing] | Call[Nothing, Nothing]) -> str:
    offer_id = call.path("offerId")
    if not OFFER_ID.fullmatch(offer_id):
        raise NotFound("An offer id is publisherId.offerId: letters, digits, dots, dashes and underscores.")
    return offer_id
