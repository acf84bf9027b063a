"""A partner's standing: quick, honest, fitting; smoothed, and explained by its numbers (M2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.lead import Lead
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.measures import Sums, added, counted
from shared.domain.standing import USUAL, Norms, Standing, norms_of, period, standing
from tests.builders import ANN, AT, DAY, a_lead, accepted

HOUR = timedelta(hours=1)
NOW = AT + 30 * DAY


def declined(hours: float) -> Lead:
    return decide(a_lead(at=AT), LeadAction(Action.DECLINE, reason="noCapacity"), at=AT + hours * HOUR, by=ANN).lead


def deal(hours: float = 1) -> Lead:
    return accepted(a_lead(at=AT), AT + hours * HOUR)


def closed(action: Action, after: timedelta = DAY) -> Lead:
    reason = "budget" if action is Action.LOSE else None
    return decide(deal(), LeadAction(action, reason=reason), at=AT + after, by=ANN).lead


def expired() -> Lead:
    return settle(a_lead(at=AT), AT + 15 * DAY).lead


def of(leads: list[Lead], overdue: int = 0, norms: Norms | None = None) -> Standing:
    days: dict[str, Sums] = {}
    for lead in leads:
        for one in counted(lead):
            days[one.day] = added(days.get(one.day, Sums(one.day)), [one])
    return standing(days.values(), overdue, period(NOW), norms or Norms())


def test_m2_who_is_new_stands_where_the_programme_stands() -> None:
    assert of([]).value == USUAL
    assert of([], norms=Norms(0.9, 0.7, 0.8)).value == pytest.approx(USUAL)


def test_m2_an_answer_counts_by_its_time_a_decline_is_one_and_an_expiry_is_none() -> None:
    found = of([deal(2), declined(50), deal(100), expired()])
    assert (found.within_24h, found.within_72h, found.later) == (1, 1, 1)
    assert found.responsiveness.of == 4
    assert found.responsiveness.points == pytest.approx(1 + 0.75 + 0.4)
    assert of([declined(2)] * 20).responsiveness == of([deal(2)] * 20).responsiveness
    assert of([expired()] * 20).value < USUAL < of([deal(2)] * 20).value


def test_m2_an_outcome_counts_by_when_it_was_due_and_what_it_says() -> None:
    found = of([closed(Action.LOSE), closed(Action.LOSE, 200 * DAY)], overdue=2)
    assert (found.reporting.of, found.reporting.points) == (4, pytest.approx(0.6 + 0.4 + 0.3 + 0.4))
    assert of([closed(Action.LOSE)] * 9).reporting.score > of([closed(Action.LOSE)] * 9, overdue=9).reporting.score
    assert of([], overdue=20).reporting.score < 0.2


def test_m2_what_was_accepted_and_won_fits() -> None:
    fits, none = of([closed(Action.WIN)] * 9), of([declined(1)] * 9)
    assert (fits.fit.points, fits.fit.of) == (18, 18)
    assert (none.fit.points, none.fit.of) == (0, 9)


def test_m2_three_leads_neither_crown_nor_ruin() -> None:
    assert abs(of([expired()] * 3).value - USUAL) < 0.1
    assert abs(of([closed(Action.WIN)] * 3).value - USUAL) < 0.15
    assert of([expired()] * 100).value < 0.35
    assert of([closed(Action.WIN)] * 100).value > 0.8


def test_m2_only_leads_of_ninety_days_count() -> None:
    old = replace(expired(), created_at=NOW - 91 * DAY)
    assert of([old] * 50).value == USUAL
    assert of([replace(expired(), created_at=NOW - 89 * DAY)] * 50).value < USUAL


def test_m2_the_usual_is_what_partners_have_on_average() -> None:
    assert norms_of([]) == Norms()
    quick, slow = of([deal(2)] * 50), of([expired()] * 50)
    norms = norms_of([quick] * 30 + [slow] * 10)
    assert norms.responsiveness == pytest.approx(0.75, abs=0.02)
    # Who does as they all do is usual, whatever that is.
    same = [deal(2)] * 75 + [expired()] * 25
    assert of(same, norms=replace(norms, fit=1.0)).value == pytest.approx(USUAL, abs=0.03)


def test_m2_a_standing_is_bounded() -> None:
    assert 0 <= of([expired()] * 999, overdue=999, norms=Norms(1, 1, 1)).value <= 1
    assert of([closed(Action.WIN)] * 999, norms=Norms(0, 0, 0)).value == 1
