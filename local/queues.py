"""Serves queue triggers from storage as the platform's storage extension does.

A message is taken for LEASE, which is renewed while its function runs. It is deleted when the function returned, shows
up again after `visibilityTimeout` when the function raised, and goes to `<queue>-poison` when that was the
`maxDequeueCount`th time, or when it is not in the encoding that host.json names. Whoever dies leaves what it had taken:
it shows up when its lease ends.

Storage's own clock decides when a message shows up. The app's clock (`shared.clock`, `/dev/clock`) moves independently
of it: a message that is hidden for an hour is hidden for an hour of real time, however far the app's clock is moved.
What is due by the app's clock is found by the timers then.
"""

import asyncio
import base64
import binascii
import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.azurite import ACCOUNT, KEY
from local.functions import Function, call_queue, is_on
from local.queue_options import Backoff, QueueOptions

log = logging.getLogger("local.queues")
API_VERSION = "2025-11-05"
"""The newest that Azurite 3.35 speaks; the client's own newest is later."""
LEASE = timedelta(minutes=10)
"""The host's own."""
DEFAULT_CONNECTION = "AzureWebJobsStorage"
POISON = "-poison"
NAME_MAX = 63
UNTRACED: dict[str, Any] = {"tracing_options": {"enabled": False}}
"""The host's own calls are in no trace of the app's: on the platform another process makes them."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DEVELOPMENT = f"AccountName={ACCOUNT};AccountKey={KEY};QueueEndpoint=http://127.0.0.1:10001/{ACCOUNT}"
"""What `UseDevelopmentStorage=true` stands for; the Python client does not know it."""


@dataclass(frozen=True)
class Storage:
    """Where a trigger's queue is: a connection string, or an address that is reached with the developer's identity."""

    connection: str | None = None
    address: str | None = None

    def connect(self) -> QueueServiceClient:
        """A client on a connection pool of its own, which belongs to the running event loop."""
        # The loop of looks is what tries again, as soon as the host would.
        more = {"api_version": API_VERSION, "retry_total": 0, "transport": AioHttpTransport(use_env_settings=False)}
        if self.connection is not None:
            return QueueServiceClient.from_connection_string(self.connection, **more)
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - hardly anybody needs it here

        return QueueServiceClient(str(self.address), credential=DefaultAzureCredential(), **more)


def storage_of(function: Function, settings: Mapping[str, str]) -> Storage:
    """What the trigger's `connection` names: a setting, or the prefix of one that ends in `__queueServiceUri`.

    As on the host, `AzureWebJobs` may stand before the name in the setting. Raises SystemExit where there is none.
    """
    name = str(function.trigger.get("connection") or DEFAULT_CONNECTION)
    for setting in (f"AzureWebJobs{name}", name):
        if text := settings.get(setting):
            return Storage(connection=_DEVELOPMENT if text.strip("; ") == "UseDevelopmentStorage=true" else text)
        if address := settings.get(f"{setting}__queueServiceUri"):
            return Storage(address=address)
    raise SystemExit(f"{function.name}: neither the setting {name} nor {name}__queueServiceUri is there.")


def queue_name_of(function: Function, settings: Mapping[str, str]) -> str:
    """The queue's name in small letters; `%NAME%` in it stands for a setting. Raises SystemExit for what is no name."""

    def setting(found: re.Match[str]) -> str:
        if found[1] not in settings:
            raise SystemExit(f"{function.name}: the setting {found[1]} of its queue's name is missing.")
        return settings[found[1]]

    name = re.sub(r"%([^%]+)%", setting, str(function.trigger["queueName"])).lower()
    if not 3 <= len(name) <= NAME_MAX or not _NAME.fullmatch(name):
        raise SystemExit(
            f"{function.name}: {name!r} is no name of a queue: 3 to 63 letters, digits and single hyphens between them."
        )
    return name


class Queues:
    """The app's queue functions, each with a listener on its queue; `lease` is a whole number of seconds."""

    def __init__(
        self,
        functions: Sequence[Function],
        settings: Mapping[str, str],
        options: QueueOptions,
        lease: timedelta = LEASE,
    ) -> None:
        self._functions = {
            function.name: function for function in functions if function.is_queue and is_on(function, settings)
        }
        self._places = {
            name: (storage_of(function, settings), queue_name_of(function, settings))
            for name, function in self._functions.items()
        }
        self._options = options
        self._lease = lease
        self._connections = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def create(self) -> None:
        """Create the queues that are missing; in Azure the template declares them."""
        async with AsyncExitStack() as connections:
            services = await self._connect(connections)
            for storage, queue in self._places.values():
                try:
                    await services[storage].create_queue(queue, **UNTRACED)
                except ResourceExistsError:
                    continue

    async def start(self) -> None:
        """Begin to look for messages."""
        services = await self._connect(self._connections)
        for name, (storage, queue) in self._places.items():
            listener = _Listener(self._functions[name], services[storage], queue, self._options, self._lease)
            self._tasks.append(asyncio.create_task(listener.run()))

    async def stop(self) -> None:
        """Stop looking, cancel what is under way: its messages show up again when their leases end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._connections.aclose()

    async def run(self, name: str, text: str) -> bool:
        """Run a queue function now with a message of this text and wait for it; False when there is none of this name.

        The message stands in no queue, so nothing comes of it when the function raises.
        """
        if name not in self._functions:
            return False
        await call_queue(self._functions[name], text.encode(), {"DequeueCount": Datum("0", "json")})
        return True

    async def _connect(self, connections: AsyncExitStack) -> dict[Storage, QueueServiceClient]:
        """A client for each account."""
        return {
            storage: await connections.enter_async_context(storage.connect())
            for storage in {storage for storage, _ in self._places.values()}
        }


class _Listener:
    """One function and its queue."""

    def __init__(
        self, function: Function, service: QueueServiceClient, queue: str, options: QueueOptions, lease: timedelta
    ) -> None:
        self._function = function
        self._queue: QueueClient = service.get_queue_client(queue)
        # As on the host: what is poison already, or whose name is too long, has no such queue beside it.
        beside = queue + POISON
        has_poison = not queue.endswith(POISON) and len(beside) <= NAME_MAX
        self._poison: QueueClient | None = service.get_queue_client(beside) if has_poison else None
        self._options = options
        self._lease_seconds = int(lease.total_seconds())
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look for messages until cancelled, and then cancel what is under way."""
        backoff, found = Backoff(self._options.max_polling_interval), False
        try:
            while True:
                messages = await self._receive()
                self._under_way |= {asyncio.create_task(self._work(message)) for message in messages}
                found = found or bool(messages)
                if messages:
                    await self._until_few()
                else:
                    wait, found = backoff.next(found=found), False
                    await asyncio.sleep(wait)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _receive(self) -> list[QueueMessage]:
        """One batch; nothing where storage cannot be asked, which is logged."""
        asked = self._queue.receive_messages(
            messages_per_page=self._options.batch_size, visibility_timeout=self._lease_seconds, **UNTRACED
        )
        try:
            # The first page and no other: the client would ask until the queue is empty.
            page = await anext(asked.by_page(), None)
            return [message async for message in page] if page is not None else []
        except AzureError as problem:
            log.warning("%s: its queue could not be read: %s", self._function.name, problem)
            return []

    async def _until_few(self) -> None:
        """Wait until there is room for another batch."""
        while len(self._under_way) > self._options.new_batch_threshold:
            _, self._under_way = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _work(self, message: QueueMessage) -> None:
        try:
            await self._finish(message)
        except AzureError as problem:
            # Gone, taken over by another host, or storage is down; in any case storage says what becomes of it.
            log.warning("%s: what came of a message was not stored: %s", self._function.name, problem)

    async def _finish(self, message: QueueMessage) -> None:
        body = self._decoded(str(message.content or ""))
        if body is None or int(message.dequeue_count or 0) > self._options.max_dequeue_count:
            await self._move_to_poison(message)
        elif await self._call(message, body):
            await self._queue.delete_message(message, **UNTRACED)
        elif int(message.dequeue_count or 0) >= self._options.max_dequeue_count:
            await self._move_to_poison(message)
        elif self._poison is not None:
            # What has no such queue would be tried again and again at once; so it is left until its lease ends.
            hidden = int(self._options.visibility_timeout.total_seconds())
            # By its id, or the client would write its text anew.
            await self._queue.update_message(
                str(message.id), message.pop_receipt, visibility_timeout=hidden, **UNTRACED
            )

    async def _call(self, message: QueueMessage, body: bytes) -> bool:
        """Run the function and keep the message meanwhile; False when it raised."""
        ended = asyncio.get_running_loop().create_future()
        renewing = asyncio.create_task(self._renew(message, ended))
        try:
            done = await call_queue(self._function, body, metadata_of(message))
            # Waited for and not cancelled: an answer that nobody reads would hold the receipt that deletes the message.
            ended.set_result(None)
            await renewing
        finally:
            renewing.cancel()
        return done

    async def _renew(self, message: QueueMessage, ended: asyncio.Future[None]) -> None:
        """Take the message for another lease halfway through each, sooner after a failure, and note its new receipt."""
        wait = self._lease_seconds / 2
        while True:
            done, _ = await asyncio.wait({ended}, timeout=wait)
            if done:
                return
            try:
                renewed = await self._queue.update_message(
                    str(message.id), message.pop_receipt, visibility_timeout=self._lease_seconds, **UNTRACED
                )
            except AzureError as problem:
                log.warning("%s: a lease was not renewed: %s", self._function.name, problem)
                wait = self._lease_seconds / 8
            else:
                message.pop_receipt = renewed.pop_receipt
                wait = self._lease_seconds / 2

    def _decoded(self, content: str) -> bytes | None:
        """What the message says; None where it is not in the encoding of host.json."""
        if self._options.message_encoding == "none":
            return content.encode()
        try:
            # .NET overlooks white space, too.
            return base64.b64decode("".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            log.warning("%s: a message is not in base64: messageEncoding in host.json.", self._function.name)
            return None

    async def _move_to_poison(self, message: QueueMessage) -> None:
        """Copy it as it was sent, then delete it; where there is no queue for it, it is left until its lease ends."""
        if self._poison is None:
            return
        name = self._poison.queue_name
        log.warning("%s: a message goes to %s after %s tries.", self._function.name, name, message.dequeue_count)
        try:
            await self._poison.send_message(message.content, **UNTRACED)
        except ResourceNotFoundError:
            await self._poison.create_queue(**UNTRACED)
            await self._poison.send_message(message.content, **UNTRACED)
        await self._queue.delete_message(message, **UNTRACED)


def metadata_of(message: QueueMessage) -> dict[str, Datum]:
    """What the host tells the worker of a message beside its text: all that is no text as JSON."""
    times = {
        "InsertionTime": message.inserted_on,
        "ExpirationTime": message.expires_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(json.dumps(message.dequeue_count), "json"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        **{name: Datum(json.dumps(time.isoformat()), "json") for name, time in times.items() if time is not None},
    }
