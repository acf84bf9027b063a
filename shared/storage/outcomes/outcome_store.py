"""Standings and lessons in the Lookup table, a row for each partner and one for all (storage.md).

What a partner's year has come to names its locations and what its customers looked for, so it is with the partner.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.domain.advice import Year
from shared.domain.likelihood import Learned
from shared.domain.standing import Standing
from shared.ports.outcomes import Lessons
from shared.storage import codec, keys, reads
from shared.storage.cache import ReadCache
from shared.storage.errors import translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

CACHED_FOR = timedelta(minutes=10)
"""Lessons and years change once an hour; every lead asks for those, every look at notifications for these."""
BATCH = 100


class TableOutcomeStore:
    """`OutcomeStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: tuple[datetime, Lessons] | None = None
        self._years = ReadCache(CACHED_FOR)

    @property
    def _lookup(self) -> Table:
        return self._tables[keys.LOOKUP]

    async def lessons(self, at: datetime) -> Lessons:
        if self._known and timedelta() <= at - self._known[0] < CACHED_FOR:
            return self._known[1]
        row = await reads.row(self._lookup, keys.LESSONS, keys.LESSONS)
        found = codec.load(Lessons, row) if row else Lessons()
        self._known = at, found
        return found

    async def put_lessons(self, lessons: Lessons) -> None:
        await self._put(keys.LESSONS, lessons)
        self._known = None

    async def under_way(self) -> Learned:
        row = await reads.row(self._lookup, keys.LESSONS, keys.UNDER_WAY)
        return codec.load(Learned, row) if row else Learned()

    async def put_under_way(self, learned: Learned) -> None:
        await self._put(keys.UNDER_WAY, learned)

    async def standings(self) -> dict[str, Standing]:
        """One request for every thousand partners."""
        return await self._standings(f"PartitionKey eq '{keys.STANDING}'")

    async def standing_values(self) -> dict[str, float]:
        """One request for every thousand partners, of one column."""
        with translating():
            rows = await self._lookup.rows(f"PartitionKey eq '{keys.STANDING}'", select=("RowKey", "hundredths"))
        # A row of before there was the column is written anew within a day.
        return {row["RowKey"]: row["hundredths"] / 100 for row in rows if "hundredths" in row}

    async def standings_of(self, partner_ids: list[str]) -> dict[str, Standing]:
        """Point reads side by side."""
        rows = await asyncio.gather(*(reads.row(self._lookup, keys.STANDING, one) for one in partner_ids))
        return {row["RowKey"]: codec.load(Standing, row) for row in rows if row is not None}

    async def standings_between(self, first: str, last: str) -> dict[str, Standing]:
        """One request for every thousand partners, however few of them are asked for."""
        return await self._standings(
            f"PartitionKey eq '{keys.STANDING}' and RowKey ge '{first}' and RowKey le '{last}'"
        )

    async def _standings(self, condition: str) -> dict[str, Standing]:
        with translating():
            rows = await self._lookup.rows(condition)
        return {row["RowKey"]: codec.load(Standing, row) for row in rows}

    async def put_standings(self, standings: Mapping[str, Standing]) -> None:
        """A transaction for each hundred."""
        writes = [
            Write.upsert(
                {"PartitionKey": keys.STANDING, "RowKey": partner_id, "hundredths": round(one.value * 100)}
                | codec.dump(one, what="standing")
            )
            for partner_id, one in standings.items()
        ]
        for start in range(0, len(writes), BATCH):
            with translating():
                await self._lookup.transact(writes[start : start + BATCH])

    async def year(self, partner_id: str, at: datetime) -> Year:
        return await self._years.read(keys.YEAR, partner_id, at, self._year, absent=True)

    async def _year(self, partner_id: str) -> Year:
        row = await reads.row(self._tables.of(partner_id, keys.PARTNERS), partner_id, keys.YEAR)
        return codec.load(Year, row) if row else Year()

    async def put_year(self, partner_id: str, year: Year) -> None:
        row = {"PartitionKey": partner_id, "RowKey": keys.YEAR, **codec.dump(year, what="year")}
        with translating():
            await self._tables.of(partner_id, keys.PARTNERS).write(Write.upsert(row))
        self._years.forget((keys.YEAR, partner_id))

    async def _put(self, key: str, record: Lessons | Learned) -> None:
        row = {"PartitionKey": keys.LESSONS, "RowKey": key, **codec.dump(record, what="lessons")}
        with translating():
            await self._lookup.write(Write.upsert(row))
