"""Who is mailed about what happens to a lead: decided once, with the event (N1, A1, L3)."""

from enum import StrEnum

from shared.domain.events import EventType
from shared.domain.lead import CallToAction, Lead, LeadType, Qualification


class MailKind(StrEnum):
    """Leads that a partner may be mailed about (N1)."""

    CONTACT_ME = "contactMe"
    PROFILE = "profile"
    QUALIFIED = "qualified"


PARTNER, CUSTOMER, SENDER, OPERATOR = "partner", "customer", "sender", "operator"
"""Who else may be mailed; that a partner wants a mail of a kind is decided when it is told."""


def mail_kind(lead: Lead) -> MailKind | None:
    """The kind of mail a new lead is worth (N1); None for tests, notices and what nobody has to answer (T6, T9)."""
    if lead.is_test or lead.do_not_contact:
        return None
    if lead.qualification is not Qualification.CUSTOMER_INQUIRY:
        return MailKind.QUALIFIED
    if lead.type is LeadType.PROFILE:
        return MailKind.PROFILE
    return MailKind.CONTACT_ME if lead.call_to_action is CallToAction.CONTACT_ME else None


def notified(kind: EventType, lead: Lead) -> str | None:
    """Who is mailed about such an event of this lead: a new lead's kind, or who else; None for no one.

    Of the warnings before expiry one is mailed, which their number decides (`lifecycle.remind`). Of an erased lead
    there is nothing to be told (S4).
    """
    if lead.erased_at:
        return None
    match kind:
        case EventType.RECEIVED:
            return mail_kind(lead)
        case EventType.DECLINED | EventType.PASSED_ON:
            # L3, M7: whoever asked is told that somebody else will have to help, or who does.
            return CUSTOMER
        case EventType.EXPIRED:
            # A1: nobody answered, so whoever sent the lead is told; where no address is known, the operator.
            return SENDER if lead.sender and lead.sender.addresses else OPERATOR
        case _:
            return None
