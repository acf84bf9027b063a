"""A period's funnel, rates, times and worth, from the sums of its days (M5)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shared.domain.insights import GROUPS_MAX, Figures, GroupBy, Insights, Period, figures, hours_at, insights
from shared.domain.lead import Lead
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.measures import OTHER, Sums, added, bucket, counted
from tests.builders import ANN, AT, DAY, DEAL, a_lead, accepted, informational

HOUR = timedelta(hours=1)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def ended(lead: Lead, action: Action, reason: str | None = None, after: timedelta = HOUR) -> Lead:
    return decide(lead, LeadAction(action, reason=reason), at=lead.created_at + after, by=ANN).lead


def told(leads: list[Lead], period: Period = NOVEMBER, group_by: GroupBy | None = None) -> Insights:
    days: dict[str, Sums] = {}
    for lead in leads:
        for one in counted(lead):
            days[one.day] = added(days.get(one.day, Sums(one.day)), [one])
    return insights(days.values(), period, group_by)


def month(before: int = 0) -> list[Lead]:
    """Ten leads of November: six accepted (two won, one lost), two declined, one expired, one waits."""
    at = AT - before * DAY
    deals = [accepted(a_lead(at=at - n * DAY), at - n * DAY + 30 * HOUR) for n in range(6)]
    deals[:3] = [ended(deals[0], Action.WIN, after=40 * DAY), ended(deals[1], Action.WIN, after=80 * DAY), deals[2]]
    deals[2] = ended(deals[2], Action.LOSE, "budget", 40 * DAY)
    declined = [ended(a_lead(at=at), Action.DECLINE, reason, 2 * HOUR) for reason in ("budget", "noCapacity")]
    return [*deals, *declined, settle(a_lead(at=at - 9 * DAY), at + 99 * DAY).lead, a_lead(at=at)]


def test_m5_a_funnel_has_counts_rates_and_worth() -> None:
    found = told([*month(), informational(at=AT), accepted(informational(at=AT), AT)]).total
    assert (found.received, found.accepted, found.declined, found.expired, found.waiting) == (10, 6, 2, 1, 1)
    assert (found.won, found.lost, found.answered) == (2, 1, 8)
    assert found.acceptance_rate == pytest.approx(6 / 9)
    assert found.expiry_rate == pytest.approx(1 / 9)
    assert found.win_rate == pytest.approx(2 / 6)
    assert (found.within_24h, found.within_72h) == (2 / 8, 1.0)
    assert (found.answered_24h, found.answered_72h, found.open_deals) == (2, 8, 3)
    assert found.closed_within_60_days == pytest.approx(2 / 3)
    assert (found.worth, found.worth_won) == ({"EUR": 6 * DEAL.amount}, {"EUR": 2 * DEAL.amount})
    assert (found.informational, found.informational_accepted) == (2, 1)


def test_m5_reasons_are_counted() -> None:
    found = told([*month(), ended(a_lead(at=AT), Action.DECLINE, "budget")])
    assert list(found.declined_for.items()) == [("budget", 2), ("noCapacity", 1)]
    assert found.lost_for == {"budget": 1}


def test_m5_no_lead_is_in_two_periods_one_after_the_other() -> None:
    assert NOVEMBER.before == Period(date(2026, 10, 2), date(2026, 10, 31))
    found = told([*month(), *month(before=30)])
    assert (found.total.received, found.before.received) == (10, 10)
    edge = [a_lead(at=AT.replace(day=day, hour=hour)) for day, hour in ((1, 0), (30, 23))]
    assert told(edge).total.received == 2
    assert told(edge, Period(date(2026, 11, 2), date(2026, 11, 29))).total.received == 0


def test_m5_nothing_is_no_rate() -> None:
    found = told([])
    assert found.total == Figures()
    assert found.total.is_empty
    assert (found.total.acceptance_rate, found.total.hours_median) == (None, None)
    assert told([a_lead(at=AT)]).total.acceptance_rate is None, "it waits"


def test_m5_groups_are_the_largest_first_and_months_in_order() -> None:
    leads = [a_lead(at=AT, Country=country) for country in ("DE", "FR", "FR", "SE")]
    found = told([*leads, settle(a_lead(at=AT, Country="SE"), AT + 20 * DAY).lead], group_by=GroupBy.COUNTRY)
    assert [(value, one.received) for value, one in found.groups] == [("FR", 2), ("SE", 2), ("DE", 1)]
    assert dict(found.groups)["SE"].expiry_rate == 1.0
    autumn = Period(date(2026, 9, 1), date(2026, 11, 30))
    by_month = told([*month(), *month(before=31)], autumn, GroupBy.MONTH)
    assert [value for value, _ in by_month.groups] == ["2026-10", "2026-11"]
    assert by_month.groups[1][1].hours_median == pytest.approx(30, rel=0.1)


def test_m5_groups_know_times_and_worth() -> None:
    ((_, one),) = told(month(), group_by=GroupBy.COUNTRY).groups
    assert one.hours_median == pytest.approx(30, rel=0.1)
    assert one.worth_won == {"EUR": 2 * DEAL.amount}


def test_m5_only_so_many_groups_are_told_one_by_one() -> None:
    leads = [replace(a_lead(at=AT - number % 10 * DAY), location=f"Place {number}") for number in range(GROUPS_MAX + 7)]
    found = told(leads, group_by=GroupBy.LOCATION)
    assert len(found.groups) == GROUPS_MAX + 1
    assert found.groups[-1][0] == OTHER
    assert sum(one.received for _, one in found.groups) == GROUPS_MAX + 7


def test_m5_what_was_taken_away_again_is_no_group() -> None:
    wrong = ended(accepted(a_lead(at=AT), AT), Action.CLOSE_AS_ERROR, "wrongCustomer")
    assert told([wrong], group_by=GroupBy.COUNTRY).groups == []


@pytest.mark.parametrize("part", [0.5, 0.9])
def test_m5_times_are_those_of_the_answers_to_a_tenth(part: float) -> None:
    hours = sorted(0.3 * 1.09**number for number in range(80))
    spans: dict[int, int] = {}
    for one in hours:
        number = bucket(timedelta(hours=one))
        spans[number] = spans.get(number, 0) + 1
    assert hours_at(spans, part) == pytest.approx(hours[int(part * len(hours))], rel=0.1)
    assert hours_at({}, part) is None


def test_m5_worth_keeps_its_currencies() -> None:
    found = figures({"v:EUR": 150, "v:JPY": 150, "w:EUR": 0})
    assert (found.worth, found.worth_won) == ({"EUR": Decimal("1.50"), "JPY": Decimal(150)}, {})
