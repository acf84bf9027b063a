"""What the interface says follows Accept-Language (N4): errors, alerts, titles, pages."""

from typing import Any

import pytest

from shared.domain.exports.export import ExportState
from shared.domain.lead import Outcome, Status
from shared.domain.lifecycle import REASONS, Action
from shared.domain.messages import WORDS
from shared.domain.telling.preferences import LANGUAGES
from shared.texts import accepted, catalogue, translator
from tests.builders import DEAL_BODY, submission_body
from tests.in_process import InProcess
from tests.texts import written_in_place
from tests.unit.http.conftest import P, post_lead

OTHERS = [one for one in LANGUAGES if one != "en"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,sv;q=0.3,it;q=0.8", "it"),
        ("fr-FR, *;q=0.5", "en"),
        ("pt", "pt-BR"),
        ("EN-gb;q=0.9, hu ; q=0.95", "hu"),
        ("de;q=0, sv;q=0.1", "sv"),
        ("de;q=x, sv;q=0.1", "sv"),
        ("de;q=7, en;q=nan", "en"),
        (";;;,,,=q", "en"),
        ("x," * 5000 + "de", "en"),
    ],
)
def test_the_language_that_is_liked_best(header: str | None, expected: str) -> None:
    assert accepted(header) == expected


def test_every_text_with_values_can_be_said_in_another_language() -> None:
    assert written_in_place() == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_left_in_english(language: str) -> None:
    # What is the same in both has no words in it.
    assert {source for source, said in catalogue(language).items() if source == said} <= {
        "%(who)s, %(when)s",
        "%(company)s: %(subject)s",
        "%(status)s (%(outcome)s)",
        "Budget",
        "Name",
        "Partner",
        "Lead",
        "Status",
        "E-mail",
        "Telefon",
    } | {one for one in catalogue(language) if len(one) < 12}


async def test_errors_and_their_details_are_in_the_callers_language(api: InProcess, door: str) -> None:
    lead_id = await post_lead(api, door)
    seen: dict[str, list[Any]] = {}
    for language in LANGUAGES:

        async def call(method: str, path: str, body: Any = None, role: str = "Leads.Admin", tag: str = language) -> Any:
            reply = await api.call(method, path, body, as_=role, headers={"Accept-Language": tag, "If-Match": "*"})
            assert reply.headers["Content-Language"] == tag
            assert "Accept-Language" in reply.headers["Vary"]
            return reply.json["error"]

        long = {**DEAL_BODY, "name": "x" * 999, "value": {"amount": "much", "currency": "xx"}, "colour": 1}
        seen[language] = [
            await call("GET", f"{P}/leads/nothing"),
            await call("GET", f"{P}/leads?status=open&colour=red&createdFrom=now"),
            await call("POST", f"{P}/leads/{lead_id}/accept", {"deal": long}),
            await call("POST", f"{P}/leads/{lead_id}/decline", {"reason": "mood"}),
            await call("POST", f"{P}/leads/{lead_id}/win", {}),
            await call("POST", f"{P}/webhooks", {"notificationUrl": "https://127.0.0.1/x", "events": ["x"]}),
            await call("GET", f"{P}/leads", role="Sender"),
            await call("POST", f"{P}/leads/{lead_id}/accept", None),
        ]
    for language in OTHERS:
        for english, said in zip(seen["en"], seen[language], strict=True):
            assert (english["code"], english.get("target")) == (said["code"], said.get("target"))
            assert english["message"] != said["message"]
            told = zip(english["details"], said["details"], strict=True)
            for ours, theirs in told:
                assert (ours["code"], ours.get("target")) == (theirs["code"], theirs.get("target"))
                # Who did what when has no words.
                assert ours["message"] != theirs["message"] or ours["code"].startswith("lead."), ours


async def test_a_refused_delivery_says_so_in_the_senders_language(api: InProcess, door: str) -> None:
    body = submission_body() | {"UserDetails": {"Email": ["a"]}}
    reply = await api.call("POST", door, body, headers={"Accept-Language": "sv"})
    assert reply.status == 400
    assert reply.json["error"]["message"] == "Leaden kan inte läsas."
    assert [one["message"] for one in reply.json["error"]["details"]] == ["UserDetails.Email måste vara en text."]


async def test_alerts_and_titles_are_too(api: InProcess, door: str) -> None:
    lead_id = await post_lead(api, door)
    german = {"Accept-Language": "de-CH"}
    lead = (await api.call("GET", f"{P}/leads/{lead_id}", as_="Leads.User", headers=german)).json
    hot = "Der Kunde hat um Kontakt gebeten: Antworten Sie jetzt, solange das Interesse frisch ist."
    assert lead["flame"]["message"] == hot
    assert lead["alerts"][0]["message"] == hot
    listed = (await api.call("GET", f"{P}/leads", as_="Leads.User", headers=german)).json["value"]
    assert listed[0]["flame"]["message"] == hot
    found = (await api.call("GET", f"{P}/notifications", as_="Leads.User", headers=german)).json["value"]
    assert [one["title"] for one in found] == [hot]


def test_a_text_with_a_percent_sign_is_said_as_it_is() -> None:
    assert translator("de")("100% and %(nothing)s") == "100% and %(nothing)s"


async def test_n4_sentences_hold_words_of_the_readers_language(api: InProcess, door: str) -> None:
    lead_id = await post_lead(api, door)
    path = f"{P}/leads/{lead_id}"
    for language, won, wrong in (
        ("en", "The lead is archived (won); it does not allow accept.", "budget, noResponse, otherVendor"),
        (
            "de",
            "Der Lead ist archiviert (gewonnen); Annehmen ist nicht möglich.",
            "kein Budget (budget), keine Antwort",
        ),
        ("sv", "arkiverad (vunnen); acceptera", "ingen budget (budget), inget svar (noResponse)"),
    ):
        tag = {"Accept-Language": language}
        if language == "en":
            await api.call("POST", f"{path}/accept", DEAL_BODY, as_="Leads.Admin")
            bad = await api.call("POST", f"{path}/lose", {"reason": "x"}, as_="Leads.Admin", headers=tag)
            assert wrong in bad.error["details"][0]["message"]
            await api.call("POST", f"{path}/win", as_="Leads.Admin")
        else:
            other = await post_lead(api, door, Description=language)
            body = {"reason": "x"}
            bad = await api.call("POST", f"{P}/leads/{other}/decline", body, as_="Leads.Admin", headers=tag)
            assert wrong in bad.error["details"][0]["message"]
        refused = await api.call("POST", f"{path}/accept", DEAL_BODY, as_="Leads.Admin", headers=tag)
        assert won in refused.error["message"]


def test_every_word_that_stands_in_a_sentence_is_known() -> None:
    codes = {*Status, *Outcome, *Action, *ExportState, *(one for some in REASONS.values() for one in some)}
    assert {str(one) for one in codes} == WORDS
