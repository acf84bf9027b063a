"""S4: what is left of a lead whose customer is erased, and what an erasure remembers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.contact import NEVER, person_keys, shown_until
from shared.domain.deadlines import hints
from shared.domain.erasure import (
    SETTLED,
    Erasure,
    ErasureKind,
    ErasureState,
    Left,
    LeftKind,
    blank,
    blank_changes,
    folded_address,
    is_about,
    traces_of,
    value_of,
    without,
)
from shared.domain.errors import InvalidTransition
from shared.domain.lead import Actor, Customer, Lead, Sender, Status, TeamMember
from shared.domain.lifecycle import (
    Action,
    Activity,
    ActivityKind,
    LeadAction,
    allowed_actions,
    decide,
    log_activity,
    remind,
    settle,
)
from shared.domain.listed import texts_of
from shared.domain.measures import counted
from shared.domain.telling.recommendations import recommended, standing
from shared.domain.traces import ERASED, Traces
from tests.builders import ANN, AT, DAY, DEAL, a_lead, accepted, informational

OLGA = Actor("person", "olga", "Olga")
ADA = Customer(
    "Bücher",
    "Ada",
    "Lovelace",
    "Ada@Bücher.example",
    "070-123 45 67",
    "+46701234567",
    None,
    "SE",
    "Sweden",
    "CTO",
    "10-50",
)
FULL = replace(a_lead(), customer=ADA, notes="Call me", search_terms=("crm",), additional_fields={"x": "Ada"})


def won() -> Lead:
    deal = replace(DEAL, name="Ada's", notes="n", crm_id="c", campaign_id="k", team=(TeamMember("Bob"),))
    lead = decide(FULL, LeadAction(Action.ACCEPT, deal=deal), at=AT, by=ANN).lead
    return decide(lead, LeadAction(Action.WIN, notes="She signed"), at=AT + DAY, by=ANN).lead


@pytest.mark.parametrize("lead", [FULL, accepted(FULL), won(), replace(informational(), customer=ADA)])
def test_s4_id_status_outcome_and_times_stay_and_nothing_of_the_person(lead: Lead) -> None:
    at = AT + 2 * DAY
    after, (event,) = blank(lead, at, OLGA).lead, blank(lead, at, OLGA).events

    kept = (
        "id",
        "status",
        "outcome",
        "created_at",
        "expires_at",
        "ages_at",
        "accepted_at",
        "closed_at",
        "offer",
        "source",
    )
    assert [getattr(after, name) for name in kept] == [getattr(lead, name) for name in kept]
    assert (after.erased_at, after.do_not_contact, after.customer) == (at, True, Customer(country="SE"))
    assert (event.type, event.at, event.by, event.changes) == ("lead.erased", at, OLGA, {})
    assert (event.from_status, event.to_status) == (lead.status, lead.status)
    assert (after.version, after.sequence) == (lead.version + 1, lead.sequence + 1)
    assert not any(said in repr(after) for said in ("Ada", "701234567", "Call me", "signed", "Bücher", "070-"))
    assert set(texts_of(after)) == {""}
    assert shown_until(after) == NEVER
    assert person_keys(after.customer) == ()
    assert allowed_actions(after) == ()
    assert counted(after) == ()
    assert recommended(standing(after), at + 9 * DAY) == []
    assert blank(after, at + DAY, OLGA).events == ()


def test_s4_what_a_deal_was_worth_stays() -> None:
    after = blank(won(), AT + 2 * DAY, OLGA).lead

    assert after.deal
    assert after.closing
    assert (after.deal.amount, after.deal.name, after.deal.team) == (Decimal("12000.00"), "", ())
    assert (after.closing.amount, after.closing.notes) == (Decimal("12000.00"), None)


def test_s4_time_goes_on_for_an_erased_lead_and_tells_nobody() -> None:
    after = blank(FULL, AT + DAY, OLGA).lead

    assert {hint.kind for hint in hints(after)} == {"expire"}
    assert remind(after, AT + 13 * DAY).events == ()
    ended = settle(after, AT + 20 * DAY)
    assert (ended.lead.status, ended.lead.outcome) == (Status.ARCHIVED, "expired")
    assert [event.notify for event in ended.events] == [None]


def test_s4_time_that_had_passed_is_recorded_first() -> None:
    decision = blank(FULL, AT + 20 * DAY, OLGA)

    assert [event.type for event in decision.events] == ["lead.flameCooled", "lead.expired", "lead.erased"]
    assert decision.lead.outcome == "expired"


def test_s4_nothing_new_is_written_to_an_erased_lead() -> None:
    after = blank(accepted(FULL), AT + DAY, OLGA).lead

    for act in (
        lambda: decide(after, LeadAction(Action.WIN), at=AT + 2 * DAY, by=ANN),
        lambda: decide(after, LeadAction(Action.EDIT, edits={"notes": "Ada"}), at=AT + 2 * DAY, by=ANN),
        lambda: log_activity(after, Activity(ActivityKind.CALL, "Ada"), at=AT + 2 * DAY, by=ANN),
    ):
        with pytest.raises(InvalidTransition) as refusal:
            act()
        assert refusal.value.target == "erasedDateTime"
        assert "2026-11-22" in str(refusal.value.message)


def test_s4_a_sender_that_asked_for_itself_is_not_named_either() -> None:
    lead = replace(FULL, sender=Sender("seller", "Ada", "ADA@bücher.example"), source_text="from ada@bücher.example")

    after = blank(lead, AT, OLGA).lead

    assert after.sender == Sender("seller", "Ada", ERASED)
    assert after.source_text == f"from {ERASED}"


def test_s4_a_history_keeps_no_typed_text() -> None:
    changes: dict[str, Any] = {
        "deal.amount": {"from": None, "to": "12000.00"},
        "deal.name": {"from": None, "to": "Ada's"},
        "deal.purchaseTimeframe": {"from": None, "to": "when Ada is back"},
        "closing.reason": {"from": None, "to": "budget"},
        "closing.notes": {"from": None, "to": "Ada"},
        "activity.text": {"from": None, "to": "Ada"},
        "whatever.comes": {"from": None, "to": "Ada"},
    }

    assert set(blank_changes(changes)) == {"deal.amount", "closing.reason"}


def test_s4_whose_a_lead_is_goes_by_v4() -> None:
    by_mail, by_phone = Traces(email="ada@xn--bcher-kva.example"), Traces(phone="+46701234567")

    assert is_about(FULL, by_mail)
    assert is_about(FULL, by_phone)
    assert not is_about(a_lead(), by_mail)
    assert not is_about(a_lead(), by_phone)
    extended = replace(FULL, customer=replace(ADA, phone_extension="12"))
    assert not is_about(extended, by_phone)
    assert is_about(extended, Traces(phone="+46701234567", extension="12"))
    german = replace(FULL, customer=replace(ADA, email=None, phone="0701 234567", phone_e164="+49701234567"))
    assert not is_about(german, by_phone)
    assert without(german, by_phone) == german


def test_an_erasure_forgets_whom_it_was_about() -> None:
    erasure = Erasure("e", ErasureKind.PHONE, "digest", OLGA, AT, "+4687123456;ext=12", settles_at=AT + SETTLED)

    assert erasure.traces == Traces(phone="+4687123456", extension="12")
    running = erasure.begun(AT).counted({"leads": 2}).counted({"leads": 1, "events": 1})
    assert (running.state, running.passes, running.found, dict(running.counts)) == (
        ErasureState.RUNNING,
        1,
        4,
        {"leads": 3, "events": 1},
    )
    assert not running.is_last()
    assert not running.may_begin(AT)
    again = running.begun(AT + SETTLED)
    assert again.is_last()
    ended = again.ended(AT + SETTLED)
    assert (ended.value, ended.state, ended.searched) == (None, ErasureState.SUCCEEDED, "digest")
    assert replace(erasure, kind=ErasureKind.LEAD, value="m1").ended(AT).value == "m1"
    left = Left(LeftKind.PROFILE, "contoso")
    assert ended.leaves(left).leaves(left).left == (left,)


@pytest.mark.parametrize(
    ("written", "folded"),
    [("ADA@Bücher.example", "ada@xn--bcher-kva.example"), ("none", None), ("a b@x.example", None), ("", None)],
)
def test_an_address_is_folded_or_none(written: str, folded: str | None) -> None:
    assert folded_address(written) == folded


def test_the_value_of_a_customer_is_what_v4_knows_it_by() -> None:
    assert value_of(ErasureKind.EMAIL, ADA) == "ada@xn--bcher-kva.example"
    assert value_of(ErasureKind.PHONE, replace(ADA, phone_extension="7")) == "+46701234567;ext=7"
    assert value_of(ErasureKind.PHONE, Customer()) is None
    assert traces_of(ErasureKind.EMAIL, "a@b.example") == Traces(email="a@b.example")
