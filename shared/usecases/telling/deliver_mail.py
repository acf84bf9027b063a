"""Sends a partner's mails: who is told is written down first, then each mail goes once (N6; design.md).

A mail is `sending` in storage before it is handed over, under an id of its own. After a crash the service is asked
about that id; where it knows nothing and too much time has passed, the mail is `unknown`: shown, and never sent again
by itself.
"""

import asyncio
import logging
import uuid
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared import correlation, telemetry
from shared.domain.errors import Unavailable
from shared.domain.telling.dispatch import MAIL_FIRST, Attempt, Dispatch, DispatchState
from shared.domain.telling.mails import CUSTOMER, REPEATABLE_FOR, Mail, MailOrigin, MailState
from shared.domain.telling.unsubscribe import why_unwanted
from shared.ports.delivery import Facts, MailAnswer, Sending
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.telling import BOUNCED, Wishes
from shared.usecases.races import until_won
from shared.usecases.telling.lane_turn import LaneTurn, Left, Now
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
TOGETHER = 10
"""Events worked on together, and mails that are handed over side by side."""
ROWS_MAX, NOTED_MAX, TRANSACTION = 90, 45, 100
"""Mails written together, those that are noted of one event, and rows of one transaction."""
FRESH_FOR = timedelta(seconds=1)
"""How old the lead and the partner's wishes may be when a mail goes (N3)."""
LOOK_AGAIN, LOOK_LATER = timedelta(seconds=10), timedelta(minutes=5)
"""When a mail that was handed over is asked about: the service says within a minute, as a rule."""
TRY_LATER = timedelta(hours=1)
FOLLOWED_FOR = timedelta(hours=24)
ADDRESS_PROBLEMS = ("suppress", "bounce", "invalidrecipient")
"""What the service says of an address, and not of itself or of our domain: such an address is mailed no more."""


@dataclass
class _Job:
    """One event's mails by their numbers, as far as they are known; those in `noted` are written with the lane.

    `pending` are the numbers of those to be taken a step further. `case` is read when it is needed, and anew when it is
    old. `until` is when the event waits for another look, None while that is not known. `failed` ends the work on it in
    this turn, and so does a fault of storage, by which it is `broken` off.
    """

    dispatch: Dispatch
    mails: dict[int, Mail] = field(default_factory=dict)
    pending: list[int] = field(default_factory=list)
    noted: set[int] = field(default_factory=set)
    case: Case | None = None
    until: datetime | None = None
    failed: bool = False
    broken: bool = False

    @property
    def is_new(self) -> bool:
        """True when nobody has worked on it: then its mails are planned, unless a worker died over it."""
        return self.dispatch.next_at is None

    @property
    def unwritten(self) -> list[Mail]:
        """Mails that storage does not have."""
        return [mail for mail in self.mails.values() if not mail.tag]

    def put(self, mail: Mail) -> Mail:
        """Note a mail as it is now."""
        self.mails[mail.number] = mail
        self.noted.add(mail.number)
        return mail

    def know(self, mails: Iterable[Mail]) -> None:
        """Mails as they are in storage."""
        self.mails.update({mail.number: mail for mail in mails})


@dataclass(kw_only=True)
class _Turn(LaneTurn):
    """One worker's turn on one lane of mails."""

    quota: MailQuota
    wishes: tuple[datetime, Wishes] | None = None

    @property
    def is_bulk(self) -> bool:
        """True for mails that may wait for those about new leads."""
        return self.destination != MAIL_FIRST

    async def case(self, job: _Job) -> Case:
        """What the mails of an event may say and who wants none, as it is now, or was a moment ago (N3)."""
        at, wishes = self.now(), await self.current_wishes()
        if job.case is None or at - job.case.facts.at >= FRESH_FOR:
            job.case = await read_case(
                ports=self.ports, partner_id=self.partner_id, dispatch=job.dispatch, at=at, wishes=wishes
            )
        return job.case

    async def current_wishes(self) -> Wishes:
        """What the partner wants now, or wanted a moment ago."""
        at = self.now()
        if self.wishes is None or at - self.wishes[0] >= FRESH_FOR:
            self.wishes = at, await self.ports.preferences.wishes(self.partner_id)
        return self.wishes[1]

    async def reread(self) -> None:
        """A report of the service may have been faster: such a mail stays as it is, and is looked at again."""
        subjects = {(mail.subject, mail.sequence) for mail in self.mails}
        stored = [mail for of in subjects for mail in await self.ports.mails.mails(self.partner_id, *of)]
        tags = {(mail.subject, mail.sequence, mail.number): mail.tag for mail in stored}
        faster = [one for one in self.mails if tags.get((one.subject, one.sequence, one.number), "") != one.tag]
        events = {(mail.subject, mail.sequence) for mail in faster}
        self.mails = [mail for mail in self.mails if mail not in faster]
        again = self.now() + LOOK_AGAIN
        self.wakes += [again] if events else []
        self.changed = [
            (
                before,
                replace(before, next_at=again) if before and (before.subject, before.sequence) in events else after,
            )
            for before, after in self.changed
        ]


class _Reported(Exception):
    """The service's report was faster: the mail stands otherwise than it was read, and is looked at again."""


async def deliver_mail(*, ports: Ports, partner_id: str, destination: str, now: Now, quota: MailQuota) -> Left:
    """Take each waiting mail a step further. Raises LaneClosed, Unavailable."""
    turn = await _Turn.take(ports=ports, partner_id=partner_id, destination=destination, now=now, top=PAGE, quota=quota)
    if turn.is_bulk and await _others_first(ports, partner_id, now()):
        turn.end(now() + LOOK_AGAIN)
    left = Left(None)
    try:
        page, after = turn.first
        while not turn.over:
            await _page(turn, page)
            if after is None or turn.over:
                break
            await turn.save_noted()
            page, after = await ports.lanes.page(partner_id, destination, DispatchState.PENDING, after, PAGE)
    finally:
        left = await turn.leave()
    await quota.give_back(now())
    return left


async def _others_first(ports: Ports, partner_id: str, at: datetime) -> bool:
    """True while a new lead's mail waits that could go now: those go before bulk mail."""
    page, _ = await ports.lanes.page(partner_id, MAIL_FIRST, DispatchState.PENDING, None, 1)
    return bool(page) and page[0].is_due(at)


async def _page(turn: _Turn, page: Sequence[Dispatch]) -> None:
    """Take the mails of these events a step further, a few events at a time."""
    due = [dispatch for dispatch in page if dispatch.is_due(turn.now())]
    turn.wakes += [dispatch.next_at for dispatch in page if dispatch.next_at and dispatch not in due]
    # What becomes of earlier mails comes first: it may say who is not to be written to.
    known, new = [one for one in due if one.next_at], [one for one in due if not one.next_at]
    groups = [kind[start : start + TOGETHER] for kind in (known, new) for start in range(0, len(kind), TOGETHER)]
    for group in groups:
        if turn.has_ended():
            return
        await turn.save_noted()
        if group[0] in new:
            # Before they go on side by side, so that it is read once.
            await turn.current_wishes()
        jobs = [_Job(dispatch) for dispatch in group]
        try:
            await _all(*(_guarded(turn, job, _open(turn, job)) for job in jobs))
            # One of each event at a time: a service that is busy, or a report, holds up its others.
            while steps := [(job, job.mails[job.pending[0]]) for job in jobs if job.pending]:
                await _steps(turn, steps)
                for job in jobs:
                    if len(job.noted) >= NOTED_MAX:
                        await _guarded(turn, job, _write_noted(turn, job))
                # After a step and not before: a turn that does nothing would come again for ever.
                if turn.has_ended():
                    break
        finally:
            for job in jobs:
                # Two rows of each event, which moves when it has ended, and the lane's.
                if 1 + 2 * (len(turn.changed) + 1) + len(turn.mails) + len(job.noted) > TRANSACTION:
                    await turn.save_noted()
                _conclude(turn, job)


def _conclude(turn: _Turn, job: _Job) -> None:
    """Note what became of an event: it has ended, waits for a look at its mails, or is left for the next turn."""
    mails = list(job.mails.values())
    is_left = job.broken or job.pending or (turn.over and any(mail.state is MailState.PLANNED for mail in mails))
    # Never ended while something is: whoever breaks off leaves it to the next turn.
    is_left = is_left or (job.until is None and any(mail.is_under_way for mail in mails))
    if job.until and (job.failed or not is_left):
        turn.wakes.append(job.until)
        turn.changed.append((job.dispatch, replace(job.dispatch, next_at=job.until)))
    elif not is_left:
        ended = replace(job.dispatch.succeeded(Attempt(turn.now(), None, 0, "")), attempts=())
        turn.changed.append((job.dispatch, ended))
    elif job.is_new and any(mail.tag for mail in mails):
        # Its mails are on record: the next turn, which is hinted at already, is not to plan them again.
        turn.changed.append((job.dispatch, replace(job.dispatch, next_at=turn.now())))
    else:
        job.noted -= {mail.number for mail in job.unwritten}
    turn.mails += [job.mails[number] for number in sorted(job.noted)]


async def _all(*work: Coroutine[Any, Any, None]) -> None:
    """All of it, to its end; raises the first error."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if outcome is not None:
            raise outcome


async def _guarded(turn: _Turn, job: _Job, work: Coroutine[Any, Any, None]) -> None:
    """What is wrong with one event's mails holds up no other's."""
    try:
        with correlation.caused_by(job.dispatch.cause):
            await work
    except (Unavailable, LostRace):
        job.broken = True
        raise
    except _Reported:
        job.failed, job.until = True, turn.now() + LOOK_AGAIN
    except Exception as problem:  # noqa: BLE001 - see above
        log.error(  # noqa: TRY400 - the message may hold a customer's data
            "An event could not be mailed; it is tried again later.",
            extra={"event": "mail.failed", "partner": turn.partner_id, "problem": type(problem).__name__},
        )
        job.failed, job.until = True, turn.now() + TRY_LATER
    except BaseException:
        # The host is going down.
        job.broken = True
        raise
    if job.failed:
        job.pending = []


async def _open(turn: _Turn, job: _Job) -> None:
    """What mails an event has; who is told is written down before the first of them goes, and a whole plan holds."""
    ports, partner_id, of = turn.ports, turn.partner_id, (job.dispatch.subject, job.dispatch.sequence)
    known = [] if job.is_new else await ports.mails.mails(partner_id, *of)
    if any(mail.number == 0 for mail in known):
        job.know(known)
        # Whoever is next to one that was refused: an earlier turn may have broken off before it was planned.
        await _plan_next(turn, job)
    else:
        parts = await planned(ports=ports, case=await turn.case(job), known=known, at=turn.now())
        if len(parts) > 1 and job.is_new:
            known = await ports.mails.mails(partner_id, *of)
            if any(mail.number == 0 for mail in known):
                raise _Reported
            parts = await planned(ports=ports, case=await turn.case(job), known=known, at=turn.now())
        job.know(known)
        for part in parts[:-1]:
            job.know(await _write(turn, part))
        # The last part is written with the first mails that go.
        for mail in parts[-1] if parts else ():
            job.put(mail)
        await _plan_next(turn, job)
    job.pending = [number for number, mail in sorted(job.mails.items()) if mail.is_under_way]


async def _plan_next(turn: _Turn, job: _Job) -> list[int]:
    """Plan whoever comes next to those that were refused, among the event's mails from then on; their numbers."""
    if not any(mail.is_refused for mail in job.mails.values()):
        return []
    known = list(job.mails.values())
    made = await next_contacts(ports=turn.ports, case=await turn.case(job), known=known, at=turn.now())
    for start in range(0, len(made), PART):
        job.know(await _write(turn, made[start : start + PART]))
    return [mail.number for mail in made]


async def _write(turn: _Turn, mails: Sequence[Mail]) -> list[Mail]:
    """Write mails down together; raises _Reported where some are there already, or not as they were read."""
    try:
        return await turn.ports.mails.write(turn.partner_id, mails)
    except LostRace:
        # By an attempt whose answer was lost, or by a report: what is there is looked at again.
        log.info("The mails were written before.", extra={"event": "mail.planned_before"})
        raise _Reported from None


async def _write_noted(turn: _Turn, job: _Job) -> None:
    """Write what is noted of an event with many mails: not all of it fits into the lane's transaction."""
    mails = [job.mails[number] for number in sorted(job.noted) if job.mails[number].tag]
    if mails:
        job.know(await _write(turn, mails))
        job.noted -= {mail.number for mail in mails}


async def _steps(turn: _Turn, steps: Sequence[tuple[_Job, Mail]]) -> None:
    """Take each of these mails a step further, side by side: those that go now are written down first."""
    going: dict[tuple[int, int], tuple[Mail, str, Facts]] = {}
    turn.quota.expect(sum(mail.state is MailState.PLANNED for _, mail in steps))
    for job, mail in steps:
        await _guarded(turn, job, _prepare(turn, job, mail, going))
    jobs = list({id(job): job for job, _ in steps}.values())
    await _write_going(turn, [job for job in jobs if any(key[0] == id(job) for key in going)], going)
    await _all(
        *(_guarded(turn, job, _step(turn, job, mail, going)) for job, mail in steps if mail.number in job.pending)
    )


async def _prepare(turn: _Turn, job: _Job, mail: Mail, going: dict[tuple[int, int], tuple[Mail, str, Facts]]) -> None:
    """Decide whether a planned mail goes now: it is checked when it is sent, since it may have waited (N3)."""
    at = turn.now()
    if job.failed or mail.state is not MailState.PLANNED or turn.over:
        return
    case = await turn.case(job)
    facts = await facts_of(ports=turn.ports, case=case, mail=mail)
    to = address_of(mail, case.facts)
    why = outdated(mail, facts) or ("noAddress" if to is None else why_unwanted(case.unwanted, to))
    if why or to is None:
        job.pending.remove(mail.number)
        await _ended(turn, job, job.put(mail.ended(MailState.SKIPPED, at, why)))
    elif wait := await turn.quota.take(at, bulk=turn.is_bulk):
        turn.end(wait)
    else:
        operation = _operation(turn.partner_id, mail)
        sending = replace(mail, state=MailState.SENDING, at=at, operation_id=operation, first_sent=at)
        going[id(job), mail.number] = sending, to, facts


async def _write_going(
    turn: _Turn, jobs: Sequence[_Job], going: Mapping[tuple[int, int], tuple[Mail, str, Facts]]
) -> None:
    """Write down that these mails go, with the plans they belong to: before the service knows of any of them."""
    rows: list[tuple[_Job, list[Mail]]] = []
    for job in jobs:
        mine = {number: mail for (of, number), (mail, *_) in going.items() if of == id(job)}
        rows.append((job, list(({mail.number: mail for mail in job.unwritten} | mine).values())))
    while rows:
        some = [rows.pop(0)]
        while rows and sum(len(mails) for _, mails in (*some, rows[0])) <= ROWS_MAX:
            some.append(rows.pop(0))
        mails = [mail for _, mails in some for mail in mails]
        origins = {
            mail.operation_id: MailOrigin(
                turn.partner_id,
                turn.destination,
                job.dispatch.type,
                job.dispatch.at,
                mail.subject,
                mail.sequence,
                sent=mail.at,
                cause=job.dispatch.cause,
            )
            for job, written in some
            for mail in written
            if mail.state is MailState.SENDING
        }
        # The service's report may be faster than our next line.
        await turn.ports.mails.note_origins(origins)
        try:
            made = await turn.ports.mails.write(turn.partner_id, mails)
        except LostRace:
            if len(some) > 1:
                for one in some:
                    await _write_going(turn, [one[0]], going)
                continue
            log.info("The mails were written before.", extra={"event": "mail.planned_before"})
            job = some[0][0]
            job.failed, job.until, job.pending = True, turn.now() + LOOK_AGAIN, []
            job.noted -= {mail.number for mail in mails}
            continue
        for job, written in some:
            job.know(made[: len(written)])
            job.noted -= {mail.number for mail in written}
            made = made[len(written) :]


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


async def _step(turn: _Turn, job: _Job, mail: Mail, going: Mapping[tuple[int, int], tuple[Mail, str, Facts]]) -> None:
    """The next step of one mail; raises Unavailable where nobody can say what became of it."""
    at, gone = turn.now(), going.get((id(job), mail.number))
    if mail.state is MailState.PLANNED:
        if gone:
            job.pending.remove(mail.number)
            await _ended(turn, job, await _hand_over(turn, job, job.mails[mail.number], *gone[1:]))
        return
    job.pending.remove(mail.number)
    try:
        answer = await turn.ports.mailer.status(mail.operation_id)
    except Unavailable:
        await _ended(turn, job, mail)
        return
    if answer.outcome is not Sending.MISSING or mail.state is not MailState.SENDING:
        await _ended(turn, job, await _followed(turn, job, mail, answer))
        return
    case = await turn.case(job)
    to, first = address_of(mail, case.facts), mail.first_sent or at
    facts = await facts_of(ports=turn.ports, case=case, mail=mail)
    if to is not None and not outdated(mail, facts) and at - first < REPEATABLE_FOR:
        await _ended(turn, job, await _hand_over(turn, job, mail, to, facts))
        return
    await _ended(turn, job, job.put(mail.ended(MailState.UNKNOWN, at, "noAnswer")))


async def _ended(turn: _Turn, job: _Job, mail: Mail) -> None:
    """What follows from a step: the next contact, or another look."""
    measure(mail, turn.now() - job.dispatch.at)
    if mail.is_refused:
        job.pending += await _plan_next(turn, job)
    elif mail.is_under_way:
        looked = LOOK_AGAIN if turn.now() - (mail.first_sent or mail.at) < LOOK_LATER else LOOK_LATER
        job.until = min(job.until or turn.now() + looked, turn.now() + looked)


async def _hand_over(turn: _Turn, job: _Job, mail: Mail, to: str, facts: Facts) -> Mail:
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
        await turn.quota.hold(turn.now(), waits)
        turn.end(waits)
        await turn.ports.mails.forget_origin(mail.operation_id)
        return job.put(replace(mail, state=MailState.PLANNED, operation_id="", first_sent=None))
    return await _followed(turn, job, mail, answer)


async def _followed(turn: _Turn, job: _Job, mail: Mail, answer: MailAnswer) -> Mail:
    """The mail as the service's answer leaves it."""
    at = turn.now()
    match answer.outcome:
        case Sending.DELIVERED:
            return job.put(mail.ended(MailState.DELIVERED, at))
        case Sending.FAILED | Sending.REFUSED:
            told = (answer.problem or "").casefold()
            if any(word in told for word in ADDRESS_PROBLEMS):
                if mail.to == CUSTOMER:
                    await remember_bounce(ports=turn.ports, partner_id=turn.partner_id, lead_id=mail.subject)
                else:
                    await turn.ports.preferences.add_unwanted(turn.partner_id, mail.to, BOUNCED)
                    turn.wishes = None
            await turn.ports.mails.forget_origin(mail.operation_id)
            return job.put(mail.ended(MailState.FAILED, at, answer.problem))
        case _ if at - (mail.first_sent or at) >= FOLLOWED_FOR:
            return job.put(mail.ended(MailState.UNKNOWN, at, "noEnd"))
    if mail.state is MailState.SENDING:
        return job.put(replace(mail, state=MailState.ACCEPTED, at=at))
    return mail


def _operation(partner_id: str, mail: Mail) -> str:
    """The id under which the service knows a repeat of this mail; a new one once it has said that it takes it later."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{partner_id}|{mail.subject}|{mail.sequence}|{mail.number}|{mail.at}"))
