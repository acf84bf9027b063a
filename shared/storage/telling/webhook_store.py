"""Webhooks as their owners made them, in the partner's own partition (W1)."""

from collections.abc import Iterable

from shared.domain.telling.webhooks import Webhook
from shared.ports.telling import StoredWebhook
from shared.storage import codec, keys, reads
from shared.storage.errors import translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables


class TableWebhookStore:
    """`WebhookStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _partners(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.PARTNERS)

    async def of_partner(self, partner_id: str) -> list[StoredWebhook]:
        return list(stored_webhooks(await reads.starting(self._partners(partner_id), partner_id, keys.WEBHOOKS)))

    async def get(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        row = await reads.row(self._partners(partner_id), partner_id, keys.webhook(webhook_id))
        return StoredWebhook(codec.load(Webhook, row), row.tag) if row else None

    async def put(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        row = {"PartitionKey": partner_id, "RowKey": keys.webhook(webhook.id), **codec.dump(webhook, what="webhook")}
        with translating():
            tag = await self._partners(partner_id).write(
                Write.replace(row, before.tag) if before else Write.insert(row)
            )
        return StoredWebhook(webhook, tag)

    async def delete(self, partner_id: str, webhook_id: str) -> None:
        with translating():
            await self._partners(partner_id).write(
                Write.delete({"PartitionKey": partner_id, "RowKey": keys.webhook(webhook_id)})
            )


def stored_webhooks(rows: Iterable[Row]) -> tuple[StoredWebhook, ...]:
    """The subscriptions of these rows, oldest first."""
    found = [StoredWebhook(codec.load(Webhook, row), row.tag) for row in rows]
    return tuple(sorted(found, key=lambda stored: (stored.webhook.created_at, stored.webhook.id)))
