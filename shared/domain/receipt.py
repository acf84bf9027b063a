"""What becomes of a delivery (SPEC 2): the lead that is born from it, its first event and its deadlines."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.countries import country_code
from shared.domain.deadlines import Windows, add_months
from shared.domain.events import Event, EventType
from shared.domain.formats import Reading, call_to_action, forbids_contact, is_test, lead_source
from shared.domain.lead import (
    Actor,
    CallToAction,
    Consent,
    Customer,
    LastTransition,
    Lead,
    LeadType,
    Offer,
    Reveal,
    Status,
    Validity,
)
from shared.domain.lifecycle import Decision
from shared.domain.quality import quality_of

INFORMATIONAL = (CallToAction.GET_IT_NOW, CallToAction.FREE_TRIAL, CallToAction.TEST_DRIVE)


@dataclass(frozen=True)
class Phone:
    """What is known about a number (V2): E.164 where it can be read."""

    validity: Validity = Validity.UNKNOWN
    e164: str | None = None


def receive_marketplace(
    reading: Reading,
    *,
    lead_id: str,
    partner_id: str,
    source: Actor,
    reveal: Reveal,
    phone: Phone,
    email: Validity,
    windows: Windows,
    at: datetime,
) -> Decision:
    """The offer lead of an I1 delivery, received at `at`; its deadlines are fixed here, once."""
    dnc = forbids_contact(reading.action_code)
    action = call_to_action(reading.action_code)
    informational = dnc or action in INFORMATIONAL
    test = is_test(reading.first_name, reading.last_name, reading.email)
    contact_requested = action is CallToAction.CONTACT_ME
    country = country_code(reading.country) if reading.country else None
    status = Status.INFORMATIONAL if informational else Status.RECEIVED
    customer = Customer(
        company=reading.company,
        first_name=reading.first_name,
        last_name=reading.last_name,
        email=reading.email,
        phone=reading.phone,
        phone_e164=phone.e164,
        country=country,
        country_text=reading.country,
        title=reading.title,
    )
    event = Event(1, EventType.RECEIVED, at, source, None, status)
    lead = Lead(
        id=lead_id,
        partner_id=partner_id,
        source_id=source.id,
        status=status,
        created_at=at,
        updated_at=at,
        consent=Consent(share=True, contact=not dnc, at=at, country=country),
        last_transition=LastTransition(event.type, at, source),
        type=LeadType.OFFER,
        source=lead_source(reading.source_text),
        source_text=reading.source_text,
        call_to_action=action,
        action_code=reading.action_code,
        offer=Offer(title=reading.offer_title) if reading.offer_title else None,
        customer=customer,
        notes=reading.notes,
        contact_requested=contact_requested,
        do_not_contact=dnc,
        is_test=test,
        reveal=reveal,
        email_validity=email,
        phone_validity=phone.validity,
        quality=quality_of(customer, email, phone.validity),
        additional_fields=reading.additional_fields,
        # T9: a test lead neither burns nor expires, so that a proved connection leaves nobody waiting.
        flame_until=at + windows.flame if contact_requested and not test else None,
        expires_at=None if informational or test else at + windows.expiry,
        ages_at=add_months(at, windows.informational_months) if informational else None,
    )
    return Decision(lead, (event,))
