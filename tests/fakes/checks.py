"""Readers of contact details that know a few answers."""

from shared.domain.contact import fold_email
from shared.domain.intake.receipt import Email, Phone
from shared.domain.lead import Validity
from shared.domain.programme.contact_lists import ContactLists
from shared.ids import bounced_key


class FakeEmails:
    """`EmailReader` that knows an address by its domain."""

    def __init__(self) -> None:
        self.found = Email()

    async def read(self, written: str, lists: ContactLists) -> Email:
        address, _, domain = written.partition("@")
        if not address or not domain:
            return Email(Validity.INVALID)
        return Email(Validity.SPAM) if lists.blocks(written, domain) else self.found

    def bounced_key(self, written: str) -> str | None:
        return bounced_key(fold_email(written))


class FakePhones:
    """`PhoneReader` that knows a number by its leading +."""

    def read(self, written: str, country: str | None) -> Phone:
        if not written.startswith("+"):
            return Phone()
        return Phone(Validity.VALID, "+" + "".join(c for c in written if c.isdigit()))
