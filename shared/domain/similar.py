"""Which of a partner's earlier deals a lead is like, and in what (M4).

A deal is a lead that was accepted: open, won or lost. One that was declined never was one, has neither value nor days,
and what leads are declined for is told by insights (M5); deals closed as errors and tests (T9) count for nothing.

Likeness is the sum of what is the same, each by its weight, and of how well the need is found in the deal by the
ranking of every search (`ranking.py`), as a share of how well it is found in the lead itself. What a lead does not tell
can be like nothing, so who tells little has few similar deals.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.domain.contact import is_redacted
from shared.domain.lead import Lead, Outcome, Status
from shared.domain.likelihood import Alike
from shared.domain.listed import offer_keys
from shared.domain.measures import won_on_of
from shared.domain.ranking import Field, Index, Match, words
from shared.domain.text import folded

DEALS_MAX = 500
"""Deals that a lead is compared with, the newest: some twenty milliseconds."""
SIMILAR_MAX, SIMILAR_USUAL = 20, 5
"""Deals that are answered, and how many where nothing is said."""
LEAST = 0.3
"""What is less alike is not told of: the same offer wants the same country beside it, or words of the need."""
WEIGHTS: Mapping[Alike, float] = {
    Alike.NEED: 0.5,
    Alike.OFFER: 0.2,
    Alike.COUNTRY: 0.1,
    Alike.SIZE: 0.08,
    Alike.CALL_TO_ACTION: 0.07,
    Alike.SOURCE: 0.05,
}
"""What each may add to a likeness; together 1."""
NEED_WHOLE = 0.5
"""A need is the same from here on: who wants the same says half of it in other words."""
NEED_LEAST = 0.1
"""How much of a need is to be found to be a reason: one frequent word says nothing."""
OTHER_OFFER = 0.5
"""What another offer counts whose title is found in the deal to the full."""
NEED_WORDS_MAX, NEED_CHARACTERS_MAX, WORD_MAX = 48, 4_000, 40
"""Of a need the first different words are compared, of so much text, so much of each."""
WORDS_TOLD_MAX = 5
FIELDS: Mapping[str, Field] = {"need": Field(3, 0.3), "title": Field(1, 0.3)}


class Traits(NamedTuple):
    """In what a lead is compared; '' is not known, or not to be seen (L9).

    `offers` are the offer's id and title, `title` the words of the latter, `need` those of search terms and notes: each
    once, folded, parted by spaces.
    """

    lead_id: str
    offers: frozenset[str]
    country: str
    size: str
    source: str
    call_to_action: str
    need: str
    title: str


class Similar(NamedTuple):
    """A deal that is like the lead: 0 to 1, in what, the most telling first; `words` are those of the need in both."""

    lead_id: str
    likeness: float
    alike: tuple[Alike, ...]
    words: tuple[str, ...]


def is_deal(lead: Lead) -> bool:
    """True for what leads are compared with."""
    if lead.is_test or lead.erased_at is not None:
        return False
    return lead.status is Status.ACCEPTED or lead.outcome in (Outcome.WON, Outcome.LOST)


def need_of(lead: Lead) -> str:
    """The words of what the customer wants, whoever may see them."""
    return _words(" , ".join((*lead.search_terms, lead.notes or "")))


def title_of(lead: Lead) -> str:
    """The words of the offer's title."""
    return _words(lead.offer.title or "") if lead.offer else ""


def size_of(lead: Lead) -> str:
    """The size of the company, as it is compared."""
    return folded(lead.customer.size or "")


def traits_of(lead: Lead, at: datetime) -> Traits:
    """The traits of a settled lead, as anyone may see them at `at` (L9)."""
    return Traits(
        lead.id,
        frozenset(offer_keys(lead)),
        lead.customer.country or "",
        size_of(lead),
        lead.source or "",
        lead.call_to_action or "",
        "" if is_redacted(lead, at) else need_of(lead),
        title_of(lead),
    )


def similar(lead: Traits, deals: Sequence[Traits], top: int) -> list[Similar]:
    """The deals that are like the lead, the most alike first; among equals in the order they are given in."""
    # The lead is the first document, by which the others are measured.
    index = Index.of(FIELDS, ({"need": one.need, "title": one.title} for one in (lead, *deals)))
    needs, titles = index.rank(lead.need), index.rank(lead.title)
    likenesses = []
    for number, deal in enumerate(deals, 1):
        parts = dict.fromkeys(_same(lead, deal), 1.0)
        if number in needs:
            parts[Alike.NEED] = min(1.0, needs[number] / needs[0] / NEED_WHOLE)
        if number in titles and Alike.OFFER not in parts:
            parts[Alike.OFFER] = OTHER_OFFER * min(1.0, titles[number] / titles[0])
        # Rounded, so that sums of the same parts are the same.
        likeness = round(sum(WEIGHTS[one] * part for one, part in parts.items()), 6)
        if likeness >= LEAST:
            likenesses.append((-likeness, number, parts))
    best = sorted(likenesses, key=lambda one: one[:2])[:top]
    return [_similar(deals[number - 1], -least, parts, index.why(lead.need, number)) for least, number, parts in best]


def days_to_close(lead: Lead) -> int | None:
    """Days (of UTC) from the accept to the day on which the deal was won, as the partner says, or lost.

    None while it is open, and 0 where it was won before it was accepted here.
    """
    if lead.accepted_at is None or lead.closed_at is None:
        return None
    ended = won_on_of(lead) or lead.closed_at.date()
    return max(0, (ended - lead.accepted_at.date()).days)


def _same(one: Traits, other: Traits) -> Iterator[Alike]:
    if one.offers & other.offers:
        yield Alike.OFFER
    for alike, mine, its in (
        (Alike.COUNTRY, one.country, other.country),
        (Alike.SIZE, one.size, other.size),
        (Alike.CALL_TO_ACTION, one.call_to_action, other.call_to_action),
        (Alike.SOURCE, one.source, other.source),
    ):
        if mine and mine == its:
            yield alike


def _similar(deal: Traits, likeness: float, parts: Mapping[Alike, float], matches: Sequence[Match]) -> Similar:
    least = {Alike.NEED: NEED_LEAST}
    alike = [one for one, part in parts.items() if part >= least.get(one, 1.0)]
    alike.sort(key=lambda one: -WEIGHTS[one] * parts[one])
    said = tuple(match.word for match in matches[:WORDS_TOLD_MAX]) if Alike.NEED in alike else ()
    return Similar(deal.lead_id, likeness, tuple(alike), said)


def _words(text: str) -> str:
    some = dict.fromkeys(word[:WORD_MAX] for word in words(text[:NEED_CHARACTERS_MAX]))
    return " ".join(list(some)[:NEED_WORDS_MAX])
