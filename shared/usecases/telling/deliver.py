"""Works on destinations: each has a lane that one worker holds at a time (W2, W3; design.md, How an event is told).

A run goes on as long as something is due. Lanes are worked on side by side, and whoever is slow keeps only its own.
"""

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.agenda import Hint, HintKind
from shared.domain.telling.dispatch import MAIL_FIRST, MAIL_LATER
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.ports.telling import StoredWebhook
from shared.usecases.telling.lane_turn import LaneId, Now
from shared.usecases.telling.lane_work import work_on_lane
from shared.usecases.telling.mail_quota import MailQuota
from shared.usecases.telling.publish import Published, Relay

LANES_AT_ONCE, LANES_MOST = 64, 192
"""Lanes that are worked on side by side; a partner with none under way has one past the first number, too."""
HINTS_AT_ONCE = 1_000
LOOK_AGAIN_SECONDS = 0.5
"""How often a run looks for new work while lanes are under way."""


@dataclass
class Run:
    """What a run did: events published, lanes worked on, failures, and whether work is left."""

    events: int = 0
    lanes: int = 0
    failed: int = 0
    unfinished: bool = False

    def add(self, published: Published) -> None:
        """Count what the relay did."""
        self.events += published.events
        self.failed += published.failed
        self.unfinished = published.unfinished


async def deliver_events(*, ports: Ports, now: Now, budget: Budget, patience: timedelta = timedelta()) -> Run:
    """Publish what was committed and send what is due, until nothing is; raises Unavailable.

    What has been due for less than `patience` is left to messages, which are faster.
    """
    return await _Deliveries(ports, now, budget, patience).run()


class _Deliveries:
    """One run. It looks at the agenda, works on what it knows of, and writes to the agenda what has come of it.

    It looks again while lanes are under way, for what is new, and once something may be due that it does not know of.
    """

    def __init__(self, ports: Ports, now: Now, budget: Budget, patience: timedelta) -> None:
        self._ports, self._now, self._budget, self._patience = ports, now, budget, patience
        self._done, self._quota = Run(), MailQuota(ports)
        self._waiting: dict[LaneId, list[DueHint]] = {}
        self._under_way: dict[LaneId, asyncio.Task[None]] = {}
        self._hints: dict[LaneId, set[Hint]] = {}
        self._hooks: dict[LaneId, StoredWebhook] = {}
        self._put: list[Hint] = []
        self._remove: list[Hint] = []
        self._unsaid: list[Hint] = []
        self._more, self._full = True, False
        self._began_look = self._ended_look = 0.0

    async def run(self) -> Run:
        """Until nothing is due that the budget allows."""
        try:
            while True:
                if self._more or self._since(self._ended_look) >= LOOK_AGAIN_SECONDS:
                    await self._look()
                self._begin()
                if self._under_way:
                    await self._wait()
                    continue
                await self._write()
                if not self._more:
                    self._done.unfinished = self._done.unfinished or bool(self._waiting)
                    return self._done
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _since(self, moment: float) -> float:
        return asyncio.get_running_loop().time() - moment

    async def _look(self) -> None:
        """Publish what was committed, and know which lanes are due."""
        # What was worked on goes first, or it would be found again.
        await self._write()
        self._more, self._began_look = False, self._since(0)
        at = self._now()
        until = at - self._patience
        page = await self._ports.agenda.due_to_tell(until, HINTS_AT_ONCE)
        events = [late for late in page if late.hint.kind is HintKind.PUBLISH]
        self._full = len(page) >= HINTS_AT_ONCE
        if self._full:
            # However many lanes are due, they hide no event.
            events = await self._ports.agenda.due(HintKind.PUBLISH, until, HINTS_AT_ONCE)
        relay = Relay(self._ports, self._budget)
        await relay.take(events, at)
        self._done.add(relay.done)
        self._remove += relay.done.spent
        self._hooks = {
            (partner_id, stored.webhook.id): stored
            for partner_id, wishes in relay.done.wishes.items()
            for stored in wishes.webhooks
        }
        # Whatever leaves the page lets others in.
        self._more = self._full and bool(relay.done.spent or relay.done.failed)
        self._waiting = {}
        due = {late.hint: late for late in map(DueHint, relay.done.lanes)}
        due |= {late.hint: late for late in page if late.hint.kind is HintKind.DELIVER}
        for late in sorted(due.values(), key=lambda late: (late.hint.due, late.hint.partner_id, late.hint.subject)):
            key = late.hint.partner_id, late.hint.subject
            if late.hint not in self._hints.get(key, ()):
                self._waiting.setdefault(key, []).append(late)
        self._ended_look = self._since(0)

    def _begin(self) -> None:
        """Work on the lanes that wait, as many as may be."""
        free = [
            (partner_id, destination)
            for partner_id, destination in self._waiting
            if (partner_id, destination) not in self._under_way
            # Bulk mail would find that others go first.
            and not (destination == MAIL_LATER and self._is_known((partner_id, MAIL_FIRST)))
        ]
        for key in fairly(free, self._under_way):
            if self._budget.allows(self._done.lanes):
                hints = self._waiting.pop(key)
                self._hints[key] = {late.hint for late in hints}
                self._under_way[key] = asyncio.create_task(self._lane(hints))
                self._done.lanes += 1
                self._more = self._more or self._full

    def _is_known(self, key: LaneId) -> bool:
        return key in self._waiting or key in self._under_way

    async def _wait(self) -> None:
        """Until a lane has ended, or it is time to look again."""
        left = max(LOOK_AGAIN_SECONDS - self._since(self._ended_look), 0)
        ended, _ = await asyncio.wait(self._under_way.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for key in [key for key, task in self._under_way.items() if task in ended]:
            del self._under_way[key], self._hints[key]

    async def _write(self) -> None:
        """Write when to look again, then take the hints away, all in one request."""
        put, remove, unsaid = self._put, self._remove, self._unsaid
        self._put, self._remove, self._unsaid = [], [], []
        await self._ports.agenda.change(put, remove)
        for hint in unsaid:
            self._ports.wakeups.lane(hint, hint.due - self._now())

    async def _lane(self, hints: Sequence[DueHint]) -> None:
        """Work on one lane, then say when to look again, and that its hints may go."""
        hint = hints[0].hint
        # As the relay has just read it; once, since the turn itself may change it.
        hook = self._hooks.pop((hint.partner_id, hint.subject), None)
        is_fresh = self._since(self._began_look) < LOOK_AGAIN_SECONDS
        worked = await work_on_lane(
            ports=self._ports, hints=hints, now=self._now, quota=self._quota, hook=hook if is_fresh else None
        )
        self._done.failed += worked.failed
        if worked.following:
            self._put.append(worked.following)
            self._unsaid += [] if worked.is_said else [worked.following]
            self._more = self._more or worked.following.due <= self._now()
        self._remove += worked.spent


def fairly(waiting: Sequence[LaneId], under_way: Iterable[LaneId]) -> list[LaneId]:
    """Which lanes are begun: those of whoever has the fewest, oldest first; nobody's dead receivers take all."""
    busy = Counter(partner for partner, _ in under_way)
    by_partner: dict[str, deque[LaneId]] = {}
    for lane in waiting:
        by_partner.setdefault(lane[0], deque()).append(lane)
    turns = [(busy[partner], number, partner) for number, partner in enumerate(by_partner)]
    heapq.heapify(turns)
    chosen: list[LaneId] = []
    running = busy.total()
    while turns:
        mine, number, partner = heapq.heappop(turns)
        if running >= (LANES_MOST if mine == 0 else LANES_AT_ONCE):
            break
        chosen.append(by_partner[partner].popleft())
        running += 1
        if by_partner[partner]:
            heapq.heappush(turns, (mine + 1, number, partner))
    return chosen
