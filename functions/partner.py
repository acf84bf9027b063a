"""Called by a partner's own people about the partner itself: its people, its business profile and its offers.

Whether an offer is the partner's is the operator's word where no publisher id says so (S6).
"""

from typing import Any

import azure.functions as func

from shared import ids
from shared.domain.errors import Conflict, NotFound, PartnerSuspended, PreconditionFailed
from shared.domain.permissions import Role
from shared.domain.programme.offers import OFFER_ID
from shared.http.calls import MERGE_PATCH, Call, Response
from shared.http.documents import DOCUMENT, given, store, tagged
from shared.http.endpoint import endpoint
from shared.http.fields import Nothing
from shared.http.pages import Page, PageQuery
from shared.http.shapes.partner_requests import OfferIn, OfferPatch, ProfileIn, ProfilePatch
from shared.http.shapes.people_views import PersonView, person_view
from shared.http.shapes.programme_views import (
    PendingOfferView,
    ProfileView,
    RegisteredOfferView,
    offer_view,
    pending_offer_view,
    profile_view,
)
from shared.usecases.programme import manage_listing, people
from shared.usecases.programme.manage_listing import SeenOffer, SeenProfile

blueprint = func.Blueprint()

PROFILE_ADMIN = frozenset({Role.PROFILE_ADMIN})
USER = frozenset({Role.LEADS_USER})
ADMINS = frozenset({Role.LEADS_ADMIN, Role.PROFILE_ADMIN})
OPERATOR = frozenset({Role.OPERATOR})
OFFERS_ADMIN = frozenset({Role.OPERATOR, Role.PARTNER_ADMIN})
PROFILE = "partners/{partnerId}/profile"
OFFERS = "partners/{partnerId}/offers"
ANONYMOUS = func.AuthLevel.ANONYMOUS


@blueprint.function_name("list_people")
@blueprint.route("partners/{partnerId}/people", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=ADMINS, reads=True)
async def list_people(call: Call[Nothing, Nothing]) -> Response[Page[PersonView]]:
    """List the partner's people: who has signed in, who was seen last first (S1)."""
    found = await people.list_people(ports=call.app.ports, partner_id=call.partner_id)
    return call.page([person_view(one, call.at) for one in found], None)


@blueprint.function_name("get_profile")
@blueprint.route(PROFILE, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, reads=True, headers=("ETag",))
async def get_profile(call: Call[Nothing, Nothing]) -> Response[ProfileView]:
    """Read the business profile; an unpublished one where none was written."""
    return tagged(profile_view(await _read_profile(call)))


@blueprint.function_name("put_profile")
@blueprint.route(PROFILE, methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def put_profile(call: Call[ProfileIn, Nothing]) -> Response[ProfileView]:
    """Replace the business profile."""
    return await _store_profile(call)


@blueprint.function_name("patch_profile")
@blueprint.route(PROFILE, methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(who=PROFILE_ADMIN, content_types=MERGE_PATCH, refuses=(Conflict, PreconditionFailed), **DOCUMENT)
async def patch_profile(call: Call[ProfilePatch, Nothing]) -> Response[ProfileView]:
    """Change what is named of the business profile, by a JSON merge patch."""
    return await _store_profile(call)


async def _read_profile(call: Call[Any, Nothing]) -> SeenProfile:
    return await manage_listing.read_profile(ports=call.app.ports, partner_id=call.partner_id, at=call.at)


async def _store_profile(call: Call[Any, Nothing]) -> Response[ProfileView]:
    async def write(before: SeenProfile) -> Response[ProfileView]:
        body: ProfileIn = given(call, profile_view(before))
        profile = body.profile()
        return tagged(
            profile_view(
                await manage_listing.put_profile(ports=call.app.ports, profile=profile, before=before, at=call.at)
            )
        )

    return await store(call, read=lambda: _read_profile(call), view=profile_view, write=write)


@blueprint.function_name("list_offers")
@blueprint.route(OFFERS, methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True)
async def list_offers(call: Call[Nothing, Nothing]) -> Response[Page[RegisteredOfferView]]:
    """List the registered offers by id."""
    offers = await manage_listing.list_offers(ports=call.app.ports, partner_id=call.partner_id, at=call.at)
    return call.page([offer_view(offer) for offer in offers], None)


@blueprint.function_name("get_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=USER, reads=True, headers=("ETag",))
async def get_offer(call: Call[Nothing, Nothing]) -> Response[RegisteredOfferView]:
    """Read one registered offer."""
    return tagged(
        offer_view(
            await manage_listing.read_offer(
                ports=call.app.ports, partner_id=call.partner_id, offer_id=_offer_id(call), at=call.at
            )
        )
    )


@blueprint.function_name("put_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["PUT"], auth_level=ANONYMOUS)
@endpoint(who=OFFERS_ADMIN, status=(200, 201), refuses=(Conflict, PartnerSuspended, PreconditionFailed), **DOCUMENT)
async def put_offer(call: Call[OfferIn, Nothing]) -> Response[RegisteredOfferView]:
    """Register an offer with its title and call to action, or replace them (T5).

    A partner's own word is enough for offers of its publishers; others are `pending` until the operator says yes (S6).
    """
    return await _store_offer(call)


@blueprint.function_name("patch_offer")
@blueprint.route(OFFERS + "/{offerId}", methods=["PATCH"], auth_level=ANONYMOUS)
@endpoint(
    who=OFFERS_ADMIN, content_types=MERGE_PATCH, refuses=(Conflict, PartnerSuspended, PreconditionFailed), **DOCUMENT
)
async def patch_offer(call: Call[OfferPatch, Nothing]) -> Response[RegisteredOfferView]:
    """Change what is named of a registered offer, by a JSON merge patch (T5)."""
    return await _store_offer(call)


async def _store_offer(call: Call[Any, Nothing]) -> Response[RegisteredOfferView]:
    ports, partner_id, offer_id = call.app.ports, call.partner_id, _offer_id(call)

    def view(before: SeenOffer | None) -> RegisteredOfferView | None:
        return offer_view(before) if before else None

    async def write(before: SeenOffer | None) -> Response[RegisteredOfferView]:
        body: OfferIn = given(call, view(before))
        stored = await manage_listing.put_offer(
            ports=ports,
            partner_id=partner_id,
            offer=body.offer(offer_id),
            before=before.offer if before else None,
            by_operator=Role.OPERATOR in call.caller.roles,
            at=call.at,
        )
        return tagged(offer_view(stored), 200 if before else 201)

    return await store(
        call,
        read=lambda: manage_listing.find_offer(ports=ports, partner_id=partner_id, offer_id=offer_id, at=call.at),
        view=view,
        write=write,
    )


@blueprint.function_name("list_pending_offers")
@blueprint.route("pendingOffers", methods=["GET", "HEAD"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR)
async def list_pending_offers(call: Call[Nothing, PageQuery]) -> Response[Page[PendingOfferView]]:
    """List offers that wait for the operator's yes, by id (S6)."""
    found, following = await call.app.ports.listings.pending_offers(call.after(ids.OFFER_CURSOR), call.query.top)
    return call.page([pending_offer_view(*pending) for pending in found], following)


@blueprint.function_name("approve_offer")
@blueprint.route(OFFERS + "/{offerId}/approve", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, refuses=(Conflict,), headers=("ETag",))
async def approve_offer(call: Call[Nothing, Nothing]) -> Response[RegisteredOfferView]:
    """Say that an offer is the partner's (S6)."""
    return await _decide(call, yes=True)


@blueprint.function_name("refuse_offer")
@blueprint.route(OFFERS + "/{offerId}/refuse", methods=["POST"], auth_level=ANONYMOUS)
@endpoint(who=OPERATOR, headers=("ETag",))
async def refuse_offer(call: Call[Nothing, Nothing]) -> Response[RegisteredOfferView]:
    """Say that an offer is not the partner's, be it pending or registered (S6)."""
    return await _decide(call, yes=False)


async def _decide(call: Call[Nothing, Nothing], *, yes: bool) -> Response[RegisteredOfferView]:
    decided = await manage_listing.decide_offer(
        ports=call.app.ports, partner_id=call.partner_id, offer_id=_offer_id(call), yes=yes, at=call.at
    )
    return tagged(offer_view(decided))


def _offer_id(call: Call[Any, Nothing]) -> str:
    offer_id = call.path("offerId")
    if not OFFER_ID.fullmatch(offer_id):
        raise NotFound("An offer id is publisherId.offerId: letters, digits, dots, dashes and underscores.")
    return offer_id
