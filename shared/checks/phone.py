"""Reads telephone numbers with phonenumbers (V2); knows numbering plans, not leads."""

import re
from collections.abc import Iterator

from shared.domain.intake.receipt import Phone
from shared.domain.lead import Validity

_BETWEEN = re.compile(r"\s*[;|,\n]\s*|\s+(?:or|oder|o|eller|vagy|ou)\s+", re.IGNORECASE)
_SLASH = "/"
"""Between two numbers, or inside one behind its area code."""


class NumberingPlans:
    """`PhoneReader` on Google's numbering plans."""

    def read(self, written: str, country: str | None) -> Phone:
        """Without a leading + or a country with a plan nobody can tell what a number is."""
        first: Phone | None = None
        for spelling in _spellings(written):
            found = _read(spelling, country)
            if found.validity is Validity.VALID:
                return found
            first = first or found
        return first or Phone(Validity.INVALID)


def _spellings(written: str) -> Iterator[str]:
    """How the number may be meant, the likeliest first: as written, without a comment behind it, the first of two."""
    said = []
    plain = re.sub(r"\s*\([^()]*[^\W\d_][^()]*\)\s*$", "", written)
    of_two = _BETWEEN.split(plain, maxsplit=1)[0]
    for text in (written, plain, of_two, of_two.split(_SLASH, maxsplit=1)[0]):
        # 00 is how much of the world dials out, and what people write for +.
        said += [text, re.sub(r"^\s*\(?00", "+", text)]
    yield from dict.fromkeys(one for one in said if one.strip())


def _read(written: str, country: str | None) -> Phone:
    import phonenumbers  # noqa: PLC0415 - 15 ms, at the first lead

    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException as problem:
        no_plan = problem.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        return Phone(Validity.UNKNOWN if no_plan and not written.startswith("+") else Validity.INVALID)
    if not phonenumbers.is_valid_number(number):
        return Phone(Validity.INVALID)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(Validity.VALID, e164, number.extension or None)
