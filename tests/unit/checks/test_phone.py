"""Telephone numbers by the numbering plans (V2)."""

import pytest

from shared.checks.phone import NumberingPlans
from shared.domain.lead import Validity


@pytest.mark.parametrize(
    ("written", "country", "validity", "e164"),
    [
        ("+46 8 123 456 78", None, Validity.VALID, "+46812345678"),
        ("08-123 456 78", "SE", Validity.VALID, "+46812345678"),
        ("16175555555", "US", Validity.VALID, "+16175555555"),
        ("1234567890", "US", Validity.INVALID, None),
        ("1234567890", None, Validity.UNKNOWN, None),
        ("12345678", "AQ", Validity.UNKNOWN, None),
        ("+999 12345678", "SE", Validity.INVALID, None),
        ("call me", "SE", Validity.INVALID, None),
        ("+", None, Validity.INVALID, None),
        ("1" * 64, "SE", Validity.INVALID, None),
        ("0046 8 123 456 78", None, Validity.VALID, "+46812345678"),
        ("0046 8 123 456 78", "US", Validity.VALID, "+46812345678"),
        ("0046 8 123 456 78", "SE", Validity.VALID, "+46812345678"),
        ("(0046) 8 123 456 78", "US", Validity.VALID, "+46812345678"),
        ("08-123 456 78 / 070-174 06 05", "SE", Validity.VALID, "+46812345678"),
        ("08-123 456 78; 070-174 06 05", "SE", Validity.VALID, "+46812345678"),
        ("08-123 456 78, 070-174 06 05", "SE", Validity.VALID, "+46812345678"),
        ("08-123 456 78 eller 070-174 06 05", "SE", Validity.VALID, "+46812345678"),
        ("+49 30/2345678; +49 171/2345678", None, Validity.VALID, "+49302345678"),
        ("06-1/234-5678, 06-30/123-4567", "HU", Validity.VALID, "+3612345678"),
        ("030/2345678", "DE", Validity.VALID, "+49302345678"),
        ("08-123 456 78 (mobile, after 5)", "SE", Validity.VALID, "+46812345678"),
        ("+46 (8) 123 456 78", None, Validity.VALID, "+46812345678"),
    ],
)
def test_v2_a_number_is_read_with_the_customers_country(
    written: str, country: str | None, validity: Validity, e164: str | None
) -> None:
    phone = NumberingPlans().read(written, country)
    assert (phone.validity, phone.e164) == (validity, e164)


def test_v4_an_extension_is_read() -> None:
    phones = NumberingPlans()
    assert phones.read("+46 8 123 456 78 ext. 12", None).extension == "12"
    assert phones.read("+46 8 123 456 78", None).extension is None
