"""Reading what marketplaces send (SPEC 10 I1, I5; T3, T5, T6, T9)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidRequest
from shared.domain.formats import call_to_action, forbids_contact, is_test, lead_source, read_marketplace
from shared.domain.lead import ADDITIONAL_MAX, NAME_MAX, NOTES_MAX, CallToAction, Source
from shared.domain.text import flaw
from tests.builders import CONTACT_ME, delivery_body


def test_i1_the_real_payload_is_read_whole() -> None:
    reading = read_marketplace(CONTACT_ME)
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
    assert read_marketplace(body) == read_marketplace(CONTACT_ME)


def test_i5_unknown_fields_are_kept_under_their_own_names() -> None:
    body = delivery_body(Campaign="Spring", Score=7, Nested={"a": [1, None]})
    body["UserDetails"]["Twitter"] = "@ada"
    assert read_marketplace(body).additional_fields == {
        "Campaign": "Spring",
        "Score": 7,
        "Nested": {"a": [1, None]},
        "UserDetails.Twitter": "@ada",
    }


def test_i5_unknown_fields_have_a_bound_together() -> None:
    body = delivery_body(**{f"Field{n}": "x" * 1000 for n in range(100)})
    kept = read_marketplace(body).additional_fields
    assert 10 < len(kept) < 20
    assert len(json.dumps(kept)) <= ADDITIONAL_MAX


def test_long_texts_are_cut_at_their_bounds() -> None:
    reading = read_marketplace(delivery_body(FirstName="n" * 10_000, Description="d" * 10_000))
    assert reading.first_name == "n" * NAME_MAX
    assert reading.notes == "d" * NOTES_MAX


def test_control_characters_and_lone_surrogates_do_not_reach_the_lead() -> None:
    reading = read_marketplace(delivery_body(FirstName="A\x00d\ud800a", Description="one\r\ntwo\x07"))
    assert reading.first_name == "A d\ufffda"
    assert reading.notes == "one\r\ntwo"


def test_a_number_is_read_as_it_is_written() -> None:
    assert read_marketplace(delivery_body(Phone=16175555555)).phone == "16175555555"


def test_of_a_field_that_comes_twice_the_one_that_says_something_wins() -> None:
    reading = read_marketplace({"UserDetails": {"Email": "", "email": "real@northwind.example", "EMAIL": "x"}})
    assert reading.email == "real@northwind.example"
    assert reading.additional_fields == {"UserDetails.EMAIL": "x"}
    kept = read_marketplace({"UserDetails": {"email": "real@northwind.example", "Email": " "}})
    assert kept.email == "real@northwind.example"


def test_i5_a_number_too_large_for_other_readers_is_kept_as_text() -> None:
    assert read_marketplace(delivery_body(Big=10**30)).additional_fields == {"Big": str(10**30)}


def test_t7_one_of_company_email_and_phone_is_enough() -> None:
    for name in ("Company", "Email", "Phone"):
        assert read_marketplace({"UserDetails": {name: "x"}})


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
        ({"UserDetails": ["Ada"], "OfferTitle": {}}, {"UserDetails", "OfferTitle"}),
        ({"userdetails": {"email": ["a"], "Phone": True, "company": "C"}}, {"UserDetails.email", "UserDetails.Phone"}),
        ([], {None}),
        ("text", {None}),
        (None, {None}),
    ],
)
def test_i5_what_cannot_be_read_is_refused_naming_every_field_at_fault(body: object, targets: set[str | None]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_marketplace(body)
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
        reading = read_marketplace(body)
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
