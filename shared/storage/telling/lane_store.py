"""Events that wait for a destination, and the lane of each, in the partner's own partition (design.md)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from azure.core.exceptions import AzureError

from shared.domain.telling.dispatch import Dispatch, DispatchState, Lane, order_of
from shared.domain.telling.mails import Mail
from shared.ports.page import Page
from shared.storage import codec, keys, reads
from shared.storage.errors import is_unclear, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

_STARTS = {
    DispatchState.PENDING: keys.waiting,
    DispatchState.DELIVERED: keys.sent,
    DispatchState.PARKED: keys.parked,
}


class TableLaneStore:
    """`LaneStore` on Azure Tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def _leads(self, partner_id: str) -> Table:
        return self._tables.of(partner_id, keys.LEADS)

    async def look(self, partner_id: str, destination: str, top: int) -> tuple[Lane, Page[Dispatch]]:
        """One request: the lane stands right before what waits for it."""
        own, start = keys.lane(destination), keys.waiting(destination)
        condition = f"PartitionKey eq '{partner_id}' and RowKey ge '{own}' and RowKey lt '{start}~'"
        found = await reads.scan(self._leads(partner_id), condition, top + 1, ["RowKey", "Timestamp", *codec.DOCS])
        rows = list(found.rows)
        lane = Lane()
        if rows and rows[0]["RowKey"] == own:
            lane = codec.with_tag(codec.load(Lane, rows[0]), rows[0])
            rows = rows[1:]
        if not rows and not found.done:
            # Storage may end an answer anywhere, also before anything that waits.
            return lane, await self.page(partner_id, destination, DispatchState.PENDING, None, top)
        following = None if found.done else str(found.rows[-1]["RowKey"]).removeprefix(start)
        return lane, Page([codec.load(Dispatch, row) for row in rows], following)

    async def lane(self, partner_id: str, destination: str) -> Lane:
        row = await reads.row(self._leads(partner_id), partner_id, keys.lane(destination))
        return codec.with_tag(codec.load(Lane, row), row) if row else Lane()

    async def save(
        self,
        partner_id: str,
        destination: str,
        lane: Lane,
        changed: Sequence[tuple[Dispatch | None, Dispatch | None]] = (),
        mails: Sequence[Mail] = (),
    ) -> Lane:
        """One transaction; its lane's tag decides."""
        lane = replace(lane, saves=lane.saves + 1)
        row = {"PartitionKey": partner_id, "RowKey": keys.lane(destination), **codec.dump(codec.untagged(lane))}
        operations = [Write.replace(row, lane.tag) if lane.tag else Write.insert(row)]
        for before, after in changed:
            old = _key(destination, before) if before else None
            new = _key(destination, after) if after else None
            if old and old != new:
                operations.append(Write.delete({"PartitionKey": partner_id, "RowKey": old}))
            if after:
                operations.append(Write.upsert(dispatch_row(partner_id, destination, after)))
        operations += [write_mail(partner_id, mail) for mail in mails]
        try:
            tags = await self._leads(partner_id).transact(operations)
        except AzureError as error:
            there = await self.lane(partner_id, destination) if is_unclear(error) else None
            if there is not None and codec.untagged(there) == codec.untagged(lane):
                return there
            raise translated(error) from error
        return codec.tagged(lane, tags[0])

    async def add(self, partner_id: str, destination: str, dispatch: Dispatch) -> None:
        with translating():
            await self._leads(partner_id).write(Write.upsert(dispatch_row(partner_id, destination, dispatch)))

    async def page(
        self, partner_id: str, destination: str, state: DispatchState, after: str | None, top: int
    ) -> Page[Dispatch]:
        """One request."""
        start = _STARTS[state](destination)
        condition = f"PartitionKey eq '{partner_id}' and RowKey gt '{start}{after or ''}' and RowKey lt '{start}~'"
        found = await reads.scan(self._leads(partner_id), condition, top, ["RowKey", *codec.DOCS])
        following = None if found.done else str(found.rows[-1]["RowKey"]).removeprefix(start)
        return Page([codec.load(Dispatch, row) for row in found.rows], following)

    async def get(self, partner_id: str, destination: str, event_id: str) -> Dispatch | None:
        """What was taken stands under when it was, so those are looked through."""
        named = order_of(event_id)
        if named is None:
            return None
        order = keys.in_order(*named)
        for start in (keys.waiting(destination), keys.parked(destination)):
            row = await reads.row(self._leads(partner_id), partner_id, start + order)
            if row:
                return codec.load(Dispatch, row)
        start = keys.sent(destination)
        condition = (
            f"PartitionKey eq '{partner_id}' and RowKey gt '{start}' and RowKey lt '{start}~' and place eq '{order}'"
        )
        found = await reads.scan(self._leads(partner_id), condition, 1, ["RowKey", *codec.DOCS])
        return codec.load(Dispatch, found.rows[0]) if found.rows else None


def write_mail(partner_id: str, mail: Mail) -> Write:
    """Write a mail if it is still as read, or new."""
    row = mail_row(partner_id, mail)
    return Write.replace(row, mail.tag) if mail.tag else Write.insert(row)


def mail_row(partner_id: str, mail: Mail) -> dict[str, Any]:
    """The record of a mail."""
    key = keys.mail(mail.subject, mail.sequence, mail.number)
    return {"PartitionKey": partner_id, "RowKey": key, **codec.dump(codec.untagged(mail), what="mail")}


def dispatch_row(partner_id: str, destination: str, dispatch: Dispatch) -> dict[str, Any]:
    """The row of an event for a destination, under what became of it."""
    return {
        "PartitionKey": partner_id,
        "RowKey": _key(destination, dispatch),
        "place": keys.in_order(*dispatch.order),
        **codec.dump(dispatch, what="delivery"),
    }


def _key(destination: str, dispatch: Dispatch) -> str:
    start, order = _STARTS[dispatch.state](destination), keys.in_order(*dispatch.order)
    if dispatch.state is DispatchState.DELIVERED and dispatch.ended_at:
        return start + keys.newest_first(order, dispatch.ended_at)
    return start + order
