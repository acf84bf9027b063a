"""A worker's turn on one lane: nobody else works on it meanwhile, and others have theirs soon (W2, W3)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from shared import ids
from shared.domain.agenda import Hint
from shared.domain.telling.dispatch import Dispatch, Lane, deliver_hint
from shared.domain.telling.mails import Mail
from shared.ports.errors import LostRace
from shared.ports.page import Page
from shared.ports.ports import Ports

TURN = timedelta(seconds=20)
"""How long a lane is worked on before others have their turn; a lease lasts longer."""
LOST_WAIT = timedelta(seconds=5)
"""When a lane is looked at again that somebody else has just taken."""
RACES = 5
"""How often a turn writes again what somebody's resend came before: else what was taken would be sent again."""

Now = Callable[[], datetime]
LaneId = tuple[str, str]
"""A partner and a destination."""
Changed = tuple[Dispatch | None, Dispatch | None]
"""A dispatch before and after; None where it is not there."""


class LaneClosed(Exception):
    """Nobody may work on the lane before `until`: a worker has it (`is_leased`), or its receiver is left alone."""

    def __init__(self, until: datetime, *, is_leased: bool) -> None:
        super().__init__()
        self.until = until
        self.is_leased = is_leased


@dataclass(frozen=True)
class Left:
    """How a turn left its lane: when to look again, None when nothing waits.

    `is_said` = a message that comes by then is out already; else each message would be followed by one of its own.
    """

    at: datetime | None
    is_said: bool = False


@dataclass
class LaneTurn:
    """One worker's turn; `wakes` are the times to look again, and once it is `over` nothing more is begun.

    `first` is what waited when it began. What became of what waits, and of mails about it, is noted in `changed` and
    `mails` and written with the lane: at the latest when the turn is left.
    """

    ports: Ports
    partner_id: str
    destination: str
    lane: Lane
    now: Now
    ends: datetime
    wakes: list[datetime] = field(default_factory=list)
    over: bool = False
    first: Page[Dispatch] = field(default_factory=lambda: Page([], None))
    changed: list[Changed] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    @classmethod
    async def take(cls, *, ports: Ports, partner_id: str, destination: str, now: Now, top: int, **mine: Any) -> Self:
        """A turn on the lane; raises LaneClosed, Unavailable.

        `mine` are the fields that a kind of turn has beside these.
        """
        at, holder = now(), ids.new_change_id()
        lane, first = await ports.lanes.look(partner_id, destination, top)
        if not lane.is_free(holder, at):
            until = max(until for until in (lane.leased_until, lane.next_at) if until)
            raise LaneClosed(until, is_leased=lane.is_leased(at))
        # A worker changes what waits in the lane's own transactions, so what was read holds if the lane does.
        turn = cls(ports, partner_id, destination, lane.taken(holder, at), now, at + TURN, first=first, **mine)
        try:
            await turn.save()
        except LostRace:
            raise LaneClosed(at + LOST_WAIT, is_leased=True) from None
        return turn

    def end(self, wake: datetime) -> None:
        """Begin nothing more, and look again at `wake`."""
        self.wakes.append(wake)
        self.over = True

    def has_ended(self) -> bool:
        """True when it is over, or its time is up; then what is left goes on at once, in another turn."""
        if not self.over and self.now() >= self.ends:
            self.end(self.now())
        return self.over

    async def save(self) -> None:
        """Write the lane as it is, with what is noted; raises LostRace, Unavailable."""
        self.lane = await self._write(self.lane, lambda there: there)

    async def save_noted(self) -> None:
        """The same, where anything is noted."""
        if self.changed or self.mails:
            await self.save()

    async def leave(self) -> Left:
        """Give the lane back, with what is noted."""
        left, wake = self.lane.left(), min(self.wakes, default=None)
        is_said = wake is not None and left.is_woken(self.now(), wake)
        if wake and not is_said:
            left = replace(left, woken_at=wake)
        self.lane = await self._write(left, lambda there: replace(left, tag=there.tag, saves=there.saves))
        return Left(wake, is_said=is_said)

    async def _write(self, lane: Lane, over: Callable[[Lane], Lane]) -> Lane:
        """The lane as it is written; `over` says what to write over one that somebody's resend has changed."""
        for _ in range(RACES):
            try:
                saved = await self.ports.lanes.save(self.partner_id, self.destination, lane, self.changed, self.mails)
            except LostRace:
                lane = over(await self._still_ours())
                await self.reread()
            else:
                self.changed, self.mails = [], []
                return saved
        raise LostRace

    async def reread(self) -> None:
        """Look whether what is noted holds still; the lane is ours."""

    async def _still_ours(self) -> Lane:
        """The lane as somebody changed it meanwhile who asks for a resend; raises LostRace when it is another's."""
        there = await self.ports.lanes.lane(self.partner_id, self.destination)
        if there.holder != self.lane.holder:
            raise LostRace
        return there


@asynccontextmanager
async def hinted(ports: Ports, hint: Hint) -> AsyncIterator[None]:
    """Hint at what is written inside, before and after it: a run in between may find nothing and take the hint away."""
    await ports.agenda.put([hint])
    yield
    await ports.agenda.put([hint])
    ports.wakeups.lane(hint)


async def add_to_lane(*, ports: Ports, partner_id: str, destination: str, dispatch: Dispatch, at: datetime) -> None:
    """Let an event wait for its destination, beside what the relay lets wait. Raises Unavailable."""
    async with hinted(ports, deliver_hint(partner_id, destination, at)):
        await ports.lanes.add(partner_id, destination, dispatch)
