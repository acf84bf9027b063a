"""What a lead tells the person who looks at it: the flame and the alerts (A1, A2, T6, T9).

The texts stand here because they are part of the rules; their translations are in `shared/locale`.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.deadlines import REMINDERS
from shared.domain.lead import Lead, Status, Validity

EXPIRES_SOON = REMINDERS[0]
"""A1: how long before expiry the warning starts (day 7 of 14)."""


@dataclass(frozen=True)
class Alert:
    """One thing to know about a lead; `kind` is an API value."""

    kind: str
    message: str


TEXTS = {
    "flameHot": "The customer asked to be contacted: answer now, while the interest is fresh.",
    "flameCooled": "The customer asked to be contacted some days ago and is still waiting for an answer.",
    "spamEmail": "The e-mail address belongs to a disposable or known spam domain.",
    "invalidPhone": "The phone number is not a valid number.",
    "informational": "For your information: nobody has to answer this lead.",
    "doNotContact": "The customer was shown another partner, or asked not to be contacted.",
    "expiresSoon": "The lead expires soon if nobody answers it.",
}
WARNINGS = {
    "purchaseDatePast": "The estimated purchase date is over already.",
    "fewContactAttempts": "Fewer than three contact attempts are logged, so the reason noResponse may be doubted.",
}
"""What an answer says although it succeeds (L4)."""
FLAMES = {"flameHot": "hot", "flameCooled": "cooled"}
"""The alerts that are a flame, which comes first, and its state."""
ALERTS = {kind: Alert(kind, message) for kind, message in TEXTS.items()}


def flame(lead: Lead, at: datetime) -> Alert | None:
    """`flameHot` for its 72 hours, then `flameCooled`; None once the lead is no longer received (A2)."""
    if lead.status is not Status.RECEIVED or lead.flame_until is None:
        return None
    return ALERTS["flameCooled" if lead.flame_cooled or at >= lead.flame_until else "flameHot"]


def alerts(lead: Lead, at: datetime) -> tuple[Alert, ...]:
    """Everything worth a badge on this (settled) lead, most urgent first."""
    found = []
    if burning := flame(lead, at):
        found.append(burning)
    if lead.status is Status.RECEIVED and lead.expires_at and at >= lead.expires_at - EXPIRES_SOON:
        found.append(ALERTS["expiresSoon"])
    if lead.do_not_contact:
        found.append(ALERTS["doNotContact"])
    elif lead.status is Status.INFORMATIONAL:
        found.append(ALERTS["informational"])
    if lead.email_validity is Validity.SPAM:
        found.append(ALERTS["spamEmail"])
    if lead.phone_validity is Validity.INVALID:
        found.append(ALERTS["invalidPhone"])
    return tuple(found)
