"""`python -m local.create_tables`: makes what is missing on the storage of `local.settings.json`, for `func start`.

That is tables, the containers of export files and of the directory, and the queues of the app's triggers.
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
from shared.storage.programme import directory_store
from shared.storage.tables import connect


async def create(environment: Mapping[str, str]) -> None:
    """Create tables and containers where they are missing; in Azure the template declares them."""
    settings = Settings.read(environment)
    made = (connect(settings), blobs.connect(settings), directory_store.connect(settings))
    try:
        for one in made:
            await one.create()
    finally:
        for one in made:
            await one.close()


async def main() -> None:
    """Create all of it."""
    environment = values() | os.environ
    await create(environment)
    await Queues(load(), environment, QueueOptions.read(ROOT)).create()


if __name__ == "__main__":
    asyncio.run(main())
