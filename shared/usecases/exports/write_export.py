"""Writes an export's file, block by block, from wherever the run before it got to (X5; design.md).

A block is uploaded under a random id, then its checkpoint is inserted: the first insert at an index wins, and the file
is put together of exactly the recorded blocks. So a run may be killed anywhere, and two runs at once harm nothing but
each other's time. By age one step does it, walking the leads; any other order takes a second one (`merge_export`).
"""

from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.contact import ALWAYS, shown_until
from shared.domain.exports.export import (
    MEDIA_TYPES,
    SINCE_MARGIN,
    SORT_TOO_LARGE,
    Export,
    ExportState,
    Since,
    head,
    line,
    removed_line,
)
from shared.domain.lead import Lead
from shared.domain.lifecycle import settle
from shared.domain.listed import listed
from shared.domain.ordering import SortKey, sort_key
from shared.ids import new_change_id, position
from shared.ports.errors import FileGone, LostRace
from shared.ports.exports import Checkpoint, StoredExport
from shared.ports.ports import Ports
from shared.ports.rules import Budget
from shared.usecases.exports.merge_export import begins, merged, spooled
from shared.usecases.leads.lists import Look, leads_of

WALK, MERGE = "walk", "merge"
NO_KEY: SortKey = ("", "", "")


async def write(*, ports: Ports, stored: StoredExport, at: datetime, budget: Budget, gives_up: bool = False) -> Export:
    """Go on with an export until it has ended, the budget is spent or another run is ahead; raises Unavailable.

    Storage may look through much and find nothing for longer than the budget: a run goes on all the same until it has
    come further, or no run ever would. One that gives up (a request, behind which the timer stands) does not.
    """
    if stored.export.has_ended:
        return stored.export
    try:
        return await _go_on(ports, stored, at, budget, gives_up=gives_up)
    except FileGone:
        # A run that was faster has ended the export and tidied up; if none was, something is wrong.
        now = await ports.exports.get(stored.export.partner_id, stored.export.id)
        if now is not None and not now.export.has_ended:
            raise
        return now.export if now else _cancelled(stored.export, at)


async def _go_on(ports: Ports, stored: StoredExport, at: datetime, budget: Budget, *, gives_up: bool) -> Export:
    export = stored.export
    walked = await ports.exports.last(export, WALK) or await _begin(ports, export, WALK)
    if walked is not None and not walked.done:
        walked = await _walk(ports, export, walked, at, budget, gives_up=gives_up)
    if walked is None or not walked.done:
        return export
    if not export.order.is_by_age:
        if walked.rows > ports.rules.export.sorted_max:
            return await _end(ports, stored, at, state=ExportState.FAILED, error=SORT_TOO_LARGE)
        merging = await _merge(ports, export, budget)
        if merging is None or not merging.done:
            return export
    return await _succeed(ports, stored, at, walked.rows)


def _cancelled(export: Export, at: datetime) -> Export:
    return replace(export, state=ExportState.CANCELLED, ended_at=at)


async def discard(ports: Ports, export: Export) -> None:
    """Delete the export's files, whole or half."""
    await ports.files.delete(export.blob)
    await ports.files.delete(export.spool)


async def fail(ports: Ports, stored: StoredExport, at: datetime, error: str) -> Export:
    """End an export that cannot succeed."""
    return await _end(ports, stored, at, state=ExportState.FAILED, error=error)


async def _begin(ports: Ports, export: Export, step: str) -> Checkpoint | None:
    """Record a step's first checkpoint, with the file's head where this step writes the file; None as in `_walk`."""
    writes = (step == WALK) == export.order.is_by_age
    blocks = _Blocks(ports, export, step, Checkpoint(step, -1, ""))
    if writes:
        blocks.add(head(export.layout), rows=0)
    try:
        return await blocks.flush(None)
    except LostRace:
        return None


async def _walk(
    ports: Ports, export: Export, last: Checkpoint, at: datetime, budget: Budget, *, gives_up: bool
) -> Checkpoint | None:
    """Walk the leads from a checkpoint on; the newest checkpoint, None when another run is ahead."""
    blocks = _Blocks(ports, export, WALK, last)
    cursor = last.cursor
    look = Look(ports, export.partner_id, export.person, export.filter, at)
    is_sorted = not export.order.is_by_age
    try:
        async with aclosing(leads_of(look, cursor, export.since, watch=budget.spent)) as batches:
            async for batch in batches:
                cursor = batch.covered
                for read in batch.leads:
                    # X5, L6: each row as of when it was read; the clock goes on while a run lasts.
                    now = at + timedelta(seconds=read.asked)
                    lead = settle(read.lead, now).lead
                    if (text := _line(export, lead, now, held=read.is_held)) is not None:
                        blocks.add(
                            text, sort_key(listed(lead), export.order, position(lead.id)) if is_sorted else NO_KEY
                        )
                        blocks.hide(shown_until(lead), now)
                        if blocks.is_full:
                            await blocks.flush(position(lead.id))
                            if not budget.allows(0):
                                return blocks.last
                if is_sorted and blocks.rows > ports.rules.export.sorted_max:
                    break
                has_come_further = cursor != blocks.last.cursor
                if not budget.allows(0) and (gives_up or has_come_further):
                    return await blocks.flush(cursor) if has_come_further else blocks.last
        return await blocks.flush(cursor, done=True)
    except LostRace:
        return None


async def _merge(ports: Ports, export: Export, budget: Budget) -> Checkpoint | None:
    """Merge the spool's blocks from wherever the last run got to; as `_walk`."""
    parts = [checkpoint for checkpoint in await ports.exports.checkpoints(export, WALK) if checkpoint.size]
    sizes = [part.size for part in parts]
    last = await ports.exports.last(export, MERGE)
    if last is None:
        await ports.files.put_together(export.spool, [part.id for part in parts], "application/octet-stream")
        last = await _begin(ports, export, MERGE)
    if last is None or last.done:
        return last
    offsets: list[int] = msgspec.json.decode(last.cursor, type=list[int]) if last.cursor else begins(sizes)
    blocks = _Blocks(ports, export, MERGE, last)

    async def read(offset: int, length: int) -> bytes:
        return await ports.files.read(export.spool, offset, length)

    try:
        async with aclosing(merged(read, sizes, offsets)) as lines:
            async for text, number, size in lines:
                blocks.add(text)
                offsets[number] += size
                if blocks.is_full:
                    await blocks.flush(msgspec.json.encode(offsets).decode())
                    if not budget.allows(0):
                        return blocks.last
        return await blocks.flush(None, done=True)
    except LostRace:
        return None


async def _succeed(ports: Ports, stored: StoredExport, at: datetime, rows: int) -> Export:
    """Put the file together of exactly the recorded blocks."""
    export = stored.export
    walked = await ports.exports.checkpoints(export, WALK)
    first, *rest = walked if export.order.is_by_age else await ports.exports.checkpoints(export, MERGE)
    if _is_turned(export):
        rest.reverse()
    blocks = [checkpoint.id for checkpoint in (first, *rest) if checkpoint.size]
    await ports.files.put_together(export.blob, blocks, MEDIA_TYPES[export.format])
    began = walked[0].written_at
    if began is None:
        raise ValueError("a checkpoint without its time")
    # Where the partner was moved meanwhile, storage's time of the checkpoint is that of its copy.
    began = min(began, export.created_at)
    following = Since(began - SINCE_MARGIN, export.created_at - SINCE_MARGIN)
    hides = walked[-1].hides_at
    ended = await _end(ports, stored, at, state=ExportState.SUCCEEDED, rows=rows, next_since=following, hides_at=hides)
    if ended.state is ExportState.SUCCEEDED and not export.order.is_by_age:
        await ports.files.delete(export.spool)
    return ended


async def _end(ports: Ports, stored: StoredExport, at: datetime, **changes: Any) -> Export:
    """Record the end; where somebody else did so first, what is stored then, and no file is left of a cancelled one."""
    ended = replace(stored.export, ended_at=at, **changes)
    try:
        await ports.exports.replace(stored, ended)
    except LostRace:
        now = await ports.exports.get(ended.partner_id, ended.id)
        ended = now.export if now else _cancelled(stored.export, at)
    if ended.has_ended and ended.state is not ExportState.SUCCEEDED:
        await discard(ports, ended)
    return ended


class _Blocks:
    """Collects lines into blocks; every block that is uploaded has its checkpoint, or nobody ever sees it."""

    def __init__(self, ports: Ports, export: Export, step: str, last: Checkpoint) -> None:
        self._ports = ports
        self._export = export
        self._step = step
        self._spools = step == WALK and not export.order.is_by_age
        self._lines: list[tuple[SortKey, str]] = []
        self._size = 0
        self.rows = last.rows
        self.last = last
        self._hides_at = last.hides_at

    @property
    def is_full(self) -> bool:
        """True when the block is large enough to be uploaded."""
        return self._size >= self._ports.rules.export.block_bytes

    def add(self, text: str, key: SortKey = NO_KEY, *, rows: int = 1) -> None:
        """Take a line with what it is sorted by."""
        self._lines.append((key, text))
        self._size += len(text)
        self.rows += rows

    def hide(self, until: datetime, at: datetime) -> None:
        """Note until when a row's contact details may be shown; those that are hidden at `at` are not in the file."""
        if at < until < ALWAYS and (self._hides_at is None or until < self._hides_at):
            self._hides_at = until

    async def flush(self, cursor: str | None, *, done: bool = False) -> Checkpoint:
        """Upload what was collected and record where to go on; raises LostRace when another run did so first."""
        block = new_change_id()
        content = self._content()
        if content:
            await self._ports.files.stage(self._export.spool if self._spools else self._export.blob, block, content)
        made = Checkpoint(
            self._step, self.last.index + 1, block, len(content), self.rows, cursor, done, hides_at=self._hides_at
        )
        self.last = await self._ports.exports.record(self._export, made)
        self._lines, self._size = [], 0
        return self.last

    def _content(self) -> bytes:
        if self._spools:
            return spooled(self._lines)
        texts = [text for _, text in self._lines]
        if _is_turned(self._export):
            texts.reverse()
        return "".join(texts).encode()


def _is_turned(export: Export) -> bool:
    """True when the file is the reverse of how it is written: leads stand newest first, and sorting is upward."""
    return export.order.descending != export.order.is_by_age


def _line(export: Export, lead: Lead, at: datetime, *, held: bool) -> str | None:
    """The line of a settled lead; None for one that is no business of this export."""
    if export.since is not None and lead.erased_at:
        # Whoever keeps a copy takes the person out of it (S4).
        return removed_line(export.layout, lead.id)
    if held and export.filter.matches(lead, at):
        return line(export.layout, lead, at)
    # A lead that can never be in the filter never was, so nobody has to take it out.
    if export.since is not None and export.filter.could_match(lead):
        return removed_line(export.layout, lead.id)
    return None
