"""Who is mailed about a lead, with the reasons: the partner's people (N1), its sender (N6), its customer (L3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.lead import Lead, Sender, Validity
from shared.domain.people import Person
from shared.domain.programme.profile import Contact, Profile
from shared.domain.telling.mails import CUSTOMER
from shared.domain.telling.preferences import Preferences, language
from shared.domain.telling.unsubscribe import why_unwanted
from shared.domain.text import folded

NOT_TOLD = frozenset({"abuse", "duplicate"})
"""L3: declines whose customer is told nothing."""
SPOKEN_IN = {"DE": "de", "AT": "de", "CH": "de", "IT": "it", "SE": "sv", "HU": "hu", "BR": "pt-BR"}
"""What a customer is written in, by country: nothing else is known of a customer's language."""


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
    else all of the profile; else the partner's contact at the operator, else the operator. Without a lead (a
    webhook that was disabled) locations play no part.
    """
    spoken = preferences.preferred_language
    left_out: list[Recipient] = []
    for why, found in _tiers(lead, preferences, profile, partner_contact, operator_contact):
        chosen: dict[str, Recipient] = {}
        for contact in found:
            if not contact.email:
                continue
            told = Recipient(contact.email, language(contact.language or spoken), why)
            problem = why_unwanted(unwanted, contact.email)
            if problem:
                left_out.append(Recipient(told.address, told.language, why, problem))
            else:
                chosen.setdefault(fold_email(contact.email), told)
        if chosen:
            return [*chosen.values(), *left_out]
    return left_out


def recipients_of_month(
    people: Iterable[Person], others: Iterable[Recipient], unwanted: Mapping[str, str], at: datetime
) -> list[Recipient]:
    """Who is told what a month's leads have come to (M5): its administrators, and `others`.

    Administrators are those who were seen lately, `others` the partner's contacts; nobody is told twice.
    """
    found: dict[str, Recipient] = {}
    for person in people:
        if person.email and person.is_admin and person.is_here(at):
            address = fold_email(person.email)
            found[address] = Recipient(person.email, language(person.language), "admin", unwanted.get(address))
    for other in others:
        found.setdefault(fold_email(other.address), other)
    return sorted(found.values(), key=lambda one: one.left_out is not None)


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
        yield "location", [contact for place in locations if folded(place.name) == named for contact in place.contacts]
    if lead and lead.customer.country:
        country = lead.customer.country
        yield "country", [contact for place in locations if place.country == country for contact in place.contacts]
    yield "profile", [contact for place in locations for contact in place.contacts]
    yield "partner", _address(partner_contact)
    yield "operator", _address(operator_contact)


def _address(text: str | None) -> list[Contact]:
    return [Contact("", text)] if text and "@" in text else []


def told_of_expiry(sender: Sender | None, operator: str | None, unwanted: Mapping[str, str]) -> list[Recipient]:
    """The sender, at the address it named, else at the one it signed in with, else the operator (A1, N6)."""
    left_out: list[Recipient] = []
    ways = [(address, "sender") for address in (sender.addresses if sender else ())]
    ways += [(operator, "operator")] if operator and "@" in operator else []
    for address, why in ways:
        told = Recipient(address, language(None), why, why_unwanted(unwanted, address))
        if told.left_out is None:
            return [told, *left_out]
        left_out.append(told)
    return left_out


def the_customer(lead: Lead | None) -> Recipient:
    """The customer of a declined lead, or why it is told nothing (L3)."""
    country = lead.customer.country if lead else None
    return Recipient(CUSTOMER, SPOKEN_IN.get(country or "", "en"), "customer", why_not_told(lead))


def why_not_told(lead: Lead | None) -> str | None:
    """L3: why a customer is not told of a decline; None when it is."""
    if lead is None or lead.erased_at:
        return "gone"
    if lead.closing and lead.closing.reason in NOT_TOLD:
        return f"reason {lead.closing.reason}"
    if lead.is_test:
        return "test"
    if lead.do_not_contact:
        return "doNotContact"
    if not lead.customer.email:
        return "noAddress"
    if lead.email_validity in (Validity.INVALID, Validity.SPAM):
        return f"email {lead.email_validity}"
    return None
