"""Loads an app through the platform's worker library and calls every function once; prints what came of it as JSON.

The app is `function_app`, or the module that the first argument names. Runs under Python 3.13 with requirements.txt and
azure-functions-runtime alone, in a folder that holds the package. The library's interface is internal, so its version
is pinned by the test.
"""

import asyncio
import importlib
import json
import re
import sys
from types import SimpleNamespace
from typing import Any

import azure.functions  # noqa: F401 - its converters register themselves
from azure_functions_runtime import handle_event, native_invocation
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.utils.threadpool import start_threadpool_executor
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ABOVE = f"00-{TRACE}-00f067aa0ba902b7-01"
"""The place in a trace that the host says a call has."""
SPANS = InMemorySpanExporter()
# The direction of a binding, as the library's protocol numbers it.
PROTOS = SimpleNamespace(BindingInfo=SimpleNamespace(out=1, inout=2, undefined=0))
REPORT = {"messageId": "nobody's", "status": "Delivered"}
MESSAGE = {"partner": "nobody", "destination": "mail", "due": "2026-11-21T20:04:27Z"}
"""The text of a queue's message, with all that a queue function of ours may look for."""


def text(value: str) -> Datum:
    """A text as the host hands it over."""
    return Datum(value, "string")


def metadata_of(function: Any) -> dict[str, Datum]:
    """What the host tells beside what the trigger brought: of a queue's message all but its text, mostly as JSON."""
    if function.get_trigger().get_dict_repr()["type"] != "queueTrigger":
        return {}
    inserted, hidden, expires = (
        json.dumps(f"{day}T20:04:27+00:00") for day in ("2026-11-21", "2026-11-22", "2026-11-28")
    )
    times = {"InsertionTime": inserted, "NextVisibleTime": hidden, "ExpirationTime": expires, "DequeueCount": "1"}
    texts = {
        "Id": "4a6d5d8a-8f0e-4f9c-9d0c-6f9f2b9d3c11",
        "PopReceipt": "AgAAAAMA",
        "QueueTrigger": json.dumps(MESSAGE),
    }
    return {name: Datum(said, "json") for name, said in times.items()} | {
        name: text(said) for name, said in texts.items()
    }


def trigger_of(function: Any, path: str) -> tuple[str, Datum]:
    """The function's parameter and something to call it with; `path` is what a route's `{*path}` takes."""
    trigger = function.get_trigger()
    told = trigger.get_dict_repr()
    if told["type"] == "timerTrigger":
        return trigger.name, Datum(json.dumps({"IsPastDue": False}), "json")
    if told["type"] == "eventGridTrigger":
        event = {"id": "1", "eventType": "Microsoft.Communication.EmailDeliveryReportReceived", "data": REPORT}
        more = {"topic": "t", "subject": "s", "dataVersion": "1.0", "eventTime": "2026-11-21T20:04:27Z"}
        return trigger.name, Datum(json.dumps(event | more), "json")
    if told["type"] == "queueTrigger":
        return trigger.name, text(json.dumps(MESSAGE))
    method = told["methods"][0]
    request = {
        "method": text(str(getattr(method, "value", method))),
        "url": text(f"https://leads.example/api/{told['route'].replace('{*path}', path)}"),
        "headers": {"content-type": text("application/json")},
        "params": {"path": text(path)} if "{*path}" in told["route"] else {},
        "query": {},
        "body": Datum(b"{}", "bytes"),
    }
    return trigger.name, Datum(request, "http")


async def call(function: Any) -> dict[str, Any]:
    """Load the function, with the checks of a deployment, and call it natively; of a page also what it names."""
    info = handle_event._functions.add_indexed_function(function, PROTOS)
    found = await ask(function, info, "leads")
    for path in sorted(set(re.findall(r"/app/(files/[^\"&]+)", str(found.get("body"))))):
        found.setdefault("files", {})[path] = await ask(function, info, path)
    return found


async def ask(function: Any, info: Any, path: str) -> dict[str, Any]:
    """One call."""
    name, datum = trigger_of(function, path)
    SPANS.clear()
    ok, answer, _, problem, _ = await native_invocation.invocation_request_native(
        "invocation", info.function_id, [(name, datum)], metadata_of(function), ABOVE
    )
    found: dict[str, Any] = {"ok": ok, "problem": problem, "type": function.get_trigger().get_dict_repr()["type"]}
    traces = {f"{one.context.trace_id:032x}" for one in SPANS.get_finished_spans() if one.name == info.name}
    found["traced"] = traces == {TRACE}
    if answer is not None and answer.type == "http":
        found |= {"status": int(answer.value["status_code"].value), "body": answer.value["body"].value}
        found["headers"] = {header.lower(): value.value for header, value in answer.value["headers"].items()}
        found["body"] = found["body"].decode() if isinstance(found["body"], bytes) else found["body"]
    return found


async def main(module: str) -> None:
    """Call all of the module's functions, in one event loop as the worker does."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SPANS))
    trace.set_tracer_provider(provider)
    load_binding_registry()
    start_threadpool_executor()
    functions = importlib.import_module(module).app.get_functions()
    found = {one.get_function_name(): await call(one) for one in functions}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or ["function_app"])))
