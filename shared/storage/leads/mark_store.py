"""Favorites and opened leads in Table Storage: one partition a person, in the leads' own order (Q2, Q6)."""

from collections.abc import Mapping
from typing import Any

from shared.ids import from_position, position
from shared.ports.leads import Mark
from shared.storage import keys, reads
from shared.storage.errors import translating
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables

NEAR_MAX = 1_000
"""Marks read beside a page: the most that one request gives."""


class TableMarkStore:
    """`MarkStore` on Azure Tables; the row key is the lead's position, so one range holds both tabs."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, partner_id: str, person: str, lead_id: str) -> Mark:
        row = await reads.row(
            self._tables.of(partner_id, keys.FAVORITES), keys.person(partner_id, person), position(lead_id)
        )
        return _mark(row) if row else Mark()

    async def put(
        self,
        partner_id: str,
        person: str,
        lead_id: str,
        *,
        favorite: bool | None = None,
        opened: bool | None = None,
        is_test: bool = False,
    ) -> None:
        """A merge, so that opening and hearting at once lose nothing."""
        given = {"favorite": favorite, "opened": opened, "isTest": is_test or None}
        row: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        row |= {"PartitionKey": keys.person(partner_id, person), "RowKey": position(lead_id)}
        with translating():
            await self._tables.of(partner_id, keys.FAVORITES).write(Write.merge(row))

    async def opened(self, partner_id: str, person: str, until: str) -> frozenset[str]:
        rows = await self._all(partner_id, person, f"RowKey le '{until}' and opened eq true")
        return frozenset(from_position(row["RowKey"]) for row in rows)

    async def count_favorites(self, partner_id: str, person: str) -> int:
        rows = await self._all(partner_id, person, "favorite eq true")
        return sum(not row.get("isTest") for row in rows)

    async def _all(self, partner_id: str, person: str, condition: str) -> list[Row]:
        query = f"PartitionKey eq '{keys.person(partner_id, person)}' and {condition}"
        with translating():
            return await self._tables.of(partner_id, keys.FAVORITES).rows(query, ["RowKey", "isTest"])

    async def near(self, partner_id: str, person: str, after: str | None) -> tuple[Mapping[str, Mark], str | None]:
        """One request."""
        return await self._range(partner_id, person, after, "", NEAR_MAX)

    async def favorites(
        self, partner_id: str, person: str, after: str | None, top: int, *, taken_back: bool = False
    ) -> tuple[Mapping[str, Mark], str | None]:
        """One request; a lead that was only opened has no such column, which matches neither."""
        condition = " and (favorite eq true or favorite eq false)" if taken_back else " and favorite eq true"
        return await self._range(partner_id, person, after, condition, top)

    async def _range(
        self, partner_id: str, person: str, after: str | None, condition: str, top: int
    ) -> tuple[Mapping[str, Mark], str | None]:
        condition = f"PartitionKey eq '{keys.person(partner_id, person)}' and RowKey gt '{after or ''}'{condition}"
        found = await reads.scan(
            self._tables.of(partner_id, keys.FAVORITES), condition, top, ["RowKey", "favorite", "opened"]
        )
        marks = {from_position(row["RowKey"]): _mark(row) for row in found.rows}
        return marks, None if found.done else found.rows[-1]["RowKey"]


def _mark(row: Any) -> Mark:
    return Mark(favorite=bool(row.get("favorite")), opened=bool(row.get("opened")))
