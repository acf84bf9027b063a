"""Which leads a sender has sent: one partition a sender, newest first (S1)."""

from shared.ids import from_position, position
from shared.ports.intake import Sent
from shared.ports.page import Page
from shared.storage import keys, reads
from shared.storage.errors import translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables


class TableSentStore:
    """`SentStore` on Azure Tables; a sender's id is a digest."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _sent(self) -> Table:
        return self._tables[keys.SENT]

    async def put(self, sender_id: str, sent: Sent) -> None:
        row = {"PartitionKey": sender_id, "RowKey": position(sent.lead_id), "partner": sent.partner_id}
        with translating():
            await self._sent.write(Write.upsert(row))

    async def remove(self, sender_id: str, lead_id: str) -> None:
        with translating():
            await self._sent.write(Write.delete({"PartitionKey": sender_id, "RowKey": position(lead_id)}))

    async def get(self, sender_id: str, lead_id: str) -> Sent | None:
        row = await reads.row(self._sent, sender_id, position(lead_id))
        return Sent(lead_id, row["partner"]) if row else None

    async def page(self, sender_id: str, after: str | None, top: int) -> Page[Sent]:
        condition = f"PartitionKey eq '{sender_id}' and RowKey gt '{after or ''}'"
        found = await reads.scan(self._sent, condition, top, ["RowKey", "partner"])
        page = [Sent(from_position(row["RowKey"]), row["partner"]) for row in found.rows]
        return Page(page, None if found.done else position(page[-1].lead_id))
