"""How likely leads like one were to be won in this programme (V3): counted, and said with its number.

Leads are alike in their offer, or in their kind (`measures.Kind`), of which less and less is asked until there are
enough of them. An offer is one partner's, and that one alone has its leads. A kind is several partners', and counts
only where they are many enough and none has most of it: nobody can read another's numbers out of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from shared.domain.lead import Chance, Lead
from shared.domain.measures import OTHER, Cell, Dimension, Kind, Measure, Sums, kind_of, offer_of, together

LEAST, PARTNERS_LEAST, SHARE_MOST = 20, 5, 0.5
"""Leads, partners among them, and what one partner may have of them; of one's own offer only the leads matter."""
KINDS_MAX, OFFERS_MAX = 1_000, 1_000
"""What is remembered, in one row: the ones with the most leads."""
SHRUNK_BY = 30
"""Leads that go as the less alike ones do, beside each count."""


class Alike(StrEnum):
    """In what leads are alike; SIZE and NEED are for deals beside each other alone (M4)."""

    OFFER = "offer"
    COUNTRY = "country"
    SOURCE = "source"
    CALL_TO_ACTION = "callToAction"
    CONTACT_REQUESTED = "contactRequested"
    COMPLETENESS = "completeness"
    SIZE = "size"
    NEED = "need"


ASKED: tuple[tuple[Alike, ...], ...] = (
    (Alike.CALL_TO_ACTION, Alike.CONTACT_REQUESTED),
    (Alike.SOURCE, Alike.CALL_TO_ACTION, Alike.CONTACT_REQUESTED),
    (Alike.COUNTRY, Alike.SOURCE, Alike.CALL_TO_ACTION, Alike.CONTACT_REQUESTED),
    (Alike.COUNTRY, Alike.SOURCE, Alike.CALL_TO_ACTION, Alike.CONTACT_REQUESTED, Alike.COMPLETENESS),
)
"""What is asked of a kind, the least first."""
_FIELDS = (Alike.COUNTRY, Alike.SOURCE, Alike.CALL_TO_ACTION, Alike.CONTACT_REQUESTED, Alike.COMPLETENESS)


@dataclass(frozen=True)
class Ended:
    """Leads that have ended, and those of them that were won; `partners` have had them, one of them `most`."""

    of: int = 0
    won: int = 0
    partners: int = 0
    most: int = 0

    def with_(self, of: int, won: int) -> "Ended":
        """With those of one more partner."""
        return Ended(self.of + of, self.won + won, self.partners + 1, max(self.most, of))

    def and_(self, other: "Ended") -> "Ended":
        """With those of another kind, of which the same partners may have had some."""
        both = (self.of + other.of, self.won + other.won)
        return Ended(*both, max(self.partners, other.partners), self.most + other.most)


@dataclass(frozen=True)
class Learned:
    """What became of the programme's leads: all, by kind as sums have it, by offer (`offer_key`)."""

    whole: Ended = Ended()
    kinds: Mapping[str, Ended] = field(default_factory=dict)
    offers: Mapping[str, Ended] = field(default_factory=dict)

    @cached_property
    def alike(self) -> Mapping[tuple[str, ...], Ended]:
        """What became of the leads of all kinds that have so much in common, by what that is, in each of ASKED."""
        found: dict[tuple[str, ...], Ended] = {}
        for written, ended in self.kinds.items():
            if kind := Kind.read(written):
                for asked in ASKED:
                    name = _in_common(kind, asked)
                    found[name] = found[name].and_(ended) if name in found else ended
        return found


class Learning:
    """What was learned while partners are added to it; `learned` is where it goes on from."""

    def __init__(self, learned: Learned | None = None) -> None:
        learned = learned or Learned()
        self._whole = learned.whole
        self._kinds, self._offers = dict(learned.kinds), dict(learned.offers)

    def add(self, sums: Sequence[Sums]) -> None:
        """Add what became of one more partner's leads."""
        for dimension, found in ((Dimension.KIND, self._kinds), (Dimension.OFFER, self._offers)):
            for value, cell in together(sums, dimension).items():
                of, won = _ended(cell)
                if of and value not in ("", OTHER):
                    name = offer_key(value) if dimension is Dimension.OFFER else value
                    found[name] = found.get(name, Ended()).with_(of, won)
        of, won = _ended(together(sums).get("", {}))
        if of:
            self._whole = self._whole.with_(of, won)
        # What is rare so far may become frequent, so much more is kept until the end.
        self._kinds = _most(self._kinds, KINDS_MAX, 2 * KINDS_MAX)
        self._offers = _most(self._offers, OFFERS_MAX, 2 * OFFERS_MAX)

    def learned(self) -> Learned:
        """What is known by now."""
        return Learned(self._whole, _most(self._kinds, KINDS_MAX), _most(self._offers, OFFERS_MAX))


def chance(learned: Learned, lead: Lead) -> Chance | None:
    """How likely a lead like this one is to be won; None where too little is known."""
    whole = learned.whole
    if not _is_enough(whole) or not whole.won:
        return None
    rate = share = whole.won / whole.of
    told: tuple[Ended, tuple[str, ...]] = (whole, ())
    kind = kind_of(lead)
    for asked in ASKED:
        found = learned.alike.get(_in_common(kind, asked), Ended())
        if not _is_enough(found):
            break
        share = (found.won + SHRUNK_BY * share) / (found.of + SHRUNK_BY)
        told = found, tuple(asked)
    offer = learned.offers.get(offer_key(offer_of(lead)), Ended())
    if offer.of >= LEAST and offer.partners == 1:
        share = (offer.won + SHRUNK_BY * share) / (offer.of + SHRUNK_BY)
        told = offer, (Alike.OFFER,)
    found, alike = told
    return Chance(found.won, found.of, alike, share, share / rate)


def offer_key(offer: str) -> str:
    """An offer by its id or title, in the few characters that there is room for."""
    return sha256(offer.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _in_common(kind: Kind, asked: tuple[Alike, ...]) -> tuple[str, ...]:
    """What leads of this kind have in common with others, where so much is asked."""
    return tuple(value if one in asked else "*" for one, value in zip(_FIELDS, kind, strict=True))


def _is_enough(found: Ended) -> bool:
    return found.of >= LEAST and found.partners >= PARTNERS_LEAST and found.most <= SHARE_MOST * found.of


def _ended(cell: Cell) -> tuple[int, int]:
    won = cell.get(Measure.WON, 0)
    return won + sum(cell.get(name, 0) for name in (Measure.LOST, Measure.DECLINED, Measure.EXPIRED)), won


def _most(found: dict[str, Ended], most: int, unless: int = 0) -> dict[str, Ended]:
    """Those with the most leads, unless there are no more than so many."""
    if len(found) <= max(most, unless):
        return found
    ordered = sorted(found.items(), key=lambda one: (-one[1].of, one[0]))
    return dict(ordered[:most])
