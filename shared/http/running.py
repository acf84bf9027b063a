"""What an endpoint runs with: the app of the running event loop, as the composition root (`shared/app.py`) makes it.

There is one `App` an event loop, since connections belong to a loop. Tests call `use` with an app of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from shared import clock
from shared.http.auth import TokenVerifier
from shared.http.rate_limit import Limits
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.usecases.telling.wake import Desk


@dataclass(frozen=True)
class App:
    """Everything an endpoint may use."""

    settings: Settings
    ports: Ports
    verifier: TokenVerifier
    limits: Limits
    desk: Desk = field(default_factory=Desk)

    @asynccontextmanager
    async def reading(self, partner_id: str, *, is_long: bool = True) -> AsyncIterator[Budget]:
        """The budget of a read, which for a long one begins with its turn; raises TooManyRequests where none comes."""
        async with self.limits.reads.of(partner_id) if is_long else nullcontext():
            yield self.ports.rules.lists.budget(clock.stopwatch())


_apps: dict[int, tuple[asyncio.AbstractEventLoop, App]] = {}
_makers: list[Callable[[], App]] = []


def made_by(make: Callable[[], App]) -> None:
    """Say who makes an app where there is none yet."""
    _makers[:] = [make]


def current() -> App:
    """The app of the running event loop, made at the first call."""
    loop = asyncio.get_running_loop()
    known = _apps.get(id(loop))
    if known and known[0] is loop:
        return known[1]
    (make,) = _makers
    return use(make())


def use(app: App) -> App:
    """Make this the running loop's app."""
    loop = asyncio.get_running_loop()
    _apps.clear()
    _apps[id(loop)] = (loop, app)
    return app
