"""Re-offering (M7): a lead that its partner declines, or lets expire, goes to the next best one, if the operator wants.

At most twice, never back, and only of a customer who agreed that its inquiry is shared. What has been is on record at
every partner's lead: where it came from, and where it went.
"""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from shared.domain.deadlines import Windows
from shared.domain.events import Event, EventType
from shared.domain.intake.receipt import with_deadlines
from shared.domain.lead import Actor, LastTransition, Lead, Offer, Outcome, Passed, Status, Validity
from shared.domain.lifecycle import Decision
from shared.domain.notify import notified

PASSES_MOST = 2
NOT_PASSED_ON = frozenset({"abuse", "duplicate", "notACustomer"})
"""Reasons of a decline by which there is nobody to help (L3)."""
PASSES = Actor("timer", "pass_on_leads")


class Reoffer(StrEnum):
    """Which leads the operator wants to go on."""

    OFF = "off"
    DECLINED = "declined"
    DECLINED_AND_EXPIRED = "declinedAndExpired"

    def takes(self, outcome: Outcome | None) -> bool:
        """True for a lead that ended so."""
        if self is Reoffer.OFF:
            return False
        return outcome is Outcome.DECLINED or (outcome is Outcome.EXPIRED and self is Reoffer.DECLINED_AND_EXPIRED)


def may_go_on(lead: Lead, rule: Reoffer) -> bool:
    """True where another partner may have the lead, if there is one and it is the programme's to give."""
    reason = lead.closing.reason if lead.closing else None
    return (
        rule.takes(lead.outcome)
        and lead.consent.share is True
        and lead.consent.contact is not False
        and not (lead.is_test or lead.do_not_contact or lead.erased_at)
        and reason not in NOT_PASSED_ON
        and lead.email_validity not in (Validity.INVALID, Validity.SPAM)
        and len(lead.passed_from) < PASSES_MOST
    )


def passed_on(lead: Lead, to: Passed, at: datetime) -> Decision:
    """The archived lead with where it has gone; neither a transition nor another version."""
    at = max(at, lead.updated_at)
    kind = EventType.PASSED_ON
    told = {"passedOn.partner": {"from": None, "to": to.partner_id}}
    event = Event(lead.sequence + 1, kind, at, PASSES, lead.status, lead.status, told, notified(kind, lead))
    return Decision(replace(lead, passed_on=to, sequence=event.sequence, updated_at=at), (event,))


def as_received(lead: Lead, to: Passed, windows: Windows) -> Decision:
    """The lead as the next partner receives it, with days of its own; what became of it before is not told."""
    at = to.at
    before = Passed(lead.partner_id, lead.id, at, str(lead.outcome))
    new = Lead(
        id=to.lead_id,
        partner_id=to.partner_id,
        source_id=lead.source_id,
        status=Status.RECEIVED,
        created_at=at,
        updated_at=at,
        received_at=at,
        consent=lead.consent,
        last_transition=LastTransition(EventType.RECEIVED, at, PASSES),
        type=lead.type,
        qualification=lead.qualification,
        source=lead.source,
        source_text=lead.source_text,
        call_to_action=lead.call_to_action,
        action_code=lead.action_code,
        # Its id is that of another partner's offer.
        offer=Offer(None, lead.offer.title) if lead.offer and lead.offer.title else None,
        search_terms=lead.search_terms,
        sender=lead.sender,
        customer=lead.customer,
        notes=lead.notes,
        contact_requested=lead.contact_requested,
        reveal=lead.reveal,
        email_validity=lead.email_validity,
        phone_validity=lead.phone_validity,
        quality=lead.quality,
        passed_from=(*lead.passed_from, before),
    )
    new = with_deadlines(new, at, windows)
    told = notified(EventType.RECEIVED, new)
    return Decision(new, (Event(1, EventType.RECEIVED, at, PASSES, None, new.status, notify=told),))
