"""Reading what marketplaces send (I1, I5; T3, T5, T6, T9)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidRequest
from shared.domain.instants import parse_time
from shared.domain.intake import payload
from shared.domain.intake.codes import SourceLine, call_to_action, forbids_contact, is_test, lead_source, source_line
from shared.domain.intake.formats import HONEYPOT, Reading, read
from shared.domain.lead import ADDITIONAL_MAX, NAME_MAX, NOTES_MAX, CallToAction, LeadType, Qualification, Source
from shared.domain.programme.partner import Takes
from shared.domain.text import flaw
from tests.builders import CONTACT_ME, ROOT, submission_body

SAMPLES = ROOT / "docs" / "samples"


def test_i1_the_real_payload_is_read_whole() -> None:
    reading = read(CONTACT_ME)
    assert (reading.first_name, reading.last_name, reading.company) == ("Ada", "Berg", "Northwind Traders")
    assert (reading.email, reading.phone) == ("ada.berg@northwind.example", "+46 8 123 456 78")
    assert (reading.country, reading.title, reading.action_code) == ("Sweden", "CTO", "PLT")
    assert (reading.source_text, reading.offer_title) == ("AppSource (SPZA)", "Contoso CRM")
    assert reading.notes is not None
    assert reading.notes.startswith("We have 300 users")
    assert reading.additional_fields == {}


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_i1_keys_come_in_any_letter_case(change: Any) -> None:
    body = {change(key): value for key, value in CONTACT_ME.items()}
    body[change("UserDetails")] = {change(key): value for key, value in CONTACT_ME["UserDetails"].items()}
    assert read(body) == read(CONTACT_ME)


def test_i5_unknown_fields_are_kept_under_their_own_names() -> None:
    body = submission_body(Campaign="Spring", Score=7, Nested={"a": [1, None]})
    body["UserDetails"]["Twitter"] = "@ada"
    assert read(body).additional_fields == {
        "Campaign": "Spring",
        "Score": 7,
        "Nested": {"a": [1, None]},
        "UserDetails.Twitter": "@ada",
    }


def test_i5_unknown_fields_have_a_bound_together() -> None:
    body = submission_body(**{f"Field{n}": "x" * 1000 for n in range(100)})
    kept = read(body).additional_fields
    assert 10 < len(kept) < 20
    assert len(json.dumps(kept)) <= ADDITIONAL_MAX


def test_long_texts_are_cut_at_their_bounds() -> None:
    reading = read(submission_body(FirstName="n" * 10_000, Description="d" * 10_000))
    assert reading.first_name == "n" * NAME_MAX
    assert reading.notes == "d" * NOTES_MAX


def test_control_characters_and_lone_surrogates_do_not_reach_the_lead() -> None:
    reading = read(submission_body(FirstName="A\x00d\ud800a", Description="one\r\ntwo\x07"))
    assert reading.first_name == "A d\ufffda"
    assert reading.notes == "one\r\ntwo"


def test_a_number_is_read_as_it_is_written() -> None:
    assert read(submission_body(Phone=16175555555)).phone == "16175555555"


def test_of_a_field_that_comes_twice_the_one_that_says_something_wins() -> None:
    reading = read({"UserDetails": {"Email": "", "email": "real@northwind.example", "EMAIL": "x"}})
    assert reading.email == "real@northwind.example"
    assert reading.additional_fields == {"UserDetails.EMAIL": "x"}
    kept = read({"UserDetails": {"email": "real@northwind.example", "Email": " "}})
    assert kept.email == "real@northwind.example"


def test_i5_a_number_too_large_for_other_readers_is_kept_as_text() -> None:
    assert read(submission_body(Big=10**30)).additional_fields == {"Big": str(10**30)}


def test_t7_one_of_company_email_and_phone_is_enough() -> None:
    for name in ("Company", "Email", "Phone"):
        assert read({"UserDetails": {name: "x"}})


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({"UserDetails": {}}, {"UserDetails.Company", "UserDetails.Email", "UserDetails.Phone"}),
        (
            {"UserDetails": {"Email": " ", "FirstName": "Ada"}},
            {"UserDetails.Company", "UserDetails.Email", "UserDetails.Phone"},
        ),
        ({"LeadSource": "AppSource"}, {"UserDetails"}),
        ({"UserDetails": "Ada"}, {"UserDetails"}),
        ({"UserDetails": ["Ada"], "OfferTitle": {"a": 1}}, {"UserDetails", "OfferTitle"}),
        ({"userdetails": {"email": ["a"], "Phone": True, "company": "C"}}, {"UserDetails.email", "UserDetails.Phone"}),
        ([], {None}),
        ("text", {None}),
        (None, {None}),
    ],
)
def test_i5_what_cannot_be_read_is_refused_naming_every_field_at_fault(body: object, targets: set[str | None]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(body)
    assert {detail.target for detail in refused.value.details} == targets


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("AppSource", Source.APP_SOURCE),
        ("SPZA", Source.APP_SOURCE),
        ("AppSource (SPZA)", Source.APP_SOURCE),
        ("app source", Source.APP_SOURCE),
        ("AzureMarketplace", Source.AZURE_MARKETPLACE),
        ("Azure Marketplace", Source.AZURE_MARKETPLACE),
        ("AZUREPORTAL", Source.AZURE_PORTAL),
        ("Newsletter", Source.OTHER),
        ("", Source.OTHER),
        (None, Source.OTHER),
    ],
)
def test_t3_spellings_of_a_source(text: str | None, source: Source) -> None:
    assert lead_source(text) is source


REGISTERED = CallToAction.FREE_TRIAL


@pytest.mark.parametrize(
    ("code", "alone", "with_offer"),
    [
        ("PLT", CallToAction.CONTACT_ME, CallToAction.CONTACT_ME),
        ("plt", CallToAction.CONTACT_ME, CallToAction.CONTACT_ME),
        ("INS", CallToAction.GET_IT_NOW, REGISTERED),
        ("Create", CallToAction.GET_IT_NOW, CallToAction.GET_IT_NOW),
        ("StartTestDrive", CallToAction.TEST_DRIVE, CallToAction.TEST_DRIVE),
        ("DNC", None, None),
        ("XYZ", None, REGISTERED),
        ("", None, REGISTERED),
        (None, None, REGISTERED),
    ],
)
def test_t5_the_action_code_gives_the_call_to_action(
    code: str | None, alone: CallToAction | None, with_offer: CallToAction | None
) -> None:
    assert call_to_action(code) is alone
    assert call_to_action(code, REGISTERED) is with_offer
    assert forbids_contact(code) is (code == "DNC")


def test_t9_a_test_lead_shows_in_name_or_email() -> None:
    assert is_test("MSFT_TEST_636573304831318844")
    assert is_test(None, "", "msft_test_1@test.com")
    assert not is_test("Ada", None, "ada@northwind.example")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["UserDetails", "userdetails", "Email", "EMAIL", "Phone", "company", "ActionCode"]) | st.text(
    max_size=8
)


@given(body=st.dictionaries(KEYS, JSON_VALUES | st.dictionaries(KEYS, JSON_VALUES, max_size=4), max_size=6))
def test_any_body_is_read_or_refused_by_name(body: dict[str, Any]) -> None:
    try:
        reading = read(body)
    except InvalidRequest as problem:
        refused = problem
    else:
        refused = None
    if refused is not None:
        assert refused.details
        return
    texts = [value for name, value in vars(reading).items() if isinstance(value, str) and name != "notes"]
    assert all(flaw(text) is None for text in texts)
    json.dumps(reading.additional_fields).encode("utf-8")


# --- I2, I3, I4 and how formats are told apart ---------------------------------------------------------------------

CRM = json.loads((SAMPLES / "crm-form.json").read_text())
TABLE_ROW = json.loads((SAMPLES / "table-row.json").read_text())
INQUIRY: dict[str, Any] = {
    "customer": {"company": "Fabrikam", "firstName": "Kata", "email": "kata@fabrikam.example", "size": "51-250"},
    "notes": "Which of you speaks Hungarian?",
    "contactRequested": True,
    "location": "HQ",
    "searchTerms": ["crm", "hungarian"],
    "share": True,
}
QUALIFIED: dict[str, Any] = {
    "qualification": "salesQualified",
    "customer": {"company": "Fabrikam", "email": "kata@fabrikam.example"},
    "notes": "Met at the fair.",
    "contactRequested": True,
    "consent": {"share": True, "contact": True, "at": "2026-11-20T08:00:00Z", "country": "Hungary"},
    "sender": {"kind": "seller", "name": "Bo", "email": "bo@vendor.example"},
}


def targets_of(body: object, takes: Takes = Takes.MARKETPLACE) -> set[str | None]:
    with pytest.raises(InvalidRequest) as refused:
        read(body, takes)
    return {detail.target for detail in refused.value.details}


def test_i2_the_crm_form_is_read_whole() -> None:
    reading = read(CRM)
    assert (reading.first_name, reading.last_name, reading.company) == ("János", "Smith", "Microsoft")
    assert (reading.email, reading.phone) == ("jsmith@microsoft.com", "1234567890")
    assert (reading.country, reading.title) == ("USA", "CTO")
    assert reading.source_text == CRM["LeadSource"]
    assert (reading.action_code, reading.offer_id) == ("INS", "checkpoint.check-point-r77-10sg-byol")
    assert reading.additional_fields == {}


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
@pytest.mark.parametrize(
    ("body", "takes"),
    [
        (CRM, Takes.MARKETPLACE),
        (TABLE_ROW, Takes.MARKETPLACE),
        (INQUIRY, Takes.MARKETPLACE),
        (QUALIFIED, Takes.QUALIFIED),
    ],
)
def test_keys_of_every_format_come_in_any_letter_case(body: dict[str, Any], takes: Takes, change: Any) -> None:
    def changed(part: Any) -> Any:
        return {change(key): changed(value) for key, value in part.items()} if isinstance(part, dict) else part

    # A table's own keys are unknown fields here and keep their spelling.
    body = {key: value for key, value in body.items() if key not in ("PartitionKey", "RowKey")}
    assert read(changed(body), takes) == read(body, takes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AzureMarketplace-INS|pub.offer", ("AzureMarketplace", "INS", "pub.offer")),
        ("AppSource-PLT|pub-lisher.of-fer-2", ("AppSource", "PLT", "pub-lisher.of-fer-2")),
        ("azuremarketplace-ins|PUB.Offer", ("azuremarketplace", "ins", "PUB.Offer")),
        ("Azure-Marketplace-INS|p.o", ("Azure-Marketplace", "INS", "p.o")),
        ("Azure-Marketplace|p.o", ("Azure-Marketplace", None, "p.o")),
        ("AppSource-Start-Later|p.o", ("AppSource", "Start-Later", "p.o")),
        ("Spring-Fair-DNC|p.o", ("Spring-Fair", "DNC", "p.o")),
        ("Spring-Fair-XYZ|p.o", ("Spring-Fair", "XYZ", "p.o")),
        ("AppSource-PLT|", ("AppSource", "PLT", None)),
        ("AppSource-PLT", ("AppSource", "PLT", None)),
        ("AppSource|p.o", ("AppSource", None, "p.o")),
        ("-PLT|p.o", (None, "PLT", "p.o")),
        ("|p.o", (None, None, "p.o")),
        ("Spring-Fair", ("Spring-Fair", None, None)),
        ("AppSource (SPZA)", ("AppSource (SPZA)", None, None)),
        (" AppSource - PLT | p.o ", ("AppSource", "PLT", "p.o")),
        ("AppSource-PLT|p.o|q", ("AppSource", "PLT", "p.o|q")),
        ("", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_i2_the_lead_source_is_taken_apart(text: str | None, expected: tuple[str | None, ...]) -> None:
    assert source_line(text) == SourceLine(*expected)


def test_i2_a_code_of_its_own_wins_over_the_one_in_the_source() -> None:
    assert read(CRM | {"ActionCode": "PLT"}).action_code == "PLT"
    assert lead_source("AzureMarketplace-INS|p.o") is Source.AZURE_MARKETPLACE


def test_i3_a_tables_row_is_read_whole() -> None:
    reading = read(TABLE_ROW)
    assert (reading.first_name, reading.company, reading.email) == (
        "Kata",
        "Fabrikam Kft",
        "kata.nagy@fabrikam.example",
    )
    assert (reading.offer_title, reading.action_code, reading.source_text) == ("Contoso CRM", "PLT", "SPZA")
    assert reading.created_at == datetime(2026, 11, 21, 20, 4, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11/21/2026 8:04:27 PM", datetime(2026, 11, 21, 20, 4, 27, tzinfo=UTC)),
        ("1/2/2026 12:04:27 AM", datetime(2026, 1, 2, 0, 4, 27, tzinfo=UTC)),
        ("11/21/2026 20:04:27", datetime(2026, 11, 21, 20, 4, 27, tzinfo=UTC)),
        ("11/21/2026", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T20:04:27Z", datetime(2026, 11, 21, 20, 4, 27, tzinfo=UTC)),
        ("2026-11-21T21:04:27.5+01:00", datetime(2026, 11, 21, 20, 4, 27, 500000, tzinfo=UTC)),
        ("2026-11-21 20:04:27", datetime(2026, 11, 21, 20, 4, 27, tzinfo=UTC)),
        ("21.11.2026", None),
        ("13/13/2026", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        (None, None),
    ],
)
def test_i3_times_in_the_formats_of_iso_and_of_the_us(text: str | None, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_i3_a_time_that_says_nothing_is_kept_as_it_is_written() -> None:
    reading = read(TABLE_ROW | {"CreatedTime": "soon"})
    assert (reading.created_at, reading.additional_fields["CreatedTime"]) == (None, "soon")


@pytest.mark.parametrize(
    ("info", "targets"),
    [
        ("not json", {"CustomerInfo"}),
        ("[]", {"CustomerInfo"}),
        ("", {"CustomerInfo"}),
        ('{"Email": ["a"]}', {"CustomerInfo.Email"}),
        ("{}", {"CustomerInfo.Company", "CustomerInfo.Email", "CustomerInfo.Phone"}),
    ],
)
def test_i3_a_row_whose_person_cannot_be_read_says_so(info: str, targets: set[str]) -> None:
    assert targets_of(TABLE_ROW | {"CustomerInfo": info}) == targets


def test_i4_an_inquiry_is_read_whole() -> None:
    reading = read(INQUIRY)
    assert (reading.type, reading.qualification) == (LeadType.PROFILE, Qualification.CUSTOMER_INQUIRY)
    assert (reading.company, reading.size, reading.location) == ("Fabrikam", "51-250", "HQ")
    assert (reading.search_terms, reading.contact_requested) == (("crm", "hungarian"), True)
    assert (reading.contact, reading.additional_fields) == (True, {})


def test_i4_a_web_form_is_read_flat() -> None:
    fields = (
        b"company=Fabrikam&First-Name=Kata&e-mail=kata%40fabrikam.example&message=no&notes=Hello%0D%0Athere&share=on"
    )
    body = payload.form(fields + b"&searchTerms=crm&searchTerms=hungarian,+cheap&location=HQ&_gotcha=")
    reading = read(body, Takes.INQUIRIES)
    assert (reading.company, reading.first_name, reading.email) == ("Fabrikam", "Kata", "kata@fabrikam.example")
    assert (reading.notes, reading.location) == ("Hello\r\nthere", "HQ")
    assert reading.search_terms == ("crm", "hungarian", "cheap")
    assert reading.additional_fields == {"message": "no"}


def test_i4_a_flat_body_is_what_its_door_is_for() -> None:
    flat = {"company": "Fabrikam", "share": "yes"}
    assert read(flat, Takes.INQUIRIES).type is LeadType.PROFILE
    assert read(flat).type is LeadType.PROFILE, "only web forms ask for consent"
    assert read({"company": "Fabrikam"}).type is LeadType.OFFER
    assert targets_of(CRM, Takes.INQUIRIES) == {"share"}, "no field gets around the consent of a web form"


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({"company": "F"}, {"share"}),
        ({"company": "F", "share": False}, {"share"}),
        ({"company": "F", "share": "no"}, {"share"}),
        ({"company": "F", "share": ""}, {"share"}),
        ({"company": "F", "share": "perhaps"}, {"share"}),
        ({"company": "F", "share": True, HONEYPOT: "spam"}, {HONEYPOT}),
        ({"company": ["F"], "share": None, "notes": {"a": 1}, HONEYPOT: "x"}, {"company", "share", "notes", HONEYPOT}),
        ({"customer": {"firstName": "K"}, "share": True}, {"customer.company", "customer.email", "customer.phone"}),
        ({"customer": "Kata", "share": True}, {"customer"}),
        ({"share": True}, {"company", "email", "phone"}),
        ({"share": True, "company": "F", "searchTerms": {"a": 1}}, {"searchTerms"}),
        ({"qualification": "salesQualified", "customer": {"company": "F"}, "share": True}, {"qualification"}),
        ({}, {"share"}),
    ],
)
def test_i4_an_inquiry_that_cannot_be_read_names_every_field_at_fault(body: object, targets: set[str]) -> None:
    assert targets_of(body, Takes.INQUIRIES) == targets


def test_t10_a_no_in_one_place_is_a_no() -> None:
    both = {"share": True, "contact": True, "consent": {"share": True, "contact": False}}
    assert not read(INQUIRY | both).contact
    assert targets_of(INQUIRY | {"consent": {"share": False}}) == {"share"}
    # A field of a qualified lead that happens to be called so says nothing of the consent (I5).
    kept = read(QUALIFIED | {"contact": "Lena"}, Takes.QUALIFIED)
    assert (kept.contact, kept.additional_fields) == (True, {"contact": "Lena"})


def test_a_body_of_nothing_but_faults_names_the_first_hundred() -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({f"Email[{n}]": [n] for n in range(3_000)} | {"Email" + "-" * 100_000: [1]})
    assert len(refused.value.details) == 100
    assert len(str(refused.value.details)) < 60_000


def test_a_body_of_many_keys_is_read_in_one_go() -> None:
    reading = read({"Company": "F", **{f"k{n}": 1 for n in range(50_000)}})
    assert reading.company == "F"


def test_t10_contact_that_is_withheld_is_no_fault() -> None:
    assert not read(INQUIRY | {"contact": False}).contact
    assert not read(INQUIRY | {"share": None, "consent": {"share": True, "contact": "no"}}).contact


def test_i4_a_qualified_lead_is_read_whole() -> None:
    reading = read(QUALIFIED, Takes.QUALIFIED)
    assert (reading.type, reading.qualification) == (None, Qualification.SALES_QUALIFIED)
    assert (reading.company, reading.notes, reading.contact_requested) == ("Fabrikam", "Met at the fair.", True)
    assert reading.sender == {"kind": "seller", "name": "Bo", "email": "bo@vendor.example"}
    assert (reading.agreed_at, reading.agreed_country) == (datetime(2026, 11, 20, 8, tzinfo=UTC), "Hungary")
    offered = read(QUALIFIED | {"offer": {"id": "contoso.crm"}}, Takes.QUALIFIED)
    assert (offered.type, offered.offer_id) == (LeadType.OFFER, "contoso.crm")


@pytest.mark.parametrize("written", ["salesQualified", "SALESQUALIFIED", "Sales qualified", "sales_qualified\u200b"])
def test_i4_a_qualification_is_read_however_it_is_written(written: str) -> None:
    reading = read(QUALIFIED | {"qualification": written}, Takes.QUALIFIED)
    assert (reading.qualification, reading.additional_fields) == (Qualification.SALES_QUALIFIED, {})


@pytest.mark.parametrize(
    ("change", "targets"),
    [
        ({"qualification": None}, {"qualification"}),
        ({"qualification": "bogus"}, {"qualification"}),
        ({"qualification": ""}, {"qualification"}),
        ({"qualification": "customerInquiry"}, {"qualification"}),
        ({"customer": None}, {"customer.company", "customer.email", "customer.phone"}),
        ({"qualification": 1.5}, {"qualification"}),
        ({"consent": {"share": False}}, {"share"}),
        ({"customer": ["x"], "offer": "x", "notes": ["x"]}, {"customer", "offer", "notes"}),
        ({"contactRequested": "perhaps"}, {"contactRequested"}),
    ],
)
def test_i4_a_qualified_lead_that_cannot_be_read_names_every_field_at_fault(
    change: dict[str, Any], targets: set[str]
) -> None:
    assert targets_of(QUALIFIED | change, Takes.QUALIFIED) == targets


WORDS = st.sampled_from(
    ["UserDetails", "customer", "CustomerInfo", "qualification", "share", "consent", "sender", "offer", "LeadSource"]
) | st.sampled_from(
    ["Email", "company", "phone", "notes", "searchTerms", "location", "contact", HONEYPOT, "CreatedTime"]
)


@given(
    body=st.dictionaries(WORDS | st.text(max_size=8), JSON_VALUES | st.dictionaries(WORDS, JSON_VALUES, max_size=4)),
    takes=st.sampled_from(Takes),
)
def test_any_body_of_any_door_is_read_or_refused_by_name(body: dict[str, Any], takes: Takes) -> None:
    reading, refused = None, None
    try:
        reading = read(body, takes)
    except InvalidRequest as problem:
        refused = problem
    if refused is not None or reading is None:
        assert refused is not None
        assert refused.details
        return
    assert isinstance(reading, Reading)
    assert any((reading.company, reading.email, reading.phone))
    json.dumps(reading.additional_fields).encode("utf-8")
