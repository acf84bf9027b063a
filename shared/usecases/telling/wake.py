"""What a message begins: a partner's events are told, a lane is worked on (design.md, How an event is told).

Messages only say where to look. Whatever becomes of them, the agenda's hints are there until the work is done, and the
timers find them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from shared.domain.agenda import Hint
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.telling.lane_turn import LaneId, Now
from shared.usecases.telling.lane_work import Worked, work_on_lane
from shared.usecases.telling.mail_quota import MailQuota
from shared.usecases.telling.publish import Published, Relay

LANES_OF_ONE, LANES_AT_ONCE = 16, 64
"""Lanes of one partner that an instance works on side by side; and lanes of all, past which a partner has one."""
WAITING_OF_ONE, WAITING_AT_ONCE = 8, 64
"""Messages of one partner, and of all, that wait here for a place; more go back to the queue for a while."""
PAUSE_FIRST, PAUSE_MOST = timedelta(seconds=1), timedelta(seconds=8)
"""When a message comes again whose lane could not be worked on, the longer the more often."""
TRIES_MAX = 3
"""So often for a lane that another instance has: it finds what has come meanwhile, or a timer does."""
ROUNDS_MAX = 10
"""Turns on a lane one after the other, before others of the instance have theirs."""


class Desk:
    """Who is at work on this instance: one worker a lane and one relay a partner; and no partner takes all places."""

    def __init__(self) -> None:
        self._lanes: dict[LaneId, set[Hint]] = {}
        self._partners: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._freed = asyncio.Event()
        self._relays: dict[str, bool] = {}

    def has_place(self, partner_id: str) -> bool:
        """False while the partner has its share of the places."""
        mine = self._partners[partner_id]
        return mine == 0 or (mine < LANES_OF_ONE and self._partners.total() < LANES_AT_ONCE)

    async def find_place(self, partner_id: str) -> bool:
        """Wait until the partner has a place, which is to be taken at once; False where too many wait already."""
        if self.has_place(partner_id):
            return True
        if self._waiting[partner_id] >= WAITING_OF_ONE or self._waiting.total() >= WAITING_AT_ONCE:
            return False
        self._waiting[partner_id] += 1
        try:
            while not self.has_place(partner_id):
                await self._freed.wait()
        finally:
            self._waiting[partner_id] -= 1
            if not self._waiting[partner_id]:
                del self._waiting[partner_id]
        return True

    def left_to_another(self, lane: LaneId, hint: Hint) -> bool:
        """True where the lane is being worked on: whoever does hears of the hint."""
        if lane not in self._lanes:
            return False
        self._lanes[lane].add(hint)
        return True

    @contextmanager
    def lane(self, lane: LaneId) -> Iterator[set[Hint]]:
        """Work on a lane; the hints that come meanwhile."""
        partner_id, _ = lane
        came = self._lanes[lane] = set()
        self._partners[partner_id] += 1
        try:
            yield came
        finally:
            del self._lanes[lane]
            self._partners[partner_id] -= 1
            if not self._partners[partner_id]:
                del self._partners[partner_id]
            # Whoever waits now looks again; whoever comes to wait waits for the next.
            self._freed.set()
            self._freed = asyncio.Event()

    @contextmanager
    def relay(self, partner_id: str) -> Iterator[bool]:
        """Take a partner's events; False where that is done already, and then it is done once more."""
        if partner_id in self._relays:
            self._relays[partner_id] = True
            yield False
            return
        self._relays[partner_id] = False
        try:
            yield True
        finally:
            del self._relays[partner_id]

    def came_again(self, partner_id: str) -> bool:
        """True once for whoever takes the partner's events, when there may be more since."""
        came, self._relays[partner_id] = self._relays[partner_id], False
        return came


async def tell_partner(*, ports: Ports, desk: Desk, partner_id: str, now: Now, budget: Budget) -> Published:
    """Take the partner's events, and wake the lanes in which something waits for it. Raises Unavailable."""
    done = Published()
    with desk.relay(partner_id) as mine:
        while mine:
            relay = Relay(ports, budget)
            try:
                taken = await relay.of(partner_id, now())
            except Exception:
                # What was taken before is not found again: its lanes are woken now.
                for hint in relay.done.lanes:
                    ports.wakeups.lane(hint)
                raise
            # A run in between may have found a lane empty and taken the hint away: now it is there again.
            lanes = list(dict.fromkeys(taken.lanes))
            await ports.agenda.change(lanes, taken.spent)
            for hint in lanes:
                ports.wakeups.lane(hint)
            done.events += taken.events
            done.lanes += lanes
            done.unfinished = taken.unfinished
            if not desk.came_again(partner_id):
                break
    if done.unfinished:
        ports.wakeups.partner(partner_id)
    return done


async def tell_lane(*, ports: Ports, desk: Desk, hint: Hint, now: Now, tries: int = 0) -> None:
    """Work on the lane of a hint. Raises Unavailable.

    Where the partner has its share of the places, it waits for one; where too many wait already, or another instance
    has the lane, the message comes again in a while.
    """
    lane = hint.partner_id, hint.subject
    if desk.left_to_another(lane, hint):
        return
    if not await desk.find_place(hint.partner_id):
        ports.wakeups.lane(hint, _pause(tries), tries + 1)
        return
    # Somebody may have begun meanwhile.
    if desk.left_to_another(lane, hint):
        return
    with desk.lane(lane) as came:
        came.add(hint)
        try:
            for _ in range(ROUNDS_MAX):
                hints = [DueHint(known) for known in came]
                came.clear()
                worked = await work_on_lane(ports=ports, hints=hints, now=now, quota=MailQuota(ports))
                if _must_wait(worked):
                    if tries < TRIES_MAX:
                        ports.wakeups.lane(hint, _pause(tries), tries + 1)
                    return
                await _note(ports, worked, now)
                if not came:
                    return
        finally:
            # Those messages ended when they were handed over.
            for known in came:
                ports.wakeups.lane(known, PAUSE_FIRST)


def _must_wait(worked: Worked) -> bool:
    """True where the turn could not be had or failed: its hints stay, since whoever has the lane may die over it."""
    return worked.failed or (worked.closed is not None and worked.closed.is_leased)


async def _note(ports: Ports, worked: Worked, now: Now) -> None:
    """Leave to the agenda what came of a turn."""
    following = worked.following
    await ports.agenda.change([following] if following else [], worked.spent)
    if following and not worked.is_said:
        ports.wakeups.lane(following, following.due - now())


def _pause(tries: int) -> timedelta:
    pause: timedelta = PAUSE_FIRST * 2 ** min(tries, 10)
    return min(pause, PAUSE_MOST)
