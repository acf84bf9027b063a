"""What stands on screens before a template sees it: words, tones at their bounds, and links that keep the view."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instants import stamp
from shared.domain.lead import Outcome, Status
from shared.domain.ordering import Order, OrderField
from shared.domain.permissions import Caller, Role
from shared.http.shapes.lead_views import LeadView, lead_view
from shared.pages.screens.leads import columns
from shared.pages.views.filters import CHOICES, NAMES, TEXTS, bar_of, heading, titles, view_of
from shared.pages.views.rows import due_of, flame_of, marks_of, row_of
from shared.pages.words import Words
from shared.ports.leads import Mark
from shared.texts import translator
from shared.usecases.leads.read_leads import SeenLead
from tests.builders import AT, DAY, a_lead, accepted, informational

LANGUAGES = ("en", "de", "it", "sv", "hu", "pt-BR")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ANN = Caller("contoso", "ann", "Ann", frozenset({Role.LEADS_ADMIN, Role.LEADS_USER}), "contoso")


def words(language: str = "en", at: datetime = AT, zone: str = "UTC") -> Words:
    return Words(language, zone, at)


def seen(lead: Any = None, at: datetime = AT, **mark: bool) -> LeadView:
    """A lead as Ann sees it."""
    return lead_view(SeenLead(lead or a_lead(), Mark(**mark), ()), ANN, at, translator("en"))


# --- Words -----------------------------------------------------------------------------------------------------------

LEFT = [
    (14 * DAY, "14 days", "14 Tage"),
    (3 * DAY, "3 days", "3 Tage"),
    (3 * DAY + 23 * HOUR, "3 days", "3 Tage"),
    (3 * DAY - MINUTE, "2d 23h", "2 T 23 Std."),
    (2 * DAY, "2d", "2 T"),
    (DAY + 3 * HOUR + 59 * MINUTE, "1d 3h", "1 T 3 Std."),
    (5 * HOUR + 7 * MINUTE, "5h 7m", "5 Std. 7 Min."),
    (DAY + 9 * MINUTE, "1d 9m", "1 T 9 Min."),
    (59 * MINUTE + timedelta(seconds=59), "59m", "59 Min."),
    (MINUTE, "1m", "1 Min."),
    (timedelta(seconds=3), "1m", "1 Min."),
    (timedelta(0), "1m", "1 Min."),
    (-DAY, "1m", "1 Min."),
]


@pytest.mark.parametrize(("span", "english", "german"), LEFT)
def test_what_is_left_is_said_in_hours_where_they_matter(span: timedelta, english: str, german: str) -> None:
    until = stamp(AT + span)
    assert words().left(until) == english
    assert words("de").left(until).replace("\xa0", " ") == german


@pytest.mark.parametrize(
    ("span", "english", "german"),
    [
        (timedelta(0), "1 second ago", "vor 1 Sekunde"),
        (-HOUR, "1 second ago", "vor 1 Sekunde"),
        (3 * MINUTE, "3 minutes ago", "vor 3 Minuten"),
        (5 * HOUR, "5 hours ago", "vor 5 Stunden"),
        (6 * DAY, "6 days ago", "vor 6 Tagen"),
        (7 * DAY, "14 Nov, 20:04", "14. Nov., 20:04"),
    ],
)
def test_what_was_is_said_as_a_span_for_a_week(span: timedelta, english: str, german: str) -> None:
    assert (words().ago(stamp(AT - span)), words("de").ago(stamp(AT - span))) == (english, german)


def test_a_time_is_the_partners_and_has_a_year_where_that_is_another() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert words().moment(stamp(new_year)) == "31 Dec, 23:30"
    assert words(zone="Europe/Stockholm").moment(stamp(new_year)) == "1 Jan 2027, 00:30"
    assert words(zone="Europe/Stockholm", at=new_year).moment(stamp(new_year)) == "1 Jan, 00:30"
    assert words(zone="America/New_York", at=new_year).moment(stamp(new_year)) == "31 Dec, 18:30"
    assert words().moment(None) == words().day(None) == words().label("statuses", None) == "–"
    assert words().day("2027-01-31") == "31 Jan 2027"
    assert words().long_day(stamp(AT)) == "21 November 2026"


def test_money_numbers_and_countries_are_each_languages_own() -> None:
    money = {language: words(language).money("12000.50", "EUR").replace("\xa0", " ") for language in LANGUAGES}
    assert (money["en"], money["de"], money["pt-BR"]) == ("€12,000.50", "12.000,50 €", "€ 12.000,50")
    assert len({words(language).country("SE") for language in LANGUAGES}) >= 5
    assert words("de").number(12000) == "12.000"
    assert words().country("ZZZ") == "ZZZ"
    assert dict(words("sv").countries())["DE"] == "Tyskland"
    assert words("en").language_name("pt-BR").startswith("português")


@given(st.sampled_from(LANGUAGES), st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_words_are_never_wanting_and_never_another_readers(language: str, span: timedelta) -> None:
    at = stamp(AT + span)
    for zone in ("UTC", "Pacific/Auckland"):
        mine = words(language, zone=zone)
        said = (mine.left(at), mine.ago(at), mine.moment(at))
        assert all(said)
        again = words(language, zone=zone)
        words("en" if language != "en" else "de").moment(at)
        assert said == (again.left(at), again.ago(at), again.moment(at))


# --- Rows ------------------------------------------------------------------------------------------------------------

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "tone"),
    [
        (14 * DAY, "quiet"),
        (7 * DAY + SECOND, "quiet"),
        (7 * DAY, "soon"),
        (2 * DAY + SECOND, "soon"),
        (2 * DAY, "urgent"),
        (SECOND, "urgent"),
    ],
)
def test_a1_what_is_due_grows_louder_at_seven_days_and_at_two(left: timedelta, tone: str) -> None:
    lead = a_lead()
    assert lead.expires_at
    now = lead.expires_at - left
    due = due_of(seen(lead, now), words(at=now))
    assert due.tone == tone
    assert due.text == words(at=now).left(stamp(lead.expires_at))
    assert due.title.startswith("Answer by ")


def test_what_waits_for_no_answer_says_what_it_is() -> None:
    for lead, said in ((accepted(a_lead()), "Accepted"), (informational(), words().label("statuses", "informational"))):
        due = due_of(seen(lead), words())
        assert (due.tone, due.text, due.title) == ("none", said, "")
    expired = {**seen(), "status": Status.ARCHIVED, "outcome": Outcome.EXPIRED}
    assert due_of(expired, words()).text == words().label("outcomes", "expired")  # type: ignore[arg-type] # a lead's view


def test_a2_a_flame_counts_down_and_then_has_cooled() -> None:
    lead = a_lead()
    hot = flame_of(seen(lead), words())
    assert hot
    assert (hot.state, hot.text) == ("hot", "3 days")
    later = AT + 72 * HOUR
    cooled = flame_of(seen(lead, later), words(at=later))
    assert cooled
    assert (cooled.state, cooled.text) == ("cooled", words().label("flames", "cooled"))
    assert hot.message != cooled.message
    assert flame_of(seen(informational()), words()) is None


def test_marks_are_of_what_there_is_and_never_of_colour_alone() -> None:
    view = seen()
    for validity, tone in (("valid", "good"), ("unknown", "quiet"), ("invalid", "bad"), ("spam", "bad")):
        (email, _) = marks_of({**view, "emailValidity": validity}, words())  # type: ignore[typeddict-item] # each in turn
        assert (email.kind, email.tone) == ("email", tone)
        assert email.label == f"E-mail: {words().label('validity', validity)}"
    nobody = {**view, "customer": {**view["customer"], "email": None, "phone": None}}
    assert marks_of(nobody, words()) == ()  # type: ignore[arg-type] # a lead's view


def test_a_row_never_has_a_hole() -> None:
    view = seen()
    empty = dict.fromkeys(view["customer"])
    bare = {**view, "customer": empty, "offer": None, "source": None, "callToAction": None, "expirationDateTime": None}
    row = row_of(bare, words())  # type: ignore[arg-type] # a lead's view
    assert (row.company, row.person, row.country_name, row.offer, row.source) == (
        "Company not named",
        "",
        "–",
        "–",
        "–",
    )
    assert row.wants
    assert row.value == "–"
    assert row_of(seen(accepted(a_lead())), words()).value == "€12,000.00"
    assert row_of(seen(), words("de")).quality_why.splitlines() == list(row_of(seen(), words("de")).quality_reasons)


def test_new_and_favorite_are_the_persons_own() -> None:
    assert (row_of(seen(), words()).is_new, row_of(seen(), words()).is_favorite) == (True, False)
    row = row_of(seen(opened=True, favorite=True), words())
    assert (row.is_new, row.is_favorite) == (False, True)


# --- The bar: tabs, quick views, chips, menus, headings --------------------------------------------------------------

VALUES: dict[str, st.SearchStrategy[str]] = {
    **{
        name: st.lists(st.sampled_from([str(code) for code in codes]), min_size=1, max_size=3, unique=True).map(
            ",".join
        )
        for name, (_, codes) in CHOICES.items()
    },
    "country": st.lists(st.sampled_from(["SE", "DE", "it"]), min_size=1, max_size=3, unique=True).map(",".join),
    "tab": st.sampled_from(["marketplace", "qualified", "favorites"]),
    # Of leads that were chosen one by one only all can be taken away, as one.
    "id": st.just("m" + "0" * 28),
    "orderBy": st.sampled_from(["created desc", "company asc", "expiry asc"]),
    "includeTest": st.just("true"),
    "deal": st.just("true"),
    **{name: st.just("2026-11-21") for name in ("createdFrom", "createdTo", "updatedFrom", "updatedTo")},
    **{name: st.text(min_size=1).filter(str.strip) for name in ("search", *TEXTS)},
}
QUERIES = st.fixed_dictionaries({}, optional=VALUES)


def read(query: str) -> dict[str, str]:
    """A link's query as the edge reads it."""
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_every_name_of_a_view_has_a_title_and_values_here() -> None:
    assert set(VALUES) == set(NAMES)
    assert set(titles(words())) == set(NAMES) - {"tab", "orderBy"}
    assert all(text != name for language in LANGUAGES for name, text in titles(words(language)).items())


@given(QUERIES)
def test_a_chip_takes_one_value_away_and_nothing_else(query: dict[str, str]) -> None:
    here = view_of(query)
    assert here == query
    bar = bar_of({**query, "pageToken": "x", "utm_source": "y"}, Order(), words())
    removed = []
    for chip in bar.chips:
        left = read(chip.query)
        changed = [name for name in here if left.get(name) != here[name]]
        assert len(changed) == 1
        assert set(left) <= set(here)
        (name,) = changed
        if name in left:
            gone = [value for value in here[name].split(",") if value not in left[name].split(",")]
            assert [value for value in here[name].split(",") if value not in gone] == left[name].split(",")
            assert len(gone) == 1
        removed.append((name, left.get(name)))
        assert chip.text.startswith(f"{titles(words())[name]}: ")
    assert len(set(removed)) == len(removed)
    several = {*CHOICES, "country"}
    filters = [name for name in here if name not in ("tab", "orderBy")]
    assert len(bar.chips) == sum(len(here[name].split(",")) if name in several else 1 for name in filters)
    assert bar.is_filtered is bool(filters)
    assert read(bar.cleared) == {name: here[name] for name in ("tab", "orderBy") if name in here}
    assert read(bar.query) == here


@given(QUERIES)
def test_tabs_keep_every_filter_and_one_of_them_is_current(query: dict[str, str]) -> None:
    bar = bar_of(query, Order(), words())
    rest = {name: value for name, value in query.items() if name != "tab"}
    assert [{k: v for k, v in read(tab.query).items() if k != "tab"} for tab in bar.tabs] == [rest] * 4
    assert [read(tab.query).get("tab") for tab in bar.tabs] == [None, "marketplace", "qualified", "favorites"]
    (current,) = (tab for tab in bar.tabs if tab.current)
    assert read(current.query) == query


@given(QUERIES)
def test_quick_views_stay_in_the_tab_and_know_when_they_are_shown(query: dict[str, str]) -> None:
    for link in bar_of(query, Order(), words()).quick:
        asked = read(link.query)
        assert asked.get("tab") == query.get("tab")
        assert link.current is (asked == query)
        (again,) = (other for other in bar_of(asked, Order(), words()).quick if other.current)
        assert again.text == link.text


@given(QUERIES)
def test_menus_have_checked_what_the_view_has(query: dict[str, str]) -> None:
    bar = bar_of(query, Order(), words())
    menus = {menu.name: menu for menu in (*bar.menus, *bar.more)}
    assert set(menus) == set(CHOICES)
    for name, menu in menus.items():
        chosen = {choice.value for choice in menu.choices if choice.checked}
        offered = {choice.value for choice in menu.choices}
        assert chosen == set(filter(None, query.get(name, "").split(","))) & offered
        assert menu.chosen == len(chosen)
    assert [choice.value for choice in bar.countries] == list(filter(None, query.get("country", "").split(",")))
    assert bar.search == query.get("search", "")
    assert bar.includes_tests is ("includeTest" in query)


def test_nobody_is_offered_that_a_number_is_spam() -> None:
    bar = bar_of({}, Order(), words())
    values = {menu.name: {choice.value for choice in menu.choices} for menu in (*bar.menus, *bar.more)}
    assert values["emailValidity"] - values["phoneValidity"] == {"spam"}


@given(QUERIES)
def test_a_heading_sorts_then_turns_round_and_keeps_the_view(query: dict[str, str]) -> None:
    for _, field, text in columns():
        first = heading(query, Order(OrderField.UPDATED), field, text)
        if field is None:
            assert (first.query, first.direction) == (None, "none")
            continue
        assert first.query is not None
        asked = read(first.query)
        assert {**asked, "orderBy": ""} == {**query, "orderBy": ""}
        name, _, direction = asked["orderBy"].partition(" ")
        assert name == field
        order = Order(field, descending=direction == "desc")
        second = heading(asked, order, field, text)
        assert second.direction == ("descending" if direction == "desc" else "ascending")
        assert read(second.query or "")["orderBy"] == f"{field} {'asc' if direction == 'desc' else 'desc'}"


def test_a_click_sorts_first_by_what_people_look_for() -> None:
    def first(field: OrderField) -> str:
        return read(heading({}, Order(OrderField.UPDATED), field, "x").query or "")["orderBy"]

    assert first(OrderField.CREATED) == "created desc"
    assert first(OrderField.DEAL_VALUE) == "dealValue desc"
    assert first(OrderField.EXPIRY) == "expiry asc"
    assert first(OrderField.COMPANY) == "company asc"


def test_the_order_of_the_view_is_the_one_that_is_marked() -> None:
    bar = bar_of({}, Order(OrderField.EXPIRY, descending=False), words())
    assert [link.query for link in bar.orders if link.current] == ["expiry asc"] == [bar.order]
    other = bar_of({}, Order(OrderField.COUNTRY, descending=False), words())
    assert (other.order, [link for link in other.orders if link.current]) == ("country asc", [])


def test_chips_say_what_people_say() -> None:
    query = {
        "status": "received",
        "country": "se",
        "createdFrom": "2025-11-21",
        "createdTo": "2026-11-21T20:00:00Z",
        "includeTest": "true",
        "search": "a&b=c",
    }
    texts = [chip.text for chip in bar_of(query, Order(), words()).chips]
    assert texts == [
        "Status: Received",
        "Country: Sweden",
        "Search: a&b=c",
        "Received from: 21 Nov 2025",
        "Received until: 21 Nov, 20:00",
        "Test leads: shown",
    ]
    assert "Suche: a&b=c" in [chip.text for chip in bar_of(query, Order(), words("de")).chips]


def test_a_view_is_written_in_one_order_and_without_what_is_empty() -> None:
    query = {"orderBy": "company asc", "search": " ", "country": "SE", "tab": "marketplace", "pageToken": "x"}
    assert urlencode(view_of(query)) == "tab=marketplace&country=SE&orderBy=company+asc"
