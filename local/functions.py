"""Finds an app's functions through the azure-functions library and calls them as the platform does.

Knows triggers and bindings, nothing of the product: any `function_app.py` can be served.
"""

import asyncio
import importlib
import inspect
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import azure.functions as func
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum
from azure.functions.queue import QueueMessageInConverter
from azure.functions.timer import TimerRequest

from shared.http import routes

log = logging.getLogger("local.functions")
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Function:
    """A function of the app with its trigger."""

    name: str
    call: Callable[..., Any]
    trigger: Mapping[str, Any]

    @property
    def is_http(self) -> bool:
        """True for an HTTP trigger."""
        return bool(self.trigger["type"] == "httpTrigger")

    @property
    def is_timer(self) -> bool:
        """True for a timer trigger."""
        return bool(self.trigger["type"] == "timerTrigger")

    @property
    def is_event_grid(self) -> bool:
        """True for an Event Grid trigger."""
        return bool(self.trigger["type"] == "eventGridTrigger")

    @property
    def is_queue(self) -> bool:
        """True for a storage queue trigger."""
        return bool(self.trigger["type"] == "queueTrigger")


def load(module_name: str = "function_app") -> list[Function]:
    """The functions of the module's one FunctionApp, sorted by name as the host sorts them."""
    module = importlib.import_module(module_name)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise SystemExit(f"{module_name}.py must hold exactly one FunctionApp, it holds {len(apps)}.")
    found = []
    for indexed in apps[0].get_functions():
        trigger = indexed.get_trigger()
        if trigger is not None:
            name = str(indexed.get_function_name())
            found.append(Function(name, indexed.get_user_function(), trigger.get_dict_repr()))
    for function in found:
        if not (function.is_http or function.is_timer or function.is_event_grid or function.is_queue):
            kind = function.trigger["type"]
            raise SystemExit(
                f"{function.name}: the local host serves HTTP, timer, Event Grid and queue triggers, not {kind}."
            )
    return sorted(found, key=lambda function: function.name)


def is_on(function: Function, settings: Mapping[str, str]) -> bool:
    """False where `AzureWebJobs.<name>.Disabled` is set, as the platform reads it."""
    return settings.get(f"AzureWebJobs.{function.name}.Disabled", "").lower() not in ("true", "1")


def route_of(function: Function) -> routes.Route:
    """Where an HTTP function answers; without a route it is its name, without methods all of them."""
    methods = [
        str(getattr(method, "value", method)).upper() for method in function.trigger.get("methods") or ALL_METHODS
    ]
    return routes.parse(function.name, methods, function.trigger.get("route") or function.name)


def schedule_of(function: Function, settings: Mapping[str, str]) -> str:
    """A timer's NCRONTAB expression; `%NAME%` stands for a setting, and a missing one is an error as on the host."""
    schedule = str(function.trigger["schedule"])
    named = re.fullmatch(r"%(.+)%", schedule)
    if named is None:
        return schedule
    if named[1] not in settings:
        raise SystemExit(f"{function.name}: the setting {named[1]} is missing; see local.settings.example.json.")
    return settings[named[1]]


async def call_http(function: Function, request: func.HttpRequest) -> func.HttpResponse:
    """Call an HTTP function; anything but an HttpResponse, an exception too, is a 500 with an empty body."""
    try:
        answer = await _call(function, request)
    except Exception:
        log.exception("%s raised", function.name)
        return func.HttpResponse(status_code=500)
    if not isinstance(answer, func.HttpResponse):
        log.error("%s returned %s, not an HttpResponse", function.name, type(answer).__name__)
        return func.HttpResponse(status_code=500)
    return answer


async def call_timer(function: Function, *, past_due: bool) -> None:
    """Call a timer function; an exception is logged, and the next run comes all the same."""
    try:
        await _call(function, TimerRequest(past_due=past_due))
    except Exception:
        log.exception("%s raised", function.name)


async def call_event(function: Function, event: Mapping[str, Any]) -> bool:
    """Call an Event Grid function with what the worker makes of an event, in Event Grid's schema or as a CloudEvent.

    False when it raised, and whoever sent the event sends it again.
    """
    try:
        datum = Datum(json.dumps(event), "json")
        await _call(function, EventGridEventInConverter.decode(datum, trigger_metadata=None))
    except Exception:
        log.exception("%s raised", function.name)
        return False
    return True


async def call_queue(function: Function, body: bytes, metadata: Mapping[str, Datum]) -> bool:
    """Call a queue function with what the worker makes of a message: its text in UTF-8, and what is told beside it.

    False when it raised, and the message is tried again.
    """
    try:
        datum = Datum(body.decode(), "string")
        await _call(function, QueueMessageInConverter.decode(datum, trigger_metadata=metadata))
    except Exception:
        log.exception("%s raised", function.name)
        return False
    return True


def request_of(
    method: str, url: str, headers: Mapping[str, str], parameters: Mapping[str, str], body: bytes
) -> func.HttpRequest:
    """The request as the worker sees it.

    Header names are in lower case, repeated query names are joined by commas, empty query values are dropped, and a
    chunked body arrives empty.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    chunked = "chunked" in lowered.get("transfer-encoding", "").lower()
    query: dict[str, str] = {}
    for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=False):
        query[name] = f"{query[name]},{value}" if name in query else value
    return func.HttpRequest(
        method=method, url=url, headers=lowered, params=query, route_params=parameters, body=b"" if chunked else body
    )


@dataclass(frozen=True)
class TraceContext:
    """The caller's place in a trace, as its headers say."""

    trace_parent: str = ""
    trace_state: str = ""


class Context(func.Context):
    """What a function that asks for `context` is told."""

    def __init__(self, function_name: str, headers: Mapping[str, str]) -> None:
        self._name = function_name
        self._id = str(uuid.uuid4())
        self._trace = TraceContext(headers.get("traceparent", ""), headers.get("tracestate", ""))

    invocation_id = property(lambda self: self._id)
    function_name = property(lambda self: self._name)
    function_directory = property(lambda _: ".")
    thread_local_storage = property(lambda _: None)
    trace_context = property(lambda self: self._trace)
    retry_context = property(lambda _: None)


async def _call(function: Function, argument: object) -> Any:
    headers = argument.headers if isinstance(argument, func.HttpRequest) else {}
    named = (
        {"context": Context(function.name, headers)} if "context" in inspect.signature(function.call).parameters else {}
    )
    if inspect.iscoroutinefunction(function.call):
        return await function.call(argument, **named)
    return await asyncio.to_thread(function.call, argument, **named)
