"""What is counted reads right of one, too, in every language (N4)."""

import re
from typing import Any

import pytest

from shared.domain.lifecycle import Activity, ActivityKind, log_activity
from shared.domain.telling.preferences import LANGUAGES
from shared.http.shapes.export_views import ExportView
from shared.http.shapes.lead_views import lead_view
from shared.pages.screens.exports import _item
from shared.pages.views.feedback import box_of
from shared.pages.views.lead import page_of
from shared.pages.words import Words
from shared.ports.leads import Mark
from shared.texts import catalogue, translator
from shared.usecases.leads import facets
from shared.usecases.leads.facets import Found
from shared.usecases.leads.read_leads import SeenLead
from shared.usecases.outcomes.feedback import OwnFeedback
from tests.builders import ANN, AT, ROOT, a_lead
from tests.in_process import InProcess
from tests.unit.http.conftest import P
from tests.unit.pages.test_views import ANN as READER
from tests.unit.pages.visiting import HOOK, World, said, show


def attempts(number: int, language: str, kind: ActivityKind = ActivityKind.NOTE) -> str:
    """What a lead's page says of so many entries."""
    lead = a_lead()
    for _ in range(number):
        lead = log_activity(lead, Activity(kind, "x"), at=AT, by=ANN).lead
    view = lead_view(SeenLead(lead, Mark(), ()), READER, AT, translator("en"))
    words = Words(language, "UTC", AT)
    box = box_of(lead.id, OwnFeedback(None, hides_text=False), words)
    page = page_of(view, (), words, following=None, query="", is_admin=True, feedback=box)
    return page.attempts


@pytest.mark.parametrize("language", LANGUAGES)
def test_l8_what_was_logged_is_counted_whatever_it_was(language: str) -> None:
    none, one, two = (attempts(number, language) for number in (0, 1, 2))
    assert len({none, one, two}) == 3
    assert ("1 " in one, "2 " in two) == (True, True)
    assert one.replace("1 ", "2 ") != two
    if language == "en":
        assert none == "Nothing has been logged yet."
        assert one == "1 entry logged, 1 second ago."
        assert two == "2 entries logged, the last 1 second ago."
        assert attempts(1, language, ActivityKind.CALL) == one
    if language == "de":
        assert one == "1 Eintrag vermerkt, vor 1 Sekunde."
        assert two == "2 Einträge vermerkt, der letzte vor 1 Sekunde."


def rows(written: int, total: int | None, language: str = "en", state: str = "running") -> str:
    view: Any = dict.fromkeys(ExportView.__annotations__) | {
        "id": "x",
        "state": state,
        "format": "csv",
        "filter": {},
        "createdDateTime": "2026-11-21T20:04:27.123Z",
        "progress": {"rows": written, "total": total},
    }
    return _item(view, Words(language, "UTC", AT)).rows


def test_rows_are_rows_and_one_is_a_row() -> None:
    assert [rows(*counts) for counts in ((0, 1), (1, 2), (1200, 3400), (1, None), (5, None))] == [
        *("0 of 1 row", "1 of 2 rows", "1,200 of 3,400 rows", "1 row", "5 rows")
    ]
    assert rows(1, 1, state="succeeded") == "1 row"
    assert rows(2, 2, state="succeeded") == "2 rows"
    assert (rows(1, None, "de"), rows(1, None, "sv"), rows(1, None, "it")) == ("1 Zeile", "1 rad", "1 riga")
    assert rows(0, 0) == "0 rows"


async def test_one_event_one_try_and_one_mail_a_day(api: InProcess, world: World) -> None:
    assert "2 events" in said(await show(api, "webhooks"))
    one = {**HOOK, "notificationUrl": "https://crm.example/other", "events": ["lead.won"]}
    assert (await api.call("POST", f"{P}/webhooks", one, as_="Leads.Admin")).status == 201
    text = said(await show(api, "webhooks"))
    assert ("1 event ·" in text, "1 events" in text) == (True, False)
    tries = re.findall(r"\d+ tr(?:y|ies)", said(await show(api, f"webhooks/{world.webhook}")))
    assert tries
    assert "1 tries" not in tries
    for most, says in ((1, "The first lead of a day is mailed at once"), (2, "The first 2 leads of a day are mailed")):
        put = await api.call("PUT", f"{P}/preferences", {"digestThreshold": most}, as_="Leads.Admin")
        assert put.status == 200
        assert says in said(await show(api, "preferences"))


async def test_a_count_that_was_given_up_at_one(api: InProcess, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for leads, says in ((1, "More than 1 lead"), (2, "More than 2 leads"), (1200, "More than 1,200 leads")):

        async def found(*_: object, leads: int = leads) -> Found:
            return Found(leads, is_complete=False)

        monkeypatch.setattr(facets, "count_found", found)
        assert said(await show(api, "leads/count")) == says


OF_ONE = {
    "%(count)s entries logged, the last %(ago)s.": "1 entry logged, %(ago)s.",
    "%(count)s events": "1 event",
    "%(count)s leads": "1 lead",
    "%(count)s points": "1 point",
    "%(count)s tries": "1 try",
    "%(rows)s rows": "1 row",
    "%(rows)s of %(total)s rows": "%(rows)s of 1 row",
    "More than %(count)s leads": "More than 1 lead",
    "The first %(count)s leads of a day are mailed at once to %(to)s, further ones together at %(hour)s.": (
        "The first lead of a day is mailed at once to %(to)s, further ones together at %(hour)s."
    ),
    "{count} new leads: show": "1 new lead: show",
}
"""What the page counts, and how it says it of one."""
ALIKE = {
    *("{number} of {count}", "{count} selected", "One reason for all selected leads ({count})"),
    *("Similar deals: %(count)s (none won)", "Similar deals: %(count)s (%(won)s won, days to close: %(days)s)"),
    "%(count)s more",
    "Accepted all the same: %(count)s.",
    "For information alone: %(count)s. Nobody has to answer these, and they stand in no other figure.",
    "One reason for all selected leads ({count})",
    "{count} selected",
    "{number} of {count}",
}
"""Right of any number, as they stand."""


def test_every_text_of_the_page_that_counts_has_one_of_one() -> None:
    home = ROOT / "shared" / "pages"
    sources = [path.read_text() for kind in ("*.py", "*.html") for path in home.rglob(kind)]
    texts = {text for source in sources for text in re.findall(r"\b(?:say|_)\(\s*\"([^\"]*)\"", source)}
    counting = {text for text in texts if re.search(r"%\((?:count|rows|total)\)|\{count\}", text)}
    assert counting - {"%(rows)s of 1 row"} == {*OF_ONE, *ALIKE}
    assert set(OF_ONE.values()) <= texts
    for language in LANGUAGES[1:]:
        translate = catalogue(language)
        assert all(translate[one] != translate[many] for many, one in OF_ONE.items())
        # Nothing in one language only: a number that stands in the English stands in the others.
        assert all("1" in translate[one] for one in OF_ONE.values() if "1" in one)
