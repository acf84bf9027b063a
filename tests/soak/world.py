"""What the two hosts run on and with: storage that freezes, a receiver that fails and hangs, a mail service."""

import asyncio
import logging
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from aiohttp import web
from starlette.applications import Starlette

from local.azurite import Azurite, free_port, is_free
from local.mail_service import MailService, connection
from shared import clock
from tests import local_http
from tests.journeys.local_host import LocalHost
from tests.loopback import listen

log = logging.getLogger("soak")
KEPT = 1_000_000
OFTEN = {
    "DELIVER_EVENTS_SCHEDULE": "*/10 * * * * *",
    "RUN_EXPORTS_SCHEDULE": "*/10 * * * * *",
    "EXPIRE_LEADS_SCHEDULE": "*/30 * * * * *",
    "RECONCILE_SCHEDULE": "15 * * * * *",
}
"""Timers closer together than they are by default: whoever is killed leaves messages to them for ten minutes."""
STARTS_WITHIN = 300
HANGS_SECONDS = 20
"""Longer than a receiver is waited for."""


@dataclass
class Receiver:
    """Takes webhooks over real sockets; while it is `ill` a part of the calls fail, hang or are broken off.

    `order` is what it took of each lead, by the numbers of its events; `ids` are the messages that named one event.
    """

    chance: random.Random
    ill: bool = False
    port: int = 0
    calls: int = 0
    order: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    async def start(self) -> web.AppRunner:
        """Serve."""
        served = web.Application()
        served.router.add_post("/{path:.*}", self._take)
        runner, self.port = await listen(served)
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.calls += 1
        drawn = self.chance.random() if self.ill else 1.0
        if drawn < 0.02:
            await asyncio.sleep(HANGS_SECONDS)
        elif drawn < 0.05 and request.transport is not None:
            request.transport.abort()
        if drawn < 0.15:
            return web.Response(status=503)
        if "sequence" in body and body["type"].startswith("lead."):
            told = body["data"]["id"], body["sequence"]
            self.ids[told].add(request.headers["webhook-id"])
            self.order[told[0]].append(told[1])
        return web.Response()


@dataclass
class World:
    """Two hosts, which are killed and started again, and what they share."""

    azurite: Azurite
    receiver: Receiver
    mails: MailService
    hosts: list[LocalHost]
    kills: int = 0
    frozen_seconds: float = 0

    async def start(self) -> None:
        """Start both hosts, the first before the second: they make tables and a partner."""
        for host in self.hosts:
            await asyncio.to_thread(host.start)

    async def kill(self, number: int) -> None:
        """As a machine that loses its power; then it is started again, until it serves."""
        host = self.hosts[number]
        await asyncio.to_thread(host.end, signal.SIGKILL)
        self.kills += 1
        host.launch()
        began = time.monotonic()
        async with local_http.AsyncClient(timeout=5) as client:
            while time.monotonic() < began + STARTS_WITHIN:
                with suppress(httpx.HTTPError):
                    if (await client.get(host.url)).status_code == 200:
                        log.info("Host %d was killed, and serves after %.0f s.", number + 1, time.monotonic() - began)
                        return
                if host.code is not None:
                    break
                await asyncio.sleep(0.2)
        raise RuntimeError(f"Host {number + 1} did not start; its code is {host.code}: {host.output[-2_000:]!r}")

    async def freeze(self, seconds: float) -> None:
        """Storage neither answers nor refuses anything for so long."""
        assert self.azurite.pid is not None
        os.kill(self.azurite.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(self.azurite.pid, signal.SIGCONT)
        self.frozen_seconds += seconds
        log.info("Storage was frozen for %.0f s.", seconds)


def _port(chance: random.Random) -> int:
    """A free port that no outgoing connection is given while its host is dead."""
    return next(port for port in iter(lambda: chance.randrange(20_000, 30_000), 0) if is_free(port))


@asynccontextmanager
async def world(folder: Path, chance: random.Random) -> AsyncIterator[World]:
    """Everything, started; all of it ends with the block."""
    receiver = Receiver(chance)
    with Azurite(None) as azurite:
        runner = await receiver.start()
        port = free_port()
        mails = MailService(folder / "mails.jsonl", clock.now, lambda: clock.real_now().timestamp(), kept=KEPT)
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=mails.routes()), port=port, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        environment = {
            "LOCAL_STORAGE": azurite.connection,
            "LOCAL_MAIL": connection(f"http://localhost:{port}"),
            "LEADS_MAILS_PER_MINUTE": "10000",
            "LEADS_MAILS_PER_HOUR": "100000",
            **OFTEN,
        }
        hosts = [LocalHost(folder / name, _port(chance), environment) for name in ("one", "two")]
        made = World(azurite, receiver, mails, hosts)
        try:
            await made.start()
            yield made
        finally:
            for host in made.hosts:
                await asyncio.to_thread(host.__exit__)
            await runner.cleanup()
            server.should_exit = True
            await serving
