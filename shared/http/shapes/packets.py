"""Writes an event as its subscriber takes it (W2, W5): the documented body, or what CRMs take from marketplaces."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from shared.domain.contact import shown, shown_event
from shared.domain.events import Event
from shared.domain.exports.export_columns import source_raw
from shared.domain.instants import stamp
from shared.domain.intake.codes import TEST_MARK
from shared.domain.intake.payload import FORM
from shared.domain.lead import (
    Actor,
    Consent,
    Customer,
    LastTransition,
    Lead,
    Offer,
    Status,
    Validity,
)
from shared.domain.permissions import Caller, Role, roles_of
from shared.domain.telling.crm_presets import PRESETS, CrmPreset, alternatives, kept
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.webhooks import CONSTANT, FieldsAs, Webhook, WebhookFormat
from shared.http.actors import actor_view
from shared.http.shapes.lead_views import lead_view
from shared.ports.delivery import Packet
from shared.ports.leads import Mark
from shared.texts import translator
from shared.usecases.leads.read_leads import SeenLead

ADMIN = Caller("", "", roles=roles_of([str(Role.LEADS_ADMIN)], from_operator_tenant=False))
PERSONAL = frozenset(("isFavorite", "isNew"))
"""What a lead shows of its reader; a webhook is nobody."""
UNUSABLE = (Validity.INVALID, Validity.SPAM)


class Packets:
    """`PacketMaker`; `lead_page` is where a partner's people read a lead, with `{partnerId}` and `{leadId}` in it."""

    def __init__(self, lead_page: str) -> None:
        self._lead_page = lead_page

    def packet(self, webhook: Webhook, event: Dispatch, lead: Lead | None, made: Event | None, at: datetime) -> Packet:
        """What one webhook is sent for one event, in the format that it subscribed to."""
        if webhook.format is WebhookFormat.STANDARD:
            content_type, body = "application/json", _json(self._standard(event, lead, made, at))
        else:
            content_type, body = _foreign(webhook, shown(lead, at) if lead else _test_lead(event.at, webhook))
        return Packet(content_type, body, dict(webhook.headers))

    def _standard(self, event: Dispatch, lead: Lead | None, made: Event | None, at: datetime) -> dict[str, Any]:
        told: dict[str, Any] = {"type": event.type, "timestamp": stamp(event.at), "sequence": event.sequence}
        if lead is None:
            return told | {"by": None, "changes": {}, "link": None, "data": {}}
        seen = shown_event(made, lead, at) if made else None
        view = lead_view(SeenLead(lead, Mark(), None), ADMIN, at, translator("en"))
        return told | {
            "by": actor_view(seen.by) if seen else None,
            "changes": dict(seen.changes) if seen else {},
            "link": self._lead_page.replace("{partnerId}", lead.partner_id).replace("{leadId}", lead.id),
            "data": {name: value for name, value in view.items() if name not in PERSONAL},
        }


def _json(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _foreign(webhook: Webhook, lead: Lead) -> tuple[str, bytes]:
    """The lead in the format of others: what they have no field for travels in the description."""
    told = _told(lead, only_valid=webhook.only_valid)
    names = ("FirstName", "LastName", "Email", "Phone", "Country", "Company", "Title")
    person = {name: told[name[0].lower() + name[1:]] for name in names}
    if webhook.format is WebhookFormat.MARKETPLACE:
        rest = {
            "LeadSource": lead.source_text or lead.source or "",
            "ActionCode": told["actionCode"],
            "OfferTitle": told["offerTitle"],
            "Description": told["description"],
        }
        return "application/json", _json({"UserDetails": person, **rest})
    if webhook.format is WebhookFormat.CRM_FORM:
        flat = {**person, "LeadSource": told["leadSource"], "Description": told["description"]}
        return FORM, urlencode(flat).encode("utf-8")
    return _mapped(webhook, told)


def _mapped(webhook: Webhook, told: Mapping[str, str]) -> tuple[str, bytes]:
    """The lead under the receiver's own names; what is empty is left out, since receivers refuse an empty address."""
    preset = PRESETS[CrmPreset(webhook.preset)] if webhook.preset else None
    chosen = {theirs: _chosen(ours, told) for theirs, ours in webhook.fields.items()}
    filled = {name: kept(preset, name, ours, text) for name, (ours, text) in chosen.items()}
    # What does not fit, or is left out because the receiver would refuse it, is in the description whole.
    beside = {f"{name} (whole)": text for name, (_, text) in chosen.items() if filled[name] != text}
    wanted = {alternative for ours in webhook.fields.values() for alternative in alternatives(ours)}
    for name, read in (("phone", "phoneE164"), ("country", "countryCode")):
        if read in wanted and name not in wanted and not told[read]:
            beside[f"{name.capitalize()} as written"] = told[name]
    lines = "".join(f"\n{name}: {text}" for name, text in beside.items() if text)
    for name, (ours, text) in chosen.items():
        if ours == "description":
            filled[name] = kept(preset, name, ours, text + lines)
    filled = {name: text for name, text in filled.items() if text}
    match webhook.fields_as:
        case FieldsAs.FORM:
            return FORM, urlencode(filled).encode("utf-8")
        case FieldsAs.LIST:
            listed = [{"objectTypeId": "0-1", "name": name, "value": text} for name, text in filled.items()]
            return "application/json", _json({"fields": listed})
    return "application/json", _json(filled)


def _chosen(expression: str, told: Mapping[str, str]) -> tuple[str, str]:
    """Which of the alternatives counts, and its text: the first that is not empty."""
    ours = alternatives(expression)
    said = ((name, name.removeprefix(CONSTANT) if name.startswith(CONSTANT) else told[name]) for name in ours)
    return next((found for found in said if found[1]), (ours[0], ""))


def _told(lead: Lead, *, only_valid: bool) -> dict[str, str]:
    """Every field that a receiver may ask for (`webhooks.FIELDS`), as a text."""
    customer, offer = lead.customer, lead.offer
    email, phone = customer.email, customer.phone_e164 or customer.phone
    left_out: dict[str, str | None] = {}
    if only_valid and lead.email_validity in UNUSABLE:
        left_out["E-mail (not valid)"], email = email, None
    if only_valid and lead.phone_validity is Validity.INVALID:
        left_out["Phone (not valid)"], phone = phone, None
    elif phone != customer.phone:
        left_out["Phone as written"] = customer.phone
    found = {
        "id": lead.id,
        "partnerId": lead.partner_id,
        "company": customer.company,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "name": customer.name,
        "email": email,
        "phone": phone,
        "phoneE164": customer.phone_e164 if phone else None,
        "country": customer.country or customer.country_text,
        "countryCode": customer.country,
        "title": customer.title,
        "size": customer.size,
        "source": lead.source,
        "leadSource": source_raw(lead),
        "actionCode": lead.action_code,
        "callToAction": lead.call_to_action,
        "offerId": offer.id if offer else None,
        "offerTitle": offer.title if offer else None,
        "notes": lead.notes,
        "createdDateTime": stamp(lead.created_at),
    }
    texts = {name: str(item or "") for name, item in found.items()}
    return texts | {"description": _description(lead, texts, left_out)}


def _description(lead: Lead, told: Mapping[str, str], left_out: Mapping[str, str | None]) -> str:
    """What the customer wrote, and below it what receivers have no field for."""
    below = {"Lead": lead.id, "Offer": told["offerTitle"], "Action": told["actionCode"], **left_out}
    for name, additional_field in lead.additional_fields.items():
        # Ours stay: a receiver finds the lead by its line.
        below[f"{name} (as sent)" if name in below else name] = (
            additional_field if isinstance(additional_field, str) else json.dumps(additional_field, ensure_ascii=False)
        )
    lines = "\n".join(f"{name}: {item}" for name, item in below.items() if item)
    return "\n\n".join(part for part in (lead.notes, lines) if part)


def _test_lead(at: datetime, webhook: Webhook) -> Lead:
    """T9: what a marketplace sends to try a connection; validation and test events are this in a receiver's format."""
    mark = f"{TEST_MARK}{int(at.timestamp() * 1000)}"
    nobody = Actor("timer", "test")
    domain = PRESETS[CrmPreset(webhook.preset)].test_domain if webhook.preset else "test.example"
    return Lead(
        id=mark,
        partner_id="",
        source_id="",
        status=Status.INFORMATIONAL,
        created_at=at,
        updated_at=at,
        consent=Consent(share=True, contact=True, at=at),
        last_transition=LastTransition("", at, nobody),
        source_text="AzureMarketplace",
        action_code="INS",
        offer=Offer(title="Connection test"),
        customer=Customer(mark, mark, mark, f"{mark}@{domain}", country="US", title=mark),
        notes=mark,
        is_test=True,
    )
