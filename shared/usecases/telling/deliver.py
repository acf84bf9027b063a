"""Works on destinations: each has a lane that one worker holds at a time (W2, W3; design.md, How an event is told).

A run goes on as long as something is due. Lanes are worked on side by side, and whoever is slow keeps only its own.
"""

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shared import telemetry
from shared.domain.agenda import Hint, HintKind
from shared.domain.telling.dispatch import MAIL_FIRST, MAIL_LATER, deliver_hint
from shared.ports.agenda import DueHint
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.agenda import put_off
from shared.usecases.telling.deliver_mail import deliver_mail
from shared.usecases.telling.deliver_webhook import deliver_webhook
from shared.usecases.telling.lane_turn import Now
from shared.usecases.telling.mail_quota import MailQuota
from shared.usecases.telling.publish import Published, publish_events

LANES_AT_ONCE, LANES_MOST = 64, 192
"""Lanes that are worked on side by side; a partner with none under way has one past the first number, too."""
HINTS_AT_ONCE = 1_000
LOOK_AGAIN_SECONDS = 0.5
"""How often a run looks for new work while lanes are under way."""


LaneId = tuple[str, str]
"""A partner and a destination."""


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


async def deliver_events(*, ports: Ports, now: Now, budget: Budget) -> Run:
    """Publish what was committed and send what is due, until nothing is; raises Unavailable."""
    done, quota = Run(), MailQuota(ports)
    under_way: dict[LaneId, asyncio.Task[None]] = {}
    try:
        while True:
            done.add(await publish_events(ports=ports, at=now(), budget=budget))
            by_lane: dict[LaneId, list[DueHint]] = {}
            for late in await ports.agenda.due(HintKind.DELIVER, now(), HINTS_AT_ONCE):
                by_lane.setdefault((late.hint.partner_id, late.hint.subject), []).append(late)
            for key in fairly([key for key in by_lane if key not in under_way], under_way):
                if budget.allows(done.lanes):
                    under_way[key] = asyncio.create_task(_lane(ports, by_lane[key], now, done, quota))
                    done.lanes += 1
            if not under_way:
                done.unfinished = done.unfinished or bool(by_lane)
                return done
            ended, _ = await asyncio.wait(
                under_way.values(), timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            under_way = {key: task for key, task in under_way.items() if task not in ended}
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


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


async def _lane(ports: Ports, hints: Sequence[DueHint], now: Now, done: Run, quota: MailQuota) -> None:
    """Work on one lane, then write when to look again, then take the hints away."""
    hint = hints[0].hint
    partner_id, destination = hint.partner_id, hint.subject
    lane: dict[str, Any] = {"ports": ports, "partner_id": partner_id, "destination": destination, "now": now}
    try:
        with telemetry.span("work on lane", partner=partner_id, destination=destination):
            if destination in (MAIL_FIRST, MAIL_LATER):
                following = await deliver_mail(**lane, quota=quota)
            else:
                following = await deliver_webhook(**lane)
        if following:
            await ports.agenda.put([_not_among(hints, deliver_hint(partner_id, destination, following))])
        await ports.agenda.remove([late.hint for late in hints])
    except Exception as problem:  # noqa: BLE001 - what is wrong with one destination holds up no other
        done.failed += 1
        for late in hints:
            await put_off(ports, late, problem, now())


def _not_among(hints: Sequence[DueHint], following: Hint) -> Hint:
    """The hint at a time that none of those has: they go after it is written."""
    due = following.due
    taken = {late.hint.due for late in hints}
    while due in taken:
        due += timedelta(milliseconds=1)
    return replace(following, due=due)
