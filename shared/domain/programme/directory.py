"""The directory: which of the published profiles fit what a customer looks for, and why (M1).

A score is how well the words of the search are found (`domain/ranking.py`), by how well country, language and
competencies fit, by what the operator says of the partner, by its standing. None of these is without end: what a
partner writes into its profile counts once, and the best standing is half again as much as the worst.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from heapq import nsmallest
from typing import NamedTuple, Self

from shared.domain.messages import Message, say
from shared.domain.programme.partner import Partner
from shared.domain.programme.profile import CompanySize, Profile
from shared.domain.ranking import Field, Index, Making, Match
from shared.domain.text import folded

FIELDS: Mapping[str, Field] = {
    # What the operator says counts as much as the name; a long list of keywords gains little by its length.
    "name": Field(3, 0.3),
    "competencies": Field(3, 0.3),
    "keywords": Field(2.5),
    "endorsements": Field(1.5, 0.5),
    "places": Field(1.5, 0.3),
    "description": Field(1),
}
"""Where words are looked for, the heaviest first."""
NEUTRAL = 0.5
"""The standing of a partner that nothing is known of."""
STANDING_LEAST, STANDING_SPAN = 0.8, 0.4
"""A score by the worst standing, and what the best adds: 0.8 to 1.2 (M2)."""
GOOD_STANDING = 0.7
"""From here on it is a reason to be told."""
ELSEWHERE, OTHER_LANGUAGE, WITHOUT_COMPETENCY = 0.5, 0.7, 0.5
"""What is left of a score where what was asked for is not there: it ranks lower, and is not left out."""
ENDORSED_MOST, ENDORSED_SPAN = 3, 0.1
"""So many endorsements add a tenth; further ones nothing."""
WORDS_TOLD_MAX = 5


class Place(NamedTuple):
    """One of a partner's locations; `address` is looked through and not shown."""

    name: str
    country: str
    address: str | None = None


@dataclass(frozen=True)
class Entry:
    """A published profile with what the operator says of its partner; nobody's contact details.

    `languages` are those of its contacts, `standing` is 0 to 1.
    """

    partner_id: str
    name: str
    description: str | None = None
    keywords: tuple[str, ...] = ()
    company_sizes: tuple[CompanySize, ...] = ()
    places: tuple[Place, ...] = ()
    languages: tuple[str, ...] = ()
    competencies: tuple[str, ...] = ()
    endorsements: tuple[str, ...] = ()
    standing: float = NEUTRAL


@dataclass(frozen=True)
class Wanted:
    """What a customer looks for; `country` is alpha-2, `size` its own. Of competencies and languages any will do."""

    text: str | None = None
    country: str | None = None
    size: CompanySize | None = None
    competencies: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class ReasonKind(StrEnum):
    """What a reason is about."""

    WORDS = "words"
    COUNTRY = "country"
    SIZE = "size"
    LANGUAGE = "language"
    COMPETENCY = "competency"
    ENDORSEMENT = "endorsement"
    STANDING = "standing"
    LISTED = "listed"


class Reason(NamedTuple):
    """Why somebody ranks there; `fits` is false for what speaks against it."""

    kind: ReasonKind
    message: Message
    fits: bool = True


class Found(NamedTuple):
    """A partner that was found; `place` is where it is, in the customer's country if it is there at all."""

    entry: Entry
    place: Place | None
    score: float
    reasons: tuple[Reason, ...]


def entry_of(partner: Partner, profile: Profile | None, standing: float = NEUTRAL) -> Entry | None:
    """The partner's entry; None where there is none to see: suspended, or with no profile that is published (M1)."""
    if not partner.is_active or profile is None or not profile.published:
        return None
    spoken = (contact.language for place in profile.locations for contact in place.contacts if contact.language)
    return Entry(
        partner.id,
        profile.name,
        profile.description,
        profile.keywords,
        profile.company_sizes,
        tuple(Place(one.name, one.country, one.address) for one in profile.locations),
        tuple(dict.fromkeys(spoken)),
        partner.competencies,
        partner.endorsements,
        standing,
    )


def document_of(entry: Entry, countries: Mapping[str, str]) -> Mapping[str, str]:
    """The texts in which words are looked for; `countries` has the names of each country in one text."""
    return {
        "name": entry.name,
        "competencies": _together(entry.competencies),
        "keywords": _together(entry.keywords),
        "endorsements": _together(entry.endorsements),
        "places": _together(
            text
            for place in entry.places
            for text in (place.name, place.address or "", countries.get(place.country, ""))
        ),
        "description": entry.description or "",
    }


def _together(texts: Iterable[str]) -> str:
    return " , ".join(texts)


@dataclass(frozen=True)
class Directory:
    """All entries, and the index of their texts, in the same order."""

    entries: Sequence[Entry]
    index: Index

    @classmethod
    def of(cls, entries: Sequence[Entry], countries: Mapping[str, str]) -> Self:
        """A directory of these entries."""
        making = Making(FIELDS)
        for entry in entries:
            making.add(document_of(entry, countries))
        return cls(entries, making.index())

    def find(self, wanted: Wanted, top: int) -> list[Found]:
        """The best of those that fit, the best first; among equals by name, so that nobody's id decides.

        Whoever has none of the words is left out, and whoever takes no customers of this size.
        """
        scores = self._scores(wanted)
        best = nsmallest(top, scores, key=lambda number: (-round(scores[number], 6), self._names[number], number))
        return [self._found(wanted, number, scores[number]) for number in best]

    def _scores(self, wanted: Wanted) -> dict[int, float]:
        numbers = range(len(self.entries))
        scores = self.index.rank(wanted.text) if wanted.text else dict.fromkeys(numbers, 1.0)
        if wanted.size:
            closed = self._closed_to[wanted.size]
            scores = {number: score for number, score in scores.items() if number not in closed}
        wishes = list(self._wishes(wanted))
        own = self._own
        for number in scores:
            score = scores[number] * own[number]
            for members, left in wishes:
                if number not in members:
                    score *= left
            scores[number] = score
        return scores

    def _wishes(self, wanted: Wanted) -> Iterator[tuple[frozenset[int], float]]:
        """Who fulfils each wish, and what is left of the score of who does not."""
        if wanted.country:
            yield self._in_country.get(wanted.country, frozenset()), ELSEWHERE
        for having, asked, left in (
            (self._speaking, tuple(map(spoken, wanted.languages)), OTHER_LANGUAGE),
            (self._competent, tuple(map(folded, wanted.competencies)), WITHOUT_COMPETENCY),
        ):
            if asked:
                yield frozenset().union(*(having.get(one, frozenset()) for one in asked)), left

    def _found(self, wanted: Wanted, number: int, score: float) -> Found:
        entry = self.entries[number]
        there = next((place for place in entry.places if place.country == wanted.country), None)
        place = there or (entry.places[0] if entry.places else None)
        matches = self.index.why(wanted.text, number) if wanted.text else []
        return Found(entry, place, score, tuple(reasons_of(entry, wanted, matches)))

    @cached_property
    def _names(self) -> list[str]:
        return [folded(entry.name) for entry in self.entries]

    @cached_property
    def _own(self) -> list[float]:
        """What each entry's score is multiplied by, whatever is looked for."""
        return [_endorsed(entry) * (STANDING_LEAST + STANDING_SPAN * entry.standing) for entry in self.entries]

    @cached_property
    def _closed_to(self) -> Mapping[CompanySize, frozenset[int]]:
        """Who takes no customers of a size; whoever names none takes all."""
        numbered = list(enumerate(self.entries))
        return {
            size: frozenset(n for n, entry in numbered if entry.company_sizes and size not in entry.company_sizes)
            for size in CompanySize
        }

    @cached_property
    def _in_country(self) -> Mapping[str, frozenset[int]]:
        return _numbered((place.country for place in entry.places) for entry in self.entries)

    @cached_property
    def _speaking(self) -> Mapping[str, frozenset[int]]:
        return _numbered(map(spoken, entry.languages) for entry in self.entries)

    @cached_property
    def _competent(self) -> Mapping[str, frozenset[int]]:
        return _numbered(map(folded, entry.competencies) for entry in self.entries)

    @property
    def countries(self) -> frozenset[str]:
        """All that somebody has a location in."""
        return frozenset(self._in_country)

    @cached_property
    def competencies(self) -> Sequence[str]:
        """All there are, each as it is first written, in order."""
        written: dict[str, str] = {}
        for entry in self.entries:
            for one in entry.competencies:
                written.setdefault(folded(one), one)
        return [written[one] for one in sorted(written)]


def spoken(language: str) -> str:
    """The language of a tag, wherever it is spoken: `pt` of `pt-BR`."""
    return language.partition("-")[0].casefold()


def _numbered(having: Iterable[Iterable[str]]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, values in enumerate(having):
        for value in values:
            found.setdefault(value, set()).add(number)
    return {value: frozenset(numbers) for value, numbers in found.items()}


def _endorsed(entry: Entry) -> float:
    return 1 - ENDORSED_SPAN + ENDORSED_SPAN * min(len(entry.endorsements), ENDORSED_MOST) / ENDORSED_MOST


FOUND_IN = {
    "name": "Its name has: %(words)s.",
    "competencies": "A competency that the programme confirms has: %(words)s.",
    "keywords": "Its keywords have: %(words)s.",
    "endorsements": "An endorsement by the programme has: %(words)s.",
    "places": "Its locations have: %(words)s.",
    "description": "Its description has: %(words)s.",
}


def reasons_of(entry: Entry, wanted: Wanted, matches: Sequence[Match]) -> Iterator[Reason]:
    """Why the entry ranks where it does: what fits, and what was asked for and is not there."""
    yield from _said_of_words(matches)
    if wanted.country:
        yield _in_country(entry, wanted.country)
    if wanted.size and wanted.size in entry.company_sizes:
        yield Reason(ReasonKind.SIZE, say("It works for companies of your size."))
    if wanted.languages:
        yield _speaks(entry, wanted.languages)
    if wanted.competencies:
        yield _is_competent(entry, wanted.competencies)
    if entry.endorsements:
        told = say("The programme endorses it: %(endorsements)s.", endorsements=", ".join(entry.endorsements))
        yield Reason(ReasonKind.ENDORSEMENT, told)
    if entry.standing >= GOOD_STANDING:
        yield Reason(ReasonKind.STANDING, say("It has a good standing in the programme."))
    if wanted == Wanted():
        yield Reason(ReasonKind.LISTED, say("It is listed in the directory."))


def _in_country(entry: Entry, country: str) -> Reason:
    if any(place.country == country for place in entry.places):
        return Reason(ReasonKind.COUNTRY, say("It has a location in your country."))
    return Reason(ReasonKind.COUNTRY, say("It has no location in your country."), fits=False)


def _speaks(entry: Entry, languages: Sequence[str]) -> Reason:
    if set(map(spoken, languages)) & set(map(spoken, entry.languages)):
        return Reason(ReasonKind.LANGUAGE, say("A contact speaks your language."))
    return Reason(ReasonKind.LANGUAGE, say("No contact is known to speak your language."), fits=False)


def _is_competent(entry: Entry, competencies: Sequence[str]) -> Reason:
    asked = {folded(one) for one in competencies}
    has = ", ".join(one for one in entry.competencies if folded(one) in asked)
    if has:
        return Reason(ReasonKind.COMPETENCY, say("The programme confirms: %(competencies)s.", competencies=has))
    told = say("The programme does not confirm the competency that you look for.")
    return Reason(ReasonKind.COMPETENCY, told, fits=False)


def _said_of_words(matches: Sequence[Match]) -> Iterator[Reason]:
    """Each word where it weighs most, so that none is told twice."""
    told: dict[str, list[str]] = {name: [] for name in FIELDS}
    for match in matches:
        # Fields of a match come in the order of FIELDS.
        told[match.fields[0]] += match.found
    for name, words in told.items():
        if words:
            some = ", ".join(list(dict.fromkeys(words))[:WORDS_TOLD_MAX])
            yield Reason(ReasonKind.WORDS, say(FOUND_IN[name], words=some))
