"""Webhooks over real sockets: receivers that take, fail, hang, close, redirect, and addresses that are not public."""

import contextlib
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from shared import clock
from shared.delivery.address import PublicResolver, is_public, problem_with
from shared.delivery.webhooks import ANSWER_KEPT, HttpWebhooks
from shared.domain.telling.crm_presets import CrmPreset, Verdict
from shared.ports.delivery import Packet
from tests.integration.receiver import Receiver

SECRETS = ["whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=", "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="]
PACKET = Packet("application/json", json.dumps({"type": "lead.won", "data": {"company": "Åre"}}).encode())


@pytest.fixture
async def webhooks() -> AsyncIterator[HttpWebhooks]:
    made = HttpWebhooks(loopback=True, real_now=clock.real_now, watch=clock.stopwatch(), timeout_seconds=0.5)
    yield made
    await made.close()


def url(receiver: Receiver, name: str) -> str:
    return f"http://127.0.0.1:{receiver.port}/{name}"


async def test_w2_an_event_is_signed_per_standard_webhooks_with_every_secret(
    receiver: Receiver, webhooks: HttpWebhooks
) -> None:
    answer = await webhooks.send(url(receiver, "ok"), "event-1", PACKET, SECRETS)
    assert (answer.status, answer.text) == (200, "thanks")
    ((_, headers, body),) = receiver.requests
    assert body == PACKET.body
    for secret in SECRETS:
        assert Verifier(secret).verify(body, headers)["type"] == "lead.won"
    lowered = {name.lower(): value for name, value in headers.items()}
    assert (lowered["webhook-id"], lowered["content-type"]) == ("event-1", "application/json")
    assert "cookie" not in lowered


EXACT = [
    "?sp=%2Ftriggers%2Fmanual%2Frun&sig=ab%2Bcd%2Fef%3D%3D",
    "?sig=a+b/c==&x=%20&y=%C3%A5&z=%e5",
    "?a=1&a=2&&b",
    "?",
    "/a%2Fb/c%20d;p=1,2?q=~!$'()*@:",
    "/%7Euser//x/",
    "?url=https%3A%2F%2Fx.example%2F%3Fa%3Db%26c",
    "?q=[1]|{2}^`",
]


@pytest.mark.parametrize("rest", EXACT)
async def test_w2_a_url_is_called_byte_for_byte_as_it_was_given(
    receiver: Receiver, webhooks: HttpWebhooks, rest: str
) -> None:
    given = url(receiver, "hook") + rest
    assert webhooks.problem_with(given) is None
    assert (await webhooks.send(given, "event-1", PACKET, SECRETS)).status == 200
    # A bare question mark says nothing, and HTTP libraries leave it out.
    assert receiver.targets == ["/hook" + ("" if rest == "?" else rest)]


@pytest.mark.parametrize(
    "rest", ["/a b", "#part", "?a#", "/./x", "/../x", "/a/..", "/%2e%2E/x", "/.%2e", "\\..\\x", "\tx", "/\u200bx", "/å"]
)
def test_w2_a_url_that_cannot_be_called_as_it_is_is_refused(webhooks: HttpWebhooks, rest: str) -> None:
    assert webhooks.problem_with("https://x.example/hook" + rest) is not None


NUMERIC = [
    "127.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "1.2.3.256",
    "a.0x",
    "017700000001",
]


@pytest.mark.parametrize("host", NUMERIC)
async def test_w4_no_numeric_form_of_a_host_reaches_a_socket(receiver: Receiver, host: str) -> None:
    sender = HttpWebhooks(loopback=False, real_now=clock.real_now, watch=clock.stopwatch(), timeout_seconds=0.5)
    try:
        for scheme in ("https", "http"):
            given = f"{scheme}://{host}:{receiver.port}/ok"
            assert sender.problem_with(given) is not None
            assert (await sender.send(given, "event-1", PACKET, SECRETS)).status is None
        # Even past that check the name is judged where it is resolved.
        resolver = PublicResolver(loopback=False)
        with contextlib.suppress(OSError):
            for found in await resolver.resolve(host, receiver.port):
                assert is_public(ipaddress.ip_address(found["host"]))
    finally:
        await sender.close()
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("name", "status", "said", "wait"),
    [
        ("500", 500, "", None),
        ("410", 410, "", None),
        ("redirect", 302, "Redirects are not followed. ", None),
        ("hang", None, "No answer within 0.5 seconds.", None),
        ("close", None, "Not reached: ServerDisconnectedError.", None),
        ("busy", 429, "", timedelta(hours=2)),
        ("later", 503, "", timedelta(hours=12)),
    ],
)
async def test_w2_whatever_a_receiver_does_is_an_answer(
    receiver: Receiver, webhooks: HttpWebhooks, name: str, status: int | None, said: str, wait: timedelta | None
) -> None:
    answer = await webhooks.send(url(receiver, name), "event-1", PACKET, SECRETS)
    assert (answer.status, answer.retry_after) == (status, wait)
    assert answer.text.startswith(said)
    assert [one[0] for one in receiver.requests] == [name], "nothing is tried twice, no redirect is followed"


async def test_of_an_answer_the_beginning_is_kept(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    answer = await webhooks.send(url(receiver, "big"), "event-1", PACKET, SECRETS)
    assert answer.status == 500
    assert 0 < len(answer.text) <= ANSWER_KEPT
    assert answer.text.isprintable()


async def test_an_answer_comes_unpacked_and_is_read_as_it_was_meant(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    """A receiver packs what it says for whoever asks for it; a byte order mark and CR LF are no part of it."""
    answer = await webhooks.send(url(receiver, "packed"), "event-1", PACKET, SECRETS)
    assert answer.text == '{\n"id": 7\n}'
    assert answer.meaning(CrmPreset.ODOO) is Verdict.TAKEN
    assert answer.headers["content-length"]


async def test_nobody_listens(webhooks: HttpWebhooks) -> None:
    answer = await webhooks.send("http://127.0.0.1:1/x", "event-1", PACKET, SECRETS)
    assert (answer.status, answer.text.startswith("Not reached")) == (None, True)


async def test_w4_a_name_that_leads_to_this_machine_is_not_called_in_a_deployment(receiver: Receiver) -> None:
    deployed = HttpWebhooks(loopback=False, real_now=clock.real_now, watch=clock.stopwatch(), timeout_seconds=2)
    try:
        for host in ("localhost", "127.0.0.1", "[::1]"):
            for scheme in ("http", "https"):
                answer = await deployed.send(f"{scheme}://{host}:{receiver.port}/ok", "event-1", PACKET, SECRETS)
                assert answer.status is None
                assert "public" in answer.text or "https" in answer.text
    finally:
        await deployed.close()
    assert receiver.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *(
            "168.63.129.16",
            "fec0::1",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "ff02::1"),
    ],
)
def test_w4_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    host = f"[{address}]" if ":" in address else address
    assert problem_with(f"https://{host}/hook", loopback=False) is not None


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_called(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "text",
    [
        *("http://crm.example", "ftp://crm.example", "https://", "https:///x", "https://user:pw@crm.example", "crm"),
        *("https://crm.example:99999", "https://crm.example/ x", "https://crm.example/\r\nX: y", "javascript:alert(1)"),
        *("https://ä.example", "https://" + "x" * 3000, "file:///etc/passwd", "https://[::1", "//crm.example"),
        *("http://localhost.evil.example/x", "http://127.0.0.1.evil.example/x"),
    ],
)
def test_w4_urls_that_are_never_called(text: str) -> None:
    assert problem_with(text, loopback=False) is not None
    assert problem_with(text, loopback=True) is not None


@pytest.mark.parametrize("text", ["http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:1/x"])
def test_w4_this_machine_is_for_developers(text: str) -> None:
    assert problem_with(text, loopback=True) is None
    assert problem_with(text, loopback=False) is not None
