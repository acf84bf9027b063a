"""The steps of moving a partner's rows and files to another account (decision 19); move_partner is the command."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import AzureError

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
from shared.storage.errors import is_race, translated, translating
from shared.storage.placements import ANNOUNCED_FOR
from shared.storage.rest.service import Table
from shared.storage.rest.wire import Refused, Row, Write
from shared.storage.tables import Tables
from shared.storage.telling.lane_store import TableLaneStore
from tools.fence import Before, Fence
from tools.partner_files import Containers, Files, delete_files
from tools.partner_rows import Compared, Copying, Passed, Rows, contents, delete_rows, range_of, rows_of

PASSES = 8
"""After so many while at work, the rest is for the freeze; so many in it, and something is wrong."""
IN_FULL = 2
"""So many passes of a run read every row: what the first has written the second compares."""
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
        self._files = Files(self.containers, self.partner_id, self.to)
        self._compared = {name: Compared() for name in keys.OF_PARTNERS}
        self._fences: dict[str, Fence] = {}
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
        self._must_know(found.account, self.to)
        await self.tables.placements.begin_use()
        # Also where another run was frozen: it may live, and is over from here on, so everything is announced anew.
        await self._change(self._if_still(found, lambda there: there.announced(self.to, self.run_id)))
        announced = self.watch()
        self._fences = {
            name: Fence(self.tables.within(self.to, name), self.run_id, self._must_go_on) for name in keys.OF_PARTNERS
        }
        try:
            await self._copy("copied while at work", in_full=IN_FULL)
            if (rest := ANNOUNCED_FOR - (self.watch() - announced)) > 0:
                self.say(f"waiting {rest:.0f} s until every instance has read that {self.partner_id} is moving")
                await self.pause(rest)
            await self._copy("caught up")
            await self._switch()
        finally:
            with suppress(Exception):
                await self._drop_fences()

    async def _switch(self) -> None:
        """Take the lanes, then go on without anybody at work."""
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
        await self._tidy_files()
        await self._drop_fences()
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
        self._must_know(placed.account)
        done = True
        for account in self.containers:
            row = await self._left(account)
            if row is None or account == placed.account:
                continue
            if row["moves"] > placed.moves:
                # Of a switch that never came about.
                continue
            if not row["deleting"]:
                await self._compare_left(account, row)
                await self._put_left(row, {**row, "deleting": True})
            done = await self._delete(account, placed) and done
        return done

    async def give_up(self) -> bool:
        """Leave the partner where it is, and delete what was copied already; True when nothing is left of it.

        Raises Stopped. Where it breaks off once that is said, `delete_left` goes on.
        """
        found = await self.placement()
        if found.is_settled:
            raise Stopped(f"{self.partner_id} is not moving; --only-delete deletes what is left of a move.")
        self._must_know(found.account, found.to)
        row = await self._left(found.to)
        # No digest: it is a copy, and no matter what is there.
        key = {"PartitionKey": keys.LEFT_BEHIND, "RowKey": keys.left_behind(self.partner_id, found.to)}
        await self._put_left(row, {**key, "moves": found.moves, "deleting": True})
        placed = await self._change(self._if_still(found, Placement.given_up))
        done = await self._delete(found.to, placed)
        self.say(f"{self.partner_id} stays in {_name(placed.account)}.")
        return done

    async def placement(self) -> Placement:
        """Where the partner is, read afresh; raises Stopped when nobody registered it."""
        row = await self.tables.registration(self.partner_id)
        if row is None:
            raise Stopped(f"There is no registration of {self.partner_id}.")
        return codec.load(Partner, row).placement

    def _must_know(self, *accounts: str | None) -> None:
        """Raise Stopped unless all are among those that were named: to be told before anything is begun."""
        for account in accounts:
            if account not in self.containers:
                named = ", ".join(filter(None, self.containers)) or "none"
                raise Stopped(f"{account} is none of the further accounts: {named}.")

    def _if_still(self, found: Placement, change: Callable[[Placement], Placement]) -> Callable[[Placement], Placement]:
        """The change, where the partner is as it was found: else another run may have arrived, or goes elsewhere."""

        def checked(there: Placement) -> Placement:
            if there != found:
                raise Stopped(f"{self.partner_id} has gone on meanwhile; look again.")
            return change(there)

        return checked

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

    async def _copy(self, what: str, *, in_full: int = 0) -> dict[str, Passed]:
        """Copy every table until a pass finds nothing to do, the first ones `in_full`; the last pass of each.

        At work it may come to no end, which is for the freeze then; frozen it must, or Stopped is raised.
        """
        placed = await self.placement()
        passed = {}
        for name in keys.OF_PARTNERS:
            for number in range(PASSES):
                done = await self._pass(name, placed.account, in_full=number < in_full)
                if done is None:
                    continue
                self.say(f"{name}: {done.rows} rows, {done.written} written, {done.deleted} deleted, {what}")
                last, passed[name] = passed.get(name), done
                if done.is_clean or (number > in_full and last and not placed.is_frozen and 2 * done.work > last.work):
                    # Whatever is left while people are at work is what they do meanwhile.
                    break
            else:
                if placed.is_frozen:
                    raise Stopped(f"{name} changes although the partner is frozen.")
        return passed

    async def _pass(self, name: str, account: str | None, *, in_full: bool) -> Passed | None:
        """One pass over a table; None when something was refused, and it is still this run's to begin another."""
        fence = self._fences[name]
        rows = self._files if name == keys.EXPORTS else Rows()
        copying = Copying(self.tables.within(account, name), fence, rows, self._compared[name], in_full=in_full)
        try:
            return await self._behind(fence, name, lambda: copying.copy(range_of(self.partner_id, name)))
        except LostRace:
            return None

    async def _behind(self, fence: Fence, name: str, work: Callable[[], Awaitable[Passed]]) -> Passed:
        """Do a pass behind a fence; raises LostRace when another may find what was refused done, or mended."""
        try:
            if name != keys.FAVORITES and not fence.has(self.partner_id):
                # The others' partitions are known once they are read.
                await fence.take(self.partner_id)
            return await work()
        except AzureError as problem:
            if isinstance(problem, Refused) and is_race(problem):
                fence.lose()
                await fence.before()
            raise translated(problem) from problem

    async def _drop_fences(self) -> None:
        with translating():
            await asyncio.gather(*(fence.drop() for fence in self._fences.values()))

    async def _tidy_files(self) -> None:
        """Delete the files that were copied of exports that have gone meanwhile, before anybody looks for them."""
        table = self.tables.within(self.to, keys.EXPORTS)
        kept = {export.id for export in await self._exports_in(table)}
        await delete_files(self.containers[self.to], self.partner_id, kept, self._must_go_on)

    async def _drain(self) -> None:
        """Take every lane, so that nothing has been sent that is not noted yet: it would be sent again."""
        until = self.now() + DRAINED_WITHIN
        lanes: list[str] = []
        while new := [found for found in await self._all_lanes() if found not in lanes]:
            for destination in new:
                await self._take(destination, until)
            lanes += new
        # The first were taken a while ago.
        for destination in lanes:
            await self._take(destination, self.now())

    async def _all_lanes(self) -> list[str]:
        leads = self.tables.of(self.partner_id, keys.LEADS)
        rows = await reads.starting(leads, self.partner_id, keys.LANES, ["RowKey"])
        return [found for row in rows if (found := keys.destination_of(row["RowKey"])) is not None]

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
        row = await self._left(placed.account)
        await self._put_left(row, {**key, **said, "moves": placed.moves + 1, "deleting": False})

    async def _left(self, account: str | None) -> Row | None:
        """What was noted of an account that the partner left; it says nothing once the partner is there again."""
        key = keys.left_behind(self.partner_id, account)
        return await reads.row(self.tables[keys.LOOKUP], keys.LEFT_BEHIND, key)

    async def _put_left(self, stored: Row | None, row: dict[str, Any]) -> None:
        """Store what is noted, if nobody else has meanwhile; raises LostRace."""
        try:
            await replace_row(self.tables[keys.LOOKUP], stored, row)
        except LostRace:
            there = await self._left(row["RowKey"].partition("|")[2] or None)
            if there != row:
                raise

    async def _forget_left(self, account: str | None) -> None:
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

        exports = await self._exports_in(self.tables.within(placed.account, keys.EXPORTS))
        kept = {export.id for export in exports if export.data_account == account}
        files = await delete_files(self.containers[account], self.partner_id, kept, must_be_there)
        rows = 0
        for name in keys.OF_PARTNERS:
            rows += await self._delete_rows(account, name, must_be_there)
        self.say(f"{_name(account)}: {rows} rows and {files} files of {self.partner_id} deleted")
        if kept:
            self.say(
                f"{len(kept)} exports of {self.partner_id} have their files there: delete again when they are gone"
            )
            return False
        await self._forget_left(account)
        return True

    async def _delete_rows(self, account: str | None, name: str, before: Before) -> int:
        """Delete the partner's rows of a table in an account; how many there were."""
        fence, count = Fence(self.tables.within(account, name), self.run_id, before), 0
        try:
            for _ in range(PASSES):
                with suppress(LostRace):
                    done = await self._behind(fence, name, lambda: delete_rows(fence, range_of(self.partner_id, name)))
                    count += done.deleted
                    if done.is_clean:
                        return count
        finally:
            with suppress(AzureError):
                await fence.drop()
        raise Stopped(f"Somebody writes to {name} in {_name(account)}.")

    async def _exports_in(self, table: Table) -> list[Export]:
        """The partner's exports, from one account's table."""
        condition = f"{range_of(self.partner_id, keys.EXPORTS)} and RowKey gt '{keys.JOB}' and RowKey lt '{keys.JOB}~'"
        with translating():
            return [codec.load(Export, row) async for row in rows_of(table, condition)]


def _name(account: str | None) -> str:
    return account or "the deployment's own account"
