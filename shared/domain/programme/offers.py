"""The offers that partners have registered: what the offer of a submission means, and whose it is (T5, R1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from shared.domain.lead import CallToAction
from shared.domain.text import folded

OFFER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""`publisherId.offerId`."""
OFFERS_MAX = 1_000
"""Offers of one partner: they are read together, once a minute."""


class OfferState(StrEnum):
    """Whether leads of the programme's own sources find their partner by an offer (R1, S6).

    `pending` waits for the operator's yes; both it and `refused` mean something at the partner's own sources only.
    """

    REGISTERED = "registered"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True)
class RegisteredOffer:
    """An offer with what its submissions leave open; `call_to_action` None where the offer has none."""

    id: str
    title: str
    call_to_action: CallToAction | None = None
    state: OfferState = OfferState.REGISTERED

    @property
    def is_registered(self) -> bool:
        """True when the offer is the partner's."""
        return self.state is OfferState.REGISTERED


def publisher_of(offer_id: str) -> str | None:
    """The publisher in an offer's id, without letter case; None where the id names none."""
    publisher, dot, _ = offer_id.partition(".")
    return publisher.casefold() if dot else None


@dataclass(frozen=True)
class Offers:
    """All offers of one partner."""

    offers: Sequence[RegisteredOffer] = ()

    def find(self, offer_id: str | None, title: str | None) -> RegisteredOffer | None:
        """The offer of this id, else of this title (both without letter case); None for one that is not registered."""
        by_id = self._by_id.get(offer_id.casefold()) if offer_id else None
        return by_id or (self._by_title.get(folded(title)) if title else None)

    def claims(self, title: str) -> bool:
        """True when a registered one has this folded title."""
        return title in self._claimed

    def claiming(self, title: str) -> list[RegisteredOffer]:
        """The registered ones of this folded title."""
        return self._claimed.get(title, [])

    def state_of(self, offer_id: str) -> OfferState | None:
        """How far the offer of this id is; None where it was never put."""
        found = self._by_id.get(offer_id.casefold())
        return found.state if found else None

    @cached_property
    def _claimed(self) -> dict[str, list[RegisteredOffer]]:
        found: dict[str, list[RegisteredOffer]] = {}
        for offer in self.offers:
            if offer.is_registered:
                found.setdefault(folded(offer.title), []).append(offer)
        return found

    @cached_property
    def _by_id(self) -> dict[str, RegisteredOffer]:
        return {offer.id.casefold(): offer for offer in self.offers}

    @cached_property
    def _by_title(self) -> dict[str, RegisteredOffer]:
        # Of two with one title the first by id, always.
        return {folded(offer.title): offer for offer in sorted(self.offers, key=lambda offer: offer.id, reverse=True)}
