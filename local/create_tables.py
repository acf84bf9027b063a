"""`python -m local.create_tables`: makes the tables on the storage of `local.settings.json`, for `func start`."""

import asyncio
import os
from collections.abc import Mapping

from local.settings_file import values
from shared.settings import Settings
from shared.storage.tables import connect


async def create(environment: Mapping[str, str]) -> None:
    """Create what is missing; in Azure the template declares the tables."""
    tables = connect(Settings.read(environment))
    try:
        await tables.create()
    finally:
        await tables.close()


if __name__ == "__main__":
    asyncio.run(create(values() | os.environ))
