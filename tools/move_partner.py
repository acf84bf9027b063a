"""Moves a partner's rows and files to another storage account while it is at work (decision 19, docs/operations.md).

    python -m tools.move_partner --own-account leadsd123 --data-accounts leadsd2,leadsd3 --partner contoso --to leadsd2

Signs in as Azure's command line is signed in, or with the identity of where it runs; `--own-connection` and
`--data-connections` are for Azurite. It announces the move, copies, takes the lanes, freezes the partner for the
seconds in which what changed is copied and every row is compared, and switches the registration. Broken off anywhere it
is begun again by the same command. `--delete` deletes what the partner left behind, `--give-up` undoes what was begun.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob.aio import BlobServiceClient

from shared.domain.errors import Unavailable
from shared.ports.errors import LostRace
from shared.settings import one_twice
from shared.storage import keys
from shared.storage.tables import RETRIES, Account, Tables
from tools.moving import Move, Stopped
from tools.partner_files import Containers, Differs


def _accounts(given: argparse.Namespace) -> dict[str | None, tuple[str | None, str | None]]:
    """Name and connection string of each account, by what a registration calls it."""
    found: dict[str | None, tuple[str | None, str | None]] = {None: (given.own_account, given.own_connection)}
    found |= {name: (name, None) for name in given.data_accounts.split(",") if name}
    found |= {name: (None, text) for name, text in json.loads(given.data_connections).items()}
    return found


async def _opened(given: argparse.Namespace, stack: AsyncExitStack) -> tuple[Tables, Containers]:
    accounts = _accounts(given)
    if same := one_twice(accounts):
        first = same[0] or "the deployment's own"
        raise Stopped(f"{same[1]} and {first} are one account.")
    credential: Any = None
    if any(connection is None for _, connection in accounts.values()):
        from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - only where accounts are named

        credential = DefaultAzureCredential()
        stack.push_async_callback(credential.close)

    def account(name: str | None, connection: str | None) -> Account:
        transport = AioHttpTransport(use_env_settings=False, connection_timeout=5, read_timeout=15)
        return Account(connection, name, None if connection else credential, transport, RETRIES)

    def blobs(name: str | None, connection: str | None) -> BlobServiceClient:
        if connection:
            return BlobServiceClient.from_connection_string(connection)
        return BlobServiceClient(f"https://{name}.blob.core.windows.net", credential=credential)

    own, *further = ((name, account(*how)) for name, how in accounts.items())
    tables = Tables(own[1], given.prefix, data_accounts=dict(further))
    stack.push_async_callback(tables.close)
    containers: Containers = {}
    for name, how in accounts.items():
        service = await stack.enter_async_context(blobs(*how))
        containers[name] = service.get_container_client(given.prefix.lower() + keys.EXPORT_FILES)
    return tables, containers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.move_partner", description=(__doc__ or "").splitlines()[0])
    own = parser.add_mutually_exclusive_group(required=True)
    own.add_argument("--own-account", metavar="NAME", help="the deployment's own storage account")
    own.add_argument("--own-connection", metavar="STRING", help="its connection string, for Azurite")
    parser.add_argument("--data-accounts", default="", metavar="NAMES", help="as LEADS_DATA_ACCOUNTS has them")
    parser.add_argument(
        "--data-connections", default="{}", metavar="JSON", help="as LEADS_DATA_CONNECTIONS, for Azurite"
    )
    parser.add_argument("--prefix", default="", help="what stands before the tables' names")
    parser.add_argument("--partner", required=True, metavar="ID", help="whose rows and files")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", metavar="NAME", help="move them to this further account")
    what.add_argument("--to-own", action="store_true", help="move them to the deployment's own account")
    what.add_argument("--give-up", action="store_true", help="leave them where they are, and delete what was copied")
    what.add_argument("--only-delete", action="store_true", help="delete what an earlier move left behind")
    parser.add_argument("--delete", action="store_true", help="delete what is left behind once they are moved")
    return parser


async def main(arguments: Sequence[str], **more: Any) -> int:
    """Do what the arguments say; 1 when something is left to do, which is said."""
    given = _parser().parse_args(arguments)
    async with AsyncExitStack() as stack:
        try:
            tables, containers = await _opened(given, stack)
            move = Move(tables, containers, given.partner, given.to, **more)
            done = True
            if given.give_up:
                done = await move.give_up()
            elif not given.only_delete:
                await move.move()
            if given.delete or given.only_delete:
                done = await move.delete_left() and done
        except Stopped as problem:
            sys.stderr.write(f"{problem}\n")
            return 1
        except Differs as problem:
            sys.stderr.write(f"{problem} is another file than a moment before; run it again.\n")
            return 1
        except LostRace:
            sys.stderr.write("Another run, or somebody else, has written there; look again.\n")
            return 1
        except (AzureError, Unavailable):
            sys.stderr.write("Storage cannot be reached just now; nothing was lost, run it again.\n")
            return 1
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
