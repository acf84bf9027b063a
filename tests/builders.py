"""Test material: fixed times, leads and submissions of the documented shapes."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from shared import ids
from shared.domain.intake.formats import read
from shared.domain.intake.receipt import Arrival, Email, Phone, receive
from shared.domain.lead import Actor, Deal, Lead, Reveal, Tab
from shared.domain.lifecycle import Action, Decision, LeadAction, decide
from shared.domain.programme.partner import Door
from shared.ports.leads import Submitted

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2026, 11, 21, 20, 4, 27, 123000, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = Actor("person", "ann", "Ann")
SOURCE = Actor("source", "0123456789abcdef", "Marketplace")
CONTACT_ME: dict[str, Any] = json.loads((ROOT / "docs" / "samples" / "contact-me.json").read_text())
DEAL = Deal("Rollout", Decimal("12000.00"), "EUR", purchase_date=date(2027, 1, 31))
DEAL_BODY: dict[str, Any] = {
    "name": "Rollout",
    "value": {"amount": "12000.00", "currency": "EUR"},
    "purchaseDate": "2027-01-31",
}
_numbers = itertools.count(1)


def unique(prefix: str = "p") -> str:
    """A partner id that no other test uses."""
    return f"{prefix}-{next(_numbers)}-{ids.new_change_id()[:8]}"


def submission_body(**changes: Any) -> dict[str, Any]:
    """The contact-me sample with other top-level or person fields."""
    body = json.loads(json.dumps(CONTACT_ME))
    for name, value in changes.items():
        (body["UserDetails"] if name in body["UserDetails"] else body)[name] = value
    return body


def received(
    partner_id: str = "contoso",
    at: datetime = AT,
    *,
    reveal: Reveal = Reveal.ALWAYS,
    phone: Phone | None = None,
    email: Email | None = None,
    tab: Tab = Tab.MARKETPLACE,
    **changes: Any,
) -> Decision:
    """A lead just received from the contact-me sample with these changes."""
    return receive(
        read(submission_body(**changes)),
        Door(SOURCE.id, SOURCE, partner_id, reveal=reveal),
        Arrival(partner_id, ids.new_lead_id(tab, at), at, at, phone=phone or Phone(), email=email or Email()),
    )


def a_lead(partner_id: str = "contoso", at: datetime = AT, **changes: Any) -> Lead:
    """The lead of `received`."""
    return received(partner_id, at, **changes).lead


def informational(partner_id: str = "contoso", at: datetime = AT, **changes: Any) -> Lead:
    """A lead that nobody has to answer."""
    return a_lead(partner_id, at, ActionCode="INS", **changes)


def accepted(lead: Lead, at: datetime = AT) -> Lead:
    """The lead, accepted."""
    return decide(lead, LeadAction(Action.ACCEPT, deal=DEAL), at=at, by=ANN).lead


def submitted(text: str = "", **changes: Any) -> Submitted:
    """What intake stores beside a lead; each call claims something else."""
    made = Submitted(b'{"a": 1}', "application/json", ids.digest(text or unique()), ids.digest("content"))
    return replace(made, **changes)
