"""`make bench`: what a timer's run costs, by what is due and by what is stored, and beside the bare transactions.

Requests are counted at the transport. Speed: `expire_leads` on 250 due leads, in turn with the bare SDK writing the
very same rows (lead, copy, history, event) in transactions of the same size and nothing else: no agenda, no reads.
"""

import asyncio
import statistics
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from local.azurite import Azurite
from shared import app
from shared.domain.agenda import Change
from shared.domain.deadlines import hints
from shared.domain.lead import Lead
from shared.domain.lifecycle import settle
from shared.ports.leads import StoredLead
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.agenda import TableAgenda
from shared.storage.exports import blobs
from shared.storage.leads.lead_store import operations_of
from shared.storage.tables import Tables, connect
from shared.usecases.leads.record_due import run_due
from tests.builders import AT, DAY, a_lead, unique
from tests.transports import RoundTrips

LATE = AT + 15 * DAY
STORED, DUE = (500, 10_000), (0, 1, 100, 2_000)
SPEED_LEADS, SPEED_PAIRS = 250, 7


def lead_of(partner: str, number: int, at: datetime) -> Lead:
    """A waiting lead without a flame, received at `at`."""
    lead = a_lead(partner, at, ActionCode="", Title=str(number))
    return replace(lead, customer=replace(lead.customer, email=f"{number}@northwind.example"))


async def fill(tables: Tables, leads: list[Lead]) -> None:
    """Store leads with their copies and hints, fifty in a transaction."""
    for start in range(0, len(leads), 50):
        some = leads[start : start + 50]
        rows = [
            {"PartitionKey": lead.partner_id, "RowKey": key, **codec.lead_columns(lead)}
            for lead in some
            for key in (keys.lead(lead.id), keys.copy("open", lead.id))
        ]
        await tables.sdk(keys.LEADS).submit_transaction([("create", row) for row in rows])
    await TableAgenda(tables).put([hint for lead in leads for hint in hints(lead)])


async def expire(settings: Settings, tables: Tables, at: datetime) -> int:
    """One run of the timer; how many hints it handled."""
    began = time.monotonic()
    ports = app.build(settings, tables, blobs.connect(settings)).ports
    ran = await run_due(ports=ports, kind="expire", at=at, budget=Budget(lambda: time.monotonic() - began))
    return ran.done


async def count_requests(settings: Settings) -> None:
    """Requests a run, by what is due among what is stored: each day a little more falls due."""
    print(f"{'expire_leads: due':>18}{'stored':>10}{'requests':>10}{'2n + n/50 + 3':>15}{'seconds':>9}")
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
            print(f"{due:>18}{stored:>10}{trips.requests:>10}{2 * due + due // 50 + 3:>15}{spent:>9.2f}", flush=True)
        await tables.close()
        await counted.close()


SDK: dict[str, tuple[str, list[Any]]] = {
    "POST": ("create", []),
    "PUT": ("upsert", [{"mode": "replace"}]),
    "DELETE": ("delete", []),
}
"""What the SDK calls a write."""


async def bare(tables: Tables, leads: list[Lead]) -> None:
    """The same rows with the SDK alone, as many leads in a transaction as the timer takes."""
    change = Change("bare", LATE)
    for start in range(0, len(leads), 25):
        operations: list[Any] = []
        for lead in leads[start : start + 25]:
            for write in operations_of(StoredLead(lead, ""), settle(lead, LATE), change):
                kind, more = SDK[write.method]
                operations.append((kind, dict(write.row), *more))
        await tables.sdk(keys.LEADS).submit_transaction(operations)


async def speed(settings: Settings) -> None:
    """Leads a second, ours and bare in turn."""
    tables = connect(settings.model_copy(update={"table_prefix": "speed"}))
    await tables.create()
    ours, alone = [], []
    for _ in range(SPEED_PAIRS):
        for spent in (ours, alone):
            partner = unique()
            leads = [lead_of(partner, n, AT) for n in range(SPEED_LEADS)]
            await fill(tables, leads)
            if spent is alone:
                await TableAgenda(tables).remove([hint for lead in leads for hint in hints(lead)])
            began = time.perf_counter()
            if spent is ours:
                await expire(settings, tables, LATE)
            else:
                await bare(tables, leads)
            spent.append(SPEED_LEADS / (time.perf_counter() - began))
    ratio = statistics.median(a / b for a, b in zip(ours, alone, strict=True))
    print(
        f"\nleads expired a second: {statistics.median(ours):.0f}, bare transactions alone: "
        f"{statistics.median(alone):.0f}; ratio {ratio:.2f} (median of {SPEED_PAIRS} pairs)"
    )
    await tables.close()


async def main(settings: Settings) -> None:
    """Both tables."""
    await count_requests(settings)
    await speed(settings)


if __name__ == "__main__":
    with Azurite(None) as azurite:
        asyncio.run(main(Settings(storage_connection=SecretStr(azurite.connection))))
