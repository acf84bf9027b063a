"""What is shown of a partner's people."""

from datetime import datetime

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.instants import stamp
from shared.domain.people import Person
from shared.http.shapes.enumerations import LanguageText, RoleText


class PersonView(TypedDict):
    """Somebody who has signed in; `notSeenSince` is null for who was seen in the last 90 days."""

    id: str
    name: str | None
    email: str | None
    roles: list[RoleText]
    language: LanguageText
    firstSeenDateTime: str
    lastSeenDateTime: str
    notSeenSince: str | None


def person_view(person: Person, at: datetime) -> PersonView:
    """One of a partner's people, as the token named them then."""
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "roles": list(person.roles),
        "language": person.language,
        "firstSeenDateTime": stamp(person.first_seen),
        "lastSeenDateTime": stamp(person.last_seen),
        "notSeenSince": None if person.is_here(at) else stamp(person.last_seen),
    }
