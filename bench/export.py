"""`make bench`: an export of 50,000 leads beside a bare scan of the same rows, its memory, and its requests.

"Bare" reads the same rows and columns with the SDK, a thousand a page, and does nothing with them. Memory is measured
in processes of their own, which only export.
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from bench.deadlines import lead_of
from bench.figures import at_most, title
from bench.fill import LEFT_OUT, Filling
from bench.side_by_side import Times, print_rates
from local.azurite import ROOT, Azurite
from shared import app
from shared.domain.exports.export import ExportFormat, Layout
from shared.domain.programme.partner import LeadSource
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.leads.lead_store import SELECTED
from shared.storage.tables import connect
from tests.builders import AT, DAY
from tests.exports import ask
from tests.transports import RoundTrips

SMALL, LARGE, PAIRS = 5_000, 50_000, 3
ORDERS = ("created", "company")
BARS = {"created": {"bare scan": 0.9}}
"""Our rows a second, in parts of a bare scan's."""
GROWTH_MB = 20
"""Of a process's peak memory, from the small export to the large one."""


async def filled() -> Filling:
    """Two partners with so many leads, without the copies of those that wait, which an export does not read."""
    found = Filling()
    for count in (SMALL, LARGE):
        for n in range(count):
            await found.add([lead_of(str(count), n, AT + timedelta(seconds=n))], (*LEFT_OUT, "open|"))
    return found


async def export(settings: Settings, count: int, order: str = "created", trips: RoundTrips | None = None) -> None:
    """One export of the partner's leads."""
    tables, files = connect(settings, transport=trips), blobs.connect(settings, transport=trips)
    ports = app.build(settings, tables, files).ports
    source = LeadSource("", str(count), "", AT)
    if trips:
        trips.reset()
    began = time.perf_counter()
    watch = Budget(lambda: time.perf_counter() - began, seconds=3_600)
    seen = await ask(ports, source, AT + DAY, layout=Layout(ExportFormat.CSV), order=order, within=watch)
    if seen.rows != count:
        raise SystemExit(f"{seen.rows} of {count} rows: {seen.state}")
    await tables.close()
    await files.close()


async def bare(settings: Settings, count: int) -> None:
    """Read the same rows."""
    tables = connect(settings)
    condition = f"PartitionKey eq '{count}' and RowKey gt 'lead|m' and RowKey lt 'lead|m~' and isTest eq false"
    found = 0
    pages = tables.sdk(keys.LEADS).query_entities(condition, results_per_page=1_000, select=SELECTED).by_page()
    async for page in pages:
        found += len([row async for row in page])
    if found != count:
        raise SystemExit(f"{found} of {count} rows")
    await tables.close()


async def speed(settings: Settings) -> None:
    """Rows a second, ours and bare in turn."""
    for order in ORDERS:
        title(f"Export of {LARGE:,} leads, ordered by {order}")
        ours, alone = Times(), Times()
        for _ in range(PAIRS):
            await ours.add(export(settings, LARGE, order))
            await alone.add(bare(settings, LARGE))
        print_rates("rows", LARGE, {"ours": ours, "bare scan": alone}, BARS.get(order, {}))


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
        bar = at_most(grown, GROWTH_MB)
        print(
            f"peak memory ordered by {order}, MB: {peaks[SMALL]:.1f} → {peaks[LARGE]:.1f}, grown by {grown:.1f}   {bar}"
        )


def main() -> None:
    """The table; or, with arguments, one export whose peak memory is printed."""
    if len(sys.argv) > 1:
        settings = Settings(storage_connection=SecretStr(sys.argv[1]))
        asyncio.run(export(settings, int(sys.argv[2]), sys.argv[3]))
        # Not `ru_maxrss`, which a child inherits from its parent. Linux only; in KiB.
        status = Path("/proc/self/status").read_text()
        print(int(re.search(r"VmHWM:\s*(\d+)", status)[1]) * 1024 / 1e6)  # type: ignore[index] # it is always there
        return
    with tempfile.TemporaryDirectory() as folder:
        azurite = Azurite(Path(folder))
        with azurite:
            settings = Settings(storage_connection=SecretStr(azurite.connection))
            asyncio.run(_made(settings))
        asyncio.run(filled()).pour(Path(folder))
        with azurite:
            asyncio.run(_measure(settings))
            memory(azurite.connection)


async def _made(settings: Settings) -> None:
    tables, files = connect(settings), blobs.connect(settings)
    await tables.create()
    await files.create()
    await tables.close()
    await files.close()


async def _measure(settings: Settings) -> None:
    await speed(settings)
    await requests(settings)


if __name__ == "__main__":
    main()
