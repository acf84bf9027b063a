"""Copies the tables of one storage account to another: a backup, and the way back (docs/operations.md).

    python -m tools.copy_tables --from-account leadsd123 --to-account leadsbackup --to-prefix d20261122 --mirror

Signs in as Azure's command line is signed in, or with the identity of where it runs; `--from-connection` and
`--to-connection` are for Azurite. A pass reads both sides and writes what differs, so a run that broke off goes on
where it was. Passes follow until one finds nothing to do: what changed meanwhile is caught up with, and no change stays
half copied. `--mirror` also deletes what the source has not; without it something is brought back, and every erasure is
applied again. `Agenda` is left out: `reconcile` writes it anew. Another account of the same deployment is copied by a
command of its own, with `--of-partners`.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.domain.erasure import Erasure
from shared.storage import codec, keys

COPIED = tuple(name for name in keys.TABLES if name != keys.AGENDA)
PASSES = 5
"""After so many, whoever writes is as fast as the copying."""
AT_ONCE = 32
Row = Mapping[str, Any]
R = TypeVar("R", bound=Row)


@dataclass
class Copied:
    """What a pass did in one table: rows of the source, those written, and those deleted."""

    rows: int = 0
    written: int = 0
    deleted: int = 0


async def copy_table(source: TableClient, target: TableClient, *, mirror: bool) -> Copied:
    """One pass; raises what the SDK raises, and may then be begun again.

    Raises Empty where a mirror of nothing would take away what is there.
    """
    if mirror and not await _has_rows(source) and await _has_rows(target):
        raise Empty(source.table_name)
    done = Copied()
    async with _Writes() as writes:
        async for mine, theirs in side_by_side(_rows(source), _rows(target)):
            done.rows += mine is not None
            if mirror and mine is None and theirs is not None:
                done.deleted += 1
                await writes.add(target.delete_entity(theirs["PartitionKey"], theirs["RowKey"]))
            elif mine is not None and mine != theirs:
                done.written += 1
                await writes.add(target.upsert_entity(dict(mine), mode="replace"))
    return done


async def copy_until_still(source: TableClient, target: TableClient, *, mirror: bool) -> list[Copied]:
    """Passes until one has nothing to do, or there were enough."""
    passes: list[Copied] = []
    while len(passes) < PASSES and (not passes or passes[-1].written or passes[-1].deleted):
        passes.append(await copy_table(source, target, mirror=mirror))
    return passes


class Empty(Exception):
    """The source has no row at all, and the target has: sides were exchanged, or a name is wrong."""


async def _has_rows(table: TableClient) -> bool:
    async for _ in table.list_entities(results_per_page=1, select=["RowKey"]):
        return True
    return False


class _Writes:
    """Writes under way, so many at once; leaving waits for all, and the first failure is raised."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> "_Writes":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wait(0)

    async def add(self, write: Any) -> None:
        self._tasks.add(asyncio.ensure_future(write))
        await self._wait(AT_ONCE - 1)

    async def _wait(self, most: int) -> None:
        while len(self._tasks) > most:
            ended, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                await task


async def side_by_side(
    ours: AsyncIterator[R], others: AsyncIterator[R]
) -> AsyncGenerator[tuple[R | None, R | None], None]:
    """The rows of both in the order of their keys, which is that of storage; None where a side has no such row."""
    mine, theirs = await anext(ours, None), await anext(others, None)
    while mine is not None or theirs is not None:
        first = min(_key(one) for one in (mine, theirs) if one is not None)
        left = mine if mine is not None and _key(mine) == first else None
        right = theirs if theirs is not None and _key(theirs) == first else None
        yield left, right
        mine = await anext(ours, None) if left is not None else mine
        theirs = await anext(others, None) if right is not None else theirs


async def _rows(table: TableClient) -> AsyncIterator[Row]:
    async for row in table.list_entities():
        yield dict(row)


def _key(row: Row) -> tuple[bytes, bytes]:
    """Storage compares UTF-16 units."""
    return row["PartitionKey"].encode("utf-16-be"), row["RowKey"].encode("utf-16-be")


async def repeat_erasures(table: TableClient) -> int:
    """Have `run_erasures` apply every erasure again: what is restored is older than the newest of them (S4)."""
    count = 0
    async for row in table.query_entities(f"PartitionKey eq '{keys.ERASURE_JOBS}'"):
        again = codec.load(Erasure, row).again()
        key = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
        await table.upsert_entity({**key, **codec.dump(again), "ended": again.has_ended}, mode="replace")
        count += 1
    return count


def _account(stack: AsyncExitStack, name: str | None, connection: str | None) -> TableServiceClient:
    if connection:
        return TableServiceClient.from_connection_string(connection)
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - only where accounts are named

    credential = DefaultAzureCredential()
    stack.push_async_callback(credential.close)
    return TableServiceClient(f"https://{name}.table.core.windows.net", credential=credential)


async def main(arguments: Sequence[str]) -> int:
    """Copy every table; 1 when one did not come to rest, or cannot be right."""
    parser = argparse.ArgumentParser(prog="python -m tools.copy_tables", description=(__doc__ or "").splitlines()[0])
    for side in ("from", "to"):
        named = parser.add_mutually_exclusive_group(required=True)
        named.add_argument(f"--{side}-account", metavar="NAME", help="a storage account")
        named.add_argument(f"--{side}-connection", metavar="STRING", help="a connection string, for Azurite")
        parser.add_argument(f"--{side}-prefix", default="", help="what stands before the tables' names there")
    parser.add_argument("--mirror", action="store_true", help="also delete what the source has not")
    parser.add_argument(
        "--of-partners", action="store_true", help="the tables that a further account has, and no others"
    )
    parser.add_argument(
        "--erasures-prefix", metavar="PREFIX", help="where the newest copy of the erasures is, if the data are older"
    )
    given = parser.parse_args(arguments)
    still = True
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(_account(stack, given.from_account, given.from_connection))
        target = await stack.enter_async_context(_account(stack, given.to_account, given.to_connection))
        for name in keys.OF_PARTNERS if given.of_partners else COPIED:
            await target.create_table_if_not_exists(given.to_prefix + name)
            newest = given.erasures_prefix if name == keys.ERASURES else None
            try:
                passes = await copy_until_still(
                    source.get_table_client((newest or given.from_prefix) + name),
                    target.get_table_client(given.to_prefix + name),
                    mirror=given.mirror,
                )
            except ResourceNotFoundError:
                sys.stderr.write(f"There is no table {given.from_prefix + name} to copy from.\n")
                return 1
            except Empty as problem:
                sys.stderr.write(
                    f"{problem} is empty, and there are rows where it is to be copied to: left as it is.\n"
                )
                return 1
            last = passes[-1]
            still = still and not (last.written or last.deleted)
            written, deleted = sum(one.written for one in passes), sum(one.deleted for one in passes)
            sys.stdout.write(f"{name}: {last.rows} rows, {written} written, {deleted} deleted, {len(passes)} passes\n")
        if not given.mirror and not given.of_partners:
            again = await repeat_erasures(target.get_table_client(given.to_prefix + keys.ERASURES))
            sys.stdout.write(f"{again} erasures will be applied again by run_erasures\n")
    if not still:
        sys.stderr.write("Rows changed as fast as they were copied; run it again.\n")
    return 0 if still else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
