"""V1: what is known about an address without asking anybody."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.checks.email import MailAddresses
from shared.domain.lead import Validity
from shared.domain.programme.contact_lists import ContactLists
from shared.ids import bounced_key

NONE = ContactLists()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ada.berg@northwind.example", Validity.UNKNOWN),
        ("  ada@northwind.example ", Validity.UNKNOWN),
        ("åsa@münchen.de", Validity.UNKNOWN),
        ("ada@mailinator.com", Validity.SPAM),
        ("ada@MAILINATOR.com", Validity.SPAM),
        ("ada@box.mailinator.com", Validity.SPAM),
        ("ada@mailinator-not.example", Validity.UNKNOWN),
        ('"ada berg"@northwind.example', Validity.UNKNOWN),
        ('"ada"@northwind.example', Validity.UNKNOWN),
        ("ada", Validity.INVALID),
        ("ada@", Validity.INVALID),
        ("@northwind.example", Validity.INVALID),
        ("ada@localhost", Validity.INVALID),
        ("a..b@northwind.example", Validity.INVALID),
        ("ada@[127.0.0.1]", Validity.INVALID),
        ("ada@northwind.example, bo@northwind.example", Validity.INVALID),
        ("Ada <ada@northwind.example>", Validity.INVALID),
        ("a" * 300 + "@northwind.example", Validity.INVALID),
    ],
)
async def test_syntax_and_throw_away_domains(written: str, expected: Validity) -> None:
    assert (await MailAddresses().read(written, NONE)).validity is expected


async def test_the_operators_lists_block_and_allow_domains_with_what_is_below_them() -> None:
    lists = ContactLists(
        blocked_addresses=frozenset({"eve@northwind.example"}),
        blocked_domains=frozenset({"fabrikam.example", "xn--mnchen-3ya.de"}),
        allowed_addresses=frozenset({"bo@fabrikam.example"}),
        allowed_domains=frozenset({"mailinator.com"}),
    )
    found = {
        written: (await MailAddresses().read(written, lists)).validity
        for written in (
            *("Eve@Northwind.example", "ada@northwind.example", "x@fabrikam.example", "x@mail.fabrikam.example"),
            *("bo@fabrikam.example", "x@münchen.de", "x@mailinator.com", "x@my-fabrikam.example"),
        )
    }
    spam = {written for written, one in found.items() if one is Validity.SPAM}
    assert spam == {"Eve@Northwind.example", "x@fabrikam.example", "x@mail.fabrikam.example", "x@münchen.de"}
    assert set(found.values()) == {Validity.SPAM, Validity.UNKNOWN}


@given(st.text())
def test_nothing_that_is_written_raises(written: str) -> None:
    assert asyncio.run(MailAddresses().read(written, NONE)).validity in Validity


async def test_an_address_that_bounced_is_invalid_unless_the_operator_allows_it() -> None:
    bounced = frozenset({bounced_key("ada@northwind.example")})
    for written in ("ada@northwind.example", " Ada@NORTHWIND.example"):
        assert (await MailAddresses().read(written, ContactLists(bounced=bounced))).validity is Validity.INVALID
    assert (
        await MailAddresses().read("bo@northwind.example", ContactLists(bounced=bounced))
    ).validity is Validity.UNKNOWN
    allowed = ContactLists(bounced=bounced, allowed_domains=frozenset({"northwind.example"}))
    assert (await MailAddresses().read("ada@northwind.example", allowed)).validity is Validity.UNKNOWN
