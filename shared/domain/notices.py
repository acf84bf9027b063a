"""What a lead tells the person who looks at it: the flame and the alerts (A1, A2, T6, T9).

The texts stand here because they are part of the rules; their translations come with the notices that are mailed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.lead import Lead, Status, Validity

EXPIRES_SOON = timedelta(days=7)
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
    "doNotContact": "The customer does not want to be contacted.",
    "expiresSoon": "The lead expires soon if nobody answers it.",
}


def flame(lead: Lead, at: datetime) -> Alert | None:
    """`flameHot` for its 72 hours, then `flameCooled`; None once the lead is no longer received (A2)."""
    if lead.status is not Status.RECEIVED or lead.flame_until is None:
        return None
    kind = "flameCooled" if lead.flame_cooled or at >= lead.flame_until else "flameHot"
    return Alert(kind, TEXTS[kind])


def alerts(lead: Lead, at: datetime) -> tuple[Alert, ...]:
    """Everything worth a badge on this (settled) lead, most urgent first."""
    kinds = []
    if burning := flame(lead, at):
        kinds.append(burning.kind)
    if lead.status is Status.RECEIVED and lead.expires_at and at >= lead.expires_at - EXPIRES_SOON:
        kinds.append("expiresSoon")
    if lead.do_not_contact:
        kinds.append("doNotContact")
    elif lead.status is Status.INFORMATIONAL:
        kinds.append("informational")
    if lead.email_validity is Validity.SPAM:
        kinds.append("spamEmail")
    if lead.phone_validity is Validity.INVALID:
        kinds.append("invalidPhone")
    return tuple(Alert(kind, TEXTS[kind]) for kind in kinds)
