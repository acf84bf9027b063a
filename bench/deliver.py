"""`make bench`: events through one relay to twenty receivers of which one hangs, beside the same without that one.

Real sockets, Azurite, the real client. The time runs from the start of a run until the nineteen that answer have
everything; both ways in turn, on partners of their own.
"""

import asyncio
import statistics
import time
from datetime import timedelta

from aiohttp import web
from pydantic import SecretStr

from local.azurite import Azurite
from shared import app, clock
from shared.delivery.webhooks import HttpWebhooks
from shared.domain.events import EventType
from shared.domain.partner import LeadSource, Partner
from shared.domain.webhooks import Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.settings import Settings
from shared.storage import blobs
from shared.storage.tables import connect
from shared.usecases.deliver import deliver_events
from tests.builders import AT, delivery_body, unique
from tests.steps import deliver

LEADS, ANSWERING, PAIRS = 40, 19, 3
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
        runner = web.AppRunner(served)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        if request.match_info["kind"] == "hang":
            await asyncio.sleep(60)
        self.taken += 1
        if self.taken == LEADS * ANSWERING:
            self.all.set()
        return web.Response()


async def run(ports: Ports, receivers: Receivers, *, hanging: bool) -> float:
    """Seconds until everybody who answers has everything."""
    partner = unique()
    source = LeadSource(new_source_id(), partner, "Marketplace", AT)
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    paths = [f"ok/{n}" for n in range(ANSWERING)] + (["hang/0"] if hanging else [])
    for path in paths:
        url = f"http://127.0.0.1:{receivers.port}/{path}"
        hook = Webhook(
            new_source_id(), url, (str(EventType.RECEIVED),), AT, state=WebhookState.ACTIVE, secrets=(SECRET,)
        )
        await ports.notices.put_webhook(partner, hook, None)
    for n in range(LEADS):
        await deliver(ports, source, delivery_body(Company=str(n), ActionCode="INS"), at=AT + timedelta(seconds=n))
    receivers.taken, began = 0, time.perf_counter()
    receivers.all.clear()
    watch = clock.stopwatch()
    at = AT + timedelta(minutes=5)
    running = asyncio.create_task(
        deliver_events(ports=ports, now=lambda: at + timedelta(seconds=watch()), budget=Budget(watch))
    )
    await asyncio.wait_for(receivers.all.wait(), 120)
    spent = time.perf_counter() - began
    # Whether the hanging one is still waited for is no matter here.
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return spent


async def main() -> None:
    """Measure and print."""
    with Azurite(None) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection), email_dns=False, webhook_loopback=True)
        tables, files = connect(settings), blobs.connect(settings)
        await tables.create()
        built = app.build(settings, tables, files)
        receivers = Receivers()
        runner = await receivers.start()
        found: dict[bool, list[float]] = {True: [], False: []}
        await run(built.ports, receivers, hanging=False)
        for pair in range(PAIRS):
            for hanging in (True, False) if pair % 2 else (False, True):
                found[hanging].append(await run(built.ports, receivers, hanging=hanging))
        assert isinstance(built.ports.webhooks, HttpWebhooks)
        await built.ports.webhooks.close()
        await runner.cleanup()
        await tables.close()
        await files.close()
    events = LEADS * ANSWERING
    without, one_hangs = (statistics.median(found[hanging]) for hanging in (False, True))
    print(f"{LEADS} events to {ANSWERING} receivers that answer ({events} deliveries), median of {PAIRS}:")
    print(f"  nobody hangs      {events / without:7.0f} deliveries/s")
    print(f"  one more hangs    {events / one_hangs:7.0f} deliveries/s")
    print(f"  ratio             {without / one_hangs:7.2f}")


if __name__ == "__main__":
    asyncio.run(main())
