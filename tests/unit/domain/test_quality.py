"""V3: the level of a contact, and why."""

import itertools

import pytest

from shared.domain.lead import Chance, Customer, Level, Quality, Validity
from shared.domain.quality import quality_of, with_chance

V, I, S, U = Validity.VALID, Validity.INVALID, Validity.SPAM, Validity.UNKNOWN  # noqa: E741 - a table's heads
WHOLE = Customer(company="Northwind", first_name="Ada", email="a@b.example", phone="1")


@pytest.mark.parametrize(
    ("email", "phone", "level", "bare_level"),
    [
        (V, V, Level.HIGH, Level.HIGH),
        (V, U, Level.HIGH, Level.MEDIUM),
        (V, I, Level.MEDIUM, Level.MEDIUM),
        (V, None, Level.HIGH, Level.MEDIUM),
        (U, V, Level.HIGH, Level.MEDIUM),
        (I, V, Level.MEDIUM, Level.MEDIUM),
        (None, V, Level.HIGH, Level.MEDIUM),
        (U, U, Level.UNKNOWN, Level.UNKNOWN),
        (U, I, Level.UNKNOWN, Level.UNKNOWN),
        (I, U, Level.UNKNOWN, Level.UNKNOWN),
        (U, None, Level.UNKNOWN, Level.UNKNOWN),
        (None, U, Level.UNKNOWN, Level.UNKNOWN),
        (I, I, Level.LOW, Level.LOW),
        (I, None, Level.LOW, Level.LOW),
        (None, I, Level.LOW, Level.LOW),
        (None, None, Level.LOW, Level.LOW),
        (S, V, Level.LOW, Level.LOW),
        (S, U, Level.LOW, Level.LOW),
        (S, I, Level.LOW, Level.LOW),
        (S, None, Level.LOW, Level.LOW),
    ],
)
def test_the_table(email: Validity | None, phone: Validity | None, level: Level, bare_level: Level) -> None:
    for name, expected in ((True, level), (False, bare_level)):
        customer = Customer(
            company="Northwind" if name else None,
            first_name="Ada" if name else None,
            email="a@b.example" if email else None,
            phone="1" if phone else None,
        )
        assert quality_of(customer, email or U, phone or U).level is expected


def test_every_combination_has_its_reasons() -> None:
    for email, phone in itertools.product(Validity, (V, I, U)):
        reasons = quality_of(WHOLE, email, phone).reasons
        assert reasons == (f"email{email.title()}", f"phone{phone.title()}")
    assert quality_of(Customer(company="Northwind"), U, U).reasons == ("emailMissing", "phoneMissing", "noName")
    assert quality_of(Customer(email="a@b.example"), V, U).reasons == (
        "emailValid",
        "phoneMissing",
        "noName",
        "noCompany",
    )


@pytest.mark.parametrize(
    ("level", "times", "wanted", "reason"),
    [
        (Level.MEDIUM, 1.6, Level.HIGH, "oftenWon"),
        (Level.HIGH, 1.6, Level.HIGH, "oftenWon"),
        (Level.MEDIUM, 1.0, Level.MEDIUM, None),
        (Level.MEDIUM, 0.4, Level.LOW, "seldomWon"),
        (Level.HIGH, 0.4, Level.MEDIUM, "seldomWon"),
        (Level.LOW, 9.0, Level.LOW, None),
        (Level.UNKNOWN, 9.0, Level.UNKNOWN, None),
    ],
)
def test_v3_who_cannot_be_reached_is_not_made_better_by_others(
    level: Level, times: float, wanted: Level, reason: str | None
) -> None:
    known = Chance(12, 40, ("country",), 0.3, times)
    found = with_chance(Quality(level, ("emailValid",)), known)
    assert found == Quality(wanted, ("emailValid", reason) if reason else ("emailValid",), known)
    assert with_chance(Quality(level), None) == Quality(level)
