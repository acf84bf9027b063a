"""A partner's people in the table Partners, a row for each (storage.md)."""

from datetime import datetime, timedelta

from shared.domain.people import Person
from shared.storage import codec, keys, reads
from shared.storage.cache import ReadCache
from shared.storage.errors import translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

KNOWN_FOR = timedelta(days=1)
"""Each is written once a day, and asked for with every look at who has signed in."""


class TablePeopleStore:
    """`PeopleStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known = ReadCache(KNOWN_FOR)

    def _partners(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.PARTNERS)

    async def person(self, partner_id: str, person_id: str, at: datetime) -> Person | None:
        async def read(_: str) -> Person | None:
            row = await reads.row(self._partners(partner_id), partner_id, keys.seen(person_id))
            return codec.load(Person, row) if row else None

        return await self._known.read(partner_id, person_id, at, read)

    async def put(self, partner_id: str, person: Person) -> None:
        row = {"PartitionKey": partner_id, "RowKey": keys.seen(person.id), **codec.dump(person, what="person")}
        with translating():
            await self._partners(partner_id).write(Write.upsert(row))
        self._known.forget((partner_id, person.id))

    async def people(self, partner_id: str) -> list[Person]:
        """One range."""
        rows = await reads.starting(self._partners(partner_id), partner_id, keys.PEOPLE)
        return [codec.load(Person, row) for row in rows]
