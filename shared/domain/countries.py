"""Reads a country as people write it into an ISO 3166-1 alpha-2 code (T7).

Knows the generated table `country_names.py` and how names are folded; it never guesses by likeness,
because a wrong country misroutes a lead while an unknown one only leaves a filter blank.
"""

import unicodedata

from shared.domain.country_names import CODES, NAMES


def fold_name(text: str) -> str:
    """Letters and digits in lower case without accents, words parted by single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def country_code(text: str) -> str | None:
    """The two-letter code of a country written as a code, a name or a known spelling; None when unknown (T7)."""
    return _code(text) or _said_twice(text)


def _code(text: str) -> str | None:
    folded = fold_name(text)
    if len(folded) == 2 and folded.upper() in CODES:
        return folded.upper()
    return NAMES.get(folded) or NAMES.get(folded.removeprefix("the "))


def _said_twice(text: str) -> str | None:
    """`United States (US)`, `SE - Sweden`: two names of one country; `Ireland (Cork)` is none."""
    first, _, second = text.replace("(", " - ").replace(")", "").partition(" - ")
    code = _code(first)
    return code if code and code == _code(second) else None
