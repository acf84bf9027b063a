"""Takes messages as the platform does: each is worked on when its time has come, and comes again where that fails."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from shared.domain.errors import Unavailable
from shared.usecases.exports.run_exports import go_on_with_export
from shared.usecases.telling.wake import Desk, tell_lane, tell_partner
from tests.fakes.ports import FakePorts
from tests.fakes.wakeups import Message
from tests.steps import budget

AGAIN = timedelta(seconds=5)
"""When a message comes again whose work failed."""


@dataclass
class Platform:
    """Works on messages one by one, at their times; some are `lost`, some come twice, by chance."""

    ports: FakePorts
    at: datetime
    desk: Desk = field(default_factory=Desk)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    lost: float = 0
    doubled: float = 0
    handled: int = 0
    _queue: list[tuple[datetime, int, Message]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self, until: datetime, ports: FakePorts | None = None) -> None:
        """Everything whose time comes by then; raises what is no Unavailable."""
        self._fetch()
        while self._queue and self._queue[0][0] <= until:
            self.at, _, message = heapq.heappop(self._queue)
            self.handled += 1
            assert self.handled < 10_000, "messages breed"
            try:
                await self._work(ports or self.ports, message)
            except Unavailable:
                self._put(self.at + AGAIN, message)
            self._fetch()
        self.at = max(self.at, until)

    async def _work(self, ports: FakePorts, message: Message) -> None:
        queue, said, tries = message
        if isinstance(said, str):
            await tell_partner(ports=ports, desk=self.desk, partner_id=said, now=self._now, budget=budget())
        elif queue == "lanes":
            await tell_lane(ports=ports, desk=self.desk, hint=said, now=self._now, tries=tries)
        else:
            await go_on_with_export(ports=ports, hint=said, at=self.at, budget=budget())

    def _now(self) -> datetime:
        return self.at

    def _fetch(self) -> None:
        for after, message in self.ports.wakeups.taken():
            for _ in range(self._copies()):
                self._put(self.at + max(after, timedelta()), message)

    def _copies(self) -> int:
        drawn = self.chance.random()
        return 0 if drawn < self.lost else 2 if drawn < self.lost + self.doubled else 1

    def _put(self, at: datetime, message: Message) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), message))


async def told(ports: FakePorts, at: datetime, until: datetime | None = None) -> Platform:
    """All that messages do by then, beginning at `at`."""
    platform = Platform(ports, at)
    await platform.run(until or at)
    return platform
