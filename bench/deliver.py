"""`make bench`: events through one relay while others hang, beside the same without them.

Twenty receivers of which one hangs; and a partner whose neighbours, two other partners, have fifty receivers each that
all hang. Real sockets, Azurite, the real client. The time runs from the start of a run until those that answer have
everything; both ways in turn, each run in tables of its own.
"""

import asyncio
import statistics
import time
from datetime import timedelta

from aiohttp import web
from pydantic import SecretStr

from bench.figures import title
from local.azurite import Azurite
from shared import app, clock
from shared.delivery.webhooks import HttpWebhooks
from shared.domain.events import EventType
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.webhooks import Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from shared.usecases.telling.deliver import deliver_events
from tests.builders import AT, submission_body, unique
from tests.loopback import listen
from tests.steps import submit

LEADS, ANSWERING, PAIRS = 40, 19, 3
NEIGHBOURS, THEIRS = 2, 50
SECRET = Secret("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")


class Receivers:
    """One server; `/hang/…` never answers in time, everything else at once."""

    def __init__(self) -> None:
        self.taken = 0
        self.all = asyncio.Event()
        self.port = 0

    async def start(self) -> web.AppRunner:
        """Serve."""
        served = web.Application()
        served.router.add_post("/{kind}/{number}", self._take)
        runner, self.port = await listen(served)
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        if request.match_info["kind"] == "hang":
            await asyncio.sleep(60)
        self.taken += 1
        if self.taken == LEADS * ANSWERING:
            self.all.set()
        return web.Response()


async def run(azurite: Azurite, receivers: Receivers, *, hanging: int = 0, neighbours: int = 0) -> float:
    """Seconds until everybody who answers has everything."""
    settings = Settings(
        storage_connection=SecretStr(azurite.connection),
        table_prefix=unique().replace("-", ""),
        email_dns=False,
        webhook_loopback=True,
    )
    tables, files = connect(settings), blobs.connect(settings)
    await tables.create()
    ports = app.build(settings, tables, files).ports
    # The neighbours' events come first, and so their lanes.
    for _ in range(neighbours):
        await _partner(ports, receivers, [f"hang/{n}" for n in range(THEIRS)], leads=1)
    paths = [f"ok/{n}" for n in range(ANSWERING)] + [f"hang/{n}" for n in range(hanging)]
    await _partner(ports, receivers, paths, leads=LEADS)
    receivers.taken, began = 0, time.perf_counter()
    receivers.all.clear()
    watch = clock.stopwatch()
    at = AT + timedelta(minutes=5)
    running = asyncio.create_task(
        deliver_events(ports=ports, now=lambda: at + timedelta(seconds=watch()), budget=Budget(watch))
    )
    await asyncio.wait_for(receivers.all.wait(), 120)
    spent = time.perf_counter() - began
    # Whether those that hang are still waited for is no matter here.
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert isinstance(ports.receivers, HttpWebhooks)
    await ports.receivers.close()
    await tables.close()
    await files.close()
    return spent


async def _partner(ports: Ports, receivers: Receivers, paths: list[str], *, leads: int) -> None:
    """A partner with these subscriptions and so many leads nobody has told of."""
    partner = unique()
    source = LeadSource(new_source_id(), partner, "Marketplace", AT)
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    for path in paths:
        url = f"http://127.0.0.1:{receivers.port}/{path}"
        hook = Webhook(
            new_source_id(), url, (str(EventType.RECEIVED),), AT, state=WebhookState.ACTIVE, secrets=(SECRET,)
        )
        await ports.webhooks.put(partner, hook, None)
    for n in range(leads):
        await submit(ports, source, submission_body(Company=str(n), ActionCode="INS"), at=AT + timedelta(seconds=n))


async def main() -> None:
    """Measure and print."""
    title("Deliveries while others hang")
    ways = {"nobody hangs": {}, "one more hangs": {"hanging": 1}, "100 of neighbours hang": {"neighbours": NEIGHBOURS}}
    with Azurite(None) as azurite:
        receivers = Receivers()
        runner = await receivers.start()
        await run(azurite, receivers)
        found: dict[str, list[float]] = {way: [] for way in ways}
        for pair in range(PAIRS):
            for way in reversed(ways) if pair % 2 else ways:
                found[way].append(await run(azurite, receivers, **ways[way]))
        await runner.cleanup()
    events, median = LEADS * ANSWERING, {way: statistics.median(times) for way, times in found.items()}
    alone = median["nobody hangs"]
    print(f"{LEADS} events to {ANSWERING} receivers that answer ({events} deliveries), median of {PAIRS}:")
    for way, seconds in median.items():
        print(
            f"  {way:24}{events / seconds:7.0f} deliveries/s   ratio {alone / seconds:5.2f}   done in {seconds:5.2f} s"
        )


if __name__ == "__main__":
    asyncio.run(main())
