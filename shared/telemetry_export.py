"""Sends spans and metrics to Application Insights, and of each span only what is known to hold no secret (S2, S3).

Only known attributes leave the process, and of addresses only their beginning: keys, tokens, row keys, people's
addresses and texts of errors stand in none of them. Imported where telemetry is wanted and nowhere else.
"""

import os
from urllib.parse import urlsplit

from azure.core.settings import settings
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry.context import Context
from opentelemetry.environment_variables import OTEL_LOGS_EXPORTER
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from shared import correlation
from shared.version import NAME

CORRELATION_ID = "correlationId"
KEPT = frozenset(
    {
        # Ours.
        CORRELATION_ID,
        *("trigger", "partner", "lead", "destination", "status", "problem"),
        # The semantic conventions' for HTTP, without any that holds a path or a query.
        *("http.request.method", "http.response.status_code", "http.request.resend_count"),
        *("server.address", "server.port", "error.type"),
        # What Azure's support asks for.
        *("az.namespace", "az.client_request_id", "az.service_request_id"),
        # The sampler's, for the exporter: how many spans this one stands for.
        "_MS.sampleRate",
    }
)
"""The attributes that may leave the process; one that a library adds needs a look first."""
ADDRESSES = frozenset({"url.full", "http.url"})
"""Attributes that are cut to the service and the first part of the path."""
# They would write whole addresses. The SDKs trace themselves, by `tracing_enabled`.
UNWANTED = (
    *("azure_sdk", "django", "fastapi", "flask", "httpx", "httpx2", "psycopg2"),
    *("requests", "urllib", "urllib3"),
)


class OnlyKnown(SpanProcessor):
    """Puts the correlation id on every span, and leaves on it nothing but what is known when it ends.

    Comes before the processor that exports, which gets the same object.
    """

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Say what the span belongs to; the SDKs' spans do not know."""
        del parent_context
        if correlation_id := correlation.current():
            span.set_attribute(CORRELATION_ID, correlation_id)

    def on_end(self, span: ReadableSpan) -> None:
        """Take away the rest: other attributes, events (an exception's text), the words of the status."""
        attributes = dict(span.attributes or {})
        known = {key: value for key, value in attributes.items() if key in KEPT}
        cut = {key: service_of(value) for key, value in attributes.items() if key in ADDRESSES}
        # There is no public way to change a span that has ended; Application Insights' documentation does the same.
        span._attributes = known | cut  # noqa: SLF001
        span._events = ()  # noqa: SLF001
        span._status = Status(span.status.status_code)  # noqa: SLF001


def service_of(address: AttributeValue) -> str:
    """An address without what it names inside a table or container: no keys of rows, no names of files, no query."""
    try:
        parts = urlsplit(str(address))
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "unreadable"
    first = parts.path.lstrip("/").split("/")[0].split("(")[0]
    return f"{parts.scheme}://{parts.hostname or ''}{port}/{first}"


def export_all() -> None:
    """Send from now on; the connection string and the sign-in are read from the environment by the library."""
    # The host hands on what is logged; sent from here too, everything would be counted twice. Arguments there are none.
    os.environ[OTEL_LOGS_EXPORTER] = "none"
    # What is sent is decided here, not by the library's maker from afar, and to nobody else.
    os.environ.setdefault("APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED", "true")
    os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    configure_azure_monitor(
        resource=Resource({SERVICE_NAME: os.environ.get("WEBSITE_SITE_NAME", NAME)}),
        span_processors=[OnlyKnown()],
        instrumentation_options={name: {"enabled": False} for name in UNWANTED},
        # Neither is looked at, and both cost: a stream a second, and measurements of a machine that nobody owns.
        enable_live_metrics=False,
        enable_performance_counters=False,
    )
    settings.tracing_enabled = True
