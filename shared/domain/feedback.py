"""What a partner's people say of leads (M8): a rating each with a text, which the operator reads, and sums of many.

It is between one person and the operator: no change of the lead, so it raises no version and makes no event.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import is_redacted, shown_until
from shared.domain.lead import Actor, Lead, Offer, Source
from shared.domain.text import folded

BEST, WORST = 5, 1
LOW = 2
"""Ratings up to this one say that a lead was no good."""
TEXT_MAX = 2_000
OFFERS_MAX = 100
"""Offers that sums tell apart, those with the most feedback; the others are summed together."""


@dataclass(frozen=True)
class Feedback:
    """What one person says of one lead, with what the lead was about then.

    `updated_at` is when they said it last. `shown_until` is when the lead hides free text (L9), as it stood then: that
    is never too long, and may be too short for a lead that was answered since.
    """

    partner_id: str
    lead_id: str
    by: Actor
    rating: int
    text: str | None
    created_at: datetime
    updated_at: datetime
    shown_until: datetime
    source: Source | None = None
    offer: Offer | None = None
    is_test: bool = False


@dataclass(frozen=True)
class SeenFeedback:
    """Feedback as it may be seen; `is_text_hidden` where there is a text that may not (L9)."""

    feedback: Feedback
    is_text_hidden: bool = False


def said_of(lead: Lead, rating: int, text: str | None, *, by: Actor, at: datetime, before: Feedback | None) -> Feedback:
    """What stands once a person has said this of the (settled) lead; `before` itself where they had said the same."""
    if lead.erased_at:
        # Nothing that somebody types is kept with it (S4).
        text = None
    if before and (before.rating, before.text) == (rating, text):
        return before
    return Feedback(
        partner_id=lead.partner_id,
        lead_id=lead.id,
        by=by,
        rating=rating,
        text=text,
        created_at=before.created_at if before else at,
        updated_at=max(at, before.updated_at) if before else at,
        shown_until=shown_until(lead),
        source=lead.source,
        offer=lead.offer,
        is_test=lead.is_test,
    )


def seen(feedback: Feedback, lead: Lead | None, at: datetime) -> SeenFeedback:
    """The feedback as anyone may see it at `at`, its own person too (L9).

    `lead` is the settled lead; None where it is not known, and then the text is hidden.
    """
    if feedback.text is None or (lead is not None and not is_redacted(lead, at)):
        return SeenFeedback(feedback)
    return SeenFeedback(replace(feedback, text=None), is_text_hidden=True)


def is_surely_shown(feedback: Feedback, at: datetime) -> bool:
    """True where all of it may be seen at `at`, whatever has become of the lead."""
    return feedback.text is None or at < feedback.shown_until


@dataclass(frozen=True)
class FeedbackFilter:
    """Which feedback is wanted; None and empty sets want any. Times are of `updated_at`, both within.

    `offer` is an offer's id or title, the whole of it, in any letter case. Test leads' only where it says so (T9).
    """

    said_from: datetime | None = None
    said_until: datetime | None = None
    sources: frozenset[Source] = frozenset()
    offer: str | None = None
    partner_id: str | None = None
    ratings: frozenset[int] = frozenset()
    include_test: bool = False

    def takes(self, feedback: Feedback) -> bool:
        """True for what is wanted; the store's conditions say the same."""
        at, offer = feedback.updated_at, feedback.offer
        names = {folded(name) for name in (offer.id, offer.title) if name} if offer else set()
        return (
            (self.said_from is None or self.said_from <= at)
            and (self.said_until is None or at <= self.said_until)
            and (not self.sources or feedback.source in self.sources)
            and (self.offer is None or folded(self.offer) in names)
            and self.partner_id in (None, feedback.partner_id)
            and (not self.ratings or feedback.rating in self.ratings)
            and (self.include_test or not feedback.is_test)
        )


@dataclass(frozen=True)
class Rated:
    """What sums need of one feedback; offer and title are '' where the lead named none."""

    rating: int
    source: str
    offer_id: str
    offer_title: str


@dataclass
class Sum:
    """Ratings together."""

    count: int = 0
    total: int = 0
    low: int = 0

    @property
    def average(self) -> float | None:
        """The mean rating; None of none."""
        return self.total / self.count if self.count else None

    @property
    def low_rate(self) -> float | None:
        """Low ratings as a share of all; None of none."""
        return self.low / self.count if self.count else None

    def add(self, rating: int) -> None:
        """Take a rating in."""
        self.count += 1
        self.total += rating
        self.low += rating <= LOW

    def add_all(self, other: "Sum") -> None:
        """Take other ratings in."""
        self.count += other.count
        self.total += other.total
        self.low += other.low


@dataclass(frozen=True)
class OfferSum:
    """The ratings of leads of one offer: of none where both names are ''; of all others where it `is_other`."""

    offer_id: str
    offer_title: str
    sum: Sum
    is_other: bool = False


class FeedbackSums:
    """Adds ratings up: of all of them, by source and by offer."""

    def __init__(self) -> None:
        self.all = Sum()
        self._sources: dict[str, Sum] = {}
        self._offers: dict[str, OfferSum] = {}

    def add(self, some: Iterable[Rated]) -> None:
        """Take these in, the newest first: an offer is called what its newest lead calls it."""
        for one in some:
            offer = self._offers.setdefault(
                folded(one.offer_id or one.offer_title), OfferSum(one.offer_id, one.offer_title, Sum())
            )
            for those in (self.all, self._sources.setdefault(one.source, Sum()), offer.sum):
                those.add(one.rating)

    def by_source(self) -> list[tuple[str, Sum]]:
        """Each source with its sum, the most feedback first; '' is that of leads without one."""
        return sorted(self._sources.items(), key=lambda one: (-one[1].count, one[0]))

    def by_offer(self) -> list[OfferSum]:
        """Each offer with its sum, the most feedback first, and what is beyond OFFERS_MAX together at the end."""
        ordered = [one for _, one in sorted(self._offers.items(), key=lambda one: (-one[1].sum.count, one[0]))]
        told, others = ordered[:OFFERS_MAX], ordered[OFFERS_MAX:]
        if not others:
            return told
        together = OfferSum("", "", Sum(), is_other=True)
        for one in others:
            together.sum.add_all(one.sum)
        return [*told, together]
