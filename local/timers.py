"""Fires timers from their NCRONTAB schedules in UTC, as the host does: never two of one at once, missed ones once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from croniter import croniter

from local.functions import Function, call_timer, is_on, schedule_of

TICK_SECONDS = 0.5
PAST_DUE = timedelta(seconds=5)
"""Later than this, a run says that it is past due."""


def next_run(schedule: str, after: datetime) -> datetime:
    """The first time after `after` at which the expression (six fields, seconds first) holds; UTC."""
    # NCRONTAB wants day of month AND weekday, where cron takes either.
    found = croniter(schedule, after, second_at_beginning=True, day_or=False).get_next(datetime)
    return found.astimezone(UTC)


class Timers:
    """The app's timers; time comes from the app's own clock, so that moving it fires what it passes over, once."""

    def __init__(self, functions: Sequence[Function], settings: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._timers = {
            function.name: function for function in functions if function.is_timer and is_on(function, settings)
        }
        self._schedules = {name: schedule_of(timer, settings) for name, timer in self._timers.items()}
        for name, schedule in self._schedules.items():
            if len(schedule.split()) != 6 or not croniter.is_valid(schedule, second_at_beginning=True):
                raise SystemExit(f"{name}: {schedule!r} is no NCRONTAB expression of six fields.")
        self._now = now
        self._locks = {name: asyncio.Lock() for name in self._timers}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to watch the clock."""
        now = self._now()
        self._tasks = [
            asyncio.create_task(self._watch(name, next_run(schedule, now)))
            for name, schedule in self._schedules.items()
        ]

    async def stop(self) -> None:
        """Stop watching; a run under way is cancelled, as a host that goes down does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def fire(self, name: str, *, past_due: bool = False) -> bool:
        """Run a timer now and wait for it; False when there is no timer of this name."""
        if name not in self._timers:
            return False
        async with self._locks[name]:
            await call_timer(self._timers[name], past_due=past_due)
        return True

    async def _watch(self, name: str, due: datetime) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._now()
            if now >= due:
                late, due = now - due > PAST_DUE, next_run(self._schedules[name], now)
                await self.fire(name, past_due=late)
