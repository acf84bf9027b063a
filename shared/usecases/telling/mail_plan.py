"""Decides who is mailed about an event, who is not and why, and whether it is still worth it (N1, N3, N6, L3)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.contact import fold_email
from shared.domain.deadlines import REMINDERS
from shared.domain.events import EventType
from shared.domain.instants import stamp
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.domain.programme.profile import Profile
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mail_day import Gathering, key_of_subject
from shared.domain.telling.mails import CUSTOMER, Mail, MailNotice, MailState
from shared.domain.telling.preferences import Preferences, language
from shared.domain.telling.recipients import (
    Recipient,
    recipients,
    recipients_of_month,
    the_customer,
    told_of_expiry,
    why_not_told,
)
from shared.domain.telling.unsubscribe import list_of, why_unwanted
from shared.domain.telling.webhooks import DISABLED, WebhookState
from shared.ports.delivery import Facts
from shared.ports.ports import Ports
from shared.ports.telling import Wishes
from shared.usecases.telling.month import read_month

RECIPIENTS_MAX = 90
"""Addresses that are mailed about one lead."""
MAIL_LEADS_MAX = 200
"""Leads that one mail names; more of them are several mails."""
PART = 90
"""Mails planned in one transaction."""
NOTICES = {
    EventType.RECEIVED: MailNotice.NEW_LEAD,
    EventType.EXPIRES_SOON: MailNotice.EXPIRES_SOON,
    EventType.EXPIRED: MailNotice.EXPIRED,
    EventType.DECLINED: MailNotice.DECLINED,
    EventType.PASSED_ON: MailNotice.PASSED_ON,
    DISABLED: MailNotice.WEBHOOK_DISABLED,
    Gathering.NEW.event: MailNotice.DIGEST,
    Gathering.EXPIRED.event: MailNotice.EXPIRED,
    Gathering.WARNED.event: MailNotice.EXPIRES_SOON,
    Gathering.MONTH.event: MailNotice.MONTH,
}
TO_CUSTOMERS = (MailNotice.DECLINED, MailNotice.PASSED_ON)


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


async def read_case(*, ports: Ports, partner_id: str, dispatch: Dispatch, at: datetime, wishes: Wishes) -> Case:
    """Everything as it is now: mails may have waited since they were planned. Raises Unavailable.

    `wishes` are the partner's, as they are now.
    """
    partner = await ports.partners.known(partner_id, at)
    preferences = wishes.preferences or Preferences()
    facts = Facts(at, await ports.partners.signing_key(), partner, preferences)
    notice = NOTICES[dispatch.type]
    gathering = next((gathered for gathered in Gathering if gathered.event == dispatch.type), None)
    if gathering is Gathering.MONTH:
        key = key_of_subject(dispatch.subject)
        month = await read_month(ports=ports, partner_id=partner_id, key=key, at=at, wishes=wishes)
        # Of no leads, so as if it were about none.
        facts, gathering = replace(facts, month=month), None
    elif gathering:
        facts = replace(facts, day=await ports.mails.day(partner_id, key_of_subject(dispatch.subject)))
    elif notice is MailNotice.WEBHOOK_DISABLED:
        hook = await ports.webhooks.get(partner_id, dispatch.subject)
        facts = replace(facts, webhook=hook.webhook if hook else None)
    else:
        stored = await ports.leads.get(partner_id, dispatch.subject)
        facts = replace(facts, lead=settle(stored.lead, at).lead if stored else None)
        if facts.lead and facts.lead.passed_on and notice is MailNotice.PASSED_ON:
            facts = replace(facts, next_partner=await ports.partners.known(facts.lead.passed_on.partner_id, at))
    unwanted = wishes.unwanted
    if notice in TO_CUSTOMERS:
        unwanted = await ports.preferences.unwanted(list_of(partner_id, customers=True))
    # A partner mutes its own recipients; nobody else is its to silence (N3).
    is_partners = notice not in (*TO_CUSTOMERS, MailNotice.EXPIRED)
    muted = {fold_email(address): "muted" for address in preferences.muted_addresses} if is_partners else {}
    return Case(partner_id, dispatch, facts, {**muted, **unwanted}, gathering)


async def facts_of(*, ports: Ports, case: Case, mail: Mail) -> Facts:
    """What this mail may say: of the leads that it names, warnings of those that are still unanswered, if any is."""
    if not mail.leads:
        return case.facts
    leads = await _read(ports, case, mail.leads)
    waiting = tuple(lead for lead in leads if lead.status is Status.RECEIVED)
    warns = case.gathering is Gathering.WARNED
    return replace(case.facts, leads=waiting if warns and waiting else leads)


async def _read(ports: Ports, case: Case, lead_ids: Sequence[str]) -> tuple[Lead, ...]:
    """These leads as they are now; those that are gone, or were erased (S4), are left out."""
    leads = await ports.leads.many(case.partner_id, lead_ids)
    return tuple(settle(lead, case.facts.at).lead for lead in leads if not lead.erased_at)


async def planned(*, ports: Ports, case: Case, known: Sequence[Mail], at: datetime) -> list[list[Mail]]:
    """A record for each address that is mailed, and for each that is not, with the reason, in parts to write in turn.

    Number 0 is in the last part: a plan without it broke off, and what `known` holds of it stays as it is.
    """
    dispatch = case.dispatch
    base = Mail(case.notice, dispatch.subject, dispatch.sequence, 0, "", "en", "", MailState.PLANNED, at)
    told = await _told(ports, case, await _gathered(ports, case), at)
    pairs = {(fold_email(earlier.to), lead_id) for earlier in known for lead_id in earlier.leads}
    made = []
    for recipient in told:
        leads = [lead_id for lead_id in recipient.leads if (fold_email(recipient.address), lead_id) not in pairs]
        state = MailState.SKIPPED if recipient.left_out else MailState.PLANNED
        mail = replace(
            base,
            to=recipient.address,
            language=recipient.language,
            why=recipient.why,
            state=state,
            problem=recipient.left_out,
        )
        starts = range(0, len(leads), MAIL_LEADS_MAX) if case.gathering else (0,)
        made += [replace(mail, leads=tuple(leads[start : start + MAIL_LEADS_MAX])) for start in starts]
    if not made and known:
        made = [replace(base, why="nobody", state=MailState.SKIPPED, problem="noAddress")]
    above = max((earlier.number for earlier in known), default=0)
    made = [replace(planned_mail, number=above + number if number else 0) for number, planned_mail in enumerate(made)]
    return [made[start : start + PART] for start in range(0, len(made), PART)][::-1]


async def _gathered(ports: Ports, case: Case) -> list[str]:
    """The ids of the leads that the mails of a day tell of, in the order they are named in; none for other events."""
    if case.gathering is None or case.facts.day is None:
        return []
    held = await ports.mails.held(case.partner_id, case.facts.day.key)
    if case.gathering is not Gathering.WARNED:
        return held
    # Nobody is warned of a lead twice.
    subject, sequence = case.dispatch.subject, case.dispatch.sequence
    named = {
        lead_id
        for mail in await ports.mails.mails(case.partner_id, subject)
        if mail.sequence != sequence
        for lead_id in mail.leads
    }
    if sequence:
        return [one for one in held if one not in named]
    # The first names ahead whatever is warned of later that day; tests are none of it.
    low, high = stamp(case.dispatch.at + REMINDERS[1]), stamp(case.facts.day.ends + REMINDERS[1])
    waiting = {lead.lead_id: lead.deadline for lead in await ports.tallies.received(case.partner_id)}
    ahead = [one for one, deadline in waiting.items() if low <= deadline < high]
    soon = {one for one in (*held, *ahead) if one in waiting and one not in named}
    return sorted(soon, key=lambda one: waiting[one])


async def next_contacts(*, ports: Ports, case: Case, known: Sequence[Mail], at: datetime) -> list[Mail]:
    """The mails to whoever comes next where an address took none, unless somebody else has been told or will be."""
    refused = [earlier for earlier in known if earlier.is_refused and earlier.to != CUSTOMER]
    served = [earlier for earlier in known if earlier.is_under_way or earlier.state is MailState.DELIVERED]
    named = {lead_id for one in served for lead_id in one.leads}
    needy = [lead_id for lead_id in dict.fromkeys(_leads_of(refused)) if lead_id not in named]
    if not refused or not (needy if case.gathering else not served):
        return []
    number = max(earlier.number for earlier in known)
    made = []
    for recipient in await _told(ports, case, needy, at, known):
        if recipient.left_out:
            continue
        for start in range(0, max(1, len(recipient.leads)), MAIL_LEADS_MAX):
            number += 1
            mail = replace(
                refused[0], number=number, to=recipient.address, language=recipient.language, why=recipient.why, tag=""
            )
            mail = replace(mail, state=MailState.PLANNED, at=at, operation_id="", first_sent=None, problem=None)
            made.append(replace(mail, leads=recipient.leads[start : start + MAIL_LEADS_MAX]))
    return made


def _leads_of(mails: Iterable[Mail]) -> Iterable[str]:
    return (lead_id for mail in mails for lead_id in mail.leads)


def outdated(mail: Mail, facts: Facts) -> str | None:
    """Why a mail that was planned is not worth sending any more; None when it is."""
    lead = facts.lead
    if mail.leads:
        return _outdated_of_many(mail, facts.leads)
    if lead and lead.erased_at:
        return "gone"
    if mail.notice in (MailNotice.NEW_LEAD, MailNotice.EXPIRES_SOON):
        return _outdated_unless_received(lead)
    if mail.notice in TO_CUSTOMERS:
        return why_not_told(lead)
    if mail.notice is MailNotice.MONTH and not facts.preferences.monthly_mail:
        return "kind"
    if mail.notice is MailNotice.WEBHOOK_DISABLED:
        if facts.webhook is None:
            return "gone"
        if facts.webhook.state is not WebhookState.DISABLED:
            return f"already {facts.webhook.state}"
    return None


def _outdated_unless_received(lead: Lead | None) -> str | None:
    if lead is None:
        return "gone"
    return None if lead.status is Status.RECEIVED else f"already {lead.outcome or lead.status}"


def _outdated_of_many(mail: Mail, leads: Sequence[Lead]) -> str | None:
    if mail.notice is not MailNotice.EXPIRES_SOON or not leads:
        return None if leads else "gone"
    ends = {str(lead.outcome or lead.status) for lead in leads if lead.status is not Status.RECEIVED}
    if len(ends) == 1:
        return f"already {ends.pop()}"
    return "answered" if ends else None


def address_of(mail: Mail, facts: Facts) -> str | None:
    """Where it goes; a customer's address is read from the lead, and stands nowhere else."""
    if mail.to != CUSTOMER:
        return mail.to
    return facts.lead.customer.email if facts.lead else None


@dataclass(frozen=True)
class _Told(Recipient):
    """A recipient, with the ids of the leads it is told of where a mail tells of several."""

    leads: tuple[str, ...] = ()


async def _told(
    ports: Ports, case: Case, lead_ids: Sequence[str], at: datetime, tried: Collection[Mail] = ()
) -> list[_Told]:
    """The recipients, with those of `lead_ids` that each is told of; `tried` are mails of this event so far.

    Those who are mailed come first; behind them whoever would have been, and nobody, where there is no address at all.
    """
    lost = [mail for mail in tried if case.gathering is None or mail.is_refused or mail.state is MailState.UNKNOWN]
    case = replace(case, unwanted={fold_email(mail.to): "failed" for mail in lost} | case.unwanted)
    profile = await ports.listings.profile(case.partner_id, at)
    admins = await ports.people.people(case.partner_id) if case.notice is MailNotice.MONTH else ()
    found: dict[tuple[str, str | None], _Told] = {}

    def add(lead: Lead | None, ids: tuple[str, ...]) -> None:
        told = _told_of(lead, case, ports.rules.operator_mail, profile)
        if case.notice is MailNotice.MONTH:
            told = recipients_of_month(admins, told, case.unwanted, at)
        told = told[:RECIPIENTS_MAX]
        for recipient in told or [Recipient("", "en", "nobody", "noAddress")]:
            key = (fold_email(recipient.address), recipient.left_out)
            before = found.get(key) or _Told(recipient.address, recipient.language, recipient.why, recipient.left_out)
            found[key] = replace(before, leads=(*before.leads, *ids))

    if case.gathering is None:
        add(case.facts.lead, ())
    for start in range(0, len(lead_ids), MAIL_LEADS_MAX):
        for lead in await _read(ports, case, lead_ids[start : start + MAIL_LEADS_MAX]):
            if case.gathering is not Gathering.WARNED or lead.status is Status.RECEIVED:
                add(lead, (lead.id,))
    return sorted(found.values(), key=lambda recipient: recipient.left_out is not None)


def _told_of(lead: Lead | None, case: Case, operator: str | None, profile: Profile | None) -> list[Recipient]:
    """The recipients of one lead's mail, or of one that is about no lead."""
    facts, wishes = case.facts, case.facts.preferences
    if case.notice in TO_CUSTOMERS:
        return [the_customer(lead)]
    if case.notice is MailNotice.EXPIRED:
        return told_of_expiry(lead.sender if lead else None, operator, case.unwanted)
    owner = facts.webhook.owner if facts.webhook else None
    if case.notice is MailNotice.WEBHOOK_DISABLED and owner and not why_unwanted(case.unwanted, owner):
        return [Recipient(owner, language(wishes.preferred_language), "owner")]
    return recipients(
        lead,
        preferences=wishes,
        profile=profile,
        partner_contact=facts.partner.operator_contact if facts.partner else None,
        # A partner's month is nobody else's.
        operator_contact=None if case.notice is MailNotice.MONTH else operator,
        unwanted=case.unwanted,
    )
