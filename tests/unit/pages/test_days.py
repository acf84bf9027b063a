"""Days in filters are the partner's: what the page shows as a day is what a filter finds by it (Q3)."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.instants import stamp
from shared.pages.days import FROM, TO, as_instants, begins, day_of, ends, read_day
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.unit.http.conftest import P
from tests.unit.pages.test_preferences import registered
from tests.unit.pages.test_screens import rows
from tests.unit.pages.visiting import World, parsed, said, show

AUCKLAND = "Pacific/Auckland"
ZONES = ("UTC", "Europe/Stockholm", "America/New_York", AUCKLAND, "America/Santiago", "America/Havana", "Asia/Kolkata")
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("zone", "on", "begin", "end"),
    [
        ("UTC", "2026-11-27", "2026-11-27T00:00:00.000Z", "2026-11-27T23:59:59.999Z"),
        ("Europe/Stockholm", "2026-11-27", "2026-11-26T23:00:00.000Z", "2026-11-27T22:59:59.999Z"),
        # 23 hours and 25.
        ("Europe/Stockholm", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"),
        ("Europe/Stockholm", "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"),
        # Clocks go from 24:00 to 01:00: the day begins at one.
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z", "2026-09-07T02:59:59.999Z"),
        # Clocks go from 24:00 back to 23:00: the last hour comes twice.
        ("America/Santiago", "2026-04-04", "2026-04-04T03:00:00.000Z", "2026-04-05T03:59:59.999Z"),
        # Clocks go from 01:00 back to midnight, which is a day's begin for the first time only.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z", "2026-11-02T04:59:59.999Z"),
    ],
)
def test_a_day_is_as_long_as_it_is_in_its_zone(zone: str, on: str, begin: str, end: str) -> None:
    query = {"createdFrom": on, "createdTo": on, "updatedFrom": f" {on} ", "updatedTo": on, "search": on}
    assert as_instants(query, zone) == {
        "createdFrom": begin,
        "createdTo": end,
        "updatedFrom": begin,
        "updatedTo": end,
        "search": on,
    }


@given(st.dates(date(1971, 1, 2), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_days_have_neither_gaps_nor_overlaps_and_every_instant_is_in_its_own(on: date, zone: str) -> None:
    first, last = begins(on, zone), ends(on, zone)
    assert last + MILLISECOND == begins(on + timedelta(days=1), zone)
    assert first.astimezone(ZoneInfo(zone)).date() == last.astimezone(ZoneInfo(zone)).date() == on
    assert (first - MILLISECOND).astimezone(ZoneInfo(zone)).date() < on
    for name in FROM:
        assert (day_of(name, first, zone), day_of(name, first + MILLISECOND, zone)) == (on, None)
    for name in TO:
        assert (day_of(name, last, zone), day_of(name, last - MILLISECOND, zone)) == (on, None)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "yesterday", "2026-11-27T10:00:00Z", "2026-W48-5", "20261127", "", "9999-12-31"]
)
def test_what_is_no_day_is_left_to_be_refused_where_it_is_read(text: str) -> None:
    assert as_instants({"createdTo": text, "createdFrom": text}, "America/New_York")["createdTo"] == text
    assert (read_day(text) is None) is (text != "9999-12-31")
    assert as_instants({"createdFrom": "0001-01-01"}, AUCKLAND) == {"createdFrom": "0001-01-01"}


async def test_q3_a_lead_is_found_by_the_day_that_the_page_shows(
    api: InProcess, world: World, ports: FakePorts
) -> None:
    """It came on 21 November at 20:04 UTC, which is the morning of the 22nd in Auckland."""
    await registered(ports, AUCKLAND)
    assert "22 Nov, 09:04" in said(await show(api, "leads"))
    for query, found in (
        ("createdFrom=2026-11-22", 2),
        ("createdFrom=2026-11-22&createdTo=2026-11-22", 2),
        ("updatedFrom=2026-11-22&updatedTo=2026-11-22", 2),
        ("createdTo=2026-11-21", 0),
        ("createdFrom=2026-11-23", 0),
        ("createdFrom=2026-11-21T20:00:00Z&createdTo=2026-11-21T20:10:00Z", 2),
    ):
        reply = await show(api, f"leads?{query}")
        assert len(rows(reply)) == found, query
        assert said(await show(api, f"leads/count?{query}")) == f"{found} leads"
        assert bool(parsed((await show(api, f"leads/facets?{query}")).text)) is bool(found)
        listed = await api.call("GET", f"{P}/leads?{results(reply.text)['data-export']}", as_="Leads.User")
        assert len(listed.json["value"]) == found
    day = await show(api, "leads?createdFrom=2026-11-22&createdTo=2026-11-22")
    assert "Received from: 22 Nov" in said(day)
    assert results(day.text)["data-query"] == "createdFrom=2026-11-22&createdTo=2026-11-22"


async def test_what_is_exported_is_the_view_and_nothing_that_the_address_gathered(
    api: InProcess, world: World, ports: FakePorts
) -> None:
    await registered(ports, "Europe/Stockholm")
    query = "utm_source=x&tab=marketplace&createdTo=2026-11-27&orderBy=company asc&pageToken=&short=i"
    export = dict(parse_qsl(results((await show(api, f"leads?{query}")).text)["data-export"]))
    assert export == {"tab": "marketplace", "createdTo": "2026-11-27T22:59:59.999Z", "orderBy": "company asc"}
    body = {"orderBy": export.pop("orderBy"), "filter": export}
    assert (await api.call("POST", f"{P}/exports", body, as_="Leads.Admin")).status == 202


def results(html: str) -> dict[str, str]:
    (found,) = (attributes for _, attributes in parsed(html) if attributes.get("id") == "results")
    return found


def test_an_instant_that_is_no_bound_of_a_day_is_a_time() -> None:
    at = datetime(2026, 11, 26, 23, tzinfo=UTC)
    assert day_of("createdFrom", at, "Europe/Stockholm") == date(2026, 11, 27)
    assert day_of("createdFrom", at, "UTC") is None
    assert day_of("createdTo", at, "Europe/Stockholm") is None
    assert stamp(at) == as_instants({"createdFrom": "2026-11-27"}, "Europe/Stockholm")["createdFrom"]
