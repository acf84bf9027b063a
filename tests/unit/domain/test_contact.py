"""Who may see contact details (L9), and who is one person (V4)."""

from dataclasses import replace

import pytest

from shared.domain.contact import ALWAYS, NEVER, is_redacted, person_keys, shown_until
from shared.domain.lead import Customer, Lead, Reveal
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from tests.builders import ANN, AT, DAY, a_lead, accepted, informational


@pytest.mark.parametrize(
    ("lead", "until"),
    [
        (a_lead(), AT + 14 * DAY),
        (settle(a_lead(), AT + 20 * DAY).lead, AT + 14 * DAY),
        (accepted(a_lead()), ALWAYS),
        (decide(a_lead(), LeadAction(Action.DECLINE, reason="budget"), at=AT, by=ANN).lead, ALWAYS),
        (informational(), ALWAYS),
        (settle(informational(), AT + 400 * DAY).lead, ALWAYS),
        (a_lead(ActionCode="DNC"), NEVER),
        (a_lead(reveal=Reveal.ON_ACCEPT), NEVER),
        (accepted(a_lead(reveal=Reveal.ON_ACCEPT)), ALWAYS),
        (replace(accepted(a_lead()), erased_at=AT), NEVER),
        (a_lead(Email="MSFT_TEST_1@test.com"), ALWAYS),
    ],
)
def test_l9_until_when_contact_details_are_shown(lead: Lead, until: object) -> None:
    assert shown_until(lead) == until


def test_l9_a_lead_is_redacted_from_the_moment_it_expires() -> None:
    assert not is_redacted(a_lead(), AT + 14 * DAY - DAY / 86_400_000)
    assert is_redacted(a_lead(), AT + 14 * DAY)


def test_v4_a_person_is_the_folded_email_then_the_phone() -> None:
    assert person_keys(Customer(email=" Ada@Northwind.Example ", phone_e164="+46812345678")) == (
        "email:ada@northwind.example",
        "phone:+46812345678",
    )
    assert person_keys(Customer(company="Northwind", phone="123")) == ()
