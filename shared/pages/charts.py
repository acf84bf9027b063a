"""Bars as one SVG that stands alone: with its texts, readable in light and dark, and without anything from elsewhere.

An XML writer of the standard library escapes what is not ours (decision 21).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NAMESPACE = "http://www.w3.org/2000/svg"
MARGIN, ROW, HEAD = 16, 28, 58
NAMES, BARS, NUMBERS = 210, 330, 148
"""Widths of the columns, in pixels at the size that it is drawn for."""
WIDTH = MARGIN + NAMES + BARS + NUMBERS + MARGIN
NAME_CHARACTERS = 29
"""As many of average width find room beside a bar."""
STYLE = """
.paper { fill: #ffffff } .ink { fill: #1b1f24 } .quiet { fill: #57606a } .all { fill: #a9c8ea } .some { fill: #0b5cad }
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif } .title { font-weight: 600 }
@media (prefers-color-scheme: dark) {
.paper { fill: #1d2127 } .ink { fill: #e8eaed } .quiet { fill: #a9b1bb } .all { fill: #3a5f8a } .some { fill: #7cb7ff }
}
"""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""


@dataclass(frozen=True)
class Bar:
    """`value` decides how long it is, and `part` of it is drawn in the stronger colour, all where that is None.

    `said` is the number as people read it.
    """

    name: str
    value: int
    said: str
    part: int | None = None


@dataclass(frozen=True)
class Chart:
    """A title, what the two colours mean ('' where there is one), and bars from the top."""

    title: str
    bars: tuple[Bar, ...]
    all: str = ""
    some: str = ""


def widths(values: Sequence[int]) -> list[float]:
    """How long bars are, in percent of the longest; what is more than nothing is seen."""
    most = max(values, default=0)
    return [max(round(100 * value / most, 2), 0.5) if value > 0 else 0 for value in values]


def svg(chart: Chart, language: str) -> str:
    """The picture, with the numbers as a description for whoever does not see it."""
    height = HEAD + ROW * len(chart.bars) + MARGIN
    root = ET.Element(
        "svg",
        {
            "xmlns": NAMESPACE,
            "xml:lang": language,
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "role": "img",
            "aria-labelledby": "title desc",
        },
    )
    _text(root, "title", chart.title, id="title")
    _text(root, "desc", "; ".join(f"{bar.name}: {bar.said}" for bar in chart.bars), id="desc")
    ET.SubElement(root, "style").text = STYLE
    # Light and dark follow the reader and not what is around, so it brings its own ground.
    _rect(root, "paper", 0, 0, WIDTH, height)
    _text(root, "text", chart.title, **_place("ink title", MARGIN, 24))
    if chart.some:
        _legend(root, chart)
    lengths = widths([bar.value for bar in chart.bars])
    for number, (bar, length) in enumerate(zip(chart.bars, lengths, strict=True)):
        _draw(root, bar, HEAD + ROW * number, BARS * length / 100)
    return ET.tostring(root, "unicode")


def _draw(root: ET.Element, bar: Bar, top: int, length: float) -> None:
    row = ET.SubElement(root, "g")
    # Whoever points at a name that was cut is told all of it.
    _text(row, "title", f"{bar.name}: {bar.said}")
    # What lies within another `svg` ends at its edges, however wide somebody's letters are.
    room = {"x": str(MARGIN), "y": str(top), "width": str(NAMES - 8), "height": str(ROW)}
    _text(ET.SubElement(row, "svg", room), "text", cut(bar.name, NAME_CHARACTERS), **_place("ink", 0, 18))
    left = MARGIN + NAMES
    if bar.part is not None:
        _rect(row, "all", left, top + 5, length, ROW - 10)
    part = bar.value if bar.part is None else bar.part
    if part > 0:
        _rect(row, "some", left, top + 5, length * part / bar.value, ROW - 10)
    _text(row, "text", bar.said, **_place("quiet", left + length + 8, top + 18))


def _legend(root: ET.Element, chart: Chart) -> None:
    left = float(MARGIN + NAMES)
    for name, kind in ((chart.all, "all"), (chart.some, "some")):
        _rect(root, kind, left, 37, 11, 11)
        _text(root, "text", name, **_place("quiet", left + 17, 47))
        left += 34 + 7.5 * _units(name)


def cut(text: str, most: int) -> str:
    """The text in so much room, with an ellipsis where it does not fit; wide characters take twice as much."""
    if _units(text) <= most:
        return text
    kept = text[:most]
    while kept and _units(kept) >= most:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _units(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in ("W", "F")) for sign in text
    )


def _place(kind: str, x: float, y: float) -> dict[str, str]:
    return {"class": kind, "x": f"{x:g}", "y": f"{y:g}"}


def _rect(home: ET.Element, kind: str, x: float, y: float, width: float, height: float) -> None:
    ET.SubElement(home, "rect", _place(kind, x, y) | {"width": f"{width:g}", "height": f"{height:g}"})


def _text(home: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(home, tag, attributes).text = _FORBIDDEN.sub("", text)
