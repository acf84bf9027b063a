"""Times two ways of doing one thing in turn, A B A B …, so that a noisy machine slows both alike.

CPU is that of this process, so neither waiting nor Azurite counts, which answers more slowly the more it holds.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bench.figures import at_least, short, spread

Work = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Times:
    """Milliseconds of each call of one way: this process's CPU, and the wall clock."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    async def add(self, work: Awaitable[object]) -> None:
        """Wait for the work and note what it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        await work
        self.cpu.append((time.process_time() - cpu) * 1_000)
        self.wall.append((time.perf_counter() - wall) * 1_000)


@dataclass(frozen=True)
class Pair:
    """What both ways took, pair by pair."""

    ours: Times
    bare: Times

    @property
    def ratios(self) -> list[float]:
        """CPU, pair by pair."""
        return [ours / bare for ours, bare in zip(self.ours.cpu, self.bare.cpu, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of those."""
        return statistics.median(self.ratios)

    @property
    def cpu(self) -> float:
        """The median of ours."""
        return statistics.median(self.ours.cpu)

    def row(self, name: str, bar: str = "") -> str:
        """One line of a table under `head`."""
        walls = statistics.median(self.ours.wall), statistics.median(self.bare.wall)
        cells = [f"{spread(values):>20}" for values in (self.ours.cpu, self.bare.cpu, self.ratios)]
        cells += [f"{short(wall):>9}" for wall in (*walls, walls[0] / walls[1])]
        return f"{name:<{NAME}}{''.join(cells)}   {bar}".rstrip()


NAME = 28


def head(ours: str = "ours", bare: str = "bare SDK") -> str:
    """The first lines of a table of pairs."""
    cells = [f"{what:>20}" for what in (ours, bare, "pairwise")] + [f"{what:>9}" for what in (ours, bare, "ratio")]
    titles = f"{'ms: p50 (p25–p75)':<{NAME}}{'CPU':>20}{'':>40}{'wall':>9}\n{'':<{NAME}}{''.join(cells)}"
    return f"{titles}\n{'-' * (NAME + 87)}"


async def compare(ours: Work, bare: Work, times: int, warm_up: int) -> Pair:
    """Run both `times` times in turn, after a warm-up that does not count; each call is given its number."""
    found, warm = Pair(Times(), Times()), Pair(Times(), Times())
    for number in range(times + warm_up):
        pair = found if number >= warm_up else warm
        ways = [(ours, pair.ours), (bare, pair.bare)]
        for work, taken in ways if number % 2 else reversed(ways):
            await taken.add(work(number))
    return found


def print_rates(what: str, count: int, ways: Mapping[str, Times], bars: Mapping[str, float]) -> None:
    """How many a second each way does, of the wall clock and of CPU, and ours in parts of each other, pair by pair.

    The first way is ours; `bars` say how much of another one's rate by the wall clock that should be at the least: here
    it is waiting side by side that counts, and ours does more with each row than the other ever does.
    """
    ours = next(iter(ways.values()))
    print(f"{what + ' a second':<{NAME}}{'wall':>9}{'CPU':>9}{'ours in parts: wall':>22}{'CPU':>20}")
    for way, taken in ways.items():
        rates = [f"{count / statistics.median(times) * 1_000:>9.0f}" for times in (taken.wall, taken.cpu)]
        line = f"{way:<{NAME}}{''.join(rates)}"
        if taken is not ours:
            wall = [other / mine for mine, other in zip(ours.wall, taken.wall, strict=True)]
            cpu = [other / mine for mine, other in zip(ours.cpu, taken.cpu, strict=True)]
            line += f"{spread(wall):>22}{spread(cpu):>20}"
            if way in bars:
                line += f"   {at_least(statistics.median(wall), bars[way], 'wall')}"
        print(line, flush=True)
