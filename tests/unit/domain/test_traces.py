"""S4: a person's address or number is found in every spelling that is the same by V4, and nobody else's is."""

import json
from dataclasses import replace

import pytest

from shared.domain.lead import Customer
from shared.domain.traces import ERASED, Traces, country_code_of, rewritten
from tests.builders import a_lead

ADA = Traces(email="ada@xn--bcher-kva.example")
NUMBER = Traces(phone="+46701234567")
OFFICE = Traces(phone="+4687123456", extension="12")


@pytest.mark.parametrize(
    "text",
    [
        "ada@xn--bcher-kva.example",
        "ADA@Bücher.Example",
        "ada@bu\u0308cher.example",
        "Write to ada@bücher.example.",
        "(ada@bücher.example)",
        "mailto:ada@bücher.example?subject=x",
        "email=ada@bücher.example&x=1",
        "a\u200bda@bücher.example",
        "ada@bücher。example",
        "ada@bücher.example, bob@bücher.example",
        "https://x.example/?m=ada%40b%C3%BCcher.example",
        "ada&#64;b&uuml;cher.example",
        '{"a": {"b": ["ada\\u0040b\\u00fccher.example"]}}',
        '{"ada@bücher.example": 1}',
        json.dumps({"CustomerInfo": json.dumps({"Email": "ada@bücher.example"})}),
    ],
)
def test_s4_an_address_is_found_in_every_spelling(text: str) -> None:
    assert ADA.found_in(text)
    assert ADA.found_in_bytes(text.encode())
    assert not ADA.found_in(ADA.taken_from(text))
    assert ERASED in ADA.taken_from(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ada@",
        "bada@bücher.example",
        "b.ada@bücher.example",
        "x+ada@bücher.example",
        "ada+x@bücher.example",
        "ada@bücher.example.org",
        "ada@buecher.example",
        "ada at bücher.example",
        "ada@@bücher.example",
    ],
)
def test_s4_no_other_address_is_taken_for_it(text: str) -> None:
    assert not ADA.found_in(text)
    assert ADA.taken_from(text) == text


def test_s4_what_stands_around_an_address_stays() -> None:
    text = "Ask Ada (ada@bücher.example) or Bob (bob@bücher.example), twice: ADA@BÜCHER.EXAMPLE."

    assert ADA.taken_from(text) == f"Ask Ada ({ERASED}) or Bob (bob@bücher.example), twice: {ERASED}."


@pytest.mark.parametrize(
    "text",
    [
        "+46701234567",
        "+46 70 123 45 67",
        "+46 (0)70-123 45 67",
        "0046 70 123 45 67",
        "011 46 70 1234567",
        "46701234567",
        "070-123 45 67",
        "(070) 1234567",
        "701234567",
        "Call +46\u00a070\u2011123\u00a045\u00a067 today",
        "＋４６７０１２３４５６７",
        "+٤٦٧٠١٢٣٤٥٦٧",
        "tel:+46-70-123-45-67",
        "phone=%2B46+70+123+45+67",
        '{"phone": 46701234567}',
        "070.123.45.67, 08-712 34 56",
    ],
)
def test_s4_a_number_is_found_in_every_spelling(text: str) -> None:
    assert NUMBER.found_in(text) or NUMBER.found_in_bytes(text.encode())
    assert NUMBER.found_in_bytes(text.encode())
    assert not NUMBER.found_in(NUMBER.taken_from(text))


@pytest.mark.parametrize(
    "text",
    [
        "+46 70 123 45 68",
        "+49 70 1234567",
        "0049 701234567",
        "+467012345678",
        "1701234567890",
        "a701234567b",
        "m701234567",
        "2070-12-34",
        "+46 70 123 45 67 ext. 12",
    ],
)
def test_s4_no_other_number_is_taken_for_it(text: str) -> None:
    assert not NUMBER.found_in(text), NUMBER.taken_from(text)


def test_s4_a_number_with_another_extension_is_another_person() -> None:
    assert OFFICE.found_in("+46 8 712 34 56 ext. 12")
    assert OFFICE.found_in("08-712 34 56 x12")
    assert not OFFICE.found_in("+46 8 712 34 56")
    assert not OFFICE.found_in("+46 8 712 34 56 ext. 13")


def test_s4_a_short_number_is_nobodys_without_its_country() -> None:
    short = Traces(phone="+354545100")

    assert short.found_in("+354 545100")
    assert not short.found_in("545100 boxes")


def test_s4_a_day_is_no_number() -> None:
    assert not Traces(phone="+4520261127").found_in("2026-11-27")
    assert Traces(phone="+4520261127").found_in("20 26 11 27")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_s4_what_was_sent_is_read_in_its_encoding(encoding: str) -> None:
    body = "Kontakt: ada@bücher.example".encode(encoding)

    assert ADA.found_in_bytes(body)
    assert not ADA.found_in_bytes(body.replace(b"d", b"e"))


@pytest.mark.parametrize(
    ("number", "code"), [("+12025550143", "1"), ("+79161234567", "7"), ("+46701234567", "46"), ("+35315550100", "353")]
)
def test_country_codes_are_told_from_the_number(number: str, code: str) -> None:
    assert country_code_of(number) == code


def test_s4_every_text_of_a_record_is_looked_through() -> None:
    lead = replace(
        a_lead(),
        customer=Customer(company="Ada", email="other@x.example"),
        notes="or ada@bücher.example",
        search_terms=("crm", "ada@bücher.example"),
        additional_fields={"x": {"ada@bücher.example": ["ADA@bücher.example", 1, None]}},
    )
    cleaned = rewritten(lead, ADA.taken_from)

    assert ADA.found_in_any(lead)
    assert not ADA.found_in_any(cleaned)
    assert cleaned.notes == f"or {ERASED}"
    assert cleaned.search_terms == ("crm", ERASED)
    assert cleaned.additional_fields == {"x": {ERASED: [ERASED, 1, None]}}
    assert (cleaned.id, cleaned.status, cleaned.customer) == (lead.id, lead.status, lead.customer)
    assert rewritten(cleaned, ADA.taken_from) is cleaned
