"""The routes of erasures: what is asked for, what is refused, and what an operator is told (S4)."""

from typing import Any

import pytest

from shared.checks.phone import NumberingPlans
from shared.domain.errors import InvalidRequest
from shared.http.shapes.erasure_shapes import ErasureIn
from shared.ids import inverted_time
from tests.builders import AT
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess
from tests.unit.http.conftest import P, post_lead
from tests.unit.pages.visiting import OPERATOR, said, show

NOBODYS = f"m{inverted_time(AT)}{16 * '0'}"
ADA = "ada@analytical.example"


async def post(api: InProcess, body: Any, query: str = "", **options: Any) -> Any:
    return await api.call("POST", f"/erasures{query}", body, **{**OPERATOR, **options})


async def test_s4_a_person_is_looked_for_first_then_erased(api: InProcess, ports: FakePorts, door: str) -> None:
    lead_id = await post_lead(api, door)
    lead = (await ports.leads.get("contoso", lead_id)).lead  # type: ignore[union-attr]
    assert lead.customer.email

    dry = await post(api, {"email": lead.customer.email.upper()}, "?dryRun")
    assert dry.status == 200
    assert (dry.json["id"], dry.json["isDryRun"], dry.json["isComplete"], dry.json["counts"]["leads"]) == (
        None,
        True,
        True,
        1,
    )
    assert (await ports.leads.get("contoso", lead_id)).lead == lead  # type: ignore[union-attr]

    asked = await post(api, {"email": lead.customer.email.upper()})
    assert asked.status == 202
    assert asked.headers["Operation-Location"].endswith(f"/erasures/{asked.json['id']}")
    assert (asked.json["state"], asked.json["value"], asked.json["isDryRun"]) == (
        "running",
        lead.customer.email.lower(),
        False,
    )
    assert asked.json["leads"] == [{"partnerId": "contoso", "leadId": lead_id}]
    assert asked.json["by"]["kind"] == "person"
    read = await api.call("GET", f"/erasures/{asked.json['id']}", **OPERATOR)
    assert read.json["counts"] == asked.json["counts"] == {**dry.json["counts"]}
    assert read.headers["Retry-After"]
    page = await api.call("GET", "/erasures", **OPERATOR)
    assert [one["id"] for one in page.json["value"]] == [asked.json["id"]]

    shown = await api.call("GET", f"{P}/leads/{lead_id}", as_="Leads.Admin")
    assert shown.json["erasedDateTime"]
    assert (shown.json["doNotContact"], shown.json["actions"], shown.json["customer"]["email"]) == (True, [], None)
    history = await api.call("GET", f"{P}/leads/{lead_id}/history", as_="Leads.Admin")
    assert history.json["value"][0]["type"] == "lead.erased"
    for path, body in ((f"{P}/leads/{lead_id}/activities", {"kind": "call", "text": "Ada"}),):
        refused = await api.call("POST", path, body, as_="Leads.Admin")
        assert (refused.status, refused.json["error"]["code"]) == (409, "invalidTransition")


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({}, ["email"]),
        ({"email": ADA, "phone": "+46701234567"}, ["email", "phone"]),
        ({"email": ADA, "leadId": NOBODYS}, ["email", "leadId"]),
        ({"email": "none"}, ["email"]),
        ({"email": ADA, "country": "SE"}, ["country"]),
        ({"phone": "070-123 45 67"}, ["phone"]),
        ({"phone": "12"}, ["phone"]),
        ({"phone": "+46701234567", "country": "Nowhere"}, ["country"]),
        ({"leadId": "x"}, ["leadId"]),
        ({"leadId": NOBODYS}, ["leadId"]),
        ({"mail": ADA}, ["mail"]),
    ],
)
async def test_s4_every_field_at_fault_is_named(api: InProcess, body: Any, targets: list[str]) -> None:
    refused = await post(api, body)

    assert refused.status == 400
    assert [one["target"] for one in refused.json["error"]["details"]] == targets


async def test_s4_only_the_operator_erases(api: InProcess) -> None:
    for as_ in ("Leads.Admin", "Partner.Admin"):
        for method, path in (("POST", "/erasures"), ("GET", "/erasures"), ("GET", "/erasures/" + "0" * 28)):
            assert (await api.call(method, path, {"email": ADA} if method == "POST" else None, as_=as_)).status == 403
    assert (await api.call("GET", "/erasures", as_=None)).status == 401
    for wrong in ("0" * 28, "x", "..%2fjobs"):
        assert (await api.call("GET", f"/erasures/{wrong}", **OPERATOR)).status == 404


async def test_s4_too_many_at_once_are_refused(api: InProcess, ports: FakePorts) -> None:
    for n in range(50):
        assert (await post(api, {"email": f"ada{n}@x.example"})).status == 202
    refused = await post(api, {"email": ADA})
    assert (refused.status, refused.json["error"]["code"]) == (429, "tooManyRequests")
    assert len(ports.erasures.jobs) == 50


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"phone": "070-123 45 67", "country": "SE"}, "+46701234567"),
        ({"phone": "+46 (0)70 123 45 67"}, "+46701234567"),
        ({"phone": "0046 8 712 34 56 ext. 12", "country": "SE"}, "+4687123456;ext=12"),
        ({"email": "ADA@Bücher.example"}, "ada@xn--bcher-kva.example"),
        ({"leadId": NOBODYS}, NOBODYS),
    ],
)
def test_s4_whom_it_is_about_is_folded_as_leads_are(body: dict[str, str], value: str) -> None:
    assert ErasureIn(**body).wanted(NumberingPlans()).value == value


def test_s4_a_number_without_a_country_is_nobodys() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        ErasureIn(phone="070-123 45 67").wanted(NumberingPlans())
    assert [one.target for one in refusal.value.details] == ["phone"]


async def test_s4_the_operators_page_shows_them(api: InProcess, door: str) -> None:
    lead_id = await post_lead(api, door)
    asked = await post(api, {"leadId": lead_id})

    everything = await show(api, "operator/erasures", **OPERATOR)
    assert 'data-form="erasure"' in everything.text
    assert "The customer of one lead" in said(everything)
    one = await show(api, f"operator/erasures/{asked.json['id']}", **OPERATOR)
    assert lead_id in said(one)
    assert "Running" in said(one)
    assert 'hx-trigger="every 10s"' in one.text
    assert (await show(api, "operator/erasures/" + "0" * 28, **OPERATOR)).status == 404
    assert (await show(api, "operator/erasures")).status == 403
