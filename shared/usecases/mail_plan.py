"""Decides who is mailed about an event, who is not and why, and whether it is still worth it (N1, N3, N6, L3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import fold_email, shown
from shared.domain.dispatch import Dispatch
from shared.domain.events import EventType
from shared.domain.lead import Lead, Sender, Status, Validity
from shared.domain.lifecycle import settle
from shared.domain.mails import CUSTOMER, Mail, MailNotice, MailState
from shared.domain.preferences import Preferences, language
from shared.domain.recipients import Recipient, recipients
from shared.domain.unsubscribe import list_of
from shared.domain.webhooks import WebhookState
from shared.ports.delivery import Facts
from shared.ports.ports import Ports
from shared.usecases.deliver_webhook import DISABLED
from shared.usecases.send_digests import DAY_DIGEST, day_key_of

RECIPIENTS_MAX = 50
"""Addresses that one event is mailed to: a plan is one transaction."""
DIGEST_LEADS_MAX = 200
"""Leads that a digest names; the rest it counts."""
NOT_TOLD = frozenset({"abuse", "duplicate"})
"""L3: declines whose customer is told nothing."""
SPOKEN_IN = {"DE": "de", "AT": "de", "CH": "de", "IT": "it", "SE": "sv", "HU": "hu", "BR": "pt-BR"}
"""What a customer is written in, by country: nothing else is known of a customer's language."""
NOTICES = {
    EventType.RECEIVED: MailNotice.NEW_LEAD,
    EventType.EXPIRES_SOON: MailNotice.EXPIRES_SOON,
    EventType.EXPIRED: MailNotice.EXPIRED,
    EventType.DECLINED: MailNotice.DECLINED,
    DISABLED: MailNotice.WEBHOOK_DISABLED,
    DAY_DIGEST: MailNotice.DIGEST,
}


@dataclass(frozen=True)
class Case:
    """An event that may be mailed, what a mail may say of it, and which folded addresses want none, with the reason."""

    partner_id: str
    dispatch: Dispatch
    facts: Facts
    unwanted: dict[str, str]

    @property
    def notice(self) -> MailNotice:
        """Which mail this is."""
        return NOTICES[self.dispatch.type]


async def read_case(*, ports: Ports, partner_id: str, dispatch: Dispatch, at: datetime) -> Case:
    """Everything as it is now: mails may have waited since they were planned. Raises Unavailable."""
    partner = await ports.partners.known(partner_id, at)
    preferences = await ports.notices.preferences(partner_id) or Preferences()
    facts = Facts(at, await ports.partners.signing_key(), partner, preferences)
    match NOTICES[dispatch.type]:
        case MailNotice.DIGEST:
            key = day_key_of(dispatch.lead_id)
            held = await ports.mails.held(partner_id, key, DIGEST_LEADS_MAX)
            leads = await ports.leads.many(partner_id, held)
            seen = tuple(shown(settle(one, at).lead, at) for one in leads)
            facts = replace(facts, day=await ports.mails.day(partner_id, key), leads=seen)
        case MailNotice.WEBHOOK_DISABLED:
            hook = await ports.notices.webhook(partner_id, dispatch.lead_id)
            facts = replace(facts, webhook=hook.webhook if hook else None)
        case _:
            stored = await ports.leads.get(partner_id, dispatch.lead_id)
            facts = replace(facts, lead=settle(stored.lead, at).lead if stored else None)
    to_customer = NOTICES[dispatch.type] is MailNotice.DECLINED
    unwanted = await ports.notices.unwanted(list_of(partner_id, customers=to_customer))
    # A partner mutes its own recipients; nobody else is its to silence (N3).
    is_partners = NOTICES[dispatch.type] not in (MailNotice.DECLINED, MailNotice.EXPIRED)
    muted = {fold_email(one): "muted" for one in preferences.muted_addresses} if is_partners else {}
    return Case(partner_id, dispatch, facts, muted | unwanted)


async def planned(*, ports: Ports, case: Case, at: datetime) -> list[Mail]:
    """One record for each address that is mailed, and for each that is not, with the reason."""
    dispatch = case.dispatch
    base = Mail(case.notice, dispatch.lead_id, dispatch.sequence, 0, "", "en", "", MailState.PLANNED, at)
    told = await _told(ports, case, at)
    if not told:
        return [replace(base, why="nobody", state=MailState.SKIPPED, problem="noAddress")]
    told = sorted(told, key=lambda one: bool(one.left_out))[:RECIPIENTS_MAX]
    return [
        replace(
            base,
            number=number,
            to=one.address,
            language=one.language,
            why=one.why,
            state=MailState.SKIPPED if one.left_out else MailState.PLANNED,
            problem=one.left_out,
        )
        for number, one in enumerate(told)
    ]


async def next_contacts(*, ports: Ports, case: Case, failed: Mail, at: datetime) -> list[Mail]:
    """Whoever is told in place of an address that takes no mail, unless somebody else has been told or will be."""
    known = await ports.mails.mails(case.partner_id, failed.lead_id, failed.sequence)
    if any(one.is_under_way or one.state is MailState.DELIVERED for one in known):
        return []
    asked = {fold_email(one.to) for one in known}
    told = await _told(ports, case, at, asked)
    others = [one for one in told if not one.left_out and fold_email(one.address) not in asked]
    number = max(one.number for one in known)
    return [
        replace(
            failed,
            number=number + n,
            to=one.address,
            language=one.language,
            why=one.why,
            state=MailState.PLANNED,
            at=at,
            operation_id="",
            first_sent=None,
            problem=None,
            tag="",
        )
        for n, one in enumerate(others, 1)
    ]


def outdated(mail: Mail, facts: Facts) -> str | None:
    """Why a mail that was planned is not worth sending any more; None when it is."""
    lead = facts.lead
    if mail.notice in (MailNotice.NEW_LEAD, MailNotice.EXPIRES_SOON):
        if lead is None:
            return "gone"
        if lead.status is not Status.RECEIVED:
            return f"already {lead.outcome or lead.status}"
    if mail.notice is MailNotice.DECLINED:
        return _not_told(lead)
    if mail.notice is MailNotice.WEBHOOK_DISABLED:
        if facts.webhook is None:
            return "gone"
        if facts.webhook.state is not WebhookState.DISABLED:
            return f"already {facts.webhook.state}"
    return None


def address_of(mail: Mail, facts: Facts) -> str | None:
    """Where it goes; a customer's address is read from the lead, and stands nowhere else."""
    if mail.to != CUSTOMER:
        return mail.to
    return facts.lead.customer.email if facts.lead else None


async def _told(ports: Ports, case: Case, at: datetime, asked: Collection[str] = ()) -> list[Recipient]:
    """Who is told, with those who would be but for a reason; `asked` are folded addresses that were tried before."""
    facts, lead, wishes = case.facts, case.facts.lead, case.facts.preferences
    if case.notice is MailNotice.DECLINED:
        country = lead.customer.country if lead else None
        return [Recipient(CUSTOMER, SPOKEN_IN.get(country or "", "en"), "customer", _not_told(lead))]
    unwanted = dict.fromkeys(asked, "failed") | case.unwanted
    operator = ports.rules.operator_mail
    if case.notice is MailNotice.EXPIRED:
        return _told_of_expiry(lead.sender if lead else None, operator, unwanted)
    owner = facts.webhook.owner if facts.webhook else None
    if case.notice is MailNotice.WEBHOOK_DISABLED and owner and fold_email(owner) not in unwanted:
        return [Recipient(owner, language(wishes.preferred_language), "owner")]
    return recipients(
        lead,
        preferences=wishes,
        profile=await ports.listings.profile(case.partner_id, at),
        partner_contact=facts.partner.operator_contact if facts.partner else None,
        operator_contact=operator,
        unwanted=unwanted,
    )


def _told_of_expiry(sender: Sender | None, operator: str | None, unwanted: Mapping[str, str]) -> list[Recipient]:
    """The sender, at the address it named, else at the one it signed in with, else the operator (A1, N6)."""
    left_out: list[Recipient] = []
    ways = ((sender.email if sender else None, "sender"), (sender.signed_in if sender else None, "sender"))
    for address, why in (*ways, (operator, "operator")):
        if address is None or "@" not in address:
            continue
        told = Recipient(address, language(None), why, unwanted.get(fold_email(address)))
        if told.left_out is None:
            return [told, *left_out]
        left_out.append(told)
    return left_out


def _not_told(lead: Lead | None) -> str | None:
    """L3: why a customer is not told of a decline; None when it is."""
    if lead is None or lead.erased_at:
        return "gone"
    if lead.closing and lead.closing.reason in NOT_TOLD:
        return f"reason {lead.closing.reason}"
    if lead.is_test:
        return "test"
    if lead.do_not_contact:
        return "doNotContact"
    if not lead.customer.email:
        return "noAddress"
    if lead.email_validity in (Validity.INVALID, Validity.SPAM):
        return f"email {lead.email_validity}"
    return None
