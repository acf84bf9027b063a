"""The operator's own block and allow list of e-mail addresses and domains (V1)."""

from dataclasses import dataclass, field

BOUNCED_MAX = 1_000
CHARACTERS_MAX = 200_000
"""Of all entries together: they are one row, read with the first submission of a minute."""


@dataclass(frozen=True)
class ContactLists:
    """Addresses as `contact.fold_email` writes them, domains in ASCII; a domain stands for its subdomains too.

    `bounced` are keys of addresses that took no mail; they are noted by the system, and no PUT changes them.
    """

    blocked_addresses: frozenset[str] = field(default_factory=frozenset)
    blocked_domains: frozenset[str] = field(default_factory=frozenset)
    allowed_addresses: frozenset[str] = field(default_factory=frozenset)
    allowed_domains: frozenset[str] = field(default_factory=frozenset)
    bounced: frozenset[str] = field(default_factory=frozenset)

    @property
    def characters(self) -> int:
        """Of all entries."""
        lists = (self.blocked_addresses, self.blocked_domains, self.allowed_addresses, self.allowed_domains)
        return sum(len(entry) for entries in lists for entry in entries)

    def allows(self, address: str, domain: str) -> bool:
        """True for what is never spam, whatever any other list says."""
        return address in self.allowed_addresses or holds(self.allowed_domains, domain)

    def blocks(self, address: str, domain: str) -> bool:
        """True for what the operator knows as spam."""
        return address in self.blocked_addresses or holds(self.blocked_domains, domain)


def holds(domains: frozenset[str], domain: str) -> bool:
    """True when the domain or one above it is among these."""
    labels = domain.split(".")
    return any(".".join(labels[n:]) in domains for n in range(len(labels)))
