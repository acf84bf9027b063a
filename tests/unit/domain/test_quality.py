"""V3: the level of a contact, and why."""

import itertools

import pytest

from shared.domain.lead import Customer, Level, Validity
from shared.domain.quality import quality_of

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
