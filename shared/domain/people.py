"""A partner's people: those who have signed in, as their tokens name them (S1).

Nobody keeps a list of them, so this is what is known. An address is what a token says, and nothing is decided by it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.contact import fold_email, is_address
from shared.domain.permissions import Caller, Role

HERE_FOR = timedelta(days=90)
"""Who has not been seen for so long may have left."""
THEIRS = frozenset({Role.LEADS_USER, Role.LEADS_ADMIN, Role.PROFILE_ADMIN, Role.PARTNER_ADMIN})
"""The roles of a partner's people; implied ones are among those that somebody holds."""


@dataclass(frozen=True)
class Person:
    """One of a partner's people; `id` is the token's oid, `language` one of N4, `email` None where there is none."""

    id: str
    name: str | None
    email: str | None
    roles: tuple[Role, ...]
    language: str
    first_seen: datetime
    last_seen: datetime

    @property
    def is_admin(self) -> bool:
        """True for who administers the partner."""
        return Role.PARTNER_ADMIN in self.roles

    def is_here(self, at: datetime) -> bool:
        """True for who was seen lately."""
        return at - self.last_seen < HERE_FOR


def noticed(caller: Caller, language: str, before: Person | None, at: datetime) -> Person | None:
    """What is to be remembered of a partner's caller who is seen now; None where that is known, or nobody's to know.

    A day (of UTC) is enough: a name or a role that changes is noticed on the next. A program has neither name nor
    address.
    """
    held = caller.roles & THEIRS
    if not (caller.partner_id and held and (caller.name or caller.email)):
        return None
    if before and at.date() <= before.last_seen.date():
        return None
    usable = caller.email if caller.email and is_address(fold_email(caller.email)) else None
    person = Person(caller.person, caller.name, usable, tuple(sorted(held)), language, at, at)
    return replace(person, first_seen=before.first_seen) if before else person
