"""Fills storage with many leads quickly, with the rows that the product's own code makes of them.

The stores write into a recorder, and what they wrote is brought to where it ends. Left out is what lists, searches and
timers do not read: payloads, histories, claims, and events, which the relay would tell of.
"""

import json
import random
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from local.azurite import Azurite
from shared import clock
from shared.domain.agenda import Change
from shared.domain.lead import Lead, Tab
from shared.domain.lifecycle import Action, Decision, LeadAction, decide
from shared.domain.tally import Cell, Tally
from shared.ports.leads import StoredLead
from shared.ports.telling import Follows
from shared.settings import Settings
from shared.storage.leads.lead_store import TableLeadStore
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables, connect
from shared.storage.telling.tally_store import TableTallyStore
from tests.builders import ANN, received, submitted

LEFT_OUT = ("raw|", "hist|", "once|", "out|", "who|")
TOGETHER, PROGRESS = 100, 10_000
NO_AUTOSAVE = {"NODE_OPTIONS": f"--require {Path(__file__).with_name('no_autosave.cjs')}"}
"""The environment of an Azurite whose folder is filled, so that it is as quick as one in memory."""
Row = tuple[str, dict[str, Any]]
"""A table, and a row of it."""


class Recorder:
    """Stands where tables stand, and keeps what is written to them."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}

    def __getitem__(self, name: str) -> "Written":
        return Written(self, name)

    def of(self, _partner_id: str, name: str) -> "Written":
        """A partner's rows, which stand with the others."""
        return self[name]


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


@dataclass
class Filling:
    """Rows by table, and how many leads they are by tab and status."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    counts: dict[Cell, int] = field(default_factory=dict)

    async def add(self, life: Sequence[Decision], left_out: tuple[str, ...] = LEFT_OUT) -> None:
        """Add a lead by what was decided on it; `left_out` are beginnings of keys."""
        lead = life[-1].lead
        cell = Tab(lead.id[0]), lead.status
        self.counts[cell] = self.counts.get(cell, 0) + 1
        for table, row in await rows_of(life, left_out):
            self.rows.setdefault(table, []).append(row)

    async def store(self, tables: Tables) -> None:
        """Write them, a hundred in a transaction: for some thousands, since Azurite looks at a whole partition each."""
        for table, rows in self.rows.items():
            for start in range(0, len(rows), TOGETHER):
                await tables[table].transact([Write.insert(row) for row in rows[start : start + TOGETHER]])

    def pour(self, folder: Path) -> None:
        """Put them into the file of an Azurite that is stopped and has the tables, and forget them."""
        file = folder / "__azurite_db_table__.json"
        database = json.loads(file.read_text())
        written = f"{clock.real_now():%Y-%m-%dT%H:%M:%S}.0000000Z"
        for collection in database["collections"]:
            held = collection["data"]
            for row in self.rows.pop(collection["name"].partition("$")[2], []):
                keys = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
                columns = {**row, "Timestamp": written, "Timestamp@odata.type": "Edm.DateTime"}
                tag = f"W/\"datetime'{quote(written)}'\""
                number = collection["maxId"] = collection["maxId"] + 1
                meta = {"revision": 0, "created": 0, "version": 0}
                stored = {
                    "properties": columns,
                    "lastModifiedTime": written,
                    "eTag": tag,
                    "meta": meta,
                    "$loki": number,
                }
                held.append(keys | stored)
            for name, index in collection["binaryIndices"].items():
                if name in ("PartitionKey", "RowKey"):
                    index["values"] = sorted(range(len(held)), key=lambda n, name=name: held[n][name])
        if self.rows:
            raise SystemExit(f"Azurite's file has no table {', '.join(self.rows)}.")
        file.write_text(json.dumps(database))


@asynccontextmanager
async def poured(filled: Filling) -> AsyncIterator[Settings]:
    """The settings for an Azurite of its own that holds these rows and no others."""
    with tempfile.TemporaryDirectory() as folder:
        azurite = Azurite(Path(folder))
        with azurite:
            settings = Settings(storage_connection=SecretStr(azurite.connection))
            tables = connect(settings)
            await tables.create()
            await tables.close()
        filled.pour(Path(folder))
        with azurite:
            yield settings


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


async def filling(into: Filling, partner: str, count: int, open_leads: int, now: datetime) -> list[tuple[str, str]]:
    """Add such a programme with its counts; id and texts of each lead, as they may be searched."""
    own, texts = Filling(into.rows), []
    for life in programme(partner, count, open_leads, now):
        await own.add(life)
        texts.append((life[-1].lead.id, searched(life[-1].lead)))
        if len(texts) % PROGRESS == 0:
            print(f"  made {len(texts):,} of {count:,} leads", flush=True)
    recorder = Recorder()
    await TableTallyStore(recorder).take(partner, [], Tally(), Tally(own.counts), Follows())  # type: ignore[arg-type] # as above
    for (table, _), row in recorder.rows.items():
        into.rows.setdefault(table, []).append(row)
    return texts


def searched(lead: Lead) -> str:
    """The texts that a search looks through, as far as these leads have them."""
    customer = lead.customer
    person = f"{customer.first_name or ''} {customer.last_name or ''}"
    return "\n".join(text for text in (customer.company, person, customer.email, lead.notes) if text)
