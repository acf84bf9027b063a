"""Export jobs in Table Storage: one partition a partner; inserting a checkpoint decides who goes on (X5)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.exports.export import Export
from shared.domain.instants import stamp
from shared.ports.exports import Checkpoint, StoredExport
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

BATCH = 100
_CHECKPOINT = ["RowKey", "id", "size", "rows", "place", "done", "hides", "Timestamp"]


class TableExportStore:
    """`ExportStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _exports(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.EXPORTS)

    async def add(self, export: Export) -> StoredExport:
        """An upsert of a fresh id, so that a retry of the client's own cannot fail. Its files stay where they begin."""
        export = replace(export, data_account=await self._tables.account_of(export.partner_id))
        with translating():
            return StoredExport(export, await self._exports(export.partner_id).write(Write.upsert(_job(export))))

    async def get(self, partner_id: str, export_id: str) -> StoredExport | None:
        row = await reads.row(self._exports(partner_id), partner_id, keys.job(export_id))
        return StoredExport(codec.load(Export, row), row.tag) if row else None

    async def page(self, partner_id: str, after: str | None, top: int) -> Page[Export]:
        low = keys.job(after or "")
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{low}' and RowKey lt '{keys.JOB}~'"
        found = await reads.scan(self._exports(partner_id), condition, top, ["RowKey", *codec.DOCS])
        exports = [codec.load(Export, row) for row in found.rows]
        return Page(exports, None if found.done else exports[-1].id)

    async def unfinished(self, partner_id: str, top: int) -> int:
        condition = (
            f"PartitionKey eq '{partner_id}' and RowKey gt '{keys.JOB}' and RowKey lt '{keys.JOB}~' and ended eq false"
        )
        return len((await reads.scan(self._exports(partner_id), condition, top, ["RowKey"])).rows)

    async def replace(self, stored: StoredExport, export: Export) -> None:
        try:
            await self._exports(export.partner_id).write(Write.replace(_job(export), stored.tag))
        except AzureError as error:
            if is_unclear(error):
                now = await self.get(export.partner_id, export.id)
                if now is not None and now.export == export:
                    return
            raise translated(error) from error

    async def delete(self, partner_id: str, export_id: str) -> None:
        """The job goes last, so that a run that breaks off can be done again."""
        start = keys.checkpoints(export_id, "")[:-1]
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{start}' and RowKey lt '{start}~'"
        while True:
            found = await reads.scan(self._exports(partner_id), condition, BATCH, ["PartitionKey", "RowKey"])
            if found.rows:
                with translating():
                    await self._exports(partner_id).transact([Write.delete(row) for row in found.rows])
            if found.done:
                break
        with translating():
            await self._exports(partner_id).write(
                Write.delete({"PartitionKey": partner_id, "RowKey": keys.job(export_id)})
            )

    async def record(self, export: Export, checkpoint: Checkpoint) -> Checkpoint:
        row_key = keys.checkpoint(export.id, _step(export, checkpoint.step), checkpoint.index)
        row = {"PartitionKey": export.partner_id, "RowKey": row_key, **_columns(checkpoint)}
        try:
            await self._exports(export.partner_id).write(Write.insert(row))
        except AzureError as error:
            standing = await self.last(export, checkpoint.step) if is_unclear(error) else None
            if standing is None or standing.id != checkpoint.id:
                raise translated(error) from error
        return checkpoint

    async def last(self, export: Export, step: str) -> Checkpoint | None:
        """One request."""
        found = await reads.scan(self._exports(export.partner_id), _steps(export, step), 1, _CHECKPOINT)
        return _checkpoint(step, found.rows[0]) if found.rows else None

    async def checkpoints(self, export: Export, step: str) -> list[Checkpoint]:
        with translating():
            rows = await self._exports(export.partner_id).rows(_steps(export, step), _CHECKPOINT)
        return [_checkpoint(step, row) for row in reversed(rows)]


def _step(export: Export, step: str) -> str:
    """Each generation's checkpoints stand apart: a run that goes on with an earlier one harms nothing."""
    return f"{step}.{export.generation}" if export.generation else step


def _steps(export: Export, step: str) -> str:
    start = keys.checkpoints(export.id, _step(export, step))
    return f"PartitionKey eq '{export.partner_id}' and RowKey gt '{start}' and RowKey lt '{start}~'"


def _job(export: Export) -> dict[str, Any]:
    key = {"PartitionKey": export.partner_id, "RowKey": keys.job(export.id)}
    return key | codec.dump(export) | {"ended": export.has_ended}


def _columns(one: Checkpoint) -> dict[str, Any]:
    hides = stamp(one.hides_at) if one.hides_at else ""
    return {
        "id": one.id,
        "size": one.size,
        "rows": one.rows,
        "place": one.cursor or "",
        "done": one.done,
        "hides": hides,
    }


def _checkpoint(step: str, row: Any) -> Checkpoint:
    return Checkpoint(
        step=step,
        index=keys.index_of(row["RowKey"]),
        id=row["id"],
        size=row["size"],
        rows=row["rows"],
        cursor=row["place"] or None,
        done=row["done"],
        written_at=row.written_at,
        hides_at=datetime.fromisoformat(row["hides"]) if row["hides"] else None,
    )
