"""Long reads, a few at a time, partners in turn: nobody's searches keep another's waiting (S3).

A search, an order or a count goes through thousands of leads on the one event loop that all calls of an instance share.
Two at once keep it busy, since one waits for storage while the other reads; more would only take longer, each of them,
until none ends within its budget. So the others wait: partners take turns, and of one partner whoever came first goes
first. Who has waited long enough is told to try again.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.domain.errors import TooManyRequests

AT_ONCE = 2
WAITING_MAX = 20
"""Of one partner: more would not have their turn in time."""
PATIENCE_SECONDS = 10.0
RETRY_AFTER_SECONDS = 5


class Turns:
    """The turns of one instance; `patience_seconds` is how long one is waited for."""

    def __init__(self, at_once: int = AT_ONCE, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._free = at_once
        self._patience = patience_seconds
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """Who waits, by partner; the partner whose turn is next comes first."""

    @asynccontextmanager
    async def of(self, partner_id: str) -> AsyncIterator[None]:
        """Hold a turn of this partner's; raises TooManyRequests where none comes in time."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(partner_id)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, partner_id: str) -> None:
        queue = self._waiting.setdefault(partner_id, deque())
        if len(queue) >= WAITING_MAX:
            raise TooManyRequests(retry_after_seconds=RETRY_AFTER_SECONDS)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.shield(turn)
        except BaseException as problem:
            self._leave(partner_id, turn)
            if isinstance(problem, TimeoutError):
                raise TooManyRequests(retry_after_seconds=RETRY_AFTER_SECONDS) from None
            raise

    def _leave(self, partner_id: str, turn: "asyncio.Future[None]") -> None:
        """Wait no longer; a turn that was given in the same moment is somebody else's."""
        if turn.done():
            self._pass_on()
            return
        queue = self._waiting[partner_id]
        queue.remove(turn)
        if not queue:
            del self._waiting[partner_id]

    def _pass_on(self) -> None:
        """Give the turn to the next partner that waits, which then stands behind the others."""
        if not self._waiting:
            self._free += 1
            return
        partner_id, queue = next(iter(self._waiting.items()))
        turn = queue.popleft()
        if queue:
            self._waiting.move_to_end(partner_id)
        else:
            del self._waiting[partner_id]
        turn.set_result(None)
