"""`make bench`: a year's insights of partners with more and more leads, beside the bare rows of which they are made.

The leads are spread over a year, fifteen countries and twenty offers (M5). What is compared is a read of the same rows
that does nothing with them: ours also puts days together, by country and in all, and tells them against a year ago.
"""

import asyncio
import os
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from bench.figures import at_most, short, title
from bench.fill import NO_AUTOSAVE
from bench.side_by_side import Pair, compare, head
from local.azurite import Azurite
from shared import app
from shared.domain.insights import GroupBy, Period
from shared.domain.lead import Closing, Deal, Lead, Offer, Outcome, Status
from shared.domain.measures import Difference, Sums, added, counted
from shared.domain.tally import Tally
from shared.ports.telling import Follows
from shared.settings import Settings
from shared.storage import keys
from shared.storage.exports import blobs
from shared.storage.tables import Tables, connect
from shared.storage.telling.tally_store import TableTallyStore
from shared.usecases.outcomes.read_insights import read_insights
from shared.usecases.outcomes.read_standing import read_standing
from tests.builders import AT, DAY, DEAL, a_lead
from tests.transports import RoundTrips

SIZES = (100, 20_000, 100_000)
SEED, DAYS, TIMES = 5, 365, 9
COUNTRIES = ("SE", "DE", "IT", "HU", "BR", "US", "GB", "AT", "CH", "NL", "FR", "ES", "PL", "NO", "DK")
YEAR = Period((AT - timedelta(days=DAYS - 1)).date(), AT.date())
REQUESTS, ROWS_TOGETHER = 6, 50


def leads(size: int) -> Iterator[Lead]:
    """So many leads, the same each time; what became of them as it does."""
    chance = random.Random(SEED)
    for number in range(size):
        at = AT - (number % DAYS) * DAY
        lead = replace(
            a_lead(at=at),
            offer=Offer(f"contoso.offer{chance.randrange(20)}"),
            contact_requested=chance.random() < 0.3,
        )
        lead = replace(lead, customer=replace(lead.customer, country=chance.choice(COUNTRIES)))
        drawn = chance.random()
        answered = at + timedelta(hours=chance.expovariate(1 / 20))
        if drawn < 0.1:
            yield replace(lead, status=Status.ARCHIVED, outcome=Outcome.EXPIRED, closed_at=at + 14 * DAY)
        elif drawn < 0.25:
            closing = Closing(chance.choice(("budget", "noCapacity", "wrongRegion")))
            yield replace(lead, status=Status.ARCHIVED, outcome=Outcome.DECLINED, closed_at=answered, closing=closing)
        elif drawn < 0.9:
            deal: Deal = replace(DEAL, currency=chance.choice(("EUR", "USD", "SEK")))
            lead = replace(lead, status=Status.ACCEPTED, accepted_at=answered, deal=deal)
            ends = chance.choice((None, Outcome.WON, Outcome.LOST))
            over = {"status": Status.ARCHIVED, "outcome": ends, "closed_at": answered + 30 * DAY, "closing": Closing()}
            yield replace(lead, **over) if ends else lead  # type: ignore[arg-type] # each is of its field's type
        else:
            yield lead


async def fill(tables: Tables, partner: str, size: int) -> int:
    """Store a partner's sums; the characters that they have in all."""
    days: dict[str, list[Difference]] = {}
    for lead in leads(size):
        for one in counted(lead):
            days.setdefault(one.day, []).append(one)
    sums = [added(Sums(day), found) for day, found in days.items()]
    store, tally = TableTallyStore(tables), Tally()
    for start in range(0, len(sums), ROWS_TOGETHER):
        await store.take(partner, (), tally, Tally(), Follows(sums=tuple(sums[start : start + ROWS_TOGETHER])))
        tally = await store.read(partner)
    rows = await tables.of(partner, keys.LEADS).rows(f"PartitionKey eq '{partner}'")
    return sum(len(str(row.get("doc0", ""))) for row in rows)


async def measure(settings: Settings, size: int) -> Pair:
    """A year's insights, and the bare rows; what they cost in requests is printed."""
    partner = f"contoso-{size}"
    trips = RoundTrips()
    tables, files, watched = connect(settings), blobs.connect(settings), connect(settings, transport=trips)
    await tables.create()
    characters = await fill(tables, partner, size)
    ports, counting = (app.build(settings, one, files).ports for one in (tables, watched))
    ask = {"partner_id": partner, "period": YEAR, "group_by": GroupBy.COUNTRY}
    low, high = keys.sums(str(YEAR.before.first)), keys.sums(str(YEAR.last))
    condition = f"PartitionKey eq '{partner}' and RowKey ge '{low}' and RowKey le '{high}' and isSums eq true"
    pair = await compare(
        lambda _: read_insights(ports=ports, **ask),  # type: ignore[arg-type] # as it is asked
        lambda _: tables.of(partner, keys.LEADS).rows(condition),
        TIMES,
        2,
    )
    trips.reset()
    found = await read_insights(ports=counting, **ask)  # type: ignore[arg-type] # as it is asked
    insights = trips.requests
    trips.reset()
    await read_standing(ports=counting, partner_id=partner, at=AT)
    asked = f"insights {insights} requests, standing {trips.requests}, {characters / 1_000_000:.1f} MB"
    bar = at_most(insights, REQUESTS, "requests")
    print(pair.row(f"{found.total.received:,} leads", f"{asked}; {bar}"), flush=True)
    for one in (tables, watched):
        await one.close()
    await files.close()
    return pair


async def main() -> None:
    """A line for each size."""
    title(f"Insights of {DAYS} days by country")
    os.environ |= NO_AUTOSAVE
    print(head("ours", "bare rows"))
    with tempfile.TemporaryDirectory() as folder, Azurite(Path(folder)) as azurite:
        settings = Settings(storage_connection=SecretStr(azurite.connection))
        walls = [short(sorted((await measure(settings, size)).ours.wall)[TIMES // 2]) for size in SIZES]
    print(f"p50 by the clock: {', '.join(f'{size:,}: {wall} ms' for size, wall in zip(SIZES, walls, strict=True))}")


if __name__ == "__main__":
    asyncio.run(main())
