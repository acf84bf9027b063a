"""One run of an export in a process of its own, for tests that kill it: connection, table prefix, partner, export."""

import asyncio
import sys

from pydantic import SecretStr

from shared import app
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from shared.usecases.exports.write_export import write
from tests.builders import AT
from tests.exports import in_small_blocks
from tests.steps import budget


async def main(connection: str, prefix: str, partner: str, export_id: str) -> None:
    settings = Settings(storage_connection=SecretStr(connection), table_prefix=prefix)
    tables, files = connect(settings), blobs.connect(settings)
    ports = in_small_blocks(app.build(settings, tables, files).ports)
    stored = await ports.exports.get(partner, export_id)
    assert stored is not None
    print("begins", flush=True)  # noqa: T201 - the test waits for it
    await write(ports=ports, stored=stored, at=AT, budget=budget())
    await tables.close()
    await files.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
