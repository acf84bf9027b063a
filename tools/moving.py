"""The steps of moving a partner's rows and files to another account (decision 19); move_partner is the command."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared import clock, ids
from shared.domain.errors import Unavailable
from shared.domain.exports.export import Export
from shared.domain.programme.partner import Partner
from shared.domain.programme.placement import Placement
from shared.domain.telling.dispatch import deliver_hint
from shared.ports.errors import LostRace
from shared.storage import codec, keys, reads
from shared.storage.agenda import TableAgenda
from shared.storage.as_read import replace_row
from shared.storage.errors import translating
from shared.storage.placements import ANNOUNCED_FOR
from shared.storage.rest.wire import Write
from shared.storage.tables import Tables
from shared.storage.telling.lane_store import TableLaneStore
from tools.partner_rows import (
    Containers,
    Files,
    Passed,
    contents,
    copy_rows,
    delete_files,
    delete_rows,
    range_of,
    rows_of,
)

PASSES = 8
"""After so many while at work, the rest is for the freeze; so many in it, and something is wrong."""
DRAINED_WITHIN = timedelta(seconds=90)
"""How long lanes are waited for: one of a dead worker is free after its lease, and a busy one is free for moments."""
LOOKS = 0.05
"""Seconds between two looks at a lane that a worker has."""


class Stopped(Exception):
    """The move cannot go on; says why, and what to do."""


@dataclass
class Move:
    """One partner on its way `to` an account, None for the deployment's own.

    `now` gives the time that leases and hints have, `watch` the seconds that went by, `pause` waits for some.
    """

    tables: Tables
    containers: Containers
    partner_id: str
    to: str | None
    now: Callable[[], datetime] = clock.now
    watch: Callable[[], float] = field(default_factory=clock.stopwatch)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    say: Callable[[str], Any] = print
    run_id: str = field(default_factory=ids.new_change_id)

    def __post_init__(self) -> None:
        self._files = Files(self.containers, self.to)
        self._lanes = TableLaneStore(self.tables)
        self._drained: list[str] = []

    async def move(self) -> None:
        """Go all the way; raises Stopped, Unavailable, and what the SDK raises, and may then be begun again."""
        found = await self.placement()
        if found.is_settled and found.account == self.to:
            self.say(f"{self.partner_id} is in {_name(self.to)} already.")
            return
        if not found.is_settled and found.to != self.to:
            raise Stopped(f"{self.partner_id} is on its way to {_name(found.to)}: finish that, or --give-up.")
        # Also where another run was frozen: it may live, and is over from here on, so everything is announced anew.
        placed = await self._change(lambda there: there.announced(self.to, self.run_id))
        announced = self.watch()
        await self._forget_left(placed.to)
        await self._copy("copied while at work")
        if (rest := ANNOUNCED_FOR - (self.watch() - announced)) > 0:
            self.say(f"waiting {rest:.0f} s until every instance has read that {self.partner_id} is moving")
            await self.pause(rest)
        await self._copy("caught up")
        try:
            await self._drain()
            await self._finish()
        except BaseException:
            # Nobody is to wait for a tool that has gone. Where this fails too, beginning again mends it.
            with suppress(Exception):
                await self._change(self._still_mine(lambda there: there.announced(self.to, self.run_id)))
            raise
        finally:
            with suppress(Exception):
                await self._give_back()

    async def _finish(self) -> None:
        """Freeze, copy and compare what is left, switch."""
        began = self.watch()
        await self._change(self._still_mine(Placement.frozen))
        left = await self._copy("compared while frozen")
        placed = await self.placement()
        await self._note_left(placed, left)
        await self._change(self._still_mine(Placement.moved))
        self.say(
            f"{self.partner_id} is in {_name(self.to)}: {sum(passed.rows for passed in left.values())} rows,"
            f" {self._files.count} files, frozen for {self.watch() - began:.1f} s."
        )

    async def delete_left(self) -> bool:
        """Delete what the partner left where it has moved on from; True when nothing is left there any more.

        Only what is still as it was when it was compared and the partner moved on goes. Raises Stopped.
        """
        placed = await self.placement()
        if not placed.is_settled:
            raise Stopped(f"{self.partner_id} is moving: finish that first.")
        done = True
        for account in self.containers:
            key = keys.left_behind(self.partner_id, account)
            row = await reads.row(self.tables[keys.LOOKUP], keys.LEFT_BEHIND, key)
            if row is None or account == placed.account:
                continue
            if row["moves"] > placed.moves:
                # Of a switch that never came about.
                continue
            if not row["deleting"]:
                await self._compare_left(account, row)
                await self._put_left({**row, "deleting": True})
            done = await self._delete(account, placed) and done
        return done

    async def give_up(self) -> None:
        """Leave the partner where it is, and delete what was copied already; raises Stopped."""
        found = await self.placement()
        if found.is_settled:
            raise Stopped(f"{self.partner_id} is not moving.")
        self.to = found.to

        def given_up(there: Placement) -> Placement:
            # The run that moves it may have arrived meanwhile: then what is there is no copy.
            if there != found:
                raise Stopped(f"{self.partner_id} has gone on meanwhile; look again.")
            return there.given_up()

        placed = await self._change(given_up)
        await self._forget_left(found.to)
        await self._delete(found.to, placed)
        self.say(f"{self.partner_id} stays in {_name(placed.account)}.")

    async def placement(self) -> Placement:
        """Where the partner is, read afresh; raises Stopped when nobody registered it."""
        row = await self.tables.registration(self.partner_id)
        if row is None:
            raise Stopped(f"There is no registration of {self.partner_id}.")
        return codec.load(Partner, row).placement

    def _still_mine(self, change: Callable[[Placement], Placement]) -> Callable[[Placement], Placement]:
        def checked(there: Placement) -> Placement:
            if there.by != self.run_id:
                raise Stopped("Another run has taken over.")
            return change(there)

        return checked

    async def _change(self, change: Callable[[Placement], Placement]) -> Placement:
        """Store another placement in the registration; after a lost answer it is read whether that came about."""
        while True:
            row = await self.tables.registration(self.partner_id)
            if row is None:
                raise Stopped(f"There is no registration of {self.partner_id}.")
            partner = codec.load(Partner, row)
            wanted = change(partner.placement)
            changed = codec.dump(replace(partner, placement=wanted))
            try:
                await replace_row(
                    self.tables[keys.LOOKUP], row, {"PartitionKey": keys.PARTNER, "RowKey": partner.id, **changed}
                )
            except (LostRace, Unavailable) as problem:
                if await self.placement() == wanted:
                    return wanted
                if isinstance(problem, Unavailable):
                    raise
                continue
            self.tables.placements.forget(self.partner_id)
            return wanted

    async def _must_go_on(self) -> None:
        """Before each transaction at the target: no later run has begun, whose copy this one would spoil."""
        if (await self.placement()).by != self.run_id:
            raise Stopped("Another run has taken over.")

    async def _copy(self, what: str) -> dict[str, Passed]:
        """Copy every table until a pass finds nothing to do; the last pass of each.

        At work it may come to no end, which is for the freeze then; frozen it must, or raises Stopped.
        """
        placed = await self.placement()

        passed = {}
        for name in keys.OF_PARTNERS:
            source, target = (self.tables.within(account, name) for account in (placed.account, self.to))
            written = self._files.moved if name == keys.EXPORTS else _as_it_is
            for _ in range(PASSES):
                with translating():
                    done = await copy_rows(source, target, range_of(self.partner_id, name), self._must_go_on, written)
                self.say(f"{name}: {done.rows} rows, {done.written} written, {done.deleted} deleted, {what}")
                passed[name] = done
                if done.is_clean:
                    break
            else:
                if placed.is_frozen:
                    raise Stopped(f"{name} changes although the partner is frozen.")
        return passed

    async def _drain(self) -> None:
        """Take every lane, so that nothing has been sent that is not noted yet: it would be sent again."""
        leads = self.tables.of(self.partner_id, keys.LEADS)
        rows = await reads.starting(leads, self.partner_id, keys.LANES, ["RowKey"])
        lanes = [found for row in rows if (found := keys.destination_of(row["RowKey"])) is not None]
        until = self.now() + DRAINED_WITHIN
        for destination in lanes:
            await self._take(destination, until)
        # The first were taken a while ago.
        for destination in lanes:
            await self._take(destination, self.now())

    async def _take(self, destination: str, until: datetime) -> None:
        while True:
            lane, at = await self._lanes.lane(self.partner_id, destination), self.now()
            if not lane.is_leased(at) or lane.holder == self.run_id:
                with suppress(LostRace):
                    await self._lanes.save(self.partner_id, destination, lane.taken(self.run_id, at))
                    self._drained.append(destination)
                    return
            if at >= until:
                self.say(f"the lane {destination} stays busy: what it is sending now may be sent twice, under one id")
                return
            await self.pause(LOOKS)

    async def _give_back(self) -> None:
        """Let the lanes be worked on again, now instead of when the leases end."""
        for destination in dict.fromkeys(self._drained):
            await TableAgenda(self.tables).put([deliver_hint(self.partner_id, destination, self.now())])
            lane = await self._lanes.lane(self.partner_id, destination)
            if lane.holder == self.run_id:
                with suppress(LostRace):
                    await self._lanes.save(self.partner_id, destination, lane.left())

    async def _note_left(self, placed: Placement, left: dict[str, Passed]) -> None:
        """What stays behind, before the partner moves on: only that may ever be deleted."""
        said = {name: passed.contents for name, passed in left.items()}
        key = {"PartitionKey": keys.LEFT_BEHIND, "RowKey": keys.left_behind(self.partner_id, placed.account)}
        await self._put_left({**key, **said, "moves": placed.moves + 1, "deleting": False})

    async def _put_left(self, row: dict[str, Any]) -> None:
        with translating():
            await self.tables[keys.LOOKUP].write(Write.upsert(row))

    async def _forget_left(self, account: str | None) -> None:
        """What was left there once is written over from here on."""
        key = keys.left_behind(self.partner_id, account)
        with translating():
            await self.tables[keys.LOOKUP].write(Write.delete({"PartitionKey": keys.LEFT_BEHIND, "RowKey": key}))

    async def _compare_left(self, account: str | None, row: dict[str, Any]) -> None:
        for name in keys.OF_PARTNERS:
            with translating():
                found = await contents(self.tables.within(account, name), range_of(self.partner_id, name))
            if found.contents != row[name]:
                raise Stopped(
                    f"{name} in {_name(account)} is not as {self.partner_id} left it: {found.rows} rows,"
                    f" {row[name].partition(':')[0]} then. Whoever wrote there was answered 503 and wrote again; look"
                    " what it is, and delete it by hand."
                )

    async def _delete(self, account: str | None, placed: Placement) -> bool:
        """Delete the partner's rows and files in an account; True when nothing is left there."""

        async def must_be_there() -> None:
            there = await self.placement()
            # Never where the partner is, whoever thinks that it is elsewhere.
            if not there.is_settled or not there.is_where(placed) or there.account == account:
                raise Stopped(f"{self.partner_id} is moving again.")

        kept = await self._exports_in(account, placed)
        await must_be_there()
        files = await delete_files(self.containers[account], self.partner_id, kept)
        rows = 0
        for name in keys.OF_PARTNERS:
            with translating():
                table = self.tables.within(account, name)
                rows += await delete_rows(table, range_of(self.partner_id, name), must_be_there)
        self.say(f"{_name(account)}: {rows} rows and {files} files of {self.partner_id} deleted")
        if kept:
            self.say(
                f"{len(kept)} exports of {self.partner_id} have their files there: delete again when they are gone"
            )
            return False
        await self._forget_left(account)
        return True

    async def _exports_in(self, account: str | None, placed: Placement) -> set[str]:
        """The exports that have their files in an account, though the partner is elsewhere."""
        table = self.tables.within(placed.account, keys.EXPORTS)
        condition = f"{range_of(self.partner_id, keys.EXPORTS)} and RowKey gt '{keys.JOB}' and RowKey lt '{keys.JOB}~'"
        with translating():
            exports = [codec.load(Export, row) async for row in rows_of(table, condition)]
        return {export.id for export in exports if export.data_account == account}


async def _as_it_is(row: Any) -> Any:
    return row


def _name(account: str | None) -> str:
    return account or "the deployment's own account"
