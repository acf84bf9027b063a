"""One instance that tells, in a process of its own: the app's queue functions and timers over local parts."""

import asyncio
import os
import sys
from datetime import timedelta

from local.azurite import ROOT
from local.functions import load
from local.queue_options import QueueOptions
from local.queues import Queues
from local.timers import Timers
from shared import clock


async def main() -> None:
    """Until it is killed; the first argument says how many seconds a message is its own."""
    functions = load()
    if os.environ["BY"] == "messages":
        queues = Queues(functions, os.environ, QueueOptions.read(ROOT), timedelta(seconds=int(sys.argv[1])))
        await queues.create()
        await queues.start()
    timers = Timers(functions, os.environ, clock.now)
    timers.start()
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
