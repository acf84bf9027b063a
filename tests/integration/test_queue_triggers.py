"""The local host's queue triggers on Azurite, with small function apps of the tests' own.

Leases and time-outs are of a second or two, since Azurite's clock cannot be moved; what takes longer than one of them
is waited for with a message that storage hides for so long.
"""

import asyncio
import base64
import itertools
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.azurite import Azurite
from local.functions import Function, load
from local.queue_options import POLL_LEAST, QueueOptions
from local.queues import API_VERSION, LEASE, Queues
from tests.builders import unique
from tests.spans import traced
from tests.waiting import until

Handler = Callable[[func.QueueMessage], Awaitable[None]]
SECOND = timedelta(seconds=1)
QUICK = QueueOptions(max_polling_interval=2 * POLL_LEAST)


class Worker:
    """A queue function that notes what it gets; while `held`, messages wait in it until somebody lets them go."""

    def __init__(self, *, held: bool = False) -> None:
        self.got: list[tuple[str, int]] = []
        self.under_way = self.most = 0
        self._free = asyncio.Semaphore(0 if held else 1_000_000)

    async def __call__(self, message: func.QueueMessage) -> None:
        self.got.append((message.get_body().decode(), message.dequeue_count or 0))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self._free.acquire()
        finally:
            self.under_way -= 1

    def let_go(self, count: int = 1_000_000) -> None:
        for _ in range(count):
            self._free.release()

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.got]


class Broken(Worker):
    """One that always raises."""

    async def __call__(self, message: func.QueueMessage) -> None:
        await super().__call__(message)
        raise RuntimeError("broken")


def app(monkeypatch: pytest.MonkeyPatch, handlers: dict[str, Handler]) -> list[Function]:
    """The functions of a small app, by the settings that name their queues."""
    made = func.FunctionApp()
    for setting, handler in handlers.items():

        def bound(handler: Handler) -> Handler:
            async def work(message: func.QueueMessage) -> None:
                await handler(message)

            return work

        triggered = made.queue_trigger(arg_name="message", queue_name=f"%{setting}%", connection="")
        made.function_name(setting.lower())(triggered(bound(handler)))
    monkeypatch.setitem(sys.modules, "queue_app", SimpleNamespace(app=made))
    return load("queue_app")


class Place:
    """A queue of the test's own with the hosts that serve it."""

    def __init__(self, azurite: Azurite, monkeypatch: pytest.MonkeyPatch, service: QueueServiceClient) -> None:
        self.name = unique("q")
        self.queue: QueueClient = service.get_queue_client(self.name)
        self.poison: QueueClient = service.get_queue_client(f"{self.name}-poison")
        self._settings = {"AzureWebJobsStorage": azurite.connection, "WORK": self.name}
        self._monkeypatch = monkeypatch

    def host(self, handler: Handler, options: QueueOptions = QUICK, lease: timedelta = LEASE) -> Queues:
        return Queues(app(self._monkeypatch, {"WORK": handler}), self._settings, options, lease)

    @asynccontextmanager
    async def served(
        self, *handlers: Handler, options: QueueOptions = QUICK, lease: timedelta = LEASE
    ) -> AsyncIterator[Sequence[Queues]]:
        """A host for each handler, on the one queue."""
        hosts = [self.host(handler, options, lease) for handler in handlers]
        async with AsyncExitStack() as stack:
            for host in hosts:
                await host.create()
                await host.start()
                stack.push_async_callback(host.stop)
            yield hosts

    async def send(self, *texts: str, **more: Any) -> None:
        """Send them in base64, at once."""
        await asyncio.gather(
            *(self.queue.send_message(base64.b64encode(text.encode()).decode(), **more) for text in texts)
        )

    async def is_empty(self) -> bool:
        """True when no message is in it, hidden ones included."""
        return not (await self.queue.get_queue_properties()).approximate_message_count

    async def until_empty(self) -> None:
        async with asyncio.timeout(30):
            while not await self.is_empty():  # noqa: ASYNC110 - storage tells nobody
                await asyncio.sleep(0.02)

    async def poisoned(self, count: int = 1) -> list[str]:
        """The texts that were moved, as they are in storage."""
        async with asyncio.timeout(30):
            while True:
                try:
                    found = await self.poison.peek_messages(32)
                except ResourceNotFoundError:
                    found = []
                if len(found) >= count:
                    return [str(message.content) for message in found]
                await asyncio.sleep(0.02)


@pytest.fixture
async def place(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    connected = QueueServiceClient.from_connection_string(azurite.connection, api_version=API_VERSION)
    async with connected as service:
        made = Place(azurite, monkeypatch, service)
        await made.queue.create_queue()
        yield made


async def test_a_message_is_handed_over_with_what_storage_says_of_it_and_deleted_when_the_function_returns(
    place: Place,
) -> None:
    messages: list[func.QueueMessage] = []

    async def handler(message: func.QueueMessage) -> None:
        messages.append(message)

    await place.send('{"partner": "kö"}')
    async with place.served(handler):
        await place.until_empty()
    (message,) = messages
    assert message.get_json() == {"partner": "kö"}
    assert (message.dequeue_count, bool(message.id), bool(message.pop_receipt)) == (1, True, True)
    assert message.insertion_time is not None
    assert message.expiration_time == message.insertion_time + timedelta(days=7)
    assert message.time_next_visible is not None
    assert message.time_next_visible - message.insertion_time >= LEASE
    with pytest.raises(ResourceNotFoundError):
        await place.poison.get_queue_properties()


async def test_a_batch_is_worked_on_side_by_side_and_the_next_comes_when_few_are_left(place: Place) -> None:
    worker, texts = Worker(held=True), [str(n) for n in range(20)]
    await place.send(*texts)
    async with place.served(worker, options=QueueOptions(4, 2, max_polling_interval=POLL_LEAST)):
        await until(lambda: worker.under_way == 4)
        worker.let_go(1)
        await until(lambda: worker.under_way == 3)
        worker.let_go(1)
        await until(lambda: worker.under_way == 6)
        worker.let_go()
        await place.until_empty()
    assert worker.most == 6, "a batch more than the threshold, and never more"
    assert sorted(worker.texts) == sorted(texts)


async def test_what_raises_is_hidden_for_a_time_tried_again_and_then_moved_away(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    worker, times = Broken(), list[float]()

    async def timed(message: func.QueueMessage) -> None:
        times.append(asyncio.get_running_loop().time())
        await worker(message)

    await place.send("a")
    options = QueueOptions(visibility_timeout=2 * SECOND, max_dequeue_count=3, max_polling_interval=POLL_LEAST)
    with caplog.at_level(logging.WARNING, "local.queues"):
        async with place.served(timed, options=options):
            assert await place.poisoned() == ["YQ=="]
            await place.until_empty()
    assert worker.got == [("a", 1), ("a", 2), ("a", 3)]
    # Azurite hides by whole seconds, so up to one less than it was told.
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= 1
    assert f"work: a message goes to {place.name}-poison after 3 tries." in caplog.text


async def test_a_message_in_another_encoding_is_poison_at_once_and_stops_nothing(place: Place) -> None:
    worker = Worker()
    await place.queue.send_message("no base64!")
    await place.send("", "b")
    async with place.served(worker):
        assert await place.poisoned() == ["no base64!"], "as it was sent"
        await place.until_empty()
    assert sorted(worker.got) == [("", 1), ("b", 1)]


async def test_without_an_encoding_a_message_is_its_text(place: Place) -> None:
    worker = Worker()
    await place.queue.send_message("no <base64>!")
    async with place.served(worker, options=QueueOptions(message_encoding="none", max_polling_interval=POLL_LEAST)):
        await place.until_empty()
    assert worker.got == [("no <base64>!", 1)]


async def test_bytes_that_are_no_text_are_tried_like_any_failure(place: Place) -> None:
    worker = Worker()
    await place.queue.send_message("/w==")
    async with place.served(worker, options=QueueOptions(max_dequeue_count=2, max_polling_interval=POLL_LEAST)):
        assert await place.poisoned() == ["/w=="]
        await place.until_empty()
    assert worker.got == []


async def test_two_hosts_share_the_messages_and_none_is_worked_on_twice(place: Place) -> None:
    first, second = Worker(held=True), Worker(held=True)
    texts = [str(n) for n in range(40)]
    await place.send(*texts)
    async with place.served(first, second, options=QueueOptions(4, 0, max_polling_interval=POLL_LEAST)):
        await until(lambda: first.under_way == second.under_way == 4)
        first.let_go()
        second.let_go()
        await place.until_empty()
    assert sorted(first.texts + second.texts) == sorted(texts)
    assert {tries for _, tries in first.got + second.got} == {1}


async def test_what_a_host_had_taken_comes_again_to_others_when_it_is_gone(place: Place) -> None:
    dying, heir = Worker(held=True), Worker()
    await place.send("a", "b")
    before = asyncio.all_tasks()
    async with place.served(dying, lease=2 * SECOND) as (host,):
        await until(lambda: dying.under_way == 2)
        await host.stop()
        assert dying.under_way == 0, "cancelled"
        assert asyncio.all_tasks() <= before, "nothing of it goes on, so no lease is renewed"
        assert not await place.is_empty()
    async with place.served(heir):
        await place.until_empty()
    assert sorted(heir.got) == [("a", 2), ("b", 2)]


async def test_a_function_may_take_longer_than_a_lease(place: Place) -> None:
    slow = Worker(held=True)

    async def handler(message: func.QueueMessage) -> None:
        if message.get_body() == b"slow":
            await slow(message)
        else:
            later.set()

    later = asyncio.Event()
    await place.send("slow")
    async with place.served(handler, handler, lease=SECOND):
        await until(lambda: slow.under_way == 1)
        # It shows up when three leases are over.
        await place.send("later", visibility_timeout=3)
        await asyncio.wait_for(later.wait(), 30)
        assert slow.got == [("slow", 1)]
        slow.let_go()
        await place.until_empty()
    assert slow.got == [("slow", 1)]


async def test_the_hosts_own_calls_are_in_no_trace_of_the_apps(place: Place) -> None:
    """As on the platform, where another process makes them."""
    worker = Worker()

    async def handler(message: func.QueueMessage) -> None:
        await worker(message)
        if message.get_body() == b"broken":
            raise RuntimeError("broken")

    await place.send("broken", "well")
    # By then those are tried twice, moved away and deleted.
    await place.send("end", visibility_timeout=3)
    with traced() as found:
        async with place.served(handler, options=QueueOptions(max_dequeue_count=2, max_polling_interval=POLL_LEAST)):
            await until(lambda: "end" in worker.texts)
        assert [span.name for span in found.spans] == []
    assert sorted(worker.texts) == ["broken", "broken", "end", "well"]
    assert await place.poisoned() == ["YnJva2Vu"]


async def test_what_is_poison_already_stays_until_its_lease_ends(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    broken = Broken()
    settings = {"AzureWebJobsStorage": azurite.connection, "WORK": place.poison.queue_name}
    host = Queues(app(monkeypatch, {"WORK": broken}), settings, QueueOptions(max_dequeue_count=2), SECOND)
    await host.create()
    await place.poison.send_message("YQ==")
    await host.start()
    await until(lambda: len(broken.got) == 2)
    # By then the lease is over once more, and again: it is taken and left, and the function hears of it no more.
    await place.poison.send_message("Yg==", visibility_timeout=3)
    await until(lambda: len(broken.got) == 3)
    await host.stop()
    assert broken.got == [("a", 1), ("a", 2), ("b", 1)]
    assert (await place.poison.get_queue_properties()).approximate_message_count == 2


async def test_each_function_has_its_queue_and_queues_are_made_once(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, lanes = Worker(), Worker()
    names = {"TELL": unique("q"), "LANES": unique("q")}
    functions = app(monkeypatch, {"TELL": tell, "LANES": lanes})
    host = Queues(functions, names | {"AzureWebJobsStorage": azurite.connection}, QUICK)
    await host.create()
    await host.create()
    async with QueueServiceClient.from_connection_string(azurite.connection, api_version=API_VERSION) as service:
        for setting, name in names.items():
            await service.get_queue_client(name).send_message(base64.b64encode(setting.encode()).decode())
    await host.start()
    await until(lambda: bool(tell.got and lanes.got))
    await host.stop()
    assert (tell.texts, lanes.texts) == (["TELL"], ["LANES"])
