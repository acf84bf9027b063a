"""Waits for something to come about, where nobody tells of it."""

import asyncio
import time
from collections.abc import Callable

LONG = 30
"""Seconds after which it is taken never to come; far more than it needs on a busy machine."""


def settled(came: Callable[[], bool]) -> None:
    """The same for whoever calls from outside, over a socket."""
    ends = time.monotonic() + LONG
    while not came():
        if time.monotonic() > ends:
            raise TimeoutError
        time.sleep(0.05)


async def until(came: Callable[[], bool], seconds: float = LONG) -> None:
    """Return as soon as it holds; raises TimeoutError when it never does."""
    async with asyncio.timeout(seconds):
        while not came():  # noqa: ASYNC110 - an event would have to be set by what is tested
            await asyncio.sleep(0.005)
