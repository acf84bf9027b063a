"""What a partner wants to be told and how it is told: preferences, webhooks, dismissals, addresses not to mail."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableClient

from shared.domain.contact import fold_email
from shared.domain.instants import stamp
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import Webhook
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.telling import BOUNCED, RESUMED, StoredWebhook
from shared.storage import codec, keys, reads
from shared.storage.as_read import put_as_read, replace_row
from shared.storage.errors import translating
from shared.storage.tables import Tables


class TableNoticeStore:
    """`NoticeStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def _partners(self) -> TableClient:
        return self._tables[keys.PARTNERS]

    async def preferences(self, partner_id: str) -> Preferences | None:
        """See the port."""
        row = await reads.row(self._partners, partner_id, keys.PREFERENCES)
        return codec.load(Preferences, row) if row else None

    async def put_preferences(
        self, partner_id: str, preferences: Preferences, only_if: AsRead[Preferences] | None = None
    ) -> None:
        """See the port."""
        row = {"PartitionKey": partner_id, "RowKey": keys.PREFERENCES, **codec.dump(preferences, what="preferences")}
        stored = await reads.row(self._partners, partner_id, keys.PREFERENCES) if only_if else None
        await put_as_read(self._partners, row, stored, Preferences, only_if)

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        """See the port."""
        rows = await self._range(partner_id, keys.UNWANTED)
        return {row["address"]: row["why"] for row in rows if row["why"] != RESUMED}

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        """See the port."""
        folded = fold_email(address)
        row = {"PartitionKey": partner_id, "RowKey": keys.unwanted(folded), "address": folded, "why": why}
        with translating():
            if why != BOUNCED:
                await self._partners.upsert_entity(row, mode="replace")
                return
            try:
                await self._partners.create_entity(row)
            except ResourceExistsError:
                # A bounce stands in the place of nothing but of a mailbox that was thought mended, and of nothing that
                # was written meanwhile: whoever unsubscribes is faster.
                there = await reads.row(self._partners, partner_id, row["RowKey"])
                if there is not None and there["why"] == RESUMED:
                    with suppress(LostRace):
                        await replace_row(self._partners, there, row)

    async def resume(self, partner_id: str, address: str, by: str, at: datetime) -> bool:
        """See the port: the row stays, as the record of who said so."""
        row = await reads.row(self._partners, partner_id, keys.unwanted(fold_email(address)))
        if row is None or row["why"] == RESUMED:
            return False
        said = {"address": row["address"], "why": RESUMED, "was": row["why"], "by": by, "at": stamp(at)}
        await replace_row(self._partners, row, {"PartitionKey": partner_id, "RowKey": row["RowKey"], **said})
        return True

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        """See the port: by the tag of a row that says so, since its owner may unsubscribe at this moment."""
        row = await reads.row(self._partners, partner_id, keys.unwanted(fold_email(address)))
        if row is None or row["why"] != BOUNCED:
            return
        with suppress(LostRace), translating():
            await self._partners.delete_entity(
                row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
            )

    async def webhooks(self, partner_id: str) -> list[StoredWebhook]:
        """See the port."""
        rows = await self._range(partner_id, keys.WEBHOOKS)
        found = [StoredWebhook(codec.load(Webhook, row), row.metadata["etag"]) for row in rows]
        return sorted(found, key=lambda one: (one.webhook.created_at, one.webhook.id))

    async def webhook(self, partner_id: str, webhook_id: str) -> StoredWebhook | None:
        """See the port."""
        row = await reads.row(self._partners, partner_id, keys.webhook(webhook_id))
        return StoredWebhook(codec.load(Webhook, row), row.metadata["etag"]) if row else None

    async def put_webhook(self, partner_id: str, webhook: Webhook, before: StoredWebhook | None) -> StoredWebhook:
        """See the port."""
        row = {"PartitionKey": partner_id, "RowKey": keys.webhook(webhook.id), **codec.dump(webhook, what="webhook")}
        with translating():
            if before is None:
                done = await self._partners.create_entity(row)
            else:
                done = await self._partners.update_entity(
                    row, mode="replace", etag=before.tag, match_condition=MatchConditions.IfNotModified
                )
        return StoredWebhook(webhook, done["etag"])

    async def delete_webhook(self, partner_id: str, webhook_id: str) -> None:
        """See the port."""
        with translating():
            await self._partners.delete_entity(partner_id, keys.webhook(webhook_id))

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        """See the port."""
        start = keys.dismissed(person, "")
        rows = await self._range(partner_id, start)
        return frozenset(str(row["RowKey"]).removeprefix(start) for row in rows)

    async def dismiss(self, partner_id: str, person: str, notification_id: str) -> None:
        """See the port."""
        row = {"PartitionKey": partner_id, "RowKey": keys.dismissed(person, notification_id)}
        with translating():
            await self._partners.upsert_entity(row, mode="replace")

    async def _range(self, partner_id: str, start: str) -> list[Any]:
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{start}' and RowKey lt '{start}~'"
        with translating():
            return [row async for row in self._partners.query_entities(condition)]
