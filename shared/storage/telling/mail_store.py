"""Mail days, what their digests hold, and the record of each mail, in the partner's own partition (N2; design.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from azure.core.exceptions import AzureError

from shared.domain.instants import stamp
from shared.domain.telling.dispatch import Dispatch
from shared.domain.telling.mail_day import MailDay
from shared.domain.telling.mails import Mail, MailOrigin
from shared.ids import position
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Row, Write
from shared.storage.tables import Tables
from shared.storage.telling.lane_store import dispatch_row, write_mail

BATCH, ORIGINS_AT_ONCE = 100, 1_000


class TableMailStore:
    """`MailStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _leads(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.LEADS)

    @property
    def _lookup(self) -> Table:
        return self._tables[keys.LOOKUP]

    async def day(self, partner_id: str, key: str) -> MailDay | None:
        row = await reads.row(self._leads(partner_id), partner_id, keys.day(key))
        return stored_day(row) if row else None

    async def close(self, partner_id: str, day: MailDay, destination: str, digest: Dispatch | None) -> None:
        """One transaction, so that the digest goes exactly once."""
        operations = [write_day(partner_id, replace(day, closed=True))]
        if digest:
            operations.append(Write.upsert(dispatch_row(partner_id, destination, digest)))
        try:
            await self._leads(partner_id).transact(operations)
        except AzureError as error:
            there = await self.day(partner_id, day.key) if is_unclear(error) else None
            if there is not None and there.closed:
                return
            raise translated(error) from error

    async def open_days(self, partner_id: str, at: datetime) -> list[MailDay]:
        """There is a row a day, and those of long ago are closed."""
        condition = (
            f"PartitionKey eq '{partner_id}' and RowKey gt '{keys.DAYS}' and RowKey lt '{keys.DAYS}~'"
            f" and open eq true and ends le '{stamp(at)}'"
        )
        with translating():
            rows = await self._leads(partner_id).rows(condition)
        return [stored_day(row) for row in rows]

    async def held(self, partner_id: str, key: str) -> list[str]:
        start = keys.held_leads(key)
        rows = await reads.starting(self._leads(partner_id), partner_id, start, ["RowKey"])
        return sorted((str(row["RowKey"]).removeprefix(start) for row in rows), key=position)

    async def mails(self, partner_id: str, subject: str, sequence: int | None = None) -> list[Mail]:
        rows = await reads.starting(self._leads(partner_id), partner_id, keys.mails(subject, sequence))
        return [codec.with_tag(codec.load(Mail, row), row) for row in rows]

    async def write(self, partner_id: str, mails: Sequence[Mail]) -> list[Mail]:
        """One transaction, so that one plan holds."""
        with translating():
            tags = await self._leads(partner_id).transact([write_mail(partner_id, mail) for mail in mails])
        return [codec.tagged(mail, tag) for mail, tag in zip(mails, tags, strict=True)]

    async def put(self, partner_id: str, mail: Mail) -> Mail:
        with translating():
            tag = await self._leads(partner_id).write(write_mail(partner_id, mail))
        return codec.tagged(mail, tag)

    async def note_origins(self, origins: Mapping[str, MailOrigin]) -> None:
        """In Lookup, since a report names no partner."""
        rows = [
            {**_origin_key(operation_id), "sent": stamp(origin.sent), **codec.dump(origin, what="mail")}
            for operation_id, origin in origins.items()
        ]
        with translating():
            await self._lookup.transact([Write.upsert(row) for row in rows])

    async def origin(self, operation_id: str) -> MailOrigin | None:
        row = await reads.row(self._lookup, keys.MAIL_ORIGIN, keys.safe(operation_id))
        return codec.load(MailOrigin, row) if row else None

    async def forget_origin(self, operation_id: str) -> None:
        with translating():
            await self._lookup.write(Write.delete(_origin_key(operation_id)))

    async def forget_origins(self, before: datetime) -> int:
        condition = f"PartitionKey eq '{keys.MAIL_ORIGIN}' and sent lt '{stamp(before)}'"
        found = await reads.scan(self._lookup, condition, ORIGINS_AT_ONCE, ["PartitionKey", "RowKey"])
        for start in range(0, len(found.rows), BATCH):
            some = [Write.delete(row) for row in found.rows[start : start + BATCH]]
            with translating():
                await self._lookup.transact(some)
        return len(found.rows)


def _origin_key(operation_id: str) -> dict[str, str]:
    return {"PartitionKey": keys.MAIL_ORIGIN, "RowKey": keys.safe(operation_id)}


def stored_day(row: Row) -> MailDay:
    """The day of such a row."""
    return codec.with_tag(codec.load(MailDay, row), row)


def write_day(partner_id: str, day: MailDay) -> Write:
    """Write a day if it is still as read."""
    row = {
        "PartitionKey": partner_id,
        "RowKey": keys.day(day.key),
        "ends": stamp(day.ends),
        "open": not day.closed,
        **codec.dump(codec.untagged(day)),
    }
    return Write.replace(row, day.tag) if day.tag else Write.insert(row)
