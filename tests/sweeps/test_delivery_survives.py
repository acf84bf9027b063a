"""Storage fails at each call of a run that delivers, once or for good, on Azurite; then the timer comes again.

The sweep in memory (tests/sweeps/test_telling_breaks.py) tries every port in every way; this shows that the
stores keep what it relies on.
"""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.errors import Refusal
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.dispatch import DispatchState
from shared.domain.telling.mails import MailState
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.storage.tables import Tables
from shared.usecases.telling.deliver import deliver_events
from tests import invariants
from tests.builders import AT, submission_body, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.integration.conftest import Connect
from tests.steps import answer, budget, submit
from tests.transports import BEFORE, LOST, FaultyTransport, nth, worth_failing

HOOK = "a" * 16
MINUTE = timedelta(minutes=1)


async def begin(ports: Ports) -> tuple[LeadSource, list[str]]:
    """A partner with a webhook and a preferred address, a lead that waits and one that is accepted."""
    partner = unique()
    source = LeadSource(new_source_id(), partner, "Marketplace", AT)
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    await ports.preferences.put(partner, Preferences("lena@contoso.example"))
    hook = Webhook(HOOK, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    leads = [(await submit(ports, source, submission_body(Company=f"{n}"))).lead_id for n in range(2)]
    await answer(ports, source, leads[1], at=AT + MINUTE)
    return source, leads


async def run(ports: Ports, minutes: float) -> None:
    at = AT + minutes * MINUTE
    await deliver_events(ports=ports, now=lambda: at, budget=budget())


@pytest.mark.parametrize(("way", "for_good"), [(BEFORE, True), (LOST, False)], ids=["dies there", "answer is lost"])
async def test_whatever_call_fails_everything_is_told_in_order_and_mailed_once(
    connected: Connect, ports: Ports, tables: Tables, way: str, for_good: bool
) -> None:
    may_fail = worth_failing(way, for_good=for_good)
    failing, calls = 0, 1
    while failing < calls:
        receivers, mailer = FakeReceivers(), FakeMailer()
        told = replace(ports, receivers=receivers, mailer=mailer)
        source, leads = await begin(told)
        partner = source.partner_id or ""

        transport = FaultyTransport(nth(failing, for_good=for_good), way, may_fail)
        broken = replace(await connected(transport=transport), receivers=receivers, mailer=mailer)
        transport.armed = True
        with suppress(Refusal):
            await run(broken, 2)
        calls = max(calls, transport.calls)
        # What failed was put off by five minutes, or leased for one.
        for minutes in (8, 9, 20, 21):
            await run(told, minutes)
        bodies = [json.loads(packet.body) for _, _, packet in receivers.taken]
        for lead_id, events in zip(leads, ([1], [1, 2]), strict=True):
            sequences = [body["sequence"] for body in bodies if body["data"]["id"] == lead_id]
            assert list(dict.fromkeys(sequences)) == events, "each at least once, in order"
        assert (await told.lanes.page(partner, HOOK, DispatchState.PENDING, None, 10))[0] == []
        assert mailer.count == len(mailer.sent) <= 1
        (mail,) = await told.mails.mails(partner, leads[0], 1)
        assert mail.state in ((MailState.DELIVERED,) if mailer.count else (MailState.UNKNOWN,))
        assert {one.state for one in await told.mails.mails(partner, leads[1], 1)} == {MailState.SKIPPED}
        # Whatever broke off: no hint of a lead that waits went with those of the one that was answered.
        found = await invariants.check(tables, partner)
        assert sorted(lead.status for lead in found.values()) == ["accepted", "received"]
        failing += 1
    assert calls > 10
