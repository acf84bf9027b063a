"""What queue triggers are told at the start, how they wait, and what a function gets; no storage."""

import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import httpx
import pytest
from azure.storage.queue import QueueMessage

from local.functions import Function, call_queue, load
from local.host import Host
from local.issuer import Issuer
from local.mail_service import MailService
from local.queue_options import POLL_LEAST, Backoff, QueueOptions
from local.queues import Queues, Storage, metadata_of, queue_name_of, storage_of
from local.timers import Timers
from tests.builders import AT
from tests.waiting import until

MINUTE = timedelta(minutes=1)
CONNECTION = "AccountName=a;AccountKey=Yg==;QueueEndpoint=http://127.0.0.1:1/a"


def triggered(call: Any = print, **trigger: str) -> Function:
    return Function("f", call, {"type": "queueTrigger", "queueName": "q-1", "connection": ""} | trigger)


def options(folder: Path, **section: Any) -> QueueOptions:
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": section}}))
    return QueueOptions.read(folder)


def test_options_have_the_platforms_defaults(tmp_path: Path) -> None:
    expected = QueueOptions(16, 8, timedelta(), 5, timedelta(minutes=1), "base64")
    assert options(tmp_path) == QueueOptions() == expected
    assert options(tmp_path, batchSize=7).new_batch_threshold == 3, "half a batch, where it is not said"
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    assert QueueOptions.read(tmp_path) == expected


def test_options_are_read(tmp_path: Path) -> None:
    read = options(
        tmp_path,
        batchSize=32,
        newBatchThreshold=0,
        visibilityTimeout="6.23:59:59",
        maxDequeueCount=1,
        maxPollingInterval="00:00:00.1",
        messageEncoding="None",
    )
    hidden = timedelta(days=6, hours=23, minutes=59, seconds=59)
    assert read == QueueOptions(32, 0, hidden, 1, POLL_LEAST, "none")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("batchSize", 0, "from 1 to 32"),
        ("batchSize", 33, "from 1 to 32"),
        ("batchSize", "16", "a whole number"),
        ("batchSize", True, "a whole number"),
        ("newBatchThreshold", -1, "from 0"),
        ("maxDequeueCount", 0, "from 1"),
        ("maxDequeueCount", 2.5, "a whole number"),
        ("visibilityTimeout", 5, "hh:mm:ss"),
        ("visibilityTimeout", "5", "hh:mm:ss"),
        ("visibilityTimeout", "-00:00:05", "hh:mm:ss"),
        ("visibilityTimeout", "00:00:60", "hh:mm:ss"),
        ("visibilityTimeout", "7.00:00:01", "at most 7 days"),
        ("maxPollingInterval", "00:00:00.09", "at least 0:00:00.1"),
        ("maxPollingInterval", None, "hh:mm:ss"),
        ("messageEncoding", "utf8", "base64 or none"),
    ],
)
def test_what_is_wrong_in_host_json_is_named(tmp_path: Path, name: str, value: Any, said: str) -> None:
    with pytest.raises(SystemExit, match=rf"host\.json: extensions\.queues\.{name} is .*{said}"):
        options(tmp_path, **{name: value})


def test_a_name_that_the_platform_does_not_know_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no batchsize, poisonQueue"):
        options(tmp_path, batchsize=8, poisonQueue="x")


def test_looks_at_an_empty_queue_come_ever_later_up_to_the_most() -> None:
    late, early = (
        Backoff(timedelta(seconds=2), lambda _, most: most),
        Backoff(timedelta(seconds=2), lambda least, _: least),
    )
    assert [round(late.next(found=False), 3) for _ in range(8)] == [0.1, 0.22, 0.34, 0.58, 1.06, 2, 2, 2]
    assert [round(early.next(found=False), 3) for _ in range(8)] == [0.1, 0.18, 0.26, 0.42, 0.74, 1.38, 2, 2]
    assert [round(late.next(found=found), 3) for found in (True, False, True)] == [0.1, 0.22, 0.1]
    at_least = Backoff(POLL_LEAST)
    assert [at_least.next(found=False) for _ in range(3)] == [0.1] * 3


def test_hosts_that_begin_at_the_same_time_soon_look_at_different_times() -> None:
    first, second = ([backoff.next(found=False) for _ in range(5)] for backoff in (Backoff(MINUTE), Backoff(MINUTE)))
    assert first[0] == second[0]
    assert not set(first[1:]) & set(second[1:])


def test_a_trigger_that_is_not_served_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    app = func.FunctionApp()
    app.blob_trigger(arg_name="blob", path="a/{name}", connection="")(print)
    monkeypatch.setitem(sys.modules, "blob_app", SimpleNamespace(app=app))
    with pytest.raises(SystemExit, match="queue triggers, not blobTrigger"):
        load("blob_app")


def test_a_queues_name_may_stand_in_settings() -> None:
    assert queue_name_of(triggered(queueName="Tell"), {}) == "tell"
    assert queue_name_of(triggered(queueName="%P%-%N%"), {"P": "a", "N": "B1"}) == "a-b1"
    with pytest.raises(SystemExit, match="f: the setting P "):
        queue_name_of(triggered(queueName="%P%"), {})


@pytest.mark.parametrize("name", ["ab", "a" * 64, "a--b", "-ab", "ab-", "a_b", "a.b", "täll", "%", ""])
def test_what_is_no_name_of_a_queue_is_said(name: str) -> None:
    with pytest.raises(SystemExit, match="no name of a queue"):
        queue_name_of(triggered(queueName=name), {})


def test_a_connection_is_found_as_the_platform_finds_it() -> None:
    default = {"AzureWebJobsStorage": CONNECTION}
    assert storage_of(triggered(), default) == Storage(connection=CONNECTION)
    assert storage_of(triggered(connection="AzureWebJobsStorage"), default) == Storage(connection=CONNECTION)
    assert storage_of(triggered(connection="Storage"), default) == Storage(connection=CONNECTION)
    assert storage_of(triggered(connection="OTHER"), default | {"OTHER": "x"}) == Storage(connection="x")
    by_identity = {"OTHER__queueServiceUri": "https://a.queue.example"}
    assert storage_of(triggered(connection="OTHER"), by_identity) == Storage(address="https://a.queue.example")
    emulated = storage_of(triggered(), {"AzureWebJobsStorage": "UseDevelopmentStorage=true;"}).connection or ""
    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in emulated
    for settings in ({}, {"OTHER": ""}, {"OTHER__blobServiceUri": "https://a.blob.example"}):
        with pytest.raises(SystemExit, match="f: neither the setting OTHER nor OTHER__queueServiceUri"):
            storage_of(triggered(connection="OTHER"), settings)


async def test_a_function_gets_what_the_worker_makes_of_a_message() -> None:
    given: list[func.QueueMessage] = []

    async def handler(message: func.QueueMessage) -> None:
        given.append(message)

    read = QueueMessage(
        id="7", inserted_on=AT, expires_on=AT + timedelta(days=7), dequeue_count=3, pop_receipt="r", next_visible_on=AT
    )
    assert await call_queue(triggered(handler), '{"partner": "kö"}'.encode(), metadata_of(read))
    (message,) = given
    assert (message.id, message.dequeue_count, message.pop_receipt) == ("7", 3, "r")
    assert message.get_json() == {"partner": "kö"}
    assert (message.insertion_time, message.time_next_visible) == (AT, AT)
    assert message.expiration_time == datetime(2026, 11, 28, 20, 4, 27, 123000, UTC)


async def test_a_function_that_raises_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    def handler(message: func.QueueMessage) -> None:
        raise RuntimeError(message.get_body().decode())

    with caplog.at_level(logging.ERROR):
        assert not await call_queue(triggered(handler), b"text", {})
        assert not await call_queue(triggered(handler), b"\xff", {}), "no UTF-8"
    assert [record.message for record in caplog.records] == ["f raised", "f raised"]


async def test_a_storage_that_is_away_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    queues = Queues([triggered()], {"AzureWebJobsStorage": CONNECTION}, QueueOptions(max_polling_interval=POLL_LEAST))
    with caplog.at_level(logging.WARNING, "local.queues"):
        await queues.start()
        await until(lambda: len(caplog.records) >= 3)
        await queues.stop()
    assert {record.message.partition(":")[0] for record in caplog.records} == {"f"}
    assert "could not be read" in caplog.records[0].message


async def test_the_admin_endpoint_runs_timers_and_queue_functions(tmp_path: Path) -> None:
    ran: list[Any] = []

    async def on_message(message: func.QueueMessage) -> None:
        ran.append((message.id, message.dequeue_count, message.get_body().decode()))
        raise RuntimeError("202 all the same")

    async def on_time(timer: func.TimerRequest) -> None:
        ran.append(timer.past_due)

    functions = [
        Function("on_message", on_message, triggered().trigger),
        Function("on_time", on_time, {"type": "timerTrigger", "schedule": "0 0 0 1 1 *"}),
        Function("on_event", print, {"type": "eventGridTrigger"}),
    ]
    host = Host(
        functions,
        prefix="api",
        timers=Timers(functions, {}, lambda: AT),
        queues=Queues(functions, {"AzureWebJobsStorage": CONNECTION}, QueueOptions()),
        issuer=Issuer("http://localhost", tmp_path / "issuer.pem"),
        mails=MailService(tmp_path / "mails.jsonl", lambda: AT, lambda: 0.0, "http://localhost"),
        data=tmp_path,
    )
    transport = httpx.ASGITransport(app=host.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/admin/functions") as admin:
        answers = [
            await admin.post("/on_message", json={"input": '{"partner": "contoso"}'}),
            await admin.post("/on_message", json={"input": {"partner": "contoso"}}),
            await admin.post("/on_message", json=["input"]),
            await admin.post("/on_message", content=b""),
            await admin.post("/on_time", json={"input": ""}),
            await admin.post("/on_time"),
            await admin.post("/on_event", json={"input": ""}),
            await admin.post("/nobody", json={"input": ""}),
        ]
    assert [answer.status_code for answer in answers] == [202, 400, 400, 400, 202, 202, 400, 404]
    assert '"input"' in answers[1].json()["error"]["message"]
    assert ran == [(None, 0, '{"partner": "contoso"}'), False, False]
