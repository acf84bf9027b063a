"""The verbs of an export's tests: ask for one on any ports, and read its file."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain.exports.export import ExportFormat, Layout, Since
from shared.domain.filters import LeadFilter
from shared.domain.ordering import Order
from shared.domain.programme.partner import LeadSource
from shared.ports.exports import FileStore, StoredExport
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.exports.export_leads import SeenExport, read_export, start_export
from shared.usecases.exports.run_exports import RanExports, run_exports
from tests.builders import AT
from tests.steps import budget

LINES = Layout(ExportFormat.JSONL)
TIMER = timedelta(seconds=16)
"""After a request's five seconds and the timer's ten."""
SPENT = Budget(lambda: 1.0, seconds=0)
"""Enough for one batch of leads and no more."""


async def ask(
    ports: Ports,
    source: LeadSource,
    at: datetime = AT,
    *,
    order: str = "created",
    layout: Layout = LINES,
    since: Since | None = None,
    within: Budget | None = None,
    person: str = "ann",
    **filters: Any,
) -> SeenExport:
    """Ask for an export of the source's partner."""
    return await start_export(
        ports=ports,
        partner_id=source.partner_id,
        person=person,
        wanted=LeadFilter(**filters),
        order=Order.read(order),
        layout=layout,
        since=since,
        at=at,
        budget=within or budget(),
    )


async def again(ports: Ports, seen: SeenExport) -> SeenExport:
    """The export as it is now."""
    return await read_export(ports=ports, partner_id=seen.export.partner_id, export_id=seen.export.id, at=AT)


async def stored(ports: Ports, seen: SeenExport) -> StoredExport:
    """The export as it is stored."""
    found = await ports.exports.get(seen.export.partner_id, seen.export.id)
    assert found is not None
    return found


async def by_timer(ports: Ports, at: datetime = AT + TIMER, within: Budget | None = None) -> RanExports:
    """One run of the timer."""
    return await run_exports(ports=ports, at=at, budget=within or budget())


async def rows_of(files: FileStore, seen: SeenExport) -> list[dict[str, Any]]:
    """The rows of an export's file."""
    text = (await files.read(seen.export.blob, 0, 1 << 30)).decode()
    if seen.export.format is ExportFormat.JSONL:
        return [json.loads(line) for line in text.splitlines()]
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


async def ids_of(files: FileStore, seen: SeenExport) -> list[str]:
    """The ids in an export's file, in its order."""
    return [row["Id"] for row in await rows_of(files, seen)]


def in_small_blocks(ports: Ports, size: int = 3_000, **changes: Any) -> Ports:
    """The same with blocks of a few leads."""
    return replace(ports, rules=replace(ports.rules, export=replace(ports.rules.export, block_bytes=size, **changes)))


def stops_after(times: int) -> Callable[[], float]:
    """A watch that says at the n-th look that the time is over (see `stopping`)."""
    looks = iter(range(times))
    return lambda: 0.0 if next(looks, None) is not None else 1.0


def stopping(times: int) -> Budget:
    """A budget that ends after so many looks at the watch."""
    return Budget(stops_after(times), seconds=0.5)
