"""A whole programme that tells: real storage, queues, receivers and a mail service, and instances that are killed.

Leads come and are answered here, through the use cases; what follows from them is done by processes of `tests.teller`.
"""

import asyncio
import base64
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from aiohttp import web
from pydantic import SecretStr
from starlette.applications import Starlette

from local.azurite import ROOT, Azurite, free_port
from local.mail_service import MailService, connection
from local.settings_file import values
from shared import app, clock
from shared.domain.events import EventType
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import queues
from shared.storage.exports import blobs
from shared.storage.queues import NoWakeUps, QueueWakeUps
from shared.storage.tables import connect
from tests.builders import AT, submission_body, unique
from tests.loopback import listen
from tests.steps import answer, submit
from tests.waiting import until

SECRET = Secret("whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")
EVENTS = (str(EventType.RECEIVED), str(EventType.ACCEPTED))
NEVER = "0 0 0 1 1 *"
LEASE_SECONDS = 5
"""How long a message of a killed instance is nobody's; the platform's is ten minutes."""
Reply = Callable[[str], Awaitable[int]]
Told = tuple[str, int]
"""A lead and the number of its event."""


@dataclass
class Receiver:
    """Takes webhooks; `reply` says with which status, by the path. Times are of `time.monotonic`."""

    reply: Reply
    port: int = 0
    first: dict[Told, float] = field(default_factory=dict)
    taken: dict[Told, float] = field(default_factory=dict)
    order: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def start(self) -> web.AppRunner:
        """Serve."""
        served = web.Application()
        served.router.add_post("/{path:.*}", self._take)
        runner, self.port = await listen(served)
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        told = body["data"]["id"], body["sequence"]
        self.first.setdefault(told, time.monotonic())
        status = await self.reply(request.path)
        if status < 300:
            self.taken.setdefault(told, time.monotonic())
            self.order[told[0]].append(told[1])
        return web.Response(status=status)


@dataclass
class Programme:
    """Partners with their sources; `committed` is when each event was, by `time.monotonic`."""

    ports: Ports
    receiver: Receiver
    mails: MailService
    environment: dict[str, str]
    connection: str
    sources: list[LeadSource] = field(default_factory=list)
    committed: dict[Told, float] = field(default_factory=dict)
    instances: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def partner(self, paths: Sequence[str], *, mailed: bool = False) -> LeadSource:
        """A partner with a webhook at each path."""
        source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
        partner = source.partner_id or ""
        await self.ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
        wishes = Preferences("leads@contoso.example", digest_threshold=1_000) if mailed else Preferences(mail_kinds=())
        await self.ports.preferences.put(partner, wishes)
        for path in paths:
            url = f"http://127.0.0.1:{self.receiver.port}/{path}"
            hook = Webhook(new_source_id(), url, EVENTS, AT, state=WebhookState.ACTIVE, secrets=(SECRET,))
            await self.ports.webhooks.put(partner, hook, None)
        self.sources.append(source)
        return source

    async def receive(self, source: LeadSource, number: int) -> str:
        """A lead comes."""
        body = submission_body(Company=f"Company {number}", Email=f"{number}@northwind.example")
        made = await submit(self.ports, source, body, at=clock.real_now())
        self.committed[made.lead_id, 1] = time.monotonic()
        return made.lead_id

    async def accept(self, source: LeadSource, lead_id: str) -> None:
        """A lead is accepted."""
        await answer(self.ports, source, lead_id, Action.ACCEPT, at=clock.real_now())
        self.committed[lead_id, 2] = time.monotonic()

    async def instance(self, by: str = "messages", **schedules: str) -> asyncio.subprocess.Process:
        """An instance more, with the default schedules of what tells unless others are given."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.teller", str(LEASE_SECONDS)),
            cwd=ROOT,
            env={**self.environment, "BY": by, **schedules},
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        self.instances.append(process)
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """As a machine that loses its power."""
        process.kill()
        await process.wait()
        self.instances.remove(process)

    @property
    def untold(self) -> set[Told]:
        """What was committed and no receiver has taken."""
        return self.committed.keys() - self.receiver.taken.keys()

    async def until_told(self, seconds: float) -> None:
        """Wait until all is told; raises TimeoutError."""
        await until(lambda: not self.untold, seconds)


@asynccontextmanager
async def programme(folder: Path, reply: Reply, *, by: str = "messages") -> AsyncIterator[Programme]:
    """A programme on an Azurite of its own, without instances."""
    receiver = Receiver(reply)
    with Azurite(None) as azurite:
        runner = await receiver.start()
        port = free_port()
        mails = MailService(folder / "mails.jsonl", clock.now, lambda: clock.real_now().timestamp())
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=mails.routes()), port=port, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        schedules = {name: NEVER for name in values() if name.endswith("_SCHEDULE")}
        given = {
            "LEADS_STORAGE_CONNECTION": azurite.connection,
            "LEADS_EMAIL_DNS": "false",
            "LEADS_WEBHOOK_LOOPBACK": "true",
            "LEADS_MAIL_CONNECTION": connection(f"http://localhost:{port}"),
            "LEADS_MAIL_SENDER": "leads@programme.example",
            "LEADS_MAILS_PER_MINUTE": "10000",
            "LEADS_MAILS_PER_HOUR": "100000",
            # Without it nobody sends messages, and timers have no patience.
            **({"AzureWebJobsStorage": azurite.connection} if by == "messages" else {}),
        }
        settings = Settings.read(given)
        tables, files = connect(settings), blobs.connect(settings)
        await tables.create()
        await files.create()
        wakeups = queues.connect(settings)
        assert isinstance(wakeups, QueueWakeUps if by == "messages" else NoWakeUps)
        if isinstance(wakeups, QueueWakeUps):
            await wakeups.create()
        ports = app.build(settings, tables, files, wakeups=wakeups).ports
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **schedules, **given}
        made = Programme(ports, receiver, mails, environment, azurite.connection)
        try:
            yield made
        finally:
            for process in list(made.instances):
                await made.kill(process)
            await wakeups.close()
            await tables.close()
            await files.close()
            await runner.cleanup()
            server.should_exit = True
            await serving


class Saboteur:
    """Drops, doubles and delays messages at random, as an outage of the queues would and worse."""

    def __init__(self, azurite: str, chance: random.Random) -> None:
        self._connection, self._chance = azurite, chance
        self.dropped = self.doubled = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        settings = Settings(
            storage_connection=SecretStr(self._connection), queue_connection=SecretStr(self._connection)
        )
        wakeups = queues.connect(settings)
        assert isinstance(wakeups, QueueWakeUps)
        try:
            while True:
                for name in (queues.TELL, queues.LANES):
                    queue = wakeups.queue(name)
                    async for message in queue.receive_messages(max_messages=4, visibility_timeout=5):
                        drawn = self._chance.random()
                        if drawn < 0.5:
                            await queue.delete_message(message)
                            self.dropped += 1
                        elif drawn < 0.9:
                            # Read as it stands, and sent as it was said.
                            content = base64.b64decode(message.content).decode()
                            for _ in range(2):
                                await queue.send_message(content, visibility_timeout=self._chance.choice([0, 0, 1, 3]))
                            await queue.delete_message(message)
                            self.doubled += 1
                await asyncio.sleep(0.1)
        finally:
            await wakeups.close()
