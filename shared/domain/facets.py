"""Which values leads have in the fields that a list is filtered by, with how many leads have each (Q3, Q6)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.lead import Lead, Offer
from shared.domain.listed import flame_of, reason_of, validity_of
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


FACETS: Mapping[str, Callable[[Lead], str | Sequence[str] | None]] = {
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
    "reason": reason_of,
    "offer": lambda lead: _named(lead.offer),
    "company_size": lambda lead: lead.customer.size,
    "location": lambda lead: lead.location,
    "search_term": lambda lead: lead.search_terms,
}
"""The fields by the name of their part of the filter: what that part compares with, None where nothing finds it."""
NAMES = ("offer", "company_size", "location", "search_term")
"""Those whose values are people's words: compared without case and accents, told as the newest lead writes them."""


class FacetCounts:
    """Counts leads by the values of their fields."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        self._written: dict[tuple[str, str], str] = {}
        self._offers: dict[str, Offer] = {}

    def add(self, lead: Lead, names: Iterable[str] = FACETS) -> None:
        """Count a lead, settled and as anyone may see it, in the fields that are named."""
        for name in names:
            values = FACETS[name](lead)
            if not values:
                continue
            if name not in NAMES:
                self._counts[name].update((values,) if isinstance(values, str) else values)
                continue
            for key, written in _folded((values,) if isinstance(values, str) else values).items():
                self._counts[name][key] += 1
                self._written.setdefault((name, key), written)
                if name == "offer" and lead.offer:
                    self._offers.setdefault(key, lead.offer)

    def values(self, name: str) -> tuple[FacetValue, ...]:
        """The values of a field as they are told."""
        return in_order(self._value(name, key, count) for key, count in self._counts[name].items())

    def _value(self, name: str, key: str, count: int) -> FacetValue:
        # As the first lead of it writes it, which is the newest.
        written = self._written.get((name, key), str(key))
        return FacetValue(written, count, self._offers[key].title if name == "offer" else None)


def _folded(values: Iterable[str]) -> dict[str, str]:
    """A lead's values as they are compared, each once, with how they are written."""
    return {folded(value): value for value in values}


def in_order(values: Iterable[FacetValue]) -> tuple[FacetValue, ...]:
    """Values as they are told: the most frequent first, then by value; at most VALUES_MAX."""
    return tuple(sorted(values, key=lambda one: (-one.count, one.value))[:VALUES_MAX])
