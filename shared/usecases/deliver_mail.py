"""Sends a partner's mails: who is told is written down first, then each mail goes once (N1, N6; DESIGN.md, step 5).

A mail is `sending` in storage before it is handed over, under an id of its own. After a crash the service is asked
about that id; where it knows nothing and too much time has passed, the mail is `unknown`: shown, and never sent again
by itself.
"""

import logging
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared import ids
from shared.domain.contact import fold_email, shown
from shared.domain.dispatch import MAIL_FIRST, Attempt, Dispatch, DispatchState, Lane
from shared.domain.errors import Unavailable
from shared.domain.events import EventType
from shared.domain.lead import Lead, Status, Validity
from shared.domain.lifecycle import settle
from shared.domain.mails import CUSTOMER, REPEATABLE_FOR, Mail, MailNotice, MailState
from shared.domain.preferences import Preferences, language
from shared.domain.quota import Quota
from shared.domain.recipients import Recipient, recipients
from shared.domain.webhooks import WebhookState
from shared.ports import Facts, LostRace, MailAnswer, Ports, Sending
from shared.usecases.deliver_webhook import DISABLED
from shared.usecases.send_digests import DAY_DIGEST, day_key_of

log = logging.getLogger(__name__)
PAGE = 50
TURN = timedelta(seconds=20)
LOOK_AGAIN, LOOK_LATER = timedelta(seconds=10), timedelta(minutes=5)
"""When a mail that was handed over is asked about: the service says within a minute, as a rule."""
TRY_LATER = timedelta(hours=1)
FOLLOWED_FOR = timedelta(hours=24)
QUOTA = "mail:quota"
ADDRESS_PROBLEMS = ("suppress", "bounce", "invalidrecipient")
"""What the service says of an address, and not of itself or of our domain: such an address is mailed no more."""
RECIPIENTS_MAX = 50
"""Addresses that one event is mailed to: a plan is one transaction."""
DIGEST_LEADS_MAX = 200
"""Leads that a digest names; the rest it counts."""
NOT_TOLD = frozenset({"abuse", "duplicate"})
"""L3: declines whose customer is told nothing."""
SPOKEN_IN = {"DE": "de", "AT": "de", "CH": "de", "IT": "it", "SE": "sv", "HU": "hu", "BR": "pt-BR"}
"""What a customer is written in, by country: nothing else is known of a customer's language."""


@dataclass
class _Turn:
    """One worker's turn on one lane."""

    ports: Ports
    partner_id: str
    destination: str
    lane: Lane
    now: Callable[[], datetime]
    ends: datetime
    quota: Quota
    wakes: list[datetime] = field(default_factory=list)
    over: bool = False


async def deliver_mail(
    *, ports: Ports, partner_id: str, destination: str, now: Callable[[], datetime]
) -> datetime | None:
    """Take each waiting mail a step further; when to look again, None when nothing waits. Raises Unavailable."""
    at, holder = now(), ids.new_change_id()
    lane = await ports.lanes.lane(partner_id, destination)
    if not lane.is_free(holder, at):
        return max(one for one in (lane.leased_until, lane.next_at) if one)
    try:
        lane = await ports.lanes.save(partner_id, destination, lane.taken(holder, at))
    except LostRace:
        return at + timedelta(seconds=5)
    turn = _Turn(ports, partner_id, destination, lane, now, at + TURN, await _quota(ports, at))
    if destination != MAIL_FIRST and await _others_first(ports, partner_id, at):
        turn.wakes.append(at + LOOK_AGAIN)
        turn.over = True
    after: str | None = None
    try:
        while not turn.over:
            page, after = await ports.lanes.page(partner_id, destination, DispatchState.PENDING, after, PAGE)
            for dispatch in page:
                if turn.over or now() >= turn.ends:
                    turn.wakes.append(now())
                    turn.over = True
                    break
                await _one_of_many(turn, dispatch)
            if after is None:
                break
    finally:
        await ports.agenda.set_bookmark(QUOTA, _written(turn.quota))
        await ports.lanes.save(partner_id, destination, turn.lane.left())
    return min(turn.wakes, default=None)


async def _others_first(ports: Ports, partner_id: str, at: datetime) -> bool:
    """True while a new lead's mail waits that could go now: those go before bulk mail."""
    page, _ = await ports.lanes.page(partner_id, MAIL_FIRST, DispatchState.PENDING, None, 1)
    return bool(page) and page[0].is_due(at)


async def _one_of_many(turn: _Turn, dispatch: Dispatch) -> None:
    """One event's mails; what is wrong with them holds up no other's."""
    try:
        await _one(turn, dispatch)
    except (Unavailable, LostRace):
        raise
    except Exception as problem:  # noqa: BLE001 - see above
        log.error(  # noqa: TRY400 - the message may hold a customer's data
            "An event could not be mailed; it is tried again later.",
            extra={"event": "mail.failed", "partner": turn.partner_id, "problem": type(problem).__name__},
        )
        later = replace(dispatch, next_at=turn.now() + TRY_LATER)
        turn.wakes.append(turn.now() + TRY_LATER)
        turn.lane = await turn.ports.lanes.save(turn.partner_id, turn.destination, turn.lane, [(dispatch, later)])


async def _one(turn: _Turn, dispatch: Dispatch) -> None:
    """Take the mails of one event a step further; once all have ended, the event has."""
    if not dispatch.is_due(turn.now()):
        turn.wakes.append(dispatch.next_at or turn.now())
        return
    facts = await _facts(turn, dispatch)
    mails = await turn.ports.mails.mails(turn.partner_id, subject_of(dispatch), dispatch.sequence)
    if not mails:
        planned = await _planned(turn, dispatch, facts)
        try:
            await turn.ports.mails.plan(turn.partner_id, planned)
        except LostRace:
            # Planned by an attempt whose answer was lost: its plan holds.
            log.info("The mails were planned before.", extra={"event": "mail.planned_before"})
        mails = await turn.ports.mails.mails(turn.partner_id, subject_of(dispatch), dispatch.sequence)
    wake: datetime | None = None
    pending = [one for one in mails if one.is_under_way]
    while pending and not turn.over:
        mail = await _step(turn, pending.pop(0), facts)
        if mail.state is MailState.FAILED and mail.to != CUSTOMER:
            pending += await _next_contact(turn, dispatch, facts, mail)
        elif mail.is_under_way:
            looked = LOOK_AGAIN if turn.now() - (mail.first_sent or mail.at) < LOOK_LATER else LOOK_LATER
            wake = min(wake or turn.now() + looked, turn.now() + looked)
    if turn.over:
        return
    if wake:
        turn.wakes.append(wake)
        waits = replace(dispatch, next_at=wake)
        turn.lane = await turn.ports.lanes.save(turn.partner_id, turn.destination, turn.lane, [(dispatch, waits)])
        return
    attempt = Attempt(turn.now(), None, 0, "")
    ended = replace(dispatch.succeeded(attempt), attempts=())
    turn.lane = await turn.ports.lanes.save(turn.partner_id, turn.destination, turn.lane, [(dispatch, ended)])


async def _step(turn: _Turn, mail: Mail, facts: Facts) -> Mail:
    """The next step of one mail; raises Unavailable where nobody can say what became of it."""
    at = turn.now()
    if mail.state is MailState.PLANNED:
        if why := _outdated(mail, facts):
            return await _put(turn, mail.ended(MailState.SKIPPED, at, why))
        to = _address(mail, facts)
        if to is None:
            return await _put(turn, mail.ended(MailState.SKIPPED, at, "noAddress"))
        # Checked when it is sent: it may have waited since it was planned (N3).
        if why := (await _unwanted(turn.ports, turn.partner_id, facts.preferences)).get(fold_email(to)):
            return await _put(turn, mail.ended(MailState.SKIPPED, at, why))
        turn.quota = turn.quota.refilled(at)
        if turn.quota.left < 1:
            turn.wakes.append(turn.quota.next_at())
            turn.over = True
            return mail
        turn.quota = turn.quota.taken()
        operation = _operation(turn.partner_id, mail)
        mail = await _put(turn, replace(mail, state=MailState.SENDING, at=at, operation_id=operation, first_sent=at))
        return await _hand_over(turn, mail, to, facts)
    try:
        answer = await turn.ports.mailer.status(mail.operation_id)
    except Unavailable:
        return mail
    if answer.outcome is Sending.MISSING and mail.state is MailState.SENDING:
        to, first = _address(mail, facts), mail.first_sent or at
        if to is not None and at - first < REPEATABLE_FOR:
            return await _hand_over(turn, mail, to, facts)
        return await _put(turn, mail.ended(MailState.UNKNOWN, at, "noAnswer"))
    return await _followed(turn, mail, answer)


async def _hand_over(turn: _Turn, mail: Mail, to: str, facts: Facts) -> Mail:
    """Hand it to the service; where the answer is lost it stays `sending`, and the next run asks."""
    letter = turn.ports.letters.letter(mail, turn.partner_id, to, facts)
    try:
        answer = await turn.ports.mailer.send(letter, mail.operation_id, mail.first_sent or turn.now())
    except Unavailable:
        # Nobody knows whether it was taken: it stays `sending`, and in a moment the service is asked.
        return mail
    if answer.outcome is Sending.LATER:
        # The service did not take it, and says when it will.
        waits = turn.now() + (answer.retry_after or LOOK_AGAIN)
        turn.lane = replace(turn.lane, next_at=waits)
        turn.wakes.append(waits)
        turn.over = True
        return await _put(turn, replace(mail, state=MailState.PLANNED, operation_id="", first_sent=None))
    return await _followed(turn, mail, answer)


async def _followed(turn: _Turn, mail: Mail, answer: MailAnswer) -> Mail:
    """The mail as the service's answer leaves it."""
    at = turn.now()
    match answer.outcome:
        case Sending.DELIVERED:
            return await _put(turn, mail.ended(MailState.DELIVERED, at))
        case Sending.FAILED | Sending.REFUSED:
            told = (answer.problem or "").casefold()
            if mail.to != CUSTOMER and any(word in told for word in ADDRESS_PROBLEMS):
                await turn.ports.notices.add_unwanted(turn.partner_id, mail.to, "bounced")
            return await _put(turn, mail.ended(MailState.FAILED, at, answer.problem))
        case _ if at - (mail.first_sent or at) >= FOLLOWED_FOR:
            return await _put(turn, mail.ended(MailState.UNKNOWN, at, "noEnd"))
    if mail.state is MailState.SENDING:
        return await _put(turn, replace(mail, state=MailState.ACCEPTED, at=at))
    return mail


async def _put(turn: _Turn, mail: Mail) -> Mail:
    return await turn.ports.mails.put(turn.partner_id, mail)


def _operation(partner_id: str, mail: Mail) -> str:
    """The same for every attempt at this mail; another one once the service has refused to take it for now."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{partner_id}|{mail.lead_id}|{mail.sequence}|{mail.number}|{mail.at}"))


# --- Who, and about what ---


def subject_of(dispatch: Dispatch) -> str:
    """What the mails of this event are filed under."""
    return dispatch.lead_id


def notice_of(dispatch: Dispatch) -> MailNotice:
    """Which mail this event is."""
    return {
        EventType.RECEIVED: MailNotice.NEW_LEAD,
        EventType.EXPIRES_SOON: MailNotice.EXPIRES_SOON,
        EventType.EXPIRED: MailNotice.EXPIRED,
        EventType.DECLINED: MailNotice.DECLINED,
        DISABLED: MailNotice.WEBHOOK_DISABLED,
        DAY_DIGEST: MailNotice.DIGEST,
    }[dispatch.type]


async def _facts(turn: _Turn, dispatch: Dispatch) -> Facts:
    """Everything the mail may say, read now."""
    ports, partner_id, at = turn.ports, turn.partner_id, turn.now()
    partner = await ports.partners.known(partner_id, at)
    preferences = await ports.notices.preferences(partner_id) or Preferences()
    facts = Facts(at, await ports.partners.signing_key(), partner, preferences)
    match notice_of(dispatch):
        case MailNotice.DIGEST:
            key = day_key_of(dispatch.lead_id)
            held = await ports.mails.held(partner_id, key, DIGEST_LEADS_MAX)
            leads = await ports.leads.many(partner_id, held)
            seen = tuple(shown(settle(one, at).lead, at) for one in leads)
            return replace(facts, day=await ports.mails.day(partner_id, key), leads=seen)
        case MailNotice.WEBHOOK_DISABLED:
            hook = await ports.notices.webhook(partner_id, dispatch.lead_id)
            return replace(facts, webhook=hook.webhook if hook else None)
    stored = await ports.leads.get(partner_id, dispatch.lead_id)
    return replace(facts, lead=settle(stored.lead, at).lead if stored else None)


async def _planned(turn: _Turn, dispatch: Dispatch, facts: Facts) -> list[Mail]:
    """One record for each address that is mailed, and for each that is not, with the reason."""
    notice, at = notice_of(dispatch), turn.now()
    base = Mail(notice, subject_of(dispatch), dispatch.sequence, 0, "", "en", "", MailState.PLANNED, at)
    told = await _told(turn, notice, facts)
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


async def _told(turn: _Turn, notice: MailNotice, facts: Facts, asked: Collection[str] = ()) -> list[Recipient]:
    """Who is told, with those who would be but for a reason; `asked` are folded addresses that were tried before."""
    lead, wishes = facts.lead, facts.preferences
    if notice is MailNotice.DECLINED:
        why = _not_told(lead)
        country = lead.customer.country if lead else None
        return [Recipient(CUSTOMER, SPOKEN_IN.get(country or "", "en"), "customer", why)]
    unwanted = dict.fromkeys(asked, "failed") | await _unwanted(turn.ports, turn.partner_id, wishes)
    operator = turn.ports.rules.operator_mail
    if notice is MailNotice.EXPIRED:
        sender = lead.sender.email if lead and lead.sender else None
        address, why = (sender, "sender") if sender else (operator, "operator")
        if address is None:
            return []
        return [Recipient(address, language(None), why, unwanted.get(fold_email(address)))]
    owner = facts.webhook.owner if facts.webhook else None
    if notice is MailNotice.WEBHOOK_DISABLED and owner and fold_email(owner) not in unwanted:
        return [Recipient(owner, language(wishes.preferred_language), "owner")]
    return recipients(
        lead,
        preferences=wishes,
        profile=await turn.ports.listings.profile(turn.partner_id, turn.now()),
        partner_contact=facts.partner.operator_contact if facts.partner else None,
        operator_contact=operator,
        unwanted=unwanted,
    )


async def _unwanted(ports: Ports, partner_id: str, preferences: Preferences) -> dict[str, str]:
    muted = {fold_email(one): "muted" for one in preferences.muted_addresses}
    return muted | await ports.notices.unwanted(partner_id)


async def _next_contact(turn: _Turn, dispatch: Dispatch, facts: Facts, failed: Mail) -> Sequence[Mail]:
    """Whoever is told in place of an address that takes no mail, and has not been told yet."""
    known = await turn.ports.mails.mails(turn.partner_id, subject_of(dispatch), dispatch.sequence)
    asked = {fold_email(one.to) for one in known}
    told = await _told(turn, failed.notice, facts, asked)
    others = [one for one in told if not one.left_out and fold_email(one.address) not in asked]
    if any(one.state in (MailState.ACCEPTED, MailState.DELIVERED, MailState.SENDING) for one in known):
        return []
    number = max(one.number for one in known)
    made = [
        replace(
            failed,
            number=number + n,
            to=one.address,
            language=one.language,
            why=one.why,
            state=MailState.PLANNED,
            at=turn.now(),
            operation_id="",
            first_sent=None,
            problem=None,
            tag="",
        )
        for n, one in enumerate(others, 1)
    ]
    return [await _put(turn, one) for one in made]


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


def _outdated(mail: Mail, facts: Facts) -> str | None:
    """Why a mail that was planned is not worth sending any more."""
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


def _address(mail: Mail, facts: Facts) -> str | None:
    """Where it goes; a customer's address is read from the lead, and stands nowhere else."""
    if mail.to != CUSTOMER:
        return mail.to
    return facts.lead.customer.email if facts.lead else None


# --- How many ---


async def _quota(ports: Ports, at: datetime) -> Quota:
    """The service's quota as the last run left it."""
    rules = ports.rules
    written = (await ports.agenda.bookmark(QUOTA)).split()
    full = Quota.full(rules.mails_per_minute, rules.mails_per_hour, at)
    if len(written) != 3:
        return full
    minute, hour, when = float(written[0]), float(written[1]), datetime.fromisoformat(written[2])
    left = replace(full, minute=min(minute, full.minute), hour=min(hour, full.hour), at=min(when, at))
    return left.refilled(at)


def _written(quota: Quota) -> str:
    return f"{quota.minute:.3f} {quota.hour:.3f} {quota.at.isoformat()}"
