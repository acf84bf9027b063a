"""Spans say what caused them and hold nothing that is not known to be harmless (S2, S3)."""

import asyncio
import logging

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from shared import correlation, telemetry
from shared.telemetry_export import KEPT, service_of
from tests.spans import traced

SECRET = "canary"


class Nobody:
    """A call of which the platform says nothing."""

    trace_context = None


NOBODY = Nobody()


def tell_everything() -> None:
    with trace.get_tracer("a library that tells everything").start_as_current_span("GET") as span:
        span.set_attributes({"http.target": f"/intake?key={SECRET}", "url.query": SECRET, "url.path": SECRET})
        span.set_attributes({"http.url": f"https://x.example/t(PartitionKey='{SECRET}')?sig={SECRET}"})
        span.set_attributes({"exception.message": SECRET, "user_agent.original": SECRET, "server.port": 443})
        span.add_event("note", {"text": SECRET})
        raise ValueError(SECRET)


def test_what_is_not_known_stays_in_the_process() -> None:
    with traced() as found:
        with pytest.raises(ValueError, match=SECRET):
            tell_everything()
        (one,) = found.spans
        assert dict(one.attributes or {}) == {"http.url": "https://x.example/t", "server.port": 443}
        assert one.events == ()
        assert (one.status.status_code, one.status.description) == (StatusCode.ERROR, None)
        assert SECRET not in one.to_json()


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("https://a.table.core.windows.net/Leads(PartitionKey='p',RowKey='who|x')", "https://a.table.core.windows.net/Leads"),
        ("http://127.0.0.1:10002/devstoreaccount1/Leads?$filter=x", "http://127.0.0.1:10002/devstoreaccount1"),
        ("https://a.blob.core.windows.net/exports/p/file.csv?sig=x", "https://a.blob.core.windows.net/exports"),
        ("https://user:pass@x.example", "https://x.example/"),
        ("x?key=secret", ":///x"),
        ("", ":///"),
    ],
)  # fmt: skip
def test_of_an_address_its_beginning_is_left(address: str, left: str) -> None:
    assert service_of(address) == left


@pytest.mark.parametrize("address", ["https://x.example:secret/a", "https://[secret/a", "https://x.example:99999999/"])
def test_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    assert service_of(address) == "unreadable"


def test_a_call_has_an_id_of_its_own_and_everything_inside_shows_it() -> None:
    with traced() as found:
        with telemetry.operation("outer", "timer", NOBODY) as span:
            mine = correlation.current()
            with telemetry.span("inner", partner="contoso"), trace.get_tracer("sdk").start_as_current_span("GET"):
                telemetry.answered(span, 503)
            with correlation.caused_by("another"), telemetry.span("caused"):
                pass
            with correlation.caused_by(""):
                assert correlation.current() == mine
        assert correlation.current() == ""
        with telemetry.operation("next", "http", NOBODY):
            assert correlation.current() not in ("", mine)
        told = {one.name: dict(one.attributes or {}) for one in found.spans}
        assert told["inner"] == {"correlationId": mine, "partner": "contoso"}
        assert told["GET"] == {"correlationId": mine}
        assert told["caused"] == {"correlationId": "another"}
        assert told["outer"] == {
            "correlationId": mine,
            "trigger": "timer",
            "status": 503,
            "problem": "503",
        }
        assert {key for one in told.values() for key in one} <= KEPT


def test_a_failure_is_named_by_its_type() -> None:
    with traced() as found:
        for problem in (ValueError(SECRET), asyncio.CancelledError()):
            with pytest.raises(type(problem)), telemetry.span("work"):
                raise problem
        assert [dict(one.attributes or {})["problem"] for one in found.spans] == ["ValueError", "CancelledError"]
        assert {one.status.status_code for one in found.spans} == {StatusCode.ERROR}
        assert not any(SECRET in one.to_json() for one in found.spans)


def test_what_a_caller_did_wrong_is_no_failure_of_ours() -> None:
    with traced() as found:
        with telemetry.operation("refused", "http", NOBODY) as span:
            telemetry.answered(span, 404)
        assert found.one("refused").status.status_code is StatusCode.UNSET


def test_a_connection_that_is_none_stops_nothing_and_is_not_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry.start({})
    assert caplog.records == []
    monkeypatch.setenv(telemetry.CONNECTION, f"InstrumentationKey={SECRET}")
    # What it sets for the whole process is put back.
    for name in ("CONTROLPLANE_DISABLED", "STATSBEAT_DISABLED_ALL"):
        monkeypatch.setenv(f"APPLICATIONINSIGHTS_{name}", "true")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "otel")
    with caplog.at_level(logging.ERROR, logger="shared.telemetry"):
        telemetry.start({telemetry.CONNECTION: f"InstrumentationKey={SECRET}"})
    assert [vars(one).get("event") for one in caplog.records] == ["telemetry.off"]
    assert SECRET not in caplog.text
