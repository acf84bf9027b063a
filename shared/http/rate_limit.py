"""How fast one caller may go on: a token bucket each, in this instance's memory (S3).

With n instances a caller may go n times as fast; what it protects is the instance, and storage behind it from one
sender's mistake. A limit that is exact over all instances would cost every submission a round trip.
"""

import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.domain.errors import TooManyRequests
from shared.http.turns import Turns
from shared.usecases.upkeep.health import Health

V = TypeVar("V")
CALLERS_MAX = 10_000
REMEMBERED_SECONDS = 3
"""How long an answer that anybody may ask for is given again: whoever asks on costs storage nothing."""


class TokenBuckets:
    """A bucket a caller: it holds `burst` tokens and gains `per_second`; `watch` gives seconds."""

    def __init__(self, per_second: float, burst: int, watch: Callable[[], float]) -> None:
        self._per_second, self._burst, self._watch = per_second, burst, watch
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Take a token; raises TooManyRequests that says when there is one again."""
        now = self._watch()
        tokens, since = self._buckets.pop(caller, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        allowed = tokens >= 1
        self._buckets[caller] = tokens - 1 if allowed else tokens, now
        if len(self._buckets) > CALLERS_MAX:
            # Whoever was longest away has a full bucket by now, or soon.
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooManyRequests(retry_after_seconds=math.ceil((1 - tokens) / self._per_second))


class Remembered(Generic[V]):
    """Answers by key that are given again for REMEMBERED_SECONDS; `watch` gives seconds."""

    def __init__(self, watch: Callable[[], float]) -> None:
        self._watch = watch
        self._known: OrderedDict[str, tuple[float, V]] = OrderedDict()

    async def get(self, key: str, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer as it was a moment ago, else from `ask`, whose errors are not remembered."""
        known = self.recent(key)
        if known is None:
            known = await ask()
            self.note(key, known)
        return known

    def recent(self, key: str) -> V | None:
        """The answer as it was a moment ago, None when nobody knows."""
        known = self._known.get(key)
        return known[1] if known and self._watch() - known[0] < REMEMBERED_SECONDS else None

    def note(self, key: str, answer: V) -> None:
        """Remember an answer."""
        self._known[key] = self._watch(), answer
        self._known.move_to_end(key)
        if len(self._known) > CALLERS_MAX:
            self._known.popitem(last=False)


class Limits:
    """What one caller may ask of this instance: submissions by source, calls by person and by partner, long reads.

    `wrong_keys` and `health` remember what anybody may ask for.
    """

    def __init__(
        self, *, intake: TokenBuckets, persons: TokenBuckets, partners: TokenBuckets, watch: Callable[[], float]
    ) -> None:
        self.intake, self.persons, self.partners = intake, persons, partners
        self.reads = Turns()
        self.wrong_keys: Remembered[bool] = Remembered(watch)
        self.health: Remembered[Health] = Remembered(watch)
