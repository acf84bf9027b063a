"""The fold of a lead's page with its similar deals (M4)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shared import clock
from shared.http.shapes.similar_views import SimilarView
from shared.pages.views.similar import similar_deals_of
from shared.pages.words import Words
from tests.builders import AT, DEAL_BODY, a_lead, accepted
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead
from tests.unit.pages.test_views import seen
from tests.unit.pages.visiting import parsed, said, show

LANGUAGES = ("en", "de", "it", "sv", "hu", "pt-BR")


def like(outcome: str | None = None, days: int | None = None, **changes: Any) -> SimilarView:
    """A deal that is like a lead in two things."""
    lead: Any = {**seen(accepted(a_lead())), "outcome": outcome, **changes}
    return {
        "lead": lead,
        "likeness": 0.7,
        "reasons": ["need", "country"],
        "words": ["crm", "rollout"],
        "daysToClose": days,
    }


def heading(*found: SimilarView, language: str = "en") -> str:
    return similar_deals_of(found, Words(language, "UTC", AT)).heading


def test_m4_the_heading_counts_deals_and_the_days_of_those_won() -> None:
    assert heading() == "No similar deals yet"
    assert heading(like(), like("lost", 4)) == "Similar deals: 2 (none won)"
    assert heading(like("won", 1)) == "Similar deals: 1 (1 won, days to close: 1)"
    three = [like("won", days) for days in (90, 41, 8)]
    assert heading(*three, like("lost", 500), like()) == "Similar deals: 5 (3 won, days to close: 41)"
    assert heading(like("won", 0), language="de") == "Ähnliche Geschäfte: 1 (gewonnen: 1, Tage bis zum Abschluss: 0)"


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_m4_n4_it_is_said_in_the_readers_language(language: str) -> None:
    words = Words(language, "UTC", AT)
    for found in ((), (like(),), (like("won", 41),)):
        assert heading(*found, language=language) != heading(*found)
    deal = similar_deals_of((like("won", 41),), words).deals[0]
    assert deal.text != similar_deals_of((like("won", 41),), Words("en", "UTC", AT)).deals[0].text


def test_m4_a_deal_says_what_became_of_it_and_in_what_it_is_alike() -> None:
    words = Words("en", "UTC", AT)
    won = {"reason": None, "notes": None, "value": {"amount": "14500.00", "currency": "EUR"}, "date": "2026-11-20"}
    still, ended, nameless = similar_deals_of(
        (like(), like("won", 41, closing=won), like("lost", 1, deal=None, customer=dict.fromkeys(seen()["customer"]))),
        words,
    ).deals
    assert (still.company, still.text) == ("Northwind Traders", "Accepted · €12,000.00")
    assert still.alike == "Need (crm, rollout), Country"
    assert ended.text == "Won · €14,500.00 · Days to close: 41"
    assert (nameless.company, nameless.text) == ("Company not named", "Lost · Days to close: 1")


async def test_m4_the_lead_asks_for_its_fold_which_opens_nothing(api: InProcess, door: str) -> None:
    deal = await post_lead(api, door, Company="<b>Adatum</b>", Description="A rollout of <i>scanners</i>")
    assert (await api.call("POST", f"{P}/leads/{deal}/accept", DEAL_BODY, as_="Leads.Admin")).status == 200
    clock.offset = timedelta(hours=1)
    lead = await post_lead(api, door, Description="scanners, please", Email="x@litware.example")
    asked = [found["hx-get"] for _, found in parsed((await show(api, f"leads/{lead}")).text) if "hx-get" in found]
    assert asked == [f"/api/ui/leads/{lead}/similar"]
    fold = await show(api, f"leads/{lead}/similar", as_="Leads.User")
    assert "Similar deals: 1 (none won)" in said(fold)
    assert "Need (scanners" in said(fold)
    assert "&lt;b&gt;Adatum" in fold.text
    assert re.findall(r'href="([^"]+)"', fold.text) == [f"/api/app/leads/{deal}"]
    unread = await post_lead(api, door, Email="y@litware.example")
    await show(api, f"leads/{unread}/similar")
    assert (await api.call("GET", f"{P}/leads/{unread}?peek=true", as_="Leads.User")).json["isNew"]
    assert "No similar deals yet" in said(await show(api, f"leads/{deal}/similar"))
