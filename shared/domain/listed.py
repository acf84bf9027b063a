"""What lists decide by (Q3, Q4): a lead at a moment, as the few values that filters and orders compare.

They are made of a lead, or of the columns that storage holds of it (`storage/leads/columns.py`): one rule judges both.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.domain.contact import is_redacted
from shared.domain.deadlines import deadline
from shared.domain.lead import Deal, Lead, LeadType, Status, Validity
from shared.domain.text import folded


class FlameState(StrEnum):
    """A2: a received lead whose customer asked to be contacted."""

    HOT = "hot"
    COOLED = "cooled"


class Texts(NamedTuple):
    """What a search looks through, folded; '' where there is nothing.

    `company` and `deal` (its name and ids) are there for everyone, `person` (the name), `private` (the e-mail and the
    notes) and `terms` (what the customer searched for, each in a line) only while contact details are shown (L9).
    """

    company: str
    deal: str
    person: str
    private: str
    terms: str

    def redacted(self) -> "Texts":
        """Those that are left where contact details must not be seen."""
        return self._replace(person="", private="", terms="")


def texts_of(lead: Lead) -> Texts:
    """All texts of a lead in which words are looked for, hidden or not: the one place that says which those are."""
    customer, deal = lead.customer, lead.deal
    return Texts(
        folded(customer.company or ""),
        _together(deal.name, deal.crm_id, deal.campaign_id) if deal else "",
        _together(customer.first_name, customer.last_name),
        _together(customer.email, lead.notes, deal.notes if deal else None),
        # Folded texts have no line breaks in them.
        "\n".join(folded(term) for term in lead.search_terms),
    )


def texts_shown(lead: Lead, at: datetime) -> Texts:
    """Those in which anyone may look at `at` (L9)."""
    texts = texts_of(lead)
    return texts.redacted() if is_redacted(lead, at) else texts


def _together(*texts: str | None) -> str:
    # A word has no space in it, so none is found across two texts.
    return " ".join(folded(text) for text in texts if text)


class Listed(NamedTuple):
    """A lead as it is settled at a moment (L6); codes are the values of their enumerations, None is a missing one.

    `company` is as it is written; `deal_value` sorts as amounts do; `ends_at` is when the status ends by itself.
    """

    id: str
    created_at: datetime
    updated_at: datetime
    is_test: bool
    status: str
    outcome: str | None
    type: str | None
    qualification: str
    source: str | None
    call_to_action: str | None
    country: str | None
    quality: str
    email_validity: str
    phone_validity: str
    flame: str | None
    reason: str | None
    company: str | None
    deal_value: str | None
    ends_at: datetime | None


def listed(lead: Lead) -> Listed:
    """A settled lead's values."""
    return Listed(
        lead.id,
        lead.created_at,
        lead.updated_at,
        lead.is_test,
        lead.status,
        lead.outcome,
        lead.type,
        lead.qualification,
        lead.source,
        lead.call_to_action,
        lead.customer.country,
        lead.quality.level,
        lead.email_validity,
        lead.phone_validity,
        flame_of(lead),
        reason_of(lead),
        lead.customer.company,
        deal_value(lead.deal),
        deadline(lead),
    )


def flame_of(lead: Lead) -> FlameState | None:
    """The flame of a settled lead (A2); None where none ever burned, and once the lead is no longer received."""
    if lead.status is not Status.RECEIVED or lead.flame_until is None:
        return None
    return FlameState.COOLED if lead.flame_cooled else FlameState.HOT


def reason_of(lead: Lead) -> str | None:
    """Why the lead was declined, lost or closed as an error; None where no person said."""
    return lead.closing.reason if lead.closing else None


def validity_of(lead: Lead, validity: Validity) -> Validity | None:
    """A validity as filters know it: that of offer leads only."""
    return validity if lead.type is LeadType.OFFER else None


def offer_keys(lead: Lead) -> tuple[str, ...]:
    """What an offer filter is compared with: the id and the title, without case and accents."""
    offer = lead.offer
    return _keys(offer.id, offer.title) if offer else ()


NAMED: Mapping[str, Callable[[Lead], tuple[str, ...]]] = {
    "offer": offer_keys,
    "location": lambda lead: _keys(lead.location),
    "company_size": lambda lead: _keys(lead.customer.size),
}
"""What is asked for by a name, whole and without case and accents, by its part of the filter; a lead keeps these."""


def _keys(*names: str | None) -> tuple[str, ...]:
    return tuple(folded(name) for name in names if name)


def deal_value(deal: Deal | None) -> str | None:
    """What deals are worth, as texts that sort so."""
    # Amounts have at most 14 digits before the point and 4 behind it; there are no exchange rates here.
    return None if deal is None else f"{deal.amount:020.4f}{deal.currency}"
