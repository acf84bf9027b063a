"""Does a step again where somebody was faster (design.md, How a lead changes)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from shared.domain.errors import Unavailable
from shared.ports.errors import LostRace

T = TypeVar("T")
ATTEMPTS = 5


async def until_won(step: Callable[[], Awaitable[T]]) -> T:
    """What the step gives that loses no race; it reads afresh each time. Raises Unavailable after five lost ones."""
    for _ in range(ATTEMPTS):
        with suppress(LostRace):
            return await step()
    raise Unavailable
