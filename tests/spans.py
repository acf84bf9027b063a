"""Collects spans and measurements of this process, through the filter that stands before Application Insights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from azure.core.settings import settings as azure
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry_export import OnlyKnown


class WhileTraced(InMemorySpanExporter):
    """Keeps spans while somebody looks, so that other tests of the process fill no memory."""

    looking = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export(spans) if self.looking else SpanExportResult.SUCCESS


_exporter: WhileTraced | None = None
_reader = InMemoryMetricReader()


def _collect() -> WhileTraced:
    """The process' one collector: OpenTelemetry takes a provider once."""
    global _exporter  # noqa: PLW0603 - see above
    if _exporter is None:
        _exporter = WhileTraced()
        provider = TracerProvider()
        provider.add_span_processor(OnlyKnown())
        provider.add_span_processor(SimpleSpanProcessor(_exporter))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([_reader]))
    return _exporter


class Collected:
    """What was collected since `traced` began."""

    def __init__(self, exporter: WhileTraced) -> None:
        self._exporter = exporter

    @property
    def spans(self) -> list[ReadableSpan]:
        """Ended spans, in the order of their ends."""
        return list(self._exporter.get_finished_spans())

    def one(self, name: str, **attributes: str) -> ReadableSpan:
        """The one span of this name with these attributes."""
        wanted = attributes.items()
        (found,) = (one for one in self.spans if one.name == name and wanted <= dict(one.attributes or {}).items())
        return found

    def below(self, top: ReadableSpan) -> list[ReadableSpan]:
        """The spans under this one, however deep."""
        by_id = {one.context.span_id: one for one in self.spans if one.context}

        def is_below(one: ReadableSpan) -> bool:
            above = by_id.get(one.parent.span_id) if one.parent else None
            return above is not None and (above is top or is_below(above))

        return [one for one in self.spans if is_below(one)]


@contextmanager
def traced() -> Iterator[Collected]:
    """Trace what happens inside, requests of the SDKs too."""
    exporter = _collect()
    exporter.clear()
    azure.tracing_enabled = exporter.looking = True
    try:
        yield Collected(exporter)
    finally:
        azure.tracing_enabled = exporter.looking = False
        exporter.clear()


def measured(name: str, **attributes: str) -> float:
    """What a counter stands at, or how often a histogram was added to; 0 where it never was."""
    _collect()
    data = _reader.get_metrics_data()
    points = [
        point
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    ]
    mine: list[Any] = [one for one in points if _has(one.attributes, attributes)]
    return float(sum(one.count if hasattr(one, "count") else one.value for one in mine))


def _has(found: Mapping[str, Any] | None, wanted: Mapping[str, str]) -> bool:
    return wanted.items() <= dict(found or {}).items()
