"""`make bench`: what a salesperson's lists cost beside reading everything and filtering in Python.

One partner with 20,000 leads, of which 19,000 are archived. "Ours" is the use case; "naive" reads the partner's leads
with the SDK, decodes them and applies the same filter. Requests are counted at the transport, entities are those that
storage sent, and what that is for one item shown.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from local.azurite import Azurite
from shared import app
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Lead, Status, Tab
from shared.domain.lifecycle import Action, LeadAction, decide, settle
from shared.domain.ordering import Order
from shared.domain.tally import Tally
from shared.ids import position
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.exports import blobs
from shared.storage.leads.lead_store import SELECTED
from shared.storage.tables import Tables, connect
from shared.usecases.leads.counts import count_leads
from shared.usecases.leads.lists import Look, list_leads
from tests.builders import ANN, AT, DAY, a_lead
from tests.transports import RoundTrips

LEADS, WAITING, TIMES, NAIVE_TIMES = 20_000, 1_000, 15, 5
PARTNER, PERSON = "contoso", "ann"
NOW = AT + DAY
RARE = "IS"


class Entities(RoundTrips):
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


def leads() -> list[Lead]:
    """A thousand that wait, newest; the others declined over three years; one in a thousand is from Iceland."""
    chance = random.Random(1)
    made = []
    for n in range(LEADS):
        at = NOW - timedelta(minutes=n) if n < WAITING else NOW - timedelta(days=14 + 1_000 * n / LEADS)
        name = f"{chance.choice(('Ada', 'Bo', 'Cem', 'Dunja'))}{n}"
        country = "Iceland" if n % 1_000 == 500 else "Sweden"
        company = f"{chance.choice(('Northwind', 'Fabrikam', 'Adatum'))} {n}"
        lead = a_lead(PARTNER, at, FirstName=name, Country=country, Company=company, ActionCode="PLT" if n % 9 else "")
        if n >= WAITING:
            lead = decide(lead, LeadAction(Action.DECLINE, reason="budget"), at=at + timedelta(hours=1), by=ANN).lead
        made.append(lead)
    return made


async def fill(tables: Tables, made: list[Lead]) -> None:
    """Store them with their copies, the counts, and forty favorites all over."""
    for start in range(0, len(made), 50):
        rows = []
        for lead in made[start : start + 50]:
            columns = codec.lead_columns(lead)
            rows.append({"PartitionKey": PARTNER, "RowKey": keys.lead(lead.id), **columns})
            if lead.status is not Status.ARCHIVED:
                rows.append({"PartitionKey": PARTNER, "RowKey": keys.copy("open", lead.id), **columns})
        await tables.sdk(keys.LEADS).submit_transaction([("create", row) for row in rows])
    counts = {(Tab.MARKETPLACE, Status.RECEIVED): WAITING, (Tab.MARKETPLACE, Status.ARCHIVED): LEADS - WAITING}
    columns_of = {f"{tab}_{status}": count for (tab, status), count in Tally(counts).counts.items()}
    await tables.sdk(keys.LEADS).create_entity({"PartitionKey": PARTNER, "RowKey": keys.TALLY, **columns_of})
    person = keys.person(PARTNER, PERSON)
    for lead in made[:: LEADS // 40]:
        row = {"PartitionKey": person, "RowKey": position(lead.id), "favorite": True, "opened": True}
        await tables.sdk(keys.FAVORITES).create_entity(row)


Work = Callable[[Ports], Awaitable[int]]


def listing(wanted: LeadFilter) -> Work:
    """The first page of a filter; how many leads it shows."""

    async def run(ports: Ports) -> int:
        began = time.perf_counter()
        budget = Budget(lambda: time.perf_counter() - began, rows=100_000, seconds=60)
        look = Look(ports, PARTNER, PERSON, wanted, NOW)
        page = await list_leads(look, order=Order(), after=None, top=50, budget=budget)
        return len(page.leads)

    return run


async def counting(ports: Ports) -> int:
    """The summary."""
    counts = await count_leads(ports=ports, partner_id=PARTNER, person=PERSON, at=NOW)
    return sum(counts.leads.values())


def naive(wanted: LeadFilter, favorites: frozenset[str] | None) -> Callable[[Tables], Awaitable[int]]:
    """Read the partition, filter in Python, sort, take fifty."""

    async def run(tables: Tables) -> int:
        condition = f"PartitionKey eq '{PARTNER}' and RowKey gt 'lead|' and RowKey lt 'lead|~'"
        found = []
        async for row in tables.sdk(keys.LEADS).query_entities(condition, results_per_page=1_000, select=SELECTED):
            lead = settle(codec.load(Lead, row), NOW).lead
            if wanted.matches(lead, NOW) and (favorites is None or lead.id in favorites):
                found.append(lead)
        found.sort(key=lambda lead: position(lead.id))
        return len(found[:50])

    return run


async def measure(settings: Settings) -> None:
    """The table."""
    tables, files = connect(settings), blobs.connect(settings)
    await tables.create()
    made = leads()
    await fill(tables, made)
    hearted = frozenset(lead.id for lead in made[:: LEADS // 40])
    transport = Entities()
    counted = connect(settings, transport=transport)
    ports, watched = app.build(settings, tables, files).ports, app.build(settings, counted, files).ports
    everything = LeadFilter()
    rows: list[tuple[str, Work, LeadFilter, frozenset[str] | None]] = [
        ("first page", listing(everything), everything, None),
    ]
    for name, wanted in (
        ("status=received", LeadFilter(status=frozenset({Status.RECEIVED}))),
        ("one in a thousand", LeadFilter(country=frozenset({RARE}))),
        ("search, common word", LeadFilter(search="northwind")),
        ("search, one lead", LeadFilter(search=f"northwind ada {made[15_000].customer.first_name}")),
    ):
        rows.append((name, listing(wanted), wanted, None))
    tab = LeadFilter(tab=ListTab.FAVORITES)
    rows += [("favorites", listing(tab), tab, hearted), ("summary", counting, everything, None)]
    head = ("ms", "naive ms", "naive/ours", "requests", "entities", "per item")
    print(f"{'20,000 leads, p50':<22}" + "".join(f"{one:>12}" for one in head))
    for name, work, wanted, favorites in rows:
        ours, others = [], []
        alone = naive(replace(wanted, tab=None), favorites)
        for turn in range(TIMES):
            began = time.perf_counter()
            shown = await work(ports)
            ours.append((time.perf_counter() - began) * 1_000)
            if turn < NAIVE_TIMES:
                began = time.perf_counter()
                await alone(tables)
                others.append((time.perf_counter() - began) * 1_000)
        transport.reset()
        transport.rows = 0
        await work(watched)
        mine, theirs = statistics.median(ours), statistics.median(others)
        items = shown if name != "summary" else 1
        print(
            f"{name:<22}{mine:>12.1f}{theirs:>12.0f}{theirs / mine:>12.0f}{transport.requests:>12}"
            f"{transport.rows:>12}{transport.rows / max(1, items):>12.1f}",
            flush=True,
        )
    for one in (tables, counted):
        await one.close()
    await files.close()


if __name__ == "__main__":
    with Azurite(None) as azurite:
        asyncio.run(measure(Settings(storage_connection=SecretStr(azurite.connection), table_prefix="lists")))
