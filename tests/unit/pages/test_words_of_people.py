"""What people read is said in their words: no name, code or raw time of the interface stands on a screen (N4)."""

import re
from dataclasses import fields
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.domain.filters import LeadFilter
from shared.domain.lead import Deal
from shared.http.shapes.queries import LeadFilterIn
from shared.pages.views.lead import FIELDS, lines_of
from shared.pages.words import Words
from tests.builders import AT, DEAL_BODY
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead
from tests.unit.pages.test_preferences import registered
from tests.unit.pages.visiting import World, parsed, said, show

CAMEL = re.compile(r"\b[a-z]+(?:[A-Z][a-z]*)+\b")
RAW = re.compile(r"\d{4}-\d{2}-\d{2}|\bTrue\b|\bFalse\b|\bNone\b")
READ = ("title", "aria-label", "placeholder", "alt")
EVERYTHING: dict[str, Any] = {
    "tab": "favorites",
    "status": "received,archived",
    "outcome": "won,error",
    "type": "offer",
    "qualification": "marketingQualified",
    "source": "azureMarketplace",
    "callToAction": "contactMe",
    "country": "SE,DE",
    "quality": "unknown",
    "emailValidity": "invalid",
    "phoneValidity": "unknown",
    "flame": "hot",
    "reason": "noCapacity",
    "companySize": "51-250",
    "location": "Berlin",
    "searchTerm": "crm",
    "offer": "crm",
    "customer": "northwind",
    "search": "rollout",
    "createdFrom": "2026-11-20T23:00:00Z",
    "createdTo": "2026-11-21T22:59:59.999Z",
    "updatedFrom": "2026-11-21T09:30:00Z",
    "updatedTo": "2026-11-22T22:59:59.999Z",
    "includeTest": True,
    "deal": True,
}


def visible(reply: Reply) -> str:
    """What a person reads or hears of a screen."""
    heard = [attributes[name] for _, attributes in parsed(reply.text) for name in READ if name in attributes]
    return " ".join((said(reply), *heard))


def test_what_is_looked_for_is_what_the_interface_says() -> None:
    names = [*EVERYTHING, *(path.rpartition(".")[2] for path in FIELDS)]
    assert {name for name in names if not CAMEL.fullmatch(name)} == {name for name in names if name == name.lower()}
    assert {"createdFrom", "purchaseDate", "crmId"} <= set(names)
    assert CAMEL.findall("CRM ID, Leads.Admin, purchaseDate: 1") == ["purchaseDate"]


@pytest.mark.parametrize("language", ["en", "de", "hu"])
async def test_n4_no_screen_says_a_name_of_the_interface(
    api: InProcess, world: World, ports: FakePorts, language: str
) -> None:
    await registered(ports, "Europe/Stockholm")
    deal = {
        "value": {"amount": "27500.00", "currency": "USD"},
        "purchaseDate": "2027-01-05",
        "notes": "Again.",
        "crmId": "C-1",
        "campaignId": "K-1",
        "team": [{"name": "Eva"}],
    }
    lead = f"{P}/leads/{world.accepted}"
    edited = await api.call("PATCH", lead, deal, as_="Leads.Admin", headers={"If-Match": "*"})
    assert edited.status == 200, edited.text
    export = await api.call("POST", f"{P}/exports", {"filter": EVERYTHING}, as_="Leads.Admin")
    assert export.status == 202, export.text
    lost = await post_lead(api, world.door, Title="Three")
    assert (await api.call("POST", f"{P}/leads/{lost}/accept", DEAL_BODY, as_="Leads.Admin")).status == 200
    reason = {"reason": "otherVendor"}
    assert (await api.call("POST", f"{P}/leads/{lost}/lose", reason, as_="Leads.Admin")).status == 200
    query = urlencode({**EVERYTHING, "includeTest": "true", "orderBy": "callToAction"})
    paths = [path for _, path in world.addresses()]
    for path in (*paths, f"leads/{world.accepted}", f"leads/{lost}", f"leads?{query}"):
        reply = await show(api, path, headers={"accept-language": language})
        assert reply.status == 200, (path, reply.text)
        text = visible(reply)
        assert CAMEL.findall(text) == [], path
        assert RAW.findall(text) == [], path


async def test_an_export_says_what_was_asked_for_as_the_chips_do(
    api: InProcess, world: World, ports: FakePorts
) -> None:
    await registered(ports, "Europe/Stockholm")
    await api.call("POST", f"{P}/exports", {"filter": EVERYTHING, "format": "jsonl"}, as_="Leads.Admin")
    text = said(await show(api, "exports"))
    for part in (
        "JSON Lines",
        "Favorites · Status: Archived, Received",
        "Country: Germany, Sweden",
        "Test leads: shown",
        "Reason: We have no capacity",
        "Received from: 21 Nov ·",
        "Received until: 21 Nov ·",
        "Changed from: 21 Nov, 10:30",
        "Changed until: 22 Nov",
    ):
        assert part in text, (part, text)
    german = said(await show(api, "exports", headers={"accept-language": "de"}))
    assert "Land: Deutschland, Schweden" in german
    ids = {"filter": {"id": f"{world.waiting},{world.accepted}"}}
    assert (await api.call("POST", f"{P}/exports", ids, as_="Leads.Admin")).status == 202
    assert "Chosen leads: 2" in said(await show(api, "exports"))


def test_every_filter_of_an_export_has_its_words() -> None:
    assert set(EVERYTHING) | {"id"} == set(LeadFilterIn.model_json_schema(by_alias=True)["properties"])
    assert len(fields(LeadFilter)) == len(EVERYTHING) + 1


# --- The timeline ----------------------------------------------------------------------------------------------------


def changed(language: str = "en", **changes: tuple[Any, Any]) -> dict[str, str]:
    """What a line of the timeline says has changed."""
    paths = {path.replace("_", "."): {"from": before, "to": after} for path, (before, after) in changes.items()}
    event: Any = {
        "sequence": 1,
        "type": "lead.updated",
        "at": "2026-11-21T20:04:27.123Z",
        "from": None,
        "to": "accepted",
        "by": {"kind": "person", "id": "ann", "name": "Ann"},
        "changes": paths,
        "mails": [],
    }
    (line,) = lines_of([event], Words(language, "Europe/Stockholm", AT))
    return {fact.label: fact.text for fact in line.changes}


def test_an_amount_and_its_currency_are_money() -> None:
    assert changed(deal_amount=(None, "27500.00"), deal_currency=(None, "EUR")) == {"Value": "€27,500.00"}
    both = changed(deal_amount=("27500.00", "100"), deal_currency=("EUR", "JPY"))
    assert both == {"Value": "€27,500.00 → JP¥100"}
    assert changed(deal_amount=("27500.00", "1000.5")) == {"Value": "27,500.00 → 1,000.5"}
    assert changed("de", deal_amount=("27500.00", "3000")) == {"Wert": "27.500,00 → 3.000"}
    assert changed(deal_currency=("EUR", "USD")) == {"Currency": "EUR → USD"}


def test_a_date_is_a_day_and_a_team_its_names() -> None:
    assert changed(deal_purchaseDate=("2026-12-05", "2027-01-05")) == {"Expected date": "5 Dec → 5 Jan 2027"}
    eva, bo = {"name": "Eva", "email": None, "phone": None}, {"name": "Bo", "email": "bo@c.example", "phone": "1"}
    assert changed(deal_team=(None, [eva, bo])) == {"Team": "Eva, Bo"}
    assert changed(deal_team=([eva], [])) == {"Team": "Eva → –"}
    moved = {**eva, "email": "eva@c.example"}
    assert changed(deal_team=([eva], [moved])) == {"Team": "Eva → Eva · eva@c.example"}


def test_codes_are_words_and_what_nobody_has_a_word_for_is_not_shown() -> None:
    assert changed(emailValidity=("unknown", "spam")) == {"E-mail": "Could not be checked → Known for spam"}
    assert changed(closing_reason=(None, "otherVendor")) == {"Reason": "The customer chose another vendor"}
    assert changed(deal_somethingNew=(None, "x")) == {}


def test_every_field_of_a_deal_has_its_name() -> None:
    camel = [re.sub(r"_(\w)", lambda found: found[1].upper(), one.name) for one in fields(Deal)]
    assert {f"deal.{name}" for name in camel} == {path for path in FIELDS if path.startswith("deal.")}
