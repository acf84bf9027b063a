"""The customer of a submission (T7), under the names that forms, marketplaces and builders of forms use."""

import re
from typing import Any

from shared.domain.intake.fields import Fields
from shared.domain.lead import NAME_MAX, PHONE_MAX

NAMES = {
    "first_name": ("firstname", "givenname", "yourfirstname", "fname"),
    "last_name": ("lastname", "surname", "familyname", "yourlastname", "lname"),
    "email": ("email", "emailaddress", "youremail", "workemail", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "yourphone", "yourtel", "mobile"),
    "country": ("country", "countrycode", "countryregion"),
    "company": ("company", "companyname", "organization", "organisation", "yourcompany"),
    "title": ("title", "jobtitle"),
    "size": ("size", "companysize"),
}
"""Ours, and what is read as ours, the likeliest first; folded as `fields.fold` does."""
WHOLE_NAMES = ("name", "fullname", "yourname", "contactname")
CONTACTS = (*NAMES["email"], *NAMES["phone"], *NAMES["company"], *NAMES["first_name"], *NAMES["last_name"])
"""What names a person; without one of these a flat body names nobody."""
_PARTICLES = frozenset(("von", "van", "de", "der", "den", "di", "da", "do", "dos", "af", "av", "zu", "la", "le"))
_TITLES = frozenset(
    (
        "phd",
        "md",
        "mba",
        "msc",
        "bsc",
        "ba",
        "ma",
        "llm",
        "jd",
        "esq",
        "cpa",
        "pmp",
        "jr",
        "sr",
        "ii",
        "iii",
        "iv",
        "dr",
    )
)
"""What stands behind a name and a comma and is no first name."""
_ALSO_NAMES = frozenset(("ma", "ba", "md"))
"""Of these, what is a first name behind a single word: `Chen, Ma`."""
_NUMBER = re.compile(r"\+?\d+(\.0+)?|\d(\.\d+)?[eE]\+?\d{1,2}")


def person(
    given: Fields, *others: Fields, documented: tuple[str, str, str] = ("company", "email", "phone")
) -> dict[str, Any]:
    """The customer, out of `given` and what `others` say more.

    Company, e-mail and phone, as they are `documented`, must not all be missing.
    """
    found: dict[str, Any] = {}
    for ours, theirs in NAMES.items():
        limit, plain = PHONE_MAX if ours == "phone" else NAME_MAX, ours in ("email", "phone")
        found[ours] = _first((given, *others), theirs, limit, plain=plain)
    if not found["first_name"] and (whole := _first((given, *others), WHOLE_NAMES)):
        if found["last_name"]:
            # `name` and `surname`: the one is the first name, or the whole of both.
            found["first_name"] = _without(whole, found["last_name"])
        else:
            found["first_name"], found["last_name"] = split_name(whole)
    if found["email"]:
        found["email"] = bare_address(found["email"])
    if found["phone"]:
        found["phone"] = plain_number(found["phone"])
    if not given.faults and not any(found[name] for name in ("company", "email", "phone")):
        for way in documented:
            given.fault(
                way,
                "required",
                "%(field)s is missing, as are the others: one of %(ways)s must be given.",
                ways=", ".join(documented),
            )
    return found


def _first(
    places: tuple[Fields, ...], names: tuple[str, ...], limit: int = NAME_MAX, *, plain: bool = False
) -> str | None:
    """The first of these fields that says something; the others stay where they are."""
    for place in places:
        for name in names:
            if found := place.text(name, limit, plain=plain):
                return found
    return None


def split_name(whole: str) -> tuple[str | None, str | None]:
    """First and last name of a name in one field: `Ada Berg`, `Berg, Ada`, `Ludwig van Beethoven`, `Kim Berg, PhD`."""
    whole = whole.strip(" ,")
    last, comma, first = whole.partition(",")
    last, first = last.strip(), first.strip(" ,")
    if comma and (not _is_title(first) or (" " not in last and first.casefold() in _ALSO_NAMES)):
        return first or None, last or None
    if comma:
        # A title belongs to the last name, which is all there is of `Berg, PhD`.
        given, family = split_name(last) if " " in last else (None, last)
        return given, f"{family}, {first}" if family else first
    words = whole.split()
    at = next((n for n, word in enumerate(words) if n > 0 and word in _PARTICLES), len(words) - 1)
    return " ".join(words[:at]) or whole or None, " ".join(words[at:]) if at > 0 else None


def _is_title(text: str) -> bool:
    return all(word.casefold().replace(".", "") in _TITLES for word in re.split(r"[\s,]+", text))


def _without(whole: str, last: str) -> str:
    """A whole name without the last name at its end, or before it; as it is where nothing else is left."""
    words = whole.replace(",", " , ").split() if "," in whole else whole.split()
    surname = last.casefold().split()
    there = [word.casefold() for word in words]
    if there[-len(surname) :] == surname:
        words = words[: -len(surname)]
    elif there[: len(surname)] == surname:
        words = words[len(surname) :]
    return " ".join(word for word in words if word != ",") or whole


def bare_address(text: str) -> str:
    """An address without what people and programs put around it: `Ada <ada@x>`, `mailto:`, a full stop; the first."""
    text = text[len("mailto:") :].partition("?")[0] if text.casefold().startswith("mailto:") else text
    framed = re.search(r"<\s*(?:mailto:)?([^<>\s]+@[^<>\s]+?)\s*>", text, re.IGNORECASE)
    found = framed[1] if framed else text
    several = [part.strip() for part in re.split(r"[,;]", found) if "@" in part]
    if len(several) > 1 and not found.startswith('"'):
        found = several[0]
    return found.strip(" <>").rstrip(".,;: ") or text


def plain_number(text: str) -> str:
    """A phone number that went through a spreadsheet, `1.6175555555E+10`, in digits; any other as it is."""
    if not _NUMBER.fullmatch(text) or ("." not in text and "e" not in text.casefold()):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and number < 1e15 else text
