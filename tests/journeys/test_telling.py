"""A lead is heard of: mail through the real SDK, a digest, webhooks at a real receiver (N1, N2, W1 to W3)."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests import local_http
from tests.builders import DEAL_BODY, submission_body
from tests.journeys.local_host import LocalHost, register
from tests.waiting import settled

PARTNER = "telling"


class Receiver(ThreadingHTTPServer):
    """Answers with `status` and keeps what it has taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.calls = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def bodies(self, secret: str) -> list[Any]:
        """What was taken, each verified."""
        return [Verifier(secret).verify(body, headers) for headers, body in self.taken]


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls += 1
        status = self.server.status
        if status == 200:
            self.server.taken.append((dict(self.headers.items()), body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fire(host: LocalHost, timer: str) -> None:
    assert local_http.post(f"{host.url}/admin/functions/{timer}", json={"input": ""}, timeout=120).status_code == 202


def mails(host: LocalHost) -> list[Any]:
    found: list[Any] = local_http.get(f"{host.url}/dev/mail", timeout=30).json()["value"]
    return found


def mails_but(host: LocalHost, company: str) -> list[Any]:
    return [mail for mail in mails(host) if company not in mail["subject"]]


def mails_of(host: LocalHost, company: str) -> list[Any]:
    return [mail for mail in mails(host) if company in mail["subject"]]


def test_leads_are_mailed_digested_and_pushed(tmp_path: Path, receiver: Receiver) -> None:
    with LocalHost(tmp_path) as host:
        intake = register(host, PARTNER)
        here = f"/partners/{PARTNER}"
        with host.client("Partner.Admin", PARTNER) as admin:
            wishes = {"preferredEmail": "lena@contoso.example", "preferredLanguage": "de"}
            assert admin.put(f"{here}/preferences", json=wishes).status_code == 200
            hook = {"notificationUrl": receiver.url, "events": ["lead.received", "lead.accepted", "lead.won"]}
            made = admin.post(f"{here}/webhooks", json=hook)
            assert made.status_code == 201
            secret = made.json()["secret"]
            receiver.status = 503
            leads = [
                local_http.post(intake, json=submission_body(Company=f"Company {n}"), timeout=30).json()["id"]
                for n in range(11)
            ]
            assert admin.post(f"{here}/leads/{leads[0]}/accept", json=DEAL_BODY).status_code == 200
            assert admin.post(f"{here}/leads/{leads[0]}/win").status_code == 200
            settled(lambda: len(mails_but(host, "Company 0")) == 9 and receiver.calls >= 1)
            assert receiver.taken == []
            # The first was answered before its mail could go, unless messages were faster.
            singles = mails_but(host, "Company 0")
            assert len(singles) == 9
            assert {mail["subject"] for mail in singles} == {f"Neuer Lead: Company {n}" for n in range(1, 10)}
            assert all(mail["to"] == ["lena@contoso.example"] for mail in singles)
            page = local_http.get(f"{host.url}/dev/mail/{singles[0]['id']}", timeout=30)
            assert "Der Kunde hat um Kontakt gebeten" in page.text

            receiver.status = 200
            local_http.post(f"{host.url}/dev/clock", json={"advance": "P1D"}, timeout=30)
            fire(host, "send_digests")
            for _ in range(3):
                fire(host, "deliver_events")
                local_http.post(f"{host.url}/dev/clock", json={"advance": "PT20M"}, timeout=30)
        digest = mails(host)[0]
        assert (len(mails_but(host, "Company 0")), "Ein weiterer Lead, 11 insges" in digest["subject"]) == (10, True)
        assert "Company 10" in digest["text"]

        bodies = receiver.bodies(secret)
        assert bodies[0]["type"] == "webhook.validation"
        mine = [body["type"] for body in bodies if body["data"].get("id") == leads[0]]
        assert mine == ["lead.received", "lead.accepted", "lead.won"]
        assert {body["data"]["id"] for body in bodies[1:]} == set(leads)
        with host.client("Partner.Admin", PARTNER) as admin:
            log = admin.get(f"{here}/webhooks/{made.json()['id']}/deliveries?top=200").json()["value"]
            assert {one["state"] for one in log} == {"delivered"}
            assert any(attempt["status"] == 503 for one in log for attempt in one["attempts"])
            history = admin.get(f"{here}/leads/{leads[1]}/history").json()["value"]
            assert [one["type"] for one in history] == ["lead.received"]
            assert [mail["state"] for mail in history[0]["mails"]] == ["delivered"]

        link = re.search(r"http\S+/unsubscribe\?token=\S+", digest["text"])
        assert link
        assert "lena@contoso.example" in local_http.get(link[0], timeout=30).text
        assert local_http.post(link[0], timeout=30).status_code == 200
        local_http.post(intake, json=submission_body(Company="After"), timeout=30)
        settled(lambda: mails(host)[0]["to"] == ["operator@programme.example"])


def test_a_mail_that_bounces_later_goes_to_the_next_contact(host: LocalHost) -> None:
    intake = register(host, "bouncing")
    with host.client("Partner.Admin", "bouncing") as admin:
        here = "/partners/bouncing"
        address = "late-bounce@bouncing.example"
        assert admin.put(f"{here}/preferences", json={"preferredEmail": address}).status_code == 200
        lead = local_http.post(intake, json=submission_body(Company="Bouncing"), timeout=30).json()["id"]
        # The report comes by itself, over a socket, a moment after the service took the mail.
        settled(lambda: admin.get(f"{here}/preferences").json()["mutedAddresses"] == [address])
        settled(lambda: any(mail["to"] == ["operator@programme.example"] for mail in mails_of(host, "Bouncing")))
        (event,) = admin.get(f"{here}/leads/{lead}/history").json()["value"]
    told = {one["to"]: (one["state"], one["problem"]) for one in event["mails"]}
    assert set(told) == {address, "operator@programme.example"}
    assert told[address] == ("failed", "Bounced")
    assert [mail["to"] for mail in mails_of(host, "Bouncing")] == [["operator@programme.example"]]
