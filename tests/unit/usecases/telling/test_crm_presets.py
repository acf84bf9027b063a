"""W5: leads under the names of widely used CRMs, and what their answers mean; stand-ins answer as docs/crm says."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from shared.domain.errors import Conflict
from shared.domain.intake.payload import FORM
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.crm_presets import PRESETS, CrmPreset, Verdict, alternatives, verdict
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.webhooks import CONSTANT, FIELDS, WebhookFormat
from shared.ports.delivery import Packet, ReceiverReply
from shared.ports.rules import Rules
from shared.usecases.telling import manage_webhooks
from shared.usecases.telling.deliver import deliver_events
from tests.builders import AT, DAY, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.steps import budget, submit

URL = "https://crm.example/leads"


@pytest.fixture
async def ports() -> FakePorts:
    return fake_ports(Rules())


@pytest.fixture
async def partner(ports: FakePorts, source: LeadSource) -> str:
    assert source.partner_id is not None
    await ports.partners.put(Partner(source.partner_id, "Contoso", (), AT, AT))
    return source.partner_id


async def subscribe(ports: FakePorts, partner: str, preset: CrmPreset, **more: str) -> str:
    made = PRESETS[preset]
    shape = manage_webhooks.Shape({**made.fields, **more}, made.fields_as, made.only_valid, None, preset)
    subscribed = await manage_webhooks.subscribe(
        ports=ports,
        partner_id=partner,
        url=URL,
        events=("lead.received",),
        format_=WebhookFormat.FIELDS,
        validated=True,
        owner=None,
        at=AT,
        shape=shape,
    )
    return subscribed.webhook.id


async def sent(ports: FakePorts, at: Any = AT) -> list[dict[str, str]]:
    """What the CRM was sent, by its names."""
    await deliver_events(ports=ports, now=lambda: at, budget=budget())
    return [read(packet) for _, _, packet in ports.receivers.taken]


def read(packet: Packet) -> dict[str, str]:
    if packet.content_type == FORM:
        return dict(parse_qsl(packet.body.decode(), keep_blank_values=True, strict_parsing=True))
    body = json.loads(packet.body)
    return {one["name"]: one["value"] for one in body["fields"]} if "fields" in body else body


@pytest.mark.parametrize("preset", CrmPreset)
def test_a_preset_asks_for_what_there_is(preset: CrmPreset) -> None:
    made = PRESETS[preset]
    for ours in made.fields.values():
        assert all(one in FIELDS or one.startswith(CONSTANT) for one in alternatives(ours))
    assert set(made.limits) <= set(made.fields)


def test_a_mapping_takes_the_first_that_is_not_empty() -> None:
    assert alternatives("lastName|name|=A|b") == ["lastName", "name", "=A|b"]
    assert alternatives("=|") == ["=|"]
    assert alternatives("email") == ["email"]


@pytest.mark.parametrize(
    ("preset", "more", "expected"),
    [
        (
            CrmPreset.SALESFORCE,
            {"oid": "=00D5e", "00N5e": "id"},
            {"oid": "00D5e", "last_name": "Berg", "first_name": "Ada", "company": "Northwind Traders", "country": "SE"},
        ),
        (CrmPreset.HUBSPOT, {}, {"email": "ada.berg@northwind.example", "firstname": "Ada", "lastname": "Berg"}),
        (
            CrmPreset.BOTTLE_CRM,
            {},
            {"title": "Contoso CRM", "phone": "+46812345678", "country": "SE", "source": "partner"},
        ),
        (CrmPreset.ODOO, {}, {"name": "Contoso CRM", "contact_name": "Ada Berg", "partner_name": "Northwind Traders"}),
    ],
)
async def test_a_lead_stands_under_the_names_of_the_crm(
    ports: FakePorts, source: LeadSource, partner: str, preset: CrmPreset, more: dict[str, str], expected: Any
) -> None:
    await subscribe(ports, partner, preset, **more)
    made = await submit(ports, source, submission_body(Phone="+46 8 123 456 78"))
    (found,) = await sent(ports)
    assert found | expected == found
    assert made.lead_id in str(found), "it is found again by our id"
    assert all(found.values()), "what is empty is left out"


async def test_what_a_crm_needs_is_there_whatever_is_missing(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner, CrmPreset.SALESFORCE, oid="=00D")
    bare = {"UserDetails": {"Email": "li@fabrikam.example"}, "ActionCode": "PLT", "LeadSource": "x"}
    await submit(ports, source, bare)
    (found,) = await sent(ports)
    assert (found["last_name"], found["company"]) == ("li@fabrikam.example", "li@fabrikam.example")
    assert "first_name" not in found


async def test_what_does_not_fit_or_cannot_be_read_is_whole_in_the_description(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    await subscribe(ports, partner, CrmPreset.BOTTLE_CRM)
    long = "C" * 256
    await submit(ports, source, submission_body(Company=long, Phone="ask Ada", Country="Atlantis"))
    (found,) = await sent(ports)
    assert found["company_name"] == long[:255]
    assert "phone" not in found
    assert "country" not in found
    for line in (f"company_name (whole): {long}", "Phone as written: ask Ada", "Country as written: Atlantis"):
        assert found["description"].count(line) <= 1
    assert f"company_name (whole): {long}" in found["description"]
    assert "ask Ada" in found["description"]
    assert "Country as written: Atlantis" in found["description"]


@pytest.mark.parametrize("address", ["jörg@buero.example", '"a b"@fabrikam.example', "a@b.c"])
async def test_an_address_that_the_crm_would_refuse_costs_no_lead(
    ports: FakePorts, source: LeadSource, partner: str, address: str
) -> None:
    """Tried: BottleCRM 1.2 answers 400 to the whole lead."""
    await subscribe(ports, partner, CrmPreset.BOTTLE_CRM)
    await submit(ports, source, submission_body(Email=address, Country="CW"))
    (found,) = await sent(ports)
    assert "email" not in found
    assert f": {address}" in found["description"]
    assert "country" not in found
    assert "country (whole): CW" in found["description"]


async def test_an_address_is_never_cut(ports: FakePorts, source: LeadSource, partner: str) -> None:
    address = f"{'a' * 60}@contoso-example.com.au.example"
    await subscribe(ports, partner, CrmPreset.SALESFORCE, oid="=00D")
    await submit(ports, source, submission_body(Email=address, Company="C" * 256))
    (found,) = await sent(ports)
    assert "email" not in found, "cut it would be somebody else's"
    assert found["company"] == "C" * 255
    assert f"email (whole): {address}" in found["description"]


@pytest.mark.parametrize("ours", ["notes|description", "description"])
async def test_what_was_cut_is_found_wherever_the_description_goes(
    ports: FakePorts, source: LeadSource, partner: str, ours: str
) -> None:
    await subscribe(ports, partner, CrmPreset.BOTTLE_CRM, description=ours)
    await submit(ports, source, submission_body(Company="C" * 256, Description=""))
    (found,) = await sent(ports)
    assert f"company_name (whole): {'C' * 256}" in found["description"]


async def test_a_lead_that_hides_who_it_is_is_not_sent_again(
    ports: FakePorts, source: LeadSource, partner: str
) -> None:
    hook = await subscribe(ports, partner, CrmPreset.BOTTLE_CRM)
    ports.receivers.answers[URL] = [ReceiverReply(400, "{}", 1)] * 40
    await submit(ports, source)
    for hours in range(0, 100, 4):
        await sent(ports, AT + timedelta(hours=hours))
    (parked,), _ = await manage_webhooks.list_deliveries(
        ports=ports, partner_id=partner, webhook_id=hook, after=None, top=5, at=AT
    )
    assert parked.state is DispatchState.PARKED
    late = {"ports": ports, "partner_id": partner, "webhook_id": hook, "at": AT + 15 * DAY}
    with pytest.raises(Conflict):
        await manage_webhooks.resend(event_id=parked.id, **late)
    assert await manage_webhooks.resend_parked(**late) == 0
    assert await manage_webhooks.resend_parked(**late | {"at": AT + 5 * DAY}) == 1


async def test_a_connection_test_for_hubspot_has_an_address_that_it_takes(ports: FakePorts, partner: str) -> None:
    hook = await subscribe(ports, partner, CrmPreset.HUBSPOT)
    await manage_webhooks.send_test(ports=ports, partner_id=partner, webhook_id=hook, at=AT)
    (found,) = await sent(ports)
    assert found["email"].startswith("MSFT_TEST_")
    assert found["email"].endswith("@example.com")


KNOWN = '{"error":true,"errors":{"email":["Another lead in this organisation already uses that email address."]}}'
SAYS: list[tuple[CrmPreset | None, int | None, str, dict[str, str], Verdict]] = [
    (None, 204, "", {}, Verdict.TAKEN),
    (None, 302, "", {}, Verdict.FAILED),
    (None, 422, "", {}, Verdict.REFUSED_ONE),
    (None, 200, '{"error": "no"}', {}, Verdict.TAKEN),
    (None, None, "", {}, Verdict.FAILED),
    (CrmPreset.ODOO, 200, '{"id": 7}', {}, Verdict.TAKEN),
    (CrmPreset.ODOO, 200, '{"id": true}', {}, Verdict.FAILED),
    (CrmPreset.ODOO, 200, '{"error": "The request is invalid or malformed."}', {}, Verdict.FAILED),
    (CrmPreset.ODOO, 200, '{"error_fields": ["team_id"]}', {}, Verdict.REFUSED_ONE),
    (CrmPreset.ODOO, 200, "false", {}, Verdict.FAILED),
    (CrmPreset.ODOO, 200, '{"jsonrpc": "2.0", "error": {}}', {}, Verdict.FAILED),
    (CrmPreset.ODOO, 200, "[" * 2_048, {}, Verdict.FAILED),
    (CrmPreset.ODOO, 500, '{"id": 7}', {}, Verdict.FAILED),
    (CrmPreset.SALESFORCE, 200, "<html>", {}, Verdict.TAKEN),
    (CrmPreset.SALESFORCE, 200, "", {"is-processed": "true Exception:common.exception.X"}, Verdict.REFUSED_ONE),
    (CrmPreset.BOTTLE_CRM, 200, '{"error":false}', {}, Verdict.TAKEN),
    (CrmPreset.BOTTLE_CRM, 400, KNOWN, {}, Verdict.TAKEN),
    (
        CrmPreset.BOTTLE_CRM,
        400,
        '{"error":true,"errors":{"email":["Enter a valid one."]}}',
        {},
        Verdict.REFUSED_ONE,
    ),
    (CrmPreset.BOTTLE_CRM, 400, '{"errors":["already"]}', {}, Verdict.REFUSED_ONE),
    (CrmPreset.HUBSPOT, 400, '{"status":"error"}', {}, Verdict.REFUSED_ONE),
]


@pytest.mark.parametrize(("preset", "status", "text", "headers", "expected"), SAYS)
def test_what_an_answer_means(
    preset: CrmPreset | None, status: int | None, text: str, headers: dict[str, str], expected: Verdict
) -> None:
    assert verdict(preset, status, text, headers) is expected


@pytest.mark.parametrize(
    ("preset", "answer", "state", "failures"),
    [
        (CrmPreset.ODOO, ReceiverReply(200, '{"error": "captcha"}', 1), DispatchState.PENDING, 1),
        (CrmPreset.ODOO, ReceiverReply(200, '{"error_fields": ["team_id"]}', 1), DispatchState.PENDING, 0),
        (CrmPreset.ODOO, ReceiverReply(200, '{"id": 1}', 1), DispatchState.DELIVERED, 0),
        (CrmPreset.BOTTLE_CRM, ReceiverReply(400, KNOWN, 1), DispatchState.DELIVERED, 0),
    ],
)
async def test_a_delivery_follows_what_the_answer_means(
    ports: FakePorts,
    source: LeadSource,
    partner: str,
    preset: CrmPreset,
    answer: ReceiverReply,
    state: DispatchState,
    failures: int,
) -> None:
    hook = await subscribe(ports, partner, preset)
    ports.receivers.answers[URL] = [answer]
    await submit(ports, source)
    await sent(ports)
    log, _ = await manage_webhooks.list_deliveries(
        ports=ports, partner_id=partner, webhook_id=hook, after=None, top=5, at=AT
    )
    assert [one.state for one in log] == [state]
    assert (await ports.lanes.lane(partner, hook)).failures == failures
