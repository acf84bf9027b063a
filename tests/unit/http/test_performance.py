"""The operator lists partners by how they do, and each sees its own targets (M2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.domain.insights import Figures
from shared.domain.partner_order import PartnerField
from shared.domain.programme.partner import Partner
from shared.domain.standing import Norms, period, standing
from shared.ports.outcomes import Lessons
from shared.usecases.outcomes import list_partners
from tests.builders import AT, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead
from tests.unit.http.test_insights import relayed

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
FIGURES = Figures(
    received=20,
    accepted=16,
    declined=4,
    won=1,
    lost=1,
    acceptance_rate=0.8,
    expiry_rate=0.0,
    win_rate=1 / 16,
    closed_within_60_days=1.0,
    hours_median=5.04,
)


@pytest.fixture
async def programme(ports: FakePorts) -> None:
    """Five partners, of which three have been looked at."""
    plain = standing([], 2, period(AT), Norms())
    for name, called in (("a", "Zeta"), ("b", "Beta"), ("c", "Gamma"), ("d", "Delta"), ("e", "Alpha")):
        await ports.partners.put(Partner(name, called, (f"tenant-{name}",), AT, AT))
    await ports.outcomes.put_standings(
        {
            "b": replace(plain, value=0.61, figures=FIGURES),
            "c": replace(plain, value=0.4, overdue=0),
            "e": replace(plain, value=0.8, figures=replace(FIGURES, won=8, win_rate=0.5)),
        }
    )
    await ports.outcomes.put_lessons(Lessons(at=AT - timedelta(minutes=27)))


async def listed(api: InProcess, query: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    path = f"/partners?{query}"
    while path:
        reply = await api.call("GET", path, **OPERATOR)
        assert reply.status == 200, reply.text
        found += reply.json["value"]
        link = urlsplit(reply.json.get("nextLink", ""))
        path = f"{link.path.removeprefix('/api')}?{link.query}" if link.path else ""
    return found


async def test_m2_a_partner_stands_with_figures_and_targets(api: InProcess, programme: None) -> None:
    found = {one["id"]: one for one in await listed(api, "include=performance")}
    assert list(found) == ["a", "b", "c", "d", "e"]
    assert found["a"]["performance"] is None
    told = found["b"]["performance"]
    assert told["asOfDateTime"] == "2026-11-21T19:37:27.123Z"
    assert told["period"] == {"firstDay": "2026-08-24", "lastDay": "2026-11-21"}
    assert (told["status"], told["standing"], told["overdue"]) == ("belowTarget", 0.61, 2)
    assert (told["figures"]["received"], told["figures"]["hoursToAnswerMedian"]) == (20, 5.0)
    assert told["targets"] == [
        {
            "name": "acceptanceRate",
            "status": "met",
            "rate": 0.8,
            "target": 0.8,
            "bound": "atLeast",
            "count": 16,
            "of": 20,
        },
        {"name": "expiryRate", "status": "met", "rate": 0.0, "target": 0.03, "bound": "below", "count": 0, "of": 20},
        {
            "name": "winRate",
            "status": "missed",
            "rate": 0.0625,
            "target": 0.07,
            "bound": "atLeast",
            "count": 1,
            "of": 16,
        },
        {
            "name": "closedWithin60Days",
            "status": "tooFew",
            "rate": 1.0,
            "target": 0.5,
            "bound": "atLeast",
            "count": 2,
            "of": 2,
        },
    ]
    assert [found[one]["performance"]["status"] for one in "ce"] == ["tooFew", "onTarget"]


async def test_a_list_that_asks_for_nothing_more_has_nothing_more(api: InProcess, programme: None) -> None:
    (first, *_) = await listed(api, "top=2")
    assert first == (await api.call("GET", "/partners/a", **OPERATOR)).json
    assert [one["id"] for one in await listed(api, "top=2")] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("standing%20desc", "ebcda"),
        ("STANDING", "cbead"),
        ("winRate", "beacd"),
        ("overdue desc", "ebcda"),
        ("received", "cbead"),
        ("name", "ebdca"),
        ("name%20desc", "acdbe"),
        ("id desc", "edcba"),
        ("id", "abcde"),
    ],
)
async def test_m2_the_order_is_exact_over_all_pages(api: InProcess, programme: None, order: str, expected: str) -> None:
    for top in (1, 2, 5):
        found = await listed(api, f"include=performance&top={top}&orderBy={order.replace(' ', '%20')}")
        assert "".join(one["id"] for one in found) == expected, top


async def test_a_search_is_among_names_and_ids(api: InProcess, programme: None) -> None:
    assert [one["id"] for one in await listed(api, "search=%C3%A4LPH&include=performance")] == ["e"]
    assert [one["id"] for one in await listed(api, "search=ta&orderBy=name&top=1")] == ["b", "d", "a"]


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ("include=leads", {"include"}),
        ("orderBy=created", {"orderBy"}),
        ("orderBy=name%20up", {"orderBy"}),
        ("search=%20%E2%80%8B&top=0&orderBy=x&include=y&what=1", {"top", "orderBy", "include", "what"}),
        ("search=%CC%81", {"search"}),
        ("pageToken=x", {"pageToken"}),
    ],
)
async def test_every_field_at_fault_is_named(api: InProcess, programme: None, query: str, targets: set[str]) -> None:
    reply = await api.call("GET", f"/partners?{query}", **OPERATOR)
    assert (reply.status, reply.targets) == (400, targets)
    if "orderBy" in targets:
        said = " ".join(one["message"] for one in reply.error["details"])
        assert all(field in said for field in PartnerField)


async def test_a_token_is_of_its_own_list_alone(api: InProcess, programme: None) -> None:
    first = (await api.call("GET", "/partners?top=2&orderBy=name", **OPERATOR)).json
    token = first["nextLink"].partition("pageToken=")[2]
    for other in ("", "&orderBy=id%20desc", "&orderBy=name&search=a", "&orderBy=name&include=performance"):
        assert (await api.call("GET", f"/partners?top=2{other}&pageToken={token}", **OPERATOR)).status == 400, other


async def test_the_same_again_is_a_304_until_somebody_looks_anew(
    api: InProcess, programme: None, ports: FakePorts
) -> None:
    path = "/partners?include=performance"
    tag = (await api.call("GET", path, **OPERATOR)).headers["ETag"]
    for method in ("GET", "HEAD"):
        assert (await api.call(method, path, headers={"If-None-Match": tag}, **OPERATOR)).status == 304
    await ports.outcomes.put_lessons(Lessons(at=AT))
    assert (await api.call("GET", path, headers={"If-None-Match": tag}, **OPERATOR)).status == 200


async def test_too_many_for_an_order_is_said(api: InProcess, programme: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_partners, "SORTED_MAX", 4)
    reply = await api.call("GET", "/partners?orderBy=standing", **OPERATOR)
    assert (reply.status, reply.error["code"]) == (400, "sortTooLarge")
    assert "more than 4 partners" in reply.error["message"]
    assert len(await listed(api, "include=performance&top=2")) == 5


async def test_only_the_operator_lists_partners(api: InProcess, programme: None) -> None:
    for role in ("Leads.Admin", "Partner.Admin", "Operator"):
        assert (await api.call("GET", "/partners?include=performance", as_=role)).status == 403


async def test_m2_a_partner_sees_its_own_targets(api: InProcess, door: str, ports: FakePorts) -> None:
    for name in ("Adatum", "Fabrikam"):
        lead = await post_lead(api, door, Company=name)
        assert (await api.call("POST", f"{P}/leads/{lead}/accept", DEAL_BODY, as_="Leads.Admin")).status == 200
    await relayed(ports)
    found = (await api.call("GET", f"{P}/standing", as_="Leads.User")).json["targets"]
    assert [(one["name"], one["status"], one["rate"], one["of"]) for one in found] == [
        ("acceptanceRate", "tooFew", 1.0, 2),
        ("expiryRate", "tooFew", 0.0, 2),
        ("winRate", "tooFew", 0.0, 2),
        ("closedWithin60Days", "tooFew", None, 0),
    ]
