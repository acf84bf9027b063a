"""The local host copies the platform where that bites (routes, requests, timers)."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from local import functions as functions_module
from local.functions import Function, call_http, request_of, schedule_of
from local.settings_file import values
from local.timers import Timers, next_run
from shared.http.routes import parse
from tests.builders import AT


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("health", "health", {}),
        ("health", "HEALTH", {}),
        ("health", "health/x", None),
        ("health", "", None),
        ("a/{id}", "a/7", {"id": "7"}),
        ("a/{id}", "a/B%20c", {"id": "B c"}),
        ("a/{id}", "a/x%2Fy", {"id": "x%2Fy"}),
        ("a/{id}", "a", None),
        ("a/{id?}", "a", {}),
        ("a/{id:int}", "a/-7", {"id": "-7"}),
        ("a/{id:int}", "a/7x", None),
        ("a/{id:guid}", "a/3701c77e-1cfa-4c56-91e6-3ed0b622145a", {"id": "3701c77e-1cfa-4c56-91e6-3ed0b622145a"}),
        ("a/{id:guid}", "a/7", None),
        ("a/{id:length(2)}", "a/abc", None),
        ("a/{id:length(2,3)}", "a/abc", {"id": "abc"}),
        ("a/{id:minlength(2):maxlength(3)}", "a/abcd", None),
        ("a/{id:range(1,5)}", "a/6", None),
        ("a/{id:alpha}", "a/Abc", {"id": "Abc"}),
        ("a/{id:bool}", "a/TRUE", {"id": "TRUE"}),
        ("a/{id:regex(^\\d{{2}}$)}", "a/12", None),
        ("a/{id:regex(^[a-c]+$)}", "a/abc", {"id": "abc"}),
        ("{*path}", "x/y/z", {"path": "x/y/z"}),
        ("{*path}", "", {"path": ""}),
        ("a/{*rest}", "b/c", None),
    ],
)
def test_route_templates(template: str, path: str, expected: Any) -> None:
    assert parse("f", ["GET"], template).match(path) == expected


@pytest.mark.parametrize("template", ["a/{id:phone}", "a/pre-{id}"])
def test_what_a_template_may_not_be_is_said(template: str) -> None:
    with pytest.raises(NotImplementedError, match=r"constraint|segment"):
        parse("f", ["GET"], template)


def test_a_request_arrives_as_the_worker_sees_it() -> None:
    url = "http://localhost/api/x?a=1&b=&a=2&c=%20"
    request = request_of("POST", url, {"X-Head": "v"}, {"id": "7"}, b"body")
    assert dict(request.params) == {"a": "1,2", "c": " "}
    assert list(request.headers) == ["x-head"]
    assert request.route_params["id"] == "7"
    assert request.get_body() == b"body"
    assert request_of("POST", url, {"Transfer-Encoding": "chunked"}, {}, b"body").get_body() == b""


@pytest.mark.parametrize("returned", [None, {"a": 1}, RuntimeError("broken")])
async def test_anything_but_an_http_response_is_a_500_with_an_empty_body(
    returned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(req: func.HttpRequest) -> Any:
        if isinstance(returned, Exception):
            raise returned
        return returned

    with caplog.at_level(logging.ERROR):
        answer = await call_http(Function("f", handler, {"type": "httpTrigger"}), request_of("GET", "/", {}, {}, b""))
    assert (answer.status_code, answer.get_body()) == (500, b"")
    assert caplog.records


async def test_a_function_may_be_plain_and_may_ask_for_its_context() -> None:
    def handler(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return func.HttpResponse(f"{context.function_name} {bool(context.invocation_id)}")

    answer = await call_http(Function("f", handler, {"type": "httpTrigger"}), request_of("GET", "/", {}, {}, b""))
    assert answer.get_body() == b"f True"


def test_schedules_come_from_settings_and_a_missing_one_is_an_error() -> None:
    timer = Function("t", print, {"type": "timerTrigger", "schedule": "%T_SCHEDULE%"})
    assert schedule_of(timer, {"T_SCHEDULE": "0 * * * * *"}) == "0 * * * * *"
    with pytest.raises(SystemExit, match="T_SCHEDULE"):
        schedule_of(timer, {})
    fixed = Function("t", print, {"type": "timerTrigger", "schedule": "0 0 * * * *"})
    assert schedule_of(fixed, {}) == "0 0 * * * *"


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("*/10 * * * * *", "2026-11-21T20:04:27", "2026-11-21T20:04:30"),
        ("0 */5 * * * *", "2026-11-21T20:05:00", "2026-11-21T20:10:00"),
        ("0 0 * * * *", "2026-12-31T23:00:00", "2027-01-01T00:00:00"),
        ("0 30 9 * * 1-5", "2026-11-21T20:00:00", "2026-11-23T09:30:00"),
        # Day of month AND weekday: the first 13th that is a Friday.
        ("0 0 0 13 * 5", "2026-11-21T00:00:00", "2027-08-13T00:00:00"),
    ],
)
def test_ncrontab(schedule: str, after: str, expected: str) -> None:
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_run(schedule, start) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


async def test_timers_fire_missed_ones_once_and_never_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    from local import timers as timers_module

    monkeypatch.setattr(timers_module, "TICK_SECONDS", 0.001)
    clock = SimpleNamespace(now=AT)
    runs: list[bool] = []
    at_once = 0

    async def tick(timer: func.TimerRequest) -> None:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        runs.append(timer.past_due)
        await asyncio.sleep(0.005)
        at_once -= 1
        raise RuntimeError("a timer that breaks is called again")

    one = Function("tick", tick, {"type": "timerTrigger", "schedule": "0 * * * * *"})
    timers = Timers([one], {}, lambda: clock.now)
    timers.start()

    async def until(count: int) -> None:
        async with asyncio.timeout(5):
            while len(runs) < count:  # noqa: ASYNC110 - an event would be the timer's, which tells nobody
                await asyncio.sleep(0.001)

    clock.now = AT + timedelta(minutes=1)
    await until(1)
    clock.now = AT + timedelta(days=3)
    await until(2)
    assert await timers.fire("tick")
    await asyncio.gather(timers.fire("tick"), timers.fire("tick"))
    await timers.stop()
    assert runs == [True, True, False, False, False]
    assert not await timers.fire("else")


def test_a_schedule_that_is_none_is_said_at_start() -> None:
    for bad in ("* * * * *", "every minute", "99 * * * * *"):
        with pytest.raises(SystemExit, match="NCRONTAB"):
            Timers([Function("t", print, {"type": "timerTrigger", "schedule": bad})], {}, lambda: AT)


def test_exactly_one_function_app_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for apps in ({}, {"a": func.FunctionApp(), "b": func.FunctionApp()}):
        monkeypatch.setitem(sys.modules, "toy_app", SimpleNamespace(**apps))
        with pytest.raises(SystemExit, match="exactly one"):
            functions_module.load("toy_app")


def test_a_variable_of_the_environment_wins_over_the_settings_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule too: a test host that wants a timer to rest must not be fired by it under load."""
    monkeypatch.setenv("RUN_EXPORTS_SCHEDULE", "0 0 0 1 1 *")
    monkeypatch.setenv("LEADS_LEAD_URL", "https://crm.example/{leadId}")
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    found = values()
    assert (found["RUN_EXPORTS_SCHEDULE"], found["LEADS_LEAD_URL"]) == ("0 0 0 1 1 *", "https://crm.example/{leadId}")
    assert "SOMETHING_ELSE" not in found
