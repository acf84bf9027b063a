"""Checks e-mail addresses (V1): syntax by email-validator, spam by the maintained list of disposable domains.

It claims no mailbox, knows no leads, and never raises.
"""

from email_validator import EmailNotValidError, validate_email

from shared.domain.contact import fold_email
from shared.domain.contact_lists import ContactLists, holds
from shared.domain.lead import Validity


class MailAddresses:
    """`EmailReader`; whether a domain takes mail is not asked yet, so that a good address is `unknown`."""

    def __init__(self) -> None:
        self._disposable: frozenset[str] | None = None

    def read(self, written: str, lists: ContactLists) -> Validity:
        """See the port."""
        try:
            found = validate_email(written.strip(), check_deliverability=False, strict=True)
        except EmailNotValidError:
            return Validity.INVALID
        address, domain = fold_email(found.normalized), found.ascii_domain.casefold()
        if lists.allows(address, domain):
            return Validity.UNKNOWN
        if lists.blocks(address, domain) or holds(self._disposables(), domain):
            return Validity.SPAM
        return Validity.UNKNOWN

    def _disposables(self) -> frozenset[str]:
        if self._disposable is None:
            from disposable_email_domains import blocklist  # noqa: PLC0415 - ten thousand names, at the first lead

            self._disposable = frozenset(blocklist)
        return self._disposable
