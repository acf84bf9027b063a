"""Every door through the routes: sources of all kinds, forms, senders, profiles, offers, and what waits (I1–I5)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared import app, clock
from shared.domain.intake.held import DISMISSED_KEPT
from shared.http.rate_limit import TokenBuckets
from shared.ports.ports import Ports
from shared.usecases.intake.parked_input import forget_dismissed
from tests.builders import DAY, DEAL_BODY, ROOT, submission_body
from tests.in_process import InProcess, Reply
from tests.unit.http.conftest import P, post_lead

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
BASE = "http://localhost:7071/api"
PROFILE: dict[str, Any] = {
    "name": "Contoso",
    "published": True,
    "description": "We roll out CRM.",
    "keywords": ["crm"],
    "companySizes": ["10-50"],
    "locations": [
        {
            "name": "HQ",
            "country": "SE",
            "address": None,
            "contacts": [{"name": "Lena", "email": "lena@contoso.example", "phone": None, "language": "sv"}],
        }
    ],
}
QUALIFIED: dict[str, Any] = {
    "qualification": "salesQualified",
    "customer": {"company": "Fabrikam", "email": "kata@fabrikam.example"},
    "notes": "Met at the fair.",
    "contactRequested": True,
    "consent": {"share": True, "contact": True},
}


async def source(api: InProcess, where: str = P, **body: Any) -> str:
    """The intake path of a new source."""
    made = await api.call("POST", f"{where}/sources", {"name": "Door", **body}, **OPERATOR)
    assert made.status == 201, made.text
    return str(made.json["intakeUrl"]).removeprefix(BASE)


async def read(api: InProcess, lead_id: str) -> Any:
    return (await api.call("GET", f"{P}/leads/{lead_id}", as_="Leads.User")).json


async def publish(api: InProcess, **changes: Any) -> Reply:
    return await api.call("PUT", f"{P}/profile", PROFILE | changes, as_="Profile.Admin")


# --- Profile and offers ----------------------------------------------------------------------------------------------


async def test_a_profile_is_empty_until_it_is_put_and_then_what_was_put(api: InProcess, door: str) -> None:
    empty = (await api.call("GET", f"{P}/profile", as_="Profile.Admin")).json
    assert (empty["name"], empty["published"], empty["locations"]) == ("Contoso", False, [])
    reply = await publish(api, competencies=["ignored"])
    expected = PROFILE | {"competencies": [], "endorsements": [], "nameIsShared": False}
    assert (reply.status, reply.json) == (200, expected)
    for as_, tenant in (("Profile.Admin", "contoso"), ("Partner.Admin", "contoso"), ("Operator", "operator")):
        assert (await api.call("GET", f"{P}/profile", as_=as_, tenant=tenant)).json == expected


async def test_a_profile_names_every_fault(api: InProcess, door: str) -> None:
    broken = {
        "published": "perhaps",
        "companySizes": ["3"],
        "locations": [
            {"name": "HQ", "country": "Atlantis", "contacts": [{"name": "", "email": "x", "language": "klingon!"}]}
        ],
        "extra": 1,
    }
    reply = await api.call("PUT", f"{P}/profile", broken, as_="Profile.Admin")
    assert reply.status == 400
    here = "locations.0"
    assert reply.targets == {
        *("name", "published", "companySizes.0", "extra", f"{here}.country"),
        *(f"{here}.contacts.0.name", f"{here}.contacts.0.email", f"{here}.contacts.0.language"),
    }
    twice = {"name": "C", "locations": [{"name": "HQ", "country": "SE"}, {"name": "hq", "country": "DE"}]}
    assert (await api.call("PUT", f"{P}/profile", twice, as_="Profile.Admin")).targets == {"locations"}


async def test_t5_offers_are_registered_by_operator_or_partner_and_speak_for_their_leads(
    api: InProcess, door: str
) -> None:
    offer = {"title": "Contoso CRM", "callToAction": "freeTrial"}
    await api.call("PATCH", P, {"publisherIds": ["Contoso"]}, **OPERATOR)
    made = await api.call("PUT", f"{P}/offers/contoso.crm", offer, as_="Partner.Admin")
    shown = {"id": "contoso.crm", **offer, "state": "registered", "titleIsShared": False}
    assert (made.status, made.json) == (201, shown)
    again = await api.call("PUT", f"{P}/offers/contoso.crm", offer | {"callToAction": None}, **OPERATOR)
    assert (again.status, again.json["callToAction"]) == (200, None)
    await api.call("PUT", f"{P}/offers/contoso.crm", offer, **OPERATOR)
    assert (await api.call("GET", f"{P}/offers/Contoso.CRM", as_="Partner.Admin")).json == made.json
    assert (await api.call("GET", f"{P}/offers", **OPERATOR)).json == {"value": [made.json]}
    lead = await read(api, await post_lead(api, door, ActionCode="INS"))
    assert (lead["callToAction"], lead["offer"]) == ("freeTrial", {"id": "contoso.crm", "title": "Contoso CRM"})


async def test_s1_whoever_may_read_leads_may_read_their_offers_and_no_other_partners(api: InProcess, door: str) -> None:
    await api.call("PUT", "/partners/fabrikam", {"name": "Fabrikam", "tenantIds": ["fabrikam"]}, **OPERATOR)
    made = await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "Contoso CRM"}, **OPERATOR)
    one, every = f"{P}/offers/contoso.crm", f"{P}/offers"
    for role in ("Leads.User", "Profile.Admin", "Leads.Admin", "Partner.Admin"):
        assert (await api.call("GET", one, as_=role)).json == made.json
        assert (await api.call("GET", every, as_=role)).json == {"value": [made.json]}
    for route in (one, every):
        assert (await api.call("GET", route, as_="Sender")).status == 403
        assert (await api.call("GET", route, as_="Leads.User", tenant="fabrikam")).status == 404
    for method, body in (("PUT", {"title": "x"}), ("PATCH", {"title": "x"})):
        assert (await api.call(method, one, body, as_="Leads.User")).status == 403


async def test_an_offer_of_another_partner_an_unknown_one_and_a_broken_one(api: InProcess, door: str) -> None:
    await api.call("PUT", "/partners/fabrikam", {"name": "Fabrikam", "tenantIds": ["fabrikam"]}, **OPERATOR)
    await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "CRM"}, **OPERATOR)
    theirs = "/partners/fabrikam/offers/CONTOSO.crm"
    taken = await api.call("PUT", theirs, {"title": "CRM"}, as_="Partner.Admin", tenant="fabrikam")
    assert (taken.status, taken.targets) == (409, {"offerId"})
    assert (await api.call("GET", f"{P}/offers/contoso.erp", as_="Partner.Admin")).status == 404
    broken = await api.call("PUT", f"{P}/offers/contoso.erp", {"title": "", "callToAction": "buy"}, **OPERATOR)
    assert (broken.status, broken.targets) == (400, {"title", "callToAction"})
    for bad in ("..%2f", "a%20b", "-x"):
        assert (await api.call("PUT", f"{P}/offers/{bad}", {"title": "CRM"}, **OPERATOR)).status == 404
    assert (await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "x"}, as_="Leads.Admin")).status == 403
    assert (await api.call("GET", "/partners/nobody/offers", **OPERATOR)).status == 404
    # Whose an offer is, the operator says in the end.
    assert (await api.call("PUT", theirs, {"title": "CRM"}, **OPERATOR)).status == 201
    assert (await api.call("GET", f"{P}/offers", **OPERATOR)).json["value"] == []
    suspended = {"name": "Fabrikam", "tenantIds": ["fabrikam"], "state": "suspended"}
    await api.call("PUT", "/partners/fabrikam", suspended, **OPERATOR)
    mine = {"as_": "Partner.Admin", "tenant": "fabrikam"}
    refused = await api.call("PUT", "/partners/fabrikam/offers/fabrikam.crm", {"title": "CRM"}, **mine)
    assert (refused.status, refused.error["code"]) == (403, "partnerSuspended")


# --- Whose an offer is (S6) ------------------------------------------------------------------------------------------

FABRIKAM = "/partners/fabrikam"
THEIRS: dict[str, Any] = {"as_": "Partner.Admin", "tenant": "fabrikam"}


@pytest.fixture
async def programme(api: InProcess, door: str) -> str:
    """A source of the programme's own, with Contoso's publisher known and Fabrikam's not."""
    await api.call("PATCH", P, {"publisherIds": ["contoso", "contoso-labs"]}, **OPERATOR)
    await api.call("PUT", FABRIKAM, {"name": "Fabrikam", "tenantIds": ["fabrikam"]}, **OPERATOR)
    return await source(api, "", listingSource="appSource")


async def waits(api: InProcess) -> list[Any]:
    """Why what waits for a partner waits."""
    found = (await api.call("GET", "/unassigned", **OPERATOR)).json["value"]
    return [(one["reason"], [fault["message"] for fault in one["details"]]) for one in found]


async def arrives(api: InProcess, url: str, body: Any) -> bool:
    """Post a submission; False where it waits for its partner."""
    reply = await api.call("POST", url, body)
    assert reply.status == 201, reply.text
    return bool(reply.json["status"] != "unassigned")


async def test_s6_a_partner_registers_offers_of_its_own_publishers_only(api: InProcess, programme: str) -> None:
    mine = {"as_": "Partner.Admin"}
    for offer_id in ("Contoso.crm", "contoso-labs.erp"):
        made = await api.call("PUT", f"{P}/offers/{offer_id}", {"title": offer_id}, **mine)
        assert (made.status, made.json["state"]) == (201, "registered")
    taken = await api.call("PUT", f"{FABRIKAM}/offers/contoso.bi", {"title": "BI"}, **THEIRS)
    assert (taken.status, taken.targets) == (409, {"offerId"})
    assert "contoso belongs to another partner" in taken.error["message"]
    assert (await api.call("GET", f"{FABRIKAM}/offers", **OPERATOR)).json["value"] == []


async def test_s6_an_offer_of_an_unknown_publisher_waits_for_the_operator(api: InProcess, programme: str) -> None:
    offer = f"{FABRIKAM}/offers/fabrikam.crm"
    made = await api.call("PUT", offer, {"title": "Fabrikam CRM"}, **THEIRS)
    assert (made.status, made.json["state"]) == (201, "pending")
    changed = await api.call("PATCH", offer, {"callToAction": "freeTrial"}, **THEIRS)
    assert (changed.status, changed.json["state"]) == (200, "pending"), "nobody says yes to oneself"
    pending = await api.call("GET", "/pendingOffers", **OPERATOR)
    wanted = {"partnerId": "fabrikam", "id": "fabrikam.crm", "title": "Fabrikam CRM", "callToAction": "freeTrial"}
    assert pending.json == {"value": [wanted]}
    for about in ({"offerId": "fabrikam.crm"}, {"OfferTitle": "Fabrikam CRM"}):
        body = submission_body(**about) | {"LeadSource": "SPZA-INS|fabrikam.crm"}
        assert await arrives(api, programme, body | {"Title": str(about)}) is False
    assert [reason for reason, _ in await waits(api)] == ["offerUnknown", "offerUnknown"]
    assert (await api.call("POST", f"{offer}/approve", **THEIRS)).status == 403
    assert (await api.call("GET", "/pendingOffers", **THEIRS)).status == 403
    for _ in range(2):
        assert (await api.call("POST", f"{offer}/approve", **OPERATOR)).json["state"] == "registered"
    assert (await api.call("GET", "/pendingOffers", **OPERATOR)).json == {"value": []}
    body = submission_body(Company="Now") | {"LeadSource": "SPZA-INS|fabrikam.crm"}
    assert await arrives(api, programme, body) is True
    kept = await api.call("PATCH", offer, {"title": "Fabrikam Suite"}, **THEIRS)
    assert kept.json["state"] == "registered"
    for _ in range(2):
        assert (await api.call("POST", f"{offer}/refuse", **OPERATOR)).json["state"] == "refused"
    body = submission_body(Company="Then") | {"LeadSource": "SPZA-INS|fabrikam.crm"}
    assert await arrives(api, programme, body) is False
    again = await api.call("PUT", offer, {"title": "Fabrikam CRM"}, **THEIRS)
    assert again.json["state"] == "pending", "it may be asked for again"
    assert (await api.call("POST", f"{FABRIKAM}/offers/fabrikam.no/approve", **OPERATOR)).status == 404


async def test_s6_what_waits_is_registered_with_its_publisher_unless_it_is_anothers(
    api: InProcess, programme: str
) -> None:
    for offer_id in ("fabrikam.crm", "fabrikam.erp", "tailspin.toys"):
        await api.call("PUT", f"{FABRIKAM}/offers/{offer_id}", {"title": offer_id}, **THEIRS)
    await api.call("PUT", f"{P}/offers/fabrikam.erp", {"title": "ERP"}, **OPERATOR)
    assert (await api.call("PATCH", FABRIKAM, {"publisherIds": ["fabrikam"]}, **OPERATOR)).status == 200
    offers = (await api.call("GET", f"{FABRIKAM}/offers", **OPERATOR)).json["value"]
    assert {one["id"]: one["state"] for one in offers} == {
        "fabrikam.crm": "registered",
        "fabrikam.erp": "pending",
        "tailspin.toys": "pending",
    }
    refused = await api.call("POST", f"{FABRIKAM}/offers/fabrikam.erp/approve", **OPERATOR)
    assert (refused.status, refused.targets) == (409, {"offerId"})
    page = await api.call("GET", "/pendingOffers?top=1", **OPERATOR)
    following = await api.call("GET", page.json["nextLink"].removeprefix(BASE), **OPERATOR)
    assert [one["id"] for reply in (page, following) for one in reply.json["value"]] == [
        "fabrikam.erp",
        "tailspin.toys",
    ]


async def test_s6_publishers_are_unique_in_the_programme(api: InProcess, programme: str) -> None:
    taken = await api.call("PATCH", FABRIKAM, {"publisherIds": ["CONTOSO", "fabrikam"]}, **OPERATOR)
    assert (taken.status, taken.targets) == (409, {"publisherIds"})
    assert (await api.call("GET", FABRIKAM, **OPERATOR)).json["publisherIds"] == []
    await api.call("PATCH", P, {"publisherIds": None}, **OPERATOR)
    given = await api.call("PATCH", FABRIKAM, {"publisherIds": ["CONTOSO", "fabrikam", "contoso"]}, **OPERATOR)
    assert given.json["publisherIds"] == ["contoso", "fabrikam"]
    for bad in ("a.b", "", "-a", "x" * 65, "å"):
        assert (await api.call("PATCH", P, {"publisherIds": [bad]}, **OPERATOR)).status == 400


async def test_s6_an_id_counts_more_than_a_title_that_somebody_else_has(api: InProcess, programme: str) -> None:
    await api.call("PUT", f"{FABRIKAM}/offers/fabrikam.crm", {"title": "Contoso BI"}, **OPERATOR)
    body = submission_body(OfferTitle="Contoso BI") | {"LeadSource": "SPZA-INS|contoso.bi"}
    made = await api.call("POST", programme, body)
    assert made.status == 201
    assert (await read(api, made.json["id"]))["partnerId"] == "contoso"


async def test_s6_what_two_claim_waits_and_all_three_see_why(api: InProcess, programme: str) -> None:
    for where, offer_id in ((P, "contoso.crm"), (FABRIKAM, "fabrikam.crm")):
        await api.call("PUT", f"{where}/offers/{offer_id}", {"title": "The CRM"}, **OPERATOR)
    assert await arrives(api, programme, submission_body(OfferTitle="the crm")) is False
    assert await waits(api) == [("claimedBySeveral", ["It is claimed by several: contoso, fabrikam."])]
    for where, offer_id, who in ((P, "contoso.crm", {"as_": "Partner.Admin"}), (FABRIKAM, "fabrikam.crm", THEIRS)):
        assert (await api.call("GET", f"{where}/offers/{offer_id}", **who)).json["titleIsShared"] is True
        (listed,) = (await api.call("GET", f"{where}/offers", **who)).json["value"]
        assert listed["titleIsShared"] is True
    by_id = submission_body(OfferTitle="the crm") | {"LeadSource": "SPZA-INS|fabrikam.crm"}
    assert await arrives(api, programme, by_id) is True
    alone = await api.call("PATCH", f"{FABRIKAM}/offers/fabrikam.crm", {"title": "Another CRM"}, **THEIRS)
    assert alone.json["titleIsShared"] is False
    assert (await api.call("GET", f"{P}/offers/contoso.crm", **OPERATOR)).json["titleIsShared"] is False


async def test_s6_a_profiles_name_that_two_have_is_said_to_be_so(api: InProcess, programme: str) -> None:
    assert (await publish(api)).json["nameIsShared"] is False
    theirs = await api.call("PUT", f"{FABRIKAM}/profile", PROFILE, as_="Profile.Admin", tenant="fabrikam")
    assert theirs.json["nameIsShared"] is True
    assert (await api.call("GET", f"{P}/profile", as_="Profile.Admin")).json["nameIsShared"] is True
    inquiry = {"customer": {"company": "N", "email": "a@n.example"}, "share": True, "profile": "contoso ltd"}
    url = await source(api, "", kind="form")
    await api.call("PATCH", f"{P}/profile", {"name": "Contoso Ltd"}, as_="Profile.Admin")
    await api.call("PATCH", f"{FABRIKAM}/profile", {"name": "CONTOSO LTD"}, as_="Profile.Admin", tenant="fabrikam")
    assert await arrives(api, url, inquiry) is False
    assert await waits(api) == [("claimedBySeveral", ["It is claimed by several: contoso, fabrikam."])]


async def test_s6_what_the_operator_refuses_of_a_partners_own_publisher_is_nobodys(
    api: InProcess, programme: str
) -> None:
    mine = {"as_": "Partner.Admin"}
    await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "Contoso CRM"}, **mine)
    assert (await api.call("POST", f"{P}/offers/contoso.crm/refuse", **OPERATOR)).json["state"] == "refused"
    body = submission_body(OfferTitle="Contoso CRM") | {"LeadSource": "SPZA-INS|contoso.crm"}
    assert await arrives(api, programme, body) is False
    told = "The operator has refused the offer to contoso, whose publisher it names."
    assert await waits(api) == [("offerUnknown", [told])]
    changed = await api.call("PATCH", f"{P}/offers/contoso.crm", {"title": "CRM"}, **mine)
    assert (changed.status, changed.json["state"]) == (200, "refused"), "a no holds until the operator's yes"
    other = submission_body(Company="Other") | {"LeadSource": "SPZA-INS|contoso.erp"}
    assert await arrives(api, programme, other) is True
    assert (await api.call("POST", f"{P}/offers/contoso.crm/approve", **OPERATOR)).json["state"] == "registered"
    assert await arrives(api, programme, body | {"Title": "again"}) is True


async def test_s6_what_others_call_theirs_changes_no_etag_and_what_was_read_can_be_put_back(
    api: InProcess, programme: str
) -> None:
    mine, people = {"as_": "Partner.Admin"}, {"as_": "Profile.Admin"}
    await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "The CRM"}, **mine)
    await publish(api)
    offer = await api.call("GET", f"{P}/offers/contoso.crm", **mine)
    profile = await api.call("GET", f"{P}/profile", **people)
    await api.call("PUT", f"{FABRIKAM}/offers/fabrikam.crm", {"title": "The CRM"}, **OPERATOR)
    await api.call("PUT", f"{FABRIKAM}/profile", PROFILE, as_="Profile.Admin", tenant="fabrikam")
    for read, where, who in ((offer, f"{P}/offers/contoso.crm", mine), (profile, f"{P}/profile", people)):
        put = await api.call("PUT", where, read.json, headers={"If-Match": read.headers["ETag"]}, **who)
        assert put.status == 200, put.text
        seen = {name: value for name, value in put.json.items() if name not in ("titleIsShared", "nameIsShared")}
        assert seen == {name: value for name, value in read.json.items() if name in seen}
        assert {"titleIsShared", "nameIsShared"} & {name for name, value in put.json.items() if value is True}
    named = await api.call("PATCH", f"{P}/offers/contoso.crm", {"state": "refused", "titleIsShared": False}, **mine)
    assert (named.status, named.json["state"]) == (200, "registered"), "nobody writes these"


async def test_r1_who_is_not_published_or_suspended_keeps_nobody_from_leads(api: InProcess, programme: str) -> None:
    for where, offer_id in ((P, "contoso.crm"), (FABRIKAM, "fabrikam.crm")):
        await api.call("PUT", f"{where}/offers/{offer_id}", {"title": "The CRM"}, **OPERATOR)
    await publish(api, name="Contoso Ltd")
    hidden = {"name": "Contoso Ltd", "published": False}
    await api.call("PUT", f"{FABRIKAM}/profile", hidden, as_="Profile.Admin", tenant="fabrikam")
    inquiry = {"customer": {"company": "N", "email": "a@n.example"}, "share": True, "profile": "contoso ltd"}
    assert await arrives(api, await source(api, "", kind="form"), inquiry) is True
    assert await arrives(api, programme, submission_body(OfferTitle="the crm")) is False
    await api.call("PATCH", FABRIKAM, {"state": "suspended"}, **OPERATOR)
    assert await arrives(api, programme, submission_body(OfferTitle="the crm", Company="Later")) is True


# --- Sources of all kinds --------------------------------------------------------------------------------------------


async def test_a_web_form_posts_its_fields_and_is_sent_to_the_sources_own_page(api: InProcess, door: str) -> None:
    await publish(api)
    thanks = "https://contoso.example/thanks?a=b"
    url = await source(api, kind="form", redirectUrl=thanks, listingSource="azurePortal")
    body = b"company=Fabrikam&email=kata%40fabrikam.example&share=on&location=HQ&redirectUrl=https%3A%2F%2Fevil.example"
    reply = await api.call("POST", url, body, headers=FORM)
    assert (reply.status, reply.headers["Location"], reply.text) == (303, thanks, "")
    (lead,) = (await api.call("GET", f"{P}/leads", as_="Leads.User")).json["value"]
    assert (lead["type"], lead["source"], lead["location"]) == ("profile", "azurePortal", "HQ")
    assert lead["additionalFields"] == {"redirectUrl": "https://evil.example"}
    assert (await api.call("POST", url, body, headers=FORM)).status == 303
    as_json = await api.call("POST", url, {"customer": {"company": "F"}, "share": True, "searchTerms": ["crm"]})
    assert (as_json.status, as_json.json["status"]) == (201, "received")
    assert (await read(api, as_json.json["id"]))["searchTerms"] == ["crm"]
    plain = await source(api, kind="form")
    again = await api.call("POST", plain, body, headers=FORM)
    assert (again.status, again.json["duplicate"]) == (201, False)


BROWSER = FORM | {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "accept-language": "sv"}


@pytest.mark.parametrize(
    ("thanks", "told"),
    [
        ("https://contoso.example/thanks", "https://contoso.example/thanks?received=unread"),
        ("https://contoso.example/t?sig=a%2Bb%3D&x", "https://contoso.example/t?sig=a%2Bb%3D&x&received=unread"),
        ("https://contoso.example/t#form", "https://contoso.example/t?received=unread#form"),
    ],
)
async def test_i5_a_visitor_whose_inquiry_is_parked_is_sent_on_too(
    api: InProcess, door: str, thanks: str, told: str
) -> None:
    await publish(api)
    url = await source(api, kind="form", redirectUrl=thanks)
    reply = await api.call("POST", url, b"company=Fabrikam&share=perhaps", headers=BROWSER)
    assert (reply.status, reply.headers["Location"], reply.text) == (303, told, "")
    assert len((await api.call("GET", "/parked", **OPERATOR)).json["value"]) == 1
    await publish(api, published=False)
    late = await api.call("POST", url, b"company=Northwind&share=on", headers=BROWSER)
    assert (late.status, late.headers["Location"]) == (303, told)


async def test_a_visitor_without_a_page_of_the_sources_reads_one_of_ours(api: InProcess, door: str) -> None:
    await publish(api)
    url = await source(api, kind="form")
    pages = {
        "arrived": await api.call("POST", url, b"company=Fabrikam&share=on", headers=BROWSER),
        "parked": await api.call("POST", url, b"company=Fabrikam&share=perhaps", headers=BROWSER),
        "refused": await api.call("POST", url.split("?")[0], b"company=Fabrikam&share=on", headers=BROWSER),
    }
    assert {name: one.status for name, one in pages.items()} == {"arrived": 200, "parked": 400, "refused": 401}
    for page in pages.values():
        assert page.text.startswith('<!doctype html><html lang="sv">')
        assert "error" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Ditt meddelande har kommit fram." in pages["arrived"].text
    assert "Någon kommer att läsa det." in pages["parked"].text
    script = await api.call("POST", url, b"company=Fabrikam&share=perhaps", headers=FORM | {"accept": "*/*"})
    assert script.targets == {"share"}, "a script that sends a form reads JSON"


async def test_a_form_of_parts_is_a_lead_and_says_which_file_was_not_taken(api: InProcess, door: str) -> None:
    await publish(api)
    url = await source(api, kind="form")
    kind = {"content-type": "multipart/form-data; boundary=----x"}
    fields = (
        b'name="company"\r\n\r\nFabrikam',
        b'name="share"\r\n\r\non',
        b'name="cv"; filename="cv.pdf"\r\n\r\n\x00\xff',
    )
    body = b"".join(b"------x\r\nContent-Disposition: form-data; " + one + b"\r\n" for one in fields) + b"------x--\r\n"
    warning = {"code": "fileNotTaken", "message": "The file in cv was not taken: only text is."}
    for status in (201, 200):
        reply = await api.call("POST", url, body, headers=kind)
        assert (reply.status, reply.json["warnings"]) == (status, [warning])
    lead = await read(api, reply.json["id"])
    assert (lead["customer"]["company"], lead["additionalFields"]) == ("Fabrikam", {"cv": "cv.pdf"})
    refused = await api.call("POST", url, body.replace(b"share", b"cheer"), headers=kind)
    assert refused.targets == {"share"}
    (parked,) = (await api.call("GET", "/parked", **OPERATOR)).json["value"]
    assert parked["contentType"] == kind["content-type"]
    replayed = await api.call("POST", f"/parked/{parked['id']}/replay", {"body": body.decode("latin-1")}, **OPERATOR)
    assert replayed.status == 201


async def test_t10_consent_that_nobody_stated_is_shown_as_not_stated(api: InProcess, door: str) -> None:
    made = await send(api, {name: one for name, one in QUALIFIED.items() if name != "consent"})
    consent = (await read(api, made.json["id"]))["consent"]
    assert (consent["share"], consent["contact"]) == (None, None)


async def test_the_crm_form_and_a_tables_row_come_through_the_same_door(api: InProcess, door: str) -> None:
    samples = ROOT / "docs" / "samples"
    for name in ("crm-form.json", "table-row.json", "contact-me.json", "connection-test.json"):
        body = (samples / name).read_bytes()
        assert (await api.call("POST", door, body, headers={"content-type": "application/json"})).status == 201
    encoded = b"Company=Fabrikam&LeadSource=AppSource-PLT%7Ccontoso.crm&Description="
    made = await api.call("POST", door, encoded, headers=FORM)
    lead = await read(api, made.json["id"])
    assert (lead["callToAction"], lead["source"]) == ("contactMe", "appSource")
    assert (lead["offer"], lead["sourceText"]) == (
        {"id": "contoso.crm", "title": None},
        "AppSource-PLT|contoso.crm",
    )


@pytest.mark.parametrize("kind", ["text/xml", "application/octet-stream", "", "text/plain", "a/b; charset=latin-1"])
async def test_whatever_a_body_is_called_it_is_read(api: InProcess, door: str, kind: str) -> None:
    raw = json.dumps(submission_body(Title=kind)).encode()
    assert (await api.call("POST", door, raw, headers={"content-type": kind})).status == 201


async def test_a_source_says_what_is_wrong_with_it(api: InProcess, door: str) -> None:
    for body, targets in (
        ({"name": "T", "kind": "marketplaceTable"}, {"tableName"}),
        ({"name": "T", "kind": "marketplaceTable", "tableName": "a-b"}, {"tableName"}),
        ({"name": "T", "kind": "marketplaceTable", "tableName": "leads"}, {"tableName"}),
        ({"name": "T", "tableName": "Leads1", "redirectUrl": "https://a.example"}, {"tableName", "redirectUrl"}),
        ({"name": "T", "kind": "form", "redirectUrl": "javascript:alert(1)"}, {"redirectUrl"}),
        ({"name": "T", "kind": "form", "redirectUrl": "//evil.example"}, {"redirectUrl"}),
        ({"name": "T", "kind": "form", "redirectUrl": "https://a.example/\r\nX: y"}, {"redirectUrl"}),
        ({"name": "T", "kind": "form", "redirectUrl": "https://user:pw@a.example"}, {"redirectUrl"}),
        ({"name": "T", "kind": "else"}, {"kind"}),
    ):
        reply = await api.call("POST", f"{P}/sources", body, **OPERATOR)
        assert (reply.status, reply.targets) == (400, targets)
    table = {"name": "T", "kind": "marketplaceTable", "tableName": "Leads1"}
    assert (await api.call("POST", f"{P}/sources", table, **OPERATOR)).json["tableName"] == "Leads1"
    other = await api.call("POST", "/sources", table | {"tableName": "leads1"}, **OPERATOR)
    assert (other.status, other.error["target"]) == (409, "tableName")


async def test_a_table_takes_no_deliveries(api: InProcess, door: str) -> None:
    url = await source(api, kind="marketplaceTable", tableName="Leads1")
    assert (await api.call("POST", url, submission_body())).status == 403
    assert (await api.call("POST", url + "x", submission_body())).status == 401


async def test_the_programmes_sources_are_the_operators(api: InProcess, door: str) -> None:
    url = await source(api, "")
    (listed,) = (await api.call("GET", "/sources", **OPERATOR)).json["value"]
    assert len((await api.call("GET", f"{P}/sources", **OPERATOR)).json["value"]) == 1
    rotated = await api.call("POST", f"/sources/{listed['id']}/rotate", **OPERATOR)
    assert rotated.json["key"] not in url
    assert (await api.call("POST", f"{P}/sources/{listed['id']}/rotate", **OPERATOR)).status == 404
    assert (await api.call("GET", "/sources", as_="Partner.Admin")).status == 403
    assert (await api.call("DELETE", f"/sources/{listed['id']}", **OPERATOR)).status == 204
    assert (await api.call("POST", url, submission_body())).status == 401


# --- What waits ------------------------------------------------------------------------------------------------------


async def test_i5_parked_input_is_listed_read_corrected_and_replayed(api: InProcess, door: str) -> None:
    none = {"total": 0, "reasons": {}, "partners": {}, "isAtLeast": False}
    assert (await api.call("GET", "/parked", **OPERATOR)).json == {"value": [], "counts": none}
    long = json.dumps({"UserDetails": {"Email": ["a"]}, "Description": "ä" * 3000}, ensure_ascii=False).encode()
    for n, body in enumerate((b"not json", long)):
        clock.offset = DAY * n
        refused = await api.call("POST", door, body, headers={"content-type": "application/json"})
        assert refused.status == 400
    newest, oldest = (await api.call("GET", "/parked", **OPERATOR)).json["value"]
    assert (oldest["body"], oldest["bodyTruncated"], oldest["reason"]) == ("not json", False, "unreadable")
    assert oldest["details"][0]["code"] == "invalidJson"
    assert (newest["bodyTruncated"], newest["bodyBytes"], len(newest["body"])) == (True, len(long), 2000)
    assert [one["target"] for one in newest["details"]] == ["UserDetails.Email"]
    whole = (await api.call("GET", f"/parked/{newest['id']}", **OPERATOR)).json
    assert whole["body"].encode() == long
    assert (await api.call("POST", f"/parked/{oldest['id']}/replay", {}, **OPERATOR)).status == 400
    corrected = await api.call("POST", f"/parked/{oldest['id']}/replay", {"body": submission_body()}, **OPERATOR)
    assert (corrected.status, corrected.json["duplicate"]) == (201, False)
    again = await api.call("POST", f"/parked/{oldest['id']}/replay", **OPERATOR)
    assert (again.status, again.json) == (200, corrected.json | {"duplicate": True})
    as_text = {"body": json.dumps(submission_body(Title="text"))}
    assert (await api.call("POST", f"/parked/{newest['id']}/replay", as_text, **OPERATOR)).status == 201
    none = {"total": 0, "reasons": {}, "partners": {}, "isAtLeast": False}
    assert (await api.call("GET", "/parked", **OPERATOR)).json == {"value": [], "counts": none}
    done = (await api.call("GET", f"/parked/{oldest['id']}", **OPERATOR)).json
    assert (done["state"], done["leadId"], done["body"]) == ("placed", corrected.json["id"], "")


async def test_parked_and_unassigned_input_pages_and_is_the_operators_alone(api: InProcess, door: str) -> None:
    for n in range(5):
        clock.offset = DAY * n
        await api.call("POST", door, b"%d" % n)
    first = (await api.call("GET", "/parked?top=2", **OPERATOR)).json
    second = (await api.call("GET", first["nextLink"].removeprefix(BASE), **OPERATOR)).json
    third = (await api.call("GET", second["nextLink"].removeprefix(BASE), **OPERATOR)).json
    assert [one["body"] for page in (first, second, third) for one in page["value"]] == ["4", "3", "2", "1", "0"]
    assert "nextLink" not in third
    held = first["value"][0]["id"]
    for method, path in (
        ("GET", "/parked"),
        ("GET", "/unassigned"),
        ("GET", f"/parked/{held}"),
        ("POST", f"/parked/{held}/replay"),
        ("POST", f"/unassigned/{held}/assign"),
    ):
        body = {"partnerId": "contoso"} if path.endswith("assign") else {} if method == "POST" else None
        assert (await api.call(method, path, body, as_="Partner.Admin,Sender")).status == 403
        assert (await api.call(method, path, body)).status == 401
    assert (await api.call("POST", f"/unassigned/{held}/assign", {"partnerId": "contoso"}, **OPERATOR)).status == 404
    assert (await api.call("POST", f"/unassigned/{held}/assign", {}, **OPERATOR)).targets == {"partnerId"}


async def test_i5_what_waits_is_counted_filtered_dismissed_and_replayed_by_the_dozen(api: InProcess, door: str) -> None:
    await publish(api)
    form, programme = await source(api, kind="form"), await source(api, "")
    for n in range(3):
        clock.offset = DAY / 10 * n
        assert (await api.call("POST", form, {"company": f"C{n}", "share": "perhaps"})).status == 400
        assert (await api.call("POST", programme, {"Company": f"C{n}"})).status == 201
    assert (await api.call("POST", programme, b"nothing")).status == 400

    async def parked(query: str = "", where: str = "/parked") -> Any:
        return (await api.call("GET", f"{where}?{query}", **OPERATOR)).json

    counts = {"total": 4, "reasons": {"unreadable": 4}, "partners": {"contoso": 3, "": 1}, "isAtLeast": False}
    first = await parked("partnerId=contoso&top=2")
    assert first["counts"] == counts
    assert {one["partnerId"] for one in first["value"]} == {"contoso"}
    rest = (await api.call("GET", first["nextLink"].removeprefix(BASE), **OPERATOR)).json
    assert (len(rest["value"]), "counts" in rest, "nextLink" in rest) == (1, False, False)
    assert (await parked("reason=profileNotPublished"))["value"] == []
    assert (await parked("reason=offerUnknown", "/unassigned"))["counts"]["total"] == 3
    assert (await api.call("GET", "/parked?reason=x&state=placed&city=1", **OPERATOR)).targets == {
        "reason",
        "state",
        "city",
    }
    one, *others = [held["id"] for held in first["value"] + rest["value"]]
    assert (await api.call("POST", f"/parked/{one}/dismiss", **OPERATOR)).status == 204
    done = await api.call("POST", "/parked/dismiss", {"ids": [one, others[0], "nobody"]}, **OPERATOR)
    assert [(held["id"], held["ok"]) for held in done.json["value"]] == [
        (one, True),
        (others[0], True),
        ("nobody", False),
    ]
    assert done.json["value"][2]["error"]["code"] == "notFound"
    assert (await parked())["counts"]["total"] == 2
    gone = (await parked("state=dismissed"))["value"]
    assert {held["id"] for held in gone} == {one, others[0]}
    assert all(held["dismissedDateTime"] for held in gone)
    refused = await api.call("POST", "/parked/replay", {"ids": [one, others[1]]}, **OPERATOR)
    assert [held["error"]["details"][0]["target"] for held in refused.json["value"]] == ["share", "share"]
    corrected = {"body": {"company": "C", "share": True}}
    brought_back = await api.call("POST", f"/parked/{one}/replay", corrected, **OPERATOR)
    assert brought_back.status == 201
    assert (await api.call("POST", f"/parked/{one}/dismiss", **OPERATOR)).error["code"] == "conflict"
    unassigned = [held["id"] for held in (await parked(where="/unassigned"))["value"]]
    given = await api.call("POST", "/unassigned/assign", {"ids": unassigned, "partnerId": "contoso"}, **OPERATOR)
    assert {(held["ok"], held["status"]) for held in given.json["value"]} == {(True, "received")}
    assert (await read(api, given.json["value"][0]["leadId"]))["status"] == "received"
    for bad in ([], ["x"] * 2 + [f"{n}" for n in range(100)], None):
        assert (await api.call("POST", "/parked/replay", {"ids": bad}, **OPERATOR)).status == 400


async def test_i5_a_dismissed_delivery_goes_after_thirty_days(api: InProcess, ports: Ports, door: str) -> None:
    assert (await api.call("POST", door, b"nothing")).status == 400
    ((held,), clock.offset) = ((await api.call("GET", "/parked", **OPERATOR)).json["value"], DAY / 2)
    await api.call("POST", f"/parked/{held['id']}/dismiss", **OPERATOR)
    assert (await api.call("POST", door, b"nothing")).status == 400
    assert (await api.call("GET", f"/parked/{held['id']}", **OPERATOR)).json["state"] == "dismissed", "so is its repeat"
    at = clock.now()
    assert await forget_dismissed(ports=ports, at=at + DISMISSED_KEPT - DAY / 1000) == 0
    assert await forget_dismissed(ports=ports, at=at + DISMISSED_KEPT) == 1
    assert (await api.call("GET", f"/parked/{held['id']}", **OPERATOR)).status == 404


async def test_i5_parking_never_fails_however_large_the_names_at_fault_are(api: InProcess, door: str) -> None:
    names = {f"{chr(0x1F600 + n)}" * 150 + "email": ["x"] for n in range(120)}
    body = {"UserDetails": {"Email[" + "😀" * 200 + f"][{n}]": 1 for n in range(50)}, "userDetails": "x", **names}
    flat: dict[str, Any] = {"Company": "x", "Phone" + "_" * 300: [1]}
    flat |= {f"Email{' ' * n}{'-' * n}": ["😀" * 9] for n in range(1, 150)}
    for sent in (body, flat):
        assert (await api.call("POST", door, json.dumps(sent, ensure_ascii=False).encode())).status == 400
    assert (await api.call("GET", "/parked", **OPERATOR)).json["counts"]["total"] == 2


async def test_r1_the_programmes_lead_waits_until_it_is_assigned(api: InProcess, door: str) -> None:
    url = await source(api, "")
    made = await api.call("POST", url, submission_body())
    assert (made.status, made.json["status"], made.json["duplicate"]) == (201, "unassigned", False)
    (held,) = (await api.call("GET", "/unassigned", **OPERATOR)).json["value"]
    assert (held["leadId"], held["reason"], held["sourceName"]) == (made.json["id"], "offerUnknown", "Door")
    assert (await api.call("GET", f"/unassigned/{held['id']}", **OPERATOR)).json["state"] == "unassigned"
    clock.offset = DAY * 3
    assigned = await api.call("POST", f"/unassigned/{held['id']}/assign", {"partnerId": "contoso"}, **OPERATOR)
    assert (assigned.status, assigned.json) == (201, made.json | {"status": "received"})
    lead = await read(api, made.json["id"])
    assert lead["createdDateTime"] == "2026-11-21T20:04:27.123Z"
    assert lead["expirationDateTime"] == "2026-12-08T20:04:27.123Z"
    routed = await api.call("PUT", f"{P}/offers/contoso.crm", {"title": "Contoso CRM"}, **OPERATOR)
    assert routed.status == 201
    assert (await api.call("POST", url, submission_body(Title="x"))).json["status"] == "received"


async def test_r2_an_inquiry_without_a_published_profile_is_a_conflict(api: InProcess, door: str) -> None:
    refused = await api.call("POST", door, {"customer": {"company": "F"}, "share": True})
    assert (refused.status, refused.error["code"]) == (409, "conflict")
    assert "profileNotPublished" in refused.error["message"]
    (held,) = (await api.call("GET", "/parked", **OPERATOR)).json["value"]
    await publish(api)
    assert (await api.call("POST", f"/parked/{held['id']}/replay", **OPERATOR)).status == 201


async def test_r2_a_suspended_partners_deliveries_are_unassigned(api: InProcess, door: str) -> None:
    partner = {"name": "Contoso", "tenantIds": ["contoso"], "state": "suspended"}
    await api.call("PUT", P, partner, **OPERATOR)
    assert (await api.call("POST", door, submission_body())).json["status"] == "unassigned"
    (held,) = (await api.call("GET", "/unassigned", **OPERATOR)).json["value"]
    assert (held["reason"], held["partnerId"]) == ("partnerSuspended", "contoso")
    waits = await send(api)
    assert (waits.json["status"], "Location" in waits.headers) == ("unassigned", False)
    for nobody in ("a/b", "x" * 100, "nobody"):
        reply = await api.call("POST", f"/unassigned/{held['id']}/assign", {"partnerId": nobody}, **OPERATOR)
        assert (reply.status, reply.targets) == (400, {"partnerId"})


# --- Senders ---------------------------------------------------------------------------------------------------------


async def send(
    api: InProcess, body: Any = QUALIFIED, *, tenant: str = "operator", user: str = "bo", **more: Any
) -> Reply:
    return await api.call("POST", f"{P}/leads", body, as_="Sender", tenant=tenant, user=user, **more)


async def test_i4_a_qualified_lead_arrives_and_its_sender_follows_it(api: InProcess, door: str) -> None:
    made = await send(api, QUALIFIED | {"sender": {"kind": "marketing", "name": "Ida", "email": "ida@vendor.example"}})
    assert (made.status, made.json["status"]) == (201, "received")
    assert made.headers["Location"] == f"{BASE}/sentLeads/{made.json['id']}"
    lead = await read(api, made.json["id"])
    assert lead["sender"] == {"kind": "marketing", "name": "Ida", "email": "ida@vendor.example"}
    assert (lead["qualification"], lead["type"], lead["callToAction"], lead["source"]) == (
        *("salesQualified", None, None),
        None,
    )
    assert lead["flame"]["state"] == "hot"
    (listed,) = (await api.call("GET", f"{P}/leads?tab=qualified", as_="Leads.User")).json["value"]
    assert listed["id"] == made.json["id"]
    etag = {"if-match": lead["eTag"]}
    await api.call("POST", f"{P}/leads/{lead['id']}/accept", DEAL_BODY, as_="Leads.Admin", headers=etag)
    mine = (
        await api.call("GET", made.headers["Location"].removeprefix(BASE), as_="Sender", tenant="operator", user="bo")
    ).json
    assert mine["status"] == "accepted"
    assert set(mine) == {
        *("id", "partnerId", "qualification", "status", "outcome", "createdDateTime", "updatedDateTime"),
        *("expirationDateTime", "acceptedDateTime", "closedDateTime"),
    }
    for user, found in (("bo", [mine]), ("eve", [])):
        assert (await api.call("GET", "/sentLeads", as_="Sender", tenant="operator", user=user)).json["value"] == found
    assert (await api.call("GET", f"/sentLeads/{lead['id']}", as_="Sender", tenant="contoso")).status == 404


async def test_s1_who_may_send(api: InProcess, door: str) -> None:
    await api.call("PUT", "/partners/fabrikam", {"name": "Fabrikam", "tenantIds": ["fabrikam"]}, **OPERATOR)
    by_partner = await send(api, QUALIFIED | {"sender": {"name": "Somebody"}}, tenant="fabrikam")
    assert (await read(api, by_partner.json["id"]))["sender"] == {
        "kind": "partner",
        "name": "bo",
        "email": "bo@fabrikam.example",
    }
    assert (await send(api, tenant="stranger")).status == 403
    stranger = {"as_": "Sender", "tenant": "stranger"}
    assert (await api.call("POST", "/partners/nobody/leads", QUALIFIED, **stranger)).status == 403
    assert (await api.call("POST", f"{P}/leads", QUALIFIED, as_="Leads.Admin")).status == 403
    assert (await api.call("POST", f"{P}/leads", QUALIFIED)).status == 401
    assert (await api.call("POST", "/partners/nobody/leads", QUALIFIED, as_="Sender", tenant="operator")).status == 404
    assert (await api.call("GET", f"{P}/leads", as_="Sender", tenant="operator")).status == 404
    assert (await api.call("GET", f"{P}/leads", as_="Sender")).status == 403
    assert (await api.call("GET", "/sentLeads", as_="Leads.Admin")).status == 403


async def test_i5_a_qualified_lead_that_cannot_be_read_names_its_faults_and_waits(api: InProcess, door: str) -> None:
    refused = await send(api, {"customer": {"email": ["a"]}, "consent": {"share": False}})
    assert (refused.status, refused.targets) == (400, {"qualification", "customer.email", "share"})
    (held,) = (await api.call("GET", "/parked", **OPERATOR)).json["value"]
    assert (held["partnerId"], held["sourceName"]) == ("contoso", "bo")
    made = await api.call("POST", f"/parked/{held['id']}/replay", {"body": QUALIFIED}, **OPERATOR)
    assert (
        await api.call("GET", f"/sentLeads/{made.json['id']}", as_="Sender", tenant="operator", user="bo")
    ).status == 200


async def test_v4_a_senders_key_is_honoured(api: InProcess, door: str) -> None:
    first = await send(api, headers={"idempotency-key": "k"})
    again = await send(api, headers={"idempotency-key": "k"})
    assert (again.status, again.json) == (200, first.json | {"duplicate": True})
    other = await send(api, QUALIFIED | {"notes": "x"}, headers={"idempotency-key": "k"})
    assert other.status == 409
    long = await send(api, headers={"idempotency-key": "ä" * 300})
    assert (long.status, (await send(api, headers={"idempotency-key": "ä" * 300})).json["id"]) == (201, long.json["id"])


async def test_sent_leads_page(api: InProcess, door: str) -> None:
    for n in range(3):
        clock.offset = DAY / 10 * n
        await send(api, QUALIFIED | {"notes": str(n)})
    sender: dict[str, Any] = {"as_": "Sender", "tenant": "operator", "user": "bo"}
    first = (await api.call("GET", "/sentLeads?top=2", **sender)).json
    second = (await api.call("GET", first["nextLink"].removeprefix(BASE), **sender)).json
    found = [one["createdDateTime"] for page in (first, second) for one in page["value"]]
    assert found == sorted(found, reverse=True)
    assert (len(found), "nextLink" in second) == (3, False)


# --- How fast --------------------------------------------------------------------------------------------------------


async def test_s3_who_delivers_too_fast_is_told_when_to_come_again(api: InProcess, door: str, ports: Ports) -> None:
    seconds = [0.0]
    limits = app.limits(app.current().settings)
    limits.intake = TokenBuckets(0.5, 2, lambda: seconds[0])
    limited = replace(app.current(), limits=limits)
    app.use(limited)
    for n in range(2):
        await post_lead(api, door, Title=str(n))
    refused = await api.call("POST", door, submission_body(Title="more"))
    assert (refused.status, refused.error["code"], refused.headers["Retry-After"]) == (429, "tooManyRequests", "2")
    # Who has no key takes nobody's tokens, and other callers have their own.
    assert (await api.call("POST", door + "x", submission_body())).status == 401
    assert (await send(api)).status == 201
    seconds[0] = 2
    await post_lead(api, door, Title="more")
