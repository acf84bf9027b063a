"""The agenda in Table Storage: one partition, rows sorted by kind and due time (DESIGN.md, Agenda)."""

from collections.abc import Sequence

from azure.core.exceptions import ResourceNotFoundError

from shared.domain.deadlines import Hint, stamp
from shared.storage import keys
from shared.storage.errors import translating
from shared.storage.tables import Tables


class TableAgenda:
    """`Agenda` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def put(self, hints: Sequence[Hint]) -> None:
        """See the port: one transaction."""
        if not hints:
            return
        rows = [_key(hint) for hint in hints]
        with translating():
            await self._tables[keys.AGENDA].submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows])

    async def remove(self, hints: Sequence[Hint]) -> None:
        """See the port; one by one, since a transaction fails whole when one of them is gone."""
        for hint in hints:
            key = _key(hint)
            with translating():
                try:
                    await self._tables[keys.AGENDA].delete_entity(key["PartitionKey"], key["RowKey"])
                except ResourceNotFoundError:
                    continue


def _key(hint: Hint) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.hint(hint.kind, stamp(hint.due), hint.key)}
