"""What a text from outside may hold: no control characters, no lone surrogates, a bound.

The API refuses a flawed text by name; intake, which must lose no lead, repairs it (the payload is kept whole).
"""

import re
import unicodedata

from shared.domain.messages import say

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_RANGES = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB)),
)
INVISIBLE = "".join(chr(n) for first, last in _RANGES for n in range(first, last + 1))
"""Characters that show nothing: zero widths, direction marks, soft hyphen, byte order mark, fillers.

Inside a text some of them mean something (an emoji's joiner, Persian's non-joiner); at its ends, and in what is
compared, none does.
"""
_SPACES = "".join(chr(n) for n in range(0x3001) if chr(n).isspace())
_NOT_SEEN = str.maketrans("", "", INVISIBLE)
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4\u2032\uff07", "'"))


def flaw(text: str, *, lines: bool = False) -> str | None:
    """What makes the text unfit to store, in words, or None; `lines` allows tabs and line breaks."""
    if _SURROGATE.search(text):
        return say("The text holds half of a surrogate pair, which is no character.")
    if (_CONTROL_BUT_LINES if lines else _CONTROL).search(text):
        return say("The text holds control characters.")
    return None


def trimmed(text: str) -> str:
    """The text without spaces and invisible characters at its ends."""
    return text.strip(_SPACES + INVISIBLE)


def visible(text: str) -> str:
    """The text without any invisible character: for addresses, codes, ids and whatever is compared."""
    return text.translate(_NOT_SEEN)


_DIRECTED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def isolated(text: str) -> str:
    """The text so that its direction marks turn nothing that stands around it; most texts as they are."""
    if not _DIRECTED.search(text):
        return text
    opened = sum(text.count(one) for one in "\u2066\u2067\u2068")
    closed = text.count("\u2069")
    # A mark that closes more than was opened would end the isolation itself.
    inside = text.replace("\u2069", "") if closed > opened else text + "\u2069" * (opened - closed)
    inside += "\u2069" * opened if closed > opened else ""
    return f"\u2068{inside}\u2069"


def repaired(text: str, limit: int, *, lines: bool = False, plain: bool = False) -> str | None:
    """The text trimmed, without what `flaw` names, cut at `limit` characters; None when nothing is left.

    `plain` drops invisible characters anywhere in it.
    """
    text = _SURROGATE.sub("\ufffd", visible(text) if plain else text)
    text = (_CONTROL_BUT_LINES if lines else _CONTROL).sub(" ", text)
    return trimmed(trimmed(text)[:limit]) or None


# Letters with a stroke and the Turkish dotless i, which Unicode does not take apart.
_STROKES = str.maketrans("ıłøđħŧ", "ilodht")


def folded(text: str) -> str:
    """The text for comparing, searching and sorting: without case, accents and what cannot be seen, spaces as one."""
    if not text.isascii():
        text = visible(text).translate(_APOSTROPHES)
        # Folding case can make new accents (İ, ΐ), so they are taken off after it.
        cased = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(character for character in cased if not unicodedata.combining(character)).translate(_STROKES)
    return " ".join(text.casefold().split())
