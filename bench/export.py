"""`make bench`: an export of 50,000 leads beside a bare scan of the same rows, its memory, and its requests.

"Bare" reads the same rows and columns with the SDK, a thousand a page, and does nothing with them. Goals: at least 0.8
of its rows a second; the peak memory of a process grows by at most 20 MB from 5,000 rows to 50,000. Memory is measured
in processes of their own, which only export.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from bench.deadlines import lead_of
from local.azurite import ROOT, Azurite
from shared import app
from shared.domain.exports.export import ExportFormat, Layout
from shared.domain.programme.partner import LeadSource
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.exports import blobs
from shared.storage.leads.lead_store import SELECTED
from shared.storage.tables import Tables, connect
from tests.builders import AT, DAY
from tests.exports import ask
from tests.transports import RoundTrips

SMALL, LARGE, PAIRS = 5_000, 50_000, 3
PREFIX = "export"
ORDERS = ("created", "company")


async def fill(tables: Tables, count: int) -> None:
    """A partner with so many leads."""
    partner = str(count)
    for start in range(0, count, 100):
        leads = [lead_of(partner, n, AT + timedelta(seconds=n)) for n in range(start, start + 100)]
        rows = [{"PartitionKey": partner, "RowKey": keys.lead(lead.id), **codec.lead_columns(lead)} for lead in leads]
        await tables.sdk(keys.LEADS).submit_transaction([("create", row) for row in rows])


async def export(settings: Settings, count: int, order: str = "created", trips: RoundTrips | None = None) -> float:
    """One export of the partner's leads; seconds."""
    tables, files = connect(settings, transport=trips), blobs.connect(settings, transport=trips)
    ports = app.build(settings, tables, files).ports
    source = LeadSource("", str(count), "", AT)
    if trips:
        trips.reset()
    began = time.perf_counter()
    watch = Budget(lambda: time.perf_counter() - began, seconds=3_600)
    seen = await ask(ports, source, AT + DAY, layout=Layout(ExportFormat.CSV), order=order, within=watch)
    spent = time.perf_counter() - began
    if seen.rows != count:
        raise SystemExit(f"{seen.rows} of {count} rows: {seen.state}")
    await tables.close()
    await files.close()
    return spent


async def bare(settings: Settings, count: int) -> float:
    """Read the same rows; seconds."""
    tables = connect(settings)
    condition = f"PartitionKey eq '{count}' and RowKey gt 'lead|m' and RowKey lt 'lead|m~' and isTest eq false"
    began = time.perf_counter()
    found = 0
    pages = tables.sdk(keys.LEADS).query_entities(condition, results_per_page=1_000, select=SELECTED).by_page()
    async for page in pages:
        found += len([row async for row in page])
    spent = time.perf_counter() - began
    if found != count:
        raise SystemExit(f"{found} of {count} rows")
    await tables.close()
    return spent


async def speed(settings: Settings) -> None:
    """Rows a second, ours and bare in turn."""
    print(f"{'export of 50,000, rows a second':<34}{'ours':>8}{'bare scan':>11}{'pairwise':>10}")
    for order in ORDERS:
        ours, alone = [], []
        for _ in range(PAIRS):
            ours.append(LARGE / await export(settings, LARGE, order))
            alone.append(LARGE / await bare(settings, LARGE))
        ratio = statistics.median(a / b for a, b in zip(ours, alone, strict=True))
        medians = statistics.median(ours), statistics.median(alone)
        print(f"{'ordered by ' + order:<34}{medians[0]:>8.0f}{medians[1]:>11.0f}{ratio:>10.2f}", flush=True)


async def requests(settings: Settings) -> None:
    """Storage requests per thousand rows."""
    for order in ORDERS:
        trips = RoundTrips()
        await export(settings, LARGE, order, trips)
        per = trips.requests / LARGE * 1_000
        print(f"requests ordered by {order}: {trips.requests}, {per:.2f} per 1,000 rows", flush=True)


def memory(connection: str) -> None:
    """Peak memory of a process that only exports."""
    for order in ORDERS:
        peaks = {}
        for count in (SMALL, LARGE):
            run = subprocess.run(
                [sys.executable, "-m", "bench.export", connection, str(count), order],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            peaks[count] = json.loads(run.stdout)
        grown = peaks[LARGE] - peaks[SMALL]
        print(f"peak memory ordered by {order}, MB: {peaks[SMALL]:.1f} → {peaks[LARGE]:.1f}, grown by {grown:.1f}")


def main() -> None:
    """The table; or, with arguments, one export whose peak memory is printed."""
    if len(sys.argv) > 1:
        settings = Settings(storage_connection=SecretStr(sys.argv[1]), table_prefix=PREFIX)
        asyncio.run(export(settings, int(sys.argv[2]), sys.argv[3]))
        # Not `ru_maxrss`, which a child inherits from its parent. Linux only; in KiB.
        status = Path("/proc/self/status").read_text()
        print(int(re.search(r"VmHWM:\s*(\d+)", status)[1]) * 1024 / 1e6)  # type: ignore[index] # it is always there
        return
    with Azurite(None) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection), table_prefix=PREFIX)
        asyncio.run(_measure(settings))
        memory(azurite.connection)


async def _measure(settings: Settings) -> None:
    tables, files = connect(settings), blobs.connect(settings)
    await tables.create()
    await files.create()
    for count in (SMALL, LARGE):
        await fill(tables, count)
    await tables.close()
    await files.close()
    await speed(settings)
    await requests(settings)


if __name__ == "__main__":
    main()
