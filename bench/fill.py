"""Fills storage with many leads quickly, with the rows that the product's own code makes of them.

The stores write into a recorder, what they wrote is brought to where it ends, and that goes to storage a hundred rows
at a time. Left out is what lists, searches and timers do not read: payloads, histories, claims, and events, which the
relay would tell of.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.domain.agenda import Change
from shared.domain.lead import Lead, Tab
from shared.domain.lifecycle import Action, Decision, LeadAction, decide
from shared.domain.tally import Cell, Tally
from shared.ports.leads import StoredLead
from shared.ports.telling import Follows
from shared.storage.leads.lead_store import TableLeadStore
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables
from shared.storage.telling.tally_store import TableTallyStore
from tests.builders import ANN, received, submitted

LEFT_OUT = ("raw|", "hist|", "once|", "out|", "who|")
TOGETHER, UNDER_WAY = 100, 2
PROGRESS = 10_000
Row = tuple[str, dict[str, Any]]
"""A table, and a row of it."""


class Recorder:
    """Stands where tables stand, and keeps what is written to them."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}

    def __getitem__(self, name: str) -> "Written":
        return Written(self, name)


class Written:
    """One of the tables."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._rows, self._name = recorder.rows, name

    async def transact(self, writes: Sequence[Write]) -> list[str]:
        """Keep each row as it is then."""
        return [await self.write(write) for write in writes]

    async def write(self, write: Write) -> str:
        """Keep the row as it is then."""
        key = self._name, write.row["RowKey"]
        if write.method == "DELETE":
            self._rows.pop(key, None)
        else:
            kept = self._rows.get(key, {}) if write.method == "PATCH" else {}
            self._rows[key] = {**kept, **write.row}
        return "tag"


async def rows_of(life: Sequence[Decision], left_out: tuple[str, ...]) -> list[Row]:
    """The rows that a lead has after these decisions, of which the first is its receipt."""
    recorder = Recorder()
    store = TableLeadStore(recorder)  # type: ignore[arg-type] # it looks like tables as far as stores write
    first, *later = life
    change = Change("fill", first.lead.created_at)
    await store.add(first, submitted(first.lead.id), change)
    before = first.lead
    for decision in later:
        await store.commit([(StoredLead(before, "tag"), decision)], change)
        before = decision.lead
    return [(table, row) for (table, key), row in recorder.rows.items() if not key.startswith(left_out)]


async def store(
    tables: Tables,
    lives: Iterable[Sequence[Decision]],
    expected: int = 0,
    left_out: tuple[str, ...] = LEFT_OUT,
) -> dict[Cell, int]:
    """Store leads by what was decided on each, all of one partner; how many there are by tab and status.

    Says how far it is, where so many are `expected` that somebody may wonder. `left_out` are beginnings of keys.
    """
    counts: dict[Cell, int] = {}
    waiting: dict[str, list[Write]] = {}
    under_way: set[asyncio.Future[Any]] = set()

    async def send(table: str, least: int) -> None:
        while len(waiting[table]) >= least:
            some, waiting[table] = waiting[table][:TOGETHER], waiting[table][TOGETHER:]
            under_way.add(asyncio.ensure_future(tables[table].transact(some)))
            if len(under_way) >= UNDER_WAY:
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                under_way.difference_update(done)
                for task in done:
                    task.result()

    number = 0
    for number, life in enumerate(lives, 1):
        lead = life[-1].lead
        cell = Tab(lead.id[0]), lead.status
        counts[cell] = counts.get(cell, 0) + 1
        for table, row in await rows_of(life, left_out):
            waiting.setdefault(table, []).append(Write.insert(row))
            await send(table, TOGETHER)
        if expected > PROGRESS and number % PROGRESS == 0:
            print(f"  stored {number:,} of {expected:,} leads", flush=True)
    for table in waiting:
        await send(table, 1)
    await asyncio.gather(*under_way)
    return counts


GIVEN = ("Ada", "Bo", "Cem", "Dunja", "Edda", "Finn", "Gül", "Håkan")
FAMILY = ("Berg", "Ek", "Frost", "Holm", "Ivanova", "Kaya", "Lind", "Nowak", "Olsen", "Şahin")
COMPANIES = ("Northwind", "Fabrikam", "Adatum", "Litware", "Proseware", "Wingtip")
_TEXT = """
we have users need rollout before spring please call about licence data model finance report plan pilot team migration
budget quarter support training interface warehouse orders invoices contract renewal region office
"""
WORDS = _TEXT.split()
COMMON, RARE, NOWHERE = "northwind", "zugspitze", "xylophon"
"""Words to search for: in one lead of six, in three leads, and in none."""
ICELAND_EVERY = 1_000


def programme(partner: str, count: int, open_leads: int, now: datetime) -> Iterator[tuple[Decision, ...]]:
    """Lives of a partner's leads, newest first: so many that wait, the others declined over three years."""
    chance = random.Random(1)
    rare = {round(count * part) for part in (0.35, 0.6, 0.85)}
    for n in range(count):
        waits = n < open_leads
        at = now - timedelta(minutes=n + 1) if waits else now - timedelta(days=14 + 1_000 * n / count)
        notes = " ".join(chance.choices(WORDS, k=30)) + (f" {RARE}" if n in rare else "")
        first = received(
            partner,
            at,
            FirstName=chance.choice(GIVEN),
            LastName=f"{chance.choice(FAMILY)}{n}",
            Email=f"person{n}@customer.example",
            Company=f"{chance.choice(COMPANIES)} {n}",
            Country="Iceland" if n % ICELAND_EVERY == ICELAND_EVERY // 2 else "Sweden",
            Description=notes,
            ActionCode="PLT" if n % 9 else "",
        )
        if waits:
            yield (first,)
        else:
            answer = LeadAction(Action.DECLINE, reason="budget")
            yield first, decide(first.lead, answer, at=at + timedelta(hours=1), by=ANN)


async def fill(tables: Tables, partner: str, count: int, open_leads: int, now: datetime) -> list[tuple[str, str]]:
    """Store such a programme with its counts; id and texts of each lead, as they may be searched."""
    texts: list[tuple[str, str]] = []

    def noted() -> Iterator[tuple[Decision, ...]]:
        for life in programme(partner, count, open_leads, now):
            texts.append((life[-1].lead.id, searched(life[-1].lead)))
            yield life

    counts = await store(tables, noted(), count)
    await TableTallyStore(tables).take(partner, [], Tally(), Tally(counts), Follows())
    return texts


def searched(lead: Lead) -> str:
    """The texts that a search looks through, as far as these leads have them."""
    customer = lead.customer
    person = f"{customer.first_name or ''} {customer.last_name or ''}"
    return "\n".join(text for text in (customer.company, person, customer.email, lead.notes) if text)
