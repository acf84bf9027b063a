"""Waits for something to come about, where nobody tells of it."""

import asyncio
from collections.abc import Callable

LONG = 30
"""Seconds after which it is taken never to come; far more than it needs on a busy machine."""


async def until(came: Callable[[], bool]) -> None:
    """Return as soon as it holds; raises TimeoutError when it never does."""
    async with asyncio.timeout(LONG):
        while not came():  # noqa: ASYNC110 - an event would have to be set by what is tested
            await asyncio.sleep(0.005)
