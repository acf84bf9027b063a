"""Decides who is mailed about an event, who is not and why, and whether it is still worth it (N1, N3, N6, L3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.deadlines import REMINDERS, stamp
from shared.domain.events import EventType
from shared.domain.lead import Lead, Sender, Status, Validity
from shared.domain.lifecycle import settle
from shared.domain.programme.profile import Profile
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mail_day import Gathering, key_of_subject
from shared.domain.telling.mails import CUSTOMER, Mail, MailNotice, MailState
from shared.domain.telling.preferences import Preferences, language
from shared.domain.telling.recipients import Recipient, recipients
from shared.domain.telling.unsubscribe import list_of
from shared.domain.telling.webhooks import WebhookState
from shared.ports.delivery import Facts
from shared.ports.ports import Ports
from shared.usecases.telling.deliver_webhook import DISABLED

RECIPIENTS_MAX = 90
"""Addresses that one event is mailed to: a plan is one transaction."""
DIGEST_LEADS_MAX = 200
"""Leads that a mail about several names; the rest it counts."""
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
    Gathering.NEW.event: MailNotice.DIGEST,
    Gathering.EXPIRED.event: MailNotice.EXPIRED,
    Gathering.WARNED.event: MailNotice.EXPIRES_SOON,
}


@dataclass(frozen=True)
class Case:
    """An event that may be mailed, what a mail may say of it, and which folded addresses want none, with the reason.

    `gathering` is set where the event is a day's, and its mails tell of several leads.
    """

    partner_id: str
    dispatch: Dispatch
    facts: Facts
    unwanted: dict[str, str]
    gathering: Gathering | None = None

    @property
    def notice(self) -> MailNotice:
        """Which mail this is."""
        return NOTICES[self.dispatch.type]

    def facts_of(self, mail: Mail) -> Facts:
        """What this mail may say: of the leads that it names, warnings only of those that are still unanswered."""
        if self.gathering is None:
            return self.facts
        leads = tuple(one for one in self.facts.leads if one.id in mail.leads)
        if self.gathering is Gathering.WARNED:
            leads = tuple(one for one in leads if one.status is Status.RECEIVED)
        return replace(self.facts, leads=leads)


async def read_case(*, ports: Ports, partner_id: str, dispatch: Dispatch, mails: Sequence[Mail], at: datetime) -> Case:
    """Everything as it is now: mails may have waited since they were planned. `mails` are those planned so far.

    Raises Unavailable.
    """
    partner = await ports.partners.known(partner_id, at)
    preferences = await ports.notices.preferences(partner_id) or Preferences()
    facts = Facts(at, await ports.partners.signing_key(), partner, preferences)
    notice = NOTICES[dispatch.type]
    gathering = next((one for one in Gathering if one.event == dispatch.type), None)
    if gathering:
        day = await ports.mails.day(partner_id, key_of_subject(dispatch.lead_id))
        facts = await _gathered(ports, partner_id, replace(facts, day=day), gathering, mails)
    elif notice is MailNotice.WEBHOOK_DISABLED:
        hook = await ports.notices.webhook(partner_id, dispatch.lead_id)
        facts = replace(facts, webhook=hook.webhook if hook else None)
    else:
        stored = await ports.leads.get(partner_id, dispatch.lead_id)
        facts = replace(facts, lead=settle(stored.lead, at).lead if stored else None)
    unwanted = await ports.notices.unwanted(list_of(partner_id, customers=notice is MailNotice.DECLINED))
    # A partner mutes its own recipients; nobody else is its to silence (N3).
    is_partners = notice not in (MailNotice.DECLINED, MailNotice.EXPIRED)
    muted = {fold_email(one): "muted" for one in preferences.muted_addresses} if is_partners else {}
    return Case(partner_id, dispatch, facts, muted | unwanted, gathering)


async def _gathered(ports: Ports, partner_id: str, facts: Facts, gathering: Gathering, mails: Sequence[Mail]) -> Facts:
    """The facts with the leads that the day's mails tell of, at most DIGEST_LEADS_MAX, and how many there are."""
    named = list(dict.fromkeys(lead_id for one in mails for lead_id in one.leads))
    held = facts.day.held if facts.day else 0
    if not mails and gathering is Gathering.WARNED and facts.day:
        # All that expire within two days of the day's end, the first to expire first; tests are none of them.
        until = stamp(facts.day.ends + REMINDERS[1])
        waiting = sorted((one.deadline, one.lead_id) for one in await ports.tallies.received(partner_id))
        soon = [lead_id for deadline, lead_id in waiting if stamp(facts.at) < deadline < until]
        named, held = soon[:DIGEST_LEADS_MAX], len(soon)
    elif not mails and facts.day:
        named = await ports.mails.held(partner_id, facts.day.key, DIGEST_LEADS_MAX)
    leads = await ports.leads.many(partner_id, named)
    return replace(
        facts,
        day=replace(facts.day, held=held) if facts.day else None,
        leads=tuple(settle(one, facts.at).lead for one in leads),
    )


async def planned(*, ports: Ports, case: Case, at: datetime) -> list[Mail]:
    """One record for each address that is mailed, and for each that is not, with the reason."""
    dispatch = case.dispatch
    base = Mail(case.notice, dispatch.lead_id, dispatch.sequence, 0, "", "en", "", MailState.PLANNED, at)
    leads = tuple(one.id for one in case.facts.leads)
    # Of a day with more leads than are read, nobody knows whose the others are: each mail counts them.
    others = max(0, case.facts.day.held - len(leads)) if case.gathering and case.facts.day else 0
    told = await _told(ports, case, at)
    if not told:
        nobody = replace(base, why="nobody", state=MailState.SKIPPED, problem="noAddress")
        return [replace(nobody, leads=leads, others=others)]
    # Of whoever is told of a lead, the first is mailed before all others: no lead goes untold for the limit's sake.
    first_of = {lead_id: one.address for one in reversed(told) if not one.left_out for lead_id in one.leads}
    told = sorted(told, key=lambda one: (bool(one.left_out), bool(one.leads) and one.address not in first_of.values()))
    told = told[:RECIPIENTS_MAX]
    return [
        replace(
            base,
            number=number,
            to=one.address,
            language=one.language,
            why=one.why,
            state=MailState.SKIPPED if one.left_out else MailState.PLANNED,
            problem=one.left_out,
            leads=one.leads,
            others=others,
        )
        for number, one in enumerate(told)
    ]


async def next_contacts(*, ports: Ports, case: Case, failed: Mail, at: datetime) -> list[Mail]:
    """Whoever is told in place of an address that takes no mail, unless somebody else has been told or will be."""
    known = await ports.mails.mails(case.partner_id, failed.lead_id, failed.sequence)
    if case.gathering is None and any(not one.has_failed and one.state is not MailState.UNKNOWN for one in known):
        return []
    told = await _told(ports, case, at, known)
    number = max(one.number for one in known)
    made = []
    for one in told:
        mine = [mail for mail in known if fold_email(mail.to) == fold_email(one.address)]
        leads = tuple(
            lead_id
            for lead_id in one.leads
            if lead_id in failed.leads and not any(lead_id in mail.leads for mail in mine)
        )
        if one.left_out or (not leads if case.gathering else mine):
            continue
        number += 1
        made.append(
            replace(
                failed,
                number=number,
                to=one.address,
                language=one.language,
                why=one.why,
                state=MailState.PLANNED,
                at=at,
                operation_id="",
                first_sent=None,
                problem=None,
                leads=leads,
                tag="",
            )
        )
    return made


def outdated(mail: Mail, facts: Facts) -> str | None:
    """Why a mail that was planned is not worth sending any more; None when it is."""
    lead = facts.lead
    if mail.leads:
        return None if facts.leads else "answered" if mail.notice is MailNotice.EXPIRES_SOON else "gone"
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


@dataclass(frozen=True)
class _Told(Recipient):
    """A recipient, with the ids of the leads it is told of where a mail tells of several."""

    leads: tuple[str, ...] = ()


async def _told(ports: Ports, case: Case, at: datetime, tried: Collection[Mail] = ()) -> list[_Told]:
    """Who is told, with those who would be but for a reason; `tried` are mails of this event so far."""
    gone = {fold_email(one.to): "failed" for one in tried if one.has_failed or case.gathering is None}
    case = replace(case, unwanted=gone | case.unwanted)
    profile = await ports.listings.profile(case.partner_id, at)
    found: dict[tuple[str, str | None], _Told] = {}
    for lead in case.facts.leads if case.gathering else (case.facts.lead,):
        for one in _told_of(lead, case, ports.rules.operator_mail, profile):
            ids = (lead.id,) if case.gathering and lead else ()
            key = (fold_email(one.address), one.left_out)
            before = found.get(key) or _Told(one.address, one.language, one.why, one.left_out)
            found[key] = replace(before, leads=(*before.leads, *ids))
    return list(found.values())


def _told_of(lead: Lead | None, case: Case, operator: str | None, profile: Profile | None) -> list[Recipient]:
    """Who is told of one lead, or of what is about none."""
    facts, wishes = case.facts, case.facts.preferences
    if case.notice is MailNotice.DECLINED:
        country = lead.customer.country if lead else None
        return [Recipient(CUSTOMER, SPOKEN_IN.get(country or "", "en"), "customer", _not_told(lead))]
    if case.notice is MailNotice.EXPIRED:
        return _told_of_expiry(lead.sender if lead else None, operator, case.unwanted)
    owner = facts.webhook.owner if facts.webhook else None
    if case.notice is MailNotice.WEBHOOK_DISABLED and owner and fold_email(owner) not in case.unwanted:
        return [Recipient(owner, language(wishes.preferred_language), "owner")]
    return recipients(
        lead,
        preferences=wishes,
        profile=profile,
        partner_contact=facts.partner.operator_contact if facts.partner else None,
        operator_contact=operator,
        unwanted=case.unwanted,
    )


def _told_of_expiry(sender: Sender | None, operator: str | None, unwanted: Mapping[str, str]) -> list[Recipient]:
    """The sender, at the address it named, else at the one it signed in with, else the operator (A1, N6)."""
    left_out: list[Recipient] = []
    ways = [(address, "sender") for address in (sender.addresses if sender else ())]
    ways += [(operator, "operator")] if operator and "@" in operator else []
    for address, why in ways:
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
