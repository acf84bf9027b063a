"""How figures are printed: medians with the middle half around them, and bars with whether they are met."""

import os
import statistics
from collections.abc import Sequence


def spread(values: Sequence[float]) -> str:
    """The median, and the middle half in brackets where there are enough values for one."""
    if len(values) < 3:
        return short(statistics.median(values))
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{short(middle)} ({short(low)}–{short(high)})"


def short(value: float) -> str:
    """Three digits that count."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def share(values: Sequence[float], part: float) -> float:
    """The value that so large a part of them does not exceed; 0.95 of twenty values is the nineteenth."""
    return sorted(values)[max(0, -(-round(len(values) * part * 1_000) // 1_000) - 1)]


def at_most(value: float, bar: float, of: str = "") -> str:
    """A bar from above; `of` says what is compared with it, where that does not go without saying."""
    return _bar("≤", bar, of, met=value <= bar)


def at_least(value: float, bar: float, of: str = "") -> str:
    """A bar from below."""
    return _bar("≥", bar, of, met=value >= bar)


def _bar(sign: str, bar: float, of: str, *, met: bool) -> str:
    return f"bar{' of ' + of if of else ''} {sign} {bar:g}: {'met' if met else 'MISSED'}"


def title(what: str) -> None:
    """Begin a report, with how busy the machine is: others' work makes CPU dearer, too."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"== {what} (load of the last minute {load:.1f} on {cores} cores)", flush=True)
