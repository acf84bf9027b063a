"""Whom a declined customer may ask instead (M3): the best of the directory for what it asked for."""

from shared.domain.lead import Lead, Reason, Suggested
from shared.domain.messages import Message
from shared.domain.programme.directory import Directory, Found, Wanted
from shared.domain.programme.profile import CompanySize

MOST = 3
REASONS_MOST = 4
"""Reasons that are told of each."""


def wanted_of(lead: Lead) -> Wanted | None:
    """What the customer of a lead looks for; None where it said nothing that could be looked for."""
    asked = (lead.offer.title if lead.offer else None, *lead.search_terms, lead.notes)
    text = " . ".join(part for part in asked if part)
    if not text:
        return None
    size = lead.customer.size
    return Wanted(text, lead.customer.country, CompanySize(size) if size in set(CompanySize) else None)


def suggested(directory: Directory | None, lead: Lead, without: frozenset[str] = frozenset()) -> tuple[Suggested, ...]:
    """Up to three others for the customer, the best first: never the lead's own partner, and none of `without`."""
    wanted = wanted_of(lead)
    if directory is None or wanted is None:
        return ()
    left_out = without | {lead.partner_id}
    found = directory.find(wanted, MOST + len(left_out))
    return tuple(_suggested(one) for one in found if one.entry.partner_id not in left_out)[:MOST]


def _suggested(found: Found) -> Suggested:
    said = (reason.message for reason in found.reasons if reason.fits)
    country = found.place.country if found.place else None
    return Suggested(found.entry.partner_id, found.entry.name, country, tuple(map(_reason, said))[:REASONS_MOST])


def _reason(message: str) -> Reason:
    if isinstance(message, Message):
        return Reason(message.template, {name: str(value) for name, value in message.named.items()})
    return Reason(message)
