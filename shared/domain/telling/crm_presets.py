"""What widely used CRMs take, and what their answers mean (W5): mappings for the format `fields`.

docs/crm says for each what to click there, what was tried and what was only read. Each knows how its CRM says no: two
of them answer 200 to a lead that they have not made, and one 400 to a lead that it has.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.telling.retry import SPEAKS_OF_ONE
from shared.domain.telling.webhooks import CONSTANT, FieldsAs


class CrmPreset(StrEnum):
    """A CRM that leads can be sent to without a mapping of one's own."""

    SALESFORCE = "salesforce"
    HUBSPOT = "hubSpot"
    BOTTLE_CRM = "bottleCrm"
    ODOO = "odoo"


class Verdict(StrEnum):
    """What an answer means: taken, refused for this one event, or a failure that speaks of the receiver."""

    TAKEN = "taken"
    REFUSED_ONE = "refusedOne"
    FAILED = "failed"


@dataclass(frozen=True)
class Preset:
    """A mapping with what goes with it, by the CRM's names: limits in characters, and what a subscriber has to add.

    `takes` are patterns; of what does not match the whole lead would be refused, so it is left out.
    """

    fields: Mapping[str, str]
    fields_as: FieldsAs
    limits: Mapping[str, int] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    only_valid: bool = True
    needs_fields: tuple[str, ...] = ()
    test_domain: str = "test.example"


_PLAIN_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[^@\s]+\.[^@\s.]{2,}"
"""An address as widely used checks take it: ASCII before the @, no quotes, a top level of two letters or more."""
PRESETS = {
    # Lead object's lengths; the web-to-lead form answers with what it was given, whatever becomes of it.
    CrmPreset.SALESFORCE: Preset(
        {
            "last_name": "lastName|name|company|email|=Unknown",
            "first_name": "firstName",
            "company": "company|name|email|=Unknown",
            "email": "email",
            "phone": "phone",
            "title": "title",
            "country": "country",
            "description": "description",
            "lead_source": "=Web",
        },
        FieldsAs.FORM,
        {
            "last_name": 80,
            "first_name": 40,
            "company": 255,
            "email": 80,
            "phone": 40,
            "title": 128,
            "country": 80,
            "description": 32_000,
        },
        takes={"email": _PLAIN_ADDRESS},
        needs_fields=("oid",),
    ),
    # Forms API v3: a name that is not on the form refuses the whole submission, so these and no others.
    CrmPreset.HUBSPOT: Preset(
        {
            "email": "email",
            "firstname": "firstName",
            "lastname": "lastName",
            "phone": "phone",
            "company": "company",
            "jobtitle": "title",
            "country": "country",
            "message": "description",
        },
        FieldsAs.LIST,
        takes={"email": _PLAIN_ADDRESS},
        # It looks an address's top level domain up; `.example` is none.
        test_domain="example.com",
    ),
    # POST /api/leads/ with a personal access token; `create-from-site` is broken from 0.10 on.
    CrmPreset.BOTTLE_CRM: Preset(
        {
            "title": "offerTitle|company|name|=Lead",
            "first_name": "firstName",
            "last_name": "lastName",
            "email": "email",
            "phone": "phoneE164",
            "company_name": "company",
            "job_title": "title",
            "country": "countryCode",
            "description": "description",
            "source": "=partner",
            "status": "=assigned",
        },
        FieldsAs.JSON,
        {"title": 255, "first_name": 255, "last_name": 255, "email": 254, "company_name": 255, "job_title": 255},
        # Its list of countries lacks four.
        {"email": _PLAIN_ADDRESS, "country": "(?!BQ|CW|SS|SX)[A-Z]{2}"},
    ),
    # The form of website_crm; names that it does not know are added to the description.
    CrmPreset.ODOO: Preset(
        {
            "name": "offerTitle|company|name|=Lead",
            "contact_name": "name",
            "partner_name": "company",
            "email_from": "email",
            "phone": "phone",
            "description": "description",
            "Job title": "title",
            "Country": "country",
        },
        FieldsAs.FORM,
    ),
}


def alternatives(expression: str) -> list[str]:
    """The parts of a mapping's value, the first of which that is not empty counts; a constant is the last."""
    found, rest = [], expression
    while rest and not rest.startswith(CONSTANT):
        part, _, rest = rest.partition("|")
        found.append(part)
    return [*found, rest] if rest else found


def kept(preset: Preset | None, name: str, ours: str, text: str) -> str:
    """What of a text goes into a field: whole, cut at its limit, or nothing.

    An address or a number is never cut: it would be somebody else's.
    """
    if preset is None:
        return text
    if name in preset.takes and not re.fullmatch(preset.takes[name], text):
        return ""
    limit = preset.limits.get(name, len(text))
    return "" if len(text) > limit and ours in _EXACT else text[:limit]


_EXACT = frozenset(("email", "phone", "phoneE164", "countryCode"))


def verdict(preset: CrmPreset | None, status: int | None, text: str, headers: Mapping[str, str]) -> Verdict:
    """What a receiver's answer means; `headers` by their small names, `text` may be cut."""
    good = status is not None and 200 <= status < 300
    match preset:
        case CrmPreset.ODOO if good:
            said = _object(text)
            number = said.get("id")
            if isinstance(number, int) and not isinstance(number, bool) and number > 0:
                return Verdict.TAKEN
            return Verdict.REFUSED_ONE if "error_fields" in said else Verdict.FAILED
        case CrmPreset.SALESFORCE if good and "exception" in headers.get("is-processed", "").casefold():
            return Verdict.REFUSED_ONE
        case CrmPreset.BOTTLE_CRM if status == 400 and _is_known_there(text):
            return Verdict.TAKEN
    if good:
        return Verdict.TAKEN
    return Verdict.REFUSED_ONE if status in SPEAKS_OF_ONE else Verdict.FAILED


def _is_known_there(text: str) -> bool:
    """True when BottleCRM says that it has a lead of this address: sending again would never end otherwise."""
    errors = _object(text).get("errors")
    said = errors.get("email") if isinstance(errors, dict) else None
    return "already" in str(said or "")


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        # Whoever answers may answer anything.
        return {}
    return found if isinstance(found, dict) else {}
