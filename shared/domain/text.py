"""What a text from outside may hold: no control characters, no lone surrogates, a bound.

The API refuses a flawed text by name; intake, which must lose no lead, repairs it (the payload is kept whole).
"""

import re
import unicodedata

from shared.domain.messages import say

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def flaw(text: str, *, lines: bool = False) -> str | None:
    """What makes the text unfit to store, in words, or None; `lines` allows tabs and line breaks."""
    if _SURROGATE.search(text):
        return say("The text holds half of a surrogate pair, which is no character.")
    if (_CONTROL_BUT_LINES if lines else _CONTROL).search(text):
        return say("The text holds control characters.")
    return None


def repaired(text: str, limit: int, *, lines: bool = False) -> str | None:
    """The text stripped, without what `flaw` names, cut at `limit` characters; None when nothing is left."""
    text = _SURROGATE.sub("\ufffd", text)
    text = (_CONTROL_BUT_LINES if lines else _CONTROL).sub(" ", text)
    return text.strip()[:limit].strip() or None


# Letters with a stroke and the Turkish dotless i, which Unicode does not take apart.
_STROKES = str.maketrans("ıłøđħŧ", "ilodht")


def folded(text: str) -> str:
    """The text for comparing, searching and sorting: without case and accents, spaces as one."""
    if not text.isascii():
        # Folding case can make new accents (İ, ΐ), so they are taken off after it.
        cased = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(one for one in cased if not unicodedata.combining(one)).translate(_STROKES)
    return " ".join(text.casefold().split())
