"""What host.json says of queue triggers (`extensions.queues`), checked as the platform's storage extension does."""

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

BATCH_MAX = 32
"""Storage hands out no more at once."""
POLL_LEAST = timedelta(milliseconds=100)
HIDDEN_MAX = timedelta(days=7)
"""Storage hides no message for longer."""
ENCODINGS = ("base64", "none")
_TIME_SPAN = re.compile(r"(?:(\d{1,3})\.)?([01]?\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d{1,6})?)")


@dataclass(frozen=True)
class QueueOptions:
    """One app's options; the defaults are the platform's, of which `new_batch_threshold` is that of one processor."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    visibility_timeout: timedelta = timedelta()
    max_dequeue_count: int = 5
    max_polling_interval: timedelta = timedelta(minutes=1)
    message_encoding: str = "base64"

    @classmethod
    def read(cls, root: Path) -> Self:
        """Those of `root`'s host.json; raises SystemExit that names what is wrong there."""
        host: dict[str, Any] = json.loads((root / "host.json").read_text(encoding="utf-8"))
        given = _Given(host.get("extensions", {}).get("queues", {}))
        batch_size = given.number("batchSize", cls.batch_size, 1, BATCH_MAX)
        made = cls(
            batch_size,
            given.number("newBatchThreshold", batch_size // 2, 0),
            given.time_span("visibilityTimeout", cls.visibility_timeout, timedelta(), HIDDEN_MAX),
            given.number("maxDequeueCount", cls.max_dequeue_count, 1),
            given.time_span("maxPollingInterval", cls.max_polling_interval, POLL_LEAST),
            given.encoding("messageEncoding"),
        )
        given.nothing_else()
        return made


class _Given:
    """The section, whose names are taken off one by one."""

    def __init__(self, section: Mapping[str, Any]) -> None:
        self._left = dict(section)

    def number(self, name: str, default: int, least: int, most: int | None = None) -> int:
        value = self._left.pop(name, default)
        if type(value) is not int or value < least or (most is not None and value > most):
            raise _wrong(name, value, f"a whole number from {least}" + (f" to {most}" if most is not None else ""))
        return value

    def time_span(self, name: str, default: timedelta, least: timedelta, most: timedelta | None = None) -> timedelta:
        if name not in self._left:
            return default
        text = self._left.pop(name)
        found = _TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
        if found is not None:
            days, hours, minutes, seconds = found.groups(default="0")
            value = timedelta(int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
            if least <= value and (most is None or value <= most):
                return value
        bounds = f"at least {least}" + (f" and at most {most}" if most is not None else "")
        raise _wrong(name, text, f'a time as "hh:mm:ss", {bounds}')

    def encoding(self, name: str) -> str:
        value = self._left.pop(name, ENCODINGS[0])
        if str(value).lower() not in ENCODINGS:
            raise _wrong(name, value, " or ".join(ENCODINGS))
        return str(value).lower()

    def nothing_else(self) -> None:
        if self._left:
            raise SystemExit(f"host.json: extensions.queues has no {', '.join(sorted(self._left))}.")


def _wrong(name: str, value: object, wanted: str) -> SystemExit:
    return SystemExit(f"host.json: extensions.queues.{name} is {value!r}; it must be {wanted}.")


class Backoff:
    """How long to wait before the next look at an empty queue, in seconds.

    First POLL_LEAST, then that and a step which doubles each time, give or take a fifth, up to `most`; after a message
    was found POLL_LEAST again.
    """

    def __init__(self, most: timedelta, between: Callable[[float, float], float] = random.uniform) -> None:
        self._most = most.total_seconds()
        self._between = between
        self._empty_looks = 0

    def next(self, *, found: bool) -> float:
        """The wait after a look at an empty queue; `found` when a message came since the look before."""
        if found:
            self._empty_looks = 0
        least = POLL_LEAST.total_seconds()
        steps = self._between(0.8, 1.2) * 2 ** (self._empty_looks - 1) if self._empty_looks else 0
        wait = min(least + steps * least, self._most)
        if wait < self._most:
            self._empty_looks += 1
        return wait
