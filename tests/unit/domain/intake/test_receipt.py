"""What becomes of a submission (T1 to T10, A1 to A3)."""

from datetime import timedelta

import pytest

from shared.domain.events import EventType
from shared.domain.instants import add_months
from shared.domain.intake.receipt import Phone
from shared.domain.lead import CallToAction, LeadType, Qualification, Reveal, Source, Status, Validity
from tests.builders import AT, SOURCE, a_lead, received


def test_the_real_contact_me_payload_becomes_a_hot_received_lead() -> None:
    decision = received(phone=Phone(Validity.VALID, "+46812345678"))
    lead, (event,) = decision.lead, decision.events
    assert (lead.type, lead.qualification) == (LeadType.OFFER, Qualification.CUSTOMER_INQUIRY)
    assert (lead.status, lead.source, lead.source_text) == (Status.RECEIVED, Source.APP_SOURCE, "AppSource (SPZA)")
    assert (lead.call_to_action, lead.action_code) == (CallToAction.CONTACT_ME, "PLT")
    assert (lead.customer.country, lead.customer.country_text) == ("SE", "Sweden")
    assert (lead.customer.phone, lead.customer.phone_e164) == ("+46 8 123 456 78", "+46812345678")
    assert lead.offer is not None
    assert (lead.offer.id, lead.offer.title) == (None, "Contoso CRM")
    assert lead.contact_requested
    assert (lead.expires_at, lead.flame_until) == (AT + timedelta(days=14), AT + timedelta(hours=72))
    assert lead.ages_at is None
    assert (lead.consent.share, lead.consent.contact, lead.consent.at, lead.consent.country) == (True, True, AT, "SE")
    assert (event.sequence, event.type, event.by) == (1, EventType.RECEIVED, SOURCE)
    assert (event.from_status, event.to_status) == (None, Status.RECEIVED)
    assert "ada" not in repr(event).lower()


@pytest.mark.parametrize("code", ["INS", "Create", "StartTestDrive"])
def test_t6_an_offer_lead_that_got_what_it_wanted_is_informational(code: str) -> None:
    lead = a_lead(ActionCode=code)
    assert (lead.status, lead.contact_requested, lead.do_not_contact) == (Status.INFORMATIONAL, False, False)
    assert (lead.expires_at, lead.flame_until, lead.ages_at) == (None, None, add_months(AT, 6))


def test_t6_dnc_is_informational_and_withholds_consent_to_contact() -> None:
    lead = a_lead(ActionCode="DNC")
    assert (lead.status, lead.do_not_contact, lead.consent.contact) == (Status.INFORMATIONAL, True, False)
    assert not lead.contact_requested


@pytest.mark.parametrize("code", ["", "Whatever"])
def test_t5_an_unknown_code_is_kept_and_the_lead_is_actionable(code: str) -> None:
    lead = a_lead(ActionCode=code)
    assert (lead.status, lead.call_to_action, lead.action_code) == (Status.RECEIVED, None, code or None)
    assert lead.flame_until is None


def test_t7_an_unknown_country_is_kept_as_written() -> None:
    customer = a_lead(Country="Atlantis").customer
    assert (customer.country, customer.country_text) == (None, "Atlantis")


def test_t9_the_marketplaces_connection_test_is_flagged_and_has_no_expiry() -> None:
    lead = a_lead(FirstName="MSFT_TEST_636573304831318844", ActionCode="PLT")
    assert (lead.is_test, lead.expires_at, lead.status) == (True, None, Status.RECEIVED)


def test_l9_the_source_decides_when_contact_details_show() -> None:
    assert a_lead(reveal=Reveal.ON_ACCEPT).reveal is Reveal.ON_ACCEPT
