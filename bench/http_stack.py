"""`make bench`: calls to the local host over HTTP, as `make run` serves it, with 100, 10,000 and 50,000 leads.

What is measured is what a person waits for: server, function, storage (Azurite) and all. CPU is the host's own (Linux
only). Then what one person's heavy calls do to the light ones of another partner, which come every so often, however
long those before take: one that reads nothing, which shows how long the host itself is busy, and one that reads a lead,
beside the same row straight from Azurite, which is one process for everybody. Last, eight people who sort at once.
"""

import asyncio
import gc
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from bench.figures import at_most, share, short, title
from bench.fill import NOWHERE, RARE, Filling, filling
from local.azurite import Azurite
from shared import clock
from shared.settings import Settings
from shared.storage import keys
from shared.storage.tables import Tables, connect
from tests.journeys.local_host import LocalHost, register

SIZES, SORTED_BY_EIGHT = (100, 10_000, 50_000), 10_500
OPEN_MOST, OPEN_PART = 3_000, 0.3
BIG, SMALL, SMALL_LEADS = "contoso", "fabrikam", 100
LIGHT, HEAVY, HEAVY_SECONDS = 100, 20, 5
"""How often a light call is made; a heavy one too, but no longer than that, and three times at least."""
EVERY, BESIDE_SECONDS = 0.05, 8
BESIDE_MS = 15
PEOPLE = 8
ENVIRONMENT = {
    # One caller asks more here than any person does.
    "LEADS_CALLS_PER_SECOND": "10000",
    "LEADS_CALLS_BURST": "100000",
    # It would find that the leads here have no hints, and work on that for minutes.
    "RECONCILE_SCHEDULE": "0 0 0 1 1 *",
}


@dataclass
class Answers:
    """What calls of one kind took in milliseconds, what they were answered, and the CPU of the host meanwhile."""

    wall: list[float] = field(default_factory=list)
    status: Counter[int] = field(default_factory=Counter)
    cpu: float | None = None

    def row(self, name: str, bar: float | None = None) -> str:
        """One line of a table."""
        each = "" if self.cpu is None else short(self.cpu / len(self.wall))
        p95 = share(self.wall, 0.95)
        said = ", ".join(f"{status}: {count}" for status, count in sorted(self.status.items()))
        line = f"{name:<44}{short(share(self.wall, 0.5)):>9}{short(p95):>9}{each:>9}   {said:<20}"
        return (line + (f"   {at_most(p95, bar, 'p95')}" if bar else "")).rstrip()


class Person:
    """Somebody who is signed in, with connections of their own."""

    def __init__(self, host: LocalHost, session: aiohttp.ClientSession, partner: str, user: str = "ann") -> None:
        self._session = session
        self._partner = f"{host.url}/api/partners/{partner}"
        self._headers = {"Authorization": f"Bearer {host.token('Leads.Admin', partner, user)}"}

    async def get(self, path: str, into: Answers) -> Any:
        """One call, noted; its JSON."""
        began = time.perf_counter()
        url = path if path.startswith("http") else self._partner + path
        # By its address, since a name is looked up for each new connection.
        async with self._session.get(url.replace("localhost", "127.0.0.1"), headers=self._headers) as answer:
            body = await answer.json()
        into.wall.append((time.perf_counter() - began) * 1_000)
        into.status[answer.status] += 1
        return body

    async def to_the_end(self, path: str, into: Answers) -> None:
        """All pages of a list, noted as one call."""
        each = Answers()
        following: str | None = path
        while following:
            following = (await self.get(following, each)).get("nextLink")
        into.wall.append(sum(each.wall))
        into.status.update(each.status)


@asynccontextmanager
async def serving(size: int) -> Any:
    """A host with such a partner and a small one, its tables, and an id of each partner's leads."""
    print(f"\n{size:,} leads:", flush=True)
    filled, now = Filling(), clock.real_now()
    found = [
        (await filling(filled, partner, count, min(OPEN_MOST, int(count * OPEN_PART)), now))[count // 2][0]
        for partner, count in ((BIG, size), (SMALL, SMALL_LEADS))
    ]
    with tempfile.TemporaryDirectory() as folder, LocalHost(Path(folder), environment=ENVIRONMENT) as host:
        register(host, SMALL)
        host.end(signal.SIGTERM)
        filled.pour(Path(folder, "azurite"))
        gc.collect()
        host.start()
        azurite = Azurite(None)
        azurite.ports["table"] = host.table_port
        tables = connect(Settings(storage_connection=SecretStr(azurite.connection)))
        # No bound on connections: calls must not wait for one another here.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield host, tables, session, *found
        await tables.close()


async def calls(host: LocalHost, session: aiohttp.ClientSession, lead: str) -> None:
    """Each kind of call for itself."""
    person = Person(host, session, BIG)
    light = {
        "reads nothing: a query that is refused": "/leads?top=0",
        "read a lead": f"/leads/{lead}",
        "page of 50": "/leads?top=50",
        "counts": "/leads/summary",
    }
    heavy: dict[str, tuple[Callable[[str, Answers], Awaitable[Any]], str]] = {
        "search, rare word, first answer": (person.get, f"/leads?search={RARE}"),
        "search, rare word, to its end": (person.to_the_end, f"/leads?search={RARE}"),
        "search, no hit, to its end": (person.to_the_end, f"/leads?search={NOWHERE}"),
        "sorted by company": (person.get, "/leads?orderBy=company"),
        "facets": (person.get, "/leads/facets"),
        "notifications": (person.get, "/notifications"),
    }
    print(f"{'ms':<44}{'p50':>9}{'p95':>9}{'CPU':>9}   answers")
    for name, path in light.items():
        await person.get(path, Answers())
        print((await _repeated(host, person.get, path, LIGHT, 60)).row(name), flush=True)
    for name, (call, path) in heavy.items():
        print((await _repeated(host, call, path, HEAVY, HEAVY_SECONDS)).row(name), flush=True)


async def _repeated(
    host: LocalHost, call: Callable[[str, Answers], Awaitable[Any]], path: str, most: int, seconds: float
) -> Answers:
    found, before = Answers(), cpu_of(host.pid)
    began = time.perf_counter()
    while len(found.wall) < 3 or (len(found.wall) < most and time.perf_counter() - began < seconds):
        await call(path, found)
    after = cpu_of(host.pid)
    found.cpu = None if before is None or after is None else (after - before) * 1_000
    return found


async def beside(host: LocalHost, tables: Tables, session: aiohttp.ClientSession, lead: str) -> None:
    """A small partner's light calls, alone and beside the heavy calls of one person of the big one."""
    heavy, light = Person(host, session, BIG), Person(host, session, SMALL)

    async def straight(into: Answers) -> None:
        began = time.perf_counter()
        await tables[keys.LEADS].get(SMALL, keys.lead(lead))
        into.wall.append((time.perf_counter() - began) * 1_000)

    kinds: dict[str, Callable[[Answers], Awaitable[Any]]] = {
        "reads nothing": lambda into: light.get("/leads?top=0", into),
        "read a lead": lambda into: light.get(f"/leads/{lead}", into),
        "the row straight from Azurite": straight,
    }
    loads = {"alone": None, "beside searches": f"/leads?search={NOWHERE}", "beside sorts": "/leads?orderBy=company"}
    for load, path in loads.items():
        for name, call in kinds.items():
            await call(Answers())
            found = await _every(call, heavy, path)
            bar = BESIDE_MS if load == "beside searches" and call is not straight else None
            print(found.row(f"{name}, {load}", bar), flush=True)


async def _every(call: Callable[[Answers], Awaitable[Any]], heavy: Person, path: str | None) -> Answers:
    """The call every so often, whether or not the one before is answered, while `heavy` asks for `path` on and on."""

    async def load() -> None:
        while path:
            await heavy.get(path, Answers())

    found, loading = Answers(), asyncio.create_task(load())
    under_way = []
    for _ in range(round(BESIDE_SECONDS / EVERY)):
        under_way.append(asyncio.create_task(_awaited(call(found))))
        await asyncio.sleep(EVERY)
    await asyncio.gather(*under_way)
    if loading.done():
        # It ends by itself only where there is no load, or by its error.
        loading.result()
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    return found


async def _awaited(call: Awaitable[Any]) -> None:
    await call


async def eight(host: LocalHost, session: aiohttp.ClientSession, size: int) -> None:
    """People who sort the same leads at once."""
    people = [Person(host, session, BIG, f"person{n}") for n in range(PEOPLE)]
    found = Answers()
    await asyncio.gather(*(person.get("/leads?orderBy=company", found) for person in people))
    line = found.row(f"{PEOPLE} people sort {size:,} leads at once")
    print(f"{line}   {at_most(found.status[503], 0, '503')}", flush=True)


def cpu_of(pid: int) -> float | None:
    """Seconds of CPU that a process has taken; None where the system does not say so in this way."""
    file = Path(f"/proc/{pid}/stat")
    if not file.exists():
        return None
    after_name = file.read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


async def main() -> None:
    """A host for each size, and one for the eight."""
    title("The whole HTTP stack of the local host")
    for size in SIZES:
        async with serving(size) as (host, tables, session, lead, others):
            await calls(host, session, lead)
            if size > SMALL_LEADS:
                await beside(host, tables, session, others)
                await eight(host, session, size)
    async with serving(SORTED_BY_EIGHT) as (host, _, session, _, _):
        await eight(host, session, SORTED_BY_EIGHT)


if __name__ == "__main__":
    asyncio.run(main())
