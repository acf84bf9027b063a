"""Who may see a customer's contact details, and when two leads are about one person (L9, V4)."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

from shared.domain.events import Event, redacted_changes
from shared.domain.lead import Customer, Lead, Outcome, Reveal, Status
from shared.domain.text import visible

ADDRESS_MAX = 320
"""Characters of an address: 64 before the @, 255 behind it."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)
ALWAYS = datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)


def shown_until(lead: Lead) -> datetime:
    """The moment from which contact details are hidden from everyone (L9, T6): NEVER, a deadline or ALWAYS.

    One moment instead of a flag, so that storage can compare it with `at` and no timer is needed (L6).
    """
    if lead.do_not_contact or lead.erased_at:
        return NEVER
    if lead.reveal is Reveal.ON_ACCEPT and lead.accepted_at is None:
        return NEVER
    if lead.outcome is Outcome.EXPIRED:
        return lead.closed_at or NEVER
    if lead.status is Status.RECEIVED and lead.expires_at:
        return lead.expires_at
    return ALWAYS


def is_redacted(lead: Lead, at: datetime) -> bool:
    """True when no contact detail of this lead may be shown at `at`."""
    return at >= shown_until(lead)


def shown(lead: Lead, at: datetime) -> Lead:
    """The lead as anyone may see it at `at`: without contact details and free text where they are hidden (L9).

    Every view, list, export, mail and webhook is made from what this returns; company and country stay.
    """
    if not is_redacted(lead, at):
        return lead
    customer = replace(
        lead.customer,
        first_name=None,
        last_name=None,
        email=None,
        phone=None,
        phone_e164=None,
        phone_extension=None,
        title=None,
    )
    return replace(
        lead,
        customer=customer,
        notes=None,
        search_terms=(),
        additional_fields={},
        deal=replace(lead.deal, notes=None) if lead.deal else None,
        closing=replace(lead.closing, notes=None) if lead.closing else None,
    )


def shown_event(event: Event, lead: Lead, at: datetime) -> Event:
    """An event of the lead's history as anyone may see it at `at`: without free text where that is hidden (L9)."""
    return replace(event, changes=redacted_changes(event.changes)) if is_redacted(lead, at) else event


def fold_email(email: str) -> str:
    """The form under which two spellings of an address are one (V4): lower case, NFC, the domain in ASCII."""
    local, at, domain = visible(email).strip().rpartition("@")
    if not at:
        return unicodedata.normalize("NFC", domain.lower())
    # Lower case and no more: `straße@` and `strasse@` are two mailboxes.
    return unicodedata.normalize("NFC", local.lower()) + "@" + ascii_domain(domain)


def ascii_domain(domain: str) -> str:
    """A domain as the name system knows it: `xn--bcher-kva.example` for `bücher.example`; checks nothing."""
    plain = unicodedata.normalize("NFKC", domain).lower().replace("\u3002", ".").rstrip(".")
    return ".".join(
        label if label.isascii() else "xn--" + unicodedata.normalize("NFC", label).encode("punycode").decode("ascii")
        for label in plain.split(".")
    )


_ATOM = r"[^\s\x00-\x20()<>\[\]:;@\\,.\"]+"
_ADDRESS = re.compile(
    rf"(?:{_ATOM}(?:\.{_ATOM})*|\"(?:[^\"\\\r\n]|\\.)+\")@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{{2,}}"
)


def is_address(email: str) -> bool:
    """True for what has the syntax of an address (RFC 5321), as `fold_email` writes it."""
    return len(email) <= ADDRESS_MAX and _ADDRESS.fullmatch(email) is not None


def person_keys(customer: Customer) -> tuple[str, ...]:
    """What names the person, strongest first: the e-mail, then the phone in E.164 with its extension (V4).

    What has not the syntax of an address names nobody: `none` is not one person.
    """
    keys = []
    if customer.email and is_address(address := fold_email(customer.email)):
        keys.append("email:" + address)
    if customer.phone_e164:
        extension = f";ext={customer.phone_extension}" if customer.phone_extension else ""
        keys.append("phone:" + customer.phone_e164 + extension)
    return tuple(keys)
