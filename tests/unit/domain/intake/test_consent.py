"""What a customer agreed to, at every door: a no anywhere is a no, a ticked box is a yes (T10, T6)."""

from typing import Any

import pytest

from shared.domain.errors import InvalidRequest
from shared.domain.intake import payload
from shared.domain.intake.fields import FALSE, TRUE
from shared.domain.intake.formats import Reading, read
from shared.domain.programme.partner import Takes
from tests.builders import received, submission_body

PERSON = {"company": "Fabrikam", "email": "a@x.example"}


def form(text: str, takes: Takes = Takes.INQUIRIES) -> Reading:
    return read(payload.form(text.encode()), takes)


def targets(body: object, takes: Takes) -> set[str | None]:
    with pytest.raises(InvalidRequest) as refused:
        read(body, takes)
    return {one.target for one in refused.value.details}


@pytest.mark.parametrize(
    "said",
    [
        "contact[]=&contact[]=0",
        "consent[contact]=false",
        "consent.contact=false",
        "Consent[Contact]=no",
        "customer[contact]=0",
        "lead[contact]=nein",
        "contact=no",
        "contact=",  # a blank says nothing, and the next one does
        "contact=1&consent[contact]=0",
        "contact=0&contact=0",
        "contact=1&Contact=0",
        "contact=1&contact[]=0",
        "doNotContact=1",
        "do_not_contact=on",
        "consent[doNotContact]=yes",
        "contact=on&doNotContact=true",
    ],
)
def test_t10_a_no_under_any_name_of_a_form_is_a_no(said: str) -> None:
    reading = form(f"email=a@x.example&share=on&{said}")
    assert reading.contact is (said == "contact=")


@pytest.mark.parametrize(
    "said", ["contact=0&contact=1", "contact=&contact=on", "contact[]=0&contact[]=1", "contact[0]=0&contact[1]=1", ""]
)
@pytest.mark.parametrize("share", ["share=0&share=1", "share[]=&share[]=1", "share[]=0&share[]=1", "share=on"])
def test_t10_a_ticked_box_wins_over_the_hidden_field_before_it(said: str, share: str) -> None:
    reading = form(f"email=a@x.example&{share}&{said}")
    assert (reading.share, reading.contact) == (True, True)


def test_t8_a_ticked_box_asks_to_be_contacted() -> None:
    assert form("email=a@x.example&share=1&contactRequested=0&contactRequested=1").contact_requested is True
    assert form("email=a@x.example&share=1&contactRequested=0").contact_requested is False


@pytest.mark.parametrize("said", ["share=0&share=0", "share=no", "share=on&consent[share]=0", "share=1&consent=nein"])
def test_t10_a_no_to_sharing_is_refused_and_so_parked(said: str) -> None:
    body = payload.form(f"email=a@x.example&{said}".encode())
    assert targets(body, Takes.INQUIRIES) == {"share"}


@pytest.mark.parametrize("name", ["share", "contact", "contactRequested"])
@pytest.mark.parametrize("word", ["perhaps", "2", "yes no", "ok?"])
def test_t10_a_word_that_says_neither_is_parked_rather_than_guessed(name: str, word: str) -> None:
    fields: dict[str, Any] = {**PERSON, "share": "on", name: word}
    assert name in targets(fields, Takes.INQUIRIES)


WORDS = {
    True: ["ja", "sì", "si", "igen", "sim", "y", "checked", "accepted", "x", "yes", "true", "on", "1", "JA", "Sì"],
    False: ["nein", "nej", "no", "nem", "não", "nao", "n", "false", "off", "0", "NEIN", "Não"],
}


@pytest.mark.parametrize(("means", "word"), [(means, word) for means, words in WORDS.items() for word in words])
@pytest.mark.parametrize("name", ["share", "contact", "contactRequested"])
def test_t10_words_of_the_six_languages(means: bool, word: str, name: str) -> None:
    body = {**PERSON, "share": "on", name: word}
    if name == "share" and not means:
        assert targets(body, Takes.INQUIRIES) == {"share"}
    else:
        reading = read(body, Takes.INQUIRIES)
        assert getattr(reading, "contact_requested" if name == "contactRequested" else name) is means


def test_no_word_says_both() -> None:
    assert not TRUE & FALSE


@pytest.mark.parametrize(
    ("change", "shares", "contacts"),
    [
        ({}, True, True),
        ({"consent": {}}, True, True),
        ({"consent": None}, True, True),
        ({"consent": {"share": True, "contact": True}}, True, True),
        ({"consent": {"share": False, "contact": False}}, False, False),
        ({"consent": {"share": "no"}}, False, True),
        ({"consent": False}, False, True),
        ({"share": False}, False, True),
        ({"Share": "nej"}, False, True),
        ({"consent": {"contact": False}}, True, False),
        ({"contact": False}, True, False),
        ({"doNotContact": True}, True, False),
        ({"doNotContact": False}, True, True),
        ({"contact": "Lena"}, True, True),
    ],
)
@pytest.mark.parametrize("form", ["nested", "flat", "row"])
def test_t10_a_marketplaces_consent_is_implied_unless_something_says_no(
    change: dict[str, Any], shares: bool, contacts: bool, form: str
) -> None:
    person = {"Email": "a@x.example", "Company": "X"}
    parts: dict[str, dict[str, Any]] = {
        "nested": {"UserDetails": person},
        "flat": person,
        "row": {"CustomerInfo": person},
    }
    body = {**parts[form], "LeadSource": "AppSource-PLT|a.b", **change}
    if (form == "flat" and "share" in {one.casefold() for one in change}) or not shares:
        assert targets(body, Takes.MARKETPLACE) == {"share"}
    else:
        reading = read(body)
        assert (reading.share, reading.contact) == (True, contacts)


def test_t10_a_no_beside_the_person_counts() -> None:
    assert not read(submission_body() | {"UserDetails": {"Email": "a@x.example", "contact": False}}).contact
    assert targets({"UserDetails": {"Email": "a@x.example", "consent": 1, "share": False}}, Takes.MARKETPLACE) == {
        "share"
    }
    for takes in (Takes.QUALIFIED, Takes.INQUIRIES):
        body = {"qualification": "salesQualified"} if takes is Takes.QUALIFIED else {"share": True}
        assert not read(body | {"customer": {**PERSON, "contact": False}}, takes).contact
        assert not read(body | {"customer": {**PERSON, "doNotContact": True}}, takes).contact
        assert not read(body | {"customer": PERSON, "doNotContact": True}, takes).contact


@pytest.mark.parametrize("code", [None, "", "XYZ", "PLT", "INS", "DNC", "DNC\u200b", " dnc "])
@pytest.mark.parametrize("source", ["SPZA-DNC|x.y", "AppSource-DNC|x.y", "SPZA-dnc", "SPZA-DNC\u200b|x.y"])
def test_t6_dnc_in_either_place_counts(code: str | None, source: str) -> None:
    lead = received(LeadSource=source, ActionCode=code).lead
    assert (lead.do_not_contact, lead.contact_requested) == (True, False)
    missing = {key: value for key, value in submission_body(LeadSource=source).items() if key != "ActionCode"}
    assert not read(missing).contact
    assert received(LeadSource="SPZA-PLT|x.y", ActionCode="DNC\u200b").lead.do_not_contact


def test_t10_what_a_sender_does_not_state_is_recorded_as_not_stated() -> None:
    bare = {"qualification": "salesQualified", "customer": PERSON}
    assert (read(bare, Takes.QUALIFIED).share, read(bare, Takes.QUALIFIED).contact) == (None, None)
    stated = read(bare | {"consent": {"share": True, "contact": True}}, Takes.QUALIFIED)
    assert (stated.share, stated.contact) == (True, True)


@pytest.mark.parametrize(
    ("body", "takes"),
    [
        ({"Email": "a@x.example", "doNotContact": "no", "do-not-contact": "yes"}, Takes.MARKETPLACE),
        (
            {"doNotContact": False, "lead": {"doNotContact": True, "email": "a@x.example"}, "share": True},
            Takes.INQUIRIES,
        ),
        (
            {"UserDetails": {"Email": "a@x.example", "Consent": {"contact": False}}, "ActionCode": "PLT"},
            Takes.MARKETPLACE,
        ),
        ({"CustomerInfo": '{"Email": "a@x.example", "Consent": {"Contact": "false"}}'}, Takes.MARKETPLACE),
        ({"email": "a@x.example", "share": "on", "customer[consent][contact]": "no"}, Takes.INQUIRIES),
        (
            {"qualification": "salesQualified", "customer": {**PERSON, "consent": {"contact": False}}},
            Takes.QUALIFIED,
        ),
        ({**PERSON, "LeadSource": "AppSource-DNC|contoso.crm", "share": "1"}, Takes.MARKETPLACE),
        ({**PERSON, "share": "on", "actionCode": "DNC"}, Takes.INQUIRIES),
        ({**PERSON, "share": "on", "leadSource": "AppSource-DNC|contoso.crm"}, Takes.INQUIRIES),
        ({**PERSON, "ActionCode": "PLT", "Action_Code": "DNC"}, Takes.MARKETPLACE),
        ({**PERSON, "ActionCode": payload.Repeated(["PLT", "DNC"])}, Takes.MARKETPLACE),
        ({"UserDetails": {**PERSON, "ActionCode": "DNC"}}, Takes.MARKETPLACE),
        ({"qualification": "salesQualified", "customer": PERSON, "actionCode": "DNC"}, Takes.QUALIFIED),
    ],
)
def test_t6_a_no_to_contact_counts_wherever_it_stands(body: dict[str, Any], takes: Takes) -> None:
    assert read(body, takes).contact is False


@pytest.mark.parametrize(
    ("body", "takes"),
    [
        ({"UserDetails": {**PERSON, "Consent": {"share": False}}}, Takes.MARKETPLACE),
        ({"UserDetails": {**PERSON, "Consent": False}}, Takes.MARKETPLACE),
        ({"UserDetails": {**PERSON, "share": "withheld"}}, Takes.MARKETPLACE),
        ({**PERSON, "share": "on", "customer[consent][share]": "no"}, Takes.INQUIRIES),
    ],
)
def test_t10_what_is_withheld_with_the_person_goes_to_no_partner(body: dict[str, Any], takes: Takes) -> None:
    assert any("share" in (one or "") for one in targets(body, takes))


def test_t10_what_names_a_marketplaces_action_is_no_inquiry() -> None:
    reading = read({**PERSON, "LeadSource": "AppSource-PLT|contoso.crm", "share": "1"})
    assert (reading.type, reading.source_text, reading.offer_id) == (
        "offer",
        "AppSource-PLT|contoso.crm",
        "contoso.crm",
    )


def test_t10_the_evidence_of_a_consent_stays_with_the_lead() -> None:
    consent = {"share": True, "text": "I agree v3", "version": "3", "at": "some day in May"}
    reading = read({**PERSON, "share": "on", "consent": consent}, Takes.INQUIRIES)
    assert reading.additional_fields == {
        "consent.text": "I agree v3",
        "consent.version": "3",
        "consent.at": "some day in May",
    }
    sender = {"name": "Lena", "department": "Sales"}
    said = read({"qualification": "salesQualified", "customer": PERSON, "sender": sender}, Takes.QUALIFIED)
    assert said.additional_fields == {"sender.department": "Sales"}
