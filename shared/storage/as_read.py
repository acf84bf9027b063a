"""Writes a row only where it is still as it was read."""

from typing import Any, TypeVar

from azure.core import MatchConditions
from azure.data.tables.aio import TableClient

from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.storage import codec
from shared.storage.errors import translating

T = TypeVar("T")


def must_be(stored: Any | None, kind: type[T], only_if: AsRead[T] | None) -> None:
    """Raise LostRace when a row is not what a document was read as; None asks for nothing."""
    if only_if is not None and (codec.load(kind, stored) if stored else None) != only_if.value:
        raise LostRace


async def replace_row(table: TableClient, stored: Any | None, row: dict[str, Any]) -> None:
    """Write a row if it is still as it was read, or still not there; raises LostRace otherwise."""
    with translating():
        if stored is None:
            await table.create_entity(row)
        else:
            tag, condition = stored.metadata["etag"], MatchConditions.IfNotModified
            await table.update_entity(row, mode="replace", etag=tag, match_condition=condition)


async def put_as_read(
    table: TableClient, row: dict[str, Any], stored: Any | None, kind: type[T], only_if: AsRead[T] | None
) -> None:
    """Write a document's row: whatever stands there, or with `only_if` only over that; raises LostRace."""
    if only_if is None:
        with translating():
            await table.upsert_entity(row, mode="replace")
        return
    must_be(stored, kind, only_if)
    await replace_row(table, stored, row)
