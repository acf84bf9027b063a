"""What happened can be followed: from the call that caused it through storage and the agenda to the receiver."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from opentelemetry.trace import SpanKind

from local.issuer import AUDIENCE, Issuer
from shared import app, clock
from shared.settings import Settings
from shared.storage.exports.blobs import Blobs
from shared.storage.tables import Tables
from tests.builders import submission_body, unique
from tests.in_process import InProcess, fire
from tests.integration.receiver import Receiver
from tests.spans import measured, traced

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The platform's own trace of the call."""
CAUSE = "x-ms-correlation-request-id"


@pytest.fixture
async def api(
    settings: Settings, tables: Tables, files: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[InProcess]:
    """The endpoints on Azurite, with a clock that the test moves."""
    issuer = Issuer("http://localhost:7071", tmp_path / "key.pem")
    changed = {"token_issuer": issuer.template, "token_audience": AUDIENCE, "webhook_loopback": True}

    async def fetch() -> dict[str, Any]:
        return issuer.keys()

    made = app.use(app.build(settings.model_copy(update=changed), tables, files, fetch))
    monkeypatch.setattr(clock, "offset", timedelta())
    yield InProcess(issuer)
    await made.ports.receivers.close()  # type: ignore[attr-defined] # the real one has connections


async def test_a_webhook_names_what_caused_it_and_so_does_every_span_on_the_way(
    api: InProcess, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = unique()
    here = f"/partners/{partner}"
    counted = [
        ("leads.intake", {"door": "marketplace", "outcome": "made"}),
        ("leads.transitions", {"event": "lead.received"}),
        ("deliveries.attempts", {"channel": "webhook", "outcome": "delivered"}),
        ("deliveries.lag", {"channel": "webhook"}),
    ]
    before = [measured(name, **attributes) for name, attributes in counted]
    with traced() as found:
        body = {"name": "Contoso", "tenantIds": [partner]}
        assert (await api.call("PUT", here, body, as_="Operator", tenant="operator")).status == 201
        made = await api.call("POST", f"{here}/sources", {"name": "Shop"}, as_="Operator", tenant="operator")
        door = str(made.json["intakeUrl"]).removeprefix("http://localhost:7071/api")
        hook = {"notificationUrl": f"http://127.0.0.1:{receiver.port}/ok?code=secret", "validation": "none"}
        hook |= {"events": ["lead.received", "lead.expired"]}
        made = await api.call("POST", f"{here}/webhooks", hook, as_="Partner.Admin", tenant=partner)
        assert made.status == 201
        hook_id = made.json["id"]
        above = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "canary=canary"}
        reply = await api.call("POST", door, submission_body(Email="canary@northwind.example"), headers=above)
        assert reply.status == 201
        request_id, lead_id = reply.headers["x-ms-request-id"], reply.json["id"]
        await fire("deliver_events")

        # From the trigger to storage: one trace, and every span of it says which request it belongs to.
        call = found.one("receive_lead")
        assert {f"{one.context.trace_id:032x}" for one in (call, *found.below(call)) if one.context} == {TRACE}
        assert dict(call.attributes or {}) == {
            "correlationId": request_id,
            "trigger": "http",
            "status": 201,
        }
        stored = [one for one in found.below(call) if one.kind is SpanKind.CLIENT]
        assert len(stored) >= 5
        assert all(dict(one.attributes or {})["correlationId"] == request_id for one in stored)
        assert all(str(dict(one.attributes or {})["url.full"]).endswith("/devstoreaccount1") for one in stored)

        # Through the agenda to the receiver: another run's trace, and the same correlation id.
        run = found.one("deliver_events")
        sent = found.one("call webhook", lead=lead_id)
        assert sent in found.below(found.one("work on lane", destination=hook_id))
        assert sent in found.below(run)
        assert dict(sent.attributes or {})["correlationId"] == request_id
        assert dict(run.attributes or {})["correlationId"] != request_id
        ((_, headers, _),) = receiver.requests
        assert headers[CAUSE] == request_id
        assert "traceparent" not in {name.lower() for name in headers}, "strangers are not told our traces"

        # What time does was caused by the timer's run.
        monkeypatch.setattr(clock, "offset", timedelta(days=15))
        await fire("expire_leads")
        await fire("deliver_events")
        expiry = found.one("expire_leads")
        assert receiver.requests[-1][1][CAUSE] == dict(expiry.attributes or {})["correlationId"]

        looked = measured("agenda.lag", kind="expire"), measured("backlog", kind="deliveries")
        await fire("watch_agenda")
        assert (measured("agenda.lag", kind="expire"), measured("backlog", kind="deliveries")) == tuple(
            before + 1 for before in looked
        )
        key = parse_qs(urlsplit(door).query)["key"][0]
        told = "".join(one.to_json() for one in found.spans)
        assert [one for one in (key, "canary", "secret", f"'{partner}'", f"lead|{lead_id}") if one in told] == []
    after = [measured(name, **attributes) for name, attributes in counted]
    assert [now - then for now, then in zip(after[:2], before[:2], strict=True)] == [1, 1]
    assert [now - then for now, then in zip(after[2:], before[2:], strict=True)] == [2, 2]
