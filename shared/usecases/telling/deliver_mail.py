"""Sends a partner's mails: who is told is written down first, then each mail goes once (N6; design.md).

A mail is `sending` in storage before it is handed over, under an id of its own. After a crash the service is asked
about that id; where it knows nothing and too much time has passed, the mail is `unknown`: shown, and never sent again
by itself.
"""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import correlation, telemetry
from shared.domain.contact import fold_email
from shared.domain.errors import Unavailable
from shared.domain.telling.dispatch import MAIL_FIRST, Attempt, Dispatch, DispatchState
from shared.domain.telling.mails import CUSTOMER, REPEATABLE_FOR, Mail, MailOrigin, MailState
from shared.ports.delivery import Facts, MailAnswer, Sending
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.telling import BOUNCED
from shared.usecases.races import until_won
from shared.usecases.telling.lane_turn import LaneTurn, Now
from shared.usecases.telling.mail_plan import (
    PART,
    Case,
    address_of,
    facts_of,
    next_contacts,
    outdated,
    planned,
    read_case,
)
from shared.usecases.telling.mail_quota import MailQuota

log = logging.getLogger(__name__)
PAGE = 50
LOOK_AGAIN, LOOK_LATER = timedelta(seconds=10), timedelta(minutes=5)
"""When a mail that was handed over is asked about: the service says within a minute, as a rule."""
TRY_LATER = timedelta(hours=1)
FOLLOWED_FOR = timedelta(hours=24)
ADDRESS_PROBLEMS = ("suppress", "bounce", "invalidrecipient")
"""What the service says of an address, and not of itself or of our domain: such an address is mailed no more."""


@dataclass(kw_only=True)
class _Turn(LaneTurn):
    """One worker's turn on one lane of mails."""

    quota: MailQuota

    @property
    def is_bulk(self) -> bool:
        """True for mails that may wait for those about new leads."""
        return self.destination != MAIL_FIRST

    async def put(self, mail: Mail) -> Mail:
        """Write a mail as it is now; raises _Reported when it is not as it was read."""
        try:
            return await self.ports.mails.put(self.partner_id, mail)
        except LostRace:
            raise _Reported from None


class _Reported(Exception):
    """The service's report was faster: the mail stands otherwise than it was read, and is looked at again."""


async def deliver_mail(
    *, ports: Ports, partner_id: str, destination: str, now: Now, quota: MailQuota
) -> datetime | None:
    """Take each waiting mail a step further; when to look again, None when nothing waits. Raises Unavailable."""
    turn = await _Turn.take(ports=ports, partner_id=partner_id, destination=destination, now=now, quota=quota)
    if isinstance(turn, datetime):
        return turn
    if turn.is_bulk and await _others_first(ports, partner_id, now()):
        turn.end(now() + LOOK_AGAIN)
    after: str | None = None
    wake: datetime | None = None
    try:
        while not turn.over:
            page, after = await ports.lanes.page(partner_id, destination, DispatchState.PENDING, after, PAGE)
            for dispatch in page:
                if turn.has_ended():
                    break
                await _one_of_many(turn, dispatch)
            if after is None:
                break
    finally:
        wake = await turn.leave()
    return wake


async def _others_first(ports: Ports, partner_id: str, at: datetime) -> bool:
    """True while a new lead's mail waits that could go now: those go before bulk mail."""
    page, _ = await ports.lanes.page(partner_id, MAIL_FIRST, DispatchState.PENDING, None, 1)
    return bool(page) and page[0].is_due(at)


async def _one_of_many(turn: _Turn, dispatch: Dispatch) -> None:
    """One event's mails; what is wrong with them holds up no other's."""
    try:
        with correlation.caused_by(dispatch.cause):
            await _one(turn, dispatch)
    except (Unavailable, LostRace):
        raise
    except _Reported:
        await _wait(turn, dispatch, turn.now() + LOOK_AGAIN)
    except Exception as problem:  # noqa: BLE001 - see above
        log.error(  # noqa: TRY400 - the message may hold a customer's data
            "An event could not be mailed; it is tried again later.",
            extra={"event": "mail.failed", "partner": turn.partner_id, "problem": type(problem).__name__},
        )
        await _wait(turn, dispatch, turn.now() + TRY_LATER)


async def _one(turn: _Turn, dispatch: Dispatch) -> None:
    """Take the mails of one event a step further; once all have ended, the event has."""
    if not dispatch.is_due(turn.now()):
        turn.wakes.append(dispatch.next_at or turn.now())
        return
    ports, partner_id = turn.ports, turn.partner_id
    case = await read_case(ports=ports, partner_id=partner_id, dispatch=dispatch, at=turn.now())
    mails = {one.number: one for one in await _plan(turn, case)}
    # Whoever is next to one that was refused: an earlier turn may have broken off before it was planned.
    await _plan_next(turn, case, mails)
    wake: datetime | None = None
    pending = [one for one in mails.values() if one.is_under_way]
    while pending:
        mail = await _step(turn, pending.pop(0), case)
        mails[mail.number] = mail
        measure(mail, turn.now() - dispatch.at)
        if mail.is_refused:
            pending += await _plan_next(turn, case, mails)
        elif mail.is_under_way:
            looked = LOOK_AGAIN if turn.now() - (mail.first_sent or mail.at) < LOOK_LATER else LOOK_LATER
            wake = min(wake or turn.now() + looked, turn.now() + looked)
        # After a step and not before: a turn that does nothing would come again for ever.
        if turn.has_ended():
            break
    if pending or turn.over:
        return
    if wake:
        await _wait(turn, dispatch, wake)
        return
    ended = replace(dispatch.succeeded(Attempt(turn.now(), None, 0, "")), attempts=())
    await turn.save([(dispatch, ended)])


async def _plan(turn: _Turn, case: Case) -> list[Mail]:
    """The mails of an event; who is told is written down first, and a plan that is complete holds."""
    mails, dispatch = turn.ports.mails, case.dispatch
    known = await mails.mails(turn.partner_id, dispatch.subject, dispatch.sequence)
    if any(mail.number == 0 for mail in known):
        return known
    for part in await planned(ports=turn.ports, case=case, known=known, at=turn.now()):
        await _write(turn, part)
    return await mails.mails(turn.partner_id, dispatch.subject, dispatch.sequence)


async def _plan_next(turn: _Turn, case: Case, mails: dict[int, Mail]) -> list[Mail]:
    """Plan whoever comes next, among `mails` from then on."""
    known = list(mails.values())
    made = await next_contacts(ports=turn.ports, case=case, known=known, at=turn.now())
    for start in range(0, len(made), PART):
        await _write(turn, made[start : start + PART])
    if made:
        of_event = await turn.ports.mails.mails(turn.partner_id, case.dispatch.subject, case.dispatch.sequence)
        made = [one for one in of_event if one.number not in mails]
        mails.update({one.number: one for one in made})
    return made


async def _write(turn: _Turn, mails: list[Mail]) -> None:
    """Write mails down together; raises _Reported where some are there already."""
    try:
        await turn.ports.mails.plan(turn.partner_id, mails)
    except LostRace:
        # By an attempt whose answer was lost: what is there is looked at again.
        log.info("The mails were planned before.", extra={"event": "mail.planned_before"})
        raise _Reported from None


async def remember_bounce(*, ports: Ports, partner_id: str, lead_id: str) -> None:
    """A customer's address that takes no mail is invalid from the next lead on (V1). Raises Unavailable."""
    stored = await ports.leads.get(partner_id, lead_id)
    written = stored.lead.customer.email if stored else None
    key = ports.emails.bounced_key(written) if written else None
    if key:
        await until_won(lambda: ports.partners.add_bounced(key))


def measure(mail: Mail, lag: timedelta) -> None:
    """Count a mail that has just ended so long after its event; one that was not wanted any more is none."""
    if not mail.is_under_way and mail.state is not MailState.SKIPPED:
        telemetry.attempted("mail", str(mail.state), lag if mail.state is MailState.DELIVERED else None)


async def _wait(turn: _Turn, dispatch: Dispatch, until: datetime) -> None:
    turn.wakes.append(until)
    await turn.save([(dispatch, replace(dispatch, next_at=until))])


async def _step(turn: _Turn, mail: Mail, case: Case) -> Mail:
    """The next step of one mail; raises Unavailable where nobody can say what became of it."""
    at = turn.now()
    if mail.state is MailState.PLANNED:
        facts = await facts_of(ports=turn.ports, case=case, mail=mail)
        if why := outdated(mail, facts):
            return await turn.put(mail.ended(MailState.SKIPPED, at, why))
        to = address_of(mail, case.facts)
        if to is None:
            return await turn.put(mail.ended(MailState.SKIPPED, at, "noAddress"))
        # Checked when it is sent: it may have waited since it was planned (N3).
        if why := case.unwanted.get(fold_email(to)):
            return await turn.put(mail.ended(MailState.SKIPPED, at, why))
        if wait := await turn.quota.take(at, bulk=turn.is_bulk):
            turn.end(wait)
            return mail
        operation, dispatch = _operation(turn.partner_id, mail), case.dispatch
        # Before the service knows of it: its report may be faster than our next line.
        about = (dispatch.type, dispatch.at, mail.subject, mail.sequence)
        await turn.ports.mails.note_origin(
            operation, MailOrigin(turn.partner_id, turn.destination, *about, sent=at, cause=dispatch.cause)
        )
        mail = await turn.put(replace(mail, state=MailState.SENDING, at=at, operation_id=operation, first_sent=at))
        return await _hand_over(turn, mail, to, facts)
    try:
        answer = await turn.ports.mailer.status(mail.operation_id)
    except Unavailable:
        return mail
    if answer.outcome is Sending.MISSING and mail.state is MailState.SENDING:
        to, first = address_of(mail, case.facts), mail.first_sent or at
        facts = await facts_of(ports=turn.ports, case=case, mail=mail)
        if to is not None and not outdated(mail, facts) and at - first < REPEATABLE_FOR:
            return await _hand_over(turn, mail, to, facts)
        return await turn.put(mail.ended(MailState.UNKNOWN, at, "noAnswer"))
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
        turn.quota.hold(waits)
        turn.end(waits)
        await turn.ports.mails.forget_origin(mail.operation_id)
        return await turn.put(replace(mail, state=MailState.PLANNED, operation_id="", first_sent=None))
    return await _followed(turn, mail, answer)


async def _followed(turn: _Turn, mail: Mail, answer: MailAnswer) -> Mail:
    """The mail as the service's answer leaves it."""
    at = turn.now()
    match answer.outcome:
        case Sending.DELIVERED:
            return await turn.put(mail.ended(MailState.DELIVERED, at))
        case Sending.FAILED | Sending.REFUSED:
            told = (answer.problem or "").casefold()
            if any(word in told for word in ADDRESS_PROBLEMS):
                if mail.to == CUSTOMER:
                    await remember_bounce(ports=turn.ports, partner_id=turn.partner_id, lead_id=mail.subject)
                else:
                    await turn.ports.preferences.add_unwanted(turn.partner_id, mail.to, BOUNCED)
            await turn.ports.mails.forget_origin(mail.operation_id)
            return await turn.put(mail.ended(MailState.FAILED, at, answer.problem))
        case _ if at - (mail.first_sent or at) >= FOLLOWED_FOR:
            return await turn.put(mail.ended(MailState.UNKNOWN, at, "noEnd"))
    if mail.state is MailState.SENDING:
        return await turn.put(replace(mail, state=MailState.ACCEPTED, at=at))
    return mail


def _operation(partner_id: str, mail: Mail) -> str:
    """The id under which the service knows a repeat of this mail; a new one once it has said that it takes it later."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{partner_id}|{mail.subject}|{mail.sequence}|{mail.number}|{mail.at}"))
