"""Serves what tests call over real sockets, on this machine only."""

from aiohttp import web


async def listen(served: web.Application) -> tuple[web.AppRunner, int]:
    """Serve at a port that is free; whoever calls ends it with `cleanup`, which waits for nobody that hangs."""
    runner = web.AppRunner(served, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]
