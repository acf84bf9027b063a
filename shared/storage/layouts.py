"""Which shards of the agenda may hold hints: those of the setting, and of other settings that are or were in use.

A layout is a number of shards. The first shard is in all of them and the others in one alone, so whoever has one shard
need not tell anybody; every other layout says in a row of LAYOUTS that it is in use, before its first hint is written
(storage.md, Agenda; decision 1).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError

from shared.domain.agenda import HintKind
from shared.domain.instants import stamp
from shared.storage import keys, reads
from shared.storage.errors import is_race, translated, translating
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables

READ_AGAIN_SECONDS = 60
"""For so long an instance goes on with what it has read of LAYOUTS."""
CLOSED_FOR = timedelta(minutes=15)
"""How long a layout must have been closed before its row goes.

Whoever uses it learns of that in READ_AGAIN_SECONDS, and storage has answered its last request long before.
"""


@dataclass(frozen=True)
class Layout:
    """A row of LAYOUTS: a number of shards that may be in use, and since when it is `closed`, '' while it is open."""

    number: int
    closed: str
    tag: str


class Layouts:
    """What one instance knows of the agenda's shards; its own number is `number`."""

    def __init__(self, tables: Tables, number: int, watch: Callable[[], float]) -> None:
        self.number = number
        self.others: tuple[Layout, ...] = ()
        self._tables = tables
        self._watch = watch
        self._lock = asyncio.Lock()
        self._read_at: float | None = None
        self._is_open = False
        self._is_changing = number > 1

    @property
    def _agenda(self) -> Table:
        return self._tables[keys.AGENDA]

    @property
    def is_one(self) -> bool:
        """True where there is one shard, and no sign that there ever were more: then LAYOUTS is not read at all."""
        return not self._is_changing

    @property
    def shards(self) -> tuple[str, ...]:
        """Every partition that may hold hints; each once."""
        numbers = (self.number, *(other.number for other in self.others))
        return tuple(dict.fromkeys(shard for number in numbers for shard in keys.shards(number)))

    def home(self, partner_id: str) -> str:
        """The partition that a partner's hints are written to."""
        return keys.shard(partner_id, self.number)

    def elsewhere(self, partner_id: str) -> tuple[str, ...]:
        """The other partitions where they may stand: those of one shard, and of the layouts that are known."""
        if self.is_one:
            return ()
        numbers = (1, *(other.number for other in self.others))
        found = dict.fromkeys(keys.shard(partner_id, number) for number in numbers)
        return tuple(shard for shard in found if shard != self.home(partner_id))

    async def saw_mark(self) -> None:
        """Whoever has one shard has found that there are more, or were."""
        self._is_changing = True
        await self.read()

    async def read(self, *, fresh: bool = False) -> None:
        """Know which layouts are in use, as of a minute ago at most; raises Unavailable."""
        # Many ask at once, and one request answers all.
        async with self._lock:
            asked = self._watch()
            if not fresh and self._read_at is not None and asked - self._read_at < READ_AGAIN_SECONDS:
                return
            rows = await reads.starting(self._agenda, keys.LAYOUTS, "")
            found = [Layout(int(row["RowKey"]), row["closed"], row.tag) for row in rows]
            self.others = tuple(layout for layout in found if layout.number != self.number)
            self._is_open = any(layout.number == self.number and not layout.closed for layout in found)
            self._is_changing = self._is_changing or bool(self.others)
            self._read_at = asked

    async def open(self) -> None:
        """Before a hint is written: have everybody know of its shard; raises Unavailable."""
        if self.number == 1:
            return
        await self.read()
        if self._is_open:
            return
        # The marks first and for ever: whoever has one shard reads LAYOUTS for their sake.
        marks = [{**_of_shard(keys.mark(kind)), "kind": str(kind), "notBefore": ""} for kind in HintKind]
        with translating():
            await self._agenda.transact([Write.upsert(mark) for mark in marks])
            await self._agenda.write(Write.upsert(_row(self.number, "")))
        self._is_open = True

    async def leave(self, layout: Layout, at: datetime) -> None:
        """Close a layout that is empty, and forget it when it has been closed, and was found empty, for long enough.

        Whoever uses it opens it again before it writes: then its row has another tag, and it stays.
        """
        row = _row(layout.number, layout.closed or stamp(at))
        write = Write.replace(row, layout.tag)
        if layout.closed:
            if datetime.fromisoformat(layout.closed) > at - CLOSED_FOR:
                return
            write = Write.delete(row, layout.tag)
        try:
            await self._agenda.write(write)
        except AzureError as error:
            if not is_race(error):
                raise translated(error) from error


def _of_shard(key: str) -> dict[str, str]:
    return {"PartitionKey": keys.AGENDA_SHARD, "RowKey": key}


def _row(number: int, closed: str) -> dict[str, str]:
    return {"PartitionKey": keys.LAYOUTS, "RowKey": keys.layout(number), "closed": closed}
