"""What a submission says that the customer agreed to (T10, T6): a no anywhere is a no, a ticked box is a yes."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.instants import parse_time
from shared.domain.intake.codes import forbids_contact, source_line
from shared.domain.intake.fields import Fields


@dataclass(frozen=True)
class Agreed:
    """What was said; None where nothing was. `at` and `country` are when and where the customer agreed."""

    share: bool | None
    contact: bool | None
    at: datetime | None = None
    country: str | None = None
    parts: tuple[Fields, ...] = ()
    """What else was said in `consent`, such as its wording: evidence that stays with the lead."""


def agreed(given: Fields, *persons: Fields | None, boxes: bool = False) -> Agreed:
    """The consent of a submission, wherever it stands: flat, in `consent`, or with the person.

    A `share` that is withheld is a fault: such a submission goes to no partner. Flat, `contact` is often somebody's
    name, so it is read there only where it is a yes or a no; `boxes` says that it is a web form's box and nothing else.
    An action code that forbids contact counts wherever it stands (T6).
    """
    shares: list[bool | None] = []
    contacts: list[bool | None] = []
    parts: list[Fields] = []
    for place in (given, *persons):
        if place is None:
            continue
        # A bare `consent` does not say to what, so only its no counts.
        if place.flag("consent", lenient=True) is False:
            shares.append(False)
        shares.append(place.flag("share"))
        contacts.append(place.flag("contact", lenient=not boxes))
        part = place.part("consent", lenient=place is not given)
        if part is not None:
            parts.append(part)
            shares.append(part.flag("share"))
            contacts.append(part.flag("contact"))
        if any(one.flag("donotcontact", wins=True) for one in (place, part) if one is not None) or _forbidden(place):
            contacts.append(False)
    share, contact = _together(shares), _together(contacts)
    if share is False:
        given.fault("share", "notAllowed", "%(field)s is false: without consent the data is passed to no partner.")
    at: datetime | None = None
    country: str | None = None
    for part in parts:
        written = part.text("at")
        when = parse_time(written)
        at = at or when
        if written and when is None:
            part.put(f"{part.prefix}at", "at", written)
        country = country or part.text("country")
    return Agreed(share, contact, at, country, tuple(parts))


def _forbidden(place: Fields) -> bool:
    lines = (source_line(line).action for line in place.said("leadsource"))
    return any(forbids_contact(code) for code in (*place.said("actioncode"), *lines))


def _together(said: list[bool | None]) -> bool | None:
    return False if False in said else True if True in said else None
