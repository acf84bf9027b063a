"""What operators and partners' administrators are shown about the programme: allow-lists, never the stored row."""

from typing import NotRequired

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.instants import stamp, stamped
from shared.domain.intake.held import Held
from shared.domain.programme.contact_lists import ContactLists
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource, Partner, SourceKind
from shared.domain.programme.profile import Contact, Location, Profile
from shared.http.problems import RefusalView, body_of
from shared.http.shapes.enumerations import (
    CallToActionText,
    CompanySizeText,
    HeldReasonText,
    HeldStateText,
    OfferStateText,
    PartnerStateText,
    ReceivedText,
    RevealText,
    SourceKindText,
    SourceText,
)
from shared.ports.intake import HeldCounts
from shared.texts import Translate
from shared.usecases.intake.parked_input import Done
from shared.usecases.programme.manage_listing import SeenOffer, SeenProfile
from shared.usecases.programme.manage_partner import KeyedSource


class PartnerView(TypedDict):
    """A partner's registration."""

    id: str
    name: str
    tenantIds: list[str]
    timeZone: str
    state: PartnerStateText
    operatorContact: str | None
    competencies: list[str]
    endorsements: list[str]
    publisherIds: list[str]
    dataAccount: str | None
    createdDateTime: str
    updatedDateTime: str


def partner_view(partner: Partner) -> PartnerView:
    """The registration as the operator sees it."""
    return {
        "id": partner.id,
        "name": partner.name,
        "tenantIds": list(partner.tenant_ids),
        "timeZone": partner.time_zone,
        "state": partner.state,
        "operatorContact": partner.operator_contact,
        "competencies": list(partner.competencies),
        "endorsements": list(partner.endorsements),
        "publisherIds": list(partner.publisher_ids),
        "dataAccount": partner.placement.account,
        "createdDateTime": stamp(partner.created_at),
        "updatedDateTime": stamp(partner.updated_at),
    }


class ContactListsView(TypedDict):
    """The operator's block and allow lists."""

    blockedAddresses: list[str]
    blockedDomains: list[str]
    allowedAddresses: list[str]
    allowedDomains: list[str]


def contact_lists_view(lists: ContactLists) -> ContactListsView:
    """The lists in alphabetical order, as addresses are compared with them."""
    return {
        "blockedAddresses": sorted(lists.blocked_addresses),
        "blockedDomains": sorted(lists.blocked_domains),
        "allowedAddresses": sorted(lists.allowed_addresses),
        "allowedDomains": sorted(lists.allowed_domains),
    }


class KeyView(TypedDict):
    """A key that works, never the key itself; `until` is null for the newest."""

    until: str | None


class SourceView(TypedDict):
    """A source without its keys."""

    id: str
    name: str
    kind: SourceKindText
    tableName: str | None
    redirectUrl: str | None
    listingSource: SourceText
    revealContact: RevealText
    keys: list[KeyView]
    createdDateTime: str


class KeyedSourceView(SourceView):
    """A source with its new key, shown this once, and the URL to hand to the sender.

    `pageUrl` is the search page of a directory, to be opened or embedded; null of any other source.
    """

    key: str
    intakeUrl: str
    pageUrl: str | None


def source_view(source: LeadSource) -> SourceView:
    """The source as the operator sees it."""
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "tableName": source.table_name,
        "redirectUrl": source.redirect_url,
        "listingSource": source.listing_source,
        "revealContact": source.reveal,
        "keys": [{"until": stamped(key.until)} for key in source.keys],
        "createdDateTime": stamp(source.created_at),
    }


def keyed_source_view(keyed: KeyedSource, base_url: str) -> KeyedSourceView:
    """The source with its new key."""
    is_directory = keyed.source.kind is SourceKind.DIRECTORY
    return {
        **source_view(keyed.source),
        "key": keyed.key,
        "intakeUrl": f"{base_url}/intake/{keyed.source.id}?key={keyed.key}",
        "pageUrl": f"{base_url}/directory/page?key={keyed.key}" if is_directory else None,
    }


class RegisteredOfferView(TypedDict):
    """An offer. Until it is `registered`, leads of the programme's own sources do not find the partner by it.

    `pending` waits for the operator's yes. With `titleIsShared` another partner has registered the same title, so a
    submission that names the title alone waits for the operator.
    """

    id: str
    title: str
    callToAction: CallToActionText | None
    state: OfferStateText
    titleIsShared: bool


def offer_view(seen: SeenOffer) -> RegisteredOfferView:
    """The offer."""
    offer = seen.offer
    return {
        "id": offer.id,
        "title": offer.title,
        "callToAction": offer.call_to_action,
        "state": offer.state,
        "titleIsShared": seen.title_is_shared,
    }


class PendingOfferView(TypedDict):
    """An offer that waits for the operator's yes, and the partner that wants it."""

    partnerId: str
    id: str
    title: str
    callToAction: CallToActionText | None


def pending_offer_view(partner_id: str, offer: RegisteredOffer) -> PendingOfferView:
    """The offer."""
    return {"partnerId": partner_id, "id": offer.id, "title": offer.title, "callToAction": offer.call_to_action}


class ContactView(TypedDict):
    """A lead contact."""

    name: str
    email: str | None
    phone: str | None
    language: str | None


class LocationView(TypedDict):
    """One place of a partner."""

    name: str
    country: str
    address: str | None
    contacts: list[ContactView]


class ProfileView(TypedDict):
    """A business profile; competencies and endorsements are the operator's word.

    With `nameIsShared` another partner's profile has the same name, so an inquiry that names it alone waits for the
    operator.
    """

    name: str
    nameIsShared: bool
    published: bool
    description: str | None
    keywords: list[str]
    companySizes: list[CompanySizeText]
    competencies: list[str]
    endorsements: list[str]
    locations: list[LocationView]


def profile_view(seen: SeenProfile) -> ProfileView:
    """The profile with what the operator says of the partner; an unpublished one where none was written."""
    partner, profile = seen.partner, seen.profile or Profile(seen.partner.name)
    return {
        "name": profile.name,
        "nameIsShared": seen.name_is_shared,
        "published": profile.published,
        "description": profile.description,
        "keywords": list(profile.keywords),
        "companySizes": [str(company_size) for company_size in profile.company_sizes],
        "competencies": list(partner.competencies),
        "endorsements": list(partner.endorsements),
        "locations": [_location_view(location) for location in profile.locations],
    }


def _location_view(location: Location) -> LocationView:
    return {
        "name": location.name,
        "country": location.country,
        "address": location.address,
        "contacts": [_contact_view(contact) for contact in location.contacts],
    }


def _contact_view(contact: Contact) -> ContactView:
    return {"name": contact.name, "email": contact.email, "phone": contact.phone, "language": contact.language}


class FaultView(TypedDict):
    """One thing that is wrong with a parked submission."""

    code: str
    message: str
    target: str | None


class HeldView(TypedDict):
    """A submission that waits for the operator; `leadId` is the lead that it is, or is going to be."""

    id: str
    state: HeldStateText
    reason: HeldReasonText | None
    details: list[FaultView]
    sourceId: str
    sourceName: str | None
    partnerId: str | None
    leadId: str | None
    contentType: str
    body: str
    bodyBytes: int
    bodyTruncated: bool
    count: int
    receivedDateTime: str
    lastReceivedDateTime: str
    dismissedDateTime: str | None


BODY_SHOWN = 2_000
"""Characters of a body in a list; the whole stands in the submission itself."""


def held_view(held: Held, *, whole: bool = False) -> HeldView:
    """The submission as the operator sees it."""
    body = held.body.decode("utf-8", "replace")
    return {
        "id": held.id,
        "state": held.state,
        "reason": held.reason,
        "details": [
            {"code": detail.code, "message": str(detail.message), "target": detail.target} for detail in held.details
        ],
        "sourceId": held.door.id,
        "sourceName": held.door.by.name,
        "partnerId": held.for_partner,
        "leadId": held.lead_id,
        "contentType": held.content_type,
        "body": body if whole else body[:BODY_SHOWN],
        "bodyBytes": held.size,
        "bodyTruncated": not whole and (len(body) > BODY_SHOWN or held.size > len(held.body) > 0),
        "count": held.count,
        "receivedDateTime": stamp(held.first_at),
        "lastReceivedDateTime": stamp(held.last_at),
        "dismissedDateTime": stamped(held.dismissed_at),
    }


class HeldCountsView(TypedDict):
    """How many submissions wait, by reason and partner ('' = none); `isAtLeast` where there are more."""

    total: int
    reasons: dict[str, int]
    partners: dict[str, int]
    isAtLeast: bool


class HeldPageView(TypedDict):
    """A page of submissions that wait, with the counts of all of them on the first."""

    value: list[HeldView]
    nextLink: NotRequired[str]
    counts: NotRequired[HeldCountsView]


def held_counts_view(counts: HeldCounts) -> HeldCountsView:
    """The counts."""
    return {
        "total": counts.total,
        "reasons": dict(counts.reasons),
        "partners": dict(counts.partners),
        "isAtLeast": counts.is_at_least,
    }


class DoneView(TypedDict):
    """What became of one of several: the lead that it is now, or why not."""

    id: str
    ok: bool
    leadId: NotRequired[str]
    status: NotRequired[ReceivedText]
    error: NotRequired[RefusalView]


class DoneManyView(TypedDict):
    """What became of each."""

    value: list[DoneView]


def done_view(done: Done, translate: Translate) -> DoneView:
    """One of them."""
    if done.refusal is not None:
        return {"id": done.held_id, "ok": False, "error": body_of(done.refusal, translate)["error"]}
    if done.received is None:
        return {"id": done.held_id, "ok": True}
    received = done.received
    return {"id": done.held_id, "ok": True, "leadId": received.lead_id, "status": received.status}
