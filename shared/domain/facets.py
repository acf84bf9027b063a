"""Which values leads have in the fields that a list is filtered by, with how many leads have each (Q3, Q6)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shared.domain.lead import Lead, Offer
from shared.domain.listed import flame_of, validity_of
from shared.domain.text import folded

VALUES_MAX = 100
"""Values of one field that are told; what is rarer is looked for by a search."""


@dataclass(frozen=True)
class FacetValue:
    """A value as the filter takes it, and how many leads have it; `title` is an offer's."""

    value: str
    count: int
    title: str | None = None


def _named(offer: Offer | None) -> str | None:
    """What an offer is looked for by: its id, else its title."""
    return (offer.id or offer.title) if offer else None


def _offer_key(lead: Lead) -> str | None:
    name = _named(lead.offer)
    return folded(name) if name else None


FACETS: Mapping[str, Callable[[Lead], str | None]] = {
    "status": lambda lead: lead.status,
    "outcome": lambda lead: lead.outcome,
    "type": lambda lead: lead.type,
    "qualification": lambda lead: lead.qualification,
    "source": lambda lead: lead.source,
    "call_to_action": lambda lead: lead.call_to_action,
    "country": lambda lead: lead.customer.country,
    "quality": lambda lead: lead.quality.level,
    "email_validity": lambda lead: validity_of(lead, lead.email_validity),
    "phone_validity": lambda lead: validity_of(lead, lead.phone_validity),
    "flame": flame_of,
    "offer": _offer_key,
}
"""The fields by the name of their part of the filter: what that part compares with, None where nothing finds it."""


class FacetCounts:
    """Counts leads by the values of their fields."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        self._offers: dict[str, Offer] = {}

    def add(self, lead: Lead, names: Iterable[str] = FACETS) -> None:
        """Count a lead, settled and as anyone may see it, in the fields that are named."""
        for name in names:
            value = FACETS[name](lead)
            if value:
                self._counts[name][value] += 1
                if name == "offer" and lead.offer:
                    self._offers.setdefault(value, lead.offer)

    def values(self, name: str) -> tuple[FacetValue, ...]:
        """The values of a field as they are told."""
        return in_order(self._value(name, key, count) for key, count in self._counts[name].items())

    def _value(self, name: str, key: str, count: int) -> FacetValue:
        if name != "offer":
            return FacetValue(str(key), count)
        # As the first lead of it writes it, which is the newest.
        offer = self._offers[key]
        return FacetValue(_named(offer) or key, count, offer.title)


def in_order(values: Iterable[FacetValue]) -> tuple[FacetValue, ...]:
    """Values as they are told: the most frequent first, then by value; at most VALUES_MAX."""
    return tuple(sorted(values, key=lambda one: (-one.count, one.value))[:VALUES_MAX])
