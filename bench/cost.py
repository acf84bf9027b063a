"""`make bench`: how many storage requests a lead costs from its arrival to its end; docs/operations.md counts on it.

Requests are counted at the transport, so the figures are the same on every machine. Mail and webhook go to fakes.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from local.azurite import Azurite
from shared import app
from shared.domain.lifecycle import Action
from shared.domain.programme.partner import LeadSource, Partner
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.ids import new_source_id
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from shared.usecases.leads.read_leads import read_lead
from shared.usecases.telling.deliver import deliver_events
from tests.builders import AT, submission_body, unique
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.steps import TIMERS, answer, budget, listed, run_timers, submit
from tests.transports import RoundTrips

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def main() -> None:
    """Print requests a lead, for few at a time and for many."""
    with Azurite(None) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection), email_dns=False)
        trips = RoundTrips()
        tables, files = connect(settings, transport=trips), blobs.connect(settings)
        await tables.create()
        await files.create()
        ports = replace(app.build(settings, tables, files).ports, mailer=FakeMailer(), receivers=FakeReceivers())
        for leads in (1, 10):
            print(f"{leads} lead(s) of one partner at a time; storage requests a lead:")
            for what, count in (await _life(ports, trips, leads)).items():
                print(f"  {what:<38}{count / leads:8.1f}")
        for _ in range(2):
            # The first of them finds what the leads above have left.
            trips.reset()
            await deliver_events(ports=ports, now=lambda: AT + 20 * DAY, budget=budget())
        print(f"A run of deliver_events with nothing to do: {trips.requests} request(s)")
        await tables.close()
        await files.close()


async def _life(ports: Ports, trips: RoundTrips, leads: int) -> dict[str, int]:
    source = LeadSource(new_source_id(), unique(), "Marketplace", AT)
    partner = source.partner_id or ""
    await ports.partners.put(Partner(partner, "Contoso", (), AT, AT))
    await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    await submit(ports, source, submission_body(Title="warms the caches"))
    await deliver_events(ports=ports, now=lambda: AT, budget=budget())
    found: dict[str, int] = {}

    def counted(what: str) -> None:
        found[what] = trips.requests
        trips.reset()

    trips.reset()
    made = [(await submit(ports, source, submission_body(Title=str(n)))).lead_id for n in range(leads)]
    counted("intake")
    for seconds in (0, 11):
        at = AT + timedelta(seconds=seconds)
        await deliver_events(ports=ports, now=lambda at=at: at, budget=budget())  # type: ignore[misc] # bound at once
    counted("told: a mail followed, a webhook")
    await listed(ports, source, AT + HOUR)
    counted("a page of the list")
    for one in made:
        await read_lead(ports=ports, partner_id=partner, person="ann", lead_id=one, at=AT + HOUR)
    counted("read")
    for one in made:
        await answer(ports, source, one, at=AT + HOUR)
    counted("accept")
    for one in made:
        await answer(ports, source, one, Action.WIN, at=AT + DAY)
    counted("win")
    await deliver_events(ports=ports, now=lambda: AT + DAY, budget=budget())
    counted("told: two events, a webhook")
    await run_timers(ports, AT + 20 * DAY, [*TIMERS, "remind"])
    counted("timers that find it answered")
    return found | {"in all": sum(found.values())}


if __name__ == "__main__":
    asyncio.run(main())
