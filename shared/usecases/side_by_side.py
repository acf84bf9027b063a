"""Does the same with several things, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


async def side_by_side(act: Callable[[S], Awaitable[T]], subjects: Iterable[S], at_once: int) -> list[T]:
    """What `act` gives for each, in their order, at most so many under way; raises the first error.

    What is under way then goes on.
    """
    turns = asyncio.Semaphore(at_once)

    async def in_turn(subject: S) -> T:
        async with turns:
            return await act(subject)

    return list(await asyncio.gather(*map(in_turn, subjects)))
