"""Bodies as builders of forms, spreadsheets and people write them (I1–I5): what is meant is read."""

import json
from typing import Any

import pytest

from shared.domain.contact import is_address, person_keys
from shared.domain.errors import InvalidRequest
from shared.domain.intake import payload
from shared.domain.intake.fields import number_text
from shared.domain.intake.formats import HONEYPOT, Reading, read
from shared.domain.intake.payload import FORM, MULTIPART, RefusedFile
from shared.domain.intake.person import bare_address, plain_number, split_name
from shared.domain.lead import Customer
from shared.domain.programme.partner import Takes
from shared.domain.text import INVISIBLE, folded, repaired, trimmed, visible
from tests.builders import submission_body


def form(text: str, takes: Takes = Takes.INQUIRIES) -> Reading:
    return read(payload.form(text.encode()), takes)


def parts(*fields: tuple[str, bytes], boundary: str = "xYz", end: bytes = b"\r\n") -> bytes:
    """A multipart body; each field is its disposition's parameters and its data."""
    lines = [
        b"--" + boundary.encode() + end + b"Content-Disposition: form-data; " + head.encode() for head, _ in fields
    ]
    bodies = [one + end + end + data for one, (_, data) in zip(lines, fields, strict=True)]
    return end.join([*bodies, b"--" + boundary.encode() + b"--" + end])


# --- Names and their nesting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["{}", "customer[{}]", "UserDetails[{}]", "lead[{}]", "customer.{}", "customer[0][{}]"]
)
@pytest.mark.parametrize("spelling", ["email", "Email", "e-mail", "emailAddress", "your-email", "email[]", "email[0]"])
def test_i4_an_address_is_found_however_it_is_nested(name: str, spelling: str) -> None:
    if "[{}]" in name:
        spelling = spelling.replace("[", "][").removesuffix("]")
    reading = form(f"{name.format(spelling)}=a@x.example&share=on")
    assert (reading.email, reading.additional_fields) == ("a@x.example", {})


def test_i4_a_builders_form_is_read_whole() -> None:
    reading = form(
        "your-name=Ada+Berg&your-email=ada@x.example&your-tel=%2B46+8+1&your-message=Hello%0D%0Athere"
        "&your-company=X&share[]=1&OfferDisplayName=Contoso+CRM"
    )
    assert (reading.first_name, reading.last_name, reading.email) == ("Ada", "Berg", "ada@x.example")
    assert (reading.company, reading.phone, reading.notes) == ("X", "+46 8 1", "Hello\r\nthere")
    assert (reading.offer_title, reading.additional_fields) == ("Contoso CRM", {})


def test_i4_names_of_our_own_come_before_those_of_builders() -> None:
    reading = form("email=a@x.example&your-email=b@x.example&notes=Ours&message=Theirs&share=1")
    assert (reading.email, reading.notes) == ("a@x.example", "Ours")
    assert reading.additional_fields == {"your-email": "b@x.example", "message": "Theirs"}


def test_i5_of_a_field_that_comes_several_times_what_is_left_over_is_kept() -> None:
    reading = form("email=&email=a@x.example&email=b@x.example&topic=x&topic=y&share=1")
    assert reading.email == "a@x.example"
    assert reading.additional_fields == {"email": "b@x.example", "topic": ["x", "y"]}


@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        ("Ada Berg", ("Ada", "Berg")),
        ("  Ada   Berg ", ("Ada", "Berg")),
        ("Berg, Ada", ("Ada", "Berg")),
        ("Ada Maria Berg", ("Ada Maria", "Berg")),
        ("Ludwig van Beethoven", ("Ludwig", "van Beethoven")),
        ("Ada", ("Ada", None)),
        ("Berg,", ("Berg", None)),
        (",", (None, None)),
        ("van Gogh", ("van", "Gogh")),
        ("Kim Berg, PhD", ("Kim", "Berg, PhD")),
        ("Kim Berg, Jr.", ("Kim", "Berg, Jr.")),
        ("Kim Berg, PhD,", ("Kim", "Berg, PhD")),
        ("Kim, MD PhD", (None, "Kim, MD PhD")),
        ("Berg, PhD", (None, "Berg, PhD")),
        ("Smith, Jr.", (None, "Smith, Jr.")),
        ("Berg, M.A.", (None, "Berg, M.A.")),
        ("Chen, Ma", ("Ma", "Chen")),
        ("Rahman, Md", ("Md", "Rahman")),
    ],
)
def test_one_name_is_two(whole: str, expected: tuple[str, str | None]) -> None:
    assert split_name(whole.strip()) == expected
    assert form(f"email=a@x.example&share=1&fullName={whole}").first_name == expected[0]


@pytest.mark.parametrize(
    ("name", "surname", "first"),
    [
        ("Ada Berg", "Berg", "Ada"),
        ("Berg, Ada", "Berg", "Ada"),
        ("Berg Ada", "berg", "Ada"),
        ("Ada von Berg", "von Berg", "Ada"),
        ("ADA GROSSMANN", "Großmann", "ADA"),
        ("Huili", "Li", "Huili"),
        ("Ada Freiberg", "Berg", "Ada Freiberg"),
        ("Ali", "Ali", "Ali"),
        ("Ada", "Berg", "Ada"),
    ],
)
def test_a_name_beside_a_surname_is_the_first_name_or_both(name: str, surname: str, first: str) -> None:
    reading = form(f"email=a@x.example&share=1&name={name}&surname={surname}")
    assert (reading.first_name, reading.last_name) == (first, surname)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("name=Ada&surname=Berg", ("Ada", "Berg")),
        ("name=Ada+Berg&surname=Berg", ("Ada", "Berg")),
        ("name=berg&surname=Berg", ("berg", "Berg")),
        ("name=Ada+Berg&firstname=Ada", ("Ada", None)),
    ],
)
def test_a_name_beside_a_surname_is_the_first_name(fields: str, expected: tuple[str | None, str | None]) -> None:
    reading = form(f"email=a@x.example&share=1&{fields}")
    assert (reading.first_name, reading.last_name) == expected


@pytest.mark.parametrize(
    "name", [HONEYPOT, "gotcha", "_GOTCHA", "_gotcha[]", "lead[_gotcha]", "customer[_gotcha]", "customer.gotcha"]
)
def test_the_honeypot_works_in_every_spelling(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        form(f"email=a@x.example&share=1&{name}=spam")
    assert {one.target for one in refused.value.details} == {HONEYPOT}
    assert form(f"email=a@x.example&share=1&{name}=").additional_fields == {}


# --- How a body is packed ---------------------------------------------------------------------------------------------


def test_json_under_a_forms_content_type_is_json() -> None:
    body = {"UserDetails": {"Email": "a@x.example"}, "ActionCode": "PLT"}
    for raw in (json.dumps(body).encode(), b"\xef\xbb\xbf " + json.dumps(body).encode()):
        assert payload.value_of(raw, FORM) == body
    assert payload.value_of(b"{=1", FORM) == {"{": "1"}


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("boundary", ["----WebKitFormBoundary7MA4YWxkTrZu0gW", "a", "it's+a(b),c"])
def test_a_multipart_form_is_read_and_its_files_are_refused_aloud(end: bytes, boundary: str) -> None:
    body = parts(
        ('name="email"', b"a@x.example"),
        ('name="notes"', "Grüße\r\n--not the end\r\n".encode()),
        ('name="share"', b"0"),
        ('name="share"', b"1"),
        ('name="cv"; filename="Lebenslauf ü.pdf"', b"\x00\xff%PDF"),
        ('name="picture"; filename=""', b""),
        ('name="prénom"', b"Ada"),
        boundary=boundary,
        end=end,
    )
    value = payload.value_of(body, f'Multipart/Form-Data; boundary="{boundary}"')
    reading = read(value, Takes.INQUIRIES)
    assert (reading.email, reading.notes, reading.share) == ("a@x.example", "Grüße\r\n--not the end", True)
    assert reading.additional_fields == {"prénom": "Ada", "cv": "Lebenslauf ü.pdf"}
    assert [str(one.message) for one in reading.warnings] == ["The file in cv was not taken: only text is."]


def test_the_same_multipart_form_is_the_same_whatever_stands_between_its_fields() -> None:
    one, other = (payload.multipart(parts(('name="a"', b"1"), boundary=b), f"{MULTIPART}; boundary={b}") for b in "xy")
    assert one == other == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", MULTIPART),
        (b"--x\r\n", MULTIPART),
        (b"", MULTIPART + "; boundary=x"),
        (b"no boundary", MULTIPART + "; boundary=x"),
        (b"--x\r\n\r\nnameless\r\n--x--", MULTIPART + "; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--", MULTIPART + "; boundary=x"),
        (parts(('name="a"', b"\xff"), boundary="x"), MULTIPART + "; boundary=x"),
        (parts(("name*; name*0*=x", b"1"), boundary="x"), MULTIPART + "; boundary=x"),
        (parts(('name="a"; filename*=a; filename*0=b', b"1"), boundary="x"), MULTIPART + "; boundary=x"),
        (parts(('name="a"', b"1"), boundary="B"), MULTIPART + "; boundary*=B; boundary*0=B"),
        (parts(*[('name="a"', b"")] * 501, boundary="x"), MULTIPART + "; boundary=x"),
    ],
)
def test_a_multipart_form_that_is_none_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidRequest):
        payload.value_of(body, kind)


def test_a_file_is_no_text() -> None:
    with pytest.raises(InvalidRequest):
        read({"share": "1", "email": RefusedFile(name="a@x.example", size=1)}, Takes.INQUIRIES)


@pytest.mark.parametrize(
    "body",
    [
        {"CustomerInfo": {"Email": "a@x.example"}},
        {"CustomerInfo": '{"Email": "a@x.example"}'},
        {"CustomerInfo": '\ufeff{"Email": "a@x.example"}'},
        {"UserDetails": '{"Email": "a@x.example"}'},
        {"userDetails": ' {"e-mail": "a@x.example"}\n'},
    ],
)
def test_i3_a_person_may_come_as_an_object_or_as_its_text(body: dict[str, Any]) -> None:
    reading = read(body | {"ActionCode": "PLT", "OfferDisplayName": "Contoso CRM"})
    assert (reading.email, reading.offer_title, reading.additional_fields) == ("a@x.example", "Contoso CRM", {})


def test_raw_line_breaks_in_json_texts_are_read_as_what_they_are() -> None:
    raw = b'{"UserDetails": {"Email": "a@x.example"}, "Description": "one\r\n\ttwo"}'
    assert read(payload.value_of(raw, "application/json")).notes == "one\r\n\ttwo"
    with pytest.raises(InvalidRequest):
        payload.json_value(raw, once=True)


# --- Empty is empty, invisible is nothing -----------------------------------------------------------------------------

EMPTY: list[Any] = [
    None,
    False,
    [],
    {},
    "",
    "  ",
    "null",
    "NULL",
    "N/A",
    "n/a",
    "-",
    "--",
    "\u2014",
    "\u200b",
    "undefined",
]


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("name", ["Email", "Company", "FirstName", "Country", "Title", "OfferTitle", "Description"])
def test_i5_what_says_nothing_is_missing(empty: Any, name: str) -> None:
    body = submission_body(**{name: empty, "Phone": "1"})
    reading = read(body)
    ours = {"FirstName": "first_name", "OfferTitle": "offer_title", "Description": "notes"}.get(name, name.lower())
    assert getattr(reading, ours) is None
    assert reading.additional_fields == {}


@pytest.mark.parametrize("empty", EMPTY)
def test_i5_an_object_that_says_nothing_is_missing(empty: Any) -> None:
    customer = {"company": "X"}
    for part in ("offer", "sender"):
        body = {"qualification": "salesQualified", "customer": customer, part: empty}
        assert read(body, Takes.QUALIFIED).company == "X"
    assert read({"share": True, "consent": empty if empty is not False else None, "customer": customer}).contact
    assert read({"share": True, "company": "X", "customer": empty}, Takes.INQUIRIES).company == "X"
    assert read({"share": True, "company": "X", "searchTerms": empty}, Takes.INQUIRIES).search_terms in ((), ("-",))


@pytest.mark.parametrize("full", [True, ["x"], {"a": 1}])
def test_i5_a_full_container_and_true_stay_faults(full: Any) -> None:
    with pytest.raises(InvalidRequest):
        read(submission_body(FirstName=full))


def test_invisible_characters_do_not_hide_what_is_meant() -> None:
    body = submission_body(
        Email="ada\u200b@contoso.com\u200b",
        Phone="\u202a+46 8 1\u202c",
        FirstName="\u2066\u200b\u2069",
        LastName="\ufeffBe\u200drg\u200e",
        ActionCode="DNC\u200b",
        LeadSource="\u200eSPZA\u00ad-DNC|x.y",
        OfferTitle="Contoso\u200b CRM",
    )
    reading = read(body)
    assert (reading.email, reading.phone, reading.first_name) == ("ada@contoso.com", "+46 8 1", None)
    assert (reading.last_name, reading.action_code) == ("Be\u200drg", "DNC")
    assert (reading.source_text, reading.offer_title, reading.offer_id) == ("SPZA-DNC|x.y", "Contoso CRM", "x.y")


def test_v4_texts_are_compared_by_what_is_seen() -> None:
    assert folded("Contoso CRM\u200b") == folded("contoso\u00ad crm")
    assert folded("D\u2019Angelo") == folded("d'angelo") == folded("D\u00b4Angelo")
    assert trimmed("\u200b a\u200db \ufeff") == "a\u200db"
    assert visible("a" + INVISIBLE + "b") == "ab"
    assert repaired("\u3164\u200b", 10) is None
    family = "👩\u200d👧"
    assert repaired(family, 10) == family


# --- Persons ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@bücher.example", "ADA@XN--BCHER-KVA.example"),
        ("ada@bu\u0308cher.example", "ada@bücher.example"),
        ("Ada@X.Example", " ada@x.example\u200b"),
        ("jose\u0301@x.example", "josé@x.example"),
        ("ada@x.example.", "ada@x.example"),
    ],
)
def test_v4_one_person_has_one_key(one: str, other: str) -> None:
    assert person_keys(Customer(email=one)) == person_keys(Customer(email=other)) != ()


def test_v4_what_is_no_address_relates_nobody() -> None:
    for no_address in ("n/a", "none", "@x.example", "a@", "a@localhost", "a b@x.example", "a..b@x.example", "x" * 400):
        assert person_keys(Customer(email=no_address)) == ()
    assert person_keys(Customer(email='"ada berg"@x.example')) != ()
    one, other = (person_keys(Customer(email=f"{name}@x.example")) for name in ("straße", "strasse"))
    assert one != other, "two mailboxes are two people"
    assert is_address("a" * 64 + "@x.example")


def test_v4_phones_with_different_extensions_are_different_people() -> None:
    keys = {person_keys(Customer(phone_e164="+46812345678", phone_extension=one)) for one in (None, "1", "2")}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("<a@b.example>", "a@b.example"),
        ("Ada Berg <a@b.example>", "a@b.example"),
        ("mailto:a@b.example", "a@b.example"),
        ("MAILTO:a@b.example?subject=Hi", "a@b.example"),
        ("<mailto:a@b.example>", "a@b.example"),
        ("a@b.example.", "a@b.example"),
        ("a@b.example,", "a@b.example"),
        ("a@b.example; c@d.example", "a@b.example"),
        ('"a, b"@c.example', '"a, b"@c.example'),
        ("a@b.example", "a@b.example"),
        ("no address, sorry", "no address, sorry"),
        ("...", "..."),
    ],
)
def test_v1_addresses_as_people_write_them(written: str, address: str) -> None:
    assert bare_address(written) == address


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (1.6175555555e10, "16175555555"),
        (16175555555, "16175555555"),
        ("16175555555.0", "16175555555"),
        ("1.6175555555E+10", "16175555555"),
        ("1.6175555555e10", "16175555555"),
        ("617.555.5555", "617.555.5555"),
        ("+1 617 555", "+1 617 555"),
        ("1E+99", "1E+99"),
    ],
)
def test_numbers_as_spreadsheets_write_them(written: Any, text: str) -> None:
    assert read(submission_body(Phone=written)).phone == text
    assert plain_number(text) == text


def test_whole_numbers_lose_their_point_everywhere() -> None:
    reading = read(submission_body(Company=7.0, Seats=12.0, Rate=0.5))
    assert (reading.company, json.dumps(reading.additional_fields)) == ("7", '{"Seats": 12, "Rate": 0.5}')
    assert number_text(1e300) == "1e+300"


def test_several_files_of_one_field_are_refused_aloud() -> None:
    files = [("name=\"files\"; filename*=utf-8''%C3%A9.pdf", b"%PDF"), ('name="files"; filename="b.pdf"', b"%PDF")]
    said = [('name="email"', b"a@x.example"), ('name="share"', b"1"), *files]
    reading = read(payload.multipart(parts(*said, boundary="x"), f"{MULTIPART}; boundary=x"), Takes.INQUIRIES)
    assert reading.additional_fields == {"files": "é.pdf"}
    assert [one.code for one in reading.warnings] == ["fileNotTaken"]
