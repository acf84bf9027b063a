"""Metrics count what really happened, once (docs/operations.md, Watch)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import InvalidRequest, Unavailable
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.webhooks import WebhookFormat
from shared.ports.delivery import ReceiverReply
from shared.usecases.telling import manage_webhooks
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.mail_reports import Report, take_report
from tests.builders import AT, DAY, submission_body
from tests.fakes.agenda import FakeAgenda
from tests.fakes.ports import FakePorts
from tests.spans import measured
from tests.steps import budget, submit
from tests.unit.usecases.telling.test_deliver_mail import run as run_mail
from tests.unit.usecases.telling.test_mail_reports import world

URL, DOWN = "https://crm.example/hook", ReceiverReply(500, "down", 1)
OUTCOMES = ("delivered", "failed", "parked", "tryAgain", "bounced", "unknown")


def attempts(channel: str) -> dict[str, float]:
    """What was counted of a channel so far, and how often a lag was."""
    counted = {one: measured("deliveries.attempts", channel=channel, outcome=one) for one in OUTCOMES}
    return counted | {"lag": measured("deliveries.lag", channel=channel)}


@contextmanager
def counts(channel: str, **more: int) -> Iterator[None]:
    """Inside, exactly so many more are counted."""
    before = attempts(channel)
    yield
    after = attempts(channel)
    assert {one: after[one] - before[one] for one in after if after[one] != before[one]} == more


async def test_a_bounce_is_counted_beside_the_delivery_it_takes_back(source: LeadSource) -> None:
    with counts("mail", delivered=1, lag=1):
        ports, _, mail = await world(source)
    with counts("mail", bounced=1):
        for _ in range(2):
            await take_report(ports=ports, operation_id=mail.operation_id, report=Report.BOUNCED, at=AT)
    with counts("mail", delivered=1, lag=1):
        await run_mail(ports, AT + timedelta(hours=1))


@pytest.fixture
async def told(ports: FakePorts, source: LeadSource) -> tuple[FakePorts, str, str]:
    """A partner with a webhook that has taken one lead at its second call."""
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    named = {"events": ("lead.received",), "format_": WebhookFormat.STANDARD, "validated": True, "owner": None}
    made = await manage_webhooks.subscribe(ports=ports, partner_id=partner, url=URL, at=AT, **named)  # type: ignore[arg-type] # named as they are
    await submit(ports, source)
    return ports, partner, made.webhook.id


async def run(ports: FakePorts, days: float) -> None:
    await deliver_events(ports=ports, now=lambda: AT + days * DAY, budget=budget())


async def test_lag_is_to_the_first_delivery_and_no_test_or_resend_has_any(told: tuple[FakePorts, str, str]) -> None:
    ports, partner, hook = told
    ports.receivers.answers[URL] = [DOWN]
    with counts("webhook", tryAgain=1):
        await run(ports, 0)
    with counts("webhook", delivered=1, lag=1):
        await run(ports, 1)
    (done,), _ = await manage_webhooks.list_deliveries(
        ports=ports, partner_id=partner, webhook_id=hook, after=None, top=9, at=AT
    )
    later = AT + 30 * DAY
    for answers, more in (([], {"delivered": 1}), ([DOWN], {"tryAgain": 1})):
        ports.receivers.answers[URL] = list(answers)
        await manage_webhooks.resend(ports=ports, partner_id=partner, webhook_id=hook, event_id=done.id, at=later)
        with counts("webhook", **more):
            await run(ports, 30)
    with counts("webhook", delivered=1):
        await run(ports, 31)
    await manage_webhooks.send_test(ports=ports, partner_id=partner, webhook_id=hook, at=later)
    with counts("webhook", delivered=1):
        await run(ports, 32)


async def test_intake_tells_a_refusal_from_a_failure_of_ours(ports: FakePorts, source: LeadSource) -> None:
    class Broken(FakeAgenda):
        async def put(self, *_: object) -> None:
            raise Unavailable

    def seen() -> dict[str, float]:
        outcomes = ("made", "repeated", "refused", "failed")
        return {one: measured("leads.intake", door="marketplace", outcome=one) for one in outcomes}

    before = seen()
    for _ in range(2):
        await submit(ports, source)
    with pytest.raises(InvalidRequest):
        await submit(ports, source, {"UserDetails": []})
    with pytest.raises(Unavailable):
        await submit(replace(ports, agenda=Broken()), source, submission_body(Title="another"))
    after = seen()
    assert {one: after[one] - before[one] for one in after} == {"made": 1, "repeated": 1, "refused": 1, "failed": 1}
