"""`python -m local.create_tables`: makes what is missing on the storage of `local.settings.json`, for `func start`.

That is tables, the container of export files and the queues of the app's triggers.
"""

import asyncio
import os
from collections.abc import Mapping

from local.azurite import ROOT
from local.functions import load
from local.queue_options import QueueOptions
from local.queues import Queues
from local.settings_file import values
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect


async def create(environment: Mapping[str, str]) -> None:
    """Create tables and the container where they are missing; in Azure the template declares them."""
    settings = Settings.read(environment)
    tables, files = connect(settings), blobs.connect(settings)
    try:
        await tables.create()
        await files.create()
    finally:
        await tables.close()
        await files.close()


async def main() -> None:
    """Create all of it."""
    environment = values() | os.environ
    await create(environment)
    await Queues(load(), environment, QueueOptions.read(ROOT)).create()


if __name__ == "__main__":
    asyncio.run(main())
