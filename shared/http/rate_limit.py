"""How fast one caller may go on: a token bucket each, in this instance's memory (S3).

With n instances a caller may go n times as fast; what it protects is the instance, and storage behind it from one
sender's mistake. A limit that is exact over all instances would cost every delivery a round trip.
"""

import math
from collections import OrderedDict
from collections.abc import Callable

from shared.domain.errors import TooManyRequests

CALLERS_MAX = 10_000


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
