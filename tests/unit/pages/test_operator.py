"""The operator's screens: how partners do, in words, signs and numbers (M2, N4, U4)."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.insights import Figures
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.standing import Norms, period, standing
from shared.domain.telling.preferences import LANGUAGES
from shared.ports.outcomes import Lessons
from shared.usecases.outcomes import list_partners
from tests.builders import AT
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.pages.test_screens import following
from tests.unit.pages.test_words_of_people import CAMEL, RAW, visible
from tests.unit.pages.visiting import OPERATOR, parsed, said, show

LIST = "operator/partners"
HOSTILE = '"><img src=x onerror=alert(1)>{{ 7 * 7 }}'
FIGURES = Figures(
    received=20,
    accepted=16,
    declined=3,
    expired=1,
    won=1,
    lost=1,
    acceptance_rate=0.8,
    expiry_rate=0.05,
    win_rate=1 / 16,
    within_24h=0.905,
    within_72h=1.0,
    closed_within_60_days=1.0,
    hours_median=5.04,
    worth_won={"EUR": Decimal("8000.00")},
)


@pytest.fixture
async def programme(ports: FakePorts) -> None:
    """One partner that misses a target, one that is new, one of a hostile name that is suspended."""
    plain = standing([], 2, period(AT), Norms())
    for name, called in (("fabrikam", "Fabrikam"), ("new", "New"), ("x", HOSTILE)):
        await ports.partners.put(Partner(name, called, (f"tenant-{name}",), AT, AT))
    await ports.partners.put(replace(ports.partners.registered["x"], state=PartnerState.SUSPENDED))
    await ports.outcomes.put_standings({"fabrikam": replace(plain, value=0.61, figures=FIGURES), "x": plain})
    await ports.outcomes.put_lessons(Lessons(at=AT - timedelta(minutes=27)))


def rows(reply: Reply) -> list[str]:
    """What stands in each row of the list's body, without the words for cards."""
    text = re.sub(r'<span class="narrow quiet" aria-hidden="true">[^<]*</span>', "", reply.text)
    found = re.findall(r'<tr role="row">\s*<th role="rowheader".*?</tr>', text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


async def test_m2_each_row_says_in_words_how_the_partner_does(api: InProcess, programme: None) -> None:
    reply = await show(api, LIST, **OPERATOR)
    assert "As of 21 Nov, 19:37 (UTC)" in said(reply)
    fabrikam, new, hostile = rows(reply)
    assert fabrikam == (
        "Fabrikam fabrikam Below target 0.61 20 80% Met 5% Missed 6.2% Missed 100% Too few leads 5 hrs 2"
    )
    assert new == "New new Not known yet – – – – – – – –"
    assert hostile.endswith("x Suspended Too few leads 0.48 0 – – – – – 2")
    links = [attributes["href"] for tag, attributes in parsed(reply.text) if tag == "a" and "href" in attributes]
    assert "/api/app/operator/partners/fabrikam" in links


async def test_m2_one_partner_says_what_its_status_is_made_of(api: InProcess, programme: None) -> None:
    text = said(await show(api, f"{LIST}/fabrikam", **OPERATOR))
    for part in (
        "Fabrikam Below target fabrikam",
        "As of 21 Nov, 19:37 (UTC), of leads of the 90 days before.",
        "Accepted Met Share 80% Expected at least 80% Leads 16 of 20",
        "Expired Missed Share 5% Expected below 3% Leads 1 of 20",
        "Won Missed Share 6.2% Expected at least 7% Leads 1 of 16",
        "Closed within 60 days Too few leads Share 100% Expected at least 50% Leads 2 of 2",
        "Received 20 Waiting 0 Accepted 16 Declined 3",
        "Answered within 24 hours 90.5%",
        "Worth of what was won €8,000.00",
        "Responsiveness 0.50, weighs 40%",
    ):
        assert part in text, (part, text)
    new = said(await show(api, f"{LIST}/new", **OPERATOR))
    assert "Nobody has looked at this partner's leads yet" in new
    assert "Suspended" in said(await show(api, f"{LIST}/x", **OPERATOR))
    for other in ("nobody", "A b"):
        assert (await show(api, f"{LIST}/{other}", **OPERATOR)).status == 404


@pytest.mark.parametrize("language", LANGUAGES)
async def test_n4_the_operators_screens_are_in_words_of_its_language(
    api: InProcess, programme: None, language: str
) -> None:
    headers = {"accept-language": language}
    for path in ("top", LIST, f"{LIST}?search=nobody", f"{LIST}/fabrikam", f"{LIST}/new"):
        reply = await show(api, path, headers=headers, **OPERATOR)
        assert (reply.status, reply.headers["Content-Language"]) == (200, language)
        assert CAMEL.findall(visible(reply)) == [], path
        assert RAW.findall(visible(reply)) == [], path
        assert language == "en" or "Below target" not in said(reply)


async def test_u4_a_name_is_a_text_and_no_html(api: InProcess, programme: None) -> None:
    for path in (LIST, f"{LIST}/x", f"{LIST}?search=%22%3E%3Cimg"):
        reply = await show(api, path, **OPERATOR)
        assert "img" not in {tag for tag, _ in parsed(reply.text)}, path
        assert HOSTILE in said(reply).replace("&quot;", '"'), path


async def test_m2_a_click_on_a_heading_turns_the_order_round(api: InProcess, programme: None) -> None:
    def headings(reply: Reply) -> dict[str, str]:
        heads = [
            attributes for tag, attributes in parsed(reply.text) if tag == "th" and attributes.get("scope") == "col"
        ]
        sorts = [attributes.get("aria-sort", "") for attributes in heads]
        return dict(zip(("name", "targets", "standing"), sorts, strict=False))

    first = await show(api, f"{LIST}?utm_source=x&orderBy=name", **OPERATOR)
    assert headings(first) == {"name": "ascending", "targets": "", "standing": ""}
    links = [attributes.get("href", "") for tag, attributes in parsed(first.text) if tag == "a"]
    assert f"/api/app/{LIST}?orderBy=name+desc" in links
    assert f"/api/app/{LIST}?orderBy=standing+desc" in links
    assert f"/api/app/{LIST}?orderBy=hoursToAnswerMedian+asc" in links
    assert not [link for link in links if "utm" in link]
    second = await show(api, f"{LIST}?orderBy=standing+desc", **OPERATOR)
    assert headings(second)["standing"] == "descending"
    assert rows(second)[0].startswith("Fabrikam")


async def test_a_list_goes_on_with_rows_alone(api: InProcess, programme: None) -> None:
    path = f"{LIST}?orderBy=name&top=2"
    first = await show(api, path, **OPERATOR)
    rest = await show(api, following(first), **OPERATOR)
    assert "<h1" in first.text
    assert "<h1" not in rest.text
    assert len(rows(first)) == 2
    names = [one.split()[0] for one in rows(first) + rows(rest)]
    assert len(names) == len(set(names)) == 3


async def test_what_there_is_not_is_said(
    api: InProcess, programme: None, ports: FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No partners match" in said(await show(api, f"{LIST}?search=nobody", **OPERATOR))
    monkeypatch.setattr(list_partners, "SORTED_MAX", 1)
    assert "Too many partners for this order" in said(await show(api, f"{LIST}?orderBy=name", **OPERATOR))
    faulty = await show(api, f"{LIST}?orderBy=created", **OPERATOR)
    assert (faulty.status, "The order is one of" in said(faulty)) == (400, True)
    ports.partners.registered.clear()
    assert "No partners yet" in said(await show(api, LIST, **OPERATOR))


async def test_before_anybody_has_looked_nothing_says_when(api: InProcess, programme: None, ports: FakePorts) -> None:
    await ports.outcomes.put_lessons(Lessons())
    for path in (LIST, f"{LIST}/fabrikam"):
        text = said(await show(api, path, **OPERATOR))
        assert "As of" not in text
        assert "Below target" in text


async def test_the_operators_header_leads_to_its_own_screens(api: InProcess, programme: None) -> None:
    reply = await show(api, "top", **OPERATOR)
    links: list[Any] = [attributes.get("href") for tag, attributes in parsed(reply.text) if tag == "a"]
    assert links == [f"/api/app/{LIST}", f"/api/app/{LIST}", "/api/app/operator/erasures"]
    assert "bell" not in reply.text
    assert '"home": "operator/partners"' in reply.text.replace("&#34;", '"')
