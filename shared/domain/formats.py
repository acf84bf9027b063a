"""Reads every format of SPEC 10 into one shape, told apart by what a body holds; `fields.py` does the reading itself.

Sloppy input is normal. Only a body that names nobody, whose parts are not what their names say, or that lacks the
customer's consent is unreadable, and says so field by field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shared.domain import payload
from shared.domain.codes import source_line
from shared.domain.errors import Detail, InvalidRequest
from shared.domain.fields import Fields, bounded
from shared.domain.lead import NOTES_MAX, PHONE_MAX, SEARCH_TERMS_MAX, LeadType, Qualification
from shared.domain.messages import say

HONEYPOT = "_gotcha"
"""A field that a web form hides: people leave it empty, programs that fill in forms do not."""


class Takes(StrEnum):
    """What a door is for: it decides how a flat body is read."""

    MARKETPLACE = "marketplace"
    INQUIRIES = "inquiries"
    QUALIFIED = "qualified"


@dataclass(frozen=True)
class Reading:
    """What a delivery says, cut to its bounds; country and phone are as written.

    `type` is what kind of lead it is to be, None for a qualified one. `share` and `contact` are the consent (T10);
    `created_at` is when the marketplace says it was made, `agreed_at` when the customer agreed.
    """

    type: LeadType | None = LeadType.OFFER
    qualification: Qualification = Qualification.CUSTOMER_INQUIRY
    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    country: str | None = None
    title: str | None = None
    size: str | None = None
    source_text: str | None = None
    action_code: str | None = None
    offer_id: str | None = None
    offer_title: str | None = None
    notes: str | None = None
    location: str | None = None
    search_terms: tuple[str, ...] = ()
    profile: str | None = None
    contact_requested: bool | None = None
    contact: bool = True
    created_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_country: str | None = None
    sender: Mapping[str, str | None] = field(default_factory=dict)
    additional_fields: Mapping[str, Any] = field(default_factory=dict)


def read(body: object, takes: Takes = Takes.MARKETPLACE) -> Reading:
    """The delivery, whichever format it has; raises InvalidRequest with one detail for every field at fault."""
    if not isinstance(body, Mapping):
        message = say("The body must be a JSON object or a form.")
        raise InvalidRequest(message, details=[Detail("invalidType", message)])
    given = Fields(body)
    found = _reader(given, takes)(given)
    given.check()
    return Reading(**found)


def _reader(given: Fields, takes: Takes) -> Callable[[Fields], dict[str, Any]]:
    if takes is not Takes.MARKETPLACE:
        # A web form's visitor fills in what it likes; no field of theirs gets around the consent.
        return _qualified if takes is Takes.QUALIFIED else _inquiry
    if given.has("userdetails"):
        return _marketplace
    if given.has("customerinfo"):
        return _table_row
    if given.has("customer") or given.has("share"):
        return _inquiry
    # What names a person flat is the CRM form; what names nobody is told to use the nested one.
    return _crm_form if any(given.has(name) for name in _FLAT) else _marketplace


_FLAT = ("firstname", "lastname", "email", "phone", "company")


def _marketplace(given: Fields) -> dict[str, Any]:
    """I1: the person nested."""
    told = _offer_lead(given)
    name = given.written("userdetails", "UserDetails")
    person = given.part("userdetails", "UserDetails.")
    if person is None and not any(one.target == name for one in given.faults):
        given.fault(name, "required", "%(field)s is missing.")
    return told | (_person(person) if person else {}) | _unknown(given, person)


def _crm_form(given: Fields) -> dict[str, Any]:
    """I2: everything flat."""
    return _offer_lead(given) | _person(given) | _unknown(given)


def _table_row(given: Fields) -> dict[str, Any]:
    """I3: the person as JSON text in one column, and a time of its own."""
    told = _offer_lead(given, title="offerdisplayname")
    name = given.written("customerinfo", "CustomerInfo")
    written = given.text("customerinfo", NOTES_MAX * 8, lines=True)
    created = given.text("createdtime")
    told["created_at"] = parse_time(created)
    person = None
    try:
        value = payload.json_value(written or "", name)
    except InvalidRequest as problem:
        given.faults += [Detail(one.code, one.message, name) for one in problem.details]
    else:
        if isinstance(value, Mapping):
            person = Fields(value, f"{name}.", given.faults)
            told |= _person(person)
        else:
            given.fault(name, "invalidType", "%(field)s must hold a JSON object.")
    told |= _unknown(given, person)
    if created and told["created_at"] is None:
        told["additional_fields"] = bounded({"CreatedTime": created, **told["additional_fields"]})
    return told


def _offer_lead(given: Fields, title: str = "offertitle") -> dict[str, Any]:
    """The fields that I1, I2 and I3 share; a lead source may name action and offer too."""
    source = given.text("leadsource")
    line = source_line(source)
    return {
        "source_text": source,
        "action_code": given.text("actioncode") or line.action,
        "offer_id": line.offer_id,
        "offer_title": given.text(title),
        "notes": given.text("description", NOTES_MAX, lines=True),
    }


def _inquiry(given: Fields) -> dict[str, Any]:
    """I4: an inquiry from a business profile, with the person nested or, as web forms send it, flat."""
    if given.has("qualification"):
        named = given.written("qualification", "qualification")
        given.fault(
            named, "notAllowed", "%(field)s needs a sender: post qualified leads to the partner's leads with a token."
        )
    if given.text("gotcha"):
        given.fault(HONEYPOT, "notAllowed", "%(field)s must stay empty: only programs fill it in.")
    consent = _consent(given, given.flag("share"), given.flag("contact"))
    if consent.pop("share") is None:
        given.fault("share", "required", "%(field)s is missing: has the customer agreed that the data is passed on?")
    customer = given.part("customer")
    told = {
        "type": LeadType.PROFILE,
        "notes": given.text("notes", NOTES_MAX, lines=True),
        "location": given.text("location"),
        "search_terms": given.texts("searchterms", SEARCH_TERMS_MAX),
        "profile": given.text("profile"),
        "contact_requested": given.flag("contactrequested"),
        **consent,
    }
    return told | _person(customer or given, "customer") | _unknown(given, customer)


def _qualified(given: Fields) -> dict[str, Any]:
    """I4: a lead that a marketing employee, a seller or another partner sends."""
    name = given.written("qualification", "qualification")
    written = given.text("qualification")
    known = {str(one).casefold(): one for one in Qualification}
    qualification = known.get((written or "").casefold())
    if written is None or qualification is Qualification.CUSTOMER_INQUIRY:
        code = "required" if written is None else "notAllowed"
        given.fault(name, code, "%(field)s must be marketingQualified or salesQualified.")
    consent = _consent(given)
    consent.pop("share")
    offer = given.part("offer")
    sender = given.part("sender")
    customer = given.part("customer")
    told = {
        "type": None,
        "notes": given.text("notes", NOTES_MAX, lines=True),
        "contact_requested": given.flag("contactrequested"),
        "sender": {one: sender.text(one) for one in ("kind", "name", "email")} if sender else {},
        **consent,
    }
    if offer:
        told |= {"offer_id": offer.text("id"), "offer_title": offer.text("title")}
        if told["offer_id"] or told["offer_title"]:
            told["type"] = LeadType.OFFER
    person = _person(customer or Fields({}, "customer.", given.faults), "customer")
    told |= person | _unknown(given, customer, offer)
    # I5: an unknown value is no reason to refuse; a marketing employee says so, everybody else sells.
    is_marketing = str(told["sender"].get("kind")).casefold() == "marketing"
    told["qualification"] = qualification or (
        Qualification.MARKETING_QUALIFIED if is_marketing else Qualification.SALES_QUALIFIED
    )
    if written and qualification is None:
        told["additional_fields"] = bounded({name: written, **told["additional_fields"]})
    return told


def _consent(given: Fields, *said: bool | None) -> dict[str, Any]:
    """T10: what was agreed to; `share` that is withheld is a fault, `contact` that is withheld makes a DNC lead.

    `said` is what stands flat of the two. A no in one place is a no.
    """
    part = given.part("consent")
    flat = said or (None, None)
    shares, contacts = [flat[0]], [flat[1]]
    told: dict[str, Any] = {}
    if part:
        shares.append(part.flag("share"))
        contacts.append(part.flag("contact"))
        told = {"agreed_at": parse_time(part.text("at")), "agreed_country": part.text("country")}
    share = False if False in shares else True if True in shares else None
    if share is False:
        given.fault("share", "notAllowed", "%(field)s is false: without consent the data is passed to no partner.")
    return told | {"share": share, "contact": False not in contacts}


_PERSON = {
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "email": ("email",),
    "phone": ("phone",),
    "country": ("country",),
    "company": ("company",),
    "title": ("title", "jobtitle"),
    "size": ("size", "companysize"),
}


def _person(given: Fields, part: str = "") -> dict[str, Any]:
    """T7: the customer; company, e-mail and phone must not all be missing."""
    found: dict[str, Any] = {}
    for ours, theirs in _PERSON.items():
        for name in theirs:
            if not found.get(ours):
                found[ours] = given.text(name, PHONE_MAX if ours == "phone" else 256)
    if not given.faults and not any(found[name] for name in ("company", "email", "phone")):
        ways = ("company", "email", "phone") if part else ("Company", "Email", "Phone")
        for way in ways:
            given.fault(
                way,
                "required",
                "%(field)s is missing, as are the others: one of %(ways)s must be given.",
                ways=", ".join(ways),
            )
    return found


def _unknown(*parts: Fields | None) -> dict[str, Any]:
    """What no reader asked for."""
    unknown: dict[str, Any] = {}
    for part in parts:
        if part:
            unknown |= part.unknown()
    return {"additional_fields": bounded(unknown)}


_TIMES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")


def parse_time(text: str | None) -> datetime | None:
    """An instant written in ISO 8601 or as in the US, which both mean UTC unless they say otherwise; else None."""
    if not text:
        return None
    for form in ("iso", *_TIMES):
        try:
            found = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 - UTC is set below
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
