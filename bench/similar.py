"""`make bench`: the similar deals of a lead of partners with more and more leads, beside the bare rows they are of.

A third of the leads are deals (M4). What is compared is a read of the same rows that compares nothing; the naive way
reads every lead of the partner, and is measured once for each size.
"""

import asyncio
import os
from datetime import timedelta
from random import Random

from bench.figures import at_most, short, title
from bench.fill import NO_AUTOSAVE, Filling, poured
from bench.side_by_side import Times, compare, head
from shared import app
from shared.domain.events import Event, EventType
from shared.domain.lead import Lead
from shared.domain.lifecycle import Action, Decision, LeadAction, decide, settle
from shared.domain.similar import DEALS_MAX, is_deal, similar, traits_of
from shared.settings import Settings
from shared.storage import codec, keys
from shared.storage.exports import blobs
from shared.storage.tables import Tables, connect
from shared.usecases.outcomes.find_similar import find_similar
from tests.builders import ANN, DEAL, SOURCE
from tests.deals import SUBJECTS, about
from tests.transports import RoundTrips

SIZES = (100, 2_000, 20_000)
TOP, TIMES, REQUESTS = 5, 15, 9
PARTNER = "contoso"


async def fill(filled: Filling, size: int) -> Lead:
    """Add so many leads, every third one accepted; the newest."""
    random = Random(1)
    for number in range(size):
        lead = about(random.choice(list(SUBJECTS)), random, number, PARTNER)
        received = Event(1, EventType.RECEIVED, lead.created_at, SOURCE, None, lead.status)
        life = [Decision(lead, (received,))]
        if number % 3 == 1:
            accept = LeadAction(Action.ACCEPT, deal=DEAL)
            life.append(decide(lead, accept, at=lead.created_at + timedelta(hours=1), by=ANN))
        await filled.add(life)
    return lead


async def naive(tables: Tables, lead: Lead) -> int:
    """Read the partner's leads with the SDK, compare all of them."""
    condition = f"PartitionKey eq '{PARTNER}' and RowKey gt 'lead|' and RowKey lt 'lead|~'"
    found, at = [], lead.created_at
    async for row in tables.sdk(keys.LEADS).query_entities(condition, results_per_page=1_000):
        other = settle(codec.load(Lead, row), at).lead
        if is_deal(other):
            found.append(traits_of(other, at))
    return len(similar(traits_of(lead, at), found, TOP))


async def measure(size: int) -> None:
    """A line of the table, on an Azurite of its own: it answers more slowly the more it holds."""
    filled = Filling()
    lead = await fill(filled, size)
    async with poured(filled) as settings:
        await _line(settings, size, lead)


async def _line(settings: Settings, size: int, lead: Lead) -> None:
    trips = RoundTrips()
    tables, files, watched = connect(settings), blobs.connect(settings), connect(settings, transport=trips)
    ports, counting = (app.build(settings, one, files).ports for one in (tables, watched))
    at = lead.created_at

    async def ours(_: int = 0, asking: object = ports) -> int:
        found = await find_similar(
            ports=asking,  # type: ignore[arg-type] # ports, counted or not
            partner_id=PARTNER,
            person="ann",
            lead_id=lead.id,
            top=TOP,
            at=at,
        )
        return len(found)

    async def bare(_: int) -> object:
        found = await ports.leads.deals(PARTNER, lead.id, at, DEALS_MAX)
        return await ports.leads.many(PARTNER, [one.lead_id for one in found[:TOP]])

    pair = await compare(ours, bare, TIMES, 2)
    slow = Times()
    await slow.add(naive(tables, lead))
    # Where the partner's rows are is read once a minute.
    await ours(asking=counting)
    trips.reset()
    told = await ours(asking=counting)
    compared = len(await ports.leads.deals(PARTNER, lead.id, at, DEALS_MAX))
    asked = f"{told} of {compared} deals, {trips.requests} requests; naive {short(slow.cpu[0])} ms of CPU"
    print(pair.row(f"{size:,} leads", f"{asked}; {at_most(trips.requests, REQUESTS, 'requests')}"), flush=True)
    for one in (tables, watched):
        await one.close()
    await files.close()


async def main() -> None:
    """A line for each size."""
    title("Similar deals of a lead")
    os.environ |= NO_AUTOSAVE
    print(head("ours", "bare rows"))
    for size in SIZES:
        await measure(size)


if __name__ == "__main__":
    asyncio.run(main())
