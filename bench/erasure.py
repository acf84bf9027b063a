"""`make bench`: one pass of an erasure (S4) through partners of more and more leads, ten of them the person's.

What is compared is a bare read of all of the partner's rows with our own client. A pass reads each row once, so its
requests grow with the rows; what must not grow is what a row costs. Payloads and histories are left out (bench.fill).
"""

import asyncio
import os
import time
from dataclasses import replace

from bench.figures import title
from bench.fill import NO_AUTOSAVE, Filling, poured
from shared import app
from shared.domain.erasure import ErasureKind
from shared.domain.events import Event, EventType
from shared.domain.lead import Actor
from shared.domain.lifecycle import Decision
from shared.domain.programme.partner import Partner
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.programme import directory_store
from shared.storage.tables import connect
from shared.usecases.upkeep.erase import Wanted, ask_for_erasure, preview_erasure
from tests.builders import AT, DAY, SOURCE, a_lead
from tests.transports import RoundTrips

SIZES = (1_000, 10_000)
HERS = 10
PARTNER = "contoso"
OLGA = Actor("person", "olga", "Olga")
ADA = Wanted(ErasureKind.EMAIL, "ada@analytical.example")


async def measure(size: int) -> None:
    """A line of the table, on an Azurite of its own."""
    filled = Filling()
    for number in range(size):
        lead = a_lead(PARTNER, AT)
        if number % (size // HERS) == 0:
            lead = replace(lead, customer=replace(lead.customer, email=ADA.value))
        await filled.add([Decision(lead, (Event(1, EventType.RECEIVED, AT, SOURCE, None, lead.status),))])
    async with poured(filled) as settings:
        await _line(settings, size)


async def _line(settings: Settings, size: int) -> None:
    trips = RoundTrips()
    tables, files = connect(settings, transport=trips), blobs.connect(settings)
    directory = directory_store.connect(settings)
    await files.create()
    ports = app.build(settings, tables, files, directory=directory).ports
    await ports.partners.put(Partner(PARTNER, "Contoso", (), AT, AT))
    budget = Budget(lambda: 0.0)

    began, used = time.perf_counter(), time.process_time()
    rows = await tables.of(PARTNER, keys.LEADS).rows(f"PartitionKey eq '{PARTNER}'")
    bare, bare_cpu = time.perf_counter() - began, time.process_time() - used
    began, used, before = time.perf_counter(), time.process_time(), trips.requests
    seen = await preview_erasure(ports=ports, wanted=ADA, by=OLGA, at=AT + DAY, budget=budget)
    dry, dry_cpu, dry_requests = time.perf_counter() - began, time.process_time() - used, trips.requests - before
    began, before = time.perf_counter(), trips.requests
    done = await ask_for_erasure(ports=ports, wanted=ADA, by=OLGA, at=AT + DAY, budget=budget)
    whole, requests = time.perf_counter() - began, trips.requests - before
    assert dict(seen.erasure.counts) == dict(done.erasure.counts)
    print(
        f"{size:>9,} leads {len(rows):>9,} rows   bare {bare:6.2f} s ({bare_cpu:.2f} CPU)   dry run {dry:6.2f} s"
        f" ({dry_cpu:.2f} CPU, {dry_requests} requests)   {dry / bare:.2f} of bare   first pass {whole:6.2f} s"
        f" ({requests} requests)"
    )
    await tables.close()
    await files.close()
    await directory.close()


async def main() -> None:
    """Every size."""
    os.environ |= NO_AUTOSAVE
    title("One pass of an erasure, ten of the leads the person's")
    for size in SIZES:
        await measure(size)


if __name__ == "__main__":
    asyncio.run(main())
