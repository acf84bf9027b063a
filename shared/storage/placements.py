"""Which account each partner's rows are in, and tables that ask there (decision 19).

A move may end at any moment, so no answer of storage counts by itself. It counts when a registration that was read
after it names the account that gave it, or when one that was read a moment before it knew of no move: a move is
announced for longer than that before its last rows are copied. So nothing that was written is left behind, and nothing
is read that has been left.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.exceptions import AzureError, ServiceResponseError

from shared.domain.errors import Unavailable
from shared.domain.programme.partner import Partner
from shared.domain.programme.placement import UNMOVED, Placement
from shared.storage import codec, keys, reads
from shared.storage.cache import CACHE_FOR, CACHE_MAX
from shared.storage.errors import translating
from shared.storage.rest.service import RowPage, Table, Token
from shared.storage.rest.wire import Row, Write

log = logging.getLogger(__name__)
T = TypeVar("T")

ANSWERED_WITHIN = CACHE_FOR.total_seconds() + 30
"""Seconds from reading a registration without a move: an answer that comes later is looked after again."""
ANNOUNCED_FOR = ANSWERED_WITHIN + 10
"""Seconds that a move is announced before it may freeze: by then everybody has read of it."""
FROZEN_LOOKS, FROZEN_PAUSE = 10, 0.5
"""How often, and how many seconds apart, a request looks whether a partner's rows are frozen, before it gives up."""
TURNS = 3
"""How often a read starts again at another account; moves take minutes."""


@dataclass(frozen=True)
class Known:
    """What a registration said when the watch said `at`; no registration says that the rows are the deployment's."""

    placement: Placement
    at: float
    is_registered: bool = True


class Placements:
    """What is known of each partner's placement, from its registration in `lookup`.

    Whose settings name no further account looks once a minute whether anybody has ever put a partner into one, and asks
    registrations from then on: a partner whose account the settings forgot must not seem to have nothing.
    """

    def __init__(
        self,
        lookup: Table,
        watch: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        in_use: bool = True,
    ) -> None:
        self._lookup = lookup
        self._watch = watch
        self._pause = pause
        self._in_use = in_use
        self._unused_at: float | None = None
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._reading: dict[str, asyncio.Task[Any]] = {}
        self._frozen: dict[str, float] = {}

    async def begin_use(self) -> None:
        """Note that further accounts are in use, before the first partner is in one; never taken back."""
        with translating():
            await self._lookup.write(
                Write.upsert({"PartitionKey": keys.FURTHER_ACCOUNTS, "RowKey": keys.FURTHER_ACCOUNTS})
            )

    async def _look_whether_in_use(self) -> None:
        at = self._watch()
        row = await reads.row(self._lookup, keys.FURTHER_ACCOUNTS, keys.FURTHER_ACCOUNTS)
        self._in_use, self._unused_at = row is not None, at

    async def registration(self, partner_id: str) -> Row | None:
        """The row of the partner's registration, read afresh; its placement is known from then on."""
        at = self._watch()
        row = await reads.row(self._lookup, keys.PARTNER, partner_id)
        self.forget(partner_id)
        if row is not None:
            self._known[partner_id] = Known(codec.load(Partner, row).placement, at)
            if len(self._known) > CACHE_MAX:
                self._known.popitem(last=False)
        return row

    def forget(self, partner_id: str) -> None:
        """Read this one afresh the next time."""
        self._known.pop(partner_id, None)

    async def read(self, partner_id: str) -> Known:
        """The placement, read afresh."""
        at = self._watch()
        await self.registration(partner_id)
        return self._known.get(partner_id) or Known(UNMOVED, at, is_registered=False)

    async def guess(self, partner_id: str) -> Known:
        """The placement as it was last known, which may have changed; whoever asks together reads it once."""
        if not self._in_use and not self._is_young(self._unused_at):
            await self._once(keys.FURTHER_ACCOUNTS, self._look_whether_in_use)
        if not self._in_use:
            return Known(UNMOVED, self._watch())
        known = self._known.get(partner_id)
        if known and self._is_young(known.at):
            return known
        found: Known = await self._once(f"{keys.PARTNER}|{partner_id}", lambda: self.read(partner_id))
        return found

    def _is_young(self, at: float | None) -> bool:
        return at is not None and self._watch() - at < CACHE_FOR.total_seconds()

    async def _once(self, key: str, read: Callable[[], Awaitable[Any]]) -> Any:
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.ensure_future(read())
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        # Whoever gives up waiting leaves it to the others.
        return await asyncio.shield(reading)

    async def at_work(self, partner_id: str, known: Known) -> Known:
        """The same, or as it is once nothing is frozen any more; raises Unavailable when that takes too long.

        Nobody waits for a partner that has been frozen for that long already: whoever works on many would stand still.
        """
        for look in range(FROZEN_LOOKS):
            if not known.placement.is_frozen:
                self._frozen.pop(partner_id, None)
                return known
            since = self._frozen.setdefault(partner_id, self._watch())
            if look and self._watch() - since >= FROZEN_LOOKS * FROZEN_PAUSE:
                break
            if look:
                await self._pause(FROZEN_PAUSE)
            known = await self.read(partner_id)
        log.warning("A partner is frozen.", extra={"event": "storage.partner_frozen", "partner": partner_id})
        raise Unavailable

    async def after(self, partner_id: str, known: Known) -> Known:
        """What is known once something was answered: the same where that was too short a while ago for a move."""
        lasts = self._watch() - known.at < ANSWERED_WITHIN
        return known if known.is_registered and known.placement.is_settled and lasts else await self.read(partner_id)


class PartnerTable(Table):
    """One partner's rows of a table, in whichever account they are; `within` gives the table of an account.

    All methods raise Unavailable beside what those of a table raise: when the partner's last rows are being copied for
    long, and for what would be written for nobody's registration. What was being written when they were is answered
    like a lost answer, once the move is over.
    """

    def __init__(self, partner_id: str, placements: Placements, within: Callable[[str | None], Table]) -> None:
        self._partner_id = partner_id
        self._placements = placements
        self._within = within
        self._began: Placement | None = None

    async def get(self, partition: str, key: str, select: Sequence[str] = ()) -> Row:
        """As of a table."""
        return await self._read(lambda table: table.get(partition, key, select))

    async def page(
        self, condition: str, top: int | None = None, select: Sequence[str] = (), token: Token | None = None
    ) -> RowPage[Row]:
        """As of a table; a token is good for the account that gave it."""
        return await self._read(lambda table: table.page(condition, top, select, token), goes_on=token is not None)

    async def page_of(
        self, kind: type[Any], condition: str, top: int, select: Sequence[str], token: Token | None = None
    ) -> RowPage[Any]:
        """As of a table; a token is good for the account that gave it."""
        return await self._read(
            lambda table: table.page_of(kind, condition, top, select, token), goes_on=token is not None
        )

    async def rows(self, condition: str, select: Sequence[str] = ()) -> list[Row]:
        """As of a table."""
        return await self._read(lambda table: table.rows(condition, select))

    async def write(self, write: Write) -> str:
        """As of a table."""
        return await self._write([write], lambda table: table.write(write))

    async def transact(self, writes: Sequence[Write]) -> list[str]:
        """As of a table."""
        return await self._write(writes, lambda table: table.transact(writes))

    async def _read(self, ask: Callable[[Table], Awaitable[T]], *, goes_on: bool = False) -> T:
        known, began = await self._placements.guess(self._partner_id), self._began
        for _ in range(TURNS):
            known = await self._placements.at_work(self._partner_id, known)
            if goes_on:
                began = began or known.placement
                if not began.is_where(known.placement):
                    raise Unavailable
            answer = await _outcome(ask(self._within(known.placement.account)))
            now = await self._placements.after(self._partner_id, known)
            if _holds(known, now):
                # A walk began where its first answer counted, not where one was asked for in vain.
                self._began = self._began or known.placement
                return _said(answer)
            known = now
        raise Unavailable

    async def _write(self, writes: Sequence[Write], ask: Callable[[Table], Awaitable[T]]) -> T:
        for write in writes:
            if write.row["PartitionKey"].partition("|")[0] != self._partner_id:
                raise ValueError("a row of another partner, which may be in another account")
        known = await self._placements.guess(self._partner_id)
        known = await self._placements.at_work(self._partner_id, known)
        if not known.is_registered:
            log.error(
                "Something was to be written for a partner without a registration.",
                extra={"event": "storage.unregistered", "partner": self._partner_id},
            )
            raise Unavailable
        answer = await _outcome(ask(self._within(known.placement.account)))
        now = await self._placements.after(self._partner_id, known)
        if not _holds(known, now):
            # It may have been copied or not, and where it was refused, what stood in its way may be what was left
            # behind. Who looks whether it took effect has to look where the rows went: before the move is over it would
            # be found where it is left behind.
            await self._placements.at_work(self._partner_id, now)
            raise ServiceResponseError("The rows moved while something was written.")
        return _said(answer)


def _holds(before: Known, after: Known) -> bool:
    """True when what was asked in between was asked where the rows are, and before their last copy is made."""
    return after is before or (before.placement.is_where(after.placement) and not after.placement.is_frozen)


async def _outcome(asked: Awaitable[T]) -> T | AzureError:
    """The answer, or the error: that a row is not there, or was changed, is an answer of this account's, too."""
    try:
        return await asked
    except AzureError as error:
        return error


def _said(answer: T | AzureError) -> T:
    if isinstance(answer, AzureError):
        raise answer
    return answer
