"""Writes a row only where it is still as it was read."""

from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.storage import codec, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write

T = TypeVar("T")


def must_be(stored: Any | None, kind: type[T], only_if: AsRead[T] | None) -> None:
    """Raise LostRace when a row is not what a document was read as; None asks for nothing."""
    if only_if is not None and (codec.load(kind, stored) if stored else None) != only_if.value:
        raise LostRace


async def replace_row(table: Table, stored: Any | None, row: dict[str, Any]) -> None:
    """Write a row if it is still as it was read, or still not there; raises LostRace otherwise.

    A write whose answer was lost, and which is tried again, meets itself: what stands there then is what was wanted.
    """
    try:
        await table.write(Write.insert(row) if stored is None else Write.replace(row, stored.tag))
    except AzureError as error:
        there = await reads.row(table, row["PartitionKey"], row["RowKey"]) if is_unclear(error) else None
        if there is None or {name: there.get(name) for name in row} != row:
            raise translated(error) from error


async def put_as_read(
    table: Table, row: dict[str, Any], stored: Any | None, kind: type[T], only_if: AsRead[T] | None
) -> None:
    """Write a document's row: whatever stands there, or with `only_if` only over that; raises LostRace."""
    if only_if is None:
        with translating():
            await table.write(Write.upsert(row))
        return
    must_be(stored, kind, only_if)
    await replace_row(table, stored, row)
