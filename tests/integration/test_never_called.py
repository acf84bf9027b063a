"""W4 with the real sender on real sockets: what is never called, whatever a URL looks like and a name server says.

The list is kept by kind; `docs/telling.md` says which kinds there are.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared import clock
from shared.delivery import address
from shared.delivery.webhooks import HttpWebhooks
from shared.ports.delivery import Packet

PACKET = Packet("application/json", b"{}")
SECRETS = ["whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="]
REFUSED = {
    "decimal, octal, hexadecimal and short": """
        127.1 127.0.1 0 1 0x7f.0.0.1 0177.0.0.1 2130706433 017700000001 0x7f000001 0x7F.1 127.0x0.0.1 00127.0.0.1
        1.2.3.256 1.2.3.4.5 a.b.0x7f a.0x 4294967295 0xffffffff 127.0.0.01 127.00.0.1 2852039166 0xa9fea9fe""",
    "dots behind it": "127.0.0.1. 169.254.169.254. 127.1. localhost. a..example .example example..",
    "loopback": "127.0.0.1 127.255.255.254 [::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001]",
    "nobody's and everybody's": "0.0.0.0 0.1.2.3 255.255.255.255 224.0.0.1 240.0.0.1 [::] [ff02::1] [100::1]",
    "private": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 198.18.0.1 [fc00::1] [fd12::1] [fec0::1]",
    "link-local": "169.254.0.1 [fe80::1] [fe80::1%25eth0] [fe80::1%eth0] [::1%25lo]",
    "metadata": """
        169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200 192.0.0.192 [fd00:ec2::254] [fe80::a9fe:a9fe]""",
    "documentation and protocols": """
        192.0.2.1 198.51.100.1 203.0.113.1 192.0.0.8 192.88.99.1 [2001:db8::1] [3fff::1] [5f00::1] [2001:2::1]""",
    "IPv4 inside IPv6": """
        [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254] [::ffff:168.63.129.16] [::ffff:192.0.0.192]
        [::ffff:0:127.0.0.1] [::127.0.0.1] [::7f00:1] [::ffff:10.0.0.1]""",
    "NAT64, 6to4, Teredo": """
        [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a9fe:a9fe::1]
        [2001:0:7f00:1::] [2001::1]""",
    "names of this machine": "localhost LOCALHOST LocalHost a.localhost",
    "digits and dots of other scripts": """
        １２７.0.0.1 ①②⑦.⓪.⓪.① 127。0。0。1 127．0．0．1 127｡0｡0｡1 ١٢٧.0.0.1 lo𝒸alhost ｌｏｃａｌｈｏｓｔ lοcalhost""",
    "users before it": """
        user@127.0.0.1 user:pw@127.0.0.1 a.example@127.0.0.1 a.example:443@127.0.0.1 a.example%40127.0.0.1 @127.0.0.1
        :@a.example a.example@a.example""",
    "readers of URLs disagree": r"""
        a.example\@127.0.0.1 127.0.0.1\@a.example 127.0.0.1\.a.example a.example#@127.0.0.1 127.0.0.1#.a.example
        127.0.0.1%00.a.example 127.0.0.1%2e 127.0.0.1%2e.a.example %31%32%37.0.0.1 a%2eexample a.example%0d%0a
        [127.0.0.1] [a.example] [v1.fe80::1] [::1 ::1 a.example:99999 a.example:-1 a.example:443:80 a.example;@127.0.0.1
        /127.0.0.1 //127.0.0.1""",
}
WHOLE = r"""
    http://a.example/ https:127.0.0.1/ https:/127.0.0.1/ //127.0.0.1/ ftp://a.example/ file:///etc/passwd gopher://a.example:70/
    dict://127.0.0.1:11211/ jar:https://a.example!/ javascript:alert(1) data:text/plain,x https:// https://? unix:///x ws://a.example/
    https:\\127.0.0.1\ hxxps://a.example/ HTTPS:/127.0.0.1 https://a.example/../x https://a.example/%2e%2e/x view-source:https://a.example
"""
LED_ASTRAY = {
    "a.example": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "0x7f.1.example": ["127.1.2.3"],
    "ip6-localhost": ["::1"],
    "link.example": ["fe80::1%2"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "platform.example": ["168.63.129.16"],
    "oracle.example": ["192.0.0.192"],
    "zero.example": ["0.0.0.0"],
    "v6.example": ["::"],
    "one-of-two.example": ["93.184.216.34", "10.0.0.1"],
    "last-of-three.example": ["93.184.216.34", "2606:4700:4700::1111", "127.0.0.1"],
    "a_b.example": ["192.168.1.1"],
}
"""Names that are well-formed, and what a name server says of them."""


class Wire:
    """What is asked of name servers, and every connection that is tried; nothing leaves this machine."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.tried: list[str] = []
        self.says: Callable[[str], list[str]] = lambda host: LED_ASTRAY.get(host, ["127.0.0.1"])
        connect = loop.sock_connect

        async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            self.asked.append(host)
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in self.says(host)
            ]

        async def sock_connect(sock: socket.socket, where: Any) -> None:
            self.tried.append(where[0])
            if not where[0].startswith("127."):
                raise OSError("nothing leaves this machine")
            await connect(sock, where)

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(loop, "sock_connect", sock_connect)


@pytest.fixture
async def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(asyncio.get_running_loop(), monkeypatch)


@asynccontextmanager
async def sending(*, loopback: bool = False) -> AsyncIterator[HttpWebhooks]:
    made = HttpWebhooks(loopback=loopback, real_now=clock.real_now, watch=clock.stopwatch(), timeout_seconds=2)
    try:
        yield made
    finally:
        await made.close()


def never_called() -> Iterator[str]:
    for hosts in REFUSED.values():
        for host in hosts.split():
            yield f"https://{host}/hook"
            if host[-1] not in ".0123456789" or host.count(":") == 0:
                yield f"https://{host}:8443/hook?x=1"
    yield from WHOLE.split()


async def test_w4_no_url_of_the_list_reaches_a_name_server_or_a_socket(wire: Wire) -> None:
    async with sending() as sender:
        for url in never_called():
            assert sender.problem_with(url), url
            assert (await sender.send(url, "event-1", PACKET, SECRETS)).status is None
    assert (wire.asked, wire.tried) == ([], [])


@pytest.mark.parametrize("host", LED_ASTRAY)
async def test_w4_a_name_is_judged_by_every_address_it_leads_to(wire: Wire, host: str) -> None:
    async with sending() as sender:
        url = f"https://{host}/hook"
        assert sender.problem_with(url) is None
        answer = await sender.send(url, "event-1", PACKET, SECRETS)
        assert (answer.status, answer.text.startswith("Not called")) == (None, True)
    assert (wire.asked, wire.tried) == ([host], [])


@pytest.fixture
async def listening() -> AsyncIterator[dict[str, Any]]:
    """A receiver at an address that stands for a public one, and a trap at the one that must not be called."""
    reached: dict[str, Any] = {
        "127.0.0.2": 0,
        "127.0.0.1": 0,
        "answer": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    }

    def at(host: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached[host] += 1
            await reader.read(4_096)
            writer.write(reached["answer"])
            await writer.drain()
            writer.close()

        return take

    receiver = await asyncio.start_server(at("127.0.0.2"), "127.0.0.2", 0)
    port = receiver.sockets[0].getsockname()[1]
    trap = await asyncio.start_server(at("127.0.0.1"), "127.0.0.1", port)
    reached["port"] = port
    yield reached
    for server in (receiver, trap):
        server.close()
        await server.wait_closed()


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.2 pass for a public address; a certificate it has not, so calls end after connecting."""
    judged = address.is_public
    monkeypatch.setattr(address, "is_public", lambda one: str(one) == "127.0.0.2" or judged(one))


@pytest.mark.usefixtures("public")
async def test_w4_a_name_that_changes_between_judging_and_connecting_changes_nothing(
    wire: Wire, listening: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listening['port']}")
    url = f"https://rebind.example:{listening['port']}/hook"
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.2"]])
    wire.says = lambda _: next(answers)
    async with sending() as sender:
        for number, called in enumerate([True, False, False, True], 1):
            before = len(wire.tried)
            answer = await sender.send(url, "event-1", PACKET, SECRETS)
            # Asked once for each call, and connected to what was judged and to nothing else.
            assert (len(wire.asked), wire.tried[before:]) == (number, ["127.0.0.2"] if called else [])
            assert answer.text.startswith("Not reached" if called else "Not called")
    assert (listening["127.0.0.2"], listening["127.0.0.1"]) == (2, 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_w4_no_answer_sends_us_elsewhere(wire: Wire, listening: dict[str, Any], status: int) -> None:
    there = f"http://127.0.0.1:{listening['port']}/"
    head = f'HTTP/1.1 {status} X\r\nlocation: {there}\r\nrefresh: 0; url={there}\r\nalt-svc: h2="127.0.0.1:1"\r\n'
    listening["answer"] = f"{head}content-location: {there}\r\nlink: <{there}>; rel=preload\r\n\r\n".encode()
    async with sending(loopback=True) as sender:
        answer = await sender.send(f"http://127.0.0.2:{listening['port']}/x", "event-1", PACKET, SECRETS)
    assert (answer.status, wire.tried) == (status, ["127.0.0.2"])
    assert (listening["127.0.0.2"], listening["127.0.0.1"]) == (1, 0)
