"""Reads the tables that marketplaces write to (I3); never writes there.

Rows are found by when storage wrote them, since nothing else of them can be relied on: keys and times are the
marketplace's. That reads through the whole table, a thousand rows or more a request; docs/intake.md has the numbers.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared.ids import digest
from shared.ports.errors import NoSuchTable
from shared.ports.intake import TableRow
from shared.storage.errors import is_table_missing, translated
from shared.storage.tables import Tables


class StorageMarketplaceTables:
    """`MarketplaceTables` in the account that the settings name for them."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def rows(self, table: str, since: datetime, cursor: str, top: int) -> tuple[list[TableRow], str]:
        """One request."""
        condition = f"Timestamp ge datetime'{since.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}'"
        client = self._tables.foreign(table)
        pages: Any = client.query_entities(condition, results_per_page=top).by_page(_token(cursor))
        try:
            async for page in pages:
                found = [_row(entity) async for entity in page]
                token = pages.continuation_token
                return found, json.dumps(token) if token else ""
        except ResourceNotFoundError as error:
            if is_table_missing(error):
                raise NoSuchTable(table) from error
            raise translated(error) from error
        except AzureError as error:
            raise translated(error) from error
        return [], ""

    def is_ours(self, table: str) -> bool:
        """Names differ without letter case."""
        return self._tables.owns(table)


def _token(cursor: str) -> Any:
    return json.loads(cursor) if cursor else None


def _row(entity: Mapping[str, Any]) -> TableRow:
    keys = entity["PartitionKey"], entity["RowKey"]
    columns = {name: _plain(value) for name, value in entity.items() if name not in ("PartitionKey", "RowKey")}
    return TableRow(digest(*keys), columns, "/".join(keys))


def _plain(value: Any) -> object:
    """A column as a JSON value: times in ISO 8601, bytes in base 64, typed values bare."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        # The SDK's typed value: a number too large for 32 bits, for instance.
        return _plain(value[0])
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
