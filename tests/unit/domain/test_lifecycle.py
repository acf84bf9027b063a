"""The life cycle: every status with every action, and what time does (L1–L9, A1–A5)."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.agenda import Hint
from shared.domain.deadlines import hints
from shared.domain.errors import Detail, InvalidRequest, InvalidTransition, LeadExpired, PreconditionFailed, Refusal
from shared.domain.events import EventType
from shared.domain.lead import Actor, Closing, Lead, Outcome, Status, Validity
from shared.domain.lifecycle import (
    ACCEPTS_RACE_FOR,
    EXPIRE_TIMER,
    REASONS,
    REPEAT_WITHIN,
    TRANSITIONS,
    Action,
    Activity,
    ActivityKind,
    Decision,
    LeadAction,
    allowed_actions,
    decide,
    log_activity,
    recheck,
    remind,
    settle,
)
from tests.builders import ANN, AT, DAY, DEAL, a_lead, accepted, informational

BOB = Actor("person", "bob", "Bob")
STALE = frozenset({"99"})
ANSWERS = {
    Action.ACCEPT: LeadAction(Action.ACCEPT, deal=DEAL),
    Action.EDIT: LeadAction(Action.EDIT, edits={"name": "Bigger rollout"}),
    Action.DECLINE: LeadAction(Action.DECLINE, reason="budget"),
    Action.WIN: LeadAction(Action.WIN),
    Action.LOSE: LeadAction(Action.LOSE, reason="budget"),
    Action.CLOSE_AS_ERROR: LeadAction(Action.CLOSE_AS_ERROR, reason="duplicateDeal"),
}


def _lead(status: Status) -> Lead:
    if status is Status.INFORMATIONAL:
        return informational()
    lead = a_lead()
    if status is Status.RECEIVED:
        return lead
    lead = accepted(lead)
    return lead if status is Status.ACCEPTED else decide(lead, ANSWERS[Action.WIN], at=AT, by=ANN).lead


EXPECTED = {
    (Status.RECEIVED, Action.ACCEPT): (Status.ACCEPTED, None, EventType.ACCEPTED),
    (Status.INFORMATIONAL, Action.ACCEPT): (Status.ACCEPTED, None, EventType.ACCEPTED),
    (Status.RECEIVED, Action.DECLINE): (Status.ARCHIVED, Outcome.DECLINED, EventType.DECLINED),
    (Status.ACCEPTED, Action.EDIT): (Status.ACCEPTED, None, EventType.UPDATED),
    (Status.ACCEPTED, Action.WIN): (Status.ARCHIVED, Outcome.WON, EventType.WON),
    (Status.ACCEPTED, Action.LOSE): (Status.ARCHIVED, Outcome.LOST, EventType.LOST),
    (Status.ACCEPTED, Action.CLOSE_AS_ERROR): (Status.ARCHIVED, Outcome.ERROR, EventType.ERROR),
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("action", Action)
def test_every_status_takes_or_refuses_every_action_as_spec_3_draws_it(status: Status, action: Action) -> None:
    lead = _lead(status)
    assert lead.status is status
    expected = EXPECTED.get((status, action))
    if expected is None:
        with pytest.raises(InvalidTransition) as refused:
            decide(lead, ANSWERS[action], at=AT + DAY, by=ANN)
        assert refused.value.details[0].code == lead.last_transition.type
        assert action not in allowed_actions(lead)
        return
    decision = decide(lead, ANSWERS[action], at=AT + DAY, by=ANN)
    assert (decision.lead.status, decision.lead.outcome, decision.events[-1].type) == expected
    assert decision.lead.version == lead.version + 1
    assert decision.events[-1].from_status is status
    assert decision.events[-1].by == ANN
    assert action in allowed_actions(lead)


def test_the_table_holds_nothing_that_the_picture_does_not() -> None:
    assert set(TRANSITIONS) == set(EXPECTED)


@given(
    informational_lead=st.booleans(),
    steps=st.lists(st.tuples(st.sampled_from(list(Action)), st.integers(0, 400 * 24 * 3600)), max_size=12),
)
def test_l5_no_sequence_of_actions_leaves_archived(informational_lead: bool, steps: list[tuple[Action, int]]) -> None:
    lead, at = (informational() if informational_lead else a_lead()), AT
    for action, seconds in steps:
        at += timedelta(seconds=seconds)
        before = settle(lead, at).lead
        try:
            decision = decide(lead, ANSWERS[action], at=at, by=ANN)
        except Refusal:
            continue
        if before.status is Status.ARCHIVED:
            # One's own repeat, whose first answer was lost: nothing happens.
            assert (decision.lead, decision.events) == (before, ())
            continue
        sequences = [event.sequence for event in decision.events]
        assert sequences == list(range(lead.sequence + 1, lead.sequence + 1 + len(sequences)))
        times = [lead.updated_at, *(event.at for event in decision.events), decision.lead.updated_at]
        assert times == sorted(times)
        lead = decision.lead


@given(
    informational_lead=st.booleans(),
    steps=st.lists(
        st.tuples(st.sampled_from(["call", "time", "warning", "recheck", *Action]), st.integers(0, 20 * 24 * 3600)),
        max_size=12,
    ),
)
def test_what_an_answer_leaves_behind_is_never_looked_at_again(
    informational_lead: bool, steps: list[tuple[str, int]]
) -> None:
    """The relay takes such hints away whenever it comes, so there must be no way back to needing one."""
    lead, at = (informational() if informational_lead else a_lead()), AT
    lead = replace(lead, recheck_at=AT + DAY / 24)
    spent: set[Hint] = set()
    for what, seconds in steps:
        at += timedelta(seconds=seconds)
        before = set(hints(lead))
        try:
            match what:
                case "call":
                    decision = log_activity(lead, Activity(ActivityKind.CALL), at=at, by=ANN)
                case "time":
                    decision = settle(lead, at)
                case "warning":
                    decision = remind(lead, at)
                case "recheck":
                    decision = recheck(lead, Validity.UNKNOWN, ask_again=True, at=at)
                case _:
                    decision = decide(lead, ANSWERS[Action(what)], at=at, by=ANN)
        except Refusal:
            continue
        lead = decision.lead
        if what == "call" or what in list(Action):
            spent |= before - set(hints(lead))
        assert not spent & set(hints(lead))


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_l6_an_accept_at_exactly_14_days_fails_as_expired(seconds: int) -> None:
    at = AT + 14 * DAY + timedelta(seconds=seconds)
    if seconds < 0:
        assert decide(a_lead(), ANSWERS[Action.ACCEPT], at=at, by=ANN).lead.status is Status.ACCEPTED
    else:
        with pytest.raises(LeadExpired):
            decide(a_lead(), ANSWERS[Action.ACCEPT], at=at, by=ANN)


def test_a1_expiry_is_recorded_at_its_deadline_however_late() -> None:
    decision = settle(a_lead(), AT + 100 * DAY)
    assert [event.type for event in decision.events] == [EventType.FLAME_COOLED, EventType.EXPIRED]
    assert [event.at for event in decision.events] == [AT + 3 * DAY, AT + 14 * DAY]
    assert decision.lead.outcome is Outcome.EXPIRED
    assert decision.lead.closed_at == AT + 14 * DAY
    assert settle(decision.lead, AT + 200 * DAY).events == ()


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a2_a_flame_cools_at_72_hours_with_one_event_and_no_new_version(seconds: int) -> None:
    decision = settle(a_lead(), AT + timedelta(hours=72, seconds=seconds))
    assert [event.type for event in decision.events] == ([EventType.FLAME_COOLED] if seconds >= 0 else [])
    assert decision.lead.version == 1
    assert decision.lead.status is Status.RECEIVED


def test_where_expiry_is_shorter_than_the_flame_a_lead_expires_hot() -> None:
    lead = replace(a_lead(), expires_at=AT + 2 * DAY)
    assert [hint.kind for hint in hints(lead)] == ["expire", "remind"]
    for late in (2, 3, 30):
        assert [(event.type, event.at) for event in settle(lead, AT + late * DAY).events] == [
            (EventType.EXPIRED, AT + 2 * DAY)
        ]


def test_a2_an_accept_after_the_flame_records_the_cooling_first() -> None:
    decision = decide(a_lead(), ANSWERS[Action.ACCEPT], at=AT + 4 * DAY, by=ANN)
    assert [(event.sequence, event.type) for event in decision.events] == [
        (2, EventType.FLAME_COOLED),
        (3, EventType.ACCEPTED),
    ]


def test_a3_an_informational_lead_ages_after_six_months() -> None:
    lead = informational()
    assert lead.ages_at is not None
    assert settle(lead, lead.ages_at - timedelta(milliseconds=1)).events == ()
    aged = settle(lead, lead.ages_at).lead
    assert (aged.status, aged.outcome, aged.closed_at) == (Status.ARCHIVED, Outcome.AGED, lead.ages_at)


def test_an_accepted_lead_has_no_deadline_any_more() -> None:
    assert settle(accepted(a_lead()), AT + 1000 * DAY).events == ()
    assert hints(accepted(a_lead())) == ()


def test_t6_nobody_accepts_a_do_not_contact_lead() -> None:
    lead = a_lead(ActionCode="DNC")
    assert lead.status is Status.INFORMATIONAL
    assert allowed_actions(lead) == ()
    with pytest.raises(InvalidTransition, match="does not want to be contacted"):
        decide(lead, ANSWERS[Action.ACCEPT], at=AT, by=ANN)


def test_l2_an_edit_changes_what_it_names_and_says_from_what_to_what() -> None:
    decision = decide(
        accepted(a_lead()), LeadAction(Action.EDIT, edits={"name": "B", "amount": DEAL.amount * 2}), at=AT, by=ANN
    )
    assert decision.lead.deal == replace(DEAL, name="B", amount=DEAL.amount * 2)
    assert decision.events[0].changes == {
        "deal.name": {"from": "Rollout", "to": "B"},
        "deal.amount": {"from": "12000.00", "to": "24000.00"},
    }


def test_l2_an_edit_that_changes_nothing_is_no_event() -> None:
    lead = accepted(a_lead())
    decision = decide(lead, LeadAction(Action.EDIT, edits={"name": DEAL.name}), at=AT, by=ANN)
    assert (decision.lead, decision.events) == (lead, ())


def test_l1_a_deal_keeps_a_date_or_a_time_frame() -> None:
    with pytest.raises(InvalidRequest) as refused:
        decide(accepted(a_lead()), LeadAction(Action.EDIT, edits={"purchase_date": None}), at=AT, by=ANN)
    assert refused.value.details[0].target == "purchaseDate"


@pytest.mark.parametrize("action", REASONS)
@pytest.mark.parametrize(("reason", "target"), [(None, "reason"), ("because", "reason"), ("other", "notes")])
def test_l3_l4_a_reason_is_one_of_the_list_and_other_needs_notes(
    action: Action, reason: str | None, target: str
) -> None:
    lead = a_lead() if action is Action.DECLINE else accepted(a_lead())
    with pytest.raises(InvalidRequest) as refused:
        decide(lead, LeadAction(action, reason=reason, notes=" "), at=AT, by=ANN)
    assert refused.value.details[0].target == target
    for good in REASONS[action]:
        closing = decide(lead, LeadAction(action, reason=good, notes="so it is"), at=AT, by=ANN).lead.closing
        assert closing is not None
        assert (closing.reason, closing.notes) == (good, "so it is")


def test_l4_a_win_takes_no_reason() -> None:
    with pytest.raises(InvalidRequest):
        decide(accepted(a_lead()), LeadAction(Action.WIN, reason="budget"), at=AT, by=ANN)


def test_l7_a_stale_version_is_refused_and_a_star_is_any() -> None:
    lead = accepted(a_lead())
    for versions in (frozenset({"2"}), frozenset({"1", "2"}), frozenset({"*"}), None):
        assert decide(lead, ANSWERS[Action.EDIT], at=AT, by=ANN, versions=versions).events
    with pytest.raises(PreconditionFailed) as refused:
        decide(lead, ANSWERS[Action.EDIT], at=AT, by=ANN, versions=frozenset({"1"}))
    assert '"2"' in refused.value.details[0].message


def test_l7_a_refusal_says_who_did_what_when() -> None:
    with pytest.raises(InvalidTransition) as refused:
        decide(accepted(a_lead()), ANSWERS[Action.ACCEPT], at=AT + DAY, by=ANN)
    (detail,) = refused.value.details
    assert (detail.code, detail.message) == ("lead.accepted", "Ann, 2026-11-21T20:04:27.123Z")
    assert (detail.by, detail.at) == (ANN, AT)
    with pytest.raises(LeadExpired) as late:
        decide(a_lead(), ANSWERS[Action.ACCEPT], at=AT + 20 * DAY, by=ANN)
    (detail,) = late.value.details
    assert (detail.by, detail.at) == (EXPIRE_TIMER, AT + 14 * DAY)


def test_l7_a_stale_version_says_who_made_it_so_and_when_where_the_lead_knows() -> None:
    def refused(lead: Lead) -> Detail:
        with pytest.raises(PreconditionFailed) as found:
            decide(lead, ANSWERS[Action.ACCEPT if lead.version == 1 else Action.EDIT], at=AT, by=ANN, versions=STALE)
        (detail,) = found.value.details
        return detail

    edited = decide(accepted(a_lead()), ANSWERS[Action.EDIT], at=AT + DAY, by=BOB).lead
    attempted = log_activity(edited, Activity(ActivityKind.CALL), at=AT + 2 * DAY, by=ANN).lead
    for changed in (edited, attempted):
        assert (refused(changed).by, refused(changed).at) == (BOB, AT + DAY)
    assert (refused(accepted(a_lead())).by, refused(accepted(a_lead())).at) == (ANN, AT)
    # Nothing has changed since it came, or nobody wrote down who changed it: then nobody is named.
    for nobodys in (a_lead(), replace(edited, last_change=None)):
        assert (refused(nobodys).by, refused(nobodys).at) == (None, None)


REPEATED = [action for action in Action if action is not Action.EDIT]
MOMENT = timedelta(milliseconds=1)


def _done(action: Action) -> Lead:
    lead = a_lead() if action in (Action.ACCEPT, Action.DECLINE) else accepted(a_lead(), AT - DAY)
    return decide(lead, ANSWERS[action], at=AT, by=ANN).lead


@pytest.mark.parametrize("action", REPEATED)
def test_l7_ones_own_repeat_changes_nothing_for_two_minutes_whatever_was_read(action: Action) -> None:
    lead = _done(action)
    soonest = ACCEPTS_RACE_FOR if action is Action.ACCEPT else MOMENT
    for after in (soonest, REPEAT_WITHIN):
        assert decide(lead, ANSWERS[action], at=AT + after, by=ANN, versions=frozenset({"1"})) == Decision(lead)
    called = log_activity(lead, Activity(ActivityKind.CALL), at=AT + MOMENT, by=BOB).lead
    assert decide(called, ANSWERS[action], at=AT + REPEAT_WITHIN, by=replace(ANN, name="A.")) == Decision(called)


@pytest.mark.parametrize("action", REPEATED)
@pytest.mark.parametrize(
    ("after", "by"),
    [
        (timedelta(), ANN),
        (-MOMENT, ANN),
        (REPEAT_WITHIN + MOMENT, ANN),
        (ACCEPTS_RACE_FOR, BOB),
        (ACCEPTS_RACE_FOR, Actor("sender", ANN.id)),
    ],
)
def test_l7_what_raced_comes_late_or_from_somebody_else_is_no_repeat(
    action: Action, after: timedelta, by: Actor
) -> None:
    with pytest.raises(InvalidTransition):
        decide(_done(action), ANSWERS[action], at=AT + after, by=by)


def test_l7_accepts_that_come_close_together_raced_whoever_sent_them() -> None:
    lead = _done(Action.ACCEPT)
    with pytest.raises(InvalidTransition) as found:
        decide(lead, ANSWERS[Action.ACCEPT], at=AT + ACCEPTS_RACE_FOR - MOMENT, by=ANN)
    assert [detail.by for detail in found.value.details] == [ANN]


def test_l7_a_service_repeats_nothing_that_a_person_did() -> None:
    timer = Actor("timer", ANN.id)
    lead = decide(a_lead(), ANSWERS[Action.ACCEPT], at=AT, by=timer).lead
    with pytest.raises(InvalidTransition):
        decide(lead, ANSWERS[Action.ACCEPT], at=AT + ACCEPTS_RACE_FOR, by=timer)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (ANSWERS[Action.ACCEPT], LeadAction(Action.ACCEPT, deal=replace(DEAL, notes="n"))),
        (ANSWERS[Action.ACCEPT], ANSWERS[Action.DECLINE]),
        (ANSWERS[Action.DECLINE], LeadAction(Action.DECLINE, reason="timeline")),
        (ANSWERS[Action.DECLINE], LeadAction(Action.DECLINE, reason="budget", notes="n")),
        (ANSWERS[Action.WIN], LeadAction(Action.WIN, notes="n")),
        (ANSWERS[Action.LOSE], LeadAction(Action.LOSE, reason="timeline")),
        (ANSWERS[Action.LOSE], ANSWERS[Action.WIN]),
        (ANSWERS[Action.CLOSE_AS_ERROR], LeadAction(Action.CLOSE_AS_ERROR, reason="wrongCustomer")),
    ],
)
def test_l7_with_other_content_it_is_the_conflict_that_it_was(first: LeadAction, then: LeadAction) -> None:
    with pytest.raises(InvalidTransition):
        decide(_done(first.action), then, at=AT + ACCEPTS_RACE_FOR, by=ANN)


def test_l7_an_accept_whose_deal_was_edited_since_is_no_repeat() -> None:
    lead = decide(_done(Action.ACCEPT), ANSWERS[Action.EDIT], at=AT + MOMENT, by=BOB).lead
    with pytest.raises(InvalidTransition):
        decide(lead, ANSWERS[Action.ACCEPT], at=AT + ACCEPTS_RACE_FOR, by=ANN)


def test_l7_ones_own_edit_again_with_the_version_it_was_made_from_changes_nothing() -> None:
    edit, lead = ANSWERS[Action.EDIT], _done(Action.EDIT)
    assert lead.version == 3
    for after in (MOMENT, REPEAT_WITHIN):
        assert decide(lead, edit, at=AT + after, by=ANN, versions=frozenset({"2"})) == Decision(lead)
    others = LeadAction(Action.EDIT, edits={"name": "Bigger rollout", "notes": "n"})
    twice = decide(lead, LeadAction(Action.EDIT, edits={"notes": "n"}), at=AT, by=BOB).lead
    for stored, asked, after, by, version in (
        (lead, edit, timedelta(), ANN, "2"),
        (lead, edit, REPEAT_WITHIN + MOMENT, ANN, "2"),
        (lead, edit, MOMENT, BOB, "2"),
        (lead, edit, MOMENT, ANN, "1"),
        (lead, others, MOMENT, ANN, "2"),
        # Its edits stand, and still somebody else has edited: whoever read version 2 must hear of it.
        (twice, edit, MOMENT, ANN, "2"),
        (twice, edit, MOMENT, BOB, "2"),
        (replace(lead, last_change=None), edit, MOMENT, ANN, "2"),
    ):
        with pytest.raises(PreconditionFailed):
            decide(stored, asked, at=AT + after, by=by, versions=frozenset({version}))


def test_events_never_go_back_in_time() -> None:
    lead = accepted(a_lead(), AT + DAY)
    decision = decide(lead, ANSWERS[Action.WIN], at=AT, by=ANN)
    assert decision.events[0].at == AT + DAY
    assert decision.lead.closed_at == AT + DAY


def won(at: datetime = AT, **said: Any) -> Lead:
    return decide(accepted(a_lead()), LeadAction(Action.WIN, **said), at=at, by=ANN).lead


def test_l4_a_win_says_what_was_won_when() -> None:
    closing = won(AT + DAY, amount=Decimal("900.50"), currency="USD", closed_on=AT.date()).closing
    assert closing == Closing(amount=Decimal("900.50"), currency="USD", closed_on=AT.date(), is_stated=True)
    silent = won(AT + DAY).closing
    assert silent == Closing(amount=DEAL.amount, currency="EUR", closed_on=(AT + DAY).date())
    half = won(AT + DAY, closed_on=AT.date()).closing
    assert half is not None
    assert (half.amount, half.is_stated) == (DEAL.amount, False)


def test_l4_what_was_won_stands_in_the_history() -> None:
    decision = decide(
        accepted(a_lead()),
        LeadAction(Action.WIN, amount=Decimal(5), currency="EUR", closed_on=AT.date()),
        at=AT,
        by=ANN,
    )
    assert decision.events[-1].changes == {
        "closing.amount": {"from": None, "to": "5"},
        "closing.currency": {"from": None, "to": "EUR"},
        "closing.closedOn": {"from": None, "to": "2026-11-21"},
    }


@pytest.mark.parametrize("days", [-2, 2, 400])
def test_l4_nothing_is_won_before_its_lead_or_tomorrow(days: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        won(AT, closed_on=(AT + days * DAY).date())
    assert [one.target for one in refused.value.details] == ["closedDate"]


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_l4_a_day_is_the_partners_own(days: int) -> None:
    """East of Greenwich it is tomorrow already, west of it still yesterday."""
    assert won(AT, closed_on=(AT + days * DAY).date()).closing is not None


def test_l4_every_fault_of_a_win_is_named() -> None:
    with pytest.raises(InvalidRequest) as refused:
        won(AT, amount=Decimal("1.001"), currency="EUR", closed_on=(AT + 9 * DAY).date())
    assert [one.target for one in refused.value.details] == ["value.amount", "closedDate"]


def test_l7_the_same_win_again_is_none_and_another_is_refused() -> None:
    said = LeadAction(Action.WIN, amount=Decimal(5), currency="EUR")
    lead = decide(accepted(a_lead()), said, at=AT, by=ANN).lead
    assert decide(lead, said, at=AT + timedelta(seconds=50), by=ANN).events == ()
    with pytest.raises(InvalidTransition):
        decide(lead, replace(said, amount=Decimal(6)), at=AT + timedelta(seconds=50), by=ANN)
