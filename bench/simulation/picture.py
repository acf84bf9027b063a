"""Draws what was simulated as SVG, without a library: it follows light and dark by itself."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from bench.simulation.parts import Part

WIDTH, LEFT, RIGHT = 880, 250, 850
STYLE = """
svg { --ink: #1f2328; --soft: #59636e; --grid: #d1d9e0; --paper: #ffffff; --timer: #b4540a; --queues: #0b62a8;
      --bar: #8250df; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) {
  svg { --ink: #f0f6fc; --soft: #9198a1; --grid: #3d444d; --paper: #0d1117; --timer: #f0a35e; --queues: #6cb6ff;
        --bar: #b083f0 } }
.paper { fill: var(--paper) } text { fill: var(--ink) } .soft { fill: var(--soft) } .title { font-weight: 600 }
.grid { stroke: var(--grid) } .end { text-anchor: end } .middle { text-anchor: middle } .bar { fill: var(--bar) }
path { fill: none; stroke-width: 2 } .timer path { stroke: var(--timer) } .queues path { stroke: var(--queues) }
.timer text, .timer circle { fill: var(--timer) } .queues text, .queues circle { fill: var(--queues) }
"""
DASHES = ("", "7 4", "2 4")
NAMES = ("p50", "p95", "p99")
TIMES = {
    0.1: "0.1 s",
    1: "1 s",
    10: "10 s",
    60: "1 min",
    900: "15 min",
    3600: "1 h",
    86_400: "1 day",
    864_000: "10 days",
}
LOADS = {0.01: "0.01×", 0.1: "0.1×", 1: "1×", 10: "10×", 100: "100×", 1000: "1,000×"}

Lags = Mapping[str, Mapping[float, Sequence[float]]]
"""By way of telling and load: p50, p95, p99 in seconds."""


def picture(lags: Lags, parts: Sequence[Part]) -> str:
    """The lag by load of both ways, and under it the load at which each part is full."""
    bars_from = 450
    height = bars_from + 24 * len(parts) + 60
    body = [*_lags(lags, 50, 360), *_parts(parts, bars_from)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="what">'
    what = "The lag of telling by load, by a timer and by queues, and the load at which each part is full"
    paper = f'<rect class="paper" width="{WIDTH}" height="{height}"/>'
    return "\n".join([head, f'<title id="what">{what}</title>', f"<style>{STYLE}</style>", paper, *body, "</svg>", ""])


def scale(value: float, least: float, most: float, start: float, end: float) -> float:
    """Where a value stands on a logarithmic axis; what is off it stands at its end."""
    share = math.log(max(value, least) / least) / math.log(most / least)
    return start + (end - start) * min(share, 1.0)


def _lags(lags: Lags, top: float, bottom: float) -> list[str]:
    loads = sorted({load for by_load in lags.values() for load in by_load})
    left, right = 90, WIDTH - 130
    drawn = [_text(20, top - 22, "From an event to its delivery, over a year, by load", "title")]
    slowest = max(lag for by_load in lags.values() for of in by_load.values() for lag in of)
    shown = [time for time in TIMES if time <= 10 * slowest]
    for time in shown:
        y = scale(time, shown[0], shown[-1], bottom, top)
        drawn.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(_text(left - 8, y + 4, TIMES[time], "soft end"))
    drawn += [
        _text(scale(load, loads[0], loads[-1], left, right), bottom + 20, f"{load:g}×", "soft middle") for load in loads
    ]
    ends: list[tuple[float, str, str]] = []
    for number, (way, by_load) in enumerate(lags.items()):
        lines = []
        for part, dash in enumerate(DASHES):
            at = [
                (scale(load, loads[0], loads[-1], left, right), scale(of[part], shown[0], shown[-1], bottom, top))
                for load, of in sorted(by_load.items())
            ]
            path = " L".join(f"{x:.1f} {y:.1f}" for x, y in at)
            lines.append(f'<path d="M{path}" stroke-dasharray="{dash}"/>')
            lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in at]
            ends.append((at[-1][1], way, f"{way} {NAMES[part]}"))
        # The key: how the lines of each way are drawn.
        key = _text(left + 190 * number, bottom + 46, f"told by {'a timer' if way == 'timer' else 'queues'}", "title")
        drawn.append(f'<g class="{way}">{key}{"".join(lines)}</g>')
    below = 0.0
    for y, way, name in sorted(ends):
        # One under the other, however near the lines end.
        below = max(y + 4, below + 15)
        drawn.append(f'<g class="{way}">{_text(right + 8, below, name)}</g>')
    drawn.append(_text(left + 400, bottom + 46, "p50 solid, p95 dashed, p99 dotted", "soft"))
    return drawn


def _parts(parts: Sequence[Part], top: float) -> list[str]:
    bottom = top + 24 * len(parts)
    drawn = [_text(20, top - 14, "The load at which each part is full, at the busiest minute of the year", "title")]
    marks = list(LOADS)
    for mark, name in LOADS.items():
        x = scale(mark, marks[0], marks[-1], LEFT, RIGHT)
        drawn.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>')
        drawn.append(_text(x, bottom + 20, name, "soft middle"))
    for number, part in enumerate(parts):
        y = top + 24 * number
        end = scale(part.full_at, marks[0], marks[-1], LEFT, RIGHT)
        drawn.append(f'<rect class="bar" x="{LEFT}" y="{y + 5}" width="{end - LEFT:.1f}" height="14" rx="2"/>')
        drawn.append(_text(LEFT - 8, y + 17, part.name, "end"))
        inside = end > RIGHT - 60
        label = _text(end + (-6 if inside else 6), y + 17, f"{part.full_at:.3g}×", "end" if inside else "")
        drawn.append(label.replace("<text", '<text style="fill: var(--paper)"') if inside else label)
    return drawn


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{escape(text)}</text>'
