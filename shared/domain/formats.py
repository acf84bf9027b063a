"""Reads what marketplaces send into one shape (SPEC 10, T3, T5, T9, T10).

Sloppy input is normal: keys come in any letter case, any value may be missing, codes may be unknown. Only a body that
names nobody, or whose parts are not what their names say, is unreadable. I1 stands here; the other formats join it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.lead import (
    ADDITIONAL_DEPTH_MAX,
    ADDITIONAL_MAX,
    NAME_MAX,
    NOTES_MAX,
    PHONE_MAX,
    CallToAction,
    Source,
)
from shared.domain.text import repaired

INTEGER_MAX = 2**53
"""Beyond it other readers of JSON lose digits, so a number is kept as text."""


@dataclass(frozen=True)
class Reading:
    """What a delivery says, cut to its bounds; country and phone are as written."""

    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    title: str | None = None
    source_text: str | None = None
    action_code: str | None = None
    offer_title: str | None = None
    notes: str | None = None
    additional_fields: Mapping[str, Any] = field(default_factory=dict)


_PERSON = {
    "firstname": ("first_name", NAME_MAX),
    "lastname": ("last_name", NAME_MAX),
    "email": ("email", NAME_MAX),
    "phone": ("phone", PHONE_MAX),
    "country": ("country", NAME_MAX),
    "company": ("company", NAME_MAX),
    "title": ("title", NAME_MAX),
}
_LEAD = {
    "leadsource": ("source_text", NAME_MAX),
    "actioncode": ("action_code", NAME_MAX),
    "offertitle": ("offer_title", NAME_MAX),
    "description": ("notes", NOTES_MAX),
}


def read_marketplace(body: object) -> Reading:
    """I1: the marketplace's HTTPS endpoint.

    Raises InvalidRequest with one detail for every field at fault, or when company, e-mail and phone are all missing.
    """
    if not isinstance(body, Mapping):
        raise InvalidRequest("The body must be a JSON object.", details=[Detail("invalidType", "Not a JSON object.")])
    faults: list[Detail] = []
    person: object = None
    unknown: dict[str, Any] = {}
    rest = {}
    for key, value in body.items():
        if key.casefold() == "userdetails" and person is None:
            person = value
        else:
            rest[key] = value
    found = _fields(rest, _LEAD, "", unknown, faults)
    if person is None:
        faults.append(Detail("required", "UserDetails is missing.", "UserDetails"))
    elif not isinstance(person, Mapping):
        faults.append(Detail("invalidType", "UserDetails must be an object.", "UserDetails"))
    else:
        found |= _fields(person, _PERSON, "UserDetails.", unknown, faults)
        if not faults and not any(found.get(name) for name in ("company", "email", "phone")):
            message = "One of Company, Email and Phone must be given."
            faults += [Detail("required", message, f"UserDetails.{name}") for name in ("Company", "Email", "Phone")]
    if faults:
        raise InvalidRequest("The lead cannot be read.", details=faults)
    return Reading(**found, additional_fields=_bounded(unknown))


def _fields(
    given: Mapping[str, object],
    known: Mapping[str, tuple[str, int]],
    prefix: str,
    unknown: dict[str, Any],
    faults: list[Detail],
) -> dict[str, Any]:
    """The known fields by our names, whatever their letter case.

    Of several the first that says something wins, the others are kept as unknown.
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        name, limit = known.get(key.casefold(), ("", 0))
        if not name or found.get(name):
            unknown[prefix + key] = value
        elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
            found[name] = repaired(str(value), limit, lines=name == "notes")
        elif value is not None:
            faults.append(Detail("invalidType", f"{prefix}{key} must be a string.", prefix + key))
    return found


def _bounded(unknown: Mapping[str, Any]) -> dict[str, Any]:
    """Unknown fields as long as they fit together; what does not is only in the payload (I5)."""
    kept: dict[str, Any] = {}
    size = 2
    for key, value in unknown.items():
        clean_key, clean = repaired(key, NAME_MAX), _clean(value, ADDITIONAL_DEPTH_MAX)
        if clean_key is None or clean_key in kept:
            continue
        size += len(json.dumps({clean_key: clean}))
        if size > ADDITIONAL_MAX:
            break
        kept[clean_key] = clean
    return kept


def _clean(value: Any, depth: int) -> Any:
    """The JSON value with its texts repaired; what is nested deeper than `depth` becomes null."""
    if isinstance(value, str):
        return repaired(value, ADDITIONAL_MAX, lines=True) or ""
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return str(value)
    if isinstance(value, list | dict) and depth == 0:
        return None
    if isinstance(value, list):
        return [_clean(one, depth - 1) for one in value]
    if isinstance(value, dict):
        return {repaired(key, NAME_MAX) or "": _clean(one, depth - 1) for key, one in value.items()}
    return value


_SOURCES = {
    "appsource": Source.APP_SOURCE,
    "spza": Source.APP_SOURCE,
    "appsourcespza": Source.APP_SOURCE,
    "microsoftappsource": Source.APP_SOURCE,
    "azuremarketplace": Source.AZURE_MARKETPLACE,
    "azureportal": Source.AZURE_PORTAL,
}


def lead_source(text: str | None) -> Source:
    """T3: the source behind a sender's spelling; `other` when it is none we know."""
    return _SOURCES.get("".join(c for c in (text or "").casefold() if c.isalnum()), Source.OTHER)


def call_to_action(code: str | None, registered: CallToAction | None = None) -> CallToAction | None:
    """T5: the call to action behind an action code; `registered` is the registered offer's."""
    match (code or "").strip().casefold():
        case "plt":
            return CallToAction.CONTACT_ME
        case "ins":
            return registered or CallToAction.GET_IT_NOW
        case "create":
            return CallToAction.GET_IT_NOW
        case "starttestdrive":
            return CallToAction.TEST_DRIVE
        case "dnc":
            return None
        case _:
            return registered


def forbids_contact(code: str | None) -> bool:
    """T6: the action code that says the customer must not be contacted."""
    return (code or "").strip().casefold() == "dnc"


def is_test(*texts: str | None) -> bool:
    """T9: true when a name or address carries the marketplace's connection test mark."""
    return any("msft_test_" in text.casefold() for text in texts if text)
