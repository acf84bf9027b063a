"""What a lead counts for, and that nothing is counted twice or left (M2, M5)."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.lead import Closing, Customer, Lead, LeadType, Offer
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.measures import (
    CURRENCIES_MAX,
    OTHER,
    VALUES_MAX,
    Dimension,
    Kind,
    Sums,
    added,
    amount_of,
    bucket,
    counted,
    differences,
    hours_of,
    kind_of,
    outcome_due,
    smallest_units,
    together,
    won_of,
    won_on_of,
)
from tests.builders import ANN, AT, DAY, DEAL, a_lead, accepted, informational

HOUR = timedelta(hours=1)


def amounts(lead: Lead) -> dict[str, int]:
    """What a lead counts for, of its one day."""
    (one,) = counted(lead)
    return dict(one.amounts)


def ended(lead: Lead, action: Action, reason: str | None = None, at: datetime = AT) -> Lead:
    return decide(lead, LeadAction(action, reason=reason), at=at, by=ANN).lead


def test_m5_a_lead_counts_on_the_day_its_customer_asked() -> None:
    (one,) = counted(a_lead(at=AT))
    assert one.day == "2026-11-21"
    assert dict(one.amounts) == {"r": 1}
    assert dict(one.values)["country"] == "SE"


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda lead: accepted(lead, AT + 2 * HOUR), {"r": 1, "a": 1, "t24": 1, "t72": 1, "v:EUR": 1_200_000}),
        (lambda lead: accepted(lead, AT + 30 * HOUR), {"r": 1, "a": 1, "t72": 1, "v:EUR": 1_200_000}),
        (lambda lead: ended(lead, Action.DECLINE, "budget", AT + 80 * HOUR), {"r": 1, "d": 1, "d:budget": 1}),
        (lambda lead: settle(lead, AT + 14 * DAY).lead, {"r": 1, "x": 1}),
        (
            lambda lead: ended(accepted(lead, AT + HOUR), Action.LOSE, "timeline", AT + 100 * DAY),
            {"r": 1, "a": 1, "t24": 1, "t72": 1, "v:EUR": 1_200_000, "l": 1, "l:timeline": 1},
        ),
    ],
)
def test_m5_what_became_of_a_lead_is_counted(made: Callable[[Lead], Lead], wanted: dict[str, int]) -> None:
    found = amounts(made(a_lead(at=AT)))
    assert {name: amount for name, amount in found.items() if not name.startswith("h:")} == wanted


def test_m5_a_win_counts_what_was_won_and_whether_it_was_told_in_time() -> None:
    lead = accepted(a_lead(at=AT), AT + HOUR)
    due = outcome_due(lead)
    assert due == datetime(2027, 2, 14, tzinfo=AT.tzinfo)
    assert amounts(ended(lead, Action.WIN, at=due))["o"] == 1
    late = amounts(ended(lead, Action.WIN, at=due + HOUR))
    assert "o" not in late
    assert (late["w"], late["w:EUR"]) == (1, 1_200_000)
    assert "c60" not in late
    assert amounts(ended(lead, Action.WIN, at=AT + 60 * DAY + HOUR))["c60"] == 1


def test_m5_a_deal_without_a_purchase_date_is_due_in_sixty_days_and_a_late_date_is_no_error() -> None:
    lead = accepted(a_lead(at=AT), AT)
    assert lead.deal is not None
    open_end = replace(lead, deal=replace(lead.deal, purchase_date=None, purchase_timeframe="soon"))
    assert outcome_due(open_end) == AT + 74 * DAY
    assert outcome_due(replace(lead, deal=replace(lead.deal, purchase_date=date.max))) is not None
    assert outcome_due(replace(lead, deal=replace(lead.deal, purchase_date=date(2020, 1, 1)))) == AT + 14 * DAY
    assert outcome_due(a_lead(at=AT)) is None


def test_m5_informational_leads_stand_apart() -> None:
    lead = informational(at=AT)
    assert amounts(lead) == {"i": 1}
    assert amounts(settle(lead, AT + 200 * DAY).lead) == {"i": 1}
    assert amounts(ended(accepted(lead), Action.WIN)) == {"i": 1, "ia": 1}


@pytest.mark.parametrize(
    "lead",
    [
        a_lead(FirstName="MSFT_TEST_"),
        replace(a_lead(), erased_at=AT),
        ended(accepted(a_lead()), Action.CLOSE_AS_ERROR, "wrongCustomer"),
    ],
)
def test_m5_tests_errors_and_erased_leads_count_for_nothing(lead: Lead) -> None:
    assert counted(lead) == ()


def test_m5_closing_a_deal_as_an_error_takes_away_what_it_had_counted_for() -> None:
    deal = accepted(a_lead(at=AT))
    sums = added(Sums("2026-11-21"), counted(deal))
    after = added(sums, differences(deal, ended(deal, Action.CLOSE_AS_ERROR, "wrongCustomer")))
    assert not any(amount for cells in after.cells.values() for cell in cells.values() for amount in cell.values())


def test_m5_a_change_that_moves_nothing_makes_no_difference() -> None:
    deal = accepted(a_lead(at=AT))
    noted = decide(deal, LeadAction(Action.EDIT, edits={"notes": "called"}), at=AT, by=ANN, versions=None).lead
    assert differences(deal, noted) == ()
    dearer = decide(deal, LeadAction(Action.EDIT, edits={"amount": Decimal("13000.50")}), at=AT, by=ANN).lead
    (one,) = differences(deal, dearer)
    assert one.amounts == (("v:EUR", 100_050),)
    other = decide(deal, LeadAction(Action.EDIT, edits={"currency": "JPY", "amount": Decimal(500)}), at=AT, by=ANN).lead
    assert dict(differences(deal, other)[0].amounts) == {"v:EUR": -1_200_000, "v:JPY": 500}


def lives(seed: int) -> list[Lead]:
    """A lead as it is after each of its changes."""
    pick = random.Random(seed)
    country = pick.choice(["DE", "US", "FR"])
    lead = a_lead(at=AT + pick.randrange(3) * DAY, Country=country)
    found = [lead]
    at = lead.created_at + pick.random() * 13 * DAY
    if (way := pick.randrange(4)) == 0:
        found.append(settle(lead, AT + 40 * DAY).lead)
    elif way == 1:
        found.append(ended(lead, Action.DECLINE, pick.choice(["budget", "noCapacity"]), at))
    else:
        deal = replace(DEAL, currency=pick.choice(["EUR", "USD", "JPY"]), amount=Decimal(pick.randrange(10**6)))
        found.append(decide(lead, LeadAction(Action.ACCEPT, deal=deal), at=at, by=ANN).lead)
        if pick.random() < 0.8:
            action = pick.choice([Action.WIN, Action.LOSE, Action.CLOSE_AS_ERROR])
            reason = {Action.LOSE: "budget", Action.CLOSE_AS_ERROR: "wrongCustomer"}.get(action)
            found.append(ended(found[-1], action, reason, at + pick.random() * 90 * DAY))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_m5_sums_of_changes_in_any_order_are_those_of_the_leads_alone(seed: int) -> None:
    histories = [lives(1000 * seed + number) for number in range(30)]
    moves = [
        one for life in histories for pair in itertools.pairwise([None, *life]) for one in differences(pair[0], pair[1])
    ]
    random.Random(seed).shuffle(moves)
    for day in {one.day for one in moves}:
        moved = added(Sums(day), [one for one in moves if one.day == day])
        made = added(Sums(day), [one for life in histories for one in counted(life[-1]) if one.day == day])
        assert _nonzero(moved) == _nonzero(made)
        assert _nonzero(made), "there is something to compare"


def _nonzero(sums: Sums) -> dict[tuple[str, str, str], int]:
    return {
        (dimension, value, name): amount
        for dimension, cells in sums.cells.items()
        for value, cell in cells.items()
        for name, amount in cell.items()
        if amount
    }


def test_m5_a_day_is_bounded_and_whole_all_the_same() -> None:
    leads = [
        replace(a_lead(at=AT), offer=Offer(f"contoso.{number}"), type=LeadType.OFFER)
        for number in range(VALUES_MAX + 5)
    ]
    sums = Sums("2026-11-21")
    for lead in leads:
        sums = added(sums, counted(lead))
    offers = sums.cells[Dimension.OFFER]
    assert len(offers) == VALUES_MAX + 1
    assert offers[OTHER] == {"r": 5}
    assert sums.cells[Dimension.ALL][""]["r"] == VALUES_MAX + 5
    # What was counted as another one is taken from there, also when there is room.
    sums = added(sums, differences(leads[0], replace(leads[0], erased_at=AT)))
    sums = added(sums, differences(leads[-1], replace(leads[-1], erased_at=AT)))
    assert sums.cells[Dimension.OFFER][OTHER] == {"r": 4}
    assert sums.cells[Dimension.OFFER]["contoso.0"] == {}


def test_m5_only_so_many_currencies_are_told_apart_by_value() -> None:
    codes = ["EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN"]
    sums = Sums("2026-11-21")
    deals = [
        decide(a_lead(at=AT), LeadAction(Action.ACCEPT, deal=replace(DEAL, currency=code)), at=AT, by=ANN).lead
        for code in codes
    ]
    for deal in deals:
        sums = added(sums, counted(deal))
    assert sum(name.startswith("v:") for name in sums.cells[Dimension.COUNTRY]["SE"]) == CURRENCIES_MAX
    assert sum(name.startswith("v:") for name in sums.cells[Dimension.ALL][""]) == len(codes)
    for deal in deals:
        sums = added(sums, differences(deal, replace(deal, erased_at=AT)))
    assert _nonzero(sums) == {}


def test_m5_reasons_are_told_apart_by_nothing_and_kinds_know_counts_alone() -> None:
    sums = added(Sums("2026-11-21"), counted(ended(a_lead(at=AT), Action.DECLINE, "budget", AT + HOUR)))
    assert {name[:2] for name in sums.cells[Dimension.ALL][""] if ":" in name} == {"d:", "h:"}
    assert [name for name in sums.cells[Dimension.COUNTRY]["SE"] if ":" in name] == ["h:-35"]
    (kind,) = sums.cells[Dimension.KIND].values()
    assert kind == {"r": 1, "d": 1, "t24": 1, "t72": 1}


@pytest.mark.parametrize("hours", [0, 0.001, 0.5, 5, 23.99, 24, 71.9, 72, 200, 336])
def test_m5_an_answer_is_counted_in_the_span_it_came_in(hours: float) -> None:
    number = bucket(timedelta(hours=hours))
    assert hours_of(number) <= max(hours, 1 / 60) + 1e-9
    assert hours_of(number + 1) > hours
    assert (number >= 0) == (hours >= 24)
    assert (number >= 12) == (hours >= 72)


def test_m5_amounts_keep_every_digit() -> None:
    for amount, currency in ((Decimal("99999999999999.9999"), "CLF"), (Decimal("0.01"), "EUR"), (Decimal(7), "JPY")):
        assert amount_of(smallest_units(amount, currency), currency) == amount


def test_m5_days_are_put_together() -> None:
    days = [added(Sums("2026-11-21"), counted(a_lead(at=AT))), added(Sums("2026-11-22"), counted(a_lead(at=AT + DAY)))]
    assert together(days, Dimension.COUNTRY)["SE"]["r"] == 2
    assert together(days)[""]["r"] == 2


def test_v3_leads_of_one_kind_have_all_of_it_in_common() -> None:
    kind = kind_of(a_lead())
    assert Kind.read(kind.written) == kind
    assert kind.completeness == "whole"
    assert kind_of(replace(a_lead(), notes=None)).completeness == "most"
    whole = replace(a_lead(), customer=replace(a_lead().customer, phone="+46 8 123", company="Adatum"), notes="x")
    assert kind_of(whole).completeness == "whole"
    assert kind_of(replace(whole, customer=Customer(company="Adatum"), notes=None)).completeness == "little"
    assert Kind.read(OTHER) is None


def test_m5_what_was_really_won_counts_and_that_it_was_said() -> None:
    deal = accepted(a_lead(at=AT))
    said = LeadAction(Action.WIN, amount=Decimal("10000.01"), currency="USD", closed_on=AT.date())
    found = amounts(decide(deal, said, at=AT, by=ANN).lead)
    assert (found["ws"], found["w:USD"], found["v:EUR"]) == (1, 1_000_001, 1_200_000)
    silent = decide(deal, LeadAction(Action.WIN), at=AT, by=ANN).lead
    assert "ws" not in amounts(silent)
    # One that was closed before a win said anything.
    assert amounts(replace(silent, closing=Closing(notes="x")))["w:EUR"] == 1_200_000
    assert won_on_of(replace(silent, closing=Closing())) == AT.date()
    assert (won_of(deal), won_on_of(deal)) == (None, None)
