"""A partner's people are those who have signed in, as their tokens name them (S1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.people import HERE_FOR, Person, noticed
from shared.domain.permissions import Caller, Role
from tests.builders import AT, DAY

HELD = frozenset({Role.PARTNER_ADMIN, Role.LEADS_USER, Role.SENDER})
CALLER = Caller("t", "ann", "Ann", HELD, "contoso", email="ann@contoso.example")
SEEN = Person("ann", "Ann", "ann@contoso.example", (Role.LEADS_USER, Role.PARTNER_ADMIN), "sv", AT, AT)


def test_who_signs_in_is_remembered_with_what_the_token_says() -> None:
    assert noticed(CALLER, "sv", None, AT) == SEEN


@pytest.mark.parametrize(
    "changes",
    [
        {"partner_id": None},
        {"roles": frozenset({Role.SENDER})},
        {"roles": frozenset({Role.OPERATOR})},
        # A program.
        {"name": None, "email": None},
    ],
)
def test_whoever_is_none_of_a_partners_people_is_not_remembered(changes: dict[str, object]) -> None:
    assert noticed(replace(CALLER, **changes), "sv", None, AT) is None  # type: ignore[arg-type] # each in turn


@pytest.mark.parametrize("email", [None, "Ann Berg", "ann@", "ann@contoso.example\r\nBcc: x@y.example", "a" * 400])
def test_what_is_no_address_is_none(email: str | None) -> None:
    person = noticed(replace(CALLER, email=email), "sv", None, AT)
    assert person is not None
    assert person.email is None


def test_a_day_is_enough_and_what_changes_is_noticed_on_the_next() -> None:
    left = replace(CALLER, name="Ann Berg", roles=frozenset({Role.LEADS_USER}))
    midnight = AT.replace(hour=23, minute=59)
    assert noticed(left, "de", SEEN, midnight) is None
    after = midnight + timedelta(minutes=1)
    assert noticed(left, "de", SEEN, after) == Person(
        "ann", "Ann Berg", SEEN.email, (Role.LEADS_USER,), "de", AT, after
    )
    # A clock that was set back.
    assert noticed(left, "de", replace(SEEN, last_seen=AT + DAY), AT) is None


def test_who_was_not_seen_for_ninety_days_is_not_here() -> None:
    assert SEEN.is_here(AT + HERE_FOR - timedelta(seconds=1))
    assert not SEEN.is_here(AT + HERE_FOR)
    assert SEEN.is_admin
    assert not replace(SEEN, roles=(Role.LEADS_ADMIN,)).is_admin
