"""Checks e-mail addresses (V1): syntax by email-validator, throw-away domains by a maintained list, the rest by DNS.

It claims no mailbox, knows no leads, and never raises.
"""

from typing import TYPE_CHECKING

from shared.checks.mail_domains import MailDomains
from shared.domain.contact import fold_email
from shared.domain.intake.receipt import Email
from shared.domain.lead import Validity
from shared.domain.programme.contact_lists import ContactLists, holds
from shared.ids import bounced_key

if TYPE_CHECKING:
    from email_validator import ValidatedEmail


class MailAddresses:
    """`EmailReader`; without `domains` nobody is asked, so that a good address is `unknown`."""

    def __init__(self, domains: MailDomains | None = None) -> None:
        self._domains = domains
        self._disposable: frozenset[str] | None = None

    async def read(self, written: str, lists: ContactLists) -> Email:
        found = _parsed(written)
        if found is None:
            return Email(Validity.INVALID)
        address, domain = fold_email(found.normalized), found.ascii_domain.casefold()
        spam = lists.blocks(address, domain) or holds(self._disposables(), domain)
        if spam and not lists.allows(address, domain):
            return Email(Validity.SPAM)
        if bounced_key(address) in lists.bounced and not lists.allows(address, domain):
            return Email(Validity.INVALID)
        takes_mail = await self._domains.takes_mail(domain) if self._domains else None
        if takes_mail is None:
            return Email(Validity.UNKNOWN, ask_again=self._domains is not None)
        return Email(Validity.VALID if takes_mail else Validity.INVALID)

    def bounced_key(self, written: str) -> str | None:
        found = _parsed(written)
        return bounced_key(fold_email(found.normalized)) if found else None

    def _disposables(self) -> frozenset[str]:
        if self._disposable is None:
            from disposable_email_domains import blocklist  # noqa: PLC0415 - ten thousand names, at the first lead

            self._disposable = frozenset(blocklist)
        return self._disposable


def _parsed(written: str) -> "ValidatedEmail | None":
    """The address taken apart, quoted local parts too (RFC 5321); None for what is none."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - 20 ms, at the first lead

    try:
        return validate_email(written.strip(), check_deliverability=False, strict=True, allow_quoted_local=True)
    except EmailNotValidError:
        return None
