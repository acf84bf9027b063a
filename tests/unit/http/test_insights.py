"""A partner reads what its leads have come to (M5)."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from shared import clock
from shared.http.shapes.insight_queries import ChartKind
from shared.usecases.telling.publish import publish_events
from tests.builders import AT, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.steps import budget
from tests.unit.http.conftest import P, post_lead

ADMIN: dict[str, Any] = {"as_": "Leads.Admin"}
USER: dict[str, Any] = {"as_": "Leads.User"}
INSIGHTS = f"{P}/insights"


async def relayed(ports: FakePorts) -> None:
    await publish_events(ports=ports, at=AT + timedelta(days=100), budget=budget())


async def some(api: InProcess, door: str, ports: FakePorts) -> None:
    """Three leads: one won, one declined, one waits."""
    won, declined = [await post_lead(api, door, Company=name) for name in ("Adatum", "Fabrikam")]
    await post_lead(api, door, Country="Germany", Company="Northwind")
    clock.offset = timedelta(hours=30)
    await api.call("POST", f"{P}/leads/{won}/accept", DEAL_BODY, **ADMIN)
    assert (await api.call("POST", f"{P}/leads/{won}/win", {}, **ADMIN)).status == 200
    assert (await api.call("POST", f"{P}/leads/{declined}/decline", {"reason": "budget"}, **ADMIN)).status == 200
    await relayed(ports)


async def test_m5_insights_tell_funnel_times_and_worth(api: InProcess, door: str, ports: FakePorts) -> None:
    await some(api, door, ports)
    found = (await api.call("GET", INSIGHTS, **USER)).json
    assert found["period"] == {"firstDay": "2026-08-26", "lastDay": "2026-11-23"}
    assert found["before"]["period"] == {"firstDay": "2026-05-28", "lastDay": "2026-08-25"}
    total = found["total"]
    counts = ("received", "waiting", "accepted", "declined", "expired", "won", "lost")
    assert [total[name] for name in counts] == [3, 1, 1, 1, 0, 1, 0]
    assert (total["acceptanceRate"], total["winRate"], total["expiryRate"]) == (0.5, 1.0, 0.0)
    assert (total["within24h"], total["within72h"]) == (0.0, 1.0)
    assert total["hoursToAnswerMedian"] == pytest.approx(30, rel=0.1)
    assert (total["acceptedValue"], total["wonValue"]) == ({"EUR": "12000.00"}, {"EUR": "12000.00"})
    assert (found["declinedFor"], found["lostFor"]) == ({"budget": 1}, {})
    assert (found["groupBy"], found["value"]) == (None, [])
    assert found["before"]["figures"]["received"] == 0
    assert found["before"]["figures"]["acceptanceRate"] is None


async def test_m5_insights_are_told_apart_and_are_a_sheet(api: InProcess, door: str, ports: FakePorts) -> None:
    await some(api, door, ports)
    found = (await api.call("GET", f"{INSIGHTS}?groupBy=COUNTRY&from=2026-11-01&to=2026-11-30", **USER)).json
    assert [(one["value"], one["figures"]["received"]) for one in found["value"]] == [("SE", 2), ("DE", 1)]
    assert found["groupBy"] == "country"
    sheet = await api.call("GET", f"{INSIGHTS}?groupBy=country&from=2026-11-01&to=2026-11-30&format=csv", **USER)
    assert sheet.kind == "text/csv"
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="insights-2026-11-01-2026-11-30.csv"'
    head, *rows = sheet.text.lstrip("\ufeff").split("\r\n")[:-1]
    assert head.startswith("country,received,waiting,accepted")
    assert head.endswith("informational,informationalAccepted,acceptedValueEUR,wonValueEUR")
    assert [row.split(",")[:3] for row in rows] == [["SE", "2", "0"], ["DE", "1", "1"], ["total", "3", "1"]]
    assert rows[0].endswith(",12000.00,12000.00")
    assert rows[1].endswith(",,")


async def test_m5_no_cell_of_the_sheet_is_run(api: InProcess, door: str, ports: FakePorts) -> None:
    await post_lead(api, door, LeadSource="AppSource-INS|contoso.=1+1")
    await relayed(ports)
    sheet = await api.call("GET", f"{INSIGHTS}?groupBy=offer&format=csv", **USER)
    assert not any(line.startswith(("=", "+", "-", "@", '"=')) for line in sheet.text.lstrip("\ufeff").splitlines())


async def test_m5_the_same_again_is_a_304(api: InProcess, door: str, ports: FakePorts) -> None:
    await some(api, door, ports)
    for path in (INSIGHTS, f"{INSIGHTS}?format=csv"):
        tag = (await api.call("GET", path, **USER)).headers["ETag"]
        assert (await api.call("GET", path, headers={"If-None-Match": tag}, **USER)).status == 304


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ("from=2026-11-21&to=2026-11-20", ["to"]),
        ("from=2020-01-01&to=2026-11-20", ["to"]),
        ("from=yesterday&groupBy=weather&format=xls", ["format", "from", "groupBy"]),
        ("days=9", ["days"]),
    ],
)
async def test_m5_every_fault_of_a_question_is_named(api: InProcess, door: str, query: str, targets: list[str]) -> None:
    reply = await api.call("GET", f"{INSIGHTS}?{query}", **USER)
    assert reply.status == 400
    assert sorted(one["target"] for one in reply.json["error"]["details"]) == targets


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("to=2026-10-31", ("2026-08-03", "2026-10-31")),
        ("from=2026-11-20", ("2026-11-20", "2026-11-21")),
        ("from=2027-05-01", ("2027-05-01", "2027-05-01")),
        ("from=2001-01-01", ("2001-01-01", "2004-01-05")),
        ("from=2026-11-20T22:00:00-05:00&to=2026-11-21", ("2026-11-21", "2026-11-21")),
    ],
)
async def test_m5_a_day_that_is_not_said_is_a_sensible_one(
    api: InProcess, door: str, query: str, days: tuple[str, str]
) -> None:
    found = await api.call("GET", f"{INSIGHTS}?{query}", **USER)
    assert tuple(found.json["period"].values()) == days


async def test_m5_nobody_reads_anothers(api: InProcess, door: str) -> None:
    assert (await api.call("GET", "/partners/fabrikam/insights", **USER)).status == 404
    assert (await api.call("GET", INSIGHTS)).status == 401
    assert (await api.call("GET", INSIGHTS, as_="Operator", tenant="operator")).status == 200
    assert (await api.call("GET", INSIGHTS, as_="Sender", tenant="contoso")).status == 403


async def test_m2_a_partner_is_told_how_it_stands_with_the_numbers(api: InProcess, door: str, ports: FakePorts) -> None:
    await some(api, door, ports)
    found = (await api.call("GET", f"{P}/standing", **USER)).json
    assert found["period"] == {"firstDay": "2026-08-26", "lastDay": "2026-11-23"}
    assert found["numbers"] == {
        "within24h": 0,
        "within72h": 2,
        "later": 0,
        "expired": 0,
        "accepted": 1,
        "declined": 1,
        "won": 1,
        "lost": 0,
        "outcomesInTime": 1,
        "outcomesStated": 0,
        "outcomesOverdue": 0,
    }
    assert found["responsiveness"] == {"score": 0.542, "weight": 0.4, "points": 1.5, "of": 2}
    assert found["fit"]["of"] == 3
    assert 0.5 < found["value"] < 0.6
    assert (await api.call("GET", "/partners/fabrikam/standing", **USER)).status == 404


@pytest.mark.parametrize("kind", ChartKind)
async def test_m5_each_figure_is_a_picture_too(api: InProcess, door: str, ports: FakePorts, kind: ChartKind) -> None:
    await some(api, door, ports)
    reply = await api.call("GET", f"{INSIGHTS}/chart.svg?kind={kind}&from=2026-11-01&to=2026-11-30", **USER)
    assert (reply.status, reply.kind) == (200, "image/svg+xml")
    root = ET.fromstring(reply.text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tag = reply.headers["ETag"]
    known = {"If-None-Match": tag}
    assert (await api.call("GET", f"{INSIGHTS}/chart.svg?kind={kind}", headers=known, **USER)).status in (200, 304)


async def test_m5_a_picture_speaks_the_readers_language(api: InProcess, door: str, ports: FakePorts) -> None:
    await some(api, door, ports)
    german = {"accept-language": "de"}
    reply = await api.call("GET", f"{INSIGHTS}/chart.svg?kind=BYCOUNTRY", headers=german, **USER)
    assert (reply.headers["Content-Language"], "Accept-Language" in reply.headers["Vary"]) == ("de", True)
    assert "Schweden: 2 · 100" not in reply.text
    assert "Schweden: 2" in reply.text
    assert "Deutschland: 1" in reply.text
    funnel = (await api.call("GET", f"{INSIGHTS}/chart.svg", **USER)).text
    assert "Received: 3; Accepted: 1 · 50%; Won: 1 · 100%" in funnel


async def test_m5_a_picture_is_for_whoever_may_read_the_numbers(api: InProcess, door: str) -> None:
    chart = f"{INSIGHTS}/chart.svg"
    assert (await api.call("GET", chart)).status == 401
    assert (await api.call("GET", "/partners/fabrikam/insights/chart.svg", **USER)).status == 404
    assert (await api.call("GET", chart, as_="Operator", tenant="operator")).status == 200
    reply = await api.call("GET", f"{chart}?kind=pie&groupBy=country", **USER)
    assert sorted(one["target"] for one in reply.json["error"]["details"]) == ["groupBy", "kind"]
