"""Messages that say where there is work, in the queues of the platform's own account (design.md; decision 18).

They stand in the account that the Functions host uses anyway, so that the trigger and whoever sends look at the same
place by construction, and the data's account keeps its room for the data.
"""

import asyncio
import json
import logging
import math
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline.transport import AioHttpTransport

from shared.domain.agenda import Hint
from shared.domain.instants import stamp
from shared.settings import Settings
from shared.storage.tables import identity

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient, QueueServiceClient

log = logging.getLogger(__name__)
TELL, LANES, EXPORTS = "tell", "lanes", "exports"
QUEUES = (TELL, LANES, EXPORTS)
VERSION = "2021-12-02"
"""Of the interface: nothing newer is needed, and Azurite knows it."""
TOGETHER_SECONDS = 0.25
"""One message a partner in this time: the last of them is sent after the last commit, so none is passed over."""
KNOWN_MAX = 1_000
"""Partners whose last message is remembered."""
HIDDEN_MAX = timedelta(days=7)
"""So long storage hides a message at most; what is due later a timer finds."""
LASTS = timedelta(days=1)
"""How long a message stands that nobody takes: by then timers have done all of it."""


class QueueWakeUps:
    """`WakeUps` on Azure Queue Storage: one message for each thing said, sent beside whatever goes on."""

    patience = timedelta(seconds=30)

    def __init__(self, open_service: "Callable[[], QueueServiceClient]", prefix: str = "") -> None:
        self._open_service = open_service
        self._prefix = prefix
        self._opened: QueueServiceClient | None = None
        self._queues: dict[str, QueueClient] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._soon: set[str] = set()
        self._last: dict[str, float] = {}

    def partner(self, partner_id: str) -> None:
        """At once; those that follow soon are one message."""
        if partner_id not in self._soon:
            self._soon.add(partner_id)
            self._begin(self._tell(partner_id))

    def lane(self, hint: Hint, after: timedelta = timedelta(), tries: int = 0) -> None:
        if after > HIDDEN_MAX:
            return
        message = {"partner": hint.partner_id, "destination": hint.subject, "due": stamp(hint.due), "tries": tries}
        self._begin(self._send(LANES, message, max(after, timedelta())))

    def export(self, hint: Hint) -> None:
        self._begin(self._send(EXPORTS, {"partner": hint.partner_id, "export": hint.subject, "due": stamp(hint.due)}))

    async def sent(self) -> None:
        # What others say meanwhile is not waited for: on a busy instance that never ends.
        if self._sending:
            await asyncio.wait(set(self._sending))

    async def create(self) -> None:
        """Create what is missing; in Azure the template declares the queues instead."""
        for name in QUEUES:
            try:
                await self.queue(name).create_queue()
            except ResourceExistsError:
                continue

    async def close(self) -> None:
        """Send what was said, and close the connections."""
        while self._sending:
            await self.sent()
        if self._opened is not None:
            await self._opened.close()

    def _begin(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(sending)
        # The loop itself keeps none.
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _tell(self, partner_id: str) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._last.get(partner_id, 0.0) + TOGETHER_SECONDS - loop.time()))
        self._soon.discard(partner_id)
        if len(self._last) >= KNOWN_MAX:
            self._last.clear()
        self._last[partner_id] = loop.time()
        await self._send(TELL, {"partner": partner_id})

    async def _send(self, name: str, message: dict[str, Any], after: timedelta = timedelta()) -> None:
        # In whole seconds, and one more: whoever takes it may have a clock that is behind, and what comes too soon
        # finds that it must wait.
        seconds = math.ceil(after.total_seconds()) + 1 if after else 0
        try:
            await self.queue(name).send_message(
                json.dumps(message),
                visibility_timeout=min(seconds, int(HIDDEN_MAX.total_seconds())),
                time_to_live=seconds + int(LASTS.total_seconds()),
            )
        except Exception as problem:  # noqa: BLE001 - nobody waits for it, and a timer finds the work
            log.warning(
                "A message was not sent; a timer finds the work.",
                extra={"event": "wake.not_sent", "queue": name, "problem": type(problem).__name__},
            )

    def queue(self, name: str) -> "QueueClient":
        from azure.storage.queue import TextBase64EncodePolicy  # noqa: PLC0415 - 45 ms of import, not at a cold start

        if self._opened is None:
            self._opened = self._open_service()
        if name not in self._queues:
            # As the platform's trigger reads them unless host.json says otherwise.
            self._queues[name] = self._opened.get_queue_client(
                self._prefix + name, message_encode_policy=TextBase64EncodePolicy()
            )
        return self._queues[name]


class NoWakeUps:
    """`WakeUps` where there are no queues: timers find everything."""

    patience = timedelta()

    def partner(self, partner_id: str) -> None: ...

    def lane(self, hint: Hint, after: timedelta = timedelta(), tries: int = 0) -> None: ...

    def export(self, hint: Hint) -> None: ...

    async def sent(self) -> None: ...

    async def close(self) -> None:
        """Nothing is open."""


def connect(settings: Settings, *, transport: Any = None, backoff_seconds: int = 1) -> QueueWakeUps | NoWakeUps:
    """The queues of the account that the platform's host uses; tests pass a transport that fails, and wait less."""
    connection, endpoint = settings.queue_connection, settings.queue_endpoint
    if connection is None and endpoint is None:
        return NoWakeUps()

    def service() -> "QueueServiceClient":
        from azure.storage.queue.aio import QueueServiceClient  # noqa: PLC0415 - as above

        options: dict[str, Any] = {
            "transport": transport or AioHttpTransport(use_env_settings=False, connection_timeout=2, read_timeout=5),
            "api_version": VERSION,
            # Nobody waits for it, so it need not be tried for long; the client's own pause is fifteen seconds.
            "retry_total": 1,
            "initial_backoff": backoff_seconds,
            "increment_base": backoff_seconds,
            "random_jitter_range": 0,
        }
        if connection:
            return QueueServiceClient.from_connection_string(connection.get_secret_value(), **options)
        return QueueServiceClient(endpoint or "", credential=identity(settings), **options)

    return QueueWakeUps(service, settings.table_prefix.lower())
