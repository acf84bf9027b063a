"""`make bench`: what a timer's run costs, by what is due and by what is stored, and beside the bare transactions.

Requests are counted at the transport. Speed: `expire_leads` on 250 due leads, in turn with the bare SDK, and with our
own client alone, writing the very same rows (lead, copy, history, event) in transactions of the same size and nothing
else: no agenda, no reads.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from bench.figures import at_most, title
from bench.fill import Filling
from bench.side_by_side import Times, print_rates
from local.azurite import Azurite
from shared import app
from shared.domain.agenda import Change
from shared.domain.deadlines import hints
from shared.domain.lead import Lead
from shared.domain.lifecycle import Decision, settle
from shared.ports.leads import StoredLead
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import keys
from shared.storage.agenda import TableAgenda
from shared.storage.exports import blobs
from shared.storage.leads.lead_store import operations_of
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables, connect
from shared.usecases.leads.record_due import run_due
from tests.builders import AT, DAY, received, unique
from tests.transports import RoundTrips

LATE = AT + 15 * DAY
STORED, DUE = (500, 10_000), (0, 1, 100, 2_000)
SPEED_LEADS, SPEED_PAIRS = 250, 7
SPEED = 0.7
"""Bar: our leads a second, in parts of the bare SDK's."""


def lead_of(partner: str, number: int, at: datetime) -> Decision:
    """A waiting lead without a flame, received at `at`."""
    return received(partner, at, ActionCode="", Title=str(number), Email=f"{number}@northwind.example")


async def fill(tables: Tables, leads: list[Decision]) -> None:
    """Store leads with their hints."""
    filled = Filling()
    for lead in leads:
        await filled.add([lead])
    await filled.store(tables)
    await TableAgenda(tables).put([hint for made in leads for hint in hints(made.lead)])


async def expire(settings: Settings, tables: Tables, at: datetime) -> int:
    """One run of the timer; how many hints it handled."""
    began = time.monotonic()
    ports = app.build(settings, tables, blobs.connect(settings)).ports
    ran = await run_due(ports=ports, kind="expire", at=at, budget=Budget(lambda: time.monotonic() - began))
    return ran.done


async def count_requests(settings: Settings) -> None:
    """Requests a run, by what is due among what is stored: each day a little more falls due."""
    title("Timers: requests a run")
    print(f"{'expire_leads: due':>18}{'stored':>10}{'requests':>10}{'seconds':>9}   bar of requests: 2n + n/50 + 3")
    for stored in STORED:
        prefixed = settings.model_copy(update={"table_prefix": f"d{stored}"})
        trips = RoundTrips()
        tables, counted = connect(prefixed), connect(prefixed, transport=trips)
        await tables.create()
        dues = [due for due in DUE if due < stored]
        days = [day for day, due in enumerate(dues) for _ in range(due)]
        days += [100] * (stored - len(days))
        await fill(tables, [lead_of("contoso", n, AT + day * DAY) for n, day in enumerate(days)])
        for day, due in enumerate(dues):
            trips.reset()
            began = time.perf_counter()
            done = await expire(prefixed, counted, AT + (14 + day) * DAY)
            spent = time.perf_counter() - began
            if done != due:
                raise SystemExit(f"{done} of {due} were done")
            bar = at_most(trips.requests, 2 * due + due // 50 + 3)
            print(f"{due:>18}{stored:>10}{trips.requests:>10}{spent:>9.2f}   {bar}", flush=True)
        await tables.close()
        await counted.close()


SDK: dict[str, tuple[str, list[Any]]] = {
    "POST": ("create", []),
    "PUT": ("upsert", [{"mode": "replace"}]),
    "DELETE": ("delete", []),
}
"""What the SDK calls a write."""


def transactions(leads: list[Lead]) -> Iterator[list[Write]]:
    """The same rows, as many leads in a transaction as the timer takes."""
    change = Change("bare", LATE)
    for start in range(0, len(leads), 25):
        some = leads[start : start + 25]
        yield [write for lead in some for write in operations_of(StoredLead(lead, ""), settle(lead, LATE), change)]


async def bare(tables: Tables, leads: list[Lead]) -> None:
    """Write them with the SDK alone."""
    for writes in transactions(leads):
        operations: list[Any] = []
        for write in writes:
            kind, more = SDK[write.method]
            operations.append((kind, dict(write.row), *more))
        await tables.sdk(keys.LEADS).submit_transaction(operations)


async def lean(tables: Tables, leads: list[Lead]) -> None:
    """Write them with our own client alone."""
    for writes in transactions(leads):
        await tables[keys.LEADS].transact([Write(write.method, write.row) for write in writes])


async def speed(settings: Settings) -> None:
    """Leads a second, the ways in turn."""
    tables = connect(settings.model_copy(update={"table_prefix": "speed"}))
    await tables.create()
    ways = {"ours": Times(), "bare SDK": Times(), "our client alone": Times()}
    for _ in range(SPEED_PAIRS):
        for way, taken in ways.items():
            partner = unique()
            made = [lead_of(partner, n, AT) for n in range(SPEED_LEADS)]
            leads = [one.lead for one in made]
            await fill(tables, made)
            if way == "ours":
                await taken.add(expire(settings, tables, LATE))
                continue
            await TableAgenda(tables).remove([hint for lead in leads for hint in hints(lead)])
            await taken.add((bare if way == "bare SDK" else lean)(tables, leads))
    print()
    title(f"{SPEED_LEADS} leads that expire")
    print_rates("leads", SPEED_LEADS, ways, {"bare SDK": SPEED})
    await tables.close()


async def main(settings: Settings) -> None:
    """Both tables."""
    await count_requests(settings)
    await speed(settings)


if __name__ == "__main__":
    with Azurite(None) as azurite:
        asyncio.run(main(Settings(storage_connection=SecretStr(azurite.connection))))
