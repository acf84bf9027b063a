"""Traces and metrics by OpenTelemetry, sent to Application Insights where a connection string names one.

A span stands for each call of a function, each turn on a lane, each call of a receiver, and (by the SDKs) each request
to storage and the mail service. What of it may leave the process says `telemetry_export`.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

from opentelemetry import metrics, trace
from opentelemetry.context import attach, detach
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared import correlation, ids
from shared.version import NAME, VERSION

log = logging.getLogger(__name__)
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer(NAME, VERSION)
_meter = metrics.get_meter(NAME, VERSION)

INTAKE = _meter.create_counter("leads.intake", "{delivery}", "Submissions, by door and outcome.")
TRANSITIONS = _meter.create_counter("leads.transitions", "{event}", "Events of leads, by type, counted when published.")
DELIVERIES = _meter.create_counter("deliveries.attempts", "{attempt}", "Webhook calls and mails, by outcome.")
DELIVERY_LAG = _meter.create_histogram("deliveries.lag", "s", "From an event to its delivery, by channel.")
# Not gauges: an instance would repeat the last value for as long as it lives.
AGENDA_LAG = _meter.create_histogram("agenda.lag", "s", "How long the oldest row of the agenda has been due, by kind.")
BACKLOG = _meter.create_histogram("backlog", "{row}", "What is due and not done, by what it is; counted up to 1,000.")


class Called(Protocol):
    """What the platform says of a call; func.Context does. `trace_context` None = it says nothing."""

    @property
    def trace_context(self) -> Any:
        """What the worker says of the call: its trace context, whose `trace_parent` (W3C) may be empty."""


@contextmanager
def operation(name: str, trigger: str, call: Called, **attributes: str) -> Iterator[trace.Span]:
    """The span of one call from outside, `http`, `timer` or `event`, under a correlation id of its own.

    It stands below the platform's own span of the call. Of what a caller sends only ids are taken: `tracestate` is free
    text, which would go on with every request to storage and, where it is malformed, into the log.
    """
    above = call.trace_context
    token = attach(_propagator.extract({"traceparent": above.trace_parent} if above and above.trace_parent else {}))
    try:
        with correlation.caused_by(ids.new_request_id()), span(name, trigger=trigger, **attributes) as found:
            yield found
    finally:
        detach(token)


@contextmanager
def span(name: str, **attributes: str) -> Iterator[trace.Span]:
    """A span of ours; an exception marks it failed with its type, never with its text."""
    with _tracer.start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as found:
        try:
            yield found
        except BaseException as problem:
            failed(found, type(problem).__name__)
            raise


def failed(one: trace.Span, what: str) -> None:
    """Mark a span as failed, and say why in a name of our own: Application Insights drops `error.type`."""
    one.set_attribute("problem", what)
    one.set_status(trace.StatusCode.ERROR)


def answered(one: trace.Span, status: int) -> None:
    """Note the status of an HTTP answer; only what is our fault is a failure."""
    one.set_attribute("status", status)
    if status >= 500:
        failed(one, str(status))


def attempted(channel: str, outcome: str, lag: timedelta | None = None) -> None:
    """Count a webhook's call, or a mail that has ended; `lag` is from the event to its first delivery."""
    DELIVERIES.add(1, {"channel": channel, "outcome": outcome})
    if lag is not None:
        DELIVERY_LAG.record(lag.total_seconds(), {"channel": channel})


def start(environment: Mapping[str, str]) -> None:
    """Send traces and metrics to Application Insights; does nothing where the environment names none.

    A failure is logged and stops nothing: a lead matters more than its trace.
    """
    if not environment.get(CONNECTION):
        return
    try:
        from shared.telemetry_export import export_all  # noqa: PLC0415 - 0.4 s of imports, only where it is wanted

        export_all()
    except Exception as problem:  # noqa: BLE001 - see above
        log.error(  # noqa: TRY400 - the connection string may stand in the message
            "Traces and metrics are not sent.",
            extra={"event": "telemetry.off", "problem": type(problem).__name__},
        )
