"""Nothing that must stay secret is logged or traced, whatever is done: addresses, keys, tokens, signatures (S2, S3)."""

import re
import signal
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import local_http
from tests.builders import DEAL_BODY, submission_body
from tests.journeys.insights import Insights
from tests.journeys.local_host import LocalHost, register
from tests.journeys.test_telling import fire, mails
from tests.waiting import settled

PERSON = {"FirstName": "Canaria", "LastName": "Serinus", "Email": "canaria.serinus@northwind.example"}
PERSON |= {"Phone": "+1 206 555 0147", "Company": "Canary Traders"}


@pytest.fixture(scope="module")
def insights() -> Iterator[Insights]:
    with Insights() as running:
        yield running


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, insights: Insights) -> Iterator[LocalHost]:
    with LocalHost(tmp_path_factory.mktemp("canary"), environment=insights.environment) as running:
        yield running


def test_a_whole_course_of_things_leaves_no_secret_in_log_or_trace(host: LocalHost, insights: Insights) -> None:
    intake = register(host, "canary")
    here = "/partners/canary"
    key = parse_qs(urlsplit(intake).query)["key"][0]
    token = host.token("Partner.Admin,Sender", "canary")
    secrets = {key, token, "Canaria", "Serinus", "canaria.serinus", "555 0147", "5550147", "canary-url-secret"}
    secrets |= {"contact-canary", "preferred-canary", "canary-state"}
    with host.client("Partner.Admin,Sender", "canary") as admin:
        wishes = {"preferredEmail": "preferred-canary@canary.example"}
        assert admin.put(f"{here}/preferences", json=wishes).status_code == 200
        contact = {"name": "Canaria", "email": "contact-canary@canary.example"}
        profile = {
            "name": "Canary",
            "published": True,
            "locations": [{"name": "HQ", "country": "SE", "contacts": [contact]}],
        }
        assert admin.put(f"{here}/profile", json=profile).status_code == 200
        # A receiver that is not there, with a secret in its address.
        hook = {"notificationUrl": "http://127.0.0.1:9/hook?code=canary-url-secret", "events": ["lead.received"]}
        made = admin.post(f"{here}/webhooks", json=hook | {"validation": "none"}).json()
        secrets.add(made["secret"])
        posted = [local_http.post(intake, json=submission_body(**PERSON, Title=str(n)), timeout=30) for n in range(3)]
        leads, caused = [one.json()["id"] for one in posted], posted[0]
        # What is refused is no more talkative than what is taken.
        assert (
            local_http.post(intake, json={"UserDetails": {"Email": [PERSON["Email"]]}}, timeout=30).status_code == 400
        )
        assert local_http.post(intake, content=PERSON["Email"].encode(), timeout=30).status_code == 400
        assert local_http.post(intake.replace(key, key[:-1] + "x"), json={}, timeout=30).status_code == 401
        forged = {"tracestate": 'canary-state {"event": "delivery.parked"}'}
        assert local_http.post(intake.replace(key, "x"), json={}, headers=forged, timeout=30).status_code == 401
        assert admin.get(f"{here}/leads?search={PERSON['Email']}&top=1").status_code == 200
        following = admin.get(f"{here}/leads?top=1").json()["nextLink"]
        secrets.add(parse_qs(urlsplit(following).query)["pageToken"][0])
        assert admin.get(following).status_code == 200
        assert admin.get(following[:-1] + "~").status_code == 400
        assert admin.post(f"{here}/leads/{leads[0]}/accept", json=DEAL_BODY).status_code == 200
        assert admin.post(f"{here}/leads/{leads[1]}/decline", json={"reason": "budget"}).status_code == 200
        export = admin.post(f"{here}/exports", json={}).json()
        link = admin.get(f"{here}/exports/{export['id']}").json()["url"]
        secrets |= {parse_qs(urlsplit(link).query)["sig"][0], urlsplit(link).query}
        assert PERSON["Email"] in local_http.get(link, timeout=30).text
    for timer in ("deliver_events", "expire_leads", "send_digests", "run_exports", "reconcile", "watch_agenda"):
        fire(host, timer)
    settled(lambda: any(one["to"] == ["preferred-canary@canary.example"] for one in mails(host)))
    mine = next(one for one in mails(host) if one["to"] == ["preferred-canary@canary.example"])
    unsubscribe = re.search(r"http\S+/unsubscribe\?token=\S+", mine["text"])
    assert unsubscribe
    secrets.add(parse_qs(urlsplit(unsubscribe[0]).query)["token"][0])
    assert local_http.get(unsubscribe[0], timeout=30).status_code == 200
    assert local_http.post(unsubscribe[0], timeout=30).status_code == 200
    follow(host, insights, caused.headers["x-ms-request-id"])
    # What is still on its way is sent at the end.
    host.end(signal.SIGTERM)
    assert "unsubscribe" in {one["name"] for one in insights.of("RemoteDependencyData")}
    assert "held.parked" in host.output
    assert [secret for secret in secrets if secret in host.output] == []
    assert [secret for secret in secrets if secret in insights.text] == []
    assert [one for one in addresses(insights) if any(part in one for part in ("Key=", "canary", "?"))] == []


def follow(host: LocalHost, insights: Insights, cause: str) -> None:
    """One id leads from the request through log and trace to the call of the receiver, which was not there."""
    insights.wait_for(lambda: {"receive_lead", "call webhook"} <= spans_of(insights, cause))
    assert {"TableClient.submit_transaction", "receive_lead", "call webhook"} <= spans_of(insights, cause)
    wanted = {"leads.intake", "leads.transitions", "deliveries.attempts", "agenda.lag", "backlog"}
    insights.wait_for(lambda: wanted <= {one["metrics"][0]["name"] for one in insights.of("MetricData")})
    assert insights.of("MessageData") == [], "the host hands on what is logged; twice would be counted twice"
    attempted = [line for line in host.output.splitlines() if "delivery.attempted" in line and cause in line]
    assert attempted, "extras are shown, so that this test sees what operators see"
    failed = [one for one in insights.of("RemoteDependencyData") if one["name"] == "call webhook"]
    assert {one["properties"]["problem"] for one in failed} == {"noAnswer"}


def spans_of(insights: Insights, cause: str) -> set[str]:
    """What was done because of this request."""
    spans = insights.of("RemoteDependencyData")
    return {one["name"] for one in spans if one.get("properties", {}).get("correlationId") == cause}


def addresses(insights: Insights) -> set[str]:
    """What the spans say of where requests went."""
    return {str(one.get("data")) for one in insights.of("RemoteDependencyData")}
