"""Takes up what marketplaces wrote to the tables that are registered as sources (I3).

Each row becomes a lead through `receive_lead` under its own identity, so however often a row is read, and wherever a
run breaks off, it is one lead. The bookmark says from when rows are still to be read; it moves only when all of them
were taken, and always stands some minutes back: storage's clocks differ, and a row may be seen late.
"""

import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.errors import Conflict, InvalidRequest
from shared.domain.programme.partner import LeadSource, SourceKind
from shared.ports.errors import NoSuchTable
from shared.ports.intake import TableRow
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.receive_lead import is_known, receive_lead

log = logging.getLogger(__name__)
OVERLAP = timedelta(minutes=10)
"""How far back a run looks again: Azure's clocks differ by seconds, and the SDK's retries take a minute."""
BEGINNING = datetime.fromisoformat("1970-01-02T00:00:00Z")
PAGE = 500
BODY_MAX = 900_000
"""Bytes of a row that are kept: a payload is one row too, with what else stands in it."""


@dataclass(frozen=True)
class Ingested:
    """What a run did: rows that became leads, rows known already, rows parked, failures, and whether work is left."""

    leads: int = 0
    known: int = 0
    parked: int = 0
    failed: int = 0
    unfinished: bool = False

    @property
    def rows(self) -> int:
        """Rows looked at."""
        return self.leads + self.known + self.parked + self.failed


async def ingest_tables(*, ports: Ports, at: datetime, storage_now: datetime, budget: Budget) -> Ingested:
    """Read every registered table; `storage_now` is real time, by which storage dates rows. Raises Unavailable."""
    done = Ingested()
    sources = await ports.partners.sources_of_kind(SourceKind.MARKETPLACE_TABLE)
    for number, source in enumerate(sources, 1):
        # Each has its share, so that one large table does not keep the others waiting.
        share = replace(budget, rows=budget.rows * number // len(sources))
        try:
            done = await _ingest(ports, source, at, storage_now, share, done)
        except NoSuchTable:
            # The marketplace makes it with its first lead.
            log.info("A source's table is not there yet.", extra={"event": "table.missing", "source": source.id})
        except Exception as problem:  # noqa: BLE001 - what is wrong with one table holds up no other
            done = _failed(done, source, problem)
    return done


async def _ingest(
    ports: Ports, source: LeadSource, at: datetime, storage_now: datetime, budget: Budget, done: Ingested
) -> Ingested:
    """Read one table from its bookmark on."""
    bookmark = f"table:{(source.table_name or '').casefold()}"
    written = (await ports.agenda.bookmark(bookmark)).place
    # When this pass began, from when on it reads, how far it is, and whether a row of it failed.
    began, since, cursor, failed = json.loads(written) if written else ("", BEGINNING.isoformat(), "", False)
    if not cursor:
        began, failed = storage_now.isoformat(), False
    while True:
        before = done.failed
        rows, cursor = await ports.tables.rows(source.table_name or "", datetime.fromisoformat(since), cursor, PAGE)
        for row in rows:
            done = await _take(ports, source, row, at, done)
        failed = failed or done.failed > before
        if not cursor:
            break
        if not budget.allows(done.rows):
            await ports.agenda.set_bookmark(bookmark, json.dumps([began, since, cursor, failed]))
            return replace(done, unfinished=True)
    if not failed:
        since = max(since, (datetime.fromisoformat(began) - OVERLAP).isoformat())
    await ports.agenda.set_bookmark(bookmark, json.dumps([began, since, "", False]))
    return done


async def _take(ports: Ports, source: LeadSource, row: TableRow, at: datetime, done: Ingested) -> Ingested:
    """Make a lead of one row; what is wrong with one holds up no other."""
    body = json.dumps(row.columns, ensure_ascii=False).encode("utf-8", "replace")
    # A row may be larger than a payload's row; its beginning is parked then.
    submission = Submission(body[:BODY_MAX], identity=row.identity)
    try:
        if await is_known(ports=ports, door=source.door(), submission=submission):
            return replace(done, known=done.known + 1)
        received = await receive_lead(ports=ports, door=source.door(), submission=submission, at=at)
    except (InvalidRequest, Conflict):
        return replace(done, parked=done.parked + 1)
    except Exception as problem:  # noqa: BLE001 - see above
        return _failed(done, source, problem)
    if received.duplicate:
        return replace(done, known=done.known + 1)
    return replace(done, leads=done.leads + 1)


def _failed(done: Ingested, source: LeadSource, problem: Exception) -> Ingested:
    log.error(
        "A table's row could not be taken up; the next run tries again.",
        extra={"event": "table.failed", "source": source.id, "problem": type(problem).__name__},
    )
    return replace(done, failed=done.failed + 1)
