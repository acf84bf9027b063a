"""V1: whether a domain takes mail, asked of a name server of the test's own on loopback."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.asyncresolver import Resolver

from shared.checks.email import MailAddresses
from shared.checks.mail_domains import KEPT_SECONDS, MailDomains
from shared.domain.lead import Validity
from shared.domain.programme.contact_lists import ContactLists

RECORDS = {
    ("mx.example.", "MX"): "10 mail.mx.example.",
    ("null.example.", "MX"): "0 .",
    ("only-a.example.", "A"): "192.0.2.1",
    ("only-aaaa.example.", "AAAA"): "2001:db8::1",
}
EXISTING = {name for name, _ in RECORDS} | {"nothing.example.", "fails.example.", "silent.example."}


class NameServer(asyncio.DatagramProtocol):
    """Answers from RECORDS; `asked` are the questions."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name == "silent.example.":
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name == "fails.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in EXISTING:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif record := RECORDS.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, record))
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield made
    transport.close()


class Watch:
    """A watch that the test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def domains(server: NameServer, watch: Watch | None = None, timeout_seconds: float = 2) -> MailDomains:
    def make() -> Resolver:
        resolver = Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.transport.get_extra_info("sockname")[1]
        return resolver

    return MailDomains(timeout_seconds, watch or Watch(), make)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mx.example", True),
        ("only-a.example", True),
        ("only-aaaa.example", True),
        ("null.example", False),
        ("nothing.example", False),
        ("missing.example", False),
        ("fails.example", None),
    ],
)
async def test_what_name_servers_say(server: NameServer, domain: str, expected: bool | None) -> None:
    assert await domains(server).takes_mail(domain) is expected


async def test_who_does_not_answer_is_waited_for_no_longer_than_said(server: NameServer) -> None:
    assert await domains(server, timeout_seconds=0.05).takes_mail("silent.example") is None


async def test_what_is_known_is_kept_for_an_hour_and_what_is_not_is_asked_again(server: NameServer) -> None:
    watch = Watch()
    asking = domains(server, watch)
    for _ in range(3):
        assert await asking.takes_mail("mx.example") is True
    assert len(server.asked) == 1
    watch.seconds = KEPT_SECONDS + 1
    assert await asking.takes_mail("mx.example") is True
    assert len(server.asked) == 2
    for _ in range(2):
        assert await asking.takes_mail("fails.example") is None
    assert len([name for name, _ in server.asked if name == "fails.example."]) >= 2


async def test_an_address_is_as_valid_as_its_domain_unless_it_is_spam(server: NameServer) -> None:
    emails, lists = MailAddresses(domains(server)), ContactLists(blocked_domains=frozenset({"only-a.example"}))
    found = {
        written: (await emails.read(written, lists)).validity
        for written in ("a@mx.example", "a@missing.example", "a@fails.example", "a@only-a.example", "a")
    }
    assert found == {
        "a@mx.example": Validity.VALID,
        "a@missing.example": Validity.INVALID,
        "a@fails.example": Validity.UNKNOWN,
        "a@only-a.example": Validity.SPAM,
        "a": Validity.INVALID,
    }
    assert ("only-a.example.", "MX") not in server.asked
    again = {written: (await emails.read(written, lists)).ask_again for written in found}
    assert [written for written, one in again.items() if one] == ["a@fails.example"]
    assert not (await MailAddresses(None).read("a@mx.example", lists)).ask_again
