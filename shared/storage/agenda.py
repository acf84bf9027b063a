"""The agenda in Table Storage: rows sorted by kind and due time, in one partition or several (storage.md, Agenda).

A hint's key is a function of the lead for as long as it lives: one that fails is not moved but put off by a column, so
that what is missing can be told from what is late. Which partition it stands in is its partner's and the setting's;
where the setting was another one, a hint stands where that has put it, until it is worked on or moved.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared import correlation
from shared.domain.agenda import TELLING, Hint, HintKind
from shared.domain.instants import stamp
from shared.ports.agenda import Bookmark, DueHint
from shared.storage import keys, reads
from shared.storage.errors import is_race, translated, translating
from shared.storage.layouts import Layouts
from shared.storage.rest.service import Table
from shared.storage.rest.wire import ANY, Refused, Row, Write
from shared.storage.tables import Tables

BATCH = 100
SIDE_BY_SIDE = 16
"""Requests for single rows under way at once: more only queue for the same processor."""


class TableAgenda:
    """`Agenda` on Azure Tables, spread over so many `shards`; `watch` tells what was read a minute ago."""

    def __init__(self, tables: Tables, shards: int = 1, watch: Callable[[], float] = lambda: 0.0) -> None:
        self._tables = tables
        self._layouts = Layouts(tables, shards, watch)

    @property
    def _agenda(self) -> Table:
        return self._tables[keys.AGENDA]

    async def put(self, hints: Sequence[Hint]) -> None:
        await self.change(hints, ())

    async def remove(self, hints: Sequence[Hint]) -> None:
        await self.change((), hints)

    async def change(self, put: Collection[Hint], remove: Collection[Hint]) -> None:
        """A hundred writes of a shard in a request, the shards side by side.

        What is not in the same transaction as the last of the new comes after it.
        """
        # Keys have milliseconds, and a row may stand once in a transaction.
        kept = {keys.hint(hint): hint for hint in put}
        gone = {keys.hint(hint): hint for hint in remove}
        new: dict[str, list[Write]] = defaultdict(list)
        old: dict[str, list[Write]] = defaultdict(list)
        for hint in kept.values():
            new[self._home(hint)].append(Write.upsert(_row(hint, self._home(hint))))
        for key, hint in gone.items():
            if key not in kept:
                old[self._home(hint)].append(Write.delete(_key(hint, self._home(hint))))
        if kept:
            await self._layouts.open()
        # Once all other shards have what is new, one of them can write and delete at once.
        both = max(new, key=lambda shard: len(old[shard]), default="")
        await self._in_each_shard(writes for shard, writes in new.items() if shard != both)
        await self._in_turn(new[both] + old.pop(both, []))
        await self._in_each_shard(old.values())

    async def _in_each_shard(self, of_shards: Iterable[list[Write]]) -> None:
        await asyncio.gather(*map(self._in_turn, of_shards))

    async def _in_turn(self, writes: list[Write]) -> None:
        for start in range(0, len(writes), BATCH):
            await self._together(writes[start : start + BATCH])

    async def _together(self, writes: list[Write]) -> None:
        """All of it in one transaction, which fails whole where a hint to delete is gone: then without that one.

        Where that one may stand elsewhere the others may, too: they are deleted one by one, wherever they may be.
        """
        apart: list[Write] = []
        while len(writes) > 1 or any(map(self._elsewhere, writes)):
            try:
                await self._agenda.transact(writes)
            except AzureError as error:
                if not is_race(error):
                    raise translated(error) from error
                at_fault = error.index if isinstance(error, Refused) else None
                if at_fault is None or at_fault >= len(writes) or writes[at_fault].method != "DELETE":
                    break
                if self._elsewhere(writes[at_fault]):
                    apart = [write for write in writes if write.method == "DELETE"]
                    writes = [write for write in writes if write.method != "DELETE"]
                else:
                    del writes[at_fault]
            else:
                writes = []
        for write in writes:
            with translating():
                await asyncio.gather(*map(self._agenda.write, (write, *self._elsewhere(write))))
        everywhere = [each for write in apart for each in (write, *self._elsewhere(write))]
        for start in range(0, len(everywhere), SIDE_BY_SIDE):
            with translating():
                await asyncio.gather(*map(self._agenda.write, everywhere[start : start + SIDE_BY_SIDE]))

    def _home(self, hint: Hint) -> str:
        return self._layouts.home(hint.partner_id)

    def _elsewhere(self, write: Write) -> list[Write]:
        """The deletions of a hint in the other shards where it may stand."""
        if write.method != "DELETE" or self._layouts.is_one:
            return []
        hint = keys.hint_of(write.row["RowKey"])
        return [Write.delete(_key(hint, shard)) for shard in self._layouts.elsewhere(hint.partner_id)]

    async def due(self, kind: HintKind, at: datetime, top: int) -> list[DueHint]:
        """One request a shard, whatever is stored."""
        return await self._due(kind, _of_kind(kind), at, top)

    async def due_to_tell(self, at: datetime, top: int) -> list[DueHint]:
        """One request a shard: both kinds stand in one range."""
        return await self._due(HintKind.PUBLISH, "", at, top)

    async def _due(self, kind: HintKind, of_kind: str, at: datetime, top: int) -> list[DueHint]:
        further = f" and notBefore le '{stamp(at)}'{of_kind}"
        found = await self._first(kind, further, at, top, ["RowKey", "tries", "cause"])
        return [DueHint(keys.hint_of(row["RowKey"]), row["tries"], row["cause"]) for row in found]

    async def oldest(self, kind: HintKind, at: datetime) -> datetime | None:
        """One request a shard."""
        found = await self._first(kind, _of_kind(kind), at, 1, ["RowKey"])
        return keys.hint_of(found[0]["RowKey"]).due if found else None

    async def _first(self, kind: HintKind, further: str, at: datetime, top: int, select: list[str]) -> list[Row]:
        """The first rows of what is due at `at`, of all shards."""
        low, high = keys.hints_until(kind, at)
        if self._layouts.is_one:
            found = await self._all(low, high, further, top, select)
            if not found or not keys.is_mark(found[0]["RowKey"]):
                return found
            await self._layouts.saw_mark()
        else:
            await self._layouts.read()
        return await self._all(low + keys.PAST_MARKS, high, further, top, select)

    async def _all(self, low: str, high: str, further: str, top: int, select: list[str]) -> list[Row]:
        within = f" and RowKey gt '{low}' and RowKey lt '{high}'{further}"
        conditions = (f"PartitionKey eq '{shard}'{within}" for shard in self._layouts.shards)
        scans = await asyncio.gather(*(reads.scan(self._agenda, each, top, select) for each in conditions))
        return in_order((found.rows for found in scans), top)

    async def ahead(self, kind: HintKind, at: datetime, top: int) -> int:
        """One request a shard; no mark stands in what is ahead, so one shard is asked alone before the first look."""
        if not self._layouts.is_one:
            await self._layouts.read()
        return len(await self._all(*keys.hints_after(kind, at), _of_kind(kind), top, ["RowKey"]))

    async def put_off(self, late: DueHint, until: datetime) -> None:
        """Wherever it may stand: else it would be found again at once."""
        said = {"notBefore": stamp(until), "tries": late.tries + 1}
        home = self._home(late.hint)
        shards = (home, *self._layouts.elsewhere(late.hint.partner_id))
        with translating():
            await asyncio.gather(*(self._set({**_key(late.hint, shard), **said}) for shard in shards))

    async def _set(self, row: Mapping[str, Any]) -> None:
        try:
            await self._agenda.write(Write.merge(row, ANY))
        except ResourceNotFoundError:
            return

    async def missing(self, hints: Sequence[Hint]) -> list[Hint]:
        """Point reads, since a range of the agenda holds every partner's hints."""
        if not self._layouts.is_one:
            await self._layouts.read()
        found = []
        for start in range(0, len(hints), SIDE_BY_SIDE):
            some = hints[start : start + SIDE_BY_SIDE]
            there = await asyncio.gather(*map(self._is_there, some))
            found += [hint for hint, is_there in zip(some, there, strict=True) if not is_there]
        return found

    async def _is_there(self, hint: Hint) -> bool:
        for shard in (self._home(hint), *self._layouts.elsewhere(hint.partner_id)):
            if await reads.row(self._agenda, shard, keys.hint(hint), ["RowKey"]) is not None:
                return True
        return False

    async def move(self, at: datetime, top: int) -> int:
        """A copy comes before the old row goes, so a look at that moment may see a hint twice, or at the next look."""
        await self._layouts.read(fresh=True)
        moved = 0
        for layout in self._layouts.others:
            rows: list[Row] = []
            for shard in keys.shards(layout.number)[1:]:
                if len(rows) < top - moved:
                    found = await reads.scan(self._agenda, f"PartitionKey eq '{shard}'", top - moved - len(rows), ())
                    rows += found.rows
            if rows:
                await self._move(rows)
                moved += len(rows)
            elif moved < top:
                await self._layouts.leave(layout, at)
        return moved

    async def _move(self, rows: Sequence[Row]) -> None:
        await self._layouts.open()
        new: dict[str, list[Write]] = defaultdict(list)
        old: dict[str, list[Write]] = defaultdict(list)
        for row in rows:
            home = self._home(keys.hint_of(row["RowKey"]))
            new[home].append(Write.upsert({**row, "PartitionKey": home}))
            old[row["PartitionKey"]].append(Write.delete(row, row.tag))
        await self._in_each_shard(new.values())
        for writes in old.values():
            for start in range(0, len(writes), BATCH):
                await self._delete_unchanged(writes[start : start + BATCH])

    async def _delete_unchanged(self, writes: list[Write]) -> None:
        """One that was put off meanwhile stays, and is moved the next time."""
        try:
            await self._agenda.transact(writes)
        except AzureError as error:
            if not is_race(error):
                raise translated(error) from error
            for write in writes:
                try:
                    await self._agenda.write(write)
                except AzureError as single:
                    if not is_race(single):
                        raise translated(single) from single

    async def bookmark(self, name: str) -> Bookmark:
        row = await reads.row(self._agenda, keys.AGENDA_SHARD, keys.bookmark(name))
        return Bookmark(str(row["place"]), row.tag) if row else Bookmark()

    async def set_bookmark(self, name: str, place: str) -> None:
        with translating():
            await self._agenda.write(Write.upsert(_bookmark(name, place)))

    async def move_bookmark(self, name: str, place: str, read: Bookmark) -> None:
        row = _bookmark(name, place)
        with translating():
            await self._agenda.write(Write.replace(row, read.tag) if read.tag else Write.insert(row))


def in_order(shards: Iterable[Sequence[Row]], top: int) -> list[Row]:
    """The first `top` rows of all shards by their keys; of one that stands in two, the row that was tried more often.

    A shard whose answer was short holds up no other: what it left out comes with the next look.
    """
    rows = sorted(chain.from_iterable(shards), key=lambda row: (row["RowKey"], row.get("tries", 0)))
    return list({row["RowKey"]: row for row in rows}.values())[:top]


def _of_kind(kind: HintKind) -> str:
    """What tells the kinds of one range apart; the key does where a kind has a range of its own."""
    return f" and kind eq '{kind}'" if kind in TELLING else ""


def _row(hint: Hint, shard: str) -> dict[str, Any]:
    said = {"kind": str(hint.kind), "notBefore": "", "tries": 0, "cause": correlation.current()}
    return {**_key(hint, shard), **said}


def _bookmark(name: str, place: str) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": keys.bookmark(name), "place": place}


def _key(hint: Hint, shard: str) -> dict[str, str]:
    return {"PartitionKey": shard, "RowKey": keys.hint(hint)}
