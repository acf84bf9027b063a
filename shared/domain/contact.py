"""Who may see a customer's contact details, and when two leads are about one person (L9, V4)."""

from dataclasses import replace
from datetime import UTC, datetime

from shared.domain.events import Event, redacted_changes
from shared.domain.lead import Customer, Lead, Outcome, Reveal, Status

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
        lead.customer, first_name=None, last_name=None, email=None, phone=None, phone_e164=None, title=None
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
    """The form under which two spellings of an address are one (V4)."""
    return email.strip().casefold()


def person_keys(customer: Customer) -> tuple[str, ...]:
    """What names the person, strongest first: the e-mail, then the phone in E.164 (V4)."""
    keys = []
    if customer.email:
        keys.append("email:" + fold_email(customer.email))
    if customer.phone_e164:
        keys.append("phone:" + customer.phone_e164)
    return tuple(keys)
