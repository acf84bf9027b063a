"""Messages as they stand in the queues of Azurite, and what becomes of them where there is none."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient
from pydantic import SecretStr

from shared.domain.agenda import Hint, HintKind
from shared.domain.instants import stamp
from shared.domain.telling.dispatch import MAIL_FIRST, deliver_hint
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage import queues
from shared.storage.queues import EXPORTS, LANES, TELL, NoWakeUps, QueueWakeUps
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.wake import Desk, tell_lane, tell_partner
from tests.builders import AT
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.steps import answer, budget
from tests.sweeps.test_delivery_survives import begin
from tests.transports import WAYS, FaultyTransport, nth

SECOND = timedelta(seconds=1)


@pytest.fixture
async def wakeups(settings: Settings) -> AsyncIterator[QueueWakeUps]:
    """Queues of this test's own."""
    made = queues.connect(settings.model_copy(update={"queue_connection": settings.storage_connection}))
    assert isinstance(made, QueueWakeUps)
    await made.create()
    yield made
    await made.close()


def queue(settings: Settings, name: str) -> QueueClient:
    """The queue as the platform reads it."""
    assert settings.storage_connection
    return QueueClient.from_connection_string(
        settings.storage_connection.get_secret_value(),
        settings.table_prefix.lower() + name,
        api_version=queues.VERSION,
        message_encode_policy=TextBase64EncodePolicy(),
        message_decode_policy=TextBase64DecodePolicy(),
    )


async def taken(settings: Settings, name: str) -> list[Any]:
    """What can be seen in a queue now; it is gone then."""
    async with queue(settings, name) as reader:
        found = []
        async for message in reader.receive_messages():
            found.append(json.loads(message.content))
            await reader.delete_message(message)
        return found


async def hidden(settings: Settings, name: str) -> int:
    """How many messages stand in a queue, seen or not."""
    async with queue(settings, name) as reader:
        return (await reader.get_queue_properties()).approximate_message_count or 0


async def test_what_is_said_stands_in_its_queue(settings: Settings, wakeups: QueueWakeUps) -> None:
    wakeups.partner("contoso")
    wakeups.lane(deliver_hint("contoso", MAIL_FIRST, AT), tries=2)
    wakeups.export(Hint(HintKind.EXPORT, AT, "contoso", "f" * 28))
    await wakeups.sent()
    due = stamp(AT)
    assert await taken(settings, TELL) == [{"partner": "contoso"}]
    assert await taken(settings, LANES) == [{"partner": "contoso", "destination": "mail0", "due": due, "tries": 2}]
    assert await taken(settings, EXPORTS) == [{"partner": "contoso", "export": "f" * 28, "due": due}]


async def test_commits_that_follow_soon_are_one_message_and_none_is_passed_over(
    settings: Settings, wakeups: QueueWakeUps, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep, held = asyncio.sleep, asyncio.Event()

    async def paused(seconds: float) -> None:
        pauses.append(seconds)
        if seconds > 0:
            await held.wait()
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", paused)
    wakeups.partner("contoso")
    await wakeups.sent()
    for _ in range(50):
        wakeups.partner("contoso")
    wakeups.partner("fabrikam")
    held.set()
    await wakeups.sent()
    said = await taken(settings, TELL)
    assert sorted(message["partner"] for message in said) == ["contoso", "contoso", "fabrikam"]
    assert pauses[0] == 0, "the first is told at once"
    assert 0 < max(pauses) <= queues.TOGETHER_SECONDS


async def test_nobody_waits_for_what_others_say_meanwhile(wakeups: QueueWakeUps) -> None:
    goes_on = True

    async def others() -> None:
        number = 0
        while goes_on:
            wakeups.partner(f"p{number}")
            number += 1
            await asyncio.sleep(0.005)

    talking = asyncio.create_task(others())
    await asyncio.sleep(0.05)
    await asyncio.wait_for(wakeups.sent(), 5)
    goes_on = False
    await talking


async def test_what_is_due_later_is_hidden_until_then_and_what_is_due_in_weeks_is_left_to_timers(
    settings: Settings, wakeups: QueueWakeUps
) -> None:
    hint = deliver_hint("contoso", "a" * 16, AT)
    wakeups.lane(hint, timedelta(minutes=5))
    wakeups.lane(hint, queues.HIDDEN_MAX)
    wakeups.lane(hint, queues.HIDDEN_MAX + SECOND)
    wakeups.lane(hint, -SECOND)
    await wakeups.sent()
    assert await hidden(settings, LANES) == 3
    assert len(await taken(settings, LANES)) == 1
    assert await hidden(settings, LANES) == 2


async def test_a_queue_that_is_not_there_costs_a_warning_and_nobody_waits_for_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    missing = queues.connect(
        settings.model_copy(update={"queue_connection": settings.storage_connection, "table_prefix": "nobodys"})
    )
    with caplog.at_level(logging.WARNING):
        missing.partner("contoso")
        await missing.sent()
    assert [record.__dict__["problem"] for record in caplog.records if record.__dict__.get("event")] == [
        ResourceNotFoundError.__name__
    ]
    await missing.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failing", range(4), ids=["tell", "a lane", "another", "later"])
async def test_whatever_queue_call_fails_all_is_told_once(
    settings: Settings, ports: Ports, wakeups: QueueWakeUps, failing: int, way: str
) -> None:
    """The calls of a queue fail in turn, in every way: the messages that are left, and a timer, do it all."""
    transport = FaultyTransport(nth(failing, for_good=False), way)
    queue_settings = settings.model_copy(update={"queue_connection": settings.storage_connection})
    broken = queues.connect(queue_settings, transport=transport, backoff_seconds=0)
    receivers, mailer, desk = FakeReceivers(), FakeMailer(), Desk()
    told = replace(ports, wakeups=broken, receivers=receivers, mailer=mailer)
    source, (lead, _) = await begin(told)
    transport.armed = True
    await broken.sent()
    await answer(told, source, lead, at=AT + 3 * SECOND)
    partner = source.partner_id or ""
    for seconds in (4, 5, 6):
        at = AT + seconds * SECOND
        await broken.sent()
        for message in await taken(settings, TELL):
            await tell_partner(
                ports=told, desk=desk, partner_id=message["partner"], now=partial(_at, at), budget=budget()
            )
        await broken.sent()
        for message in await taken(settings, LANES):
            hint = deliver_hint(message["partner"], message["destination"], datetime.fromisoformat(message["due"]))
            await tell_lane(ports=told, desk=desk, hint=hint, now=partial(_at, at))
    for minutes in (2, 4, 6):
        at = AT + minutes * 60 * SECOND
        await deliver_events(ports=told, now=partial(_at, at), budget=budget(), patience=broken.patience)
    assert transport.made > failing, "the call was made"
    bodies = [json.loads(packet.body) for _, _, packet in receivers.taken]
    mine = [body["sequence"] for body in bodies if body["data"]["id"] == lead and body["data"]["partnerId"] == partner]
    assert mine == [1, 2]
    assert mailer.count == len(mailer.sent) <= 1
    await broken.close()


def _at(at: datetime) -> datetime:
    return at


async def test_where_storage_is_away_nobody_hears_of_it(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    away = queues.connect(settings.model_copy(update={"queue_connection": _nowhere()}))
    with caplog.at_level(logging.WARNING):
        away.partner("contoso")
        await away.close()
    said = [record.__dict__["event"] for record in caplog.records if "event" in record.__dict__]
    assert said == ["wake.not_sent"]


def _nowhere() -> SecretStr:
    name = "devstoreaccount1"
    return SecretStr(
        f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/{name};"
    )


async def test_where_there_are_no_queues_all_is_left_to_timers(settings: Settings) -> None:
    nobody = queues.connect(settings)
    assert isinstance(nobody, NoWakeUps)
    nobody.partner("contoso")
    nobody.lane(deliver_hint("contoso", MAIL_FIRST, AT))
    nobody.export(Hint(HintKind.EXPORT, AT, "contoso", "f" * 28))
    await nobody.sent()
    assert nobody.patience == timedelta()
    await nobody.close()


@pytest.mark.parametrize(
    ("environment", "connection", "endpoint"),
    [
        ({}, None, None),
        ({"AzureWebJobsStorage": "AccountName=x"}, "AccountName=x", None),
        ({"AzureWebJobsStorage__queueServiceUri": "https://x.queue.example/"}, None, "https://x.queue.example/"),
        ({"AzureWebJobsStorage": "", "AzureWebJobsStorage__blobServiceUri": "https://x.blob.example/"}, None, None),
    ],
)
def test_the_queues_are_where_the_platforms_triggers_look(
    environment: dict[str, str], connection: str | None, endpoint: str | None
) -> None:
    read = Settings.read({"LEADS_STORAGE_ACCOUNT": "data", **environment})
    said = read.queue_connection.get_secret_value() if read.queue_connection else None
    assert (said, read.queue_endpoint) == (connection, endpoint)
