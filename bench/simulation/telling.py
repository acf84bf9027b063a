"""What both ways of telling share: who has which events, what a relay and a lane's turn cost, what was told when.

An event is told when its call of a receiver that works, or of the mail service, has been answered; what others' dead
receivers cost is worked for but has no lag. The mail service's quota holds nothing up here: see parts.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from bench.simulation.arrivals import Arrival, Load
from bench.simulation.demand import Sizes, kind_of_webhook
from bench.simulation.parameters import Parameters
from bench.simulation.queueing import Clock

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


def lane_limit(p: Parameters) -> float:
    """Events a second that one webhook takes at most: so many side by side, each read and sent."""
    return p.calls_at_once / (p.round_trip + p.reply_seconds)


class Stage:
    """What both ways share: who has which events, what a partner's relay and a lane's turn cost, what was told."""

    def __init__(self, p: Parameters, sizes: Sizes, load: Load) -> None:
        self.p, self.told, self.clock = p, Told(load.seconds), Clock()
        self._kinds = [kind_of_webhook(p, rank) for rank in range(len(sizes.shares))]
        self.pending: dict[int, list[Arrival]] = {}
        self.lanes: dict[Lane, deque[Arrival]] = {}
        # A lane that does not keep up by itself says nothing about the others (see year).
        crowd = CROWDED * lane_limit(p) * load.seconds / max(len(load.events), 1)
        self._crowded = sum(share > crowd for share in sizes.shares)
        self._outstanding = 0

    def run(self, load: Load, announced: Callable[[int], None], retried: Callable[[str], None]) -> Told:
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
