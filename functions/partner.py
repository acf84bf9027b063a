"""Called by a partner's own people about the partner itself: its business profile and its offers."""

from typing import Any

import azure.functions as func

from shared.domain.errors import Conflict, NotFound, PartnerSuspended, PreconditionFailed
from shared.domain.offers import OFFER_ID, RegisteredOffer
from shared.domain.partner import Partner
from shared.domain.permissions import Role
from shared.domain.profile import Profile
from shared.http.calls import MERGE_PATCH, Answer, Call
from shared.http.documents import DOCUMENT, given, store, tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page
from shared.http.partner_requests import OfferIn, OfferPatch, ProfileIn, ProfilePatch
from shared.http.programme_views import ProfileView, RegisteredOfferView, offer_view, profile_view
from shared.usecases import manage_listing as managing

blueprint = func.Blueprint()

PROFILE_ADMIN = frozenset({Role.PROFILE_ADMIN})
OFFERS_ADMIN = frozenset({Role.OPERATOR, Role.PARTNER_ADMIN})
PROFILE = "partners/{partnerId}/profile"
OFFERS = "partners/{partnerId}/offers"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("get_profile")
@blueprint.route(PROFILE, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, reads=True, headers=("ETag",))
async def get_profile(call: Call[Nothing, Nothing]) -> Answer[ProfileView]:
    """Read the business profile; an unpublished one where none was written."""
    return _profile(*await _read_profile(call))


@blueprint.function_name("put_profile")
@blueprint.route(PROFILE, methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def put_profile(call: Call[ProfileIn, Nothing]) -> Answer[ProfileView]:
    """Replace the business profile."""
    return await _store_profile(call)


@blueprint.function_name("patch_profile")
@blueprint.route(PROFILE, methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, content_types=MERGE_PATCH, refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def patch_profile(call: Call[ProfilePatch, Nothing]) -> Answer[ProfileView]:
    """Change what is named of the business profile, by a JSON merge patch."""
    return await _store_profile(call)


async def _read_profile(call: Call[Any, Nothing]) -> tuple[Profile | None, Partner]:
    return await managing.read_profile(ports=call.app.ports, partner_id=call.partner_id, at=call.at)


def _profile(profile: Profile | None, partner: Partner) -> Answer[ProfileView]:
    return tagged(_shown(profile, partner))


def _shown(profile: Profile | None, partner: Partner) -> ProfileView:
    return profile_view(profile or Profile(partner.name), partner)


async def _store_profile(call: Call[Any, Nothing]) -> Answer[ProfileView]:
    async def write(read: tuple[Profile | None, Partner]) -> Answer[ProfileView]:
        before, partner = read
        body: ProfileIn = given(call, _shown(*read))
        profile = body.profile()
        await managing.put_profile(ports=call.app.ports, partner_id=partner.id, profile=profile, before=before)
        return _profile(profile, partner)

    return await store(call, read=lambda: _read_profile(call), view=lambda read: _shown(*read), write=write)


@blueprint.function_name("list_offers")
@blueprint.route(OFFERS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, reads=True)
async def list_offers(call: Call[Nothing, Nothing]) -> Answer[Page[RegisteredOfferView]]:
    """List the registered offers by id."""
    offers = await managing.list_offers(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return call.page([offer_view(one) for one in offers], None)


@blueprint.function_name("get_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, reads=True, headers=("ETag",))
async def get_offer(call: Call[Nothing, Nothing]) -> Answer[RegisteredOfferView]:
    """Read one registered offer."""
    offer = await managing.read_offer(
        ports=call.app.ports, partner_id=call.partner_id, offer_id=_offer_id(call), at=call.at
    )
    return _offer(offer)


@blueprint.function_name("put_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, status=(200, 201), refuses=(Conflict, PartnerSuspended, PreconditionFailed), **DOCUMENT)
async def put_offer(call: Call[OfferIn, Nothing]) -> Answer[RegisteredOfferView]:
    """Register an offer with its title and call to action, or replace them (T5)."""
    return await _store_offer(call)


@blueprint.function_name("patch_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(
    who=OFFERS_ADMIN, content_types=MERGE_PATCH, refuses=(Conflict, PartnerSuspended, PreconditionFailed), **DOCUMENT
)
async def patch_offer(call: Call[OfferPatch, Nothing]) -> Answer[RegisteredOfferView]:
    """Change what is named of a registered offer, by a JSON merge patch (T5)."""
    return await _store_offer(call)


async def _store_offer(call: Call[Any, Nothing]) -> Answer[RegisteredOfferView]:
    ports, partner_id, offer_id = call.app.ports, call.partner_id, _offer_id(call)

    def view(before: RegisteredOffer | None) -> RegisteredOfferView | None:
        return offer_view(before) if before else None

    async def write(before: RegisteredOffer | None) -> Answer[RegisteredOfferView]:
        body: OfferIn = given(call, view(before))
        offer = body.offer(offer_id)
        by_operator = Role.OPERATOR in call.caller.roles
        await managing.put_offer(
            ports=ports, partner_id=partner_id, offer=offer, before=before, by_operator=by_operator, at=call.at
        )
        return _offer(offer, 200 if before else 201)

    return await store(
        call,
        read=lambda: managing.find_offer(ports=ports, partner_id=partner_id, offer_id=offer_id, at=call.at),
        view=view,
        write=write,
    )


def _offer(offer: RegisteredOffer, status: int = 200) -> Answer[RegisteredOfferView]:
    return tagged(offer_view(offer), status)


def _offer_id(call: Call[Any, Nothing]) -> str:
    offer_id = call.path("offerId")
    if not OFFER_ID.fullmatch(offer_id):
        raise NotFound("An offer id is publisherId.offerId: letters, digits, dots, dashes and underscores.")
    return offer_id
