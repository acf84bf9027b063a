"""The insights screen and its pictures: what they say, the lists behind numbers, and whatever leads are called (M5)."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET

import pytest

from shared import clock
from shared.domain.agenda import HintKind
from shared.domain.insights import GROUPS_MAX, Figures, GroupBy, Insights, Period
from shared.domain.measures import OTHER
from shared.http.shapes.insight_queries import ChartKind
from shared.pages import charts
from shared.pages.charts import Bar, Chart, cut, widths
from shared.pages.views import figures
from shared.pages.views.insights import CHOSEN, chart_of, choice_of, report_of
from shared.pages.words import Words
from shared.usecases.leads.record_due import run_due
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DAY, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.steps import budget
from tests.unit.http.conftest import P, post_lead
from tests.unit.pages.visiting import parsed, said, show

ADMIN: dict[str, Any] = {"as_": "Leads.Admin"}
USER: dict[str, Any] = {"as_": "Leads.User"}
LANGUAGES = ("en", "de", "it", "sv", "hu", "pt-BR")
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
NAMES = (
    "مرحبا بالعالم",
    "\u202egnp.exe & Sons \u2066",
    "W" * 80,
    "東京" * 40,
    "</text></svg><script>alert(1)</script>",
    "]]> &amp; \"'",
    "\x00\x08\x1b\ufffe",
    "=1+1",
)
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r'<a href="/api/app/leads\?([^"]*)">([^<]*)</a>'


def words(language: str = "en") -> Words:
    return Words(language, "UTC", AT)


async def a_year(api: InProcess, door: str, ports: FakePorts) -> None:
    """Leads of two countries, sources and months that became everything that a lead can become."""

    async def lead(*actions: tuple[str, dict[str, Any]], after: timedelta = timedelta(hours=3), **changes: Any) -> None:
        one = await post_lead(api, door, **changes)
        kept = clock.offset
        clock.offset += after
        for action, body in actions:
            reply = await api.call("POST", f"{P}/leads/{one}/{action}", body, **ADMIN)
            assert reply.status == 200, reply.text
        clock.offset = kept

    accept = ("accept", DEAL_BODY)
    for number, (country, source) in enumerate([("Sweden", "AppSource (SPZA)"), ("Germany", "AzureMarketplace")] * 3):
        clock.offset = -number * 9 * DAY
        place = {"Country": country, "LeadSource": source, "Campaign": str(number)}
        await lead(accept, ("win", {}), **place, Company="Won")
        await lead(accept, ("lose", {"reason": "budget"}), **place, Company="Lost", after=30 * timedelta(hours=1))
        await lead(accept, **place, Company="Open")
        await lead(("decline", {"reason": "noCapacity"}), **place, Company="Declined", after=4 * DAY)
        await lead(**place, Company="Waits or has expired")
        await lead(**place, Company="Reads", ActionCode="INS")
        await lead(**place, FirstName="MSFT_TEST_A")
    clock.offset = timedelta()
    await run_due(ports=ports, kind=HintKind.EXPIRE, at=AT, budget=budget())
    await publish_events(ports=ports, at=AT + 100 * DAY, budget=budget())


def numbers(reply: Reply) -> Iterator[tuple[dict[str, str], str]]:
    """Every number with a list behind it: the list's query and what the number says."""
    for query, text in re.findall(NUMBER, reply.text):
        if re.fullmatch(r"[\d,]+", text):
            yield dict(parse_qsl(query.replace("&amp;", "&"))), text.replace(",", "")


async def test_m5_the_screen_tells_the_way_of_leads(api: InProcess, door: str, ports: FakePorts) -> None:
    await a_year(api, door, ports)
    text = said(await show(api, "insights?from=2026-10-01&to=2026-11-30", **USER))
    assert "1 Oct – 30 Nov · Compared with 1 Aug – 30 Sept" in text
    assert "Received 30 " in re.sub(r"Leads: |Change: ", "", text)
    for part in (
        *("+30, up from 0", "64% of those that no longer wait", "33% of those accepted", "€216,000.00", "€72,000.00"),
        *("Half are answered within", "By month", "October 2026", "By country", "Germany", "By source", "AppSource"),
        *("Why leads were declined", "We have no capacity", "Why deals were lost", "No budget"),
        "For information alone: 6.",
        *("Targets", "Accepted", "Missed", "Standing in searches", "Responsiveness", "weighs 40%", "Overdue"),
    ):
        assert part in text, part


@pytest.mark.parametrize("group_by", GroupBy)
async def test_m5_behind_every_number_is_the_list_of_its_leads(
    api: InProcess, door: str, ports: FakePorts, group_by: GroupBy
) -> None:
    await a_year(api, door, ports)
    reply = await show(api, f"insights?from=2026-10-20&to=2026-11-30&groupBy={group_by}", **USER)
    found = list(numbers(reply))
    assert len(found) > 12
    for query, text in found:
        listed = await api.call("GET", f"{P}/leads?{urlencode({**query, 'count': 'true', 'top': '1'})}", **USER)
        assert listed.json["count"] == int(text), (query, text)
        assert (await show(api, f"leads?{urlencode(query)}", **USER)).status == 200


async def inquiries(api: InProcess, ports: FakePorts) -> None:
    """Inquiries to two locations by customers of two sizes, of whom one term's have expired."""
    profile = {"name": "Contoso", "published": True, "keywords": ["crm"]}
    assert (await api.call("PUT", f"{P}/profile", profile, as_="Profile.Admin")).status == 200
    made = await api.call("POST", f"{P}/sources", {"name": "Form", "kind": "form"}, as_="Operator", tenant="operator")
    url = made.json["intakeUrl"].partition("/api")[2]
    for days, term, ends in ((20, "ERP", "expired"), (3, "CRM, cloud", "declined"), (2, "CRM, cloud", "accepted")):
        clock.offset = -days * DAY
        said_by = {
            "company": "Contoso",
            "size": "around 300" if ends == "accepted" else "51-250",
            "email": "a@b.example",
        }
        place = "Malmö" if ends == "accepted" else "O'Hara's"
        body = {"customer": said_by, "location": place, "searchTerms": [term], "share": True, "notes": ends}
        one = (await api.call("POST", url, body)).json["id"]
        if ends == "declined":
            await api.call("POST", f"{P}/leads/{one}/decline", {"reason": "wrongSize"}, **ADMIN)
        if ends == "accepted":
            await api.call("POST", f"{P}/leads/{one}/accept", DEAL_BODY, **ADMIN)
    clock.offset = timedelta()
    await run_due(ports=ports, kind=HintKind.EXPIRE, at=AT, budget=budget())
    await publish_events(ports=ports, at=AT + 100 * DAY, budget=budget())


@pytest.mark.parametrize(
    ("group_by", "led"),
    [
        (GroupBy.LOCATION, {"O'Hara's": "2", "Malmö": "1"}),
        (GroupBy.SIZE, {"51-250": "2", "around 300": "1"}),
        # An expired lead does not show what its customer searched for.
        (GroupBy.SEARCH_TERM, {"crm, cloud": "2"}),
    ],
)
async def test_m5_behind_words_of_inquiries_is_the_list_of_their_leads(
    api: InProcess, door: str, ports: FakePorts, group_by: GroupBy, led: dict[str, str]
) -> None:
    await inquiries(api, ports)
    reply = await show(api, f"insights?from=2026-10-20&to=2026-11-30&groupBy={group_by}", **USER)
    name = {GroupBy.LOCATION: "location", GroupBy.SIZE: "companySize", GroupBy.SEARCH_TERM: "searchTerm"}[group_by]
    found = [(query, text) for query, text in numbers(reply) if query.keys() & {name, "reason"}]
    assert {query[name]: text for query, text in found if name in query and "outcome" not in query} == led
    assert [query["reason"] for query, _ in found if "reason" in query] == ["wrongSize"]
    for query, text in found:
        listed = await api.call("GET", f"{P}/leads?{urlencode({**query, 'count': 'true', 'top': '1'})}", **USER)
        assert listed.json["count"] == int(text), (query, text)
        chips = said(await show(api, f"leads?{urlencode(query)}", **USER))
        assert ("Reason: Not our size of customer" if "reason" in query else query[name]) in chips


async def test_m5_days_are_utcs_whatever_the_partners_zone(api: InProcess, door: str, ports: FakePorts) -> None:
    await api.call("PATCH", P, {"timeZone": "Pacific/Auckland"}, as_="Operator", tenant="operator")
    await post_lead(api, door)
    await publish_events(ports=ports, at=AT + DAY, budget=budget())
    (query, text), *_ = numbers(await show(api, "insights?from=2026-11-21&to=2026-11-21", **USER))
    assert (query["createdFrom"], query["createdTo"]) == ("2026-11-21T00:00:00.000Z", "2026-11-21T23:59:59.999Z")
    assert text == "1"
    assert "Northwind" in said(await show(api, f"leads?{urlencode(query)}", **USER))


async def test_m5_what_may_be_chosen_is_in_the_address(api: InProcess, door: str, ports: FakePorts) -> None:
    await a_year(api, door, ports)
    reply = await show(api, "insights?from=2026-10-23&to=2026-11-21&groupBy=OFFER&utm_source=mail", **USER)
    elements = parsed(reply.text)
    (current,) = (one for tag, one in elements if tag == "a" and one.get("aria-current"))
    assert current["href"].endswith("/app/insights?from=2026-10-23&to=2026-11-21&groupBy=offer")
    assert [one["value"] for tag, one in elements if tag == "option" and "selected" in one] == ["offer"]
    assert [one["value"] for tag, one in elements if tag == "input"] == ["2026-10-23", "2026-11-21"]
    paths = [one["data-path"] for _, one in elements if "data-path" in one]
    assert paths[0] == "/insights?from=2026-10-23&to=2026-11-21&groupBy=offer&format=csv"
    assert len(paths) == 6
    for path in paths:
        assert (await api.call("GET", f"{P}{path}", **USER)).status == 200, path


async def test_m5_a_period_without_leads_says_what_brings_some(api: InProcess, door: str) -> None:
    text = said(await show(api, "insights", **USER))
    assert "No leads in this period Three things bring some:" in text
    assert "Download" not in text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=2026-11-21&to=2026-11-20", "The last day must not be before the first."),
        ("from=2020-01-01&to=2026-11-20", "A period has at most 1100 days."),
        ("from=%22%3E%3Cscript%3E&to=2026-11-20", "The time must be written as"),
    ],
)
async def test_u2_a_period_that_is_none_is_said_beside_the_form_that_keeps_it(
    api: InProcess, door: str, query: str, says: str
) -> None:
    reply = await show(api, f"insights?{query}", **USER)
    assert says in said(reply)
    assert [one["value"] for tag, one in parsed(reply.text) if tag == "input"] == [
        value for name, value in parse_qsl(query) if name in ("from", "to")
    ]
    assert not [tag for tag, _ in parsed(reply.text) if tag == "script"]


# --- Whatever the numbers and names are ------------------------------------------------------------------------------


def hard(group_by: GroupBy, count: int = GROUPS_MAX) -> Insights:
    """Groups with numbers of seven digits and names of every kind."""
    one = Figures(
        *(9_876_543, 4_876_543, 2_000_000, 1_000_000, 1_234_567, 2_345_678),
        acceptance_rate=0.9999,
        win_rate=0.0003,
        hours_median=0.2,
        hours_p90=330.0,
        worth_won={"EUR": Decimal("9999999999.99"), "HUF": Decimal(5)},
    )
    if group_by is GroupBy.MONTH:
        names = [f"20{number // 12:02}-{number % 12 + 1:02}" for number in range(count)]
    else:
        names = [(NAMES[number % len(NAMES)] + str(number))[-80:] for number in range(count)]
    # Every lead has a month.
    groups = [(name, one) for name in (*names, *(() if group_by is GroupBy.MONTH else ("", OTHER)))]
    return Insights(NOVEMBER, one, Figures(), {"budget": 7_654_321}, {"other": 1}, group_by, groups)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ChartKind)
def test_m5_every_picture_is_well_formed_whatever_stands_in_it(kind: ChartKind, language: str) -> None:
    found = hard(kind.group_by or CHOSEN)
    text = charts.svg(chart_of(kind, found, words(language)), language)
    root = ET.fromstring(text.encode())
    assert (root.tag, root.get("{http://www.w3.org/XML/1998/namespace}lang")) == (f"{SVG}svg", language)
    titled, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert titled is not None
    assert told is not None
    assert root.get("aria-labelledby") == f"{titled.get('id')} {told.get('id')}"
    assert titled.text
    bars = {ChartKind.FUNNEL: 3, ChartKind.TIME_TO_ANSWER: 4, ChartKind.BY_MONTH: GROUPS_MAX}.get(kind, GROUPS_MAX + 2)
    assert (told.text or "").count("; ") >= bars - 1
    assert len(root.findall(f"{SVG}g")) == bars
    assert {one.tag for one in root.iter()} == {
        SVG + tag for tag in ("svg", "title", "desc", "style", "rect", "text", "g")
    }
    assert "prefers-color-scheme: dark" in text
    # It stands alone: the namespace is the only address in it.
    assert re.findall(r"(?:https?:)?//[^\"' ]+|href|url\(", text) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("kind", ChartKind)
def test_m5_nothing_in_a_picture_reaches_out_of_it(kind: ChartKind) -> None:
    root = ET.fromstring(charts.svg(chart_of(kind, hard(kind.group_by or CHOSEN), words()), "en"))
    wide, high = float(root.get("width", 0)), float(root.get("height", 0))
    for one in root.iter(f"{SVG}rect"):
        x, y, width, height = (float(one.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0 <= y
        assert x + width <= wide >= 0
        assert y + height <= high


@pytest.mark.parametrize("language", LANGUAGES)
def test_m5_every_table_is_said_in_every_language(language: str) -> None:
    for group_by in GroupBy:
        report = report_of({group_by: hard(group_by)}, group_by, words(language))
        (table,) = report.groups
        assert len(table.lines) + len(table.more) == GROUPS_MAX + (0 if group_by is GroupBy.MONTH else 2)
        # No list finds those that are not told apart.
        assert (table.more[-1].cells[0].query is None) == (group_by is not GroupBy.MONTH)
        for line in (*table.lines, *table.more):
            assert 0 <= line.some <= line.whole <= 100
            assert len(line.cells) == len(table.headings)
        assert figures.present([table])
        choice_of(NOVEMBER, group_by, AT.date(), words(language))


async def test_m5_names_that_are_not_ours_are_escaped_and_out_of_htmxs_reach(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    hostile = '"><script>alert(1)</script> hx-get="/x" {{ 7 * 7 }}'
    await post_lead(api, door, OfferTitle=hostile)
    await publish_events(ports=ports, at=AT + DAY, budget=budget())
    reply = await show(api, "insights?groupBy=offer", **USER)
    assert "{{ 7 * 7 }}" in said(reply)
    elements = parsed(reply.text)
    assert not [tag for tag, one in elements if tag == "script" or "hx-get" in one]
    place = reply.text.index("&lt;script&gt;")
    assert re.search(r"hx-ignore><bdi>[^<]*$", reply.text[:place])


# --- Bars, numbers and changes ---------------------------------------------------------------------------------------


def test_bars_are_as_long_as_what_they_say_and_something_is_always_seen() -> None:
    assert widths([]) == []
    assert widths([0, 0]) == [0, 0]
    assert widths([200, 50, 0, 1]) == [100, 25, 0, 0.5]
    assert widths([9_999_999, 1]) == [100, 0.5]


def test_a_name_is_cut_by_the_room_that_its_letters_take() -> None:
    assert cut("Sweden", 10) == "Sweden"
    assert cut("0123456789", 10) == "0123456789"
    assert cut("0123456789x", 10) == "012345678…"
    assert cut("東京都渋谷区", 10) == "東京都渋…"
    assert cut("e\u0301" * 10, 10) == "e\u0301" * 10


def test_a_picture_of_nothing_is_a_picture() -> None:
    root = ET.fromstring(charts.svg(Chart("Nothing", ()), "en"))
    assert root.find(f"{SVG}g") is None
    root = ET.fromstring(charts.svg(Chart("Zero", (Bar("None", 0, "0", 0),), "all", "some"), "en"))
    assert len(root.findall(f"{SVG}g")) == 1


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (12, 0, "+12, up from 0"),
        (1_000, 2_500, "−1,500, down from 2,500"),
        (7, 7, "as before"),
    ],
)
def test_a_change_is_a_sign_and_a_word(now: int, before: int, says: str) -> None:
    assert figures.changed(now, before, words()) == says


def test_changes_of_shares_and_times_are_those_that_are_known() -> None:
    assert figures.share_changed(0.51, 0.5, words()) == ("+1 point, up from 50%",)
    assert figures.share_changed(0.4, 0.5, words()) == ("−10 points, down from 50%",)
    assert figures.share_changed(0.501, 0.499, words()) == ("as before",)
    assert figures.share_changed(0.5, None, words()) == figures.share_changed(None, 0.5, words()) == ()
    assert figures.hours_changed(30, 20, words()) == ("+10 hours, up from 20 hours",)
    assert figures.hours_changed(0.5, 20, words()) == ("−20 hours, down from 20 hours",)
    # Answers are counted in spans: what differs by less than one is the same.
    assert figures.hours_changed(20, 21, words()) == ("as before",)
    assert figures.hours_changed(20, None, words()) == ()


@pytest.mark.parametrize(
    ("hours", "says"),
    [(0.01, "1 minute"), (0.5, "30 minutes"), (1, "1 hour"), (5.44, "5.4 hours"), (95.4, "95 hours"), (100, "4 days")],
)
def test_hours_are_said_as_finely_as_they_are_known(hours: float, says: str) -> None:
    assert words().hours(hours) == says


def test_a_share_is_all_or_nothing_only_where_it_is() -> None:
    shares = [words().share(part) for part in (0, 0.0003, 0.005, 0.345, 0.994, 0.9999, 1)]
    assert shares == ["0%", "<1%", "0%", "34%", "99%", ">99%", "100%"]


def test_worth_is_told_by_currency_and_beside_what_it_was() -> None:
    now, before = {"EUR": Decimal(12000), "HUF": Decimal(5)}, {"EUR": Decimal(1), "SEK": Decimal(7)}
    assert figures.worth(now, before, words()) == (
        *("€12,000.00 (before: €1.00)", "HUF5.00", "SEK0.00 (before: SEK7.00)"),
    )


def test_presets_end_today_or_with_their_month() -> None:
    for today, spans in (
        (date(2026, 3, 1), [("2026-03-01", "2026-03-01"), ("2026-02-01", "2026-02-28")]),
        (date(2026, 1, 31), [("2026-01-01", "2026-01-31"), ("2025-12-01", "2025-12-31")]),
    ):
        presets = choice_of(NOVEMBER, None, today, words()).presets
        found = [dict(parse_qsl(one.query)) for one in presets]
        assert [(one["from"], one["to"]) for one in found[3:]] == spans
        assert [(date.fromisoformat(one["to"]) - date.fromisoformat(one["from"])).days for one in found[:3]] == [
            *(29, 89, 364)
        ]
        assert not any(one.current for one in presets)
