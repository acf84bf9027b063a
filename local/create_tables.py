"""`python -m local.create_tables`: makes what is missing on the storage of `local.settings.json`, for `func start`."""

import asyncio
import os
from collections.abc import Mapping

from local.settings_file import values
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect


async def create(environment: Mapping[str, str]) -> None:
    """Create what is missing; in Azure the template declares it."""
    settings = Settings.read(environment)
    tables, files = connect(settings), blobs.connect(settings)
    try:
        await tables.create()
        await files.create()
    finally:
        await tables.close()
        await files.close()


if __name__ == "__main__":
    asyncio.run(create(values() | os.environ))
