"""What becomes of a submission (T1–T10): the lead that is born from it, its first event and its deadlines."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.countries import country_code
from shared.domain.deadlines import Windows, next_recheck, reminders_before
from shared.domain.events import Event, EventType
from shared.domain.instants import add_months
from shared.domain.intake.codes import call_to_action, forbids_contact, is_test, lead_source
from shared.domain.intake.formats import Reading
from shared.domain.lead import (
    CallToAction,
    Consent,
    Customer,
    LastTransition,
    Lead,
    LeadType,
    Offer,
    Qualification,
    Sender,
    Source,
    Status,
    Validity,
)
from shared.domain.lifecycle import Decision
from shared.domain.likelihood import Learned, chance
from shared.domain.notify import notified
from shared.domain.programme.offers import Offers, RegisteredOffer
from shared.domain.programme.partner import Door
from shared.domain.quality import quality_of, with_chance

SENDER_KINDS = ("marketing", "seller", "partner")
INFORMATIONAL = (CallToAction.GET_IT_NOW, CallToAction.FREE_TRIAL, CallToAction.TEST_DRIVE)


@dataclass(frozen=True)
class Phone:
    """What is known about a number (V2): E.164 and its extension, where it can be read."""

    validity: Validity = Validity.UNKNOWN
    e164: str | None = None
    extension: str | None = None


@dataclass(frozen=True)
class Email:
    """What is known about an address (V1); `ask_again` where name servers could still tell."""

    validity: Validity = Validity.UNKNOWN
    ask_again: bool = False


@dataclass(frozen=True)
class Arrival:
    """How a submission reached its partner at `at`, under which id, and what was found out about it on the way.

    `created_at` is when the customer asked, as far as known; the id carries the same time. `learned` is what became of
    leads before it.
    """

    partner_id: str
    lead_id: str
    created_at: datetime
    at: datetime
    phone: Phone = Phone()
    email: Email = Email()
    offers: Offers = field(default_factory=Offers)
    windows: Windows = field(default_factory=Windows)
    learned: Learned = field(default_factory=Learned)


def receive(reading: Reading, door: Door, arrival: Arrival) -> Decision:
    """The lead of a submission, and its first event; its deadlines are fixed here, once (R1)."""
    wish, at = _wish(reading, arrival.offers), arrival.at
    agreed_country = country_code(reading.agreed_country) if reading.agreed_country else None
    # T7: the one given with consent before the address's.
    country = agreed_country or (country_code(reading.country) if reading.country else None)
    customer = _customer(reading, arrival.phone, country)
    lead = Lead(
        id=arrival.lead_id,
        partner_id=arrival.partner_id,
        source_id=door.by.id,
        status=Status.INFORMATIONAL if wish.is_informational else Status.RECEIVED,
        created_at=arrival.created_at,
        updated_at=at,
        received_at=at,
        consent=Consent(
            share=reading.share,
            contact=False if wish.do_not_contact else reading.contact,
            at=min(reading.agreed_at or reading.created_at or at, at),
            country=country,
        ),
        last_transition=LastTransition(EventType.RECEIVED, at, door.by),
        type=reading.type,
        qualification=reading.qualification,
        source=_source(reading, door),
        source_text=reading.source_text,
        call_to_action=wish.action,
        action_code=reading.action_code,
        offer=_offer(reading, wish.registered),
        location=reading.location,
        search_terms=reading.search_terms,
        sender=_sender(reading, door),
        customer=customer,
        notes=reading.notes,
        contact_requested=wish.contact_requested,
        do_not_contact=wish.do_not_contact,
        is_test=is_test(reading.first_name, reading.last_name, reading.email),
        reveal=door.reveal,
        email_validity=arrival.email.validity,
        phone_validity=arrival.phone.validity,
        quality=quality_of(customer, arrival.email.validity, arrival.phone.validity),
        additional_fields=reading.additional_fields,
    )
    lead = with_deadlines(_with_chance(lead, arrival.learned), at, arrival.windows)
    if arrival.email.ask_again and not lead.is_test:
        lead = replace(lead, recheck_at=next_recheck(at, 0))
    told = notified(EventType.RECEIVED, lead)
    return Decision(lead, (Event(1, EventType.RECEIVED, at, door.by, None, lead.status, notify=told),))


def _with_chance(lead: Lead, learned: Learned) -> Lead:
    """V3: how likely leads like it were won, where somebody waits for its answer."""
    if lead.is_test or lead.status is Status.INFORMATIONAL:
        return lead
    return replace(lead, quality=with_chance(lead.quality, chance(learned, lead)))


@dataclass(frozen=True)
class _Wish:
    """What the customer wants, going by what was sent and by the offer it is about, where that is registered."""

    registered: RegisteredOffer | None
    action: CallToAction | None
    do_not_contact: bool
    contact_requested: bool

    @property
    def is_informational(self) -> bool:
        """True where nobody has to answer."""
        return self.do_not_contact or self.action in INFORMATIONAL


def _wish(reading: Reading, offers: Offers) -> _Wish:
    registered = offers.find(reading.offer_id, reading.offer_title)
    action = _action(reading, registered.call_to_action if registered else None)
    dnc = forbids_contact(reading.action_code) or reading.contact is False
    asked = action is CallToAction.CONTACT_ME and reading.contact_requested is not False
    if reading.qualification is not Qualification.CUSTOMER_INQUIRY:
        asked = bool(reading.contact_requested)
    return _Wish(registered, action, dnc, asked and not dnc)


def _customer(reading: Reading, phone: Phone, country: str | None) -> Customer:
    return Customer(
        company=reading.company,
        first_name=reading.first_name,
        last_name=reading.last_name,
        email=reading.email,
        phone=reading.phone,
        phone_e164=phone.e164,
        phone_extension=phone.extension,
        country=country,
        country_text=reading.country,
        title=reading.title,
        size=reading.size,
    )


def _offer(reading: Reading, registered: RegisteredOffer | None) -> Offer | None:
    named = Offer(
        id=registered.id if registered else reading.offer_id,
        title=reading.offer_title or (registered.title if registered else None),
    )
    return named if named.id or named.title else None


def with_deadlines(lead: Lead, at: datetime, windows: Windows) -> Lead:
    """The lead, received `at`, with what time will do to it (A1 to A3)."""
    # T9: a test lead neither burns nor expires, so that a proved connection leaves nobody waiting.
    expires_at = at + windows.expiry if lead.status is Status.RECEIVED and not lead.is_test else None
    ages = lead.status is Status.INFORMATIONAL
    return replace(
        lead,
        flame_until=at + windows.flame if lead.contact_requested and not lead.is_test else None,
        expires_at=expires_at,
        ages_at=add_months(at, windows.informational_months) if ages else None,
        reminded=reminders_before(expires_at, at) if expires_at else 0,
    )


def _action(reading: Reading, registered: CallToAction | None) -> CallToAction | None:
    """T4, T5: an inquiry asks to be contacted, a qualified lead asks nothing, a marketplace's code says it."""
    if reading.qualification is not Qualification.CUSTOMER_INQUIRY:
        return None
    if reading.type is LeadType.PROFILE:
        return CallToAction.CONTACT_ME
    return call_to_action(reading.action_code, registered)


def _sender(reading: Reading, door: Door) -> Sender | None:
    """S1: who the token says, but for the operator's people, of whom the body may say more."""
    if door.sender is None or not door.names_sender:
        return door.sender
    given = reading.sender
    kind = (given.get("kind") or "").casefold()
    if kind not in SENDER_KINDS:
        # T2: a marketing employee qualifies for marketing, a seller for sales.
        is_marketing = reading.qualification is Qualification.MARKETING_QUALIFIED
        kind = "marketing" if is_marketing else "seller"
    email, own = given.get("email") or door.sender.email, door.sender.email
    return Sender(kind, given.get("name") or door.sender.name, email, own if own != email else None)


def _source(reading: Reading, door: Door) -> Source | None:
    """T3: a profile inquiry has its listing's, a qualified lead none."""
    if reading.qualification is not Qualification.CUSTOMER_INQUIRY:
        return None
    return door.listing_source if reading.type is LeadType.PROFILE else lead_source(reading.source_text)
