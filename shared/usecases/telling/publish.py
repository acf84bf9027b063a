"""The relay: takes a partner's events in their order and writes what follows (design.md, How an event is told).

One transaction deletes the events and writes their consequences, so each happens exactly once, however often a run
breaks off or two run at once: the count of leads (Q6), a row for every destination that is told, the mail day (N2),
what leads have come to (M5), and why an event is not mailed by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared import telemetry
from shared.domain.agenda import Hint, HintKind, Pending
from shared.domain.events import EventType
from shared.domain.lead import Outcome
from shared.domain.measures import Difference, Sums, added
from shared.domain.notify import OPERATOR, PARTNER
from shared.domain.tally import Tally, moved
from shared.domain.telling.dispatch import MAIL_FIRST, MAIL_LATER, Dispatch, deliver_hint
from shared.domain.telling.mail_day import Gathering, MailDay, counted, day_of, next_day
from shared.domain.telling.mails import Mail, MailNotice, MailState, NotMailed
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Webhook
from shared.ports.agenda import DueHint
from shared.ports.errors import LostRace
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.ports.telling import Follows, Wishes, Work
from shared.usecases.agenda import PAGE, put_off

TOGETHER = 90
"""Events read at once; of those as many are taken as go into one transaction with what follows from them."""
ROWS_MAX = 98
"""Of a transaction's hundred: the counts take one."""
MAIL_ROWS_MAX = 4
"""Rows that an event's mail takes: its day, the record that it is not mailed by itself, what waits and what is held."""
EMPTY_AFTER = timedelta(minutes=10)
"""When a hint without an event goes: a timer announces by the time its run began, and a run may last four minutes.

`reconcile` finds what a writer commits that was frozen for longer.
"""
DAYS_NEAR = timedelta(days=2)
"""Mail days that began since are read with the events; an event of long ago has its day looked up."""
ATTEMPTS = 5


@dataclass
class Published:
    """What a relay did: events taken, partners that failed, and whether work is left.

    `lanes` are the hints it has written at what waits now; `spent` are those that nobody needs any more, which go last.
    `wishes` are those of each partner with events, as they were a moment ago.
    """

    events: int = 0
    failed: int = 0
    unfinished: bool = False
    lanes: list[Hint] = field(default_factory=list)
    spent: list[Hint] = field(default_factory=list)
    wishes: dict[str, Wishes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Told:
    """Who is told of a partner's events, and how; its `days` of mail from `days_from` on are those in `days`."""

    preferences: Preferences
    webhooks: tuple[Webhook, ...]
    days_from: str = ""
    days: Mapping[str, MailDay] = field(default_factory=dict)


async def publish_events(*, ports: Ports, at: datetime, budget: Budget) -> Published:
    """Take the events of every partner with a hint due at `at`; raises Unavailable when the agenda is out of reach."""
    relay = Relay(ports, budget)
    while await relay.take(await ports.agenda.due(HintKind.PUBLISH, at, PAGE), at):
        await ports.agenda.remove(relay.done.spent)
        relay.done.spent.clear()
    return relay.done


class Relay:
    """Takes events, page of hints by page of hints; a partner has its turn once, however often its hints are there."""

    def __init__(self, ports: Ports, budget: Budget) -> None:
        self.done = Published()
        self._ports = ports
        self._budget = budget
        self._tried: set[str] = set()
        self._failures: dict[str, Exception] = {}

    async def of(self, partner_id: str, at: datetime) -> Published:
        """Take one partner's events, whatever announces them; raises Unavailable."""
        await self._partner(partner_id, (), at)
        return self.done

    async def take(self, page: Sequence[DueHint], at: datetime) -> bool:
        """Take the events that these hints announce; True when there may be other hints behind them."""
        progress = False
        by_partner: dict[str, list[DueHint]] = {}
        for late in page:
            by_partner.setdefault(late.hint.partner_id, []).append(late)
        for partner_id, hints in by_partner.items():
            # Hints too young to go are there again.
            if partner_id not in self._tried:
                if not self._budget.allows(self.done.events):
                    self.done.unfinished = True
                    return False
                self._tried.add(partner_id)
                progress = True
                try:
                    await self._partner(partner_id, hints, at)
                except Exception as problem:  # noqa: BLE001 - what is wrong with one partner holds up no other
                    self._failures[partner_id] = problem
                    self.done.failed += 1
            if partner_id in self._failures:
                # All of its hints, page by page, or they would stand before everybody else's.
                progress = True
                for late in hints:
                    await put_off(self._ports, late, self._failures[partner_id], at)
        return progress

    async def _partner(self, partner_id: str, hints: Sequence[DueHint], at: datetime) -> None:
        """Take one partner's events, then its hints: the events of one change may stand far apart."""
        taken: list[Hint] = []
        told = await self._who_is_told(partner_id)
        while self._budget.allows(self.done.events):
            events, more = await _take(self._ports, partner_id, told, at, self.done.lanes)
            taken += [hint for event in events for hint in (event.hint, *event.spent)]
            self.done.events += len(events)
            if not more:
                old = [late.hint for late in hints if late.hint.due <= at - EMPTY_AFTER]
                self.done.spent += [*taken, *old]
                return
            if not events:
                break
        self.done.unfinished = True

    async def _who_is_told(self, partner_id: str) -> _Told:
        """The partner's wishes as they are now."""
        wishes = self.done.wishes[partner_id] = await self._ports.preferences.wishes(partner_id)
        return _Told(wishes.preferences or Preferences(), tuple(stored.webhook for stored in wishes.webhooks))


async def _take(
    ports: Ports, partner_id: str, told: _Told, at: datetime, lanes: list[Hint]
) -> tuple[list[Pending], bool]:
    """Take the oldest events with what follows from them; which, and whether there are more.

    The lanes in which something waits now are hinted at, and added to `lanes`.
    """
    for _ in range(ATTEMPTS):
        days_from = (at - DAYS_NEAR).date().isoformat()
        work = await ports.tallies.work(partner_id, days_from, TOGETHER)
        before, (waiting, following) = work.tally, work.events
        if not waiting:
            return [], False
        taken = await _follow(ports, waiting, replace(told, days_from=work.days_from, days=work.days), at)
        taken.sums = await _count(ports, partner_id, taken, work)
        needed = _hints(partner_id, taken.follows, at)
        needed |= {Hint(HintKind.REOFFER, at, partner_id, lead_id) for lead_id in taken.passes}
        await ports.agenda.put(list(needed))
        lanes += [hint for hint in needed if hint.kind is HintKind.DELIVER]
        after = Tally(moved(before.counts, taken.events))
        try:
            await ports.tallies.take(partner_id, taken.events, before, after, taken.follows)
        except LostRace:
            # Another relay was faster, or this one without hearing of it: the events that are left tell.
            continue
        for event in taken.events:
            telemetry.TRANSITIONS.add(1, {"event": event.type})
        return taken.events, following is not None or len(taken.events) < len(waiting)
    # Whoever is so much faster does the work.
    return [], True


@dataclass
class _Taken:
    """Events that fit into one transaction with what follows from them."""

    at: datetime
    events: list[Pending] = field(default_factory=list)
    waits: list[tuple[str, Dispatch]] = field(default_factory=list)
    days: dict[str, MailDay] = field(default_factory=dict)
    held: list[tuple[str, str]] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    counts: dict[str, list[Difference]] = field(default_factory=dict)
    sums: tuple[Sums, ...] = ()
    passes: list[str] = field(default_factory=list)

    @property
    def follows(self) -> Follows:
        return Follows(tuple(self.waits), tuple(self.days.values()), tuple(self.held), tuple(self.mails), self.sums)

    def rows_with(self, event: Pending, webhooks: int) -> int:
        """How many rows are written or deleted where this event is taken, too."""
        days = self.counts.keys() | {one.day for one in event.counts}
        return len(self.events) + 1 + self.follows.rows + webhooks + MAIL_ROWS_MAX + len(days)

    def count(self, event: Pending) -> None:
        """Note what the event makes of sums."""
        for one in event.counts:
            self.counts.setdefault(one.day, []).append(one)

    def wait(self, destination: str, event: Pending) -> None:
        """Let the event itself wait for a destination."""
        dispatch = Dispatch(event.type, event.at, event.lead_id, event.sequence, cause=event.change.cause)
        self.waits.append((destination, dispatch))

    def record(self, event: Pending, notice: MailNotice, why: NotMailed, gathered: str = "") -> None:
        """Say in the lead's history why the event is not mailed by itself."""
        nobody = Mail(notice, event.lead_id, event.sequence, 0, "", "en", "nobody", MailState.SKIPPED, event.at)
        self.mails.append(replace(nobody, problem=why, gathered=gathered))


async def _count(ports: Ports, partner_id: str, taken: _Taken, work: Work) -> tuple[Sums, ...]:
    """The sums of each day that these events count on (M5); those of near days have been read with the events."""
    far = [day for day in taken.counts if day < work.days_from and day not in work.sums]
    there = {**work.sums, **(await ports.tallies.sums(partner_id, far) if far else {})}
    return tuple(added(there.get(day, Sums(day)), counts) for day, counts in taken.counts.items())


async def _follow(ports: Ports, waiting: Sequence[Pending], told: _Told, at: datetime) -> _Taken:
    """What follows from the first of these events, as many as fit."""
    taken = _Taken(at)
    for event in waiting:
        webhooks = [webhook.id for webhook in told.webhooks if webhook.takes(event.type)]
        if taken.events and taken.rows_with(event, len(webhooks)) > ROWS_MAX:
            break
        taken.events.append(event)
        taken.count(event)
        for destination in webhooks:
            taken.wait(destination, event)
        match event.type:
            case EventType.RECEIVED:
                await _mail_new_lead(ports, event, told, taken)
            case EventType.EXPIRES_SOON if event.notify == PARTNER and not event.is_test:
                await _mail_warning(ports, event, told, taken)
            case EventType.DECLINED if ports.rules.reoffer.takes(Outcome.DECLINED) and not event.is_test:
                # Whoever looks for another partner tells the customer who it is, or that there is none (M7).
                taken.passes.append(event.lead_id)
            case EventType.EXPIRED if event.notify == OPERATOR and not event.is_test:
                day = await _open_day(ports, event, told, taken, Gathering.EXPIRED)
                taken.days[day.key], _ = counted(day, 0)
                taken.held.append((day.key, event.lead_id))
                taken.record(event, MailNotice.EXPIRED, NotMailed.DIGEST, day.subject)
            case EventType.EXPIRED | EventType.DECLINED | EventType.PASSED_ON if event.notify and not event.is_test:
                taken.wait(MAIL_LATER, event)
        if event.type == EventType.EXPIRED and ports.rules.reoffer.takes(Outcome.EXPIRED) and not event.is_test:
            taken.passes.append(event.lead_id)
    return taken


async def _mail_new_lead(ports: Ports, event: Pending, told: _Told, taken: _Taken) -> None:
    """Mail a new lead by itself or in the day's digest, where the partner wants mails of its kind (N1, N2)."""
    if event.notify not in told.preferences.mail_kinds:
        taken.record(event, MailNotice.NEW_LEAD, NotMailed.TEST if event.is_test else NotMailed.KIND)
        return
    day = await _open_day(ports, event, told, taken, Gathering.NEW)
    taken.days[day.key], single = counted(day, told.preferences.digest_threshold)
    if single:
        taken.wait(MAIL_FIRST, event)
    else:
        taken.held.append((day.key, event.lead_id))
        taken.record(event, MailNotice.NEW_LEAD, NotMailed.DIGEST, day.subject)


async def _mail_warning(ports: Ports, event: Pending, told: _Told, taken: _Taken) -> None:
    """One mail a day, at the day's first warning: it names whatever expires within two days of the day's end (A1).

    So nobody is warned later than by a mail for each lead. What it could not name yet, a lead that came later, the next
    one of that day does: each warning has the day looked at again.
    """
    if not told.preferences.expiry_mail:
        taken.record(event, MailNotice.EXPIRES_SOON, NotMailed.KIND)
        return
    day = await _open_day(ports, event, told, taken, Gathering.WARNED)
    if all(wait.subject != day.subject for _, wait in taken.waits):
        look = Dispatch(Gathering.WARNED.event, event.at, day.subject, day.total, cause=event.change.cause)
        taken.waits.append((MAIL_LATER, look))
    taken.held.append((day.key, event.lead_id))
    taken.days[day.key] = replace(day, total=day.total + 1, closed=True)
    taken.record(event, MailNotice.EXPIRES_SOON, NotMailed.DIGEST, day.subject)


async def _open_day(ports: Ports, event: Pending, told: _Told, taken: _Taken, gathering: Gathering) -> MailDay:
    """The mail day of an event; where its mail has gone already, or it ended early, the next one."""
    partner = None if told.preferences.time_zone else await ports.partners.known(event.partner_id, taken.at)
    zone = ZoneInfo(told.preferences.time_zone or (partner.time_zone if partner else "UTC"))
    hour = told.preferences.digest_hour
    day = day_of(event.at, zone, hour, gathering)
    while True:
        if day.key in taken.days:
            return taken.days[day.key]
        is_known = day.key in told.days or day.key >= told.days_from
        stored = told.days.get(day.key) if is_known else await ports.mails.day(event.partner_id, day.key)
        if stored is None:
            return day
        over = stored.ends <= event.at if gathering is Gathering.WARNED else stored.closed
        if not over:
            return stored
        day = next_day(stored, zone, hour)


def _hints(partner_id: str, follows: Follows, at: datetime) -> set[Hint]:
    """The hints that must be durable before any of it."""
    lanes = {deliver_hint(partner_id, destination, at) for destination, _ in follows.waits}
    digests = {digest_hint(partner_id, day) for day in follows.days if day.held}
    return lanes | digests


def digest_hint(partner_id: str, day: MailDay) -> Hint:
    """Close this day when it is over."""
    return Hint(HintKind.DIGEST, day.ends, partner_id, day.key)
