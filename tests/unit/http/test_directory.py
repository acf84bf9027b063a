"""The directory is searched with a token or a directory's key, and shown as a page for visitors (M1)."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from shared import app
from shared.domain.programme.directory import Directory, Entry, Place, Wanted
from shared.domain.programme.partner import Partner, PartnerState
from shared.domain.programme.profile import CompanySize, Profile
from shared.domain.telling.preferences import LANGUAGES
from shared.http.rate_limit import TokenBuckets
from shared.http.shapes.queries import DirectoryQuery
from tests.builders import AT
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply, fire

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
BASE = "http://localhost:7071/api"
ENTRIES = (
    Entry(
        "contoso",
        "Contoso",
        "Payroll for shops",
        ("payroll", "tax"),
        (CompanySize.SMALL,),
        (Place("Office", "DE"), Place("HQ", "SE")),
        ("sv",),
        ("Payroll",),
        ("Partner of the year",),
        0.9,
    ),
    Entry("fabrikam", "Fabrikam <b>", "Payroll & more. " + "So on. " * 60),
)
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}


@pytest.fixture
async def filled(api: InProcess, ports: FakePorts) -> None:
    """A directory of two partners, who are registered and listed."""
    for entry in ENTRIES:
        await ports.partners.put(Partner(entry.partner_id, entry.name, (entry.partner_id,), AT, AT))
        await ports.listings.put_profile(entry.partner_id, Profile(entry.name, published=True), None)
    await ports.directory.put(Directory.of(ENTRIES, {"SE": "Sweden"}), None)


async def opened(api: InProcess, where: str = "", **body: Any) -> dict[str, Any]:
    """A new directory with its key."""
    made = await api.call("POST", f"{where}/sources", {"name": "Site", "kind": "directory", **body}, **OPERATOR)
    assert made.status == 201, made.text
    found: dict[str, Any] = made.json
    return found


async def search(api: InProcess, as_: str | None = "Leads.User", **query: str) -> Reply:
    return await api.call("GET", f"/directory?{urlencode(query)}", as_=as_)


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.text
    return [one["partnerId"] for one in reply.json["value"]]


@pytest.mark.usefixtures("filled")
class TestSearch:
    """`GET /directory`."""

    async def test_it_says_who_fits_and_why(self, api: InProcess) -> None:
        found = await search(api, q="payroll tax", country="Sweden", size="10-50", language="sv", competency="payroll")
        assert "nextLink" not in found.json
        first, second = found.json["value"]
        score = first.pop("score")
        assert 0 < second["score"] < score < 1.2
        assert first == {
            "partnerId": "contoso",
            "name": "Contoso",
            "description": "Payroll for shops",
            "location": "HQ",
            "country": "SE",
            "competencies": ["Payroll"],
            "endorsements": ["Partner of the year"],
            "reasons": [
                {"kind": kind, "fits": True, "message": message}
                for kind, message in (
                    ("words", "A competency that the programme confirms has: payroll."),
                    ("words", "Its keywords have: tax."),
                    ("country", "It has a location in your country."),
                    ("size", "It works for companies of your size."),
                    ("language", "A contact speaks your language."),
                    ("competency", "The programme confirms: Payroll."),
                    ("endorsement", "The programme endorses it: Partner of the year."),
                    ("standing", "It has a good standing in the programme."),
                )
            ],
        }
        assert (second["partnerId"], second["location"], second["country"]) == ("fabrikam", None, None)
        assert {"kind": "country", "fits": False, "message": "It has no location in your country."} in second["reasons"]

    async def test_anybody_who_may_sign_in_may_search_and_nobody_else(self, api: InProcess) -> None:
        for as_, tenant in (("Leads.User", "contoso"), ("Sender", "fabrikam"), ("Operator", "operator")):
            assert names(await api.call("GET", "/directory?q=tax", as_=as_, tenant=tenant)) == ["contoso"]
        assert (await api.call("GET", "/directory")).status == 401
        assert (await api.call("GET", "/directory", as_="Leads.User", tenant="stranger")).status == 403

    async def test_a_directorys_key_opens_it_and_no_other_key_does(self, api: InProcess) -> None:
        made = await opened(api)
        assert names(await search(api, None, q="tax", key=made["key"])) == ["contoso"]
        by_header = await api.call("GET", "/directory?q=tax", headers={"x-source-key": made["key"]})
        assert names(by_header) == ["contoso"]
        for wrong in ("", "x", f"{made['id']}.wrong", made["key"][:-1], made["key"].replace(made["id"], "0" * 16)):
            assert (await search(api, None, q="tax", key=wrong)).status == 401
        form = await api.call("POST", "/sources", {"name": "Form", "kind": "form"}, **OPERATOR)
        assert (await search(api, None, key=form.json["key"])).status == 401
        # The key is no way to anything else.
        assert (await api.call("GET", f"/partners/contoso/leads?key={quote(made['key'])}")).status == 401
        assert (await api.call("POST", f"/intake/{form.json['id']}?key={quote(made['key'])}", {})).status == 401

    async def test_a_key_is_rotated_without_a_gap(self, api: InProcess) -> None:
        made = await opened(api)
        new = (await api.call("POST", f"/sources/{made['id']}/rotate", **OPERATOR)).json
        assert new["pageUrl"] == f"{BASE}/directory/page?key={new['key']}"
        for key in (made["key"], new["key"]):
            assert names(await search(api, None, q="tax", key=key)) == ["contoso"]
        await api.call("DELETE", f"/sources/{made['id']}", **OPERATOR)
        assert (await search(api, None, key=new["key"])).status == 401

    async def test_a_partners_directory_shows_all_partners(self, api: InProcess) -> None:
        made = await opened(api, "/partners/contoso")
        assert names(await search(api, None, q="payroll", key=made["key"])) == ["contoso", "fabrikam"]

    async def test_errors_name_every_field(self, api: InProcess) -> None:
        query = {"country": "Atlantis", "size": "huge", "language": "x y", "top": "51", "colour": "red"}
        reply = await search(api, **query, competency=",")
        assert reply.status == 400
        assert reply.targets == {*query, "competency"}
        assert (await search(api, top="0")).targets == {"top"}
        assert (await search(api, q="x" * 257)).targets == {"q"}

    async def test_so_many_are_answered(self, api: InProcess) -> None:
        assert names(await search(api)) == ["contoso", "fabrikam"]
        assert names(await search(api, top="1")) == ["contoso"]
        assert names(await search(api, q="", country="", size="")) == ["contoso", "fabrikam"]

    async def test_reasons_follow_the_readers_language_and_an_etag_saves_the_answer(self, api: InProcess) -> None:
        german = {"Accept-Language": "de"}
        reply = await api.call("GET", "/directory?q=tax", as_="Leads.User", headers=german)
        assert reply.json["value"][0]["reasons"][0]["message"] == "Seine Stichwörter enthalten: tax."
        seen = german | {"If-None-Match": reply.headers["ETag"]}
        assert (await api.call("GET", "/directory?q=tax", as_="Leads.User", headers=seen)).status == 304
        assert (await api.call("GET", "/directory?q=shops", as_="Leads.User", headers=seen)).status == 200

    async def test_searches_have_a_bucket_of_their_own(self, api: InProcess) -> None:
        app.current().limits.intake = TokenBuckets(0.001, 2, lambda: 0.0)
        made = await opened(api)
        statuses = [(await search(api, None, key=made["key"])).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        inquiry = {"customer": {"email": "kata@fabrikam.example"}, "share": True, "profile": "contoso"}
        path = made["intakeUrl"].removeprefix(BASE)
        assert (await api.call("POST", path, inquiry)).status == 201


async def test_nobody_is_found_before_the_first_refresh_and_then_those_who_are_listed(
    api: InProcess, door: str, ports: FakePorts
) -> None:
    assert names(await search(api)) == []
    await api.call("PUT", "/partners/contoso/profile", {"name": "Contoso", "published": True}, as_="Profile.Admin")
    await fire("refresh_directory")
    assert names(await search(api)) == ["contoso"]
    partner = ports.partners.registered["contoso"]
    await ports.partners.put(
        Partner(partner.id, partner.name, partner.tenant_ids, AT, AT, state=PartnerState.SUSPENDED)
    )
    await fire("refresh_directory")
    assert names(await search(api)) == []


@pytest.mark.parametrize(
    ("written", "size"), [("1", "1-9"), ("0", "1-9"), ("10", "10-50"), ("250", "51-250"), ("6000", "5001+")]
)
def test_a_number_of_people_is_a_size(written: str, size: str) -> None:
    assert DirectoryQuery.model_validate({"size": written}).wanted() == Wanted(size=CompanySize(size))


@pytest.mark.usefixtures("filled")
class TestPage:
    """`GET /directory/page`."""

    async def page(self, api: InProcess, made: dict[str, Any], language: str = "en", **query: str) -> Reply:
        path = made["pageUrl"].removeprefix(BASE) + "&" + urlencode(query)
        return await api.call("GET", path, headers={"Accept-Language": language, "Accept": "text/html"})

    async def test_it_shows_who_fits_with_a_form_to_each(self, api: InProcess) -> None:
        made = await opened(api)
        reply = await self.page(api, made, q="payroll", country="SE", utm_source="x")
        assert reply.status == 200
        assert "HQ, Sweden" in reply.text
        assert "Fabrikam &lt;b&gt;" in reply.text
        assert "<script" not in reply.text
        assert reply.text.count('<form method="post"') == 2
        assert 'name="profile" value="contoso"' in reply.text
        assert '<option value="SE" selected>' in reply.text
        # Its own country is no choice of a directory in which nobody is there.
        assert 'value="BR"' not in reply.text

    async def test_its_policy_lets_nothing_run_and_any_site_frame_it(self, api: InProcess) -> None:
        made = await opened(api, redirectUrl="https://www.programme.example/thanks?a=1")
        reply = await self.page(api, made)
        policy = reply.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "style-src 'self'", "base-uri 'none'", "frame-ancestors *"} < set(policy)
        assert "form-action 'self' https://www.programme.example" in policy
        assert "X-Frame-Options" not in reply.headers

    async def test_who_may_frame_it_is_a_setting(self, api: InProcess) -> None:
        settings = app.current().settings.model_copy(update={"frame_ancestors": "https://www.programme.example"})
        app.use(app.App(settings, *list(vars(app.current()).values())[1:]))
        made = await opened(api)
        reply = await self.page(api, made)
        assert "frame-ancestors https://www.programme.example" in reply.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("language", LANGUAGES)
    async def test_it_speaks_the_visitors_language(self, api: InProcess, language: str) -> None:
        made = await opened(api)
        text = (await self.page(api, made, language, q="tax")).text
        assert f'<html lang="{language}">' in text
        assert ("What do you need?" in text) == (language == "en")
        assert ("Its keywords have" in text) == (language == "en")

    async def test_an_inquiry_from_it_reaches_the_partner_that_was_found(self, api: InProcess) -> None:
        made = await opened(api)
        text = (await self.page(api, made, q="payroll", country="SE", size="10-50")).text
        form = re.search(r'<form method="post" action="\.\.([^"]+)">(.*?)</form>', text, re.DOTALL)
        assert form
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
        assert hidden == {
            "profile": "contoso",
            "location": "HQ",
            "country": "SE",
            "size": "10-50",
            "searchTerms": "payroll",
        }
        typed = {
            "company": "Fabrikam",
            "email": "kata@fabrikam.example",
            "notes": "Hello",
            "share": "on",
            "_gotcha": "",
        }
        sent = await api.call("POST", unescape(form[1]), urlencode(hidden | typed).encode(), headers=FORM)
        assert sent.status == 200
        assert "Your message has arrived." in sent.text
        # It is read where the form was, in the frame.
        assert "frame-ancestors *" in sent.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in sent.headers
        (lead,) = (await api.call("GET", "/partners/contoso/leads", as_="Leads.User")).json["value"]
        lead = (await api.call("GET", f"/partners/contoso/leads/{lead['id']}", as_="Leads.User")).json
        assert (lead["type"], lead["location"], lead["customer"]["country"]) == ("profile", "HQ", "SE")

    async def test_an_inquiry_names_its_profile_and_goes_nowhere_else(self, api: InProcess) -> None:
        made = await opened(api, "/partners/contoso")
        path = made["intakeUrl"].removeprefix(BASE)
        inquiry = {"customer": {"email": "kata@fabrikam.example"}, "share": True}
        refused = await api.call("POST", path, inquiry)
        assert (refused.status, refused.targets) == (400, {"profile"})
        offer = {"title": "Payroll", "callToAction": "contactMe"}
        assert (await api.call("PUT", "/partners/contoso/offers/contoso.pay", offer, **OPERATOR)).status in (200, 201)
        sent = await api.call("POST", path, inquiry | {"profile": "fabrikam", "offerTitle": "Payroll"})
        assert sent.status == 201
        lead = await api.call("GET", f"/partners/fabrikam/leads/{sent.json['id']}", as_="Leads.User", tenant="fabrikam")
        assert lead.status == 200
        # What a marketplace sends is none.
        body = {"UserDetails": {"Email": "a@fabrikam.example"}, "ActionCode": "PLT", "OfferTitle": "Payroll"}
        assert (await api.call("POST", path, body)).targets == {"share", "profile"}

    async def test_a_wrong_key_is_a_page_that_says_so(self, api: InProcess) -> None:
        for key in ("", "?key=x"):
            reply = await api.call("GET", f"/directory/page{key}", headers={"Accept": "text/html"})
            assert reply.status == 401
            assert reply.text.startswith("<!doctype html>")

    async def test_what_cannot_be_looked_for_is_said_on_a_page(self, api: InProcess) -> None:
        reply = await self.page(api, await opened(api), country="Atlantis")
        assert reply.status == 400
        assert reply.text.startswith("<!doctype html>")

    async def test_nobody_found_is_said_too(self, api: InProcess) -> None:
        assert "No partner fits this." in (await self.page(api, await opened(api), q="aviation")).text


@pytest.mark.usefixtures("filled")
async def test_only_what_a_visitor_reads_is_framed(api: InProcess) -> None:
    other = await api.call("GET", "/unsubscribe?token=x", headers={"Accept": "text/html"})
    assert other.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
    style = re.search(r"style-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'", other.headers["Content-Security-Policy"])
    assert style
