"""What a delivery says that the customer agreed to (T10, T6): a no anywhere is a no, a ticked box is a yes."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.fields import Fields
from shared.domain.instants import parse_time


@dataclass(frozen=True)
class Agreed:
    """What was said; None where nothing was. `at` and `country` are when and where the customer agreed."""

    share: bool | None
    contact: bool | None
    at: datetime | None = None
    country: str | None = None


def agreed(given: Fields, *persons: Fields | None, boxes: bool = False) -> Agreed:
    """The consent of a delivery, wherever it stands: flat, in `consent`, or with the person.

    A `share` that is withheld is a fault: such a delivery goes to no partner. Flat, `contact` is often somebody's name,
    so it is read there only where it is a yes or a no; `boxes` says that it is a web form's box and nothing else.
    """
    # A bare `consent` does not say to what, so only its no counts.
    bare = given.flag("consent", lenient=True)
    shares: list[bool | None] = [False if bare is False else None]
    contacts: list[bool | None] = []
    part = given.part("consent")
    for place in (given, part, *persons):
        if place is None:
            continue
        is_box = boxes or place is part
        shares.append(place.flag("share", lenient=not is_box and place is not given))
        contacts.append(place.flag("contact", lenient=not is_box))
        if place.flag("donotcontact"):
            contacts.append(False)
    share, contact = _together(shares), _together(contacts)
    if share is False:
        given.fault("share", "notAllowed", "%(field)s is false: without consent the data is passed to no partner.")
    if part is None:
        return Agreed(share, contact)
    return Agreed(share, contact, parse_time(part.text("at")), part.text("country"))


def _together(said: list[bool | None]) -> bool | None:
    return False if False in said else True if True in said else None
