"""What would mend a partner's profile, answers and reports, each piece with its number (M6)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.domain.advice import (
    EACH_MAX,
    Advice,
    Declined,
    Matter,
    Mend,
    Page,
    Quiet,
    Slow,
    Year,
    advice,
    year,
    year_of,
)
from shared.domain.insights import Period
from shared.domain.lead import Lead
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.measures import Sums, added, counted
from shared.domain.programme.profile import CompanySize, Contact, Location, Profile
from shared.domain.telling.preferences import LANGUAGES
from shared.domain.telling.recommendations import ADVICE, about_advice
from shared.texts import translator
from tests.builders import ANN, AT, DAY, a_lead, accepted, informational

HOUR = timedelta(hours=1)
LENA = Contact("Lena", "lena@contoso.example")
PROFILE = Profile("Contoso", published=True, keywords=("crm",), locations=(Location("HQ", "SE", None, (LENA,)),))


def given(**changes: Any) -> list[Advice]:
    known: dict[str, Any] = {"profile": PROFILE, "preferred": None, "unwanted": {}, "overdue": 0, "year": Year()}
    return advice(**{**known, "at": AT, **changes})


def declined(lead: Lead, hours: float = 1) -> Lead:
    return decide(lead, LeadAction(Action.DECLINE, reason="budget"), at=lead.created_at + hours * HOUR, by=ANN).lead


def expired(at: datetime) -> Lead:
    return settle(a_lead(at=at), at + 15 * DAY).lead


def comes_to(leads: list[Lead], at: datetime = AT) -> Year:
    days: dict[str, Sums] = {}
    for lead in leads:
        for one in counted(lead):
            days[one.day] = added(days.get(one.day, Sums(one.day)), [one])
    return year_of(days.values(), at)


def test_m6_who_has_nothing_to_mend_is_told_nothing() -> None:
    assert given() == []
    assert given(profile=None) == []
    assert given(profile=replace(PROFILE, published=False)) == []


def test_m6_a_profile_is_not_published_though_leads_come() -> None:
    for profile in (None, replace(PROFILE, published=False)):
        (one,) = given(profile=profile, year=Year(leads=7))
        assert (one.matter, one.numbers, one.mend) == (
            Matter.NOT_PUBLISHED,
            {"leads": 7},
            Mend(Page.PROFILE, "published"),
        )
        assert "Leads in twelve months: 7." in one.message
    assert given(year=Year(leads=7)) == []


def test_m6_a_profile_without_keywords_and_locations() -> None:
    found = given(profile=replace(PROFILE, keywords=(), locations=()))
    assert [(one.matter, one.numbers, one.mend.part) for one in found] == [
        (Matter.NO_LOCATION, {"locations": 0}, "locations"),
        (Matter.NO_KEYWORDS, {"keywords": 0}, "keywords"),
    ]


def test_m6_a_location_without_a_contact_that_can_be_mailed() -> None:
    by_phone = Contact("Jonas", None, "+49 30 23125 010")
    places = (*PROFILE.locations, Location("Berlin", "DE"), Location("Köln Süd", "DE", None, (by_phone,)))
    found = given(profile=replace(PROFILE, locations=places), year=Year(leads=9, places={"koln sud": 4}))
    assert [(one.matter, one.subject, one.numbers, one.mend) for one in found] == [
        (Matter.LOCATION_WITHOUT_CONTACT, "Berlin", {"leads": 0}, Mend(Page.PROFILE, "location-2")),
        (Matter.LOCATION_WITHOUT_CONTACT, "Köln Süd", {"leads": 4}, Mend(Page.PROFILE, "location-3")),
    ]
    assert "Köln Süd" in found[1].message


@pytest.mark.parametrize(
    ("why", "matter"), [("bounced", Matter.CONTACT_BOUNCED), ("unsubscribed", Matter.CONTACT_UNSUBSCRIBED)]
)
def test_m6_a_contact_whom_no_mail_reaches_stands_with_its_locations(why: str, matter: Matter) -> None:
    again = replace(LENA, email="LENA@Contoso.example")
    places = (Location("Malmö", "SE", None, (Contact("Max", "max@contoso.example"),)), *PROFILE.locations)
    profile = replace(PROFILE, locations=(*places, Location("Oslo", "NO", None, (again, LENA))))
    (one,) = given(profile=profile, unwanted={"lena@contoso.example": why, "gone@contoso.example": why})
    assert (one.matter, one.subject, one.numbers) == (matter, "lena@contoso.example", {"locations": 2})
    assert one.mend == Mend(Page.PROFILE, "location-2")
    assert "lena@contoso.example" in one.message


def test_m6_a_preferred_address_that_takes_no_mail_is_mended_in_the_preferences() -> None:
    (one,) = given(preferred="Lena@contoso.example", unwanted={"lena@contoso.example": "bounced"}, year=Year(leads=5))
    assert (one.matter, one.subject, one.numbers, one.mend) == (
        Matter.CONTACT_BOUNCED,
        "Lena@contoso.example",
        {"leads": 5},
        Mend(Page.PREFERENCES),
    )
    assert given(preferred="max@contoso.example", unwanted={"else@contoso.example": "bounced"}) == []


def test_m6_overdue_outcomes_are_among_the_accepted_leads() -> None:
    (one,) = given(overdue=1)
    assert (one.matter, one.numbers, one.mend) == (
        Matter.OUTCOMES_OVERDUE,
        {"deals": 1},
        Mend(Page.LEADS, "status=accepted"),
    )


def test_m6_answers_are_slow_from_ten_on_where_the_middle_took_three_days() -> None:
    slow = [declined(a_lead(at=AT - 20 * DAY), 100) for _ in range(6)]
    quick = [declined(a_lead(at=AT - 20 * DAY), 5) for _ in range(4)]
    found = comes_to([*slow, *quick]).slow
    assert found is not None
    assert (found.answers, found.within_72h) == (10, 4)
    assert found.hours == pytest.approx(100, rel=0.1)
    assert comes_to([*slow, *quick[:3]]).slow is None, "nine answers say nothing"
    assert comes_to([*slow[:4], *quick, *quick]).slow is None
    assert comes_to([declined(a_lead(at=AT - 100 * DAY), 100) for _ in range(20)]).slow is None, "longer ago"
    assert comes_to([expired(AT - 20 * DAY) for _ in range(20)]).slow is None, "no answers"
    (one,) = given(year=Year(slow=found))
    assert (one.matter, one.mend) == (Matter.SLOW_ANSWERS, Mend(Page.LEADS, "status=received"))
    assert one.numbers == {"answers": 10, "within72h": 4, "hours": found.hours}


def searched(*terms: str, size: str | None = None) -> Lead:
    lead = a_lead(at=AT - 40 * DAY)
    return replace(lead, search_terms=terms, customer=replace(lead.customer, size=size))


def test_m6_searches_and_sizes_whose_leads_were_mostly_declined() -> None:
    at = AT - 39 * DAY
    leads = [declined(searched("CRM", size="10-50")) for _ in range(6)]
    leads += [accepted(searched("crm", size="10-50"), at) for _ in range(4)]
    leads += [declined(searched("Payroll ", size="5001+")) for _ in range(11)]
    leads += [declined(searched("few", size="1-9")) for _ in range(9)]
    leads += [declined(searched("fits", size="51-250")) for _ in range(5)]
    leads += [accepted(searched("fits", size="51-250"), at) for _ in range(5)]
    leads += [searched("waits") for _ in range(20)]
    found = comes_to(leads)
    assert found.terms == (Declined("payroll", 11, 11), Declined("crm", 10, 6))
    assert found.sizes == (Declined("5001+", 11, 11), Declined("10-50", 10, 6))
    told = given(year=found)
    assert [(one.matter, one.subject, one.mend.part) for one in told if one.mend.page is Page.PROFILE] == [
        (Matter.KEYWORD_DECLINED, "payroll", "description"),
        (Matter.KEYWORD_DECLINED, "crm", "keywords"),
        (Matter.SIZE_DECLINED, "5001+", "companySizes"),
        (Matter.SIZE_DECLINED, "10-50", "companySizes"),
    ]
    assert told[-1].numbers == {"answers": 10, "declined": 6}
    taken = replace(PROFILE, company_sizes=(CompanySize.SMALL,))
    sizes = [one.subject for one in given(profile=taken, year=found) if one.matter is Matter.SIZE_DECLINED]
    assert sizes == ["10-50"], "whoever does not work for the largest has mended it"


def of_month(month: int, count: int, accepts: int = 0) -> list[Lead]:
    at = datetime(2026, month, 10, 9, 0, tzinfo=UTC)
    leads = [a_lead(at=at) for _ in range(count)]
    return [
        accepted(lead, at + HOUR) if n < accepts else settle(lead, at + 15 * DAY).lead for n, lead in enumerate(leads)
    ]


def test_m6_nobody_accepts_in_august() -> None:
    usual = [*of_month(6, 10, 5), *of_month(7, 10, 5)]
    found = comes_to([*usual, *of_month(8, 6)])
    assert found.quiet == (Quiet("2026-08", 6, 20, 10),)
    (one,) = [one for one in given(year=found) if one.matter is Matter.MONTH_WITHOUT_ACCEPT]
    assert one.numbers == {"leads": 6, "others": 20, "accepted": 10}
    assert (one.subject, one.mend) == ("2026-08", Mend(Page.LEADS, "createdFrom=2026-08-01&createdTo=2026-08-31"))
    assert (one.month, one.raised) == (date(2026, 8, 1), date(2026, 9, 1))
    assert translator("en")(one.message).startswith("August 2026: 6 leads came and none was accepted;")
    assert translator("de")(one.message).startswith("August 2026: ")
    assert translator("hu")(one.message).startswith("2026. augusztus: ")


def test_m6_a_month_is_quiet_once_it_is_over_and_more_than_chance() -> None:
    usual = [*of_month(6, 10, 5), *of_month(7, 10, 5)]
    assert comes_to([*usual, *of_month(8, 5)]).quiet == (), "of five, chance may leave none"
    assert comes_to([*usual, *of_month(8, 8, 1)]).quiet == ()
    assert comes_to([*of_month(6, 40), *of_month(8, 40)]).quiet == (), "nobody ever accepts"
    assert comes_to([*usual, *of_month(11, 20)]).quiet == (), "this month is not over"
    waiting = a_lead(at=datetime(2026, 8, 10, tzinfo=UTC))
    assert comes_to([*usual, *of_month(8, 20), waiting]).quiet == (), "one may still be accepted"
    noticed = [informational(at=datetime(2026, 8, 10, tzinfo=UTC)) for _ in range(30)]
    assert comes_to([*usual, *noticed]).quiet == (), "nobody has to answer them"


@pytest.mark.parametrize(
    ("today", "first"),
    [
        ("2026-11-21", "2025-12-01"),
        ("2026-12-31", "2026-01-01"),
        ("2028-02-29", "2027-03-01"),
        ("2027-01-01", "2026-02-01"),
    ],
)
def test_m6_a_year_is_this_month_and_the_eleven_before(today: str, first: str) -> None:
    at = datetime.fromisoformat(f"{today}T12:00:00+00:00")
    assert year(at) == Period(date.fromisoformat(first), date.fromisoformat(today))
    begins = datetime.fromisoformat(f"{first}T00:00:00+00:00")
    assert comes_to([a_lead(at=begins), a_lead(at=begins - HOUR)], at).leads == 1


def test_m6_the_gravest_comes_first_and_no_matter_fills_the_list() -> None:
    places = tuple(Location(f"Place {n}", "SE") for n in range(EACH_MAX + 5))
    profile = replace(PROFILE, published=False, keywords=(), locations=(*places, *PROFILE.locations))
    found = given(
        profile=profile,
        unwanted={"lena@contoso.example": "bounced"},
        overdue=3,
        year=Year(leads=1, slow=Slow(10, 1, 99)),
    )
    order = [one.matter for one in found]
    assert order == sorted(order, key=list(Matter).index)
    assert order[:2] == [Matter.NOT_PUBLISHED, Matter.CONTACT_BOUNCED]
    assert order.count(Matter.LOCATION_WITHOUT_CONTACT) == EACH_MAX
    assert len({about_advice(one).id for one in found}) == len(found)


def every_matter() -> list[Advice]:
    known = Year(
        leads=31,
        slow=Slow(12, 3, 99),
        terms=(Declined("erp", 11, 9),),
        sizes=(Declined("5001+", 12, 8),),
        quiet=(Quiet("2026-08", 14, 40, 17),),
    )
    out = {"lena@contoso.example": "bounced", "max@contoso.example": "unsubscribed", "all@contoso.example": "bounced"}
    max_ = Contact("Max", "max@contoso.example")
    place = Location("HQ", "SE", None, (LENA, max_))
    bare = replace(PROFILE, published=False, keywords=(), locations=(Location("Oslo", "NO"), place))
    found = given(profile=bare, preferred="all@contoso.example", unwanted=out, overdue=4, year=known)
    return found + [one for one in given(profile=replace(PROFILE, locations=())) if one.matter is Matter.NO_LOCATION]


@pytest.mark.parametrize("language", LANGUAGES)
def test_m6_every_piece_says_its_subject_and_its_numbers_in_every_language(language: str) -> None:
    found = every_matter()
    assert {one.matter for one in found} == set(Matter)
    for one in found:
        text = translator(language)(one.message)
        for number in one.numbers.values():
            assert str(number) in text, text
        if one.subject and one.matter is not Matter.MONTH_WITHOUT_ACCEPT:
            assert one.subject in text


def test_n5_advice_is_raised_anew_each_month_and_that_of_a_month_once() -> None:
    quiet = Year(quiet=(Quiet("2026-08", 6, 20, 10),))

    def ids(at: datetime) -> list[str]:
        return [about_advice(one).id for one in given(overdue=2, year=quiet, at=at)]

    (overdue, august), (again, same) = ids(AT), ids(AT + 20 * DAY)
    assert ids(AT + 9 * DAY) == [overdue, august]
    assert overdue != again
    assert august == same
    (one, _) = map(about_advice, given(overdue=2, year=quiet))
    assert (one.kind, one.lead_id, one.created_at, one.due_at) == (
        ADVICE,
        None,
        datetime(2026, 11, 1, tzinfo=UTC),
        None,
    )
