"""Webhooks as their owners made them, in the partner's own partition (W1)."""

from azure.core import MatchConditions
from azure.data.tables.aio import TableClient

from shared.domain.telling.webhooks import Webhook
from shared.ports.telling import StoredWebhook
from shared.storage import codec, keys, reads
from shared.storage.errors import translating
from shared.storage.tables import Tables


class TableWebhookStore:
    """`WebhookStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _partners(self) -> TableClient:
        return self._tables[keys.PARTNERS]

    async def of_partner(self, partner_id: str) -> list[StoredWebhook]:
        rows = await reads.starting(self._partners, partner_id, keys.WEBHOOKS)
        found = [StoredWebhook(codec.load(Webhook, row), row.metadata["etag"]) for row in rows]
        return sorted(found, key=lambda stored: (stored.webhook.created_at, stored.webhook.id))

    async def get(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        row = await reads.row(self._partners, partner_id, keys.webhook(webhook_id))
        return StoredWebhook(codec.load(Webhook, row), row.metadata["etag"]) if row else None

    async def put(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        row = {"PartitionKey": partner_id, "RowKey": keys.webhook(webhook.id), **codec.dump(webhook, what="webhook")}
        with translating():
            if before is None:
                done = await self._partners.create_entity(row)
            else:
                done = await self._partners.update_entity(
                    row, mode="replace", etag=before.tag, match_condition=MatchConditions.IfNotModified
                )
        return StoredWebhook(webhook, done["etag"])

    async def delete(self, partner_id: str, webhook_id: str) -> None:
        with translating():
            await self._partners.delete_entity(partner_id, keys.webhook(webhook_id))
