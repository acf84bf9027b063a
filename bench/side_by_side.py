"""Times two ways of doing one thing in turn, A B A B …, so that a noisy machine slows both alike."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Work = Callable[[int], Awaitable[object]]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Pair:
    """Milliseconds of both ways, pair by pair."""

    ours: list[float]
    bare: list[float]

    def row(self, name: str) -> str:
        """One line of the table: both medians and the median of the ratios, pair by pair."""
        ratio = statistics.median(a / b for a, b in zip(self.ours, self.bare, strict=True))
        ours, bare = statistics.median(self.ours), statistics.median(self.bare)
        return f"{name:<28}{ours:>10.2f}{bare:>12.2f}{ours / bare:>10.2f}{ratio:>12.2f}"


HEAD = f"{'p50 of n pairs, ms':<28}{'ours':>10}{'bare SDK':>12}{'p50/p50':>10}{'pairwise':>12}"


async def compare(ours: Work, bare: Work, times: int, warm_up: int, clock: Clock = time.perf_counter) -> Pair:
    """Run both `times` times in turn by this clock of seconds, after a warm-up that does not count."""
    found = Pair([], [])
    for number in range(-warm_up, times):
        for work, spent in (
            ((ours, found.ours), (bare, found.bare)) if number % 2 else ((bare, found.bare), (ours, found.ours))
        ):
            began = clock()
            await work(number + warm_up)
            if number >= 0:
                spent.append((clock() - began) * 1000)
    return found
