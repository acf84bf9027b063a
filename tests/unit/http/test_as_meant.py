"""What callers of our own API write is read as they mean it: blanks, ids, times, names, amounts."""

from dataclasses import replace
from typing import Any

import pytest

from shared import app
from shared.domain.lead import Source
from shared.http.rate_limit import TokenBuckets
from shared.ports.ports import Ports
from tests.builders import DEAL_BODY
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead

OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}


async def accept(api: InProcess, door: str, **changes: Any) -> Any:
    lead_id = await post_lead(api, door, Description=str(changes))
    return await api.call("POST", f"{P}/leads/{lead_id}/accept", DEAL_BODY | changes, as_="Leads.Admin")


@pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b"])
async def test_a_blank_and_null_are_the_same_in_every_field_that_may_be_missing(
    api: InProcess, door: str, nothing: Any
) -> None:
    names = ("crmId", "campaignId", "purchaseTimeframe", "notes")
    member = {"name": "Lena", "email": nothing, "phone": nothing}
    deal = (await accept(api, door, **dict.fromkeys(names, nothing), team=[member])).json["deal"]
    assert {deal[name] for name in names} == {None}
    assert deal["team"] == [{"name": "Lena", "email": None, "phone": None}]
    told = {"preferredEmail": nothing, "preferredLanguage": nothing, "timeZone": nothing}
    assert (await api.call("PUT", f"{P}/preferences", told, as_="Leads.Admin")).status == 200
    contact = {"name": "Lena", "email": nothing, "phone": nothing, "language": nothing}
    location = {"name": "HQ", "country": "SE", "address": nothing, "contacts": [contact]}
    profile = {"name": "Contoso", "description": nothing, "locations": [location]}
    assert (await api.call("PUT", f"{P}/profile", profile, as_="Profile.Admin")).status == 200
    lead_id = await post_lead(api, door, Description="declined")
    declined = await api.call("POST", f"{P}/leads/{lead_id}/decline", {"reason": nothing}, as_="Leads.Admin")
    assert declined.error["details"][0]["code"] == "required"


async def test_l1_no_team_is_null_in_an_accept_as_in_an_edit(api: InProcess, door: str) -> None:
    lead = (await accept(api, door, team=None)).json
    assert lead["deal"]["team"] == []
    edited = await api.call(
        "PATCH", f"{P}/leads/{lead['id']}", {"team": None, "notes": "x"}, as_="Leads.Admin", headers={"If-Match": "*"}
    )
    assert edited.json["deal"]["team"] == []


@pytest.mark.parametrize(("given", "kept"), [(4711, "4711"), ("4711", "4711"), ("A\u200b-1 ", "A-1")])
async def test_l1_a_crm_id_may_be_a_number(api: InProcess, door: str, given: Any, kept: str) -> None:
    deal = (await accept(api, door, crmId=given, campaignId=given)).json["deal"]
    assert (deal["crmId"], deal["campaignId"]) == (kept, kept)
    assert (await accept(api, door, crmId=True)).targets == {"crmId"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=received%20,%20accepted", 1),
        ("orderBy=created%20DESC", 1),
        ("source=AppSource", 1),
        ("source=appsource%20(SPZA)", 1),
        ("source=Azure%20Marketplace", 0),
        ("callToAction=Contact%20me", 1),
        ("callToAction=Get%20it%20now,Free%20trial", 0),
        ("qualification=Customer%20inquiry", 1),
        ("createdFrom=2026-11-21T20:04:27.1230000Z", 1),
        ("createdFrom=2026-11-21t20:04:27.123z", 1),
        ("createdTo=2026-11-21T20:04:27.1239999%2B00:00", 1),
        ("createdTo=2026-11-21T20:04:27.0000000Z", 0),
        ("createdTo=%202026-11-21", 1),
    ],
)
async def test_q3_filters_are_read_as_they_are_meant(api: InProcess, door: str, query: str, found: int) -> None:
    await post_lead(api, door)
    reply = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")
    assert (reply.status, len(reply.json["value"])) == (200, found)
    name, _, value = query.partition("=")
    said = value.replace("%20", " ").replace("%2B", "+")
    if name != "orderBy":
        made = await api.call("POST", f"{P}/exports", {"filter": {name: said}}, as_="Leads.Admin")
        assert made.json["progress"]["rows"] == found, made.text


@pytest.mark.parametrize("query", ["createdFrom=2026-13-01T00:00:00Z", "createdTo=2026-11-21T20:04:27", "createdTo=x"])
async def test_a_time_that_is_none_is_refused(api: InProcess, door: str, query: str) -> None:
    reply = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")
    assert (reply.status, reply.targets) == (400, {query.partition("=")[0]})


async def test_q3_values_that_are_none_are_told_as_they_are_written(api: InProcess, door: str) -> None:
    reply = await api.call("GET", f"{P}/leads?phoneValidity=x&source=nowhere", as_="Leads.User")
    said = {one["target"]: one["message"] for one in reply.error["details"]}
    assert said["phoneValidity"] == "It must be one of 'valid', 'invalid', 'unknown'."
    assert all(f"'{one}'" in said["source"] for one in Source)


@pytest.mark.parametrize(
    "amount", ["1e3", "1E+3", "NaN", "Infinity", "+5", "-5", "\uff11\uff12", "1_000", "1,000", "0x10", True, [1]]
)
async def test_l1_an_amount_is_plain_digits(api: InProcess, door: str, amount: Any) -> None:
    reply = await accept(api, door, value={"amount": amount, "currency": "EUR"})
    assert (reply.status, reply.targets) == (400, {"value.amount"})


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("12.34", "EUR", True),
        ("12.3400", "EUR", True),
        (12.5, "EUR", True),
        (12, "EUR", True),
        ("12.345", "EUR", False),
        ("12.3456", "EUR", False),
        ("100", "JPY", True),
        ("100.00", "JPY", True),
        ("100.50", "JPY", False),
        ("1.234", "KWD", True),
        ("1.2345", "KWD", False),
        ("1.2345", "CLF", True),
    ],
)
async def test_l1_an_amount_has_the_digits_of_its_currency(
    api: InProcess, door: str, amount: Any, currency: str, fits: bool
) -> None:
    reply = await accept(api, door, value={"amount": amount, "currency": currency})
    assert reply.status == (200 if fits else 400), reply.text
    if not fits:
        assert reply.targets == {"value.amount"}
        lead = (await accept(api, door, value={"amount": 1, "currency": currency})).json
        edit = {"value": {"amount": amount}}
        path = f"{P}/leads/{lead['id']}"
        edited = await api.call("PATCH", path, edit, as_="Leads.Admin", headers={"If-Match": "*"})
        assert (edited.status, edited.targets) == (400, {"value.amount"})


async def test_l1_a_purchase_before_today_is_warned_of(api: InProcess, door: str) -> None:
    warned = (await accept(api, door, purchaseDate="2026-11-20")).json
    said = {"code": "purchaseDatePast", "message": "The estimated purchase date is over already."}
    assert warned["warnings"] == [said]
    assert (await accept(api, door, purchaseDate="2026-11-21")).json["warnings"] == []
    path, any_version = f"{P}/leads/{warned['id']}", {"If-Match": "*"}
    noted = await api.call("PATCH", path, {"notes": "x"}, as_="Leads.Admin", headers=any_version)
    assert noted.json["warnings"] == [], "only what was just said is warned of"
    dated = await api.call("PATCH", path, {"purchaseDate": "2020-01-01"}, as_="Leads.Admin", headers=any_version)
    assert len(dated.json["warnings"]) == 1


@pytest.mark.parametrize("member", [{"email": "nobody"}, {"phone": "call me"}, {"phone": "12"}, {"email": "a@b"}])
async def test_l1_a_team_members_ways_are_checked(api: InProcess, door: str, member: dict[str, str]) -> None:
    (name,) = member
    reply = await accept(api, door, team=[{"name": "Lena", **member}])
    assert (reply.status, reply.targets) == (400, {f"team.0.{name}"})
    good = {"name": "Lena", "email": "lena@contoso.example", "phone": "+46 (8) 123-456 ext. 7"}
    assert (await accept(api, door, team=[good])).json["deal"]["team"] == [good]


async def test_s3_faults_are_bounded(api: InProcess, door: str) -> None:
    many = {f"n{n:05}": 1 for n in range(18_000)}
    for path, body, role in ((f"{P}/preferences", {}, "Leads.Admin"), (f"{P}/profile", {"name": "x"}, "Profile.Admin")):
        reply = await api.call("PUT", path, body | many, as_=role)
        assert (reply.status, len(reply.error["details"])) == (400, 100)
        assert len(reply.text) < 20_000
        assert reply.text.count("allowed are") == 1
    listed = await api.call("PUT", "/contactLists", {"blockedDomains": ["-"] * 20_000}, **OPERATOR)
    assert (listed.status, len(listed.error["details"])) == (400, 100)
    long = await api.call("PUT", f"{P}/preferences", {"x" * 100_000: 1}, as_="Leads.Admin")
    assert len(long.text) < 2_000


@pytest.mark.parametrize("name", ["tables", "Tables", "AzureWebJobsHostLogs202611", "azurefunctionsdiag"])
async def test_i3_a_table_of_the_platforms_is_no_source(api: InProcess, door: str, name: str) -> None:
    body = {"name": "Table", "kind": "marketplaceTable", "tableName": name}
    assert (await api.call("POST", f"{P}/sources", body, **OPERATOR)).targets == {"tableName"}


async def test_r1_an_offers_title_is_what_can_be_seen_of_it(api: InProcess, door: str) -> None:
    told = {"title": "Contoso CRM\u200b", "callToAction": "freeTrial"}
    assert (await api.call("PUT", f"{P}/offers/contoso.crm", told, **OPERATOR)).json["title"] == "Contoso CRM"
    lead_id = await post_lead(api, door, OfferTitle="Contoso\u00ad CRM\u200b", ActionCode="INS")
    lead = (await api.call("GET", f"{P}/leads/{lead_id}", as_="Leads.User")).json
    assert (lead["offer"]["id"], lead["callToAction"]) == ("contoso.crm", "freeTrial")


async def test_s3_a_person_and_a_partner_have_a_limit_and_are_told_when_to_come_again(
    api: InProcess, door: str
) -> None:
    limits, seconds = app.limits(app.current().settings), [0.0]
    limits.persons = TokenBuckets(0.5, 3, lambda: seconds[0])
    limits.partners = TokenBuckets(0.5, 5, lambda: seconds[0])
    app.use(replace(app.current(), limits=limits))

    async def status(user: str) -> int:
        return (await api.call("GET", f"{P}/leads", as_="Leads.User", user=user)).status

    assert [await status("ann") for _ in range(4)] == [200, 200, 200, 429]
    assert [await status("bob") for _ in range(3)] == [200, 200, 429], "the partner's together"
    reply = await api.call("GET", f"{P}/leads", as_="Leads.User", user="carl")
    assert (reply.error["code"], reply.headers["Retry-After"]) == ("tooManyRequests", "2")
    seconds[0] = 10
    assert await status("ann") == 200


async def test_s3_health_and_wrong_keys_cost_storage_once_in_a_while(api: InProcess, ports: Ports, door: str) -> None:
    asked: list[str] = []

    class Counting:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(self._inner, name)

    counted: Any = replace(ports, partners=Counting(ports.partners))
    app.use(replace(app.current(), ports=counted))
    for _ in range(20):
        assert (await api.call("GET", "/health")).status == 200
        wrong = await api.call("POST", f"{door}x", {"Company": "F"})
        assert (wrong.status, wrong.error["code"]) == (401, "unauthenticated")
    assert asked.count("ping") == 1
    assert asked.count("source") == 2
    assert (await api.call("POST", door, {"Company": "F"})).status == 201


async def test_s1_a_tenant_that_nobody_registered_is_told_so_wherever_a_partner_is_needed(
    api: InProcess, door: str
) -> None:
    roles = "Partner.Admin,Sender"
    for method, path in (
        ("GET", f"{P}/leads"),
        ("GET", f"{P}/preferences"),
        ("GET", "/sentLeads"),
        ("GET", "/sentLeads/m1"),
        ("POST", f"{P}/leads"),
        ("GET", "/partners/nobody/leads"),
        ("PUT", f"{P}/profile"),
    ):
        reply = await api.call(method, path, {"name": "x"}, as_=roles, tenant="strangers")
        assert (reply.status, reply.error["code"]) == (403, "accessDenied"), path
    assert (await api.call("GET", f"{P}/leads", as_=roles, tenant="fabrikam")).status == 404


async def test_r2_a_suspended_partner_reads_and_exports_but_answers_and_subscribes_nothing(
    api: InProcess, door: str
) -> None:
    lead = await post_lead(api, door)
    hook = {"notificationUrl": "https://crm.contoso.example/leads", "events": ["lead.won"]}
    made = (await api.call("POST", f"{P}/webhooks", hook, as_="Leads.Admin")).json
    await api.call("PATCH", P, {"state": "suspended"}, **OPERATOR)
    at, bodies = f"{P}/leads/{lead}", {"accept": DEAL_BODY, "decline": {"reason": "budget"}}
    for action in ("accept", "decline", "win", "lose", "closeAsError"):
        reply = await api.call("POST", f"{at}/{action}", bodies.get(action, {}), as_="Leads.Admin")
        assert (reply.status, reply.error["code"]) == (403, "partnerSuspended"), action
    for method, path, body in (
        ("PATCH", at, {"notes": "x"}),
        ("POST", f"{P}/webhooks", hook),
        ("POST", f"{P}/webhooks/{made['id']}/test", None),
        ("POST", f"{P}/webhooks/{made['id']}/enable", None),
    ):
        assert (await api.call(method, path, body, as_="Leads.Admin")).error["code"] == "partnerSuspended", path
    for path in (f"{P}/leads", at, f"{at}/history", f"{P}/webhooks"):
        assert (await api.call("GET", path, as_="Leads.Admin")).status == 200
    assert (await api.call("POST", f"{P}/exports", {}, as_="Leads.Admin")).status == 202
    await api.call("PATCH", P, {"state": "active"}, **OPERATOR)
    assert (await api.call("POST", f"{at}/accept", DEAL_BODY, as_="Leads.Admin")).status == 200


async def test_s1_the_operators_tenant_is_no_partners(api: InProcess, door: str) -> None:
    reply = await api.call("PUT", "/partners/x", {"name": "X", "tenantIds": ["Operator"]}, **OPERATOR)
    assert (reply.status, reply.targets) == (400, {"tenantIds"})


HOOK = {"notificationUrl": "https://crm.contoso.example/leads", "events": ["lead.received"]}


@pytest.mark.parametrize(
    ("method", "path", "said", "heard"),
    [
        ("PUT", "/preferences", {"mailKinds": ["ContactMe", "PROFILE"]}, {"mailKinds": ["contactMe", "profile"]}),
        (
            "POST",
            "/webhooks",
            HOOK | {"events": ["Lead.Won", "LEAD.RECEIVED"], "format": "Standard"},
            {"events": ["lead.won", "lead.received"], "format": "standard"},
        ),
        ("POST", "/webhooks", HOOK | {"preset": "HUBSPOT"}, {"preset": "hubSpot"}),
        ("POST", "/webhooks", HOOK | {"format": "MarketPlace", "validation": "NONE"}, {"format": "marketplace"}),
        ("POST", "/exports", {"format": "JsonL", "cells": "RAW", "orderBy": "Company DESC"}, {"format": "jsonl"}),
        ("POST", "/exports", {"headings": "Labels", "filter": {"status": ["Received"]}}, {"format": "csv"}),
    ],
)
async def test_an_enumeration_is_read_whatever_its_case_and_answered_as_documented(
    api: InProcess, door: str, method: str, path: str, said: dict[str, Any], heard: dict[str, Any]
) -> None:
    reply = await api.call(method, P + path, said, as_="Leads.Admin,Partner.Admin")
    assert reply.status < 300, reply.text
    assert {name: reply.json[name] for name in heard} == heard


async def test_reasons_kinds_and_queries_are_read_whatever_their_case(api: InProcess, door: str) -> None:
    lead = f"{P}/leads/{await post_lead(api, door)}"
    noted = await api.call("POST", f"{lead}/activities", {"kind": "Call"}, as_="Leads.Admin")
    assert noted.status == 201, noted.text
    found = await api.call("GET", f"{P}/leads?status=Received&tab=MARKETPLACE&orderBy=Created%20Asc", as_="Leads.User")
    assert len(found.json["value"]) == 1
    declined = await api.call("POST", f"{lead}/decline", {"reason": "NoCapacity"}, as_="Leads.Admin")
    assert (declined.status, declined.json["closing"]["reason"]) == (200, "noCapacity")
    for query in ("tab=bogus", "status=bogus"):
        refused = await api.call("GET", f"{P}/leads?{query}", as_="Leads.User")
        assert refused.status == 400
        assert "marketplace" in refused.text or "received" in refused.text, "those that there are"


@pytest.mark.parametrize("name", ["preset", "format", "fields", "fieldsAs", "headers", "onlyValid", "validation"])
async def test_null_for_what_may_be_missing_is_as_good_as_nothing(api: InProcess, door: str, name: str) -> None:
    made = [
        (await api.call("POST", f"{P}/webhooks", HOOK | more, as_="Leads.Admin")).json for more in ({}, {name: None})
    ]
    own = ("id", "secret", "createdDateTime")
    plain, null = ({key: said for key, said in one.items() if key not in own} for one in made)
    assert plain == null
    refused = await api.call("POST", f"{P}/webhooks", HOOK | {"events": None}, as_="Leads.Admin")
    assert (refused.status, refused.targets) == (400, {"events"})


async def test_null_in_a_merge_patch_removes_and_in_a_whole_document_is_the_default(api: InProcess, door: str) -> None:
    who = {"as_": "Partner.Admin"}
    given = {"preferredLanguage": "sv", "digestHour": 7, "mutedAddresses": ["lena@contoso.example"]}
    assert (await api.call("PUT", f"{P}/preferences", given, **who)).status == 200
    nothing = dict.fromkeys(given)
    changed = await api.call("PATCH", f"{P}/preferences", nothing, headers={"If-Match": "*"}, **who)
    default = await api.call("PUT", f"{P}/preferences", {}, **who)
    assert (changed.status, changed.json) == (200, default.json)
    assert (await api.call("PUT", f"{P}/preferences", nothing, **who)).json == default.json
