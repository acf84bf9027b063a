"""`make bench`: from a commit to the first attempt of its webhook, by messages and by a timer every ten seconds.

Leads come here, at random times; what follows is done by instances in processes of their own (`tests/teller.py`), over
real queues and sockets. The ways in turn: receivers that answer; receivers of which one call in ten is refused (503)
and one in fifty hangs; receivers that take five seconds, by one instance and by two.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import at_least, at_most, short, title
from tests.tellers import Programme, Reply, programme
from tests.waiting import until

SECONDS, A_SECOND = 30, 5
"""How long leads come, and how many."""
PARTNERS = 20
HANGS_SECONDS = 60
"""Longer than anybody waits for it."""
SLOW_SECONDS, SLOW_LANES, SLOW_LEADS = 5.0, 20, 4
"""Each partner's webhooks, and the leads of which each is told."""
TIMER = {"DELIVER_EVENTS_SCHEDULE": "*/10 * * * * *"}
NET = {"DELIVER_EVENTS_SCHEDULE": "0 * * * * *"}
THEIRS, HOGS_LEADS, MINE, HOGS_P95 = 50, 5, 40, 2
P50, P95, FAULTY_P95, TWO_OF_ONE = 1, 2, 20, 1.7


@dataclass(frozen=True)
class Lags:
    """Seconds from commits to first attempts, and to when it was taken."""

    first: Sequence[float]
    taken: Sequence[float]


async def lags(reply: Reply, by: str, schedules: dict[str, str]) -> Lags:
    """Of leads that come to partners at random."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        async with programme(Path(folder), reply, by=by) as made:
            sources = [await made.partner(["crm"]) for _ in range(PARTNERS)]
            await made.instance(by, **schedules)
            await _warm_up(made)
            began, number = time.monotonic(), 0
            while time.monotonic() < began + SECONDS:
                await made.receive(chance.choice(sources), number)
                number += 1
                await asyncio.sleep(chance.expovariate(A_SECOND))
            await made.until_told(300)
            told = [event for event in made.committed if made.committed[event] >= began]
            return Lags(
                [made.receiver.first[event] - made.committed[event] for event in told],
                [made.receiver.taken[event] - made.committed[event] for event in told],
            )


async def throughput(instances: int) -> float:
    """Deliveries a second to receivers that take their time."""

    async def slow(_path: str) -> int:
        await asyncio.sleep(SLOW_SECONDS)
        return 200

    with tempfile.TemporaryDirectory() as folder:
        async with programme(Path(folder), slow) as made:
            for _ in range(instances):
                await made.instance(**NET)
            sources = [await made.partner([str(n) for n in range(SLOW_LANES)]) for _ in range(PARTNERS)]
            wanted = PARTNERS * SLOW_LANES * SLOW_LEADS
            began = time.monotonic()
            for number in range(SLOW_LEADS):
                await asyncio.gather(*(made.receive(source, number) for source in sources))
            while (done := sum(map(len, made.receiver.order.values()))) < wanted:
                if time.monotonic() > began + 300:
                    raise TimeoutError(f"{done} of {wanted}")
                await asyncio.sleep(0.05)
            return wanted / (time.monotonic() - began)


async def beside_hogs() -> list[float]:
    """Seconds to the first attempts of one partner's events, while fifty receivers of two others each hang."""

    async def reply(path: str) -> int:
        await asyncio.sleep(HANGS_SECONDS if "hang" in path else 0)
        return 200

    with tempfile.TemporaryDirectory() as folder:
        async with programme(Path(folder), reply) as made:
            third = await made.partner(["crm"])
            await made.instance(**NET)
            await _warm_up(made)
            hogs = [await made.partner([f"hang/{n}" for n in range(THEIRS)]) for _ in range(2)]
            for number in range(HOGS_LEADS):
                await asyncio.gather(*(made.receive(hog, number) for hog in hogs))
            mine = []
            for number in range(MINE):
                mine.append((await made.receive(third, number), 1))
                await asyncio.sleep(SECONDS / MINE)
            await until(lambda: all(event in made.receiver.first for event in mine), 60)
            return [made.receiver.first[event] - made.committed[event] for event in mine]


async def _warm_up(made: Programme) -> None:
    """What an instance loads at its first message is no lag of the way."""
    await made.receive(made.sources[0], -1)
    await made.until_told(60)
    made.committed.clear()


async def _answers(_path: str) -> int:
    return 200


def _faulty() -> Reply:
    chance = random.Random(1)

    async def reply(_path: str) -> int:
        drawn = chance.random()
        if drawn < 0.02:
            await asyncio.sleep(HANGS_SECONDS)
        return 503 if drawn < 0.12 else 200

    return reply


def _row(name: str, found: Sequence[float], *bars: str) -> None:
    p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[18]
    print(f"{name:<52}{short(p50):>8}{short(p95):>8}{short(max(found)):>8}   {'; '.join(bars)}".rstrip(), flush=True)


def _p95(found: Sequence[float]) -> float:
    return statistics.quantiles(found, n=20)[18]


async def main() -> None:
    """Measure and print."""
    title("From a commit to its webhook")
    print(f"{PARTNERS} partners, {A_SECOND} leads a second for {SECONDS} s, seconds{'':>8}p50     p95    most")
    timer = await lags(_answers, "timers", TIMER)
    _row("a timer every ten seconds, first attempt", timer.first)
    messages = await lags(_answers, "messages", NET)
    p50, p95 = statistics.median(messages.first), _p95(messages.first)
    _row("messages, first attempt", messages.first, at_most(p50, P50, "p50"), at_most(p95, P95, "p95"))
    print(f"  in parts of the timer's: {short(p50 / statistics.median(timer.first))}, {short(p95 / _p95(timer.first))}")
    timer = await lags(_faulty(), "timers", TIMER)
    _row("a timer, 10 % refused and 2 % hanging, first attempt", timer.first)
    messages = await lags(_faulty(), "messages", NET)
    _row("messages, the same", messages.first, at_most(_p95(messages.first), FAULTY_P95, "p95"))
    _row("messages, the same, until taken", messages.taken)
    beside = await beside_hogs()
    _row(f"messages, beside {2 * THEIRS} receivers of two that hang", beside, at_most(_p95(beside), HOGS_P95, "p95"))
    one, two = await throughput(1), await throughput(2)
    print(f"Receivers that take {SLOW_SECONDS:g} s: {short(one)} deliveries a second by one instance,")
    print(f"{short(two)} by two, {short(two / one)} times as many: {at_least(two / one, TWO_OF_ONE)}")


if __name__ == "__main__":
    asyncio.run(main())
