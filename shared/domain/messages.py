"""Texts for people that hold values: English now, and said again in another language at the edge (N4)."""

from collections.abc import Iterable, Mapping
from datetime import date


class Message(str):
    """An English text; `template` and `named` are what it was made of, for whoever translates it."""

    __slots__ = ("named", "template")
    template: str
    named: Mapping[str, object]

    @classmethod
    def of(cls, english: str, template: str, named: Mapping[str, object]) -> "Message":
        """A text whose English is written already."""
        made = cls(english)
        made.template, made.named = template, named
        return made


def say(template: str, **named: object) -> Message:
    """The text with the values filled in: `say("There are at most %(most)d.", most=10)`."""
    return Message.of(template % named, template, named)


WORDS = frozenset(
    (
        *("received", "accepted", "informational", "archived"),
        *("won", "lost", "declined", "expired", "error", "aged"),
        *("accept", "edit", "decline", "win", "lose", "closeAsError"),
        *("budget", "noResponse", "otherVendor", "needNotMet", "notACustomer", "timeline", "abuse", "wrongRegion"),
        *("wrongSize", "noCapacity", "duplicate", "duplicateDeal", "wrongCustomer", "other"),
        *("notStarted", "running", "succeeded", "failed", "cancelled"),
    )
)
"""Codes that stand in sentences: statuses, outcomes, actions, reasons, states of exports. Each is in the catalogues."""


class Listed(str):
    """Several words in one text, each said in the reader's language."""

    __slots__ = ("parts",)
    parts: tuple[Message, ...]


def word(code: str) -> Message:
    """A code as a word of a sentence; in English it is the code itself."""
    return Message.of(str(code), str(code), {})


def words(codes: Iterable[str]) -> Listed:
    """Several of them."""
    parts = tuple(word(code) for code in codes)
    made = Listed(", ".join(parts))
    made.parts = parts
    return made


class MonthName(str):
    """A month with its year in a text, `2026-08` here, and named in the reader's language; `first` is its first day."""

    __slots__ = ("first",)
    first: date

    @classmethod
    def of(cls, first: date) -> "MonthName":
        """The month that begins on this day."""
        made = cls(first.isoformat()[:7])
        made.first = first
        return made
