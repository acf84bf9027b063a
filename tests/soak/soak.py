"""One soak: traffic, kills and a freeze for so long, then quiet, then the verdict."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.soak.traffic import Book, Traffic
from tests.soak.verdict import Verdict
from tests.soak.world import World, world


@dataclass(frozen=True)
class Plan:
    """How long there is traffic, how long hosts serve before one is killed, when storage freezes and for how long.

    All in seconds, but for `at_once`: so many senders and people are at work. On a slow machine starts take their time,
    and traffic goes on until there were `kills_least`.
    """

    seconds: float = 300
    kill_every: float = 20
    kills_least: int = 2
    freeze_after: float = 100
    freeze_for: float = 15
    at_once: int = 10
    seed: int = 0


async def soak(plan: Plan, folder: Path) -> Book:
    """The book of a soak, with its figures and faults."""
    chance = random.Random(plan.seed)
    book = Book()
    async with world(folder, chance) as made:
        traffic = Traffic(made, book, chance)
        verdict = Verdict(made, traffic, book)
        try:
            await traffic.prepare()
            async with asyncio.TaskGroup() as going:
                going.create_task(traffic.run(plan.at_once))
                going.create_task(_break(made, plan, traffic))
            began = time.monotonic()
            moved = await verdict.settle()
            await verdict.check()
        finally:
            await verdict.close()
            await traffic.caller.close()
        _tell(book, made, plan, moved, time.monotonic() - began)
    return book


async def _break(made: World, plan: Plan, traffic: Traffic) -> None:
    """Everything that goes wrong; afterwards nothing does, and nobody begins anything more."""
    made.receiver.ill = True
    await asyncio.gather(_kill(made, plan), _freeze(made, plan), asyncio.sleep(plan.seconds))
    made.receiver.ill = False
    traffic.stop()


async def _kill(made: World, plan: Plan) -> None:
    """Kill a host after each while, in turn, and start it again."""
    ends = time.monotonic() + plan.seconds
    number = 0
    while number < plan.kills_least or time.monotonic() + plan.kill_every < ends:
        await asyncio.sleep(plan.kill_every)
        await made.kill(number % 2)
        number += 1


async def _freeze(made: World, plan: Plan) -> None:
    await asyncio.sleep(plan.freeze_after)
    await made.freeze(plan.freeze_for)


def _tell(book: Book, made: World, plan: Plan, moved: int, settled: float) -> None:
    book.figures["leads acknowledged"] = len(book.leads)
    book.figures["unreadable bodies acknowledged"] = len(book.parked)
    book.figures["raced accepts"] = len(book.races)
    book.figures["hearts"] = sum(map(len, book.hearts.values()))
    book.figures["calls at the receiver"] = made.receiver.calls
    book.figures["kill -9 of a host"] = made.kills
    book.figures["seconds without storage"] = int(made.frozen_seconds)
    book.figures["seconds of traffic"] = int(plan.seconds)
    book.figures["seconds until all was told"] = round(settled)
    book.figures["minutes that the app's clock was moved on for it"] = moved
