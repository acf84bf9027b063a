"""Both ways of telling, event by event, at a steady rate: a timer's run on one instance, and queues.

An event is told when its call of a receiver that works, or of the mail service, has been answered; what others' dead
receivers cost is worked for but has no lag. The mail service's quota holds nothing up here: see parts.
"""

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from bench.simulation.demand import Sizes, kind_of_webhook, retries
from bench.simulation.parameters import Parameters
from bench.simulation.queueing import Clock, Group, Instance, Work

CROWDED = 0.95
"""A partner whose webhook is so busy does not keep up, and is not among those whose lags are noted."""
Lane = tuple[int, str]
"""A partner's rank, and what its lane leads to: `works`, `fails`, `hangs` or `mail`."""


@dataclass
class Told:
    """What telling did in so many seconds; `left` is what was not told at their end, `halfway` at their half."""

    seconds: float
    came: int = 0
    lags: list[float] = field(default_factory=list)
    halfway: int = 0
    left: int = 0
    requests: float = 0.0
    tell_messages: int = 0
    lane_messages: int = 0
    agenda: float = 0.0
    executions: float = 0.0
    billed: float = 0.0
    relay_cpu: float = 0.0
    lane_cpu: float = 0.0
    turns: int = 0

    @property
    def keeps_up(self) -> bool:
        """False where what is left grows; a hundredth of what came may be there by chance."""
        return self.left <= self.halfway + 0.02 * self.came + 50

    def a_second(self, what: str) -> float:
        """A quantity's rate."""
        return float(getattr(self, what)) / self.seconds


class Arrival(NamedTuple):
    """An event: when, whose, and whether it is mailed."""

    time: float
    partner: int
    mailed: bool


@dataclass(frozen=True)
class Load:
    """Events in the order of their times, and the turns of lanes whose receivers fail or hang, for so many seconds."""

    seconds: float
    events: list[Arrival]
    retries: list[tuple[float, str]]

    @classmethod
    def steady(cls, p: Parameters, sizes: Sizes, rate: float, seconds: float, *, timed: float, new: float) -> "Load":
        """A rate of events a second, of which a share is `timed` and comes in the timer's runs; `new` are new leads."""
        return cls.minutes(p, sizes, [rate] * round(seconds / 60), timed=timed, new=new)

    @classmethod
    def minutes(cls, p: Parameters, sizes: Sizes, rates: list[float], *, timed: float, new: float) -> "Load":
        """The same, of rates that change by the minute."""
        chance = random.Random(p.seed)
        seconds, mean = 60.0 * len(rates), sum(rates) / len(rates)
        times: list[float] = []
        for minute, rate in enumerate(rates):
            at = 60.0 * minute
            while rate and (at := at + chance.expovariate(rate * (1 - timed))) < 60.0 * (minute + 1):
                times.append(at)
        run = p.deadline_seconds * chance.random() - p.deadline_seconds
        while run < seconds:
            # What fell due since the last run is recorded one after the other.
            due = len(_times(chance, mean * timed * p.deadline_seconds, 1.0))
            times += [at for n in range(due) if 0 <= (at := run + n / p.deadline_rate) < seconds]
            run += p.deadline_seconds
        events = [cls._event(p, sizes, mean, new, chance, time) for time in sorted(times)]
        retried = [
            (at, kind) for kind in ("fails", "hangs") for at in _times(chance, retries(p, sizes, mean, kind), seconds)
        ]
        return cls(seconds, events, sorted(retried))

    @staticmethod
    def _event(p: Parameters, sizes: Sizes, rate: float, new: float, chance: random.Random, time: float) -> Arrival:
        partner = sizes.pick(chance.random())
        mailed = new * p.mailed
        # After so many a day there is one digest.
        if (a_day := rate * 86_400 * sizes.shares[partner] * mailed) > p.digest_threshold:
            mailed *= p.digest_threshold / a_day
        return Arrival(time, partner, chance.random() < mailed)


def _times(chance: random.Random, rate: float, seconds: float) -> list[float]:
    found, at = [], 0.0
    while rate and (at := at + chance.expovariate(rate)) < seconds:
        found.append(at)
    return found


def lane_limit(p: Parameters) -> float:
    """Events a second that one webhook takes at most: so many side by side, each read and sent."""
    return p.calls_at_once / (p.round_trip + p.reply_seconds)


class Stage:
    """What both ways share: who has which events, what a partner's relay and a lane's turn cost, what was told."""

    def __init__(self, p: Parameters, sizes: Sizes, load: "Load") -> None:
        self.p, self.told, self.clock = p, Told(load.seconds), Clock()
        self._kinds = [kind_of_webhook(p, rank) for rank in range(len(sizes.shares))]
        self.pending: dict[int, list[Arrival]] = {}
        self.lanes: dict[Lane, deque[Arrival]] = {}
        # A lane that does not keep up by itself says nothing about the others (see year).
        crowd = CROWDED * lane_limit(p) * load.seconds / max(len(load.events), 1)
        self._crowded = sum(share > crowd for share in sizes.shares)
        self._outstanding = 0

    def run(self, load: "Load", announced: Callable[[int], None], retried: Callable[[str], None]) -> Told:
        """Let all of it come, and whoever tells work; `announced` and `retried` hear of what came."""

        def arrive(number: int) -> None:
            event = load.events[number]
            self.pending.setdefault(event.partner, []).append(event)
            self.told.came += 1
            self._outstanding += event.partner >= self._crowded
            announced(event.partner)
            if number + 1 < len(load.events):
                self.clock.at(load.events[number + 1].time, lambda: arrive(number + 1))

        if load.events:
            self.clock.at(load.events[0].time, lambda: arrive(0))
        for time, kind in load.retries:
            self.clock.at(time, partial(retried, kind))
        self.clock.run(load.seconds / 2)
        self.told.halfway = self._outstanding
        self.clock.run(load.seconds)
        self.told.left = self._outstanding
        return self.told

    def relay(self, partner: int) -> tuple[float, int, list[Lane]]:
        """Take a partner's events: seconds of CPU, round trips, and the lanes in which something waits now."""
        p, told = self.p, self.told
        events = self.pending.pop(partner)
        further = -(-len(events) // p.relay_together) - 1
        trips = p.relay_trips + further * (p.relay_trips - 1)
        told.requests += p.relay_requests + further * (p.relay_requests - 1)
        told.agenda += p.relay_agenda * (1 + further) + p.relay_event_agenda * len(events)
        kind = self._kinds[partner]
        woken: list[Lane] = []
        for lane, waiting in (
            ((partner, kind), events if kind != "none" else []),
            ((partner, "mail"), [event for event in events if event.mailed]),
        ):
            if waiting:
                self.lanes.setdefault(lane, deque()).extend(waiting)
                woken.append(lane)
        if kind != "works" and partner >= self._crowded:
            self._outstanding -= sum(not event.mailed for event in events)
        return p.relay_cpu * (1 + further) + p.relay_event_cpu * len(events), trips, woken

    def turn(self, lane: Lane) -> "Turn":
        """A turn on a lane, with what waits in it now, up to what a turn has time for.

        A lane whose receiver fails is left alone when events come, and has turns of its own (`retry`).
        """
        p, told, (_, kind) = self.p, self.told, lane
        told.turns += 1
        told.agenda += p.lane_agenda
        if kind not in ("mail", "works"):
            self.lanes.pop(lane, None)
            told.requests += 1
            return Turn(lane, [], 1, p.lane_cpu / 2, p.round_trip, 0.0)
        is_mail = kind == "mail"
        together = p.mails_at_once if is_mail else p.calls_at_once
        each = p.mail_reply_seconds if is_mail else p.round_trip + p.reply_seconds
        waiting = self.lanes.get(lane, deque())
        events = [waiting.popleft() for _ in range(min(len(waiting), together * math.ceil(p.turn_seconds / each)))]
        if not waiting:
            self.lanes.pop(lane, None)
        if is_mail:
            told.requests += p.mail_requests + p.mail_event_requests * len(events) + p.follow_requests
            cpu = p.mail_cpu + (p.mail_event_cpu + p.call_cpu) * len(events)
        else:
            told.requests += p.lane_requests + p.lane_event_requests * len(events)
            cpu = p.lane_cpu + (p.lane_event_cpu + p.call_cpu) * len(events)
        trips = p.mail_trips if is_mail else p.lane_trips
        wait = trips * p.round_trip + -(-len(events) // together) * each
        return Turn(lane, events, together, cpu, wait, each)

    def retry(self, kind: str) -> "Turn":
        """A turn on a lane whose receiver fails or hangs: as many calls as go side by side."""
        p, told = self.p, self.told
        told.turns += 1
        told.agenda += p.lane_agenda
        told.requests += p.lane_requests + p.lane_event_requests * p.calls_at_once
        reply = p.hang_seconds if kind == "hangs" else p.reply_seconds
        cpu = p.lane_cpu + (p.lane_event_cpu + p.call_cpu) * p.calls_at_once
        return Turn((-1, kind), [], 1, cpu, (p.lane_trips + 1) * p.round_trip + reply, 0.0)

    def ended(self, turn: "Turn") -> bool:
        """A turn is over; True when more waits. Whoever has both is told by webhook; the mail is a second copy."""
        partner, kind = turn.lane
        is_first = kind == "works" or (kind == "mail" and self._kinds[partner] != "works")
        if is_first and partner >= self._crowded:
            rounds = -(-len(turn.events) // turn.together)
            for number, event in enumerate(turn.events):
                told = self.clock.now - (rounds - 1 - number // turn.together) * turn.each
                self.told.lags.append(told - event.time)
            self._outstanding -= len(turn.events)
        return turn.lane in self.lanes


class Turn(NamedTuple):
    """A turn on a lane: what it tells, so many `together` and `each` round so long; CPU, and waiting beside it."""

    lane: Lane
    events: list[Arrival]
    together: int
    cpu: float
    wait: float
    each: float


class _Run:
    """A timer's runs on one instance (`shared/usecases/telling/deliver.py`).

    A look relays one partner after another, and lanes begin when it is over; a run looks again while lanes are under
    way, and ends when none is, or at its budget.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._p, self._clock = stage, stage.p, stage.clock
        self.instance = Instance()
        self._waiting: deque[Lane] = deque()
        self._retries: deque[str] = deque()
        self._under_way = self._handled = self._relays = 0
        self._busy: set[Lane] = set()
        self._running = self._looking = self._asked = False
        self._began = 0.0

    def tick(self) -> None:
        """The timer fires."""
        self._running, self._began, self._handled = True, self._clock.now, 0
        self._look()

    def retried(self, kind: str) -> None:
        """A lane whose receiver fails is due."""
        self._retries.append(kind)

    def stop(self, now: float) -> None:
        """Bill the run under way."""
        if self._running:
            self._over(now)

    def _over(self, now: float) -> None:
        self._running = False
        self.instance.bill(self._began, now, self._p.least_billed, self._p.billed_step)
        self._stage.told.executions += 1

    def _is_spent(self) -> bool:
        return self._clock.now - self._began >= self._p.run_seconds or self._handled >= self._p.run_rows

    def _look(self) -> None:
        self._asked, self._looking = False, True
        stage, p = self._stage, self._p
        page: deque[int] = deque()
        hints = 0
        for partner, events in stage.pending.items():
            if hints >= p.hints_at_once:
                break
            page.append(partner)
            hints += len(events)
        stage.told.requests += p.look_requests if page else 1
        ready = self.instance.compute(self._clock.now, p.look_cpu) + 2 * p.round_trip
        stage.told.relay_cpu += p.look_cpu
        self._relays = p.relays_at_once
        for _ in range(p.relays_at_once):
            self._clock.at(ready, lambda: self._relay(page, hints >= p.hints_at_once))

    def _relay(self, page: deque[int], more: bool) -> None:
        """The next partner of a look."""
        if not page or self._is_spent():
            self._relays -= 1
            if not self._relays:
                self._looked(more)
            return
        partner, stage = page.popleft(), self._stage
        self._handled += len(stage.pending[partner])
        cpu, trips, woken = stage.relay(partner)
        stage.told.relay_cpu += cpu
        self._waiting.extend(woken)
        ready = self.instance.compute(self._clock.now, cpu) + trips * self._p.round_trip
        self._clock.at(ready, lambda: self._relay(page, more))

    def _looked(self, more: bool) -> None:
        self._looking = False
        self._begin()
        if more and not self._is_spent():
            self._look()
        elif self._under_way:
            self._asked = True
            self._clock.at(self._clock.now + self._p.look_again_seconds, self._again)
        else:
            self._go_on()

    def _again(self) -> None:
        self._asked = False
        self._go_on()

    def _go_on(self) -> None:
        """Look again, wait for lanes, or end the run."""
        if self._looking or not self._running:
            return
        if self._under_way:
            if not self._asked and not self._is_spent():
                self._look()
            return
        if self._asked and not self._is_spent():
            # Nothing is under way: the run ends, and the look with it.
            self._asked = False
        self._over(self._clock.now)
        period = self._p.timer_seconds
        self._clock.at(max(math.ceil(round(self._clock.now / period, 6)) * period, self._began + period), self.tick)

    def _begin(self) -> None:
        """Work on lanes, as many as may be side by side."""
        blocked: list[Lane] = []
        while (self._waiting or self._retries) and self._under_way < self._p.lanes_most and not self._is_spent():
            if not self._waiting:
                self._lane(self._stage.retry(self._retries.popleft()))
            elif (lane := self._waiting.popleft()) in self._busy:
                blocked.append(lane)
            elif lane in self._stage.lanes:
                self._busy.add(lane)
                self._lane(self._stage.turn(lane))
        self._waiting.extendleft(reversed(blocked))

    def _lane(self, turn: Turn) -> None:
        self._under_way += 1
        self._stage.told.lane_cpu += turn.cpu
        self._clock.at(self.instance.compute(self._clock.now, turn.cpu) + turn.wait, lambda: self._ended(turn))

    def _ended(self, turn: Turn) -> None:
        self._under_way -= 1
        self._busy.discard(turn.lane)
        if self._stage.ended(turn):
            self._waiting.append(turn.lane)
        # While it looks, a run begins nothing.
        if not self._looking:
            self._begin()
            if not self._under_way:
                self._go_on()


def by_timer(p: Parameters, sizes: Sizes, load: Load) -> Told:
    """Told by a timer every few seconds, on one instance."""
    stage = Stage(p, sizes, load)
    run = _Run(stage)
    stage.clock.at(0.0, run.tick)
    told = stage.run(load, lambda _: None, run.retried)
    run.stop(load.seconds)
    told.billed = run.instance.billed
    return told


class _Queues:
    """Two queues and their functions' instances."""

    def __init__(self, stage: Stage, *, warm: bool) -> None:
        self._stage, self._p = stage, stage.p
        self._busy: set[Lane] = set()
        self.tell = _group(self._p, stage.clock, self._relay, self._p.tell_instances, warm=warm)
        self.lanes = _group(self._p, stage.clock, self._turn, self._p.lane_instances, warm=warm)

    def scale(self) -> None:
        """Decide, again and again."""
        self.tell.scale()
        self.lanes.scale()
        self._stage.clock.at(self._stage.clock.now + self._p.scale_seconds, self.scale)

    def retried(self, kind: str) -> None:
        """A lane whose receiver fails is due."""
        self.lanes.put((-1, kind))

    def _relay(self, partner: int, _: float) -> Work:
        stage, p = self._stage, self._p
        stage.told.requests += p.message_requests
        if partner not in stage.pending:
            # An earlier message's relay has taken its events.
            stage.told.requests += p.relay_requests / 2
            return Work(p.invoke_cpu + p.relay_cpu / 2, p.relay_trips / 2 * p.round_trip, lambda _: None)
        cpu, trips, woken = stage.relay(partner)

        def wake(_: float) -> None:
            for lane in woken:
                self.lanes.put(lane)

        return Work(p.invoke_cpu + cpu + p.put_cpu * len(woken), trips * p.round_trip, wake)

    def _turn(self, lane: Lane, _: float) -> Work:
        stage, p = self._stage, self._p
        stage.told.requests += p.message_requests
        if lane[0] < 0:
            turn = stage.retry(lane[1])
            return Work(p.invoke_cpu + turn.cpu, turn.wait, lambda _: None)
        if lane in self._busy or lane not in stage.lanes:
            stage.told.requests += p.lane_look_requests
            return Work(p.invoke_cpu, p.round_trip, lambda _: None)
        self._busy.add(lane)
        turn = stage.turn(lane)

        def over(_: float) -> None:
            self._busy.discard(lane)
            if stage.ended(turn):
                self.lanes.put(lane)

        return Work(p.invoke_cpu + turn.cpu, turn.wait, over)


def by_queues(p: Parameters, sizes: Sizes, load: Load, *, warm: bool = False) -> Told:
    """Told by two queues: a message for a partner with new events, then one for each lane with work.

    `warm` begins with as many instances as there may be, where scaling out is not what is asked about.
    """
    stage = Stage(p, sizes, load)
    told, queues = stage.told, _Queues(stage, warm=warm)
    stage.clock.at(p.scale_seconds, queues.scale)
    stage.run(load, queues.tell.put, queues.retried)
    net = load.seconds / p.net_seconds
    told.tell_messages, told.lane_messages = queues.tell.messages, queues.lanes.messages
    told.executions = told.tell_messages + told.lane_messages + net
    told.requests += net
    told.billed = queues.tell.billed + queues.lanes.billed + net * p.least_billed
    told.relay_cpu, told.lane_cpu = queues.tell.worked, queues.lanes.worked
    return told


def _group(p: Parameters, clock: Clock, begin: Callable[..., Work], most: int, *, warm: bool) -> Group[Any]:
    return Group(
        clock,
        begin,
        slots=p.messages_at_once,
        most=most,
        least_billed=p.least_billed,
        billed_step=p.billed_step,
        polls=(p.poll_least_seconds, p.poll_most_seconds),
        step=p.scale_step,
        cold=p.cold_seconds,
        kept=round(p.kept_seconds / p.scale_seconds),
        kept_last=round(p.kept_last_seconds / p.scale_seconds),
        from_zero=p.scale_seconds / 2,
        instances=[Instance() for _ in range(most if warm else 1)],
    )
