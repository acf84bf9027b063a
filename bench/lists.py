"""`make bench`: what a salesperson's lists cost beside reading everything, and searches beside a PostgreSQL.

A partner with 100, 10,000 and 50,000 leads, of which at most 3,000 wait and the others are archived. "Ours" is the use
case; "naive" reads the partner's leads with the SDK, decodes them and applies the same filter; PostgreSQL looks for the
same words in the same texts; its time is the wall clock's, so the fastest of its runs is what we are compared with, and
that with our CPU: our wall clock is mostly Azurite. Requests are counted at the transport, rows are those
that storage sent.
"""

import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.figures import at_most, short, spread, title
from bench.fill import COMMON, NOWHERE, RARE, Filling, filling
from bench.postgres import Postgres, postgres
from bench.side_by_side import Times
from local.azurite import Azurite
from shared import app
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status
from shared.domain.lifecycle import settle
from shared.domain.ordering import Order
from shared.ids import position
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.exports import blobs
from shared.storage.leads.mark_store import TableMarkStore
from shared.storage.tables import Tables, connect
from shared.usecases.leads.counts import count_leads
from shared.usecases.leads.lists import Look, list_leads
from shared.usecases.telling.notification_centre import list_notifications
from tests.builders import AT, DAY
from tests.transports import RoundTrips

SIZES, OPEN_MOST = (100, 10_000, 50_000), 3_000
PARTNER, PERSON = "contoso", "ann"
NOW = AT + DAY
OPEN_PART = 0.3
LEAST, MOST, SECONDS = 3, 15, 3
"""A line is measured so often, the most only while that takes no longer."""
NAIVE_MOST = 10_000
"""With more leads than that the naive way, which takes seconds, is measured once, for the rare word."""
SEARCH_MS = {10_000: 100, 50_000: 500}
SEARCH_OF_POSTGRES = 2
NOTIFICATIONS_MS = 60
HEARTS = 40


class Rows(RoundTrips):
    """Counts the rows that storage sends too."""

    rows = 0

    async def send(self, request: Any, **options: Any) -> Any:
        """Send the request and count what comes."""
        response = await super().send(request, **options)
        if request.method == "GET":
            body = await response.read() if hasattr(response, "read") else response.body()
            found = json.loads(body) if body else {}
            self.rows += len(found.get("value", [found]))
        return response


Work = Callable[[Ports], Awaitable[int]]


@dataclass(frozen=True)
class Line:
    """What is measured: the use case, the filter that the naive way applies, and the word that PostgreSQL looks for."""

    name: str
    work: Work
    wanted: LeadFilter | None = None
    word: str | None = None


@dataclass(frozen=True)
class Taken:
    """What each way took; of PostgreSQL milliseconds."""

    ours: Times = field(default_factory=Times)
    naive: Times = field(default_factory=Times)
    database: list[float] = field(default_factory=list)


def listing(wanted: LeadFilter, order: str = "created") -> Work:
    """The first page of a filter; how many leads it shows."""

    async def run(ports: Ports) -> int:
        look = Look(ports, PARTNER, PERSON, wanted, NOW)
        page = await list_leads(look, order=Order.read(order), after=None, top=50, budget=_budget())
        return len(page.leads)

    return run


async def counting(ports: Ports) -> int:
    """The summary."""
    counts = await count_leads(ports=ports, partner_id=PARTNER, person=PERSON, at=NOW)
    return sum(counts.leads.values())


async def noticing(ports: Ports) -> int:
    """The first page of notifications; how many are open."""
    page = await list_notifications(
        ports=ports, partner_id=PARTNER, person=PERSON, after=None, top=50, at=NOW, budget=_budget()
    )
    return page.open_count


def _budget() -> Budget:
    began = time.perf_counter()
    return Budget(lambda: time.perf_counter() - began, rows=100_000, seconds=120)


def lines() -> list[Line]:
    """The lines of the table."""
    everything = LeadFilter()
    filters = (
        ("page of 50 newest", everything),
        ("received only", LeadFilter(status=frozenset({Status.RECEIVED}))),
        ("one in a thousand", LeadFilter(country=frozenset({"IS"}))),
    )
    words = (("search, common word", COMMON), ("search, rare word", RARE), ("search, no hit", NOWHERE))
    return [
        *(Line(name, listing(wanted), wanted) for name, wanted in filters),
        *(Line(name, listing(LeadFilter(search=word)), LeadFilter(search=word), word) for name, word in words),
        Line("sorted by company", listing(everything, "company"), everything),
        Line("favorites", listing(LeadFilter(tab=ListTab.FAVORITES))),
        Line("counts", counting),
        Line("notifications", noticing),
    ]


async def naive(tables: Tables, wanted: LeadFilter) -> int:
    """Read the partition, filter in Python, sort, take fifty."""
    condition = f"PartitionKey eq '{PARTNER}' and RowKey gt 'lead|' and RowKey lt 'lead|~'"
    select = ["RowKey", *codec.DOCS]
    found = []
    async for row in tables.sdk(keys.LEADS).query_entities(condition, results_per_page=1_000, select=select):
        lead = settle(codec.load(Lead, row), NOW).lead
        if wanted.matches(lead, NOW):
            found.append(lead)
    found.sort(key=lambda lead: position(lead.id))
    return len(found[:50])


async def measure(size: int, database: Postgres | None) -> None:
    """The table of one size, on an Azurite of its own: it answers more slowly the more it holds."""
    waiting, filled = min(OPEN_MOST, int(size * OPEN_PART)), Filling()
    texts = await filling(filled, PARTNER, size, waiting, NOW)
    if database:
        database.load(f"leads_{size}", texts)
    hearted = [lead_id for lead_id, _ in texts[:: max(1, size // HEARTS)]]
    with tempfile.TemporaryDirectory() as folder:
        azurite = Azurite(Path(folder))
        with azurite:
            settings = Settings(storage_connection=SecretStr(azurite.connection))
            await _prepare(settings, hearted)
        filled.pour(Path(folder))
        del texts
        gc.collect()
        with azurite:
            await _table(settings, size, waiting, database)


async def _prepare(settings: Settings, hearted: Sequence[str]) -> None:
    """The tables, and one person's hearts."""
    tables = connect(settings)
    await tables.create()
    for lead_id in hearted:
        await TableMarkStore(tables).put(PARTNER, PERSON, lead_id, favorite=True, opened=True)
    await tables.close()


async def _table(settings: Settings, size: int, waiting: int, database: Postgres | None) -> None:
    transport = Rows()
    tables, files, counted = connect(settings), blobs.connect(settings), connect(settings, transport=transport)
    ports, watched = app.build(settings, tables, files).ports, app.build(settings, counted, files).ports
    print(f"\n{f'{size:,} leads, {waiting:,} open':<24}{'CPU, ms':>22}{'wall, ms':>10}", end="")
    print(f"{'naive CPU':>11}{'in parts':>10}{'requests':>10}{'rows':>8}{'PostgreSQL, ms':>22}")
    for line in lines():
        taken = await _taken(line, size, ports, tables, database)
        transport.reset()
        transport.rows = 0
        await line.work(watched)
        _print(line, size, taken, f"{transport.requests:>10}{transport.rows:>8}")
    for one in (tables, counted):
        await one.close()
    await files.close()


async def _taken(line: Line, size: int, ports: Ports, tables: Tables, database: Postgres | None) -> Taken:
    """The ways in turn."""
    taken = Taken()
    began = time.perf_counter()
    while len(taken.ours.cpu) < LEAST or (len(taken.ours.cpu) < MOST and time.perf_counter() - began < SECONDS):
        await taken.ours.add(line.work(ports))
        naive_most = LEAST if size <= NAIVE_MOST else int(line.word == RARE)
        if line.wanted is not None and len(taken.naive.cpu) < naive_most:
            await taken.naive.add(naive(tables, line.wanted))
        if database and line.word:
            taken.database.append(database.search(f"leads_{size}", line.word)[1])
    return taken


def _print(line: Line, size: int, taken: Taken, counted: str) -> None:
    ours = statistics.median(taken.ours.cpu)
    cells = [f"{line.name:<24}{spread(taken.ours.cpu):>22}{short(statistics.median(taken.ours.wall)):>10}"]
    other = statistics.median(taken.naive.cpu) if taken.naive.cpu else None
    cells.append(f"{short(other):>11}{short(ours / other):>10}" if other else f"{'':>21}")
    cells += [counted, f"{spread(taken.database) if taken.database else '':>22}"]
    bars = []
    if line.word in (RARE, NOWHERE) and size in SEARCH_MS:
        bars.append(at_most(ours, SEARCH_MS[size], "CPU ms"))
        if taken.database:
            parts = ours / min(taken.database)
            bars.append(f"{short(parts)} of PostgreSQL, " + at_most(parts, SEARCH_OF_POSTGRES))
    if line.work is noticing and size * OPEN_PART >= OPEN_MOST:
        bars.append(at_most(ours, NOTIFICATIONS_MS, "CPU ms"))
    print(f"{''.join(cells)}   {'; '.join(bars)}".rstrip(), flush=True)


async def main() -> None:
    """A table for each size."""
    title("Lists: p50 (p25–p75)")
    with postgres() as database:
        if database:
            print(f"beside PostgreSQL {database.version}")
        for size in SIZES:
            await measure(size, database)


if __name__ == "__main__":
    asyncio.run(main())
