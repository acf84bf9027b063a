"""Who is mailed about a lead (N1): the first of the partner's own wishes that has an address, with the reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.contact import fold_email
from shared.domain.lead import Lead
from shared.domain.programme.profile import Contact, Profile
from shared.domain.telling.preferences import Preferences, language
from shared.domain.text import folded


@dataclass(frozen=True)
class Recipient:
    """An address with its language and why it was chosen, or, with `left_out`, why it was not."""

    address: str
    language: str
    why: str
    left_out: str | None = None


def recipients(
    lead: Lead | None,
    *,
    preferences: Preferences,
    profile: Profile | None,
    partner_contact: str | None,
    operator_contact: str | None,
    unwanted: Mapping[str, str],
) -> list[Recipient]:
    """Those who are mailed, and those who would have been but for what `unwanted` says of their folded address.

    The preferred address; else the contacts of the location the lead came through, else of the customer's country;
    else all of the profile; else the partner's contact at the operator, else the operator. Without a lead (a digest)
    locations play no part.
    """
    spoken = preferences.preferred_language
    left_out: list[Recipient] = []
    for why, found in _tiers(lead, preferences, profile, partner_contact, operator_contact):
        chosen: dict[str, Recipient] = {}
        for contact in found:
            if not contact.email:
                continue
            told = Recipient(contact.email, language(contact.language or spoken), why)
            problem = unwanted.get(fold_email(contact.email))
            if problem:
                left_out.append(Recipient(told.address, told.language, why, problem))
            else:
                chosen.setdefault(fold_email(contact.email), told)
        if chosen:
            return [*chosen.values(), *left_out]
    return left_out


def _tiers(
    lead: Lead | None,
    preferences: Preferences,
    profile: Profile | None,
    partner_contact: str | None,
    operator_contact: str | None,
) -> Iterable[tuple[str, Iterable[Contact]]]:
    locations = profile.locations if profile else ()
    yield "preferred", _address(preferences.preferred_email)
    if lead and lead.location:
        named = folded(lead.location)
        yield "location", [one for place in locations if folded(place.name) == named for one in place.contacts]
    if lead and lead.customer.country:
        country = lead.customer.country
        yield "country", [one for place in locations if place.country == country for one in place.contacts]
    yield "profile", [one for place in locations for one in place.contacts]
    yield "partner", _address(partner_contact)
    yield "operator", _address(operator_contact)


def _address(text: str | None) -> list[Contact]:
    return [Contact("", text)] if text and "@" in text else []
