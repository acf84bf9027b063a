"""The mail service's quota, shared by all who mail, on whatever instance (N6).

What is left stands in one row. Tokens are taken from it before mails go, those of a few mails at once, and whoever
changes the row must have read it last; so all instances together send no more than the service takes.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from shared import ids
from shared.domain.telling.quota import HOUR, MINUTE, Quota
from shared.ports.agenda import Bookmark
from shared.ports.errors import LostRace
from shared.ports.ports import Ports

QUOTA = "mail:quota"
ATTEMPTS, PAUSE_SECONDS = 8, 0.01
AHEAD_MOST, WAITING_MOST = timedelta(minutes=1), 20
RACE_WAIT = timedelta(seconds=1)
"""When tokens are asked for again that so many others were faster to take."""


@dataclass(frozen=True)
class _Left:
    """What is left for everybody; nobody mails before `held_until`.

    So many tokens to come were promised to lanes that are `waiting`; each that comes is one of them.
    """

    quota: Quota
    held_until: datetime | None = None
    waiting: float = 0

    @classmethod
    def read(cls, text: str, full: Quota) -> Self:
        """What is written; a full quota where nothing is, or nothing that can be read."""
        said = dict(part.split("=", 1) for part in text.split() if "=" in part)
        if not said.keys() >= {"minute", "hour", "at"}:
            return cls(full)
        minute, hour = min(float(said["minute"]), full.minute), min(float(said["hour"]), full.hour)
        # Whoever asks may be a moment behind; time that goes back would be filled in twice. A clock that was set
        # back is another matter.
        at = datetime.fromisoformat(said["at"])
        at = at if at - full.at <= AHEAD_MOST else full.at
        held = datetime.fromisoformat(said["held"]) if "held" in said else None
        return cls(replace(full, minute=minute, hour=hour, at=at), held, float(said.get("waiting", "0")))

    def written(self) -> str:
        """The same as a text."""
        quota, held = self.quota, f" held={self.held_until.isoformat()}" if self.held_until else ""
        text = f"minute={quota.minute:.3f} hour={quota.hour:.3f} at={quota.at.isoformat()}"
        return f"{text} waiting={self.waiting:.3f}{held}"

    def at(self, at: datetime) -> "_Left":
        """The same with what time has added by then."""
        quota = self.quota.refilled(at)
        # At the pace of the bucket that is empty.
        passed = max(at - self.quota.at, timedelta())
        came = passed / HOUR * quota.per_hour if quota.hour < 1 else passed / MINUTE * quota.per_minute
        return replace(self, quota=quota, waiting=max(self.waiting - came, 0))


class MailQuota:
    """Tokens for mails; whoever takes one, the others have one less.

    Lanes that find none are told different times, one for each token to come: or all would come for the next one, and
    the same would get it each time.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._mine: Counter[bool] = Counter()
        self._expected = 1
        self._held_until: datetime | None = None
        self._turns = asyncio.Lock()

    def expect(self, mails: int) -> None:
        """So many mails may go next: their tokens are taken together."""
        self._expected = max(mails, 1)

    async def take(self, at: datetime, *, bulk: bool) -> datetime | None:
        """Take a token: None when there was one, else when there will be. `bulk` leaves some for new leads."""
        async with self._turns:
            if self._held_until is not None and at < self._held_until:
                return self._held_until
            if self._mine[bulk]:
                self._mine[bulk] -= 1
                return None
            return await self._take(at, bulk=bulk)

    async def hold(self, at: datetime, until: datetime) -> None:
        """The service takes no mail until then, from nobody."""
        self._held_until = until
        await self._change(at, lambda left: replace(left, held_until=max(left.held_until or until, until)))

    async def give_back(self, at: datetime) -> None:
        """Give back what was taken and not needed."""
        unused, self._mine = self._mine.total(), Counter()
        if unused:
            await self._change(at, lambda left: replace(left, quota=left.quota.given_back(unused)))

    async def _take(self, at: datetime, *, bulk: bool) -> datetime | None:
        for attempt in range(ATTEMPTS):
            read, left = await self._read(at)
            if left.held_until is not None and at < left.held_until:
                return left.held_until
            quota, taken = left.quota, 0
            while taken < self._expected and quota.allows(bulk=bulk):
                quota, taken = quota.taken(), taken + 1
            waiting, following = left.waiting, None
            if not taken:
                # Past a few whoever comes finds out: it may have been promised one for each of its messages.
                waiting, following = waiting + 1, quota.next_at(bulk=bulk, ahead=min(int(waiting), WAITING_MOST))
            if await self._moved(replace(left, quota=quota, waiting=waiting), read, attempt):
                self._mine[bulk] += max(taken - 1, 0)
                return following
        return at + RACE_WAIT * (1 + ids.jitter())

    async def _change(self, at: datetime, changed: Callable[[_Left], _Left]) -> None:
        """Change what is left, where others let us: it bounds how much is sent, and nothing is lost with it."""
        for attempt in range(ATTEMPTS):
            read, left = await self._read(at)
            if await self._moved(changed(left), read, attempt):
                return

    async def _read(self, at: datetime) -> tuple[Bookmark, _Left]:
        rules = self._ports.rules
        read = await self._ports.agenda.bookmark(QUOTA)
        return read, _Left.read(read.place, Quota.full(rules.mails_per_minute, rules.mails_per_hour, at)).at(at)

    async def _moved(self, left: _Left, read: Bookmark, attempt: int) -> bool:
        try:
            await self._ports.agenda.move_bookmark(QUOTA, left.written(), read)
        except LostRace:
            await asyncio.sleep(ids.jitter() * PAUSE_SECONDS * 2**attempt)
            return False
        return True
