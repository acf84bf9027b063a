"""What was read a moment ago: partners, sources and offers change rarely, and every request asks for them."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
CACHE_FOR = timedelta(seconds=60)
"""How long another instance may go on with what was changed here (storage.md, Lookup)."""
CACHE_MAX = 10_000


class ReadCache:
    """Answers by kind and key, the latest `CACHE_MAX` of them.

    What does not exist is read afresh each time, so that something new works at once everywhere, and strangers cannot
    fill the memory; `absent` keeps that too, where every request would ask in vain.
    """

    def __init__(self, kept_for: timedelta = CACHE_FOR) -> None:
        self._kept_for = kept_for
        self._known: OrderedDict[tuple[str, str], tuple[datetime, Any]] = OrderedDict()

    async def read(
        self,
        kind: str,
        key: str,
        at: datetime,
        read: Callable[[str], Awaitable[T]],
        *,
        fresh: bool = False,
        absent: bool = False,
    ) -> T:
        """The value of this key; from `read` when none is known, it is too old, or it must be `fresh`."""
        known = self._known.get((kind, key))
        if known and not fresh and timedelta() <= at - known[0] < self._kept_for:
            value: T = known[1]
            return value
        value = await read(key)
        self.forget((kind, key))
        if value or absent:
            self._known[kind, key] = at, value
            if len(self._known) > CACHE_MAX:
                self._known.popitem(last=False)
        return value

    def forget(self, *known: tuple[str, str]) -> None:
        """Read these afresh the next time: they were changed here."""
        for key in known:
            self._known.pop(key, None)
