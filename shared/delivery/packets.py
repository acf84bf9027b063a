"""Writes an event as its subscriber takes it (W2, W5): the documented body, or what CRMs take from marketplaces."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from shared.domain.contact import shown
from shared.domain.deadlines import stamp
from shared.domain.dispatch import Dispatch
from shared.domain.export_columns import source_raw
from shared.domain.lead import Lead
from shared.domain.payload import FORM
from shared.domain.permissions import Caller, Role, roles_of
from shared.domain.webhooks import Webhook, WebhookFormat
from shared.http.lead_views import lead_view
from shared.ports.delivery import Packet
from shared.ports.leads import Mark
from shared.texts import translator
from shared.usecases.read_leads import SeenLead

ADMIN = Caller("", "", roles=roles_of([str(Role.LEADS_ADMIN)], from_operator_tenant=False))


class Packets:
    """`PacketMaker`."""

    def packet(self, webhook: Webhook, event: Dispatch, lead: Lead | None, at: datetime) -> Packet:
        """See the port."""
        if lead is not None and webhook.format is not WebhookFormat.STANDARD:
            person, rest = _marketplace(shown(lead, at))
            if webhook.format is WebhookFormat.MARKETPLACE:
                return _json({"UserDetails": person, **rest})
            flat = {**person, "LeadSource": source_raw(lead) or "", "Description": rest["Description"]}
            return Packet(FORM, urlencode(flat).encode("utf-8"))
        data: Mapping[str, Any] = lead_view(SeenLead(lead, Mark(), None), ADMIN, at, translator("en")) if lead else {}
        body = {"type": event.type, "timestamp": stamp(event.at), "sequence": event.sequence, "data": data}
        return _json(body)


def _json(body: Any) -> Packet:
    return Packet("application/json", json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def _marketplace(lead: Lead) -> tuple[dict[str, str], dict[str, str]]:
    """I1's body: the person and the rest; every value a text."""
    customer, offer = lead.customer, lead.offer
    person = {
        "FirstName": customer.first_name,
        "LastName": customer.last_name,
        "Email": customer.email,
        "Phone": customer.phone,
        "Country": customer.country or customer.country_text,
        "Company": customer.company,
        "Title": customer.title,
    }
    rest = {
        "LeadSource": lead.source_text or lead.source,
        "ActionCode": lead.action_code,
        "OfferTitle": offer.title if offer else None,
        "Description": lead.notes,
    }
    return {key: text or "" for key, text in person.items()}, {key: str(text or "") for key, text in rest.items()}
