"""What partners and their people want to be told: preferences, dismissals, addresses not to mail."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from azure.core.exceptions import AzureError, ResourceExistsError

from shared.domain.contact import fold_email
from shared.domain.instants import stamp
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.unsubscribe import forgotten
from shared.ports.as_read import AsRead
from shared.ports.errors import LostRace
from shared.ports.telling import BOUNCED, RESUMED, Wishes
from shared.storage import codec, keys, reads
from shared.storage.as_read import put_as_read, replace_row
from shared.storage.errors import is_race, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables
from shared.storage.telling.webhook_store import stored_webhooks

BATCH = 100
"""Rows of one transaction: the service's own bound."""


class TablePreferenceStore:
    """`PreferenceStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _partners(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.PARTNERS)

    async def wishes(self, partner_id: str) -> Wishes:
        """One range: what stands in it beside these is the profile, which is left out."""
        low, high = keys.PREFERENCES, keys.WEBHOOKS
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{low}' and RowKey lt '{high}~'"
        condition += f" and RowKey ne '{keys.PROFILE}'"
        with translating():
            rows = await self._partners(partner_id).rows(condition)
        first = rows[0] if rows and rows[0]["RowKey"] == keys.PREFERENCES else None
        hooks = [row for row in rows if row["RowKey"].startswith(keys.WEBHOOKS)]
        return Wishes(
            codec.load(Preferences, first) if first else None,
            stored_webhooks(hooks),
            _unwanted(row for row in rows if row["RowKey"].startswith(keys.UNWANTED)),
        )

    async def get(self, partner_id: str) -> Preferences | None:
        row = await reads.row(self._partners(partner_id), partner_id, keys.PREFERENCES)
        return codec.load(Preferences, row) if row else None

    async def put(self, partner_id: str, preferences: Preferences, only_if: AsRead[Preferences] | None = None) -> None:
        row = {"PartitionKey": partner_id, "RowKey": keys.PREFERENCES, **codec.dump(preferences, what="preferences")}
        stored = await reads.row(self._partners(partner_id), partner_id, keys.PREFERENCES) if only_if else None
        await put_as_read(self._partners(partner_id), row, stored, Preferences, only_if)

    async def unwanted(self, partner_id: str) -> dict[str, str]:
        return _unwanted(await reads.starting(self._partners(partner_id), partner_id, keys.UNWANTED))

    async def add_unwanted(self, partner_id: str, address: str, why: str) -> None:
        folded = fold_email(address)
        row = {"PartitionKey": partner_id, "RowKey": keys.unwanted(folded), "address": folded, "why": why}
        with translating():
            if why != BOUNCED:
                await self._partners(partner_id).write(Write.upsert(row))
                return
            try:
                await self._partners(partner_id).write(Write.insert(row))
            except ResourceExistsError:
                # A bounce stands in the place of nothing but of a mailbox that was thought mended, and of nothing that
                # was written meanwhile: whoever unsubscribes is faster.
                there = await reads.row(self._partners(partner_id), partner_id, row["RowKey"])
                if there is not None and there["why"] == RESUMED:
                    with suppress(LostRace):
                        await replace_row(self._partners(partner_id), there, row)

    async def forget_address(self, partner_id: str, address: str, *, dry: bool) -> bool:
        """What is left is found by the address's hash, as it was before."""
        row = await reads.row(self._partners(partner_id), partner_id, keys.unwanted(fold_email(address)))
        if row is None or row["address"] == forgotten(address):
            return False
        if not dry:
            await replace_row(self._partners(partner_id), row, dict(row) | {"address": forgotten(address)})
        return True

    async def resume(self, partner_id: str, address: str, by: str, at: datetime) -> bool:
        """The row stays, as the record of who said so."""
        row = await reads.row(self._partners(partner_id), partner_id, keys.unwanted(fold_email(address)))
        if row is None or row["why"] == RESUMED:
            return False
        said = {"address": row["address"], "why": RESUMED, "was": row["why"], "by": by, "at": stamp(at)}
        await replace_row(
            self._partners(partner_id), row, {"PartitionKey": partner_id, "RowKey": row["RowKey"], **said}
        )
        return True

    async def forgive_bounce(self, partner_id: str, address: str) -> None:
        """By the tag of a row that says so, since its owner may unsubscribe at this moment."""
        row = await reads.row(self._partners(partner_id), partner_id, keys.unwanted(fold_email(address)))
        if row is None or row["why"] != BOUNCED:
            return
        with suppress(LostRace), translating():
            await self._partners(partner_id).write(Write.delete(row, row.tag))

    async def dismissed(self, partner_id: str, person: str) -> frozenset[str]:
        start = keys.dismissed(person, "")
        rows = await reads.starting(self._partners(partner_id), partner_id, start)
        return frozenset(str(row["RowKey"]).removeprefix(start) for row in rows)

    async def dismiss(self, partner_id: str, person: str, notification_ids: Collection[str]) -> None:
        """One request for each hundred."""
        for some in _rows(partner_id, person, notification_ids):
            with translating():
                await self._partners(partner_id).transact([Write.upsert(row) for row in some])

    async def restore(self, partner_id: str, person: str, notification_ids: Collection[str]) -> int:
        """A transaction fails whole when one of them is gone, then they go one by one."""
        found = set(notification_ids) & await self.dismissed(partner_id, person)
        for some in _rows(partner_id, person, found):
            try:
                await self._partners(partner_id).transact([Write.delete(row) for row in some])
            except AzureError as error:
                if not is_race(error):
                    raise translated(error) from error
                for row in some:
                    with translating():
                        await self._partners(partner_id).write(Write.delete(row))
        return len(found)


def _unwanted(rows: Iterable[Row]) -> dict[str, str]:
    return {row["address"]: row["why"] for row in rows if row["why"] != RESUMED}


def _rows(partner_id: str, person: str, notification_ids: Collection[str]) -> Iterator[list[dict[str, str]]]:
    """The rows of dismissals, as many together as a transaction takes."""
    once = sorted(set(notification_ids))
    for start in range(0, len(once), BATCH):
        some = once[start : start + BATCH]
        yield [{"PartitionKey": partner_id, "RowKey": keys.dismissed(person, named)} for named in some]
