"""Ranking texts for what somebody looks for: BM25 over documents of weighted fields (M1).

Robertson's simple extension of BM25 to fields (Robertson, Zaragoza and Taylor, 2004): how often a word stands in each
field, against that field's usual length, is weighted and added up before it is saturated, so a word that is in the name
and the description counts once, and more. Words are folded as every search folds them. A word that begins as the one
looked for, and mostly is it, counts for half: `accounting` finds `accountant`, and `buch` finds `Buchhaltung`.

An index is made once and asked many times. It is four flat arrays, which can be stored and loaded as they are.
"""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import NamedTuple

from shared.domain.text import folded

K1 = 1.2
"""How soon a word that stands there again stops to count; Robertson's usual value."""
COUNT_MAX = 2
"""How often a word counts in one field: who writes it two hundred times gains no more by that."""
NEAR = 0.5
"""What a word counts that is only near the one looked for."""
PREFIX_LEAST = 3
"""Letters of a word that others may go on from; `it` is not near `italian`."""
STEM_LEAST, STEM_SHARE = 5, 0.6
"""Letters that two words share at their beginning where they go on differently, and how much of the longer one."""
QUERY_WORDS_MAX = 64
"""Different words of a query that are looked for, the first: a customer's need may be pages."""

_WORD = re.compile(r"[^\W_]+[+#]*")
_JOINED = re.compile(r"[^\W_]+[+#]*(?:[-./&'][^\W_]+[+#]*)*")
_SAY_NOTHING = """
a an and are as at be by can for from has have how i in is its me my need needs of or our please that the their them
there they this to us want wants was we what which who will with you your
als am auf aus bei bin das dass dem den der des die ein eine einem einen einer eines er es fur haben hat ich ihr im ist
kann mit nach nicht oder sich sie sind uber um und uns unser unsere unseren unserer vom von vor wer wir wird zu zum zur
al alla anche che chi come con da dal dalla degli dei del della delle di e gli ha ho il io la le lo ma nei nel
nella noi non nostra nostri nostro o per piu si sono su sul sulla un una uno
att de du en ett fran har hos inte med men nar och om oss pa sig som vad vi vill vara eller
az egy es hogy kell keres keresunk meg mely mi mint nem nekunk vagy van vannak
ao aos das do dos ela ele em eu mais mas meu minha na nas no nos nossa nosso os ou para pela pelo preciso precisamos que
quem se sua suas uma umas uns voce
"""
STOP_WORDS = frozenset(_SAY_NOTHING.split())
"""Words of six languages that mean nothing in any of them, folded; `it`, `ai` and `var` do mean something here."""


class Field(NamedTuple):
    """One part of a document: what a word in it counts, and how much a long text takes away from that (0 to 1)."""

    weight: float
    length: float = 0.75


class Match(NamedTuple):
    """Why a document was found: a word of the query, the document's words that are it or near it, in which fields.

    `share` is this word's part of the document's score; all of a document's parts are its score.
    """

    word: str
    found: tuple[str, ...]
    fields: tuple[str, ...]
    share: float


def words(text: str) -> list[str]:
    """The words of a text, in order: folded, without those that mean nothing.

    `C++` and `C#` are words. What is joined is its parts and the whole: `e-mail` is `mail` and `email`, since a part of
    one letter says nothing.
    """
    found = []
    for joined in _JOINED.findall(folded(text)):
        parts = _WORD.findall(joined)
        alone = len(parts) == 1
        found += [part for part in parts if (alone or len(part) > 1) and part not in STOP_WORDS]
        if not alone:
            found.append("".join(parts))
    return found


@dataclass(frozen=True)
class Index:
    """Documents by their words. What stands at `starts[n]` to `starts[n + 1]` belongs to the word `words[n]`.

    There are `numbers`, which documents have the word, ascending; `counts`, how often, weighted; and `places`, in which
    fields, a bit for each. `words` are sorted.
    """

    size: int
    fields: tuple[str, ...]
    words: Sequence[str]
    starts: "array[int]"
    numbers: "array[int]"
    counts: "array[float]"
    places: "array[int]"

    @staticmethod
    def of(fields: Mapping[str, Field], documents: Iterable[Mapping[str, str]]) -> "Index":
        """An index of documents, which are texts by the name of their field; what they lack counts as empty."""
        making = Making(fields)
        for document in documents:
            making.add(document)
        return making.index()

    def rank(self, query: str) -> dict[int, float]:
        """The documents that have any word of the query, with their scores; those of no other are in it.

        A score is what was found of what could be: 0 to 1, where no word that stands somewhere is found to the full. It
        may be compared within an index, and roughly between queries.
        """
        scores: dict[int, float] = {}
        asked = self._asked(query)
        whole = sum(term.could for term in asked)
        for term in asked:
            for number, found in self._scores(term).items():
                scores[number] = scores.get(number, 0.0) + found / whole
        return scores

    def why(self, query: str, number: int) -> list[Match]:
        """What of the query is in the document of this number, the most telling first."""
        asked = self._asked(query)
        whole = sum(term.could for term in asked)
        matches = []
        for term in asked:
            found, mask = [], 0
            for at in (*term.exact, *term.near):
                if (place := self._place(at, number)) is not None:
                    found.append(self.words[at])
                    mask |= self.places[place]
            if found:
                fields = tuple(name for bit, name in enumerate(self.fields) if mask >> bit & 1)
                matches.append(Match(term.word, tuple(found), fields, self._scores(term, number)[number] / whole))
        return sorted(matches, key=lambda match: -match.share)

    def _asked(self, query: str) -> list["_Term"]:
        """The query's words, each with what of the index it means."""
        return [self._term(word) for word in list(dict.fromkeys(words(query)))[:QUERY_WORDS_MAX]]

    def _term(self, word: str) -> "_Term":
        exact, near = [], []
        stem = word[:STEM_LEAST]
        at = bisect_left(self.words, stem)
        while at < len(self.words) and self.words[at].startswith(stem):
            if self.words[at] == word:
                exact.append(at)
            elif _are_near(word, self.words[at]):
                near.append(at)
            at += 1
        return _Term(self, word, tuple(exact), tuple(near))

    def _scores(self, term: "_Term", only: int | None = None) -> dict[int, float]:
        """What the word gives each document that has it, or this one: the word itself, or half for one near it."""
        found: dict[int, float] = {}
        if term.near:
            together: dict[int, float] = {}
            for at in term.near:
                for number, count in self._postings(at, only):
                    together[number] = together.get(number, 0.0) + count
            rarity = term.near_rarity * NEAR
            found = {number: rarity * count / (K1 + count) for number, count in together.items()}
        for at in term.exact:
            for number, count in self._postings(at, only):
                score = term.rarity * count / (K1 + count)
                if score > found.get(number, 0.0):
                    found[number] = score
        return found

    def _postings(self, at: int, only: int | None) -> Iterator[tuple[int, float]]:
        start, end = self.starts[at], self.starts[at + 1]
        if only is not None:
            place = self._place(at, only)
            start, end = (end, end) if place is None else (place, place + 1)
        return zip(self.numbers[start:end], self.counts[start:end], strict=True)

    def _place(self, at: int, number: int) -> int | None:
        """Where what is known of this word in this document stands; None where it is not in it."""
        end = self.starts[at + 1]
        place = bisect_left(self.numbers, number, self.starts[at], end)
        return place if place < end and self.numbers[place] == number else None

    def documents_with(self, places: Iterable[int]) -> int:
        """How many documents have any of the words at these places."""
        spans = [self.numbers[self.starts[at] : self.starts[at + 1]] for at in places]
        return len(spans[0]) if len(spans) == 1 else len(set().union(*spans))

    def rarity(self, documents: int) -> float:
        """What a word says that this many documents have: much where it is rare, never less than nothing."""
        return log(1 + (self.size - documents + 0.5) / (documents + 0.5))


@dataclass(frozen=True)
class _Term:
    """A word of a query: the places of the index's words that are it, and of those near it."""

    index: Index
    word: str
    exact: tuple[int, ...]
    near: tuple[int, ...]

    @cached_property
    def rarity(self) -> float:
        return self.index.rarity(self.index.documents_with(self.exact) if self.exact else 0)

    @cached_property
    def near_rarity(self) -> float:
        # A rare variant says no more than the word itself would.
        return min(self.index.rarity(self.index.documents_with(self.near)), self.rarity)

    @property
    def could(self) -> float:
        """The most that the word could give; one that stands nowhere is the rarest of all."""
        return self.near_rarity if self.near and not self.exact else self.rarity


def _are_near(word: str, other: str) -> bool:
    if other.startswith(word):
        return len(word) >= PREFIX_LEAST
    pairs = enumerate(zip(word, other, strict=False))
    shared = next((n for n, (one, two) in pairs if one != two), min(len(word), len(other)))
    # Many short words begin alike and mean something else.
    return shared >= STEM_LEAST and shared / max(len(word), len(other)) >= STEM_SHARE


class Making:
    """An index while documents are added to it, of eight fields at most: each is a bit of a byte."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = dict(fields)
        self._lengths: list[array[int]] = [array("I") for _ in fields]
        """Of each field how many words each document has there."""
        self._found: dict[str, array[int]] = {}
        """Of each word three numbers for each field of a document that has it: document, field, how often."""

    @property
    def size(self) -> int:
        """Documents so far."""
        return len(self._lengths[0])

    def add(self, document: Mapping[str, str]) -> int:
        """Add one, and get its number: they are counted from 0."""
        number = self.size
        for field, name in enumerate(self._fields):
            counted = Counter(words(document.get(name, "")))
            self._lengths[field].append(counted.total())
            for word, count in counted.items():
                self._found.setdefault(word, array("I")).extend((number, field, min(count, COUNT_MAX)))
        return number

    def index(self) -> Index:
        """What has been added so far, to be asked."""
        usual = [max(1.0, sum(lengths) / max(1, len(lengths))) for lengths in self._lengths]
        rules = list(self._fields.values())
        known = sorted(self._found)
        starts, numbers, counts, places = array("I", [0]), array("I"), array("f"), array("B")
        for word in known:
            found = self._found[word]
            for at in range(0, len(found), 3):
                number, field, count = found[at : at + 3]
                rule = rules[field]
                long = self._lengths[field][number] / usual[field]
                weighted = rule.weight * count / (1 - rule.length + rule.length * long)
                if len(numbers) > starts[-1] and numbers[-1] == number:
                    counts[-1] += weighted
                    places[-1] |= 1 << field
                else:
                    numbers.append(number)
                    counts.append(weighted)
                    places.append(1 << field)
            starts.append(len(numbers))
        return Index(self.size, tuple(self._fields), known, starts, numbers, counts, places)
