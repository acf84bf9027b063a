"""Reads every format of I1 to I4 into one shape, told apart by what a body holds; `fields.py` does the reading itself.

Sloppy input is normal. Only a body that names nobody, whose parts are not what their names say, or that lacks the
customer's consent is unreadable, and says so field by field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.domain.errors import Detail, InvalidRequest
from shared.domain.instants import parse_time
from shared.domain.intake.codes import source_line
from shared.domain.intake.consent import Agreed, agreed
from shared.domain.intake.fields import Fields, bounded, fold
from shared.domain.intake.person import CONTACTS, WHOLE_NAMES, person
from shared.domain.lead import NAME_MAX, NOTES_MAX, SEARCH_TERMS_MAX, LeadType, Qualification
from shared.domain.messages import say
from shared.domain.programme.partner import Takes

HONEYPOT = "_gotcha"
"""A field that a web form hides: people leave it empty, programs that fill in forms do not."""


@dataclass(frozen=True)
class Reading:
    """What a submission says, cut to its bounds; country and phone are as written.

    `type` is what kind of lead it is to be, None for a qualified one. `share` and `contact` are the consent (T10), None
    where nothing is said of it; `created_at` is when the marketplace says it was made, `agreed_at` when the customer
    agreed. `warnings` tell the sender what was not taken.
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
    share: bool | None = True
    contact: bool | None = True
    created_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_country: str | None = None
    sender: Mapping[str, str | None] = field(default_factory=dict)
    additional_fields: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Detail, ...] = ()


def read(body: object, takes: Takes = Takes.MARKETPLACE) -> Reading:
    """The submission, whichever format it has; raises InvalidRequest with one detail for every field at fault."""
    if not isinstance(body, Mapping):
        message = say("The body must be a JSON object or a form.")
        raise InvalidRequest(message, details=[Detail("invalidType", message)])
    given = Fields(body)
    given.unwrap("lead")
    found = _reader(given, takes)(given)
    given.check()
    return Reading(**found)


def _reader(given: Fields, takes: Takes) -> Callable[[Fields], dict[str, Any]]:
    if takes is not Takes.MARKETPLACE:
        # A web form's visitor fills in what it likes; no field of theirs gets around the consent.
        return {Takes.QUALIFIED: _qualified, Takes.PROFILES: _to_profile}.get(takes, _inquiry)
    if given.has("userdetails"):
        return _marketplace
    if given.has("customerinfo"):
        return _table_row
    # A CRM form may say that the customer has agreed; what names a marketplace's action is no inquiry.
    if given.has("customer") or (given.has("share") and not (given.has("leadsource") or given.has("actioncode"))):
        return _inquiry
    # What names a person flat is the CRM form; what names nobody is told to use the nested one.
    return _crm_form if any(given.has(name) for name in (*CONTACTS, *WHOLE_NAMES)) else _marketplace


_DOCUMENTED = ("Company", "Email", "Phone")
_NOTES = ("description", "notes", "message", "yourmessage", "comments", "comment")


def _marketplace(given: Fields) -> dict[str, Any]:
    """I1: the person nested."""
    return _nested(given, "userdetails", "UserDetails")


def _table_row(given: Fields) -> dict[str, Any]:
    """I3: the person as JSON text in one column, and a time of its own."""
    written = given.text("createdtime")
    created = parse_time(written)
    told = _nested(given, "customerinfo", "CustomerInfo")
    if written and created is None:
        told["additional_fields"] = bounded({"CreatedTime": written, **told["additional_fields"]})
    return told | {"created_at": created}


def _nested(given: Fields, name: str, documented: str) -> dict[str, Any]:
    """An offer's lead with the person in a part of its own, which must be there."""
    key = given.written(name, documented)
    before = len(given.faults)
    customer = given.part(name, f"{documented}.")
    if customer is None and len(given.faults) == before:
        given.fault(key, "required", "%(field)s is missing.")
    said = agreed(given, customer)
    told = _offer_lead(given) | _implied(said)
    return told | (person(customer, documented=_DOCUMENTED) if customer else {}) | _rest(given, customer, *said.parts)


def _crm_form(given: Fields) -> dict[str, Any]:
    """I2: everything flat."""
    # Before anything is taken off: an action code may forbid contact wherever it stands.
    said = agreed(given)
    return _offer_lead(given) | _implied(said) | person(given, documented=_DOCUMENTED) | _rest(given, *said.parts)


def _offer_lead(given: Fields) -> dict[str, Any]:
    """The fields that I1, I2 and I3 share; a lead source may name action and offer too."""
    source = given.text("leadsource", plain=True)
    line = source_line(source)
    return {
        "source_text": source,
        "action_code": given.text("actioncode", plain=True) or line.action,
        "offer_id": line.offer_id,
        "offer_title": _offer_title(given),
        "notes": _notes(given),
        "contact_requested": given.flag("contactrequested", lenient=True),
    }


def _implied(said: Agreed) -> dict[str, Any]:
    """T10: a marketplace's customers have agreed, unless something says that they have not."""
    return _consent(said) | {"share": True, "contact": said.contact is not False}


def _consent(said: Agreed) -> dict[str, Any]:
    return {"share": said.share, "contact": said.contact, "agreed_at": said.at, "agreed_country": said.country}


def _offer_title(given: Fields) -> str | None:
    return given.text("offertitle", plain=True) or given.text("offerdisplayname", plain=True)


def _notes(given: Fields) -> str | None:
    """What the customer wrote, under the first name that has any of it."""
    found = None
    for name in _NOTES:
        found = found or given.text(name, NOTES_MAX, lines=True)
    return found


def _inquiry(given: Fields) -> dict[str, Any]:
    """I4: an inquiry from a business profile, with the person nested or, as web forms send it, flat."""
    if given.has("qualification"):
        named = given.written("qualification", "qualification")
        given.fault(
            named, "notAllowed", "%(field)s needs a sender: post qualified leads to the partner's leads with a token."
        )
    parts = [given.part(name, lenient=name != "customer") for name in ("customer", "userdetails", "customerinfo")]
    filled_in = [part.text("gotcha") for part in (given, *parts) if part]
    if any(filled_in):
        given.fault(HONEYPOT, "notAllowed", "%(field)s must stay empty: only programs fill it in.")
    said = agreed(given, *parts, boxes=True)
    consent = _consent(said)
    if consent["share"] is None:
        given.fault("share", "required", "%(field)s is missing: has the customer agreed that the data is passed on?")
    told = {
        "type": LeadType.PROFILE,
        "offer_title": _offer_title(given),
        "notes": _notes(given),
        "location": given.text("location"),
        "search_terms": given.texts("searchterms", SEARCH_TERMS_MAX),
        "profile": given.text("profile", plain=True),
        "contact_requested": given.flag("contactrequested"),
        # Who agrees that the data is passed on wants an answer, unless something says otherwise.
        **(consent | {"contact": consent["contact"] is not False}),
    }
    return told | person(*(part for part in parts if part), given) | _rest(given, *parts, *said.parts)


def _to_profile(given: Fields) -> dict[str, Any]:
    """The same through the directory, which belongs to no partner: the profile says whom it is for (M1)."""
    told = _inquiry(given)
    if told["profile"] is None:
        given.fault("profile", "required", "%(field)s is missing: whom is the inquiry for?")
    return told


def _qualified(given: Fields) -> dict[str, Any]:
    """I4: a lead that a marketing employee, a seller or another partner sends."""
    name = given.written("qualification", "qualification")
    written = given.text("qualification", plain=True)
    qualification = _QUALIFICATIONS.get(fold(written or ""))
    if qualification is None:
        code = "notAllowed" if written else "required"
        given.fault(name, code, "%(field)s must be marketingQualified or salesQualified.")
    offer, sender, customer = (given.part(part) for part in ("offer", "sender", "customer"))
    said = agreed(given, customer)
    told = {
        "type": None,
        "qualification": qualification,
        "notes": _notes(given),
        "contact_requested": given.flag("contactrequested"),
        "sender": {one: sender.text(one, plain=one == "email") for one in ("kind", "name", "email")} if sender else {},
        **_consent(said),
    }
    if offer:
        told |= {"offer_id": offer.text("id", plain=True), "offer_title": offer.text("title", plain=True)}
        if told["offer_id"] or told["offer_title"]:
            told["type"] = LeadType.OFFER
    told |= person(customer or Fields({}, "customer.", given.faults))
    return told | _rest(given, customer, offer, sender, *said.parts)


_QUALIFICATIONS = {str(one).casefold(): one for one in Qualification if one is not Qualification.CUSTOMER_INQUIRY}


def _rest(*parts: Fields | None) -> dict[str, Any]:
    """What no reader asked for, and what the sender should know of it."""
    unknown: dict[str, Any] = {}
    files: list[str] = []
    for part in parts:
        if part:
            unknown |= part.unknown()
            files += part.files
    text = "The file in %(field)s was not taken: only text is."
    warnings = tuple(
        Detail("fileNotTaken", say(text, field=name), name) for name in (name[:NAME_MAX] for name in files)
    )
    return {"additional_fields": bounded(unknown), "warnings": warnings}
