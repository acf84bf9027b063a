"""Finds the partners that fit a customer's search (M1)."""

from datetime import datetime

from shared.domain.programme.directory import Directory, Found, Wanted
from shared.ports.ports import Ports


async def find_partners(*, ports: Ports, wanted: Wanted, top: int, at: datetime) -> list[Found]:
    """The best `top` of those that fit; what changed in the last minutes may be missing. Raises Unavailable."""
    directory = await read_directory(ports=ports, at=at)
    return directory.find(wanted, top) if directory else []


async def read_directory(*, ports: Ports, at: datetime) -> Directory | None:
    """The directory as searches are answered from it; None before its first refresh. Raises Unavailable."""
    return await ports.directory.current(at)
